"""Which expressions raise for certain where the subject is None."""

from __future__ import annotations

import ast
import re

from app.core.syntax import Comprehension
from app.fix.proof.order import is_builtin_here
from app.fix.site import Site

# What an operator was handed beside None, where its answer to None is known: an exception.
_PLAIN = frozenset(
    {"NoneType", "int", "float", "complex", "bool", "str", "bytes", "list", "tuple", "dict", "set", "frozenset",
     "Decimal", "decimal.Decimal", "Fraction", "datetime.datetime", "datetime.date", "datetime.time",
     "datetime.timedelta"}
)  # fmt: skip
_NAMED = re.compile(r"""["']([\w.]+)["']""")
_CONCATENATED = re.compile(r"^can only concatenate (?:str|list|tuple) ")
# Built-in functions that raise for None as their first argument; those that take others go over each of them.
_FIRST = frozenset(
    {"len", "int", "float", "list", "tuple", "set", "frozenset", "sorted", "sum", "any", "all", "enumerate", "iter",
     "next", "reversed", "dict", "abs", "round", "ord", "chr", "bytes", "bytearray"}
)  # fmt: skip
_EACH = frozenset({"zip", "range"})
_NOT_FIRST = frozenset({"map", "filter"})
_METHODS = frozenset({"extend", "update", "join"})


def refuses_none(site: Site) -> bool:  # noqa: PLR0911 - a table of forms
    """True if evaluating what the subject is handed to raises whenever the subject is None."""
    node, subject = site.node, site.subject
    match node:
        case ast.Attribute(value=value, attr=attr) if value is subject:
            return not hasattr(None, attr)
        case ast.Subscript(value=value) | ast.Await(value=value) | ast.YieldFrom(value=value) if (
            value is subject
        ):
            return True
        case ast.Call(func=func) if func is subject:
            return True
        case ast.Call():
            return _call_refuses(site, node)
        case ast.UnaryOp(op=ast.USub() | ast.UAdd() | ast.Invert(), operand=value) if value is subject:
            return True
        case ast.BinOp(op=operator, left=left, right=right):
            template = isinstance(operator, ast.Mod) and right is subject
            return subject in {left, right} and not template and _is_operator_of_plain_values(site)
        case ast.Compare(left=left, ops=[ast.In() | ast.NotIn()], comparators=[right]):
            return right is subject
        case ast.Compare(left=left, ops=[ast.Lt() | ast.LtE() | ast.Gt() | ast.GtE()], comparators=[right]):
            return subject in {left, right} and _is_operator_of_plain_values(site)
        case _:
            return node is subject and _place_refuses(site)


def _call_refuses(site: Site, call: ast.Call) -> bool:  # noqa: PLR0911 - a table of forms
    at = next((index for index, one in enumerate(call.args) if one is site.subject), None)
    if at is None or any(isinstance(one, ast.Starred) for one in call.args):
        return False
    match call.func:
        case ast.Name(id=name) if is_builtin_here(site, name):
            alone = name in {"max", "min"} and len(call.args) == 1
            return (name in _FIRST and at == 0) or name in _EACH or (name in _NOT_FIRST and at > 0) or alone
        case ast.Attribute(value=ast.Constant(value=str()), attr="join"):
            return True
        case ast.Attribute(value=ast.Name(id="json"), attr="loads"):
            return at == 0
        case ast.Attribute(value=ast.Name(id="math")):
            return True
        case ast.Attribute(attr=attr):
            return attr in _METHODS and len(call.args) == 1 and "iterable" in site.trace.message
        case _:
            return False


def _place_refuses(site: Site) -> bool:  # noqa: PLR0911 - a table of forms
    """True if what stands around the subject goes over it, unpacks it, enters it or formats it."""
    subject = site.subject
    above = site.code.parents[subject]
    match above:
        case ast.For(iter=value) | ast.AsyncFor(iter=value) | ast.comprehension(iter=value):
            return value is subject
        case ast.Starred(ctx=ast.Load()) | ast.keyword(arg=None) | ast.withitem():
            return True
        case ast.Dict(keys=keys, values=values):
            return any(key is None and one is subject for key, one in zip(keys, values, strict=True))
        case ast.Assign(targets=[ast.Tuple() | ast.List(), *_], value=value):
            return value is subject
        case ast.AugAssign():
            return _is_operator_of_plain_values(site)
        case ast.FormattedValue(format_spec=ast.JoinedStr(values=[_, *_] as values), conversion=-1):
            return all(isinstance(one, ast.Constant) for one in values)
        case _:
            return isinstance(above, Comprehension) and _is_joined(site, above)


def _is_joined(site: Site, items: ast.AST) -> bool:
    """True for an item of `", ".join(...)`, which takes nothing but texts."""
    match site.code.parents[items]:
        case ast.Call(func=ast.Attribute(value=ast.Constant(value=str()), attr="join"), args=[only]):
            return only is items and getattr(items, "elt", None) is site.subject
        case _:
            return False


def _is_operator_of_plain_values(site: Site) -> bool:
    """True if the message says that the other operand was of a class that is known to refuse None."""
    message = site.trace.message
    named = set(_NAMED.findall(message))
    return bool(named) and (named <= _PLAIN or _CONCATENATED.search(message) is not None)
