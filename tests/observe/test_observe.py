from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, cast

import pytest

from app.clients import Clients
from app.clients.github.answers import Deployment, DeploymentStatus
from app.core.counts import Bucket, Counts
from app.core.errors import ClientError, Malformed, Unavailable
from app.core.model import Finding, Judgement, Reason, Release, Stop, Verdict
from app.observe import judge_release, planned, released
from samples import DECISION, FINDING, MERGE, RELEASE, case

NOW = RELEASE.live_since + 600
LOOKS = (120.0, 600.0)


def status(state: str, description: str = "") -> DeploymentStatus:
    return DeploymentStatus(id=1, state=state, description=description, created_at="2027-01-15T08:09:20Z")


def deployment(sha: str = MERGE) -> Deployment:
    return Deployment(id=31, sha=sha, environment="production", created_at="2027-01-15T08:08:20Z")


@dataclass
class Outside:
    """GitHub's deployments and Sentry's counts, as they are set."""

    statuses: list[DeploymentStatus] = field(default_factory=lambda: [status("success")])
    exact: list[Deployment] = field(default_factory=lambda: [deployment()])
    latest: Deployment | None = None
    contained: bool = False
    counted: tuple[int, int] = (60, 0)
    served: tuple[int | None, int | None] = (6000, 1000)
    units: tuple[str, str] = ("requests", "requests")
    known: bool = True
    fault: ClientError | None = None
    ends: list[float] = field(default_factory=list)
    asked: list[str | None] = field(default_factory=list)

    def repository(self, _name: str, _installation: int) -> Outside:
        return self

    @property
    def rollouts(self) -> Outside:
        return self

    def github_time(self) -> float:
        return RELEASE.live_since

    async def deployments(self, _environment: str, *, sha: str | None = None, most: int) -> list[Deployment]:
        assert most > 0
        return self.exact if sha or self.latest is None else [self.latest]

    async def compared(self, _base: str, _head: str) -> str:
        return "ahead" if self.contained else "diverged"

    async def deployment_statuses(self, _number: int) -> list[DeploymentStatus]:
        return self.statuses

    async def errors(
        self, finding: Finding, *, start: datetime, end: datetime, release: str | None = None
    ) -> Counts:
        assert start < end
        assert finding == FINDING
        if self.fault is not None:
            raise self.fault
        self.asked.append(release)
        self.ends.append(end.timestamp())
        return self._counts("errors", self.counted[release is not None])

    async def traffic(self, _finding: Finding, *, release: str | None = None, **_when: Any) -> Counts | None:
        number = self.served[release is not None]
        return None if number is None else self._counts(self.units[release is not None], number)

    async def known_release(self, _finding: Finding, version: str) -> object | None:
        return version if self.known else None

    @staticmethod
    def _counts(of: str, number: int) -> Counts:
        return Counts(of, (Bucket(0.0, 60.0, 0), Bucket(60.0, 60.0, number)))

    @property
    def clients(self) -> Clients:
        return Clients(cast("Any", self), cast("Any", self))


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.observe.time.time", lambda: NOW)
    monkeypatch.setattr("app.observe.rollout.LAG_SECONDS", 0.0)


async def _judged(outside: Outside, **changed: object) -> Verdict:
    verdict = await judge_release(outside.clients, case(**changed), LOOKS)
    assert isinstance(verdict, Verdict)
    return verdict


async def test_silence_under_traffic_is_fixed() -> None:
    outside = Outside()
    verdict = await _judged(outside)
    assert verdict.judgement is Judgement.FIXED
    assert (verdict.before.exposure, verdict.after.exposure, verdict.after.unit) == (6000, 1000, "requests")
    assert outside.asked == [None, RELEASE.version]


@pytest.mark.parametrize("after", [0, None])
async def test_v3_silence_without_traffic_is_inconclusive(after: int | None) -> None:
    verdict = await _judged(Outside(served=(6000, after)))
    assert verdict.judgement is Judgement.INCONCLUSIVE
    assert verdict.explanation.startswith("no requests were seen on the new release; ")


async def test_sessions_are_no_requests() -> None:
    assert (await _judged(Outside(units=("sessions", "sessions")))).after.unit == "sessions"
    verdict = await _judged(Outside(units=("requests", "sessions")))
    assert (verdict.judgement, verdict.after.exposure) == (Judgement.INCONCLUSIVE, 0.0)


async def test_where_no_traffic_is_known_time_counts() -> None:
    verdict = await _judged(Outside(served=(None, None)))
    assert (verdict.judgement, verdict.after.unit, verdict.after.exposure) == (
        Judgement.FIXED,
        "seconds",
        600.0,
    )


async def test_v3_a_release_that_sentry_never_heard_of_proves_nothing() -> None:
    verdict = await _judged(Outside(served=(None, None), known=False))
    assert verdict.judgement is Judgement.INCONCLUSIVE


