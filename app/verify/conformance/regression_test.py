"""Conformance of the new test: it repeats one recorded call of the repository's own code, and does nothing else.

A positive list, part by part: a docstring, imports of the repository's modules and of a few harmless names, and one
function that assigns plain values, makes one call, and may compare its result. What is not on the list is denied,
whatever it is: a skip, a fixture, a patch, a file, a process, an `exec`.
"""

from __future__ import annotations

import ast
import re
import tokenize
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.core.syntax import Function, names_bound, names_in
from app.verify.conformance.complaints import brief
from app.verify.conformance.likeness import alike
from app.verify.conformance.text import character_problems, comment_problems, identifier_problems
from app.verify.conformance.unexplained import Unexplained

LONGEST = 200_000
MOST_STATEMENTS = 60
# Standard modules, each with the names that may be imported from it; `MODULE` stands for the module itself.
MODULE = ""
STANDARD: Mapping[str, frozenset[str]] = {
    "asyncio": frozenset({MODULE}),
    "collections": frozenset({"Counter", "OrderedDict", "deque"}),
    "datetime": frozenset({MODULE}),
    "decimal": frozenset({"Decimal"}),
    "fractions": frozenset({"Fraction"}),
    "pathlib": frozenset({"Path"}),
    "pytest": frozenset({MODULE}),
    "types": frozenset({"SimpleNamespace"}),
    "unittest.mock": frozenset({"AsyncMock", "Mock"}),
    "uuid": frozenset({"UUID"}),
}
_BUILT_IN = frozenset({"bytearray", "dict", "frozenset", "list", "set", "tuple"})
_MOCKS = frozenset({"AsyncMock", "Mock"})
_ANSWERS = frozenset({"return_value", "side_effect"})
_DATETIME = frozenset({"date", "datetime", "time", "timedelta", "timezone"})
_TOO_BROAD = frozenset({"BaseException", "Exception", "GeneratorExit", "KeyboardInterrupt", "SystemExit"})
# pytest's own names for what it collects, anywhere below the root; nothing that it or a build reads by itself.
_TEST_ID = re.compile(r"(?:(?!\.)[\w.-]+/)*(?:test_\w+|\w+_test)\.py::test\w*")
_NO_PRODUCT = frozenset({"conftest", "manage", "noxfile", "scripts", "setup", "tasks"})


