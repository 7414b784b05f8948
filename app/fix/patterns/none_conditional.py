"""A conditional expression that already has an answer for "nothing there" also gives it for what is missing in it.

What it fixes:
    `dict(row[1]) if with_content else {}` where `row[1]` is None, and the like for a missing key or item, `max()` of
    nothing, or a number outside of what a division or a function of `math` takes.

Why it fails:
    The condition knows one way of having nothing, and the data has another.

Fix safety:
    Safe. The condition grows by a test that fails only where the expression would have raised. Where the value is also
    read outside of the expression, nothing is changed. A number that is read from a text in the same expression gets a
    handler instead, as a text that is no number raises the same exception; that is only proposed.

References:
    Python Language Reference, "Conditional expressions".
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from app.core.model import Applicability, FailureKind
from app.core.syntax import header
from app.fix.conditions import joined
from app.fix.conventions import is_constant
from app.fix.edit import Around, Replace
from app.fix.handlers import is_caught_here, spelled
from app.fix.pattern import ANY, Example, FixPattern, Proposal, Strength, Unchanged
from app.fix.returns import says_nothing
from app.fix.sequences import can_be_asked
from app.fix.site import Site


def codemod(site: Site) -> Iterator[Proposal]:
    """Adds the test to the condition."""
    if not can_be_asked(site) or site.used_again:
        return
    if not (site.is_plain or site.is_plain_enough):
        yield from _handled(site)
        return
    for node, above in site.between(site.node):
        match above:
            case ast.IfExp(body=body, orelse=other) if node is body and is_constant(other):
                yield from _widened(site, above, body, other)
                return
            case ast.IfExp(body=other, orelse=body) if node is body and is_constant(other):
                yield from _widened(site, above, body, other)
                return
            case ast.Lambda() | ast.ListComp() | ast.GeneratorExp() | ast.SetComp() | ast.DictComp():
                return
            case _:
                pass


def _widened(site: Site, whole: ast.IfExp, used: ast.expr, other: ast.expr) -> Iterator[Proposal]:
    """The conditional expression that also gives `other` where `used` would raise."""
    if site.failure.kind in {FailureKind.ZERO, FailureKind.EMPTY} and not says_nothing(other):
        return
    if site.lazy(site.node, used) or any(site.relies(one, outside=whole) for one in header(site.statement)):
        return
    operator, test = ("and", site.test) if used is whole.body else ("or", site.negated_test)
    text = site.text(whole.test)
    state = "does not hold" if used is whole.body else "holds"
    yield Proposal(
        (Replace(whole.test, joined(whole.test, text, operator, f"{test}")),),
        f"Use `{site.text(other)}` also when {site.missing}",
        (f"The expression is `{site.text(other)}` already where `{text}` {state}.",),
        "The condition changes only where the expression would have raised.",
        Strength.SIGNATURE,
    )


def _handled(site: Site) -> Iterator[Proposal]:
    """The value for nothing also where a text has no number, or one that the function does not take."""
    match site.statement:
        case ast.Assign(
            targets=[ast.Name() | ast.Attribute() as target],
            value=ast.IfExp(body=one, orelse=other),
        ) if is_constant(one) != is_constant(other):
            used, nothing = (one, other) if is_constant(other) else (other, one)
        case _:
            return
    how = spelled(site)
    same = (
        site.failure.kind is FailureKind.ZERO
        and "ValueError" in site.trace.names
        and _reads_number(site.subject)
    )
    if (
        how is None
        or not same
        or not says_nothing(nothing)
        or is_caught_here(site)
        or site.lazy(site.node, used)
    ):
        return
    text = site.text(nothing)
    yield Proposal(
        (Around((site.statement,), "try:", f"except {how.code}:\n    {site.text(target)} = {text}"),),
        f"Use `{text}` also where `{' '.join(site.text(site.node).split())}` raises {site.trace.names[0]}",
        (f"The expression is `{text}` already where there is no text.",),
        "The handler takes one exception of one statement.",
        Strength.SIGNATURE,
        safe=False,
    )


def _reads_number(node: ast.expr) -> bool:
    return any(
        isinstance(one, ast.Call) and isinstance(one.func, ast.Name) and one.func.id in {"int", "float"}
        for one in ast.walk(node)
    )


PATTERN = FixPattern(
    category="null-safety",
    applicability=Applicability.SAFE,
    answers=ANY,
    kinds=frozenset(FailureKind) - {FailureKind.RAISED, FailureKind.UNBOUND},
    codemod=codemod,
    examples=(
        Example(
            """\
def badge(row, full):
    return row[2].upper() if full else ""


assert badge(["7", "lamp", None], True) == ""
""",
            """\
def badge(row, full):
    return row[2].upper() if full and row[2] is not None else ""


assert badge(["7", "lamp", None], True) == ""
""",
        ),
        Example(
            """\
def city(order):
    return None if order is None else order["address"]["city"]


assert city({"address": None}) is None
""",
            """\
def city(order):
    return None if order is None or order["address"] is None else order["address"]["city"]


assert city({"address": None}) is None
""",
        ),
        Example(
            """\
import math


def digits(order):
    text = order.get("total")
    count = 0 if not text else int(math.log10(int(text))) + 1
    return count


assert [digits({"total": text}) for text in ("700", "", "0", "free")] == [3, 0, 0, 0]
""",
            """\
import math


def digits(order):
    text = order.get("total")
    try:
        count = 0 if not text else int(math.log10(int(text))) + 1
    except ValueError:
        count = 0
    return count


assert [digits({"total": text}) for text in ("700", "", "0", "free")] == [3, 0, 0, 0]
""",
        ),
        Example(
            """\
def cheapest(prices, limit):
    found = [price for price in prices if price < limit]
    return min(found) if limit else None


assert cheapest([5, 7], 3) is None
""",
            """\
def cheapest(prices, limit):
    found = [price for price in prices if price < limit]
    return min(found) if limit and found else None


assert cheapest([5, 7], 3) is None
""",
        ),
        Example(
            """\
def percent(rates, band):
    return rates[band] * 100 if band else 0


assert percent({"standard": 0.19}, "none") == 0
""",
            """\
def percent(rates, band):
    return rates[band] * 100 if band and band in rates else 0


assert percent({"standard": 0.19}, "none") == 0
""",
        ),
    ),
    unchanged=(
        Unchanged(
            """\
def names(known, customer, guest):
    return customer["name"] if known else guest["name"]


names(True, None, {"name": "Guest"})
""",
            "The other branch is about something else, and no answer for nothing.",
        ),
        Unchanged(
            """\
def badge(row, full):
    return [row[2].upper() if full else "", row[2].lower()]


badge(["7", "lamp", None], True)
""",
            "The value is also read outside of the conditional expression.",
        ),
    ),
)
