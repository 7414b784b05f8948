"""What of a patch its category does not explain: the Action's own gate, asked before anything is proposed. Pure."""

from __future__ import annotations

from app.core.model import Patch
from app.verify.conformance import unexplained


def unexplained_places(patch: Patch) -> tuple[str, ...]:
    """One sentence for each place of the fix that a person must read; empty if the category explains the whole."""
    found = unexplained(patch.category, patch.fix.before or "", patch.fix.after)
    return tuple(
        f"line {one.line}{' before the fix' if one.removed else ''}: {one.sentence}" for one in found
    )
