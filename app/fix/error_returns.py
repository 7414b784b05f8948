"""What a function may return where a call of it reports an error: what its other handlers and branches return."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator
from dataclasses import replace

from app.core.syntax import Function, names_bound, names_in, own_nodes
from app.fix.conventions import is_constant, is_missing_test, module_names
from app.fix.handlers import is_about
from app.fix.pattern import Fallback, Strength
from app.fix.returns import declared, distinct, said, says_nothing
from app.fix.site import Site

_BUILTINS = frozenset(dir(builtins))
# A function with such a name says that it may come back with nothing.
_ATTEMPT = re.compile(r"(?:^|_)(?:try|maybe|safe|safely|guess|detect|sniff)_|_or_none$|_if_possible$")


def error_returns(site: Site) -> list[Fallback]:
    """What the function may return where a call of it reports an error, best first.

    A guard against an empty input says nothing about a malformed one, and a procedure that ends early hides that its
    work was not done: neither counts here. The function's other handlers count most. A result that may be None says
    only that there is a None, not for what: that is weak, unless the function is named as an attempt.
    """
    if site.function is None or site.function.name.startswith("__"):
        return []
    attempt = _ATTEMPT.search(site.function.name) is not None
    found = [
        *_handlers(site),
        *_for_all_else(site),
        *_other_guards(site),
        *(
            one if attempt else replace(one, strength=Strength.LAST)
            for one in declared(site)
            if one.code == "None"
        ),
    ]
    return distinct(sorted(found, key=lambda one: one.strength))


def _for_all_else(site: Site) -> Iterator[Fallback]:
    """What the last `else` of the chain returns whose other branch holds the failing `return`."""
    if site.function is None or not isinstance(site.statement, ast.Return):
        return
    available = parameters_and_constants(site.function)
    below: ast.AST = site.statement
    for above in site.code.ancestors(site.statement):
        if above is site.function:
            return
        if isinstance(above, ast.If) and below in above.body:
            last = above.orelse
            while len(last) == 1 and isinstance(last[0], ast.If):
                last = last[0].orelse
            match last:
                case [ast.Return(value=ast.expr() as value)] if names_in(value) <= available:
                    why = f"Line {last[0].lineno} of {site.function_name} returns it for all other values."
                    yield Fallback(site.text(value), why, Strength.GUARD, accepted=False)
                case _:
                    pass
        below = above


def parameters_and_constants(function: Function) -> set[str]:
    """The names that a fallback may read: the parameters, and the built-in functions that make text."""
    arguments = function.args
    names = {one.arg for one in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]}
    return names | {"str", "repr"}


def _handlers(site: Site) -> Iterator[Fallback]:
    """What the handlers of the function return; one of another sort of trouble is a weak model."""
    for node in own_nodes(site.function) if site.function is not None else ():
        if isinstance(node, ast.ExceptHandler) and isinstance(node.body[-1], ast.Return):
            returned = node.body[-1].value
            tried = site.parent(node)
            about_it = isinstance(tried, ast.Try) and any(_is_about_input(site, one) for one in tried.body)
            if about_it and (returned is None or is_constant(returned)):
                code = site.text(returned) if returned is not None else ""
                why = (
                    f"The handler in line {node.lineno} of {site.function_name} already returns {said(code)}."
                )
                about = is_about(node, site.trace.names, site.conventions)
                yield Fallback(code, why, Strength.GUARD if about else Strength.LAST)


def _other_guards(site: Site) -> Iterator[Fallback]:
    """What the guards that turn an input away return: not those against an empty one, nor for a special one."""
    for node in own_nodes(site.function) if site.function is not None else ():
        if not isinstance(node, ast.If) or node.orelse or not isinstance(node.body[-1], ast.Return):
            continue
        value = node.body[-1].value
        says = value is not None and is_constant(value) and says_nothing(value)
        if value is not None and says and _turns_away(node.test) and _is_about_input(site, node.test):
            given = said(site.text(value))
            why = f"`{site.text(node.test)}` in line {node.lineno} of the function already returns {given}."
            yield Fallback(site.text(value), why, Strength.TYPE)


def _is_about_input(site: Site, node: ast.AST) -> bool:
    """True if `node` reads something that the failing statement works on, directly or through other locals."""
    works_on = names_in(site.statement)
    nodes = own_nodes(site.function) if site.function is not None else ()
    pairs = [pair for one in nodes if (pair := _flow(one)) is not None]
    grown = True
    while grown:
        more = {name for made, read in pairs if made & works_on for name in read} - works_on
        works_on |= more
        grown = bool(more)
    return bool(names_in(node) & (works_on - module_names(site.code) - _BUILTINS))


def _flow(node: ast.AST) -> tuple[set[str], set[str]] | None:
    """The names that get a value from a statement, and those that it reads for that."""
    match node:
        case ast.Assign(value=value) | ast.AugAssign(value=value) | ast.AnnAssign(value=ast.expr() as value):
            return names_bound(node), names_in(value)
        case ast.For(target=target, iter=value) | ast.NamedExpr(target=target, value=value):
            return names_bound(target), names_in(value)
        case _:
            return None


def _turns_away(test: ast.expr) -> bool:
    """True for a condition that an unfit input meets; emptiness and one special value are none."""
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return not isinstance(operand, ast.Name | ast.Attribute)
        case ast.Compare(ops=[ast.Is() | ast.Eq() | ast.In()]):
            return False
        case ast.Compare():
            return not is_missing_test(test) or isinstance(test.ops[0], ast.NotIn)
        case ast.BoolOp(op=op, values=values):
            found = [_turns_away(one) for one in values]
            return any(found) if isinstance(op, ast.Or) else all(found)
        case _:
            return False
