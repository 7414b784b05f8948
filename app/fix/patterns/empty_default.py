"""`next()`, `max()` or `min()` of nothing gives a default instead of an error.

What it fixes:
    `next(one for one in orders if one.open)` where no order is open, `max(prices)` without prices.

Why it fails:
    The items may be none.

Fix safety:
    Safe where the result is not used, is tested afterwards, or is returned by a function that gives the same in its own
    guards: only calls that would have raised give the default. Without such evidence there is no fix.

References:
    Python Standard Library, `next`, `max` and `min`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from app.core.model import Applicability, FailureKind
from app.fix.edit import Replace
from app.fix.neutral import neutral_places
from app.fix.pattern import ANY, Example, Fallback, FixPattern, Proposal, Strength, Unchanged
from app.fix.returns import fallback_returns
from app.fix.site import Site


def codemod(site: Site) -> Iterator[Proposal]:
    """Writes the default into the call."""
    if not isinstance(site.node, ast.Call) or not isinstance(site.node.func, ast.Name):
        return
    name = site.node.func.id
    if any(isinstance(one, ast.Starred) for one in site.node.args):
        return
    given = [
        *(site.text(one) for one in site.node.args),
        *(_keyword(site, one) for one in site.node.keywords),
    ]
    for fallback in _defaults(site):
        default = fallback.code if name == "next" else f"default={fallback.code}"
        yield Proposal(
            (Replace(site.node, f"{name}({', '.join([*given, default])})"),),
            f"Use `{fallback.code}` where `{name}()` finds nothing",
            (fallback.because,),
            "The default is used only where the call would have raised.",
            fallback.strength,
            fallback.code if isinstance(site.parent(site.node), ast.Return) else None,
            safe=fallback.accepted,
        )


def _keyword(site: Site, keyword: ast.keyword) -> str:
    return f"{keyword.arg}={site.text(keyword.value)}" if keyword.arg else f"**{site.text(keyword.value)}"


def _defaults(site: Site) -> Iterator[Fallback]:
    match site.parent(site.node):
        case ast.Expr():
            yield Fallback("None", "The result is not used.", Strength.SYNTAX)
        case ast.Return():
            yield from (one for one in fallback_returns(site) if one.code)
        case _:
            yield from (
                place.fallback for place in neutral_places(site, site.node) if place.node is site.node
            )


PATTERN = FixPattern(
    category="missing-key",
    applicability=Applicability.SAFE,
    answers=ANY,
    kinds=frozenset({FailureKind.EMPTY}),
    codemod=codemod,
    examples=(
        Example(
            """\
import csv


def rows(lines):
    reader = csv.reader(lines)
    next(reader)
    return list(reader)


assert rows([]) == []
""",
            """\
import csv


def rows(lines):
    reader = csv.reader(lines)
    next(reader, None)
    return list(reader)


assert rows([]) == []
""",
        ),
        Example(
            """\
def open_order(orders):
    order = next(one for one in orders if one["open"])
    if not order:
        return "nothing is open"
    return order["id"]


assert open_order([{"id": 7, "open": False}]) == "nothing is open"
""",
            """\
def open_order(orders):
    order = next((one for one in orders if one["open"]), None)
    if not order:
        return "nothing is open"
    return order["id"]


assert open_order([{"id": 7, "open": False}]) == "nothing is open"
""",
        ),
        Example(
            """\
def cheapest(offers):
    if offers is None:
        return None
    return min(offers, key=lambda offer: offer["price"])


assert cheapest([]) is None
""",
            """\
def cheapest(offers):
    if offers is None:
        return None
    return min(offers, key=lambda offer: offer["price"], default=None)


assert cheapest([]) is None
""",
        ),
    ),
    unchanged=(
        Unchanged(
            """\
def highest(offers):
    return max(offer["price"] for offer in offers) * 1.19


highest([])
""",
            "Nothing says what the highest price of no offers is.",
        ),
        Unchanged(
            """\
import csv


def column(lines, name):
    reader = csv.reader(lines)
    header = next(reader)
    at = header.index(name)
    return [row[at] for row in reader]


column([], "sku")
""",
            "The header is read: without one the file is not what the function is for.",
        ),
    ),
)
