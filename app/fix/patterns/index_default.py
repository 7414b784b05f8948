"""The item of an empty sequence is None where the code after it already tests for nothing.

What it fixes:
    `first = rows[0]` of no rows, in front of `if first:`.

Why it fails:
    The test allows for a missing item, the lookup does not.

Fix safety:
    Safe where every use of the name tests it: only an empty sequence changes, and it would have raised.

References:
    Python Language Reference, "Conditional expressions".
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from app.core.model import Applicability, FailureKind
from app.fix.conventions import tests_name
from app.fix.edit import Replace
from app.fix.pattern import INDEX_MISSING, Example, FixPattern, Proposal, Strength, Unchanged
from app.fix.site import Site


def codemod(site: Site) -> Iterator[Proposal]:
    """Writes the conditional expression."""
    match site.statement:
        case ast.Assign(targets=[ast.Name(id=name)], value=value) if value is site.node:
            pass
        case _:
            return
    if site.test is None or not site.is_plain or site.used_again:
        return
    first = next(
        (
            one
            for one in site.following
            if any(isinstance(two, ast.Name) and two.id == name for two in ast.walk(one))
        ),
        None,
    )
    if not isinstance(first, ast.If) or not any(
        tests_name(one, name) for one in [first, *ast.walk(first.test)]
    ):
        return
    yield Proposal(
        (Replace(site.node, f"{site.text(site.node)} if {site.test} else None"),),
        f"Take None for `{name}` when {site.missing}",
        (f"Line {first.lineno} tests `{name}` before it is used.",),
        "Only a sequence without the item changes, and it would have raised.",
        Strength.SYNTAX,
    )


PATTERN = FixPattern(
    category="missing-key",
    applicability=Applicability.SAFE,
    answers=INDEX_MISSING,
    kinds=frozenset({FailureKind.BAD_INDEX}),
    codemod=codemod,
    examples=(
        Example(
            """\
def newest(rows):
    row = rows[0]
    if row is None:
        return "none yet"
    return row["name"]


assert newest([]) == "none yet"
""",
            """\
def newest(rows):
    row = rows[0] if rows else None
    if row is None:
        return "none yet"
    return row["name"]


assert newest([]) == "none yet"
""",
        ),
    ),
    unchanged=(
        Unchanged(
            """\
def newest(rows):
    row = rows[0]
    return row["name"]


newest([])
""",
            "What follows needs a row.",
        ),
    ),
)
