"""What a function may return where a call of it reports an error: what its other handlers and branches return."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from app.core.syntax import Function, names_in, own_nodes
from app.fix.conventions import is_constant, is_missing_test
from app.fix.pattern import Fallback, Strength
from app.fix.returns import declared, distinct, said, says_nothing
from app.fix.site import Site


def error_returns(site: Site) -> list[Fallback]:
    """What the function may return where a call of it reports an error, best first.

    A guard against an empty input says nothing about a malformed one, and a procedure that ends early hides that its
    work was not done: neither counts here. The function's other handlers count most.
    """
    if site.function is None or site.function.name.startswith("__"):
        return []
    found = [
        *_handlers(site),
        *_for_all_else(site),
        *_other_guards(site),
        *(one for one in declared(site) if one.code == "None"),
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
    for node in own_nodes(site.function) if site.function is not None else ():
        if isinstance(node, ast.ExceptHandler) and isinstance(node.body[-1], ast.Return):
            returned = node.body[-1].value
            if returned is None or is_constant(returned):
                code = site.text(returned) if returned is not None else ""
                why = (
                    f"The handler in line {node.lineno} of {site.function_name} already returns {said(code)}."
                )
                yield Fallback(code, why, Strength.GUARD)


def _other_guards(site: Site) -> Iterator[Fallback]:
    """What guards about something else than an empty input return."""
    for node in own_nodes(site.function) if site.function is not None else ():
        if not isinstance(node, ast.If) or node.orelse or not isinstance(node.body[-1], ast.Return):
            continue
        value = node.body[-1].value
        plain = isinstance(node.test, ast.UnaryOp) and isinstance(node.test.operand, ast.Name | ast.Attribute)
        empty = plain or (isinstance(node.test, ast.Compare) and is_missing_test(node.test))
        if not empty and value is not None and is_constant(value) and says_nothing(value):
            given = said(site.text(value))
            why = f"`{site.text(node.test)}` in line {node.lineno} of the function already returns {given}."
            yield Fallback(site.text(value), why, Strength.TYPE)
