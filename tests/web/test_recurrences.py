"""Who looks after fixed errors: each is looked at, what came back goes to a person once, and a fault stops nothing."""

from __future__ import annotations

import dataclasses
from typing import Any, cast

import pytest

from app import workflow
from app.clients import Clients
from app.core.errors import RateLimited, Unavailable
from app.core.model import CaseFile, Outcome, Reason, Result, Stage, Stop, Window, given
from app.observe.recurrence import WATCH_SECONDS
from app.report import reopen
from app.store import IncidentRow
from app.web import recurrences
from app.web.recurrences import Recurrences, is_looked_after
from samples import VERDICT, case
from town import POLICY, Town

BACK = Stop(Stage.OBSERVE, Reason.RECURRED, "the error is back: 7 events within a minute")


def verified(town: Town, fingerprint: str = "sentry:1", issue: int = 3) -> IncidentRow:
    """An incident that ended fixed."""
    incident, _ = town.store.open_incident(
        repository="acme/shop",
        repository_id=town.repo.id,
        installation_id=77,
        issue=issue,
        fingerprint=fingerprint,
    )
    whole = dataclasses.replace(case(), incident=incident)
    town.keep(given(town.store.incident(incident.id)), whole)
    town.store.end_incident(incident.id, Outcome(Result.FIXED, "fixed", None, 9))
    return given(town.store.incident(incident.id))


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What was sent to a person."""
    found: list[tuple[str, str]] = []

    async def come_back(incident: str, stop: Stop) -> None:
        found.append((incident, stop.detail))

    monkeypatch.setattr(workflow, "come_back", come_back)
    return found


def says(monkeypatch: pytest.MonkeyPatch, *answers: Stop | Exception | None) -> list[str]:
    """What the looks find, one after the other; the incidents that were looked at."""
    looked: list[str] = []
    left = list(answers)

    async def recurrence(_clients: Clients, file: CaseFile, _now: float) -> Stop | None:
        looked.append(file.incident.id)
        answer = left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(recurrences, "recurrence", recurrence)
    return looked


def looks(town: Town) -> Recurrences:
    return Recurrences(Clients(town.client, cast("Any", None)), town.store)


async def test_v12_what_came_back_goes_to_a_person(
    town: Town, monkeypatch: pytest.MonkeyPatch, sent: list[tuple[str, str]]
) -> None:
    first, second = verified(town), verified(town, "sentry:2")
    looked = says(monkeypatch, None, BACK)
    await looks(town).look()
    assert sorted(looked) == sorted([first.id, second.id])
    assert sent == [(looked[1], BACK.detail)]


async def test_a_tracker_that_does_not_answer_does_not_keep_the_others_from_their_look(
    town: Town, monkeypatch: pytest.MonkeyPatch, sent: list[tuple[str, str]]
) -> None:
    verified(town)
    verified(town, "sentry:2")
    looked = says(monkeypatch, Unavailable("no answer"), BACK)
    await looks(town).look()
    assert sent == [(looked[1], BACK.detail)]


async def test_a_tracker_that_is_asked_too_often_is_left_alone_until_the_next_look(
    town: Town, monkeypatch: pytest.MonkeyPatch, sent: list[tuple[str, str]]
) -> None:
    verified(town)
    verified(town, "sentry:2")
    looked = says(monkeypatch, RateLimited("too often", 60.0), None, BACK)
    await looks(town).look()
    assert len(looked) == 1
    await looks(town).look()
    assert sent == [(looked[2], BACK.detail)]


async def test_a_bug_of_ours_at_one_incident_does_not_keep_the_others_from_their_look(
    town: Town, monkeypatch: pytest.MonkeyPatch, sent: list[tuple[str, str]]
) -> None:
    verified(town)
    verified(town, "sentry:2")
    looked = says(monkeypatch, KeyError("a bug"), BACK)
    await looks(town).look()
    assert sent == [(looked[1], BACK.detail)]


async def test_only_what_ended_fixed_in_the_last_week_is_looked_at(
    town: Town, monkeypatch: pytest.MonkeyPatch, sent: list[tuple[str, str]]
) -> None:
    row, store = verified(town), town.store
    looked = says(monkeypatch, None)
    assert await is_looked_after(store, row, given(row.ended_at) + WATCH_SECONDS)
    assert not await is_looked_after(store, row, given(row.ended_at) + WATCH_SECONDS + 1)
    town.store.end_incident(row.id, Outcome(Result.ESCALATED, "back", BACK, 9))
    assert not await is_looked_after(store, given(store.incident(row.id)), given(row.ended_at))
    await looks(town).look()
    monkeypatch.setattr("app.web.recurrences.time.time", lambda: given(row.ended_at) + WATCH_SECONDS + 60)
    verified(town, "sentry:2")
    await looks(town).look()
    assert (looked, sent) == ([], [])


async def test_what_another_version_wrote_is_left_alone(
    town: Town, monkeypatch: pytest.MonkeyPatch, sent: list[tuple[str, str]]
) -> None:
    row = verified(town)
    town.store.keep_case(row.id, '{"of": "another version"}', 9, None)
    looked = says(monkeypatch, BACK)
    await looks(town).look()
    assert (looked, sent) == ([], [])
    assert not await is_looked_after(town.store, row, given(row.ended_at))


async def test_an_error_that_was_too_rare_to_be_seen_again_is_not_waited_for(town: Town) -> None:
    row = verified(town)
    rare = dataclasses.replace(VERDICT, before=Window(1, 36_000.0, "requests", 3600.0), bound=0.5)
    town.keep(row, dataclasses.replace(case(verdict=rare), incident=row.identity))
    assert not await is_looked_after(town.store, row, given(row.ended_at))


async def test_m21_nothing_is_written_where_people_have_switched_us_off_and_it_is_told_later(
    town: Town, monkeypatch: pytest.MonkeyPatch, sent: list[tuple[str, str]]
) -> None:
    issue = town.issue(login="ada")
    await town.settle()
    row = verified(town, issue=issue.number)
    says(monkeypatch, BACK, BACK, BACK, BACK)
    town.store.ledger.pause(town.repo.id, "ada")
    await looks(town).look()
    town.store.ledger.resume(town.repo.id)
    town.label(issue, "autofix: off")
    await looks(town).look()
    town.label(issue)
    town.push("main", {".github/autofix.yml": f"{POLICY}enabled: false\n"})
    await looks(town).look()
    assert sent == []
    town.push("main", {".github/autofix.yml": POLICY})
    await looks(town).look()
    assert sent == [(row.id, BACK.detail)]


async def test_v12_the_closed_issue_is_open_again_and_opening_it_twice_changes_nothing(town: Town) -> None:
    issue = town.issue(login="ada")
    await town.settle()
    await town.ours.close_issue(issue.number)
    assert issue.state == "closed"
    file = dataclasses.replace(case(), incident=dataclasses.replace(case().incident, issue=issue.number))
    for _ in range(2):
        await reopen(Clients(town.client, cast("Any", None)), file)
        assert issue.state == "open"
