"""An entry that is only converted in place is left alone when it is not there.

What it fixes:
    `options["size"] = int(options["size"])` for options without a size.

Why it fails:
    The entry is optional in the data, and its conversion is not.

Fix safety:
    Safe. The statements do nothing but put the entry back in another form; without it they would have raised. Where the
    entry, or a name that was made of it, is needed afterwards, there is no fix, nor for a key that looks misspelt.

References:
    Python Language Reference, "Membership test operations".
"""

from __future__ import annotations

from collections.abc import Iterator

from app.core.model import Applicability
from app.fix.guards import leave_entry
from app.fix.keys import is_misspelt
from app.fix.pattern import KEY_MISSING, Example, FixPattern, Proposal, Unchanged
from app.fix.site import Site


def codemod(site: Site) -> Iterator[Proposal]:
    """Puts the conversion under a test for the key."""
    if not is_misspelt(site):
        yield from leave_entry(site)


PATTERN = FixPattern(
    category="missing-key",
    applicability=Applicability.SAFE,
    answers=KEY_MISSING,
    codemod=codemod,
    examples=(
        Example(
            """\
def clean(options):
    options["size"] = int(options["size"])
    return options


assert clean({"color": "red"}) == {"color": "red"}
""",
            """\
def clean(options):
    if "size" in options:
        options["size"] = int(options["size"])
    return options


assert clean({"color": "red"}) == {"color": "red"}
""",
        ),
        Example(
            """\
def clean(row):
    day, month, year = row["due"].split(".")
    row["due"] = f"{year}-{month}-{day}"
    row["id"] = int(row["id"])
    return row


assert clean({"id": "7"}) == {"id": 7}
""",
            """\
def clean(row):
    if "due" in row:
        day, month, year = row["due"].split(".")
        row["due"] = f"{year}-{month}-{day}"
    row["id"] = int(row["id"])
    return row


assert clean({"id": "7"}) == {"id": 7}
""",
        ),
    ),
    unchanged=(
        Unchanged(
            """\
def area(options):
    options["size"] = int(options["size"])
    return options["size"] ** 2


area({"color": "red"})
""",
            "The entry is needed afterwards, not only converted.",
        ),
        Unchanged(
            """\
def clean(row):
    day, month, year = row["due"].split(".")
    row["due"] = f"{year}-{month}-{day}"
    return int(year)


clean({"id": "7"})
""",
            "What was read of the entry is needed afterwards.",
        ),
        Unchanged(
            """\
def clean(options):
    options["colour"] = options["colour"].lower()
    return options


clean({"color": "Red"})
""",
            "The key is misspelt: a test would hide it.",
        ),
    ),
)
