"""A conditional expression that already has an answer for "nothing there" also gives it for what is missing in it.

What it fixes:
    `dict(row[1]) if with_content else {}` where `row[1]` is None, and the like for a missing key or item.

Why it fails:
    The condition knows one way of having nothing, and the data has another.

Fix safety:
    Safe. The condition grows by a test that fails only where the expression would have raised. Where the value is also
    read outside of the expression, nothing is changed.

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
from app.fix.edit import Replace
from app.fix.pattern import ANY, Example, FixPattern, Proposal, Strength, Unchanged
from app.fix.site import Site


def codemod(site: Site) -> Iterator[Proposal]:
    """Adds the test to the condition."""
    if site.test is None or not (site.is_plain or site.is_plain_enough) or site.used_again:
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


PATTERN = FixPattern(
    category="null-safety",
    applicability=Applicability.SAFE,
    answers=ANY,
    kinds=frozenset(
        {FailureKind.NONE_VALUE, FailureKind.MISSING_KEY, FailureKind.BAD_INDEX, FailureKind.WRONG_TYPE}
    ),
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
