"""What surrounds a failure is gathered in a short time; what cannot be read is said so and stops nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from app import gather as stage
from app.clients import Clients
from app.core.case_file import dump_case
from app.core.context import names_place
from app.core.errors import Refused, Unavailable
from app.core.model import (
    INGESTED,
    TRACEBACK,
    Breadcrumb,
    Context,
    Deploy,
    Finding,
    Incident,
    Outcome,
    RelatedIssue,
    Result,
)
from app.core.policy import TRACKERS
from app.gather import gather
from app.store import Store
from samples import FINDING, FRAME, case

DEPLOYS = [
    SimpleNamespace(created_at="2026-11-04T10:00:00Z", sha="e" * 40, environment="production"),
    SimpleNamespace(created_at="2026-11-03T09:00:00Z", sha="c" * 40, environment="production"),
    SimpleNamespace(created_at="2026-10-01T09:00:00Z", sha="a" * 40, environment="production"),
]


def _issue(number: int, title: str, body: str | None = None, **more: Any) -> SimpleNamespace:
    return SimpleNamespace(number=number, title=title, body=body, pull_request=more.get("pull_request"))


OPEN = [
    _issue(1, "Receipts fail", "It is in shop/receipts.py, I think."),
    _issue(2, "AttributeError in address_line", None),
    _issue(3, "Clean up shop/receipts.py", None, pull_request={"url": "x"}),
    _issue(4, "address_line is slow"),
    _issue(
        5,
        "old/shop/receipts.py and shop/receipts.pyc, shop/receipts.py-old",
        "my_address_line AttributeError",
    ),
    _issue(6, "Nothing to do with it"),
]


class Outside:
    """A tracker and GitHub in one, which answer, refuse or never answer."""

    def __init__(self, **broken: BaseException | None) -> None:
        self._broken = broken

    async def _answer(self, verb: str, value: Any) -> Any:
        if verb in self._broken:
            fault = self._broken[verb]
            if fault is None:
                await asyncio.Event().wait()
            else:
                raise fault
        return value

    async def releases(self, finding: Finding) -> Any:
        assert finding.group == FINDING.group
        return await self._answer("releases", ("shop@1", None))

    async def breadcrumbs(self, finding: Finding) -> Any:
        assert finding.event_id == FINDING.event_id
        return await self._answer("breadcrumbs", (Breadcrumb("", "log", "", "hello"),))

    def repository(self, _name: str, _installation: int) -> Any:
        return SimpleNamespace(history=self, open_issues=self.open_issues)

    async def open_issues(self) -> Any:
        return await self._answer("open_issues", OPEN)

    async def deployments(self, environment: str) -> Any:
        assert environment == "production"
        return await self._answer("deployments", DEPLOYS)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(f"sqlite:///{tmp_path / 'autofix.sqlite'}")
    store.migrate()
    yield store
    store.close()


def _incident(store: Store, issue: int, finding: Finding | None = FINDING, *, ended: bool = True) -> Incident:
    incident, _ = store.open_incident(
        repository="acme/shop",
        repository_id=501,
        installation_id=77,
        issue=issue,
        fingerprint=f"sentry:{issue}",
    )
    store.keep_case(incident.id, dump_case(case(finding=finding)), issue + 100, "shop/receipts.py")
    if ended:
        store.end_incident(incident.id, Outcome(Result.FIXED, "fixed it", pull_request=issue + 100))
    return incident


async def _gathered(store: Store, incident: Incident, source: str = "sentry", outside: Any = None) -> Context:
    outside = outside or cast("Any", Outside())
    trackers = {source: outside} if source in TRACKERS else {}
    return await gather(Clients(outside, **trackers), store, incident, replace(FINDING, source=source))


@pytest.mark.parametrize("source", TRACKERS)
async def test_everything_that_is_there_is_gathered(store: Store, source: str) -> None:
    found = await _gathered(store, _incident(store, 1), source)
    assert (found.first_release, found.last_release) == ("shop@1", None)
    assert [crumb.text for crumb in found.breadcrumbs] == ["hello"]
    assert found.deploys == (Deploy("2026-11-03T09:00:00Z", "c" * 40, "production"),)
    assert (found.past, found.missing) == ((), ())


@pytest.mark.parametrize("source", [TRACEBACK, INGESTED])
async def test_where_no_tracker_counts_none_is_asked(store: Store, source: str) -> None:
    found = await _gathered(store, _incident(store, 1), source)
    assert (found.first_release, found.last_release, found.breadcrumbs) == (None, None, ())
    assert (len(found.deploys), found.missing) == (1, ())


async def test_a_tracker_that_is_no_longer_set_up_is_said(store: Store) -> None:
    outside = cast("Any", Outside())
    found = await gather(Clients(outside), store, _incident(store, 1), FINDING)
    assert [said.partition(": ")[0] for said in found.missing] == [
        "the first and the last release",
        "what the program did before it failed",
    ]
    assert all("set AUTOFIX_SENTRY_TOKEN" in said for said in found.missing)


async def test_earlier_incidents_of_the_same_shape_are_found(store: Store) -> None:
    _incident(store, 1)
    elsewhere = replace(FRAME, path="shop/other.py")
    _incident(store, 2, replace(FINDING, chain=(replace(FINDING.root, frames=(elsewhere,)),)))
    _incident(store, 3, None)
    broken = _incident(store, 4)
    store.keep_case(broken.id, "{}", None, None)
    _incident(store, 5, ended=False)
    found = await _gathered(store, _incident(store, 6))
    assert [(one.issue, one.result, one.pull_request, one.same_place) for one in found.past] == [
        (5, None, 105, True),
        (1, Result.FIXED, 101, True),
    ]


async def test_other_open_issues_that_name_the_failing_place_are_found(store: Store) -> None:
    incident = _incident(store, 6)
    found = await _gathered(store, incident)
    assert found.related == (
        RelatedIssue(1, "Receipts fail", "shop/receipts.py"),
        RelatedIssue(2, "AttributeError in address_line", "address_line"),
    )
    own = await _gathered(store, replace(incident, issue=1))
    assert [one.number for one in own.related] == [2]


@pytest.mark.parametrize("function", ["run", "get", "<module>", "__init__"])
def test_an_everyday_word_is_no_name_of_a_function(function: str) -> None:
    frame = replace(FRAME, function=function, path="elsewhere.py")
    finding = replace(FINDING, chain=(replace(FINDING.root, frames=(frame,)),))
    text = f"AttributeError when I {function} it"
    assert names_place(finding, text) is None
    assert names_place(finding, f"{text} in elsewhere.py") == "elsewhere.py"
    assert names_place(replace(finding, chain=(replace(FINDING.root, frames=()),)), text) is None


async def test_incidents_of_another_repository_are_nobodys_business(store: Store) -> None:
    _incident(store, 1)
    other, _ = store.open_incident(
        repository="evil/shop", repository_id=7, installation_id=7, issue=1, fingerprint="sentry:1"
    )
    assert (await _gathered(store, other)).past == ()


@pytest.mark.parametrize(
    ("verb", "what"),
    [
        ("releases", "the first and the last release"),
        ("breadcrumbs", "what the program did before it failed"),
        ("deployments", "which deployments were near"),
        ("open_issues", "which other issues speak of it"),
    ],
)
@pytest.mark.parametrize("fault", [Refused("403: no"), Unavailable("down"), None])
async def test_what_cannot_be_read_is_said_and_the_rest_is_there(
    store: Store, monkeypatch: pytest.MonkeyPatch, verb: str, what: str, fault: BaseException | None
) -> None:
    monkeypatch.setattr(stage, "PATIENCE_SECONDS", 0.2)
    found = await _gathered(store, _incident(store, 1), outside=Outside(**{verb: fault}))
    (said,) = found.missing
    assert said == f"{what}: {fault or 'there was no answer in time'}"
    assert sum(map(bool, (found.first_release, found.breadcrumbs, found.deploys, found.related))) == 3
