"""What must speak for an event besides itself: the policy's floors, and a person who vouches."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.core.corroboration import Facts, corroborated
from app.core.messages import provenance
from app.core.model import INGESTED, TRACEBACK, Finding, Reason, Stop
from app.core.policy import Policy, parse_policy
from app.core.sources import Intake
from app.detect.provenance import claims, with_provenance
from samples import CAUSE, FINDING

LAST_SEEN = 1_793_700_300.0  # FINDING.last_seen
STRICT = Intake(events=12, users=5, hours=1, deployed=True)
KNOWN = Facts(LAST_SEEN + 60, "production", deployed=True)


def test_the_moment_is_the_samples() -> None:
    assert FINDING.last_seen == "2026-11-03T10:05:00Z"
    assert isinstance(corroborated(Intake(hours=1), FINDING, CAUSE, Facts(LAST_SEEN, "production")), Finding)


def policy(intake: str) -> Policy:
    return parse_policy(f"version: 1\nsentry: {{organization: acme, projects: [shop]}}\n{intake}".encode())


def test_i5_by_default_nothing_is_asked_for() -> None:
    assert policy("").intake == Intake() == Intake(events=1, users=0, hours=None, deployed=False)
    bare = replace(FINDING, events=1, users=0, last_seen="")
    assert isinstance(corroborated(Intake(), bare, CAUSE, Facts(0.0, "production")), Finding)


CASES: dict[str, tuple[Finding, Facts, str]] = {
    "too few events": (replace(FINDING, events=11), KNOWN, "seen 11 times, and the policy asks for 12"),
    "too few users": (replace(FINDING, users=4), KNOWN, "4 users, and the policy asks for 5"),
    "one user": (replace(FINDING, users=1), KNOWN, "1 user, "),
    "long ago": (FINDING, replace(KNOWN, now=LAST_SEEN + 3601), "not of the last 1 hour"),
    "no time": (replace(FINDING, last_seen=""), KNOWN, "not of the last 1 hour"),
    "no real time": (replace(FINDING, last_seen="soon"), KNOWN, "not of the last 1 hour"),
    "never deployed": (FINDING, replace(KNOWN, deployed=False), "no deployment of ccccccc to production"),
    "not asked whether it was": (FINDING, replace(KNOWN, deployed=None), "no deployment of ccccccc"),
}


@pytest.mark.parametrize("name", CASES)
def test_i5_an_event_with_too_little_behind_it_is_refused_with_the_reason(name: str) -> None:
    finding, facts, why = CASES[name]
    stop = corroborated(STRICT, finding, CAUSE, facts)
    assert isinstance(stop, Stop)
    assert stop.reason is Reason.UNCORROBORATED
    assert why in stop.detail
    assert "anybody who knows the project's public key could have sent this event" in stop.detail
    assert isinstance(corroborated(STRICT, finding, CAUSE, replace(facts, vouched_by="wes")), Finding)


def test_i5_every_shortcoming_is_named_at_once() -> None:
    stop = corroborated(STRICT, replace(FINDING, events=1, users=1), CAUSE, Facts(0.0, "production"))
    assert isinstance(stop, Stop)
    assert stop.detail.count(";") >= 2


def test_i5_an_event_that_reaches_every_floor_is_taken_up() -> None:
    found = corroborated(STRICT, with_provenance(FINDING, "wrote"), CAUSE, KNOWN)
    assert isinstance(found, Finding)
    (told,) = [claim for claim in found.provenance if "chain" in claim.fields]
    assert "ccccccc was deployed to production" in told.confirmed
    assert not told.trusted


def test_what_the_policy_says_is_what_is_held_against_it() -> None:
    text = "intake: {events: 3, users: 2, hours: 24, deployed: true}\n"
    assert policy(text).intake == Intake(events=3, users=2, hours=24, deployed=True)


# Provenance ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", ["sentry", "datadog", "bugsink", TRACEBACK, INGESTED])
def test_each_field_of_a_finding_is_somebodys_word_exactly_once(source: str) -> None:
    stated = [field for claim in claims(source, "x") for field in claim.fields]
    assert sorted(stated) == sorted(set(Finding.__dataclass_fields__) - {"provenance"})


@pytest.mark.parametrize("source", ["sentry", "datadog", TRACEBACK, INGESTED])
def test_what_anybody_can_write_is_not_trusted(source: str) -> None:
    trusted = {field for claim in claims(source, "x") if claim.trusted for field in claim.fields}
    assert not trusted & {"title", "chain", "release", "environment", "events", "users"}


def test_a_person_sees_who_said_what() -> None:
    found = corroborated(STRICT, with_provenance(FINDING, "`wes` vouched for"), CAUSE, KNOWN)
    assert isinstance(found, Finding)
    table = provenance(found)
    assert "| events, users, first seen, last seen |" in table
    assert "`wes` vouched for" in table
    assert "Ccccccc was deployed to production." in table
    assert "nothing else" in table
