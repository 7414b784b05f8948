"""What a storm held back: what still fails most afterwards is taken up, once, and nothing else is."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest

from app.clients import Clients
from app.core.errors import Unavailable
from app.core.model import Finding, Reason
from app.core.storm import CALM_SECONDS, HORIZON_SECONDS
from app.demo.github.state import Issue
from app.web.aftermath import LOOKS_APART_SECONDS, MOST_LOOKED_AT, Aftermath
from samples import FINDING
from town import LINK, Town, town_of

FLOOD = range(100, 112)


@pytest.fixture
async def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Town]:
    async with town_of(tmp_path, monkeypatch, storm_reports=4) as town:
        yield town


class Tracker:
    """A Sentry that still sees some of the anomalies: how often since the storm, by their numbers."""

    def __init__(self, **failing: int | BaseException) -> None:
        self.failing: dict[str, int | BaseException] = {
            name.removeprefix("n"): number for name, number in failing.items()
        }
        self.asked: list[tuple[str, float]] = []

    async def read(self, _organization: str, issue: str) -> Finding:
        return replace(FINDING, group=issue)

    async def errors(self, finding: Finding, *, start: Any, end: Any) -> Any:
        self.asked.append((finding.group, (end - start).total_seconds()))
        number = self.failing.get(finding.group, 0)
        if isinstance(number, BaseException):
            raise number
        return SimpleNamespace(total=number)


async def flood(town: Town) -> dict[str, Issue]:
    """A storm has raged: the issues by their anomalies' numbers."""
    issues = {
        str(number): town.issue(body=LINK.replace("4711", str(number)).replace("SHOP-1", f"SHOP-{number}"))
        for number in FLOOD
    }
    await town.settle()
    town.noted.started.clear()
    return issues


def aftermath(town: Town, tracker: Tracker, later: float = CALM_SECONDS + 60) -> Aftermath:
    clients = Clients(town.client, cast("Any", tracker))
    return Aftermath(clients, town.store, town.settings, clock=lambda: time.time() + later)


def held(town: Town) -> set[str]:
    return {
        row.fingerprint.removeprefix("sentry:")
        for row in town.store.incidents()
        if row.reason == Reason.STORM
    }


async def test_i18_what_still_fails_most_is_taken_up_once(town: Town) -> None:
    issues = await flood(town)
    assert len(held(town)) == len(FLOOD) - 4
    worst, other = sorted(held(town))[3:5]
    tracker = Tracker(**{f"n{worst}": 90, f"n{other}": 20})
    looks = aftermath(town, tracker)
    await looks.look()
    await looks.look()
    (incident,) = town.noted.started
    assert (incident.issue, incident.fingerprint) == (issues[worst].number, f"sentry:{worst}")
    assert incident.vouched_by is None
    assert {name for name, _ in tracker.asked} == held(town)
    assert all(CALM_SECONDS <= seconds < CALM_SECONDS + 120 for _, seconds in tracker.asked)


async def test_i18_looking_leaves_github_most_of_its_requests(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GitHub allows an installation 5,000 in an hour; where nothing fails any more, it is looked until the horizon."""
    await flood(town)
    asked: list[str] = []
    send = httpx.AsyncClient.send

    async def counted(client: httpx.AsyncClient, request: httpx.Request, **more: Any) -> httpx.Response:
        asked.append(request.url.path)
        return await send(client, request, **more)

    monkeypatch.setattr(httpx.AsyncClient, "send", counted)
    await aftermath(town, Tracker()).look()
    each = len(asked) / len(held(town))
    assert each >= 1
    looks = (HORIZON_SECONDS - CALM_SECONDS) / LOOKS_APART_SECONDS
    assert looks * MOST_LOOKED_AT * each <= 1_000


async def test_what_ended_with_the_storm_is_left_alone(town: Town) -> None:
    await flood(town)
    await aftermath(town, Tracker()).look()
    assert town.noted.started == []


async def test_nothing_is_asked_before_it_is_calm(town: Town) -> None:
    await flood(town)
    tracker = Tracker(**{f"n{number}": 9 for number in FLOOD})
    await aftermath(town, tracker, later=CALM_SECONDS - 60).look()
    assert (tracker.asked, town.noted.started) == ([], [])


async def test_a_person_who_was_quicker_has_it(town: Town) -> None:
    issues = await flood(town)
    chosen = min(held(town))
    await town.say("wes", "/autofix retry", issues[chosen])
    assert [incident.issue for incident in town.noted.started] == [issues[chosen].number]
    await aftermath(town, Tracker(**{f"n{number}": 9 for number in FLOOD})).look()
    assert len(town.noted.started) == 1


async def test_what_is_closed_or_off_or_another_thing_or_unknown_is_passed_over(town: Town) -> None:
    issues = await flood(town)
    closed, off, edited, silent, last = sorted(held(town))[:5]
    await town.call("PATCH", f"/issues/{issues[closed].number}", "ada", {"state": "closed"})
    town.label(issues[off], "autofix: off")
    issues[edited].body = "nothing"
    failing: dict[str, int | BaseException] = {f"n{name}": 90 for name in (closed, off, edited)}
    tracker = Tracker(**failing, **{f"n{silent}": Unavailable("Sentry is down")}, **{f"n{last}": 1})
    await town.settle()
    town.noted.started.clear()
    await aftermath(town, tracker).look()
    assert [incident.issue for incident in town.noted.started] == [issues[last].number]
