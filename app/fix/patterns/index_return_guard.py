"""A function that needs an item of a sequence that is too short returns early, with the value that its own code gives.

What it fixes:
    An item of a sequence is read in the middle of a function, most often the first or the last.

Why it fails:
    The sequence is empty, or too short, for some inputs.

Fix safety:
    Safe. The guard ends only executions that would have raised in the next statement. The value comes from the
    function's other guards, its annotation or its other results; without such evidence, in the rounds of a loop and in
    functions that answer with their own error there is no guard.

References:
    Python Language Reference, "Truth value testing".
"""

from __future__ import annotations

from collections.abc import Iterator

from app.core.model import Applicability, FailureKind
from app.fix.guards import leave_function
from app.fix.pattern import INDEX_MISSING, Example, FixPattern, Proposal, Unchanged
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
    examples=(
        Example(
            """\
def newest(orders) -> str | None:
    ordered = sorted(orders)
    return ordered[-1]


assert newest([]) is None
""",
            """\
def newest(orders) -> str | None:
    ordered = sorted(orders)
    if not ordered:
        return None
    return ordered[-1]


assert newest([]) is None
""",
        ),
        Example(
            """\
def domain(address):
    if not address:
        return ""
    return address.split("@")[1].lower()


assert domain("mia") == ""
""",
            """\
def domain(address):
    if not address:
        return ""
    parts = address.split("@")
    if len(parts) <= 1:
        return ""
    return parts[1].lower()


assert domain("mia") == ""
""",
        ),
        Example(
            """\
def report(rows, out):
    width = len(rows[0])
    for row in rows:
        out.append(" | ".join(row).ljust(width))


lines = []
report([], lines)
assert lines == []
""",
            """\
def report(rows, out):
    if not rows:
        return
    width = len(rows[0])
    for row in rows:
        out.append(" | ".join(row).ljust(width))


lines = []
report([], lines)
assert lines == []
""",
        ),
    ),
    unchanged=(
        Unchanged(
            """\
def cheapest(prices):
    ordered = sorted(prices)
    return ordered[0]


cheapest([])
""",
            "Nothing says what the lowest of no prices is.",
        ),
        Unchanged(
            """\
class NoBids(Exception):
    pass


def winner(bids):
    if bids is None:
        raise NoBids
    return bids[0]


winner([])
""",
            "The function answers for nothing with its own error.",
        ),
    ),
)