@pytest.mark.parametrize(
    ("state", "reason"),
    [("failure", Reason.ROLLED_BACK), ("error", Reason.ROLLED_BACK), ("inactive", Reason.INCONCLUSIVE)],
)
async def test_v2_a_deployment_that_ends_ends_the_watch(state: str, reason: Reason) -> None:
    for statuses in ([status(state)], [status(state), status("success")]):
        stop = await judge_release(Outside(statuses=statuses).clients, case(), LOOKS)
        assert isinstance(stop, Stop)
        assert stop.reason is reason
    gone = await judge_release(Outside(statuses=[]).clients, case(), LOOKS)
    assert isinstance(gone, Stop)


async def test_v10_what_may_still_be_late_is_not_looked_at() -> None:
    outside = Outside()
    await _judged(outside, decision=replace(DECISION, lag=60.0))
    assert outside.ends == [RELEASE.started_at, RELEASE.live_since + 120]


async def test_v10_before_the_first_look_nothing_is_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.observe.time.time", lambda: RELEASE.live_since - 30)
    outside = Outside(counted=(60, 9))
    verdict = await _judged(outside)
    assert (verdict.judgement, verdict.after.events) == (Judgement.INCONCLUSIVE, 0)
    assert outside.ends == [RELEASE.started_at]


async def test_v11_polled_between_two_looks_the_answer_stays_that_of_the_look(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    outside = Outside()
    for seconds in range(600, 900):
        monkeypatch.setattr("app.observe.time.time", lambda seconds=seconds: RELEASE.live_since + seconds)
        await _judged(outside)
    assert set(outside.ends) == {RELEASE.started_at, RELEASE.live_since + 600}


@pytest.mark.parametrize(
    "fault", [Unavailable("Sentry answered 500"), Malformed("the count is not a number")]
)
async def test_v4_a_source_without_an_answer_is_no_success_and_in_the_end_an_error(
    fault: ClientError,
) -> None:
    last: Verdict | None = None
    said = []
    for _ in range(4):
        last = await _judged(Outside(fault=fault), verdict=last)
        said.append(last.judgement)
        assert str(fault) in last.explanation
    assert said == [Judgement.INCONCLUSIVE] * 3 + [Judgement.ERROR]


async def test_the_policys_looks_are_the_plan_if_it_has_any() -> None:
    assert await planned(Outside().clients, case()) == DECISION.looks


@pytest.mark.parametrize(
    ("old", "first", "last"), [(12, 340.0, 86_400.0), (60, 70.0, 1980.0), (1200, 20.0, 1980.0)]
)
async def test_without_them_it_is_made_from_the_old_rate(old: int, first: float, last: float) -> None:
    looks = await planned(Outside(counted=(old, 0)).clients, case(decision=replace(DECISION, looks=())))
    assert (looks[0], looks[-1]) == (first, last)


# Following the deployment ----------------------------------------------------------------------------------------


async def test_a_deployment_of_our_merge_that_succeeds_is_the_release() -> None:
    found = await released(Outside().clients, case(release=None))
    assert found == Release("shop@" + MERGE, MERGE, 31, "production", RELEASE.started_at, RELEASE.live_since)


@pytest.mark.parametrize(
    "outside",
    [
        Outside(exact=[]),
        Outside(exact=[], latest=deployment("9" * 40)),
        Outside(statuses=[]),
        Outside(statuses=[status("in_progress")]),
        Outside(statuses=[status("in_progress"), status("success")]),
        Outside(statuses=[status("queued")]),
    ],
)
async def test_v1_until_then_the_wait_goes_on(outside: Outside) -> None:
    assert await released(outside.clients, case(release=None)) is None


async def test_a_later_deployment_that_contains_our_merge_counts() -> None:
    outside = Outside(exact=[], latest=deployment("9" * 40), contained=True)
    found = await released(outside.clients, case(release=None))
    assert isinstance(found, Release)
    assert (found.sha, found.version) == ("9" * 40, "shop@" + "9" * 40)


@pytest.mark.parametrize("state", ["failure", "error"])
async def test_a_failed_deployment_was_rolled_back(state: str) -> None:
    stop = await released(Outside(statuses=[status(state, "canary unhealthy")]).clients, case(release=None))
    assert isinstance(stop, Stop)
    assert (stop.reason, "canary unhealthy" in stop.detail) == (Reason.ROLLED_BACK, True)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("shop@" + "c" * 40, "shop@" + MERGE),
        ("1.2.3+" + "c" * 7, "1.2.3+" + MERGE[:7]),
        ("c" * 40, MERGE),
        ("c" * 12, MERGE[:12]),
        ("v1.2.3", MERGE),
        (None, MERGE),
    ],
)
async def test_the_new_release_is_named_as_the_old_one_was(old: str | None, new: str) -> None:
    file = case(release=None, finding=replace(FINDING, release=old))
    found = await released(Outside().clients, file)
    assert isinstance(found, Release)
    assert found.version == new
