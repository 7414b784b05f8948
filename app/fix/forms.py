"""What the form of an expression alone tells: the class of its value, what need not be evaluated, what it binds."""

from __future__ import annotations

import ast

from app.core.syntax import names_bound

_COMPUTES = frozenset(
    {"abs", "bool", "float", "int", "len", "max", "min", "ord", "round", "str", "tuple", "type"}
)


def is_plain(node: ast.expr) -> bool:  # noqa: PLR0911 - a table of forms
    """True for an access path that can be evaluated twice without doing anything twice."""
    match node:
        case ast.Name() | ast.Constant():
            return True
        case ast.Attribute(value=value):
            return is_plain(value)
        case ast.Subscript(value=value, slice=index):
            return is_plain(value) and is_plain(index)
        case ast.Call(func=ast.Attribute(value=value, attr="get"), args=arguments, keywords=[]):
            return is_plain(value) and all(is_plain(one) or is_empty(one) for one in arguments)
        case ast.Call(func=ast.Name(id="len"), args=[value], keywords=[]):
            return is_plain(value)
        case ast.UnaryOp(operand=operand):
            return is_plain(operand)
        case ast.JoinedStr(values=values):
            return all(is_plain(one.value) for one in values if isinstance(one, ast.FormattedValue))
        case ast.Tuple(elts=elements):
            return all(is_plain(one) for one in elements)
        case _:
            return False


def is_repeatable(node: ast.expr) -> bool:
    """True for a key or an index that a test can compute once more: whatever it calls has no effect."""
    for one in ast.walk(node):
        match one:
            case ast.Await() | ast.Yield() | ast.YieldFrom() | ast.NamedExpr():
                return False
            case ast.Call(func=ast.Name(id=name)) if name not in _COMPUTES:
                return False
            case ast.Call(func=ast.Attribute(attr=name)) if name not in _STR_METHODS | {"get", "group"}:
                return False
            case _:
                pass
    return True


def is_empty(node: ast.expr) -> bool:
    """True for `[]`, `{}`, `()`."""
    match node:
        case ast.List(elts=[]) | ast.Tuple(elts=[]) | ast.Dict(keys=[]):
            return True
        case _:
            return False


_STR_METHODS = frozenset(
    {"join", "format", "strip", "lstrip", "rstrip", "lower", "upper", "title", "capitalize", "replace", "strftime",
     "isoformat"}
)  # fmt: skip


def form_type(node: ast.expr) -> str | None:  # noqa: C901, PLR0911, PLR0912 - a table of forms
    """The class of an expression's value where its form alone shows it."""
    match node:
        case ast.Constant(value=value):
            return type(value).__name__
        case ast.JoinedStr():
            return "str"
        case ast.List() | ast.ListComp():
            return "list"
        case ast.Dict() | ast.DictComp():
            return "dict"
        case ast.Set() | ast.SetComp():
            return "set"
        case ast.Compare() | ast.UnaryOp(op=ast.Not()):
            return "bool"
        case ast.Call(
            func=ast.Name(id=("str" | "int" | "float" | "list" | "dict" | "set" | "bool" | "Decimal") as name)
        ):
            return name
        case ast.Call(func=ast.Name(id="len")):
            return "int"
        case ast.Call(func=ast.Name(id="any" | "all" | "isinstance")):
            return "bool"
        case ast.Call(func=ast.Name(id="sorted")):
            return "list"
        case ast.Call(func=ast.Attribute(attr=attr)) if attr in _STR_METHODS:
            return "str"
        case ast.Call(func=ast.Attribute(attr="startswith" | "endswith" | "isdigit" | "isalpha")):
            return "bool"
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() | ast.Mod(), right=right):
            return form_type(left) or form_type(right)
        case ast.IfExp(body=body, orelse=orelse):
            return form_type(body) or form_type(orelse)
        case _:
            return None


def is_lazy(node: ast.AST, above: ast.AST) -> bool:  # noqa: PLR0911 - a table of forms
    """True if evaluating `above` need not evaluate its direct part `node`."""
    match above:
        case ast.BoolOp(values=[first, *_]):
            return node is not first
        case ast.IfExp(test=test):
            return node is not test
        case ast.Lambda():
            return True
        case ast.ListComp(generators=[first, *_]) | ast.SetComp(generators=[first, *_]):
            return node is not first
        case ast.GeneratorExp() | ast.DictComp():
            return node is not above.generators[0]
        case ast.comprehension(iter=iterable):
            return node is not iterable
        case ast.Compare(left=left, comparators=[first, *_]):
            return node is not left and node is not first
        case ast.Assert(msg=message):
            return node is message
        case _:
            return False


def bound_by(scope: ast.AST) -> set[str]:
    """The names that a lambda or comprehension binds for itself."""
    match scope:
        case ast.Lambda(args=arguments):
            return names_bound(arguments)
        case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
            return {name for generator in scope.generators for name in names_bound(generator.target)}
        case _:
            return set()


def is_stored_item(node: ast.AST) -> bool:
    """True for an item that is given a value."""
    return isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store)


def load_dump(node: ast.expr) -> str:
    """The dump of an expression, the same for a place that is read and one that is written."""
    return ast.dump(node).replace("ctx=Store()", "ctx=Load()")
