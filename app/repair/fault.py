"""What the user has to mend before anything can be repaired."""

from __future__ import annotations

from app.core.errors import BadInput

__all__ = ["BadInput"]
