"""The one table of fix categories: id, title, what it covers, and how far it goes unless a policy says otherwise.

Messages, policy validation, docs and tables are all read from here. `REVERT` is no fix: it takes one back.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.core.model import Action


@dataclass(frozen=True, slots=True)
class Category:
    """One bounded kind of fix. `default` applies where a policy exists and does not name the category."""

    id: str
    title: str
    covers: str
    default: Action


CATEGORIES: dict[str, Category] = {
    category.id: category
    for category in (
        Category(
            "null-safety",
            "Null safety",
            "a value that may be None is used as if it never were",
            Action.PROPOSE,
        ),
        Category(
            "missing-key",
            "Missing key or index",
            "a mapping or sequence is read at a key or index that it need not have",
            Action.PROPOSE,
        ),
        Category(
            "missing-error-handling",
            "Missing error handling",
            "a call may raise, or a division may meet zero, and nothing allows for it",
            Action.PROPOSE,
        ),
        Category(
            "wrong-type",
            "Wrong type",
            "a value is of another class than the code expects",
            Action.PROPOSE,
        ),
        Category(
            "unbound-local",
            "Unbound local",
            "a local name is read on a path that never gave it a value",
            Action.PROPOSE,
        ),
    )
}

# Provable for every fix, by ids of git objects alone, so it has no trust to earn.
REVERT = Category(
    "revert",
    "Revert",
    "a fix of Autofix that production shows to be no help is taken back, to the last bit",
    Action.PROPOSE,
)

# What a policy may name.
NAMED: dict[str, Category] = {**CATEGORIES, REVERT.id: REVERT}
