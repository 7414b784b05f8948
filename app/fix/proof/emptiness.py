"""Where one empty value is as good as another: what reads it goes over it at once and keeps nothing of it."""

from __future__ import annotations

import ast
import re

from app.fix.proof.conditions import is_usual
from app.fix.proof.order import is_builtin_here
from app.fix.site import Site

# Built-in functions that go over their argument before they give their result.
_EAGER = frozenset(
    {"len", "list", "tuple", "set", "frozenset", "sorted", "sum", "any", "all", "dict", "max", "min"}
)  # fmt: skip
_LAZY = frozenset({"enumerate", "zip", "reversed"})
_TAKES = frozenset({"join", "extend", "update"})
_VIEWS = frozenset({"items", "keys", "values"})
# Methods of texts that bytes do not have, or that give the same for an empty text and for empty bytes.
_TEXT_ONLY = frozenset(
    {"encode", "casefold", "isnumeric", "isdecimal", "isidentifier", "isprintable", "isdigit", "isalpha", "isalnum",
     "isspace", "splitlines"}
)  # fmt: skip
_TEXT = frozenset(
    {"strip", "lstrip", "rstrip", "lower", "upper", "title", "capitalize", "replace", "startswith", "endswith", "split",
     "removeprefix", "removesuffix", "swapcase", "zfill"}
)  # fmt: skip


def comes_along_alike(site: Site, value: ast.expr) -> bool:
    """True if every false value of the subject, beside None, has the same result as `value`, or raises as None does."""
    if not is_usual(site):
        return False
    above = site.code.parents[site.subject]
    match value:
        case ast.Tuple(elts=[]) | ast.List(elts=[]) | ast.Dict(keys=[]):
            if _is_consumed(site, site.subject):
                return True
            return (
                isinstance(value, ast.Dict)
                and isinstance(above, ast.Attribute)
                and _is_mapping_read(site, above)
            )
        case ast.Constant(value=""):
            return isinstance(above, ast.Attribute) and _is_text_read(site, above)
        case _:
            return False


def _is_consumed(site: Site, node: ast.expr) -> bool:  # noqa: PLR0911 - a table of forms
    """True if `node` is gone over at once."""
    above = site.code.parents[node]
    match above:
        case ast.For(iter=iterable):
            return iterable is node
        case ast.Starred(ctx=ast.Load()) | ast.YieldFrom() | ast.keyword(arg=None):
            return True
        case ast.Dict(keys=keys, values=values):
            return any(key is None and one is node for key, one in zip(keys, values, strict=True))
        case ast.comprehension(iter=iterable) if iterable is node:
            made = site.code.parents[above]
            return not isinstance(made, ast.GeneratorExp) or _is_consumed(site, made)
        case ast.Call(func=ast.Name(id=name), args=arguments) if any(one is node for one in arguments):
            if not is_builtin_here(site, name):
                return False
            return (name in _EAGER and arguments[0] is node) or (name in _LAZY and _is_consumed(site, above))
        case ast.Call(func=ast.Attribute(attr=attr), args=[only]):
            return only is node and attr in _TAKES
        case _:
            return False


def _is_mapping_read(site: Site, method: ast.Attribute) -> bool:
    """True for a view that is gone over at once, and for `.get()`."""
    call = site.code.parents[method]
    if not isinstance(call, ast.Call) or call.func is not method:
        return False
    return method.attr == "get" or (method.attr in _VIEWS and _is_consumed(site, call))


def _is_text_read(site: Site, method: ast.Attribute) -> bool:
    """True if the methods that follow show that the value is a text, so that the only false one is the empty text."""
    declared = _declared(site)
    node: ast.expr = method
    while True:
        call = site.code.parents[node]
        if not isinstance(node, ast.Attribute) or not isinstance(call, ast.Call) or call.func is not node:
            return False
        if node.attr in _TEXT_ONLY or (node.attr == "split" and not call.args and not call.keywords):
            return True
        if node.attr not in _TEXT:
            return False
        if declared or any(isinstance(one, ast.Constant) and isinstance(one.value, str) for one in call.args):
            return True
        above = site.code.parents[call]
        if not isinstance(above, ast.Attribute):
            return False
        node = above


def _declared(site: Site) -> bool:
    """True for a parameter that is declared as a text or None."""
    if not isinstance(site.subject, ast.Name) or site.function is None:
        return False
    arguments = site.function.args
    for one in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]:
        if one.arg == site.subject.id and one.annotation is not None:
            parts = set(re.findall(r"[\w.]+", ast.unparse(one.annotation)))
            return "str" in parts and parts <= {
                "str",
                "None",
                "Optional",
                "Union",
                "typing.Optional",
                "typing.Union",
            }
    return False
