"""The one value that this gate gives: a place that nothing explains."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Unexplained:
    """A place of a change that the claimed category does not explain, and one plain sentence that says what it is.

    `line` counts in the new text, or in the old one where `removed` is true.
    """

    line: int
    sentence: str
    removed: bool = False
