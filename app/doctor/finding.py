"""What a check says, and how far autonomy reaches when all have spoken."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from app.doctor.facts import Facts

T = TypeVar("T")


class Level(IntEnum):
    """How far autonomy reaches, each step on top of the one before."""

    NOTHING = 0
    REPORT = 1
    PROPOSE = 2
    AUTOMERGE = 3
    VERIFIED = 4

    def __str__(self) -> str:
        return self.name.lower()

    @property
    def means(self) -> str:
        """The step in a few words, as the thing that a failed check blocks."""
        return _MEANS[self]


_MEANS = {
    Level.NOTHING: "nothing",
    Level.REPORT: "everything",
    Level.PROPOSE: "fix pull requests",
    Level.AUTOMERGE: "auto-merge",
    Level.VERIFIED: "verification in production",
}


class Mark(Enum):
    """How a check ended. What could not be read is never a pass."""

    PASSED = "passed"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Unread:
    """A fact that could not be read, and why."""

    why: str


class NotRead(Exception):
    """A check needs a fact that could not be read."""


def known(fact: T | Unread) -> T:
    """The fact itself.

    Raises:
        NotRead: if it could not be read, with the reason.
    """
    if isinstance(fact, Unread):
        raise NotRead(fact.why)
    return fact


@dataclass(frozen=True, slots=True)
class Passed:
    """What a check asks for is so."""

    found: str


@dataclass(frozen=True, slots=True)
class Failed:
    """What a check asks for is not so: what was found, what to change, and the page where it is changed."""

    found: str
    change: str
    where: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """One question. `blocks` is the first level that is out of reach while the answer is no; None is advice only."""

    name: str
    blocks: Level | None
    judge: Callable[[Facts], Passed | Failed]


@dataclass(frozen=True, slots=True)
class Finding:
    """A check's answer for one repository."""

    name: str
    mark: Mark
    found: str
    blocks: Level | None
    change: str = ""
    where: str = ""

    @property
    def blocking(self) -> Level | None:
        """The first level that this answer keeps out of reach; None if it blocks nothing."""
        return None if self.mark is Mark.PASSED else self.blocks


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Every finding for one repository. `wanted` is where the policy itself stops, `then` how to let it go on."""

    repository: str
    findings: tuple[Finding, ...]
    wanted: Level
    then: str

    @property
    def possible(self) -> Level:
        """How far the settings let autonomy reach, whatever the policy wants."""
        levels = [finding.blocking for finding in self.findings]
        return Level(min([level - 1 for level in levels if level is not None], default=Level.VERIFIED))

    @property
    def reach(self) -> Level:
        """How far autonomy reaches now."""
        return min(self.possible, self.wanted)

    @property
    def blockers(self) -> tuple[Finding, ...]:
        """What blocks something, what blocks most first."""
        found = [finding for finding in self.findings if finding.blocking is not None]
        return tuple(sorted(found, key=lambda finding: (finding.blocking, finding.mark is Mark.UNKNOWN)))

    @property
    def next_step(self) -> str:
        """The one thing to do now, in a sentence."""
        if self.blockers:
            first = self.blockers[0]
            return first.change or f"make it possible to read `{first.name}`: {first.found}"
        return self.then


def answer(check: Check, facts: Facts) -> Finding:
    """The check's answer to `facts`; unknown, never passed, where a fact that it needs could not be read."""
    try:
        said = check.judge(facts)
    except NotRead as fault:
        return Finding(check.name, Mark.UNKNOWN, str(fault), check.blocks)
    if isinstance(said, Passed):
        return Finding(check.name, Mark.PASSED, said.found, check.blocks)
    return Finding(check.name, Mark.FAILED, said.found, check.blocks, said.change, said.where)


def answers(checks: Sequence[Check], facts: Facts) -> tuple[Finding, ...]:
    """Every check's answer, in their order."""
    return tuple(answer(check, facts) for check in checks)
