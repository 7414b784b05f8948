"""A function whose mapping lacks the key returns early, with the value that its own code gives for such a case.

What it fixes:
    A lookup table, index or payload has no entry for the key at hand.

Why it fails:
    The code that fills the mapping and the code that reads it do not agree on which keys exist.

Fix safety:
    Safe. The guard tests exactly what the next statement needs, so every execution that it ends would have raised.
    For a constant table only what the function itself says counts: an unknown key may be a condition worth raising.

References:
    Python Language Reference, "Membership test operations".
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from app.core.model import Applicability
from app.core.syntax import names_bound, names_in
from app.fix.edit import Before
from app.fix.keys import is_lookup, is_misspelt, is_table
from app.fix.pattern import KEY_MISSING, Example, FixPattern, Proposal, Strength, Unchanged
from app.fix.returns import fallback_returns
from app.fix.site import Site

_MOST = 2


def codemod(site: Site) -> Iterator[Proposal]:
    """Puts the guard before the failing statement."""
    if site.loop is not None or not site.takes_guard or not is_lookup(site) or is_misspelt(site):
        return
    needed = any(names_in(one) & names_bound(site.statement) for one in site.following) or site.used_again
    last = isinstance(site.statement, ast.Return) or not site.following
    for fallback in fallback_returns(site)[:_MOST]:
        strength = fallback.strength if last or needed else max(fallback.strength, Strength.LAST)
        if is_table(site) and strength > Strength.GUARD:
            continue
        result = f"return {fallback.code}".rstrip()
        value = f"`{fallback.code}`" if fallback.code else "early"
        yield Proposal(
            (Before(site.statement, f"if {site.negated_test}:\n    {result}"),),
            f"Return {value} from {site.function_name} when {site.missing}",
            (fallback.because,),
            "The guard ends only executions that would have raised in the next statement.",
            strength,
            None if site.is_generator else fallback.code or "None",
            safe=fallback.accepted,
        )


PATTERN = FixPattern(
    category="missing-key",
    applicability=Applicability.SAFE,
    answers=KEY_MISSING,
    codemod=codemod,
    examples=(
        Example(
            """\
def stock_of(stock: dict[str, int], sku: str) -> int | None:
    return stock[sku] - 1


assert stock_of({"A": 3}, "B") is None
""",
            """\
def stock_of(stock: dict[str, int], sku: str) -> int | None:
    if sku not in stock:
        return None
    return stock[sku] - 1


assert stock_of({"A": 3}, "B") is None
""",
        ),
    ),
    unchanged=(
        Unchanged(
            """\
RATES = {"standard": 19}


def rate(band) -> int:
    return RATES[band]


rate("zero")
""",
            "An unknown key of a constant table may be a condition worth raising.",
        ),
        Unchanged(
            """\
import os


def region() -> str | None:
    name = os.environ["SHOP_REGION_THAT_IS_NOT_SET"]
    return name.lower()


region()
""",
            "What a missing variable should say is for whoever deploys to decide.",
        ),
    ),
)
