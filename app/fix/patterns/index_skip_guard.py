"""What needs an item that is not there is left out: the round of a loop, or a statement that only has an effect.

What it fixes:
    A statement reads or sets an item of a sequence that is too short, and nothing after it needs the result.

Why it fails:
    The sequence is empty or shorter for some inputs; the code was written for the others.

Fix safety:
    Safe for what is collected or counted; otherwise proposed.

References:
    Python Language Reference, "The continue statement".
"""

from __future__ import annotations

from collections.abc import Iterator

from app.core.model import Applicability, FailureKind
from app.fix.guards import leave_round
from app.fix.pattern import INDEX_MISSING, FixPattern, Proposal
from app.fix.site import Site


def codemod(site: Site) -> Iterator[Proposal]:
    """Puts `continue` or a condition around the failing statement."""
    yield from leave_round(site)


PATTERN = FixPattern(
    category="missing-key",
    applicability=Applicability.SAFE,
    answers=INDEX_MISSING,
    kinds=frozenset({FailureKind.BAD_INDEX}),
    codemod=codemod,
    examples=(),
    unchanged=(),
)