def own_sources(text: str, paths: Collection[str], read: Callable[[str], str]) -> dict[str, tuple[str, ...]]:
    """The modules of the repository that the test file imports from, each with the texts of the files it may mean.

    `paths` are all files of the commit; `read` gives the text of one of them. Empty if the test file can not be read.
    """
    try:
        nodes = list(ast.walk(ast.parse(text)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    wanted = {one.module for one in nodes if isinstance(one, ast.ImportFrom) and one.module and not one.level}
    files = {module: [one for one in paths if _is_module(one, module)] for module in wanted}
    return {module: tuple(read(one) for one in found) for module, found in files.items() if found}


def _is_module(path: str, module: str) -> bool:
    ends = f"{module.replace('.', '/')}.py", f"{module.replace('.', '/')}/__init__.py"
    return path.endswith(tuple(f"/{one}" for one in ends)) or path in ends


def unexplained_test(
    text: str, test_id: str, sources: Mapping[str, Sequence[str]]
) -> tuple[Unexplained, ...]:
    """Every place of a new test file that a regression test has no need of; empty if it is the claimed test alone.

    `test_id` is pytest's: `path::name`. `sources` holds the repository's modules that it may import, each with the
    texts of the files that the name may mean (`own_sources`): a name must be defined in all of them, because what a
    module only imports is not its own. Never raises.
    """
    if len(text) > LONGEST:
        return (Unexplained(1, "The test file is too large to be judged."),)
    found = [
        one for number, line in enumerate(text.split("\n"), 1) for one in character_problems(number, line)
    ]
    if found:
        return tuple(found)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
            compile(text, "<test>", "exec", dont_inherit=True)
            found = [*identifier_problems("", text), *comment_problems("", text)]
            defined = {module: _definitions(texts) for module, texts in sources.items()}
            classes = {module: _definitions(texts, ast.ClassDef) for module, texts in sources.items()}
            if _TEST_ID.fullmatch(test_id) is None:
                found.append(
                    Unexplained(1, f"{ascii(test_id)[:100]} is no test that pytest collects by itself.")
                )
            found += _TestFile(test_id.partition("::")[2], defined, classes).problems(tree)
    except (RecursionError, MemoryError):
        return (Unexplained(1, "The test file is nested too deeply to be judged."),)
    except (SyntaxError, ValueError, tokenize.TokenError):
        return (Unexplained(1, "The test file is no Python that can be read."),)
    return tuple(found)


def _definitions(texts: Sequence[str], kind: Any = Function | ast.ClassDef) -> frozenset[str]:
    """The functions and classes, or only one kind of them, that each of the texts defines at its top level."""
    found = [{one.name for one in ast.parse(text).body if isinstance(one, kind)} for text in texts]
    return frozenset(set.intersection(*found)) if found else frozenset()


@dataclass
class _TestFile:
    """What was imported and assigned so far, while the file is read from its top."""

    test: str
    defined: Mapping[str, frozenset[str]]
    classes: Mapping[str, frozenset[str]]
    own: set[str] = field(default_factory=set)
    standard: set[str] = field(default_factory=set)
    made: set[str] = field(default_factory=set)  # the imported classes of the repository
    values: set[str] = field(default_factory=set)
    fresh: set[str] = field(
        default_factory=set
    )  # values that the test itself made, so that nobody else holds them
    objects: set[str] = field(default_factory=set)  # those of the repository's classes
    replaced: set[tuple[str, str]] = field(default_factory=set)

    def problems(self, tree: ast.Module) -> Iterator[Unexplained]:
        """The statements of the file that do not belong into it, and what it lacks."""
        tests = 0
        for at, statement in enumerate(tree.body):
            match statement:
                case ast.Expr(value=ast.Constant(value=str(text))) if at == 0 and ">>>" not in text:
                    pass  # what looks like a session at the prompt may be run as one
                case ast.Import() | ast.ImportFrom():
                    yield from self._import(statement)
                case ast.FunctionDef(name=name) if name == self.test and not tests:
                    tests += 1
                    yield from self._function(statement)
                case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                    yield _beyond(statement, "defines something else than the claimed test")
                case _:
                    yield _beyond(statement, "does something when it is imported")
        if not tests:
            yield Unexplained(1, "The test file does not hold the claimed test.")
        for name in sorted((self.own | self.standard) - names_in(tree)):
            yield Unexplained(1, f"The test imports `{name}` and does nothing with it.")

    def _import(self, statement: ast.Import | ast.ImportFrom) -> Iterator[Unexplained]:
        """Takes in the names that the statement binds."""
        module = statement.module if isinstance(statement, ast.ImportFrom) else MODULE
        for one in statement.names:
            source, name = (
                (module or "", one.name) if isinstance(statement, ast.ImportFrom) else (one.name, MODULE)
            )
            bound = name or source
            relative = isinstance(statement, ast.ImportFrom) and statement.level
            if one.asname or relative or bound in self.own | self.standard or bound in _BUILT_IN:
                yield _beyond(statement, "imports in a way that a regression test has no need of")
            elif name in STANDARD.get(source, ()) and source not in self.defined:
                self.standard.add(bound)
            elif name in self.defined.get(source, ()) and source.partition(".")[0] not in _NO_PRODUCT:
                self.own.add(bound)
                if name in self.classes.get(source, ()):
                    self.made.add(bound)
            else:
                yield _beyond(statement, "imports what is neither defined in the repository nor on the list")

    def _function(self, function: ast.FunctionDef) -> Iterator[Unexplained]:
        """The body: assignments of plain values, then one call."""
        if function.decorator_list or names_bound(function.args):
            yield _beyond(function, "has a decorator or takes fixtures")
        declared = function.returns is None or alike(function.returns, ast.Constant(None))
        if not declared or getattr(function, "type_params", None):
            yield _beyond(function, "has an annotation that is computed")
        if len(function.body) > MOST_STATEMENTS:
            yield _beyond(function, "is longer than a repeated call needs")
        *setup, last = function.body
        for statement in setup:
            if not self._assigns(statement):
                yield _beyond(statement, "does something else than to give the call its values")
        if not self._ends(last):
            yield _beyond(last, "does not end with one call of the repository's code and what it gives")

    def _assigns(self, statement: ast.stmt) -> bool:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name not in self.own | self.standard:
                if name in _BUILT_IN or not (self._value(value) or self._bare(value)):
                    return False
                self._hold(name, value)
                return True
            case ast.Assign(targets=[ast.Attribute(value=ast.Name(id=name), attr=attribute)], value=value):
                self.replaced.add((name, attribute))
                return name in self.fresh and not attribute.startswith("__") and self._value(value)
            case _:
                return False

    def _hold(self, name: str, value: ast.expr) -> None:
        """Takes in what a name stands for from now on."""
        self.values.add(name)
        self.fresh.discard(name)
        self.objects.discard(name)
        if isinstance(value, ast.Call):
            self.fresh.add(name)
            if self._bare(value) or (isinstance(value.func, ast.Name) and value.func.id in self.made):
                self.objects.add(name)

    def _ends(self, statement: ast.stmt) -> bool:
        match statement:
            case ast.Expr(value=value):
                return self._run(value)
            case ast.Assert(test=ast.Compare(left=value, ops=[operator], comparators=[expected]), msg=None):
                exact = isinstance(operator, ast.Eq) or (
                    isinstance(operator, ast.Is) and isinstance(expected, ast.Constant)
                )
                return exact and self._run(value) and _is_literal(expected)
            case ast.With(
                items=[
                    ast.withitem(
                        context_expr=ast.Call(
                            func=ast.Attribute(value=ast.Name(id="pytest"), attr="raises"),
                            args=[kind],
                            keywords=[],
                        ),
                        optional_vars=None,
                    )
                ],
                body=[ast.Expr(value=value)],
            ):
                named = isinstance(kind, ast.Name) and kind.id not in _TOO_BROAD
                return "pytest" in self.standard and named and self._run(value)
            case _:
                return False

    def _run(self, node: ast.expr) -> bool:
        """A call of the repository's own code, or a property of one of its objects."""
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="asyncio"), attr="run"), args=[call], keywords=[]
            ):
                return "asyncio" in self.standard and self._call(call)
            case ast.Call(func=ast.Name(id="list"), args=[inner], keywords=[]):
                return self._call(inner) or self._property(inner)
            case _:
                return self._call(node) or self._property(node)

    def _call(self, node: ast.expr) -> bool:
        match node:
            case ast.Call(func=ast.Name(id=name)):
                return name in self.own and self._arguments(node)
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=method)):
                known = name in self.made | self.objects and (name, method) not in self.replaced
                return known and not _is_hidden(method) and self._arguments(node)
            case _:
                return False

    def _property(self, node: ast.expr) -> bool:
        match node:
            case ast.Attribute(value=ast.Name(id=name), attr=attribute):
                known = name in self.objects and (name, attribute) not in self.replaced
                return known and not _is_hidden(attribute)
            case _:
                return False

    def _arguments(self, call: ast.Call) -> bool:
        positional = [one.value if isinstance(one, ast.Starred) else one for one in call.args]
        return all(self._value(one) for one in [*positional, *(one.value for one in call.keywords)])

    def _bare(self, node: ast.expr) -> bool:
        """`object.__new__(C)`: an object of a class of the repository, without what its `__init__` would need."""
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="object"), attr="__new__"),
                args=[ast.Name(id=name)],
                keywords=[],
            ):
                return name in self.made
            case _:
                return False

    def _value(self, node: ast.expr) -> bool:  # noqa: PLR0911 - a table of forms
        """A value that was recorded: constants, containers, a few standard classes, the repository's own classes."""
        match node:
            case ast.Constant(value=value):
                return value is not Ellipsis
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() | complex())):
                return True
            case ast.Name(id=name):
                return name in self.values
            case ast.List(elts=parts) | ast.Set(elts=parts) | ast.Tuple(elts=parts):
                return all(self._value(one) for one in parts)
            case ast.Dict(keys=keys, values=values):
                return all(key is not None and self._value(key) for key in keys) and all(
                    map(self._value, values)
                )
            case ast.Attribute():
                return self._member(node)
            case ast.Call():
                return self._made(node)
            case _:
                return False

    def _member(self, node: ast.Attribute) -> bool:
        match node:
            case ast.Attribute(
                value=ast.Attribute(value=ast.Name(id="datetime"), attr="timezone"), attr="utc"
            ):
                return "datetime" in self.standard
            case ast.Attribute(value=ast.Name(id=name), attr=member):
                return name in self.made and not _is_hidden(member)
            case _:
                return False

    def _made(self, call: ast.Call) -> bool:
        if not self._arguments(call) or any(one.arg is None for one in call.keywords):
            return False
        match call.func:
            case ast.Name(id=name) if name in _MOCKS:
                named = name in self.standard and not call.args
                return named and {one.arg for one in call.keywords} <= _ANSWERS and not _hands_on(call)
            case ast.Name(id="bytearray"):
                return all(
                    isinstance(one, ast.Constant) and isinstance(one.value, bytes) for one in call.args
                )
            case ast.Name(id=name):
                return name in self.standard | self.made or name in _BUILT_IN
            case ast.Attribute(value=ast.Name(id="datetime"), attr=name):
                return "datetime" in self.standard and name in _DATETIME
            case _:
                return False


def _hands_on(call: ast.Call) -> bool:
    """True if a stand-in would call or give something of the repository when it is asked."""
    return any(isinstance(one, ast.Attribute) for each in call.keywords for one in ast.walk(each.value))


def _is_hidden(name: str) -> bool:
    return name.startswith("__")


def _is_literal(node: ast.expr) -> bool:
    literal = (
        ast.Constant, ast.Tuple, ast.List, ast.Dict, ast.Set, ast.UnaryOp, ast.USub, ast.expr_context,
    )  # fmt: skip
    return all(isinstance(one, literal) for one in ast.walk(node))


def _beyond(statement: ast.stmt, what: str) -> Unexplained:
    return Unexplained(statement.lineno, f"The test {what}: `{brief(statement)}`.")
