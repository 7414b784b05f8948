"""Which of a repository's tests are about what a change touches: those that name it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final, Protocol

Function = ast.FunctionDef | ast.AsyncFunctionDef

# A function called `get` is named everywhere; a short name alone does not make a test one about it.
_TELLING_NAME: Final = 5
_WORD: Final = re.compile(r"\w+")


class Named(Protocol):
    """A function by its names: `owner` is the class it belongs to, if there is one."""

    @property
    def module(self) -> str:
        """The dotted name of its module."""

    @property
    def name(self) -> str:
        """Its own name."""

    @property
    def owner(self) -> str | None:
        """The qualified name of its class."""


@dataclass(frozen=True, slots=True)
class Changed:
    """A function that a change touches."""

    module: str
    name: str
    owner: str | None


def changed(path: str, before: str, after: str) -> tuple[Changed, ...]:
    """The module-level functions and methods of a file that differ; none if either text cannot be parsed."""
    try:
        old, new = ast.parse(before), ast.parse(after)
    except (SyntaxError, ValueError, RecursionError):
        return ()
    texts = {name: ast.dump(function) for name, _, function in functions(new)}
    return tuple(
        Changed(module_name(path), function.name, name.rpartition(".")[0] or None)
        for name, _, function in functions(old)
        if texts.get(name) not in {None, ast.dump(function)}
    )


def functions(
    tree: ast.Module | ast.ClassDef, prefix: str = ""
) -> Iterator[tuple[str, ast.ClassDef | None, Function]]:
    """Every function that is no part of another one, with its qualified name and its class."""
    for node in _statements(tree):
        if isinstance(node, ast.ClassDef):
            yield from functions(node, f"{prefix}{node.name}.")
        elif isinstance(node, Function):
            yield f"{prefix}{node.name}", tree if isinstance(tree, ast.ClassDef) else None, node


def module_name(path: str) -> str:
    """The dotted name under which a file of a package is imported."""
    parts = list(PurePosixPath(path).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def is_test_file(path: str) -> bool:
    """True for what pytest would collect, and for files like `tests.py` that older packages have."""
    name = PurePosixPath(path)
    return name.suffix == ".py" and bool(re.fullmatch(r"test_.*|.*_tests?|tests?|test[A-Z].*", name.stem))


def nearest(tests: Iterable[tuple[str, str]], targets: Iterable[Named], most: int) -> list[str]:
    """Of test files, each a path with its text, those that name a target: nearest first, then the shorter ones."""
    wanted = tuple(targets)
    scores = []
    for path, text in tests:
        words = set(_WORD.findall(text))
        score = max((_nearness(path, text, words, one) for one in wanted), default=0)
        if score:
            scores.append((-score, len(text), path))
    return [path for _, _, path in sorted(scores)[:most]]


def _nearness(path: str, text: str, words: set[str], target: Named) -> int:
    module = target.module.rpartition(".")[2]
    called = target.owner.rpartition(".")[2] if target.owner else target.name
    score = 0
    if called in words and len(called) >= _TELLING_NAME:
        score += 3
    if target.owner and target.name in words and not target.name.startswith("__"):
        score += 2
    if target.module in text:
        score += 2
    if module.strip("_") in PurePosixPath(path).stem:
        score += 2
    return score


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    """The statements of a body, also those under an `if` or a `try`."""
    for child in ast.iter_child_nodes(node):
        yield child
        if isinstance(child, ast.If | ast.Try | ast.With | ast.ExceptHandler):
            yield from _statements(child)
