"""Who is called when an incident ends without a verified fix, and how the end is named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from app.clients import Clients
from app.core.errors import ClientError, Refused, Unavailable
from app.core.model import Reason, Result, Stage, Stop
from app.escalate import CALM, LEFT_TO_A_PERSON, escalate, outcome_of
from samples import CAUSE, case

POLICY = """version: 1
sentry: {organization: acme, projects: [shop]}
"""
ROLES = {"ada": "admin", "bob": "write", "wes": "write", "olga": "write", "rita": "read"}


@dataclass
class Repo:
    """The comments and the people of one repository."""

    policy: str | None = None
    owners: str = "* @ada\n"
    said: list[str] = field(default_factory=list)
    present: list[str] = field(default_factory=list)
    assigned: list[list[str]] = field(default_factory=list)
    broken: Mapping[str, ClientError] = field(default_factory=dict)

    @property
    def people(self) -> Any:
        async def assigned(_issue: int) -> tuple[str, ...]:
            return tuple(self._or_fault("assigned", self.present))

        return SimpleNamespace(code_owners=self.code_owners, assign=self.assign, assigned=assigned)

    def repository(self, _name: str, _installation: int) -> Repo:
        return self

    async def bot(self) -> str:
        return "autofix[bot]"

    async def comments(self, _issue: int) -> list[Any]:
        return [SimpleNamespace(body=body, user=SimpleNamespace(login="autofix[bot]")) for body in self.said]

    async def comment(self, _issue: int, marker: str, body: str, _author: str) -> None:
        self.said = [one for one in self.said if marker not in one]
        self.said.append(f"{body}\n\n{marker}")

    async def text(self, _path: str) -> str | None:
        return cast("str | None", self._or_fault("text", self.policy))

    async def code_owners(self, commit: str) -> bytes:
        assert commit == CAUSE.base_sha
        return cast("bytes", self._or_fault("code_owners", self.owners.encode()))

    async def permission(self, login: str) -> Any:
        role = ROLES.get(login.lower())
        user = SimpleNamespace(login=login, type="Bot" if login == "robot" else "User")
        return self._or_fault(
            "permission", role and SimpleNamespace(permission=role, role_name=role, user=user)
        )

    async def assign(self, _issue: int, logins: list[str]) -> tuple[str, ...]:
        self.assigned.append(list(logins))
        self.present += self._or_fault("assign", [login for login in logins if login != "wes"])
        return tuple(self.present)

    def _or_fault(self, verb: str, answer: Any) -> Any:
        if verb in self.broken:
            raise self.broken[verb]
        return answer

    @property
    def clients(self) -> Clients:
        return Clients(cast("Any", self), cast("Any", None))


async def ended(reason: Reason, **changed: Any) -> tuple[Result, list[str]]:
    file, repo = case(merged=None, release=None, verdict=None, **changed), Repo()
    outcome = outcome_of(file, Stop(Stage.MERGE, reason, "why"))
    await escalate(repo.clients, file, outcome)
    return outcome.result, repo.said


async def called(repo: Repo, **changed: Any) -> str:
    """What the comment says of who is called; empty if it says nothing."""
    file = case(merged=None, release=None, verdict=None, **changed)
    await escalate(repo.clients, file, outcome_of(file, Stop(Stage.MERGE, Reason.CONFLICT, "why")))
    (said,) = repo.said
    return next((line for line in said.splitlines() if line.startswith("Called")), "")


@pytest.mark.parametrize("reason", sorted(LEFT_TO_A_PERSON))
async def test_a_verified_fix_that_waits_for_a_person_calls_nobody(reason: Reason) -> None:
    assert await ended(reason) == (Result.PROPOSED, [])
    result, said = await ended(reason, evidence=None)
    assert (result, len(said)) == (Result.ESCALATED, 1)


@pytest.mark.parametrize("reason", sorted(CALM))
async def test_an_error_that_somebody_else_has_fixed_calls_nobody(reason: Reason) -> None:
    assert await ended(reason) == (Result.ESCALATED, [])


@pytest.mark.parametrize("reason", [Reason.TREE_DIFFERS, Reason.CONFLICT, Reason.CHECK_MISSING, Reason.MOVED])
async def test_m20_everything_else_calls_a_person(reason: Reason) -> None:
    result, (said,) = await ended(reason)
    assert result is Result.ESCALATED
    assert f"Autofix needs a person: {reason.replace('-', ' ')}" in said


assert CAUSE.suspect is not None
BY_BOB = replace(CAUSE, suspect=replace(CAUSE.suspect, login="bob"))


BOB = "`bob` (last changed that line, assigned)"
ADA = "`ada` (owns the file, assigned)"


@pytest.mark.parametrize(
    ("policy", "assigned", "line"),
    [
        ("", ["bob", "ada"], f"Called: {BOB}, {ADA}."),
        ("escalation: {at_most: 1}", ["bob"], f"Called: {BOB}."),
        ("escalation: {at_most: 0}", None, ""),
        ("escalation: {assign: false}", None, ""),
        ("escalation: {code_owners: false}", ["bob"], f"Called: {BOB}."),
        (
            "escalation: {mention: true, assign: false, suspect_author: false}",
            None,
            "Called: @ada (owns the file).",
        ),
        (
            "escalation: {mention: true, on_call: [acme/night, olga], at_most: 2}",
            ["olga"],
            "Called: @acme/night (on call), @olga (on call, assigned).",
        ),
        ("escalation: {on_call: [rita, nobody, robot], at_most: 1}", ["bob"], f"Called: {BOB}."),
        ("escalation: {on_call: [wes], suspect_author: false, code_owners: false}", ["wes"], ""),
        ("enabled: false", ["bob", "ada"], f"Called: {BOB}, {ADA}."),
        ("escalation: {unknown: 1}", None, ""),
    ],
)
async def test_who_is_called_is_what_the_policy_allows(
    policy: str, assigned: list[str] | None, line: str
) -> None:
    repo = Repo(policy=POLICY + policy)
    assert await called(repo, cause=BY_BOB) == line
    assert repo.assigned == ([] if assigned is None else [assigned])


async def test_without_a_policy_nobody_is_called() -> None:
    repo = Repo()
    assert await called(repo, cause=BY_BOB) == ""
    assert repo.assigned == []


async def test_nobody_is_called_twice() -> None:
    repo = Repo(policy=POLICY)
    await called(repo, cause=BY_BOB)
    repo.present = []  # they have put it down again
    await called(repo, cause=BY_BOB)
    assert len(repo.assigned) == 1


async def test_a_crash_between_the_call_and_its_record_calls_nobody_else() -> None:
    repo = Repo(policy=POLICY + "escalation: {on_call: [olga], at_most: 2}")
    await called(repo, cause=BY_BOB)
    repo.said = []
    await called(repo, cause=BY_BOB)
    assert repo.assigned == [["olga", "bob"]]


async def test_who_already_has_the_issue_is_enough() -> None:
    repo = Repo(policy=POLICY + "escalation: {at_most: 1}", present=["eve"])
    assert await called(repo, cause=BY_BOB) == ""
    assert repo.assigned == []


async def test_before_a_cause_is_known_the_people_on_call_are_called() -> None:
    repo = Repo(policy=POLICY + "escalation: {on_call: [olga]}")
    assert await called(repo, cause=None, patch=None) == "Called: `olga` (on call, assigned)."


@pytest.mark.parametrize("verb", ["text", "code_owners", "permission", "assigned", "assign"])
@pytest.mark.parametrize("fault", [Refused("no"), Unavailable("down")])
async def test_a_failure_to_call_never_fails_the_incident(verb: str, fault: ClientError) -> None:
    repo = Repo(policy=POLICY, broken={verb: fault})
    assert await called(repo, cause=BY_BOB) == ""
    repo = Repo(policy=POLICY + "escalation: {mention: true}", broken={"assign": fault})
    assert await called(repo, cause=BY_BOB) == "Called: @bob (last changed that line), @ada (owns the file)."
