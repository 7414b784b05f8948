"""Who said what a finding holds, and what bears it out."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Claim:
    """Parts of a finding that one source stated. `fields` are the finding's own names for them.

    `trusted` tells that nobody outside of the team can write it. `confirmed` holds one plain sentence for each fact
    that bears it out; what is neither trusted nor confirmed is somebody's word.
    """

    fields: tuple[str, ...]
    by: str
    trusted: bool
    confirmed: tuple[str, ...] = ()
