"""A loop passes over an item that lacks what the rest of the round needs.

What it fixes:
    One item of many has None where the body of the loop uses a value.

Why it fails:
    Most items have the value, so the body was written as if all had it.

Fix safety:
    Safe. The guard tests exactly what the next statement needs, so every round that it ends would have raised. In a
    comprehension the condition is only proposed: a reader may count on one result for each item.

References:
    Python Language Reference, "The continue statement".
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from app.core.model import Applicability
from app.core.syntax import names_bound, names_in
from app.fix.ahead import ahead
from app.fix.filtering import filter_items
from app.fix.pattern import NONE_USED, Example, FixPattern, Proposal, Strength, Unchanged
from app.fix.patterns.none_skip_statement import is_part_of_row
from app.fix.site import Site


def codemod(site: Site) -> Iterator[Proposal]:
    """Puts `continue` before the failing statement of a `for` loop."""
    for proposal in (skip_item(site), filter_items(site)):
        if proposal is not None:
            yield proposal


def skip_item(site: Site) -> Proposal | None:
    """The guard that passes over an item; None where the failing value is not the item's."""
    loop = site.loop
    front = ahead(site)
    if not isinstance(loop, ast.For | ast.AsyncFor) or front is None:
        return None
    needed = names_in(site.subject if site.none else site.node)
    if not needed & {one for part in (loop.target, *loop.body) for one in names_bound(part)}:
        return None
    sibling = _sibling(site, loop)
    if sibling is not None:
        why, strength = f"Line {sibling} of the same loop already passes over an item.", Strength.GUARD
    elif site.used_again or any(
        names_in(one) & names_bound(site.statement) for one in site.following_in_loop
    ):
        why, strength = (
            "The rest of the round needs the value, and the other items do not need this one.",
            Strength.GUARD,
        )
    else:
        why, strength = "The item has nothing for this round; the other items do not need it.", Strength.TYPE
    if site.following_in_loop and strength is Strength.TYPE:
        return None
    row = is_part_of_row(site) and sibling is None
    return Proposal(
        front.guard(site.statement, "continue"),
        f"Pass over the item when {site.missing}",
        (why,),
        "The guard ends only rounds that would have raised in the next statement.",
        Strength.LAST if row else strength,
        safe=not row and (site.none or sibling is not None or isinstance(site.key, ast.Constant)),
    )


def _sibling(site: Site, loop: ast.For | ast.AsyncFor) -> int | None:
    for one in loop.body:
        if (
            isinstance(one, ast.If)
            and isinstance(one.body[-1], ast.Continue)
            and one.lineno < site.statement.lineno
        ):
            return one.lineno
    return None


PATTERN = FixPattern(
    category="null-safety",
    applicability=Applicability.SAFE,
    answers=NONE_USED,
    codemod=codemod,
    examples=(
        Example(
            """\
def by_city(orders):
    counts = {}
    for order in orders:
        city = order["address"]["city"]
        counts[city] = counts.get(city, 0) + 1
    return counts


assert by_city([{"address": {"city": "Rome"}}, {"address": None}]) == {"Rome": 1}
""",
            """\
def by_city(orders):
    counts = {}
    for order in orders:
        if order["address"] is None:
            continue
        city = order["address"]["city"]
        counts[city] = counts.get(city, 0) + 1
    return counts


assert by_city([{"address": {"city": "Rome"}}, {"address": None}]) == {"Rome": 1}
""",
        ),
        Example(
            """\
def names(orders):
    return [order["customer"]["name"] for order in orders]


assert names([{"customer": {"name": "Mia"}}, {"customer": None}]) == ["Mia"]
""",
            """\
def names(orders):
    return [order["customer"]["name"] for order in orders if order["customer"] is not None]


assert names([{"customer": {"name": "Mia"}}, {"customer": None}]) == ["Mia"]
""",
        ),
    ),
    unchanged=(
        Unchanged(
            """\
def label(orders, shop):
    lines = []
    for order in orders:
        lines.append(shop.name + order)
        print(lines)
    return lines


label(["1"], None)
""",
            "The missing value is not the item's: every round would be passed over.",
        ),
    ),
)
