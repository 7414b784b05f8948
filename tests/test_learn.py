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
    CaseFile,
    Held,
    Incident,
    Level,
    Outcome,
    Reason,
    Result,
    Stage,
    Standing,
    Stop,
    TrackRecord,
    given,
)
from app.core.policy import parse_policy
from app.learn import keep, known, learn, recall, taken_back, trust_in
from app.store import Store
from samples import DECISION, FIX, INCIDENT, MERGE, PATCH, PULL, case

POLICY = "version: 1\nsentry: {organization: acme, projects: [shop]}\ntrust: {earn: 1}\n"
# A minute after the sample's merge.
NOW = 1_800_000_540.0
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
    """An open pull request by `login`, or by an account that is gone."""
    side = {"ref": "x", "sha": "a" * 40, "repo": {"id": 501}}
    facts = {"number": 1, "node_id": "PR", "html_url": "u", "state": "open", "head": side, "base": side}
    author = Account(login=login, id=1) if login else None
    return PullFacts.model_validate(facts).model_copy(update={"user": author})


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(f"sqlite:///{tmp_path / 'autofix.sqlite'}", clock=lambda: NOW)
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
    assert given(store.incident_of_pull(INCIDENT.repository_id, PULL.number)).id == first.incident.id
    await learn(store, first, FIXED)

    standing = await told(store, open_incident(store), "autofix[bot]", "ada", "", "autofix[bot]")

    assert (standing.trust.level, standing.pattern.fixed) == (Level.TRUSTED, 1)
    assert (standing.open_pulls, standing.attempts, standing.merges_today) == (2, 1, 1)
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


async def test_what_speaks_against_a_pattern_is_a_wrong_fix_and_no_circumstance(store: Store) -> None:
    blamed = set()
    for reason in Reason:
        patch = replace(PATCH, pattern=f"ends {reason}")
        file = replace(case(patch=patch), incident=open_incident(store))
        await learn(store, file, Outcome(Result.ESCALATED, "ended", Stop(Stage.MERGE, reason, "ended"), 9))
        standing = await recall(Repo().clients, store, open_incident(store), POLICY, patch)
        assert isinstance(standing, Standing)
        blamed |= {reason} if standing.pattern.failed else set()
    assert blamed == {
        Reason.ROLLED_BACK,
        Reason.NOT_FIXED,
        Reason.REGRESSED,
        Reason.RECURRED,
        Reason.CHECK_FAILED,
    }


async def test_what_is_taken_back_has_lost_its_trust_and_stays_what_it_was(store: Store) -> None:
    file = replace(case(), incident=open_incident(store))
    await keep(store, file)
    await learn(store, file, FIXED)
    await taken_back(store, given(store.incident(file.incident.id)))
    (attempt,) = store.ledger.attempts(INCIDENT.repository_id)
    assert (attempt.result, attempt.reverted_at) == (Result.FIXED, NOW)
    standing = await told(store, open_incident(store))
    assert (standing.trust.level, standing.pattern) == (Level.SHADOW, TrackRecord(fixed=0, failed=1))


async def test_what_is_taken_back_while_it_is_watched_is_on_record_at_once(store: Store) -> None:
    file = replace(case(), incident=open_incident(store))
    await keep(store, file)
    await taken_back(store, given(store.incident(file.incident.id)))
    (attempt,) = store.ledger.attempts(INCIDENT.repository_id)
    assert (attempt.result, attempt.reason) == (Result.ESCALATED, Reason.STOPPED)
    assert attempt.reverted_at == NOW


async def test_what_another_version_wrote_is_not_guessed(store: Store) -> None:
    incident = open_incident(store)
    store.keep_case(incident.id, '{"version": 99}', 9, FIX.path)
    row = given(store.incident(incident.id))
    assert await known(store, row) == CaseFile(row.identity, row.opened_at)
    await taken_back(store, row)
    assert store.ledger.attempts(INCIDENT.repository_id) == []


async def test_what_a_team_forgave_counts_no_more_and_for_no_other_category(store: Store) -> None:
    file = replace(case(), incident=open_incident(store))
    await learn(store, file, FIXED)
    policy = parse_policy(POLICY.encode())
    store.ledger._clock = lambda: NOW + 1
    store.ledger.pardon(INCIDENT.repository_id, "wrong-type", "mo")
    assert trust_in(store, INCIDENT.repository_id, PATCH.category, policy).level is Level.TRUSTED
    store.ledger.pardon(INCIDENT.repository_id, PATCH.category, "mo")
    assert trust_in(store, INCIDENT.repository_id, PATCH.category, policy).level is Level.SHADOW


async def test_an_incident_without_a_fix_says_nothing_of_any_category(store: Store) -> None:
    file = replace(case(patch=None), incident=open_incident(store))
    await learn(store, file, Outcome(Result.ESCALATED, "novel"))
    assert store.ledger.attempts(INCIDENT.repository_id) == []


async def test_m21_a_policy_that_no_longer_grants_anything_ends_it(store: Store) -> None:
    incident = open_incident(store)
    stop = await recall(Repo().clients, store, incident, POLICY + "enabled: false\n", PATCH)
    assert isinstance(stop, Stop)
    assert stop.reason is Reason.PAUSED
