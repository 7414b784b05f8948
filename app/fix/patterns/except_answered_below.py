"""A call that cannot make its value of bad input gives none, which the next statement has an answer for.

What it fixes:
    `found = parse(text)` raises for a malformed text, in front of `if found is None: return`.

Why it fails:
    The code knows that the call may come back with nothing, and not that it may raise.

Fix safety:
    Unsafe: the handler takes only this exception of this one statement, and the test below decides as it does for
    nothing; that a malformed input is to be answered in the same way is for a person to confirm. Only errors about the
    input count: an absent file or network is more than nothing.

References:
    Python Tutorial, "Handling Exceptions".
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from app.core.exceptions import DATA, OUTSIDE
from app.core.model import Applicability, FailureKind
from app.fix.attempts import in_try, may_try, reports_input
from app.fix.pattern import ANY, Example, FixPattern, Proposal, Strength, Unchanged
from app.fix.returns import says_nothing
from app.fix.scope import is_own_error, leaves
from app.fix.site import Site

_NEAR = 1


def codemod(site: Site) -> Iterator[Proposal]:
    """Puts the call into a `try` that gives the name None."""
    names = set(site.trace.names)
    if not names & DATA or names & OUTSIDE or site.trace.distance > _NEAR or not reports_input(site):
        return
    match site.statement:
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call() | ast.Await()) if may_try(site):
            check = _answer(site, name)
        case _:
            return
    if check is None:
        return
    yield Proposal(
        in_try(site, f"{name} = None"),
        f"Take `{name}` as None when line {site.statement.lineno} raises {site.trace.names[0]}",
        (f"`{site.text(check.test)}` in line {check.lineno} answers that nothing came.",),
        "Only executions in which the statement raised take the way to the test.",
        Strength.GUARD,
        safe=False,
        raises=isinstance(check.body[-1], ast.Raise),
    )


def _answer(site: Site, name: str) -> ast.If | None:
    """The next statement, if it leaves where the name has no value."""
    check = site.following[0] if site.following else None
    if not isinstance(check, ast.If) or check.orelse or not leaves(check.body):
        return None
    last = check.body[-1]
    if isinstance(last, ast.Break):  # the end of the input
        return None
    if isinstance(last, ast.Raise) and (last.exc is None or not is_own_error(last.exc)):
        return None
    if _asks_none(check.test, name):
        return check
    # Zero and an empty container are values of their own: what says something of them says nothing of bad input.
    told = isinstance(last, ast.Return) and not says_nothing(last.value)
    return check if _asks_false(check.test, name) and not told and not _makes_number(site.statement) else None


def _asks_none(test: ast.expr, name: str) -> bool:
    match test:
        case ast.BoolOp(op=ast.Or(), values=[first, *_]):
            return _asks_none(first, name)
        case ast.Compare(left=ast.Name(id=asked), ops=[ast.Is()], comparators=[ast.Constant(value=None)]):
            return asked == name
        case _:
            return False


def _asks_false(test: ast.expr, name: str) -> bool:
    match test:
        case ast.BoolOp(op=ast.Or(), values=[first, *_]):
            return _asks_false(first, name)
        case ast.UnaryOp(op=ast.Not(), operand=ast.Name(id=asked)):
            return asked == name
        case _:
            return False


def _makes_number(statement: ast.stmt) -> bool:
    match statement:
        case ast.Assign(value=ast.Call(func=ast.Name(id=called) | ast.Attribute(attr=called))):
            return called in {"int", "float", "Decimal", "round", "len", "sum", "abs"}
        case _:
            return False


PATTERN = FixPattern(
    category="missing-error-handling",
    applicability=Applicability.UNSAFE,
    answers=ANY,
    kinds=frozenset({FailureKind.RAISED}),
    codemod=codemod,
    examples=(
        Example(
            """\
import json


def customer(text):
    order = json.loads(text)
    if not order:
        return None
    return order["customer"]


assert customer("{order") is None
""",
            """\
import json


def customer(text):
    try:
        order = json.loads(text)
    except json.JSONDecodeError:
        order = None
    if not order:
        return None
    return order["customer"]


assert customer("{order") is None
""",
        ),
    ),
    unchanged=(
        Unchanged(
            """\
def lines(path):
    text = open(path).read()
    if not text:
        return []
    return text.splitlines()


lines("absent.txt")
""",
            "A file that is absent is more than one without contents.",
        ),
        Unchanged(
            """\
def rate(text):
    number = float(text)
    if number > 100:
        return 100
    return number


rate("?")
""",
            "The test is about some of the numbers, not about having none.",
        ),
        Unchanged(
            """\
def pieces(text):
    number = int(text)
    if not number:
        return []
    return [text] * number


pieces("?")
""",
            "The test is about zero, which is a number.",
        ),
        Unchanged(
            """\
import json


def customer(text):
    order = json.loads(text)
    if not order:
        return "nobody ordered"
    return order["customer"]


customer("{order")
""",
            "What is said about an empty order is not true of a malformed one.",
        ),
    ),
)
