"""A call that may raise gets a narrow `try`, with the answer that the code around it has for such a case.

What it fixes:
    `float(text)` raises for a text that is no number, or a call of a library for an absent resource, and nothing
    expects it.

Why it fails:
    The call is written as if its input were always good.

Fix safety:
    Unsafe: the handler takes only this exception of this one statement, but whether the answer fits its readers is for
    a person to say. The answer is what the function gives in another handler or guard, an earlier value of the name, or
    the next round of a loop that passes over other items. A guard against an empty input says nothing about a bad one.

References:
    Python Tutorial, "Handling Exceptions".
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from app.core.model import Applicability, FailureKind
from app.fix.conventions import is_constant
from app.fix.edit import Around, Import
from app.fix.error_returns import error_returns
from app.fix.handlers import CLEANS, attempts_around, is_caught_here, is_related, spelled, takes_try
from app.fix.pattern import ANY, Example, FixPattern, Proposal, Strength, Unchanged
from app.fix.scope import statements_before
from app.fix.site import Site

_FAR = 3
# These are slips of the code at hand, or say so little that a handler would hide slips.
_SLIPS = frozenset(
    {"TypeError", "AttributeError", "LookupError", "NameError", "ZeroDivisionError", "StopIteration",
     "UnicodeEncodeError"}
)  # fmt: skip


def codemod(site: Site) -> Iterator[Proposal]:
    """Puts the failing statement into a `try`."""
    statement = site.statement
    if site.function is None or not takes_try(statement) or isinstance(statement, ast.Raise):
        return
    how = spelled(site)
    if how is None or not _is_of_the_call(site) or is_caught_here(site):
        return
    # A handler that is there already is widened or left as it is: a second one inside it would go around its answer.
    if any(is_related(one.types, site.trace.names, site.conventions) for one in attempts_around(site)):
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
    return "Exception" in names and not names & _SLIPS and site.trace.distance <= _FAR


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
        if isinstance(called, ast.Attribute) and called.attr in CLEANS:
            yield "pass", "The statement only cleans up.", Strength.SYNTAX
    if site.loop is None or isinstance(statement, ast.Return):
        for fallback in error_returns(site):
            yield f"return {fallback.code}".rstrip(), fallback.because, fallback.strength


def _started(site: Site) -> int | None:
    """The line that surely gave the assigned name a constant before, with no round of a loop in between."""
    match site.statement:
        case ast.Assign(targets=[ast.Name() | ast.Attribute() as target]):
            pass
        case _:
            return None
    wanted = ast.dump(target)
    once = site.later and isinstance(site.later[0], ast.Break)
    for node in statements_before(site, None if once else site.loop):
        match node:
            case ast.Assign(targets=[other], value=value) if ast.dump(other) == wanted and is_constant(value):
                return node.lineno
            case _:
                pass
    return None


def _skips(site: Site) -> int | None:
    """A line of the loop that passes over an item: a guard before the failing statement, or a handler that goes on."""
    for node in ast.walk(site.loop) if site.loop is not None else ():
        match node:
            case ast.If(body=body, orelse=[]) if node.lineno < site.statement.lineno and _only_skips(body):
                return node.lineno
            case ast.ExceptHandler(body=body) if _goes_on(body):
                return node.lineno
            case _:
                pass
    return None


def _only_skips(body: list[ast.stmt]) -> bool:
    """True for a block that passes over the item and at most says so."""
    return isinstance(body[-1], ast.Continue) and all(_is_log(one) for one in body[:-1])


def _goes_on(body: list[ast.stmt]) -> bool:
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
    examples=(
        Example(
            """\
def rate(band):
    percent = 0.0
    if ":" in band:
        percent = float(band.partition(":")[2])
    return percent


assert rate("VAT: reduced") == 0.0
""",
            """\
def rate(band):
    percent = 0.0
    if ":" in band:
        try:
            percent = float(band.partition(":")[2])
        except ValueError:
            pass
    return percent


assert rate("VAT: reduced") == 0.0
""",
        ),
        Example(
            """\
def quantities(lines):
    found = []
    for line in lines:
        if line.startswith("#"):
            continue
        found.append(int(line))
    return found


assert quantities(["# stock", "12", "none", "3"]) == [12, 3]
""",
            """\
def quantities(lines):
    found = []
    for line in lines:
        if line.startswith("#"):
            continue
        try:
            found.append(int(line))
        except ValueError:
            continue
    return found


assert quantities(["# stock", "12", "none", "3"]) == [12, 3]
""",
        ),
        Example(
            """\
import json
from datetime import date


def last_order(text):
    try:
        order = json.loads(text)
    except ValueError:
        return None
    return date.fromisoformat(order["date"])


assert last_order('{"date": "yesterday"}') is None
""",
            """\
import json
from datetime import date


def last_order(text):
    try:
        order = json.loads(text)
    except ValueError:
        return None
    try:
        return date.fromisoformat(order["date"])
    except ValueError:
        return None


assert last_order('{"date": "yesterday"}') is None
""",
        ),
    ),
    unchanged=(
        Unchanged(
            """\
from datetime import date


def ordered(order):
    if not order:
        return None
    return date.fromisoformat(order["date"])


ordered({"date": "yesterday"})
""",
            "Nothing says what the function gives for a malformed date; a guard against an empty order does not.",
        ),
        Unchanged(
            """\
def percent(band):
    if band == "free":
        rate = 0
    else:
        rate = int(band)
    return rate


percent("reduced")
""",
            "The start value belongs to the other branch: without it the name would have none.",
        ),
        Unchanged(
            """\
def pieces(line):
    return line.quantity


def total(lines):
    result = 0
    for line in lines:
        if not line:
            continue
        result += pieces(line)
    return result


total(["12"])
""",
            "A slip of the code that was called is no report about the input.",
        ),
        Unchanged(
            """\
class InvalidPrice(Exception):
    pass


def price(text) -> float | None:
    if text == "free":
        return None
    try:
        return float(int(text))
    except ValueError as error:
        raise InvalidPrice(text) from error


price("1" + "0" * 400)
""",
            "The handler that is there refuses bad input; a second one inside it would let it pass.",
        ),
    ),
)
