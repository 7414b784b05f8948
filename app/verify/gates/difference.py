"""Which lines and statements of a file changed: pure, and quick on files of any shape."""

from __future__ import annotations

import ast
import difflib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_MOST_COMPARED = 4000


@dataclass(frozen=True, slots=True)
class Difference:
    """Line numbers from 1: `removed` in the old text, `added` in the new one."""

    removed: tuple[int, ...]
    added: tuple[int, ...]

    @property
    def size(self) -> int:
        """How many lines were added and removed."""
        return len(self.removed) + len(self.added)


@dataclass(frozen=True, slots=True)
class Statement:
    """The lines of a statement, or of the head of one that holds others."""

    first: int
    last: int

    def touches(self, lines: frozenset[int]) -> bool:
        """True if one of the lines is the statement's."""
        return not lines.isdisjoint(range(self.first, self.last + 1))


def difference(before: str, after: str) -> Difference:
    """The lines that differ. Where far too much differs to compare, everything between the first and the last."""
    old, new = before.split("\n"), after.split("\n")
    shorter = min(len(old), len(new))
    first = next((at for at in range(shorter) if old[at] != new[at]), shorter)
    last = next((at for at in range(shorter - first) if old[-1 - at] != new[-1 - at]), shorter - first)
    old_middle, new_middle = old[first : len(old) - last], new[first : len(new) - last]
    removed, added = _compared(old_middle, new_middle)
    return Difference(tuple(first + at + 1 for at in removed), tuple(first + at + 1 for at in added))


def _compared(old: Sequence[str], new: Sequence[str]) -> tuple[list[int], list[int]]:
    if len(old) + len(new) > _MOST_COMPARED:
        return list(range(len(old))), list(range(len(new)))
    removed: list[int] = []
    added: list[int] = []
    for tag, start, end, new_start, new_end in difflib.SequenceMatcher(
        None, old, new, autojunk=False
    ).get_opcodes():
        if tag != "equal":
            removed += range(start, end)
            added += range(new_start, new_end)
    return removed, added


def changed_statements(before: str, after: str) -> tuple[Statement, ...]:
    """The statements of the new text with a changed line; lines that were only moved or indented do not count.

    Raises:
        SyntaxError: if the new text is no Python.
    """
    old, new = before.split("\n"), after.split("\n")
    differs = difference(before, after)
    moved = Counter(old[number - 1].strip() for number in differs.removed)
    changed: set[int] = set()
    for number in differs.added:
        words = new[number - 1].strip()
        if moved[words] > 0:
            moved[words] -= 1
        elif words:
            changed.add(number)
    lines = frozenset(changed)
    return tuple(one for one in statements(ast.parse(after)) if one.touches(lines))


def statements(tree: ast.AST) -> Iterator[Statement]:
    """Every statement, handler and case of a tree, with the lines that are its own."""
    for node in ast.walk(tree):
        if isinstance(node, ast.match_case):
            yield _head(node.pattern.lineno, node.body, node.pattern.lineno)
        elif isinstance(node, ast.stmt | ast.ExceptHandler):
            yield _head(_first(node), getattr(node, "body", ()), node.end_lineno or node.lineno)


def _head(first: int, body: Sequence[ast.stmt], end: int) -> Statement:
    """The lines before the first statement that it holds; all of them if it holds none."""
    return Statement(first, max(first, _first(body[0]) - 1 if body else end))


def _first(node: ast.stmt | ast.ExceptHandler) -> int:
    decorators: Sequence[ast.expr] = getattr(node, "decorator_list", ())
    return min([node.lineno, *(one.lineno for one in decorators)])


def definitions_around(tree: ast.AST, lines: frozenset[int]) -> frozenset[str]:
    """The names of the functions and classes that hold one of the lines."""
    return frozenset(
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        and not lines.isdisjoint(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    )
