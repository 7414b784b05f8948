"""What the user has to mend before anything can be repaired."""

from __future__ import annotations

from app.core.errors import AutofixError


class BadInput(AutofixError):
    """An input that cannot be worked with; the message is one or two sentences that say what to do."""
