"""An entry that is only converted in place is left alone when it is not there.

What it fixes:
    `options["size"] = int(options["size"])` for options without a size.

Why it fails:
    The entry is optional in the data, and its conversion is not.

Fix safety:
    Safe. The statements do nothing but put the entry back in another form; without it they would have raised.

References:
    Python Language Reference, "Membership test operations".
"""

from __future__ import annotations

from collections.abc import Iterator

from app.core.model import Applicability
from app.fix.guards import leave_entry
from app.fix.keys import is_misspelt
from app.fix.pattern import KEY_MISSING, FixPattern, Proposal
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
    examples=(),
    unchanged=(),
)
