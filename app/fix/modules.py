"""Which module a file is, how a test imports it, where a class is defined, and where a new test belongs."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import cached_property

from app.core.source import SourceTree
from app.core.syntax import Code

_DEEPEST = 5


@dataclass(frozen=True, slots=True)
class Definition:
    """A class at the top level of a module."""

    path: str
    module: str
    node: ast.ClassDef


@dataclass(frozen=True)
class Modules:
    """The import names of the files of `tree`."""

    tree: SourceTree

    def name_of(self, path: str) -> str:
        """The dotted name under which the file is imported, judged by packages, `src` and the existing tests."""
        parts = path.removesuffix(".py").split("/")
        if parts[-1] == "__init__":
            parts = parts[:-1]
        # A module of a package is not imported by its last name, even where the tests import another of that name.
        inside = {
            at for at in range(1, len(parts)) if f"{'/'.join(parts[:at])}/__init__.py" in self.tree.paths
        }
        spellings = [".".join(parts[at:]) for at in range(len(parts)) if at not in inside]
        used = next((one for one in spellings if one in self._imported), None)
        return used if used is not None else ".".join(parts[self._root(path) :])

    def find_class(self, path: str, name: str, depth: int = _DEEPEST) -> Definition | None:
        """The definition of the class that `name` means in the file `path`, followed through imports."""
        code = self.code(path)
        if code is None or depth == 0:
            return None
        for statement in code.tree.body:
            match statement:
                case ast.ClassDef(name=found) if found == name:
                    return Definition(path, self.name_of(path), statement)
                case ast.ImportFrom(names=aliases):
                    for alias in aliases:
                        if (alias.asname or alias.name) == name:
                            source = self.file_of(path, statement)
                            return (
                                self.find_class(source, alias.name, depth - 1) if source is not None else None
                            )
                case ast.If(test=ast.Name(id="TYPE_CHECKING"), body=body):
                    for inner in body:
                        if isinstance(inner, ast.ImportFrom) and name in {
                            one.asname or one.name for one in inner.names
                        }:
                            source = self.file_of(path, inner)
                            return self.find_class(source, name, depth - 1) if source is not None else None
                case _:
                    pass
        return self._in_imported_modules(path, code, name, depth)

    def _in_imported_modules(self, path: str, code: Code, name: str, depth: int) -> Definition | None:
        """A value of a class that the file never names comes from a module that it, or one of those, imports."""
        found: dict[str, Definition] = {}
        for statement in code.tree.body:
            for source in self._sources(path, statement):
                if (
                    source != path
                    and (definition := self.find_class(source, name, min(depth - 1, 2))) is not None
                ):
                    found[definition.path] = definition
        return next(iter(found.values())) if len(found) == 1 else None

    def is_own(self, path: str, statement: ast.stmt) -> bool:
        """True if an import in `path` reads a file of the repository."""
        return bool(self._sources(path, statement))

    def find_function(self, path: str, name: str, depth: int = _DEEPEST) -> ast.FunctionDef | None:
        """The definition of the plain function that `name` means in the file `path`, followed through imports."""
        code = self.code(path)
        for statement in code.tree.body if code is not None and depth else []:
            match statement:
                case ast.FunctionDef(name=found) if found == name:
                    return statement
                case ast.ImportFrom(names=aliases):
                    for alias in aliases:
                        if (alias.asname or alias.name) == name:
                            source = self.file_of(path, statement)
                            return (
                                self.find_function(source, alias.name, depth - 1)
                                if source is not None
                                else None
                            )
                case _:
                    pass
        return None

    def _sources(self, path: str, statement: ast.stmt) -> list[str]:
        if isinstance(statement, ast.ImportFrom):
            inner = [
                self._path_of(f"{self._absolute(path, statement)}.{one.name}") for one in statement.names
            ]
            return [one for one in [self.file_of(path, statement), *inner] if one is not None]
        if isinstance(statement, ast.Import):
            return [one for alias in statement.names if (one := self._path_of(alias.name)) is not None]
        return []

    def file_of(self, path: str, statement: ast.ImportFrom) -> str | None:
        """The file of the tree that a `from ... import` in `path` reads."""
        return self._path_of(self._absolute(path, statement))

    def code(self, path: str) -> Code | None:
        """The parsed file."""
        if path not in self._parsed:
            text = self.tree.read(path)
            self._parsed[path] = Code.parse(text) if text is not None else None
        return self._parsed[path]

    def _absolute(self, path: str, statement: ast.ImportFrom) -> str:
        if not statement.level:
            return statement.module or ""
        package = path.removesuffix(".py").split("/")[: -statement.level]
        return ".".join([*package[self._root(path) :], *([statement.module] if statement.module else [])])

    def _path_of(self, module: str) -> str | None:
        if not module or module == ".":
            return None
        relative = module.strip(".").replace(".", "/")
        for path in self._python:
            if path in {f"{relative}.py", f"{relative}/__init__.py"}:
                return path
        ends = [one for one in self._python if one.endswith((f"/{relative}.py", f"/{relative}/__init__.py"))]
        return ends[0] if len(ends) == 1 else None

    def _root(self, path: str) -> int:
        """How many folders of `path` lie outside the import name."""
        folders = path.split("/")[:-1]
        for at in range(len(folders)):
            if f"{'/'.join(folders[: at + 1])}/__init__.py" in self.tree.paths:
                return at
        for at, folder in enumerate(folders):
            if folder in {"src", "lib", "python"}:
                return at + 1
        return 0

    @cached_property
    def _python(self) -> list[str]:
        return sorted(one for one in self.tree.paths if one.endswith(".py"))

    @cached_property
    def _parsed(self) -> dict[str, Code | None]:
        return {}

    @cached_property
    def _imported(self) -> set[str]:
        """The dotted names that the existing tests import."""
        names: set[str] = set()
        for path in self._python:
            if re.search(r"(?:^|/)(?:test_[^/]*|[^/]*_test|conftest)\.py$", path):
                text = self.tree.read(path) or ""
                for match in re.finditer(
                    r"^\s*(?:from ([\w.]{1,200}) import ([\w, ]{1,500})|import ([\w.]{1,200}))",
                    text,
                    re.MULTILINE,
                ):
                    module = match[1] or match[3]
                    names.add(module)
                    names |= {
                        f"{module}.{one.split(' as ')[0].strip()}"
                        for one in (match[2] or "").split(",")
                        if one.strip()
                    }
        return names


def is_test(path: str) -> bool:
    """True for a file of tests."""
    return re.search(r"(?:^|/)(?:tests?/|(?:test_[^/]*|[^/]*_test|conftest)\.py$)", path) is not None


def place_test(tree: SourceTree, culprit: str, stem: str) -> str:
    """Where this repository would put a new test for `culprit`; never the path of an existing file."""
    tests = [one for one in tree.paths if re.search(r"(?:^|/)(?:test_[^/]+|[^/]+_test)\.py$", one)]
    folder = _test_folder(tests, culprit)
    suffix = sum(one.endswith("_test.py") for one in tests) * 2 > len(tests)
    for number in range(1, 1000):
        name = stem if number == 1 else f"{stem}_{number}"
        path = f"{name}_test.py" if suffix else f"test_{name}.py"
        path = f"{folder}/{path}" if folder else path
        if path not in tree.paths:
            return path
    raise ValueError("a thousand regression tests of one name")


def prefers_unittest(tree: SourceTree) -> bool:
    """True if the existing tests are classes of `unittest` and none of them knows pytest."""
    classes = 0
    for path in tree.paths:
        if re.search(r"(?:^|/)(?:test_[^/]*|[^/]*_test|tests)\.py$", path):
            text = tree.read(path) or ""
            if re.search(r"^\s*(?:import pytest|from pytest)\b", text, re.MULTILINE):
                return False
            classes += (
                re.search(r"^    def test_", text, re.MULTILINE) is not None
                and re.search(r"^class \w+\(.*TestCase\b.*\):", text, re.MULTILINE) is not None
            )
            classes -= re.search(r"^(?:async )?def test_", text, re.MULTILINE) is not None
    return classes > 0


def _test_folder(tests: list[str], culprit: str) -> str:
    """The top folder of the tests that lie nearest to the culprit; `tests` where there are none."""
    folders: dict[str, int] = {}
    for test in tests:
        parts = test.split("/")[:-1]
        at = next((index for index, one in enumerate(parts) if one in {"tests", "test"}), None)
        folder = "/".join(parts[: at + 1]) if at is not None else "/".join(parts)
        folders[folder] = folders.get(folder, 0) + 1
    if not folders:
        return "tests"
    wanted = culprit.split("/")[:-1]

    def nearness(folder: str) -> tuple[int, int]:
        shared = 0
        for one, other in zip(folder.split("/"), wanted, strict=False):
            if one != other:
                break
            shared += 1
        return shared, folders[folder]

    return max(sorted(folders), key=nearness)
