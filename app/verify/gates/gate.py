"""What a gate is: a name, the sentence that holds once it is passed, and a pure function that objects."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

Facts = TypeVar("Facts")


class Weight(StrEnum):
    """What an objection does: deny the pull request, ask a person to read, or say what nobody could look at."""

    DENIES = "denies"
    WARNS = "warns"
    UNCHECKED = "unchecked"


@dataclass(frozen=True, slots=True)
class Objection:
    """One thing that a gate found, as one sentence; with the line of the head's file where there is one."""

    sentence: str
    path: str = ""
    line: int = 0
    weight: Weight = Weight.DENIES


@dataclass(frozen=True, slots=True)
class Gate(Generic[Facts]):
    """One rule. `holds` is what a reviewer may rely on once nothing is objected."""

    id: str
    holds: str
    objections: Callable[[Facts], Iterable[Objection]]


@dataclass(frozen=True, slots=True)
class Result:
    """What a gate found."""

    gate: str
    holds: str
    objections: tuple[Objection, ...] = ()

    def has(self, weight: Weight) -> bool:
        """True if one of the objections has that weight."""
        return any(one.weight is weight for one in self.objections)

    @property
    def denied(self) -> bool:
        """True if the pull request must not pass."""
        return self.has(Weight.DENIES)


def judge(gates: Iterable[Gate[Facts]], facts: Facts) -> tuple[Result, ...]:
    """What every gate found: all of them are asked, whatever the first ones say."""
    return tuple(Result(gate.id, gate.holds, tuple(gate.objections(facts))) for gate in gates)


def denied(results: Iterable[Result]) -> bool:
    """True if any gate denies."""
    return any(result.denied for result in results)
