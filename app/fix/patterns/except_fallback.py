"""A call that may raise gets a narrow `try`, with the answer that the code around it has for such a case.

What it fixes:
    `float(text)` raises for a text that is no number, or a call of a library for an absent resource, and nothing
    expects it.

Why it fails:
    The call is written as if its input were always good.

Fix safety:
    Unsafe: the handler takes only this exception of this one statement, but whether the answer fits its readers is for
    a person to say. The answer is what the function gives in a handler of such trouble or where it turns an input away,
    or an earlier value of the name. A guard against an empty input or for a special one says nothing about a bad one,
    and a result that may be None does not say for what: that is a weak reason.

References:
    Python Tutorial, "Handling Exceptions".
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from app.core.exceptions import ancestors
from app.core.model import Applicability, FailureKind
from app.core.syntax import names_bound
from app.fix.attempts import in_try, may_try, reports_input
from app.fix.conventions import is_constant
from app.fix.error_returns import error_returns
from app.fix.handlers import CLEANS
from app.fix.pattern import ANY, Example, FixPattern, Proposal, Strength, Unchanged
from app.fix.scope import statements_before
from app.fix.site import Site


def codemod(site: Site) -> Iterator[Proposal]:
    """Puts the failing statement into a `try`."""
    if not reports_input(site) or not may_try(site):
        return
    for answer, why, strength in _answers(site):
        yield Proposal(
            in_try(site, answer),
            f"Answer {site.trace.names[0]} in line {site.statement.lineno} of {site.function_name} with `{answer}`",
            (why,),
            "The handler takes one exception of one statement.",
            strength,
            safe=False,
        )


def _answers(site: Site) -> Iterator[tuple[str, str, Strength]]:
    statement = site.statement
    started = _started(site)
    if started is not None:
        yield "pass", f"Line {started} has given the name a value already.", Strength.GUARD
    if _only_cleans(site):
        yield "pass", "The statement only cleans up.", Strength.SYNTAX
    if site.loop is None or isinstance(statement, ast.Return):
        for fallback in error_returns(site):
            yield f"return {fallback.code}".rstrip(), fallback.because, fallback.strength


def _only_cleans(site: Site) -> bool:
    """True for a call that cleans up, and an error that Python itself reports of it: a service's error is news."""
    match site.statement:
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr=name))) if name in CLEANS:
            return len(ancestors(site.trace.names[0], site.trace.module)) > 1
        case _:
            return False


def _started(site: Site) -> int | None:
    """The line that surely gave the assigned name a constant, the last value that it had before.

    There is no round of a loop in between, and the line stands in a block further out: a value that is given and
    replaced in one block was never meant to stay.
    """
    match site.statement:
        case ast.Assign(targets=[ast.Name() | ast.Attribute() as target]):
            pass
        case _:
            return None
    wanted = ast.dump(target)
    once = site.later and isinstance(site.later[0], ast.Break)
    before = statements_before(site, None if once else site.loop)
    for node in sorted(before, key=lambda one: one.lineno, reverse=True):
        match node:
            case ast.Assign(targets=[other], value=value) if ast.dump(other) == wanted and is_constant(value):
                return node.lineno if site.parent(node) is not site.parent(site.statement) else None
            case _ if _rebinds(node, target):
                return None
    return None


def _rebinds(statement: ast.stmt, target: ast.Name | ast.Attribute) -> bool:
    if isinstance(target, ast.Name):
        return target.id in names_bound(statement)
    return any(
        isinstance(one, ast.Attribute) and isinstance(one.ctx, ast.Store) and one.attr == target.attr
        for one in ast.walk(statement)
    )


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
def percent(band):
    rate = None
    if ":" in band:
        name, colon, rate = band.partition(":")
        rate = float(rate)
    return rate


percent("VAT: reduced")
""",
            "The start value is gone: the name would keep a text.",
        ),
        Unchanged(
            """\
class Till:
    def __init__(self, screen):
        self.screen = screen

    def shown(self, price):
        if not self.screen.startswith("LCD"):
            return []
        return [float(price)]


Till("LCD 2").shown("free")
""",
            "What is returned without a screen is no answer for a bad price.",
        ),
        Unchanged(
            """\
import math


def digits(number):
    if number == 0:
        return 0
    return math.log10(number)


digits(-1)
""",
            "An answer for one special value is none for bad ones.",
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
