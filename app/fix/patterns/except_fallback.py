"""A call that may raise gets a narrow `try`, with the answer that the code around it has for such a case.

What it fixes:
    A call of a library raises for bad input or an absent resource, and nothing expects it.

Why it fails:
    The call is written as if its input were always good.

Fix safety:
    Unsafe: the handler takes only this exception of this one statement, but whether the answer fits its readers is for a
    person to say.

References:
    Python Tutorial, "Handling Exceptions".
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from app.core.exceptions import DATA, OUTSIDE
from app.core.model import Applicability, FailureKind
from app.core.syntax import own_nodes
from app.fix.conventions import is_constant
from app.fix.edit import Around, Import
from app.fix.handlers import is_caught_here, spelled
from app.fix.pattern import ANY, FixPattern, Proposal, Strength
from app.fix.returns import error_returns
from app.fix.site import Site

_FAR = 3
_CLEANS = frozenset({"close", "unlink", "remove", "rmtree", "shutdown", "disconnect", "terminate", "kill", "cancel"})


def codemod(site: Site) -> Iterator[Proposal]:
    """Puts the failing statement into a `try`."""
    statement = site.statement
    if isinstance(statement, ast.For | ast.While | ast.If | ast.With | ast.Try | ast.FunctionDef | ast.ClassDef | ast.Raise):
        return
    if site.function is None or not _is_of_the_call(site):
        return
    if is_caught_here(site):
        return
    how = spelled(site)
    if how is None:
        return
    for answer, why, strength in _answers(site):
        yield Proposal(
            (
                Around((statement,), "try:", f"except {how.code}:\n    {answer}"),
                *([Import(how.line)] if how.line else []),
            ),
            f"Answer {site.trace.names[0]} in line {statement.lineno} of {site.function_name} with `{answer}`",
            (why,),
            "The handler takes one exception of one statement.",
            strength,
            safe=False,
        )


def _is_of_the_call(site: Site) -> bool:
    """True for an exception by which a call reports its input or the outside, not a slip of the code at hand."""
    names = set(site.trace.names)
    if names & {"UnicodeEncodeError", "LookupError", "UnboundLocalError", "NameError", "ZeroDivisionError"}:
        return False
    if names & {"TypeError", "AttributeError", "StopIteration"}:
        return False
    return bool(names & (DATA | OUTSIDE | {"Exception"})) and site.trace.depth <= _FAR


def _answers(site: Site) -> Iterator[tuple[str, str, Strength]]:
    statement = site.statement
    started = _started(site)
    if started is not None:
        yield "pass", f"Line {started} has given the name a value already.", Strength.GUARD
    if isinstance(site.loop, ast.For | ast.AsyncFor) and not isinstance(statement, ast.Return):
        skips = _skips(site)
        if skips is not None:
            yield "continue", f"Line {skips} of the same loop already passes over an item.", Strength.GUARD
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        called = statement.value.func
        if isinstance(called, ast.Attribute) and called.attr in _CLEANS:
            yield "pass", "The statement only cleans up.", Strength.SYNTAX
    if site.loop is None or isinstance(statement, ast.Return):
        for fallback in error_returns(site):
            yield f"return {fallback.code}".rstrip(), fallback.because, fallback.strength


def _started(site: Site) -> int | None:
    """The line that gave the assigned name a constant before, if the statement only binds that one name."""
    match site.statement:
        case ast.Assign(targets=[ast.Name() | ast.Attribute() as target]):
            pass
        case _:
            return None
    wanted = ast.dump(target)
    for node in own_nodes(site.function) if site.function is not None else ():
        match node:
            case ast.Assign(targets=[other], value=value) if (
                node.lineno < site.statement.lineno and ast.dump(other) == wanted and is_constant(value)
            ):
                return node.lineno
            case _:
                pass
    return None


def _skips(site: Site) -> int | None:
    """A line of the loop that passes over an item: a guard before the failing statement, or a handler that goes on."""
    for node in ast.walk(site.loop) if site.loop is not None else ():
        match node:
            case ast.If(body=body, orelse=[]) if node.lineno < site.statement.lineno and only_skips(body):
                return node.lineno
            case ast.ExceptHandler(body=body) if goes_on(body):
                return node.lineno
            case _:
                pass
    return None


def only_skips(body: list[ast.stmt]) -> bool:
    """True for a block that passes over the item and at most says so."""
    return isinstance(body[-1], ast.Continue) and all(_is_log(one) for one in body[:-1])


def goes_on(body: list[ast.stmt]) -> bool:
    """True for a handler after which the loop goes on with the next item, and that at most says so."""
    *others, last = body
    return all(_is_log(one) for one in others) and (
        isinstance(last, ast.Continue | ast.Pass) or _is_log(last)
    )


def _is_log(statement: ast.stmt) -> bool:
    match statement:
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=owner))):
            return "log" in ast.unparse(owner).lower() or ast.unparse(owner) == "warnings"
        case ast.Expr(value=ast.Call(func=ast.Name(id=name))):
            return "log" in name.lower() or name == "print"
        case _:
            return False


PATTERN = FixPattern(
    category="missing-error-handling",
    applicability=Applicability.UNSAFE,
    answers=ANY,
    kinds=frozenset({FailureKind.RAISED}),
    codemod=codemod,
    examples=(),
    unchanged=(),
)
