"""A condition about an entry that is not there is false.

What it fixes:
    A test compares an entry of a mapping that need not have it.

Why it fails:
    The question is asked before it is known that there is an entry.

Fix safety:
    Safe. `key in data and` changes only tests that would have raised; negative questions are left alone. Where the
    branch turns something away (it raises, leaves the round, or returns False or nothing), it is only proposed.

References:
    Python Language Reference, "Boolean operations" and "Membership test operations".
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from app.core.model import Applicability
from app.fix.keys import gets, is_lookup, is_misspelt
from app.fix.pattern import KEY_MISSING, Example, FixPattern, Proposal, Unchanged
from app.fix.patterns.none_test_guard import guard_test
from app.fix.site import Site


def codemod(site: Site) -> Iterator[Proposal]:
    """Puts the membership test in front of the failing test."""
    if is_lookup(site) and not is_misspelt(site) and not _is_bare(site):
        proposal = guard_test(site)
        if proposal is not None:
            yield proposal


def _is_bare(site: Site) -> bool:
    """True if the entry itself is the whole question: `.get()` asks that more plainly."""
    return gets(site) and isinstance(site.parent(site.node), ast.If | ast.While | ast.IfExp | ast.Return)


PATTERN = FixPattern(
    category="missing-key",
    applicability=Applicability.SAFE,
    answers=KEY_MISSING,
    codemod=codemod,
    examples=(
        Example(
            """\
def fragile(lines):
    return [line["sku"] for line in lines if line["weight"] > 10]


assert fragile([{"sku": "gift card"}]) == []
""",
            """\
def fragile(lines):
    return [line["sku"] for line in lines if "weight" in line and line["weight"] > 10]


assert fragile([{"sku": "gift card"}]) == []
""",
        ),
    ),
    unchanged=(
        Unchanged(
            """\
def unpaid(orders):
    return [order for order in orders if order["state"] != "paid"]


unpaid([{"id": 1}])
""",
            "Whether an order without a state is unpaid is a decision, not a repair.",
        ),
    ),
)
