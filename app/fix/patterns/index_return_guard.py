"""A function that needs an item of an empty sequence returns early, with the value that its own code gives.

What it fixes:
    The first or last item of a sequence is read in the middle of a function.

Why it fails:
    The sequence is empty for some inputs.

Fix safety:
    Safe. The guard ends only executions that would have raised in the next statement.

References:
    Python Language Reference, "Truth value testing".
"""

from __future__ import annotations

from collections.abc import Iterator

from app.core.model import Applicability, FailureKind
from app.fix.guards import leave_function
from app.fix.pattern import INDEX_MISSING, FixPattern, Proposal
from app.fix.site import Site


def codemod(site: Site) -> Iterator[Proposal]:
    """Puts the guard before the failing statement."""
    yield from leave_function(site)


PATTERN = FixPattern(
    category="missing-key",
    applicability=Applicability.SAFE,
    answers=INDEX_MISSING,
    kinds=frozenset({FailureKind.BAD_INDEX}),
    codemod=codemod,
    examples=(),
    unchanged=(),
)
