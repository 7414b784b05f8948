"""What needs an item that is not there is left out: the round of a loop, or a statement that only has an effect.

What it fixes:
    A statement reads or sets an item of a sequence that is too short, and nothing after it needs the result.

Why it fails:
    The sequence is empty or shorter for some inputs; the code was written for the others.

Fix safety:
    Safe for what is collected, summed up or logged, and for a round that reads a fixed place of its own item: what is
    left out would have raised. Where the index is computed, a row would lose a part or a service is called, the change
    is only proposed. A sequence that is not the round's own, and one that later statements read, is left alone.

References:
    Python Language Reference, "The continue statement".
"""

from __future__ import annotations

from collections.abc import Iterator

from app.core.model import Applicability, FailureKind
from app.fix.guards import leave_round
from app.fix.pattern import INDEX_MISSING, Example, FixPattern, Proposal, Unchanged
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
    examples=(
        Example(
            """\
def settings(lines):
    found = {}
    for line in lines:
        parts = line.split("=")
        value = parts[1].strip()
        found[parts[0]] = value
    return found


assert settings(["port=80", "# a comment"]) == {"port": "80"}
""",
            """\
def settings(lines):
    found = {}
    for line in lines:
        parts = line.split("=")
        if len(parts) <= 1:
            continue
        value = parts[1].strip()
        found[parts[0]] = value
    return found


assert settings(["port=80", "# a comment"]) == {"port": "80"}
""",
        ),
        Example(
            """\
def total(rows):
    amount = 0
    for row in rows:
        amount += row[2]  # in cents
    return amount


assert total([("A", 2, 500), ("B", 1)]) == 500
""",
            """\
def total(rows):
    amount = 0
    for row in rows:
        if len(row) > 2:
            amount += row[2]  # in cents
    return amount


assert total([("A", 2, 500), ("B", 1)]) == 500
""",
        ),
    ),
    unchanged=(
        Unchanged(
            """\
def labels(orders, titles):
    lines = []
    for order in orders:
        title = titles[0]
        lines.append(title + order)
    return lines


labels(["7"], [])
""",
            "The missing item is not the round's: every round would be passed over.",
        ),
        Unchanged(
            """\
def note(text, log):
    lines = text.splitlines()
    log.append(lines[0])
    return lines[0]


note("", [])
""",
            "The next statement would fail in the same way.",
        ),
    ),
)
