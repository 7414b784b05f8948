"""What code surely does with a value: a guard is explained only where the code behind it would have failed at once.

`reached` walks what a statement or expression evaluates whenever it begins to run, so that "it needs `x`" means that it
would have failed without `x`, not that it may have come to it: of an `if` only the test, of `a and b` only `a`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence

from app.verify.conformance.likeness import alike

# What fails for None, whatever else it is given.
REFUSING_NONE = frozenset(
    {"Decimal", "Fraction", "abs", "all", "any", "basename", "bytearray", "bytes", "chr", "complex", "dict"}
    | {"dirname", "divmod", "enumerate", "extend", "float", "fromisoformat", "frozenset", "fspath", "int"}
    | {"iter", "join", "len", "list", "loads", "max", "min", "next", "open", "ord", "pow", "range", "reversed"}
    | {"round", "set", "sorted", "splitext", "strptime", "sum", "tuple", "update", "zip"}
)  # fmt: skip
_COMPUTING = frozenset(
    {"abs", "Decimal", "divmod", "float", "Fraction", "int", "len", "max", "min", "range", "round", "sum"}
)
_OF_EVERYTHING = frozenset(name for name in dir(None) if name.startswith("__"))
_ORDERED = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)


def reached(code: Iterable[ast.AST]) -> list[ast.AST]:
    """Every node that is evaluated, or given a value, whenever each piece of `code` begins to run."""
    return [node for one in code for node in _reached(one)]


def _reached(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    for part in _first_parts(node):
        yield from _reached(part)


def _first_parts(node: ast.AST) -> Sequence[ast.AST]:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() | ast.Lambda():
            return []
        case ast.If(test=first) | ast.While(test=first) | ast.IfExp(test=first) | ast.Assert(test=first):
            return [first]
        case ast.For(iter=first, target=target) | ast.AsyncFor(iter=first, target=target):
            return [first, target]
        case (
            ast.With(items=[first, *_]) | ast.AsyncWith(items=[first, *_]) | ast.Try(body=[first, *_])
            | ast.Match(subject=first) | ast.BoolOp(values=[first, *_]) | ast.comprehension(iter=first)
            | ast.ListComp(generators=[first, *_]) | ast.SetComp(generators=[first, *_])
            | ast.DictComp(generators=[first, *_]) | ast.GeneratorExp(generators=[first, *_])
        ):  # fmt: skip
            return [first]
        case ast.Compare(left=left, comparators=[right, *_]):
            return [left, right]
        case _:
            return list(ast.iter_child_nodes(node))


def soon(block: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of `block` up to the first that does something for its effect, or may leave."""
    for one in block:
        yield one
        if any(isinstance(each, ast.Expr | ast.Raise | ast.Return | ast.Assert) for each in ast.walk(one)):
            return


def is_reached(piece: ast.expr, code: Iterable[ast.AST]) -> bool:
    """True if `code` surely reads or deletes `piece`, or adds to it; what only gets a new value is not read."""
    nodes = reached(code)
    changed = {id(one.target) for one in nodes if isinstance(one, ast.AugAssign)}
    return any(
        alike(one, piece) and not (isinstance(getattr(one, "ctx", None), ast.Store) and id(one) not in changed)
        for one in nodes
    )  # fmt: skip


def is_used(value: ast.expr, code: Iterable[ast.AST]) -> bool:
    """True if `code` surely does something with `value` that not every value takes: None would have failed there."""
    return any(fails_without(value, node) for node in reached(code))


def fails_without(value: ast.expr, node: ast.AST) -> bool:  # noqa: PLR0911 - a table of forms
    """True if `node` itself does something with `value` that None does not take."""
    match node:
        case ast.Attribute(value=used, attr=name):
            return alike(used, value) and name not in _OF_EVERYTHING
        case ast.Subscript(value=used, slice=key):
            return alike(used, value) or alike(key, value)
        case ast.Call(func=function, args=arguments, keywords=keywords):
            given = [*arguments, *(one.value for one in keywords)]
            refuses = _called(function) in REFUSING_NONE
            return alike(function, value) or (refuses and any(alike(one, value) for one in given))
        case ast.BinOp(left=ast.Constant(value=str() | bytes()), op=ast.Mod()):
            return False
        case ast.BinOp(left=left, right=right):
            return alike(left, value) or alike(right, value)
        case ast.Compare(left=left, ops=[operator, *_], comparators=[right, *_]):
            ordered = isinstance(operator, _ORDERED) and alike(left, value)
            return ordered or (isinstance(operator, (*_ORDERED, ast.In, ast.NotIn)) and alike(right, value))
        case ast.Dict(keys=keys, values=values):
            return any(key is None and alike(one, value) for key, one in zip(keys, values, strict=True))
        case ast.AugAssign(target=target, value=used):
            return alike(target, value) or alike(used, value)
        case (
            ast.UnaryOp(op=ast.USub() | ast.UAdd() | ast.Invert(), operand=used)
            | ast.For(iter=used) | ast.AsyncFor(iter=used) | ast.comprehension(iter=used)
            | ast.withitem(context_expr=used) | ast.Await(value=used) | ast.YieldFrom(value=used)
            | ast.Raise(exc=used) | ast.Starred(value=used)
            | ast.Assign(targets=[ast.Tuple() | ast.List()], value=used)
            | ast.FormattedValue(value=used, format_spec=ast.JoinedStr(values=[_, *_]))
        ):  # fmt: skip
            return alike(used, value)
        case _:
            return False


def takes_no_none(value: ast.expr, node: ast.AST) -> bool:
    """True if `node` reads something of `value`, calls it or computes with it, which None does not allow."""
    plain = (
        ast.Attribute,
        ast.Await,
        ast.withitem,
        ast.Raise,
        ast.For,
        ast.BinOp,
        ast.AugAssign,
        ast.Subscript,
    )
    if isinstance(node, ast.Call):
        converts = _called(node.func) in {"float", "int", "len", "sum"} and any(
            alike(one, value) for one in node.args
        )
        return converts or alike(node.func, value)
    if isinstance(node, ast.Subscript) and not alike(node.value, value):
        return False
    return isinstance(node, plain) and fails_without(value, node)


def is_handed_on(value: ast.expr, node: ast.AST) -> bool:
    """True if `node` is a call of something unknown that gets `value` as it is."""
    match node:
        case ast.Call(func=function, args=arguments, keywords=keywords):
            given = [*arguments, *(one.value for one in keywords)]
            return _called(function) not in _COMPUTING and any(alike(one, value) for one in given)
        case ast.keyword(value=given):
            return alike(given, value)
        case _:
            return False


def _called(function: ast.expr) -> str:
    match function:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""
