"""What a text reports: the one shape that every recogniser gives."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from app.settings import Settings


@dataclass(frozen=True, slots=True)
class Report:
    """An anomaly that a text names. `fingerprint` is its identity, `group` what the tracker knows it by.

    `unsupported` is the sentence that refuses it, where already its kind is nothing that is repaired.
    """

    source: str
    fingerprint: str
    group: str
    organization: str = ""
    unsupported: str | None = None


@dataclass(frozen=True, slots=True)
class Recogniser:
    """One source: `read` finds its report in a title and a body, `authors` are the accounts that are believed.

    Nothing is fetched. A source without authors is believed only if a person with write access vouches for the issue.
    """

    source: str
    read: Callable[[str, str, Settings], Report | None]
    authors: Callable[[Settings], Collection[int]]
