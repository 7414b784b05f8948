"""Where two syntax trees differ: the nested places around the smallest difference, the outermost first."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Region:
    """A place at which the trees differ. Of statements it is the run between their common first and last ones.

    `above` is the node of the old tree that holds it, `before` and `behind` are the unchanged statements around a run,
    `imported` is the name that a new import at the top of the file brings.
    """

    above: ast.AST
    old: tuple[ast.AST, ...]
    new: tuple[ast.AST, ...]
    before: ast.stmt | None = None
    behind: ast.stmt | None = None
    is_run: bool = False
    imported: str | None = None

    @property
    def pair(self) -> tuple[ast.AST, ast.AST] | None:
        """The two nodes, if it is one against one."""
        return (self.old[0], self.new[0]) if len(self.old) == len(self.new) == 1 else None


def regions(old: ast.Module, new: ast.Module) -> Iterator[Region]:
    """Every place that holds the whole difference; the last one is where it falls apart or can not be narrowed."""
    pending = list(_children(old, new))
    while len(pending) == 1:
        region = pending[0]
        yield region
        pending = list(_inside(region))


def parts(region: Region) -> list[Region]:
    """The smallest places at which the pair of the region differs."""
    inside = list(_inside(region))
    return [part for one in inside for part in parts(one)] if inside else [region]


def _inside(region: Region) -> Iterator[Region]:
    pair = region.pair
    if pair is None or type(pair[0]) is not type(pair[1]):
        return
    if region.is_run:
        yield Region(region.above, region.old, region.new, region.before, region.behind)
    else:
        yield from _children(*pair)


def _children(old: ast.AST, new: ast.AST) -> list[Region]:
    """The places below a pair of the same class; none where a plain value or the number of parts differs."""
    found: list[Region] = []
    for field in old._fields:
        one, other = getattr(old, field, None), getattr(new, field, None)
        if same(one, other):
            continue
        blocks = _block(one), _block(other)
        if blocks[0] is not None and blocks[1] is not None:
            found.append(_run(old, blocks[0], blocks[1]))
        elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
            for left, right in zip(one, other, strict=True):
                if not same(left, right):
                    if not (isinstance(left, ast.AST) and isinstance(right, ast.AST)):
                        return []
                    found.append(Region(old, (left,), (right,)))
        elif isinstance(one, ast.AST) and isinstance(other, ast.AST):
            found.append(Region(old, (one,), (other,)))
        else:
            return []
    return found


def _block(value: object) -> list[ast.stmt] | None:
    """The statements of a block; an empty list may be one."""
    if not isinstance(value, list):
        return None
    found = [one for one in value if isinstance(one, ast.stmt)]
    return found if len(found) == len(value) else None


def _run(above: ast.AST, old: Sequence[ast.stmt], new: Sequence[ast.stmt]) -> Region:
    shorter = min(len(old), len(new))
    first = next((at for at in range(shorter) if not same(old[at], new[at])), shorter)
    last = next(
        (at for at in range(shorter - first) if not same(old[-1 - at], new[-1 - at])), shorter - first
    )
    return Region(
        above,
        tuple(old[first : len(old) - last]),
        tuple(new[first : len(new) - last]),
        old[first - 1] if first else None,
        old[len(old) - last] if last else None,
        is_run=True,
    )


def same(one: object, other: object, hole: tuple[ast.AST, ast.AST] | None = None) -> bool:
    """True if both say the same; places and brackets do not count.

    A `hole` is a node of `one` and what `other` must have instead of it.
    """
    if hole is not None and one is hole[0]:
        return same(hole[1], other)
    if isinstance(one, ast.BoolOp) and isinstance(other, ast.BoolOp):
        return type(one.op) is type(other.op) and same(operands(one), operands(other), hole)
    if isinstance(one, ast.AST) and isinstance(other, ast.AST):
        return type(one) is type(other) and all(
            same(getattr(one, field, None), getattr(other, field, None), hole) for field in one._fields
        )
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(
            same(left, right, hole) for left, right in zip(one, other, strict=True)
        )
    return type(one) is type(other) and repr(one) == repr(other)


def reads_same(one: ast.AST, other: ast.AST) -> bool:
    """True if both name the same value, whether they read or bind it."""
    return same(_reading(one), _reading(other))


def _reading(node: ast.AST) -> ast.AST:
    match node:
        case ast.Name(id=name):
            return ast.Name(name, ast.Load())
        case ast.Attribute(value=value, attr=attr):
            return ast.Attribute(value, attr, ast.Load())
        case ast.Subscript(value=value, slice=index):
            return ast.Subscript(value, index, ast.Load())
        case _:
            return node


def operands(node: ast.expr, operator: type[ast.boolop] | None = None) -> list[ast.expr]:
    """The operands of `and` or `or` as if written in one row; of anything else just itself."""
    if not isinstance(node, ast.BoolOp) or (operator is not None and not isinstance(node.op, operator)):
        return [node]
    return [inner for one in node.values for inner in operands(one, type(node.op))]
