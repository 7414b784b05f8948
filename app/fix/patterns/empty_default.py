"""An iterator that has ended gives a default instead.

What it fixes:
    `next(items)`, `max(items)` or `min(items)` of nothing.

Why it fails:
    The items may be none.

Fix safety:
    Safe where the result is not used or is tested. Otherwise the default needs evidence, and a person reviews.

References:
    Python Standard Library, `next`, `max` and `min`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from app.core.model import Applicability, FailureKind
from app.fix.edit import Replace
from app.fix.neutral import neutral_places
from app.fix.pattern import ANY, Fallback, FixPattern, Proposal, Strength
from app.fix.returns import fallback_returns
from app.fix.site import Site


def codemod(site: Site) -> Iterator[Proposal]:
    """Writes the default into the call."""
    if not isinstance(site.node, ast.Call) or not isinstance(site.node.func, ast.Name):
        return
    name = site.node.func.id
    for fallback in _defaults(site):
        inner = ", ".join(site.text(one) for one in [*site.node.args])
        keywords = "".join(f", {one.arg}={site.text(one.value)}" for one in site.node.keywords)
        default = f", {fallback.code}" if name == "next" else f"{keywords}, default={fallback.code}"
        yield Proposal(
            (Replace(site.node, f"{name}({inner}{default})"),),
            f"Use `{fallback.code}` where `{name}()` finds nothing",
            (fallback.because,),
            "The default is used only where the call would have raised.",
            fallback.strength,
            safe=fallback.accepted,
        )


def _defaults(site: Site) -> Iterator[Fallback]:
    match site.parent(site.node):
        case ast.Expr():
            yield Fallback("None", "The result is not used.", Strength.SYNTAX)
        case ast.Return():
            yield from (one for one in fallback_returns(site) if one.code)
        case _:
            yield from (place.fallback for place in neutral_places(site, site.node) if place.node is site.node)


PATTERN = FixPattern(
    category="missing-key",
    applicability=Applicability.SAFE,
    answers=ANY,
    kinds=frozenset({FailureKind.EMPTY}),
    codemod=codemod,
    examples=(),
    unchanged=(),
)
