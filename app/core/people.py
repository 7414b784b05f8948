"""Which people an incident calls when a person is needed: in which order, how many, and by what right. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from app.core.calling import Escalation
from app.core.code_owners import Kind, Owner
from app.core.commands import Role
from app.core.model import SuspectCommit

# Everybody may read a public repository; who is called must be able to do something.
LEAST_ROLE = Role.WRITE
# A CODEOWNERS line may name hundreds; whether somebody has access is asked for so many at most.
MOST_ASKED = 20


class Why(StrEnum):
    """Why somebody is called. The value is what people read."""

    ON_CALL = "on call"
    AUTHOR = "last changed that line"
    OWNER = "owns the file"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A login, or a team as `organization/team`, that may be called."""

    name: str
    why: Why

    @property
    def is_team(self) -> bool:
        """True for a team."""
        return "/" in self.name


@dataclass(frozen=True, slots=True)
class Called:
    """Somebody who is called, and how."""

    name: str
    why: Why
    assigned: bool = False
    mentioned: bool = False


def candidates(
    rules: Escalation,
    organization: str,
    suspect: SuspectCommit | None,
    owners: Iterable[Owner],
    present: Iterable[str] = (),
) -> tuple[Candidate, ...]:
    """Who may be called, in order, each once; not those who are assigned already (`present`).

    Teams of other organizations are left out, and so are all teams where the policy allows no mention: a team cannot
    be assigned.
    """
    named = [Candidate(name, Why.ON_CALL) for name in rules.on_call]
    if rules.suspect_author and suspect is not None and suspect.login:
        named.append(Candidate(suspect.login, Why.AUTHOR))
    if rules.code_owners:
        named += [Candidate(owner.name, Why.OWNER) for owner in owners if owner.kind is not Kind.EMAIL]
    seen = {name.lower() for name in present}
    chosen: list[Candidate] = []
    for one in named:
        foreign = one.is_team and one.name.partition("/")[0].lower() != organization.lower()
        if one.name.lower() in seen or foreign or (one.is_team and not rules.mention):
            continue
        seen.add(one.name.lower())
        chosen.append(one)
    return tuple(chosen[:MOST_ASKED])


def room(rules: Escalation, present: Sequence[str]) -> int:
    """How many may be called besides those who are assigned already."""
    if not (rules.assign or rules.mention):
        return 0
    return max(0, rules.at_most - len(present))


def may_be_called(kind: str, role: Role) -> bool:
    """True for a person (not a bot) who may change the repository."""
    return kind == "User" and role.includes(LEAST_ROLE)
