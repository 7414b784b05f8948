"""A small program and a change of it that looks like a fix of its category and is none."""

from __future__ import annotations

NULL = "null-safety"
KEY = "missing-key"
ERROR = "missing-error-handling"
TYPE = "wrong-type"
UNBOUND = "unbound-local"


class Lookalike:
    """The program before, the pairs of texts that make the change, and why it is harmful or repairs nothing."""

    def __init__(self, name: str, category: str, because: str, before: str, *edits: tuple[str, str]) -> None:
        self.name = f"hostile-{name}"
        self.category = category
        self.because = because
        self.before = before
        self.edits = edits

    @property
    def after(self) -> str:
        """The program with the change."""
        text = self.before
        for old, new in self.edits:
            assert text.count(old) == 1, (self.name, old, text.count(old))
            text = text.replace(old, new)
        return text
