"""What is remembered of a fix, and what `decide` is told of the past."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import pytest

from app.clients import Clients
from app.clients.github.answers import Account, PullFacts
from app.core.case_file import load_case
from app.core.model import (
    Action,
    Held,
    Incident,
    Level,
    Outcome,
    Reason,
    Result,
    Stage,
    Standing,
    Stop,
)
from app.learn import keep, learn, recall
from app.store import Store
from samples import DECISION, FIX, INCIDENT, MERGE, PATCH, case

POLICY = "version: 1\nsentry: {organization: acme, projects: [shop]}\ntrust: {earn: 1}\n"
FIXED = Outcome(Result.FIXED, "fixed", pull_request=9)
REVIEW = Held(Stop(Stage.MERGE, Reason.NEEDS_REVIEW, "shadow"))


@dataclass
class Repo:
    """The open pull requests of a repository."""

    pulls: list[PullFacts] = field(default_factory=list)

    def repository(self, _name: str, _installation: int) -> Repo:
        return self

    async def bot(self) -> str:
        return "autofix[bot]"

    async def open_pulls(self) -> list[PullFacts]:
        return self.pulls

    @property
    def clients(self) -> Clients:
        return Clients(cast("Any", self), cast("Any", None))


def opened(login: str) -> PullFacts:
    side = {"ref": "x", "sha": "a" * 40, "repo": {"id": 501}}
    facts = {"number": 1, "node_id": "PR", "html_url": "u", "state": "open", "head": side, "base": side}
    return PullFacts.model_validate(facts).model_copy(update={"user": Account(login=login, id=1)})


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(f"sqlite:///{tmp_path / 'autofix.sqlite'}")
    store.migrate()
    yield store
    store.close()


def open_incident(store: Store, fingerprint: str = INCIDENT.fingerprint) -> Incident:
    incident, _ = store.open_incident(
        repository=INCIDENT.repository,
        repository_id=INCIDENT.repository_id,
        installation_id=77,
        issue=3,
        fingerprint=fingerprint,
        again=True,
    )
    return incident


async def told(store: Store, incident: Incident, *logins: str) -> Standing:
    standing = await recall(Repo([*map(opened, logins)]).clients, store, incident, POLICY, PATCH)
    assert isinstance(standing, Standing)
    return standing


async def test_of_a_new_repository_nothing_is_known(store: Store) -> None:
    standing = await told(store, open_incident(store))
    assert standing.trust.level is Level.SHADOW
    assert (standing.open_pulls, standing.merges_today, standing.attempts) == (0, 0, 0)
    assert standing.file_merged_at is None


async def test_m22_what_happened_before_is_told(store: Store) -> None:
    first = replace(case(), incident=open_incident(store))
    await keep(store, first)
    await learn(store, first, FIXED)

    standing = await told(store, open_incident(store), "autofix[bot]", "ada", "autofix[bot]")

    assert (standing.trust.level, standing.pattern.fixed) == (Level.TRUSTED, 1)
    assert (standing.open_pulls, standing.attempts) == (2, 1)
    assert standing.file_merged_at == 1_800_000_480.0
    kept = load_case(str(store.case_file(first.incident.id)))
    assert kept == first
    row = store.incident(first.incident.id)
    assert row is not None
    assert (row.merge_sha, row.path, row.result) == (MERGE, FIX.path, "fixed")


@pytest.mark.parametrize(
    ("changed", "would"),
    [
        ({}, True),
        ({"evidence": None}, False),
        ({"armed": Held(Stop(Stage.MERGE, Reason.UNPROTECTED, "no rules"))}, False),
        ({"decision": replace(DECISION, action=Action.PROPOSE)}, False),
    ],
)
async def test_what_would_have_been_merged_is_remembered_and_nothing_else(
    store: Store, changed: dict[str, Any], *, would: bool
) -> None:
    shadow = {"armed": REVIEW, "decision": replace(DECISION, action=Action.PROPOSE, would_merge=True)}
    file = case(**{**shadow, "merged": None, **changed})
    file.incident = open_incident(store)
    await learn(store, file, Outcome(Result.PROPOSED, "waits", REVIEW.stop, 9))
    (attempt,) = store.ledger.attempts(INCIDENT.repository_id)
    assert attempt.would_merge is would


async def test_an_incident_without_a_fix_says_nothing_of_any_category(store: Store) -> None:
    file = replace(case(patch=None), incident=open_incident(store))
    await learn(store, file, Outcome(Result.ESCALATED, "novel"))
    assert store.ledger.attempts(INCIDENT.repository_id) == []


async def test_m21_a_policy_that_no_longer_grants_anything_ends_it(store: Store) -> None:
    incident = open_incident(store)
    stop = await recall(Repo().clients, store, incident, POLICY + "enabled: false\n", PATCH)
    assert isinstance(stop, Stop)
    assert stop.reason is Reason.PAUSED
