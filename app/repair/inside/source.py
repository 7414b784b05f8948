"""Python source that makes a value, with the imports and the statements that it needs."""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

# What a rebuilt value may lack, least first.
CUT = "cut"  # the record was shortened, or may have been
GUESSED = "guessed"  # an argument of a constructor was not recorded
STAND_IN = "stand-in"  # an object of another class


@dataclass(frozen=True, slots=True)
class Source:
    """An expression. `imports` are pairs of module and name (no name: the module itself), `setup` are statements."""

    code: str
    imports: frozenset[tuple[str, str]] = frozenset()
    setup: tuple[str, ...] = ()
    marks: frozenset[str] = frozenset()

    def marked(self, *marks: str) -> Source:
        """The same source with further marks."""
        return replace(self, marks=self.marks | set(marks))


def joined(parts: Sequence[Source], write: Callable[..., str]) -> Source:
    """One source of several: `write` gets their expressions."""
    setup: dict[str, None] = {}
    for part in parts:
        setup.update(dict.fromkeys(part.setup))
    return Source(
        write(*(part.code for part in parts)),
        frozenset().union(*(part.imports for part in parts)),
        tuple(setup),
        frozenset().union(*(part.marks for part in parts)),
    )


def snake(name: str) -> str:
    """A variable's name for an object of the class."""
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower().strip("_")
    return text if text.isidentifier() else "thing"


@dataclass(slots=True)
class Names:
    """The variable names of one test: each is given once, and none hides a builtin or an import."""

    taken: set[str] = field(default_factory=set)

    def fresh(self, wanted: str, avoid: Iterable[str] = ()) -> str:
        """`wanted`, or the nearest name that is free."""
        refused = self.taken | set(avoid)
        name = wanted
        if keyword.iskeyword(name) or hasattr(builtins, name):
            name = f"{name}_"
        number = 2
        while name in refused:
            name = f"{wanted}_{number}"
            number += 1
        self.taken.add(name)
        return name
