"""A loop passes over an item without the key that the rest of the round needs.

What it fixes:
    One item of many lacks a key that the body of the loop reads.

Why it fails:
    Most items have the key, so the body was written as if all had it.

Fix safety:
    Safe. The guard tests exactly what the next statement needs, so every round that it ends would have raised. In a
    comprehension the condition is only proposed: a reader may count on one result for each item.

References:
    Python Language Reference, "Membership test operations"; "The continue statement".
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from app.core.model import Applicability
from app.fix.filtering import filter_items
from app.fix.keys import is_lookup, is_misspelt
from app.fix.pattern import KEY_MISSING, Example, FixPattern, Proposal, Unchanged
from app.fix.patterns.none_continue_guard import skip_item
from app.fix.site import Site


def codemod(site: Site) -> Iterator[Proposal]:
    """Puts `continue` before the failing statement of a `for` loop."""
    if is_lookup(site) and not is_misspelt(site) and not isinstance(site.statement, ast.Delete):
        for proposal in (skip_item(site), filter_items(site)):
            if proposal is not None:
                yield proposal


PATTERN = FixPattern(
    category="missing-key",
    applicability=Applicability.SAFE,
    answers=KEY_MISSING,
    codemod=codemod,
    examples=(
        Example(
            """\
def weights(lines):
    found = []
    for line in lines:
        grams = line["weight"]
        found.append(grams / 1000)
    return found


assert weights([{"weight": 500}, {"sku": "gift card"}]) == [0.5]
""",
            """\
def weights(lines):
    found = []
    for line in lines:
        if "weight" not in line:
            continue
        grams = line["weight"]
        found.append(grams / 1000)
    return found


assert weights([{"weight": 500}, {"sku": "gift card"}]) == [0.5]
""",
        ),
        Example(
            """\
def names(orders):
    return [order["customer"]["name"] for order in orders]


assert names([{"customer": {"name": "Mia"}}, {"id": 1}]) == ["Mia"]
""",
            """\
def names(orders):
    return [order["customer"]["name"] for order in orders if "customer" in order]


assert names([{"customer": {"name": "Mia"}}, {"id": 1}]) == ["Mia"]
""",
        ),
    ),
    unchanged=(
        Unchanged(
            """\
def weights(lines):
    found = []
    for line in lines:
        grams = line["wieght"]
        found.append(grams / 1000)
    return found


weights([{"weight": 500}])
""",
            "The key is misspelt: every item would be passed over.",
        ),
    ),
)
