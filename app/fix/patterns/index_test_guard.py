"""A condition about an item that is not there is false.

What it fixes:
    A test of `if`, `while`, `any()` or a yes-or-no function reads an item of a sequence that may be too short.

Why it fails:
    The question is asked of the first or last item before it is known that there is one.

Fix safety:
    Safe. The test in front changes only conditions that would have raised. Where the branch turns something away, the
    answer is only proposed.

References:
    Python Language Reference, "Boolean operations".
"""

from __future__ import annotations

from collections.abc import Iterator

from app.core.model import Applicability, FailureKind
from app.fix.guards import answer_no, answer_no_in_chain
from app.fix.pattern import INDEX_MISSING, FixPattern, Proposal
from app.fix.site import Site


def codemod(site: Site) -> Iterator[Proposal]:
    """Puts the test for the item in front of the failing test."""
    yield from answer_no_in_chain(site)
    yield from answer_no(site)


PATTERN = FixPattern(
    category="missing-key",
    applicability=Applicability.SAFE,
    answers=INDEX_MISSING,
    kinds=frozenset({FailureKind.BAD_INDEX}),
    codemod=codemod,
    examples=(),
    unchanged=(),
)
