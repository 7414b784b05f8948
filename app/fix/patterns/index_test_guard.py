"""A condition about an item that is not there is false.

What it fixes:
    A test of `if`, `while`, `any()` or a yes-or-no function reads an item of a sequence that may be too short.

Why it fails:
    The question is asked of the first or last item before it is known that there is one.

Fix safety:
    Safe. The test in front changes only conditions that would have raised. Where the branch turns something away, or
    several conditions of a chain change together, the answer is only proposed. A negative question has no such answer
    and is left alone, unless its branch leaves at once; so is an item that what follows needs as well.

References:
    Python Language Reference, "Boolean operations".
"""

from __future__ import annotations

from collections.abc import Iterator

from app.core.model import Applicability, FailureKind
from app.fix.guards import answer_no, answer_no_in_chain, answer_no_in_turn
from app.fix.pattern import INDEX_MISSING, Example, FixPattern, Proposal, Unchanged
from app.fix.site import Site


def codemod(site: Site) -> Iterator[Proposal]:
    """Puts the test for the item in front of the failing test."""
    yield from answer_no_in_chain(site)
    yield from answer_no_in_turn(site)
    yield from answer_no(site)


PATTERN = FixPattern(
    category="missing-key",
    applicability=Applicability.SAFE,
    answers=INDEX_MISSING,
    kinds=frozenset({FailureKind.BAD_INDEX}),
    codemod=codemod,
    examples=(
        Example(
            """\
def trimmed(lines):
    while lines[-1] == "":
        lines.pop()
    return lines


assert trimmed(["", ""]) == []
""",
            """\
def trimmed(lines):
    while lines and lines[-1] == "":
        lines.pop()
    return lines


assert trimmed(["", ""]) == []
""",
        ),
        Example(
            """\
def is_by_air(route):
    return route[1] == "air"


assert not is_by_air(["truck"])
""",
            """\
def is_by_air(route):
    return len(route) > 1 and route[1] == "air"


assert not is_by_air(["truck"])
""",
        ),
        Example(
            """\
def action(words):
    if words[0] == "add":
        return "added"
    elif words[0] == "remove":
        return "removed"
    return "help"


assert action([]) == "help"
""",
            """\
def action(words):
    if words and words[0] == "add":
        return "added"
    elif words and words[0] == "remove":
        return "removed"
    return "help"


assert action([]) == "help"
""",
        ),
        Example(
            """\
def without_blanks(words):
    while words[1] == "":
        words.pop(1)
    while words[-2] == "":
        words.pop(-2)
    return words


assert without_blanks(["("]) == ["("]
assert without_blanks(["(", "", "a", "", ")"]) == ["(", "a", ")"]
""",
            """\
def without_blanks(words):
    while len(words) > 1 and words[1] == "":
        words.pop(1)
    while len(words) >= 2 and words[-2] == "":
        words.pop(-2)
    return words


assert without_blanks(["("]) == ["("]
assert without_blanks(["(", "", "a", "", ")"]) == ["(", "a", ")"]
""",
        ),
    ),
    unchanged=(
        Unchanged(
            """\
def joined(words):
    while words[1] == "":
        words.pop(1)
    while words[-2] == "":
        words.pop(-2)
    return words[0] + words[1]


joined(["("])
""",
            "The result needs the item as well.",
        ),
        Unchanged(
            """\
def warnings(states):
    found = []
    if states[-1] != "ok":
        found.append("check the belt")
    return found


warnings([])
""",
            "Whether no state at all is one to warn of is not known.",
        ),
        Unchanged(
            """\
def action(words):
    if words[0] == "add":
        return "added"
    return words[0].upper()


action([])
""",
            "What follows the condition needs the item as well.",
        ),
    ),
)
