"""What a fix pattern is: one file of `patterns/` that knows one failure and one bounded way to repair it."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import cache

from app.core.model import Applicability, FailureKind
from app.fix.edit import Edit
from app.fix.site import Site


class Strength(IntEnum):
    """What speaks for a proposal, the strongest first. The engine ranks by it."""

    SIGNATURE = 0  # the signature or an existing fallback at this very place says what None means
    PRECEDENT = 1  # the repository handles the same attribute or key elsewhere
    SYNTAX = 2  # the place has one meaning for "nothing": a test is false, a loop has no rounds
    GUARD = 3  # the function already answers a missing value in this way
    CONTEXT = 4  # the surrounding expression has a neutral value
    TYPE = 5  # the other results of the function show what kind of value it gives
    LAST = 6  # only an annotation or the consumer's tolerance speaks for it


@dataclass(frozen=True, slots=True)
class Fallback:
    """A value for the missing case, as source text, and the evidence that it is the right one.

    `accepted` is False where it is not known that whatever reads the value allows for it.
    """

    code: str
    because: str
    strength: Strength
    accepted: bool = True


@dataclass(frozen=True, slots=True)
class Proposal:
    """One way to repair a site. `returns` is the constant that the function gives on the repaired path, if known.

    `raises` tells that the repaired code still raises, the package's own error.
    """

    edits: tuple[Edit, ...]
    summary: str
    why: tuple[str, ...]
    why_safe: str
    strength: Strength
    returns: str | None = None
    safe: bool = True
    raises: bool = False


@dataclass(frozen=True, slots=True)
class Raises:
    """An exception that a pattern answers: its class name (empty: any) and a pattern for its message."""

    type: str
    message: str = ""

    def matches(self, exception: str, message: str) -> bool:
        """True for this exception with a message that fits."""
        named = not self.type or exception.rpartition(".")[2] == self.type
        return named and re.search(self.message, message) is not None


@dataclass(frozen=True, slots=True)
class Example:
    """A program that fails, and the same program after the pattern repaired it."""

    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Unchanged:
    """A program that fails in the same way and that the pattern must leave alone."""

    code: str
    because: str


@dataclass(frozen=True, slots=True)
class FixPattern:
    """The declaration of a pattern. Its id is the name of its file."""

    category: str
    applicability: Applicability
    answers: tuple[Raises, ...]
    codemod: Callable[[Site], Iterator[Proposal]]
    examples: tuple[Example, ...]
    unchanged: tuple[Unchanged, ...]
    kinds: frozenset[FailureKind] | None = None

    def answers_to(self, exception: str, message: str) -> bool:
        """True if the pattern is about this exception."""
        return any(raises.matches(exception, message) for raises in self.answers)

    def answers_site(self, site: Site) -> bool:
        """True if the pattern is about what failed at this site."""
        kinds = self.kinds if self.kinds is not None else _KINDS[self.category]
        message = site.trace.message
        return site.failure.kind in kinds and any(self.answers_to(name, message) for name in site.trace.names)


_KINDS = {
    "null-safety": frozenset({FailureKind.NONE_VALUE}),
    "missing-key": frozenset({FailureKind.MISSING_KEY}),
}
NONE_USED = (
    Raises("AttributeError", r"'NoneType' object"),
    Raises("TypeError", r"None|can only join an iterable|expected string or bytes-like object"),
)
KEY_MISSING = (Raises("KeyError"),)
INDEX_MISSING = (Raises("IndexError"),)
ANY = (Raises(""),)


@cache
def patterns() -> Mapping[str, FixPattern]:
    """Every pattern by id, in the order of the folder's listing."""
    package = importlib.import_module("app.fix.patterns")
    found: dict[str, FixPattern] = {}
    for module in sorted(pkgutil.iter_modules(package.__path__), key=lambda one: one.name):
        declared = importlib.import_module(f"{package.__name__}.{module.name}")
        found[module.name] = declared.PATTERN
    return found


def description(pattern: str) -> str:
    """The docstring of a pattern's file, with its four headings."""
    return importlib.import_module(f"app.fix.patterns.{pattern}").__doc__ or ""
