from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, cast

import httpx
import pytest
import respx

import hostile_answers as hostile
from app.clients import Clients
from app.clients.github.answers import Account, Deployment, DeploymentStatus
from app.clients.sentry import Sentry
from app.clients.tracker import Intake, NewIssue, Users
from app.core.counts import Counts, filled
from app.core.errors import ClientError, Malformed, Unavailable
from app.core.model import Finding, Judgement, Reason, Release, RolloutPlan, Stop, Verdict, Window
from app.observe import judge_release, planned, released
from app.observe.judge import recurred
from samples import DECISION, FINDING, MERGE, RELEASE, case

NOW = RELEASE.live_since + 600
LOOKS = (120.0, 600.0)
DEPLOYER, MALLORY = (
    Account(id=at, login=name, type="Bot") for at, name in ((5, "deployer[bot]"), (6, "mallory"))
)
HISTORY = RELEASE.started_at - 3600.0
OLD, NEW = FINDING.release, RELEASE.version


def status(state: str, description: str = "", at: float = RELEASE.live_since) -> DeploymentStatus:
    when = datetime.fromtimestamp(at, UTC).isoformat()
    return DeploymentStatus(id=1, state=state, description=description, created_at=when)


def deployment(
    sha: str = MERGE, *, number: int = 31, environment: str = "production", at: float = RELEASE.started_at
) -> Deployment:
    when = datetime.fromtimestamp(at, UTC).isoformat()
    return Deployment(id=number, sha=sha, environment=environment, created_at=when)


def evenly(number: int, start: float, end: float) -> list[float]:
    """So many moments, as far apart as can be."""
    return [start + (end - start) * (at + 0.5) / number for at in range(number)]


@dataclass
class Outside:
    """GitHub's deployments, and a tracker that counts what happened at which moment on which release."""

    deployed: dict[int, tuple[Deployment, list[DeploymentStatus]]] = field(
        default_factory=lambda: {31: (deployment(), [status("success")])}
    )
    contained: bool = False
    old: Iterable[float] = field(default_factory=lambda: evenly(60, HISTORY, RELEASE.started_at))
    new: Iterable[float] = ()
    others: dict[str | None, list[float]] = field(default_factory=dict)
    per_minute: tuple[int | None, int | None] = (100, 100)
    units: tuple[str, str] = ("requests", "requests")
    known: bool = True
    complete_until: float = NOW + 9e9
    people: dict[float, str] | None = None
    taken: tuple[Intake | None, Intake | None] = (Intake(60, 0, 0), Intake(0, 0, 0))
    novel: dict[str | None, tuple[NewIssue, ...]] | None = field(default_factory=dict)
    changed: tuple[str, ...] = ()
    canary: tuple[float, float, float] | None = None
    fault: ClientError | None = None
    asked: list[tuple[str | None, float, float]] = field(default_factory=list)

    # GitHub

    def repository(self, _name: str, _installation: int) -> Outside:
        return self

    @property
    def rollouts(self) -> Outside:
        return self

    def github_time(self) -> float:
        return RELEASE.live_since

    async def deployments(self, environment: str, *, sha: str | None = None, most: int) -> list[Deployment]:
        assert most > 0
        return [
            one
            for one, _ in self.deployed.values()
            if one.environment == environment and sha in (None, one.sha)
        ]

    async def compared(self, _base: str, _head: str) -> str:
        return "ahead" if self.contained else "diverged"

    async def deployment_statuses(self, number: int) -> list[DeploymentStatus]:
        return self.deployed[number][1]

    # The tracker

    async def errors(
        self, finding: Finding, *, start: datetime, end: datetime, release: str | None = None
    ) -> Counts:
        assert start < end
        assert finding.group == FINDING.group
        if self.fault is not None:
            raise self.fault
        self.asked.append((release, start.timestamp(), end.timestamp()))
        return self._counts("errors", self._moments(release), start, end)

    async def traffic(
        self, _finding: Finding, *, start: datetime, end: datetime, release: str | None = None
    ) -> Counts | None:
        if self.canary is not None and start.timestamp() == self.canary[0]:
            share = self.canary[1] if release is not None else 1.0
            return self._counts(
                "requests", evenly(int(1000 * share), self.canary[0], self.canary[2]), start, end
            )
        number = self.per_minute[release is not None]
        if number is None:
            return None
        since, until = (RELEASE.live_since, NOW) if release is not None else (HISTORY, RELEASE.live_since)
        every = evenly(round(number * (until - since) / 60), since, until)
        return self._counts(self.units[release is not None], every, start, end)

    async def users(
        self, _finding: Finding, *, start: datetime, end: datetime, release: str | None = None
    ) -> Users | None:
        if self.people is None:
            return None
        met = {
            at: self.people.get(at)
            for at in self._moments(release)
            if start.timestamp() <= at < end.timestamp()
        }
        if None in met.values():
            return None
        once: dict[tuple[float, str | None], float] = {(at // 60, who): at for at, who in met.items()}
        return Users(len(set(met.values())), self._counts("users", once.values(), start, end))

    async def all_errors(
        self, _finding: Finding, *, start: datetime, end: datetime, release: str | None = None
    ) -> Counts | None:
        every = [
            at
            for name, moments in self.others.items()
            for at in moments
            if release is None or name == release
        ]
        return self._counts("errors", [*every, *self._moments(release)], start, end)

    async def new_issues(
        self, _finding: Finding, *, start: datetime, end: datetime, release: str | None = None
    ) -> tuple[NewIssue, ...] | None:
        assert end > start
        return self.novel.get(release, ()) if self.novel is not None else None

    async def intake(self, _finding: Finding, *, start: datetime, end: datetime) -> Intake | None:
        return self.taken[end.timestamp() > RELEASE.started_at or start.timestamp() > RELEASE.started_at]

    async def changes(self, _finding: Finding, *, since: datetime) -> tuple[str, ...]:
        assert since.timestamp() <= RELEASE.started_at
        return self.changed

    async def known_release(self, _finding: Finding, version: str) -> object | None:
        return version if self.known else None

    def _moments(self, release: str | None) -> list[float]:
        return [*self.new] if release == NEW else [*self.old] if release == OLD else [*self.old, *self.new]

    def _counts(self, of: str, moments: Iterable[float], start: datetime, end: datetime) -> Counts:
        return filled(
            of,
            ((at, 1) for at in moments),
            start.timestamp(),
            end.timestamp(),
            complete_until=self.complete_until,
        )

    @property
    def ends(self) -> set[float]:
        """Up to when the errors of the new release were asked for."""
        return {end for release, _, end in self.asked if release is not None}

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
    assert not verdict.pending
    assert "dropped" not in verdict.explanation
    assert outside.ends == {NOW}


async def test_the_chart_shows_each_minute_with_the_moment_at_which_the_release_went_live() -> None:
    noisy = Outside(new=[RELEASE.live_since + 61.0, RELEASE.live_since + 62.0])
    title, line, live = (await _judged(noisy)).picture.splitlines()
    assert title == "events in each minute, at most 2"
    before, after = line.split("│")
    assert len(before) == RELEASE.live_since // 60 - math.ceil(HISTORY / 60)
    assert set(before) == {"▅", "·"}
    assert after == "·█·" + "·" * (len(after) - 3)
    assert live.strip().endswith("08:09 live")


@pytest.mark.parametrize("after", [0, None])
async def test_v3_silence_without_traffic_is_inconclusive(after: int | None) -> None:
    verdict = await _judged(Outside(per_minute=(100, after)))
    assert verdict.judgement is Judgement.INCONCLUSIVE
    assert verdict.explanation.startswith("no requests were seen on the new release; ")


async def test_sessions_are_no_requests() -> None:
    assert (await _judged(Outside(units=("sessions", "sessions")))).after.unit == "sessions"
    verdict = await _judged(Outside(units=("requests", "sessions")))
    assert (verdict.judgement, verdict.after.exposure) == (Judgement.INCONCLUSIVE, 0.0)


async def test_where_no_traffic_is_known_time_counts() -> None:
    verdict = await _judged(Outside(per_minute=(None, None)))
    assert (verdict.judgement, verdict.after.unit, verdict.after.exposure) == (
        Judgement.FIXED,
        "seconds",
        600.0,
    )


async def test_v3_a_release_that_sentry_never_heard_of_proves_nothing() -> None:
    verdict = await _judged(Outside(per_minute=(None, None), known=False))
    assert verdict.judgement is Judgement.INCONCLUSIVE


async def test_v3_half_of_the_usual_traffic_is_too_little() -> None:
    verdict = await _judged(Outside(old=evenly(600, HISTORY, RELEASE.started_at), per_minute=(100, 49)))
    assert (verdict.judgement, verdict.explanation.count("49% of the requests")) == (
        Judgement.INCONCLUSIVE,
        1,
    )


def _forged() -> Outside:
    """Somebody says that our deployment failed, and that another commit was deployed over it."""
    other = deployment("9" * 40, number=32, at=RELEASE.live_since + 50).model_copy(
        update={"creator": MALLORY}
    )
    later = status("success", at=RELEASE.live_since + 60).model_copy(update={"creator": MALLORY})
    failed = status("failure", at=RELEASE.live_since + 40).model_copy(update={"creator": MALLORY})
    ours = deployment().model_copy(update={"creator": DEPLOYER})
    live = status("success").model_copy(update={"creator": DEPLOYER})
    return Outside(deployed={31: (ours, [failed, live]), 32: (other, [later])})


async def test_v1_during_the_watch_only_the_reporters_of_the_policy_are_believed() -> None:
    believed = replace(DECISION, rollout=RolloutPlan(reporters=("deployer[bot]",)))
    verdict = await judge_release(_forged().clients, case(decision=believed), LOOKS)
    assert isinstance(verdict, Verdict)
    assert verdict.judgement is Judgement.FIXED
    # Without them, whoever has write access may report: GitHub takes it from nobody else.
    assert isinstance(await judge_release(_forged().clients, case(), LOOKS), Stop)


async def test_v1_a_success_that_somebody_else_reports_is_none() -> None:
    believed = replace(DECISION, rollout=RolloutPlan(reporters=("deployer[bot]",)))
    outside = _forged()
    outside.deployed[31] = (outside.deployed[31][0], outside.deployed[32][1])
    assert await released(outside.clients, case(decision=believed, release=None)) is None
    stop = await judge_release(outside.clients, case(decision=believed), LOOKS)
    assert isinstance(stop, Stop)


async def test_v1_another_environment_says_nothing_about_production() -> None:
    outside = Outside()
    staging = deployment("9" * 40, number=32, environment="staging", at=RELEASE.live_since + 50)
    outside.deployed[32] = (staging, [status("success", at=RELEASE.live_since + 60)])
    assert (await _judged(outside)).judgement is Judgement.FIXED
    named_so = status("failure").model_copy(update={"environment": "staging"})
    outside.deployed[31] = (deployment(), [named_so, status("success")])
    assert (await _judged(outside)).judgement is Judgement.FIXED


@pytest.mark.parametrize(
    ("state", "reason"),
    [("failure", Reason.ROLLED_BACK), ("error", Reason.ROLLED_BACK), ("inactive", Reason.INCONCLUSIVE)],
)
async def test_v2_a_deployment_that_ends_ends_the_watch(state: str, reason: Reason) -> None:
    for statuses in ([status(state)], [status(state), status("success")]):
        outside = Outside(deployed={31: (deployment(), statuses)})
        stop = await judge_release(outside.clients, case(), LOOKS)
        assert isinstance(stop, Stop)
        assert stop.reason is reason
    gone = await judge_release(Outside(deployed={31: (deployment(), [])}).clients, case(), LOOKS)
    assert isinstance(gone, Stop)


async def test_v2_what_was_live_in_between_ends_the_watch_although_ours_is_live_again() -> None:
    other, ours = "9" * 40, deployment()
    between = status("success", at=RELEASE.live_since + 100)
    outside = Outside(
        contained=True,
        deployed={
            31: (ours, [status("success")]),
            32: (deployment(other, number=32, at=RELEASE.live_since + 50), [status("inactive"), between]),
        },
    )
    stop = await judge_release(outside.clients, case(), LOOKS)
    assert isinstance(stop, Stop)
    assert stop.reason is Reason.INCONCLUSIVE
    assert "9999999 (deployment 32 to `production`) was live there in between" in stop.detail
    outside.deployed[32] = (outside.deployed[32][0], [status("failure")])
    assert isinstance(await judge_release(outside.clients, case(), LOOKS), Verdict)


async def test_v10_what_may_still_be_late_is_not_looked_at() -> None:
    outside = Outside()
    await _judged(outside, decision=replace(DECISION, lag=60.0))
    assert outside.ends == {RELEASE.live_since + 120}


async def test_v10_before_the_first_look_nothing_is_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.observe.time.time", lambda: RELEASE.live_since - 30)
    outside = Outside(new=evenly(9, RELEASE.live_since, NOW))
    verdict = await _judged(outside)
    assert (verdict.judgement, verdict.after.events, verdict.pending) == (Judgement.INCONCLUSIVE, 0, False)
    assert outside.ends == set()


async def test_v10_a_look_whose_counts_are_not_complete_waits_and_the_one_before_is_judged() -> None:
    early = Outside(complete_until=NOW - 1, new=evenly(30, RELEASE.live_since + 130, NOW))
    verdict = await _judged(early)
    assert (verdict.after.events, verdict.after.seconds, verdict.pending) == (0, 120.0, True)
    assert verdict.judgement is Judgement.INCONCLUSIVE
    assert "what came later may not all be counted yet" in verdict.explanation
    assert not (await _judged(replace(early, complete_until=NOW))).pending


@pytest.mark.parametrize(
    ("until", "when"), [(RELEASE.live_since + 119, "since"), (RELEASE.started_at - 1, "before")]
)
async def test_v10_what_is_incomplete_from_the_start_is_no_success(until: float, when: str) -> None:
    verdict = await _judged(Outside(complete_until=until))
    assert (verdict.judgement, verdict.pending) == (Judgement.INCONCLUSIVE, True)
    assert f"not everything {when} the deployment is counted yet" in verdict.explanation


async def test_v11_polled_between_two_looks_the_answer_stays_that_of_the_look(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    outside = Outside()
    for seconds in range(600, 900, 7):
        monkeypatch.setattr("app.observe.time.time", lambda seconds=seconds: RELEASE.live_since + seconds)
        await _judged(outside)
    assert outside.ends == {RELEASE.live_since + 600}


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


@respx.mock
@pytest.mark.parametrize("answer", hostile.ANSWERS)
async def test_v4_whatever_the_tracker_answers_it_is_no_success_and_no_crash(answer: bytes) -> None:
    respx.route().respond(200, content=answer)

    async def at_once(_seconds: float) -> None:
        return None

    async with httpx.AsyncClient(trust_env=False) as http:
        sentry = Sentry(http, "https://de.sentry.io", "canary-token", sleep=at_once, now=lambda: NOW)
        clients = Clients(cast("Any", Outside()), sentry)
        last: Verdict | None = None
        for _ in range(4):
            verdict = await judge_release(clients, case(verdict=last), LOOKS)
            assert isinstance(verdict, Verdict)
            assert verdict.judgement in (Judgement.INCONCLUSIVE, Judgement.ERROR)
            last = verdict
    assert last is not None
    assert last.judgement is Judgement.ERROR


@pytest.mark.parametrize(
    ("taken", "expected", "said"),
    [
        (Intake(98, 2, 0), Judgement.INCONCLUSIVE, "2% of the events were dropped"),
        (Intake(0, 1, 0), Judgement.INCONCLUSIVE, "100% of the events were dropped"),
        (Intake(100, 1, 0), Judgement.FIXED, "0 events"),
        (None, Judgement.FIXED, "whether events were dropped is not known"),
    ],
)
async def test_v5_events_that_the_tracker_refused_are_no_silence(
    taken: Intake | None, expected: Judgement, said: str
) -> None:
    verdict = await _judged(Outside(taken=(Intake(60, 0, 0), taken)))
    assert (verdict.judgement, said in verdict.explanation) == (expected, True)


async def test_v5_errors_that_outnumber_the_requests_do_not_speak_against_the_release() -> None:
    flood = Outside(new=evenly(5_000, RELEASE.live_since, NOW))
    verdict = await _judged(flood)
    assert (verdict.judgement, "more errors than requests" in verdict.explanation) == (
        Judgement.INCONCLUSIVE,
        True,
    )


@pytest.mark.parametrize("change", ["the issue was set to ignored", "the issue was merged into another one"])
async def test_v6_what_was_done_to_the_issue_makes_it_inconclusive(change: str) -> None:
    verdict = await _judged(Outside(changed=(change,)))
    assert (verdict.judgement, change in verdict.explanation) == (Judgement.INCONCLUSIVE, True)


@pytest.mark.parametrize(
    ("before", "after", "changed"),
    [
        (Intake(600, 0, 0), Intake(2, 0, 30), True),
        (Intake(300, 0, 300), Intake(60, 0, 0), True),
        (Intake(300, 0, 300), Intake(25, 0, 31), False),
        (Intake(600, 0, 0), Intake(60, 0, 0), False),
        (None, Intake(2, 0, 30), False),
    ],
)
async def test_v6_a_program_that_samples_otherwise_than_before_makes_it_inconclusive(
    before: Intake | None, after: Intake, *, changed: bool
) -> None:
    verdict = await _judged(Outside(taken=(before, after)))
    assert ("keeps back another part" in verdict.explanation) is changed
    assert verdict.judgement is (Judgement.INCONCLUSIVE if changed else Judgement.FIXED)


@pytest.mark.parametrize(
    ("found", "usual", "expected"),
    [
        ((), (), Judgement.FIXED),
        ((NewIssue("SHOP-12", 4), NewIssue("SHOP-13", 1)), (), Judgement.INCONCLUSIVE),
        ((NewIssue("SHOP-12", 9), NewIssue("SHOP-13", 1)), (NewIssue("SHOP-7", 10),), Judgement.FIXED),
        ((NewIssue("SHOP-12", 90),), (NewIssue("SHOP-7", 10),), Judgement.REGRESSED),
    ],
)
async def test_v7_an_error_that_moves_to_new_issues_on_the_release_is_not_fixed(
    found: tuple[NewIssue, ...], usual: tuple[NewIssue, ...], expected: Judgement
) -> None:
    verdict = await _judged(Outside(novel={NEW: found, None: usual}))
    assert verdict.judgement is expected
    assert expected is Judgement.FIXED or found[0].name in verdict.explanation


async def test_v7_a_tracker_that_cannot_tell_new_issues_does_not_stand_in_the_way() -> None:
    assert (await _judged(Outside(novel=None))).judgement is Judgement.FIXED


@pytest.mark.parametrize(("old", "expected"), [(3, Judgement.INCONCLUSIVE), (60, Judgement.FIXED)])
async def test_v8_few_events_before_are_too_few_to_see_silence(old: int, expected: Judgement) -> None:
    verdict = await _judged(Outside(old=evenly(old, HISTORY, RELEASE.started_at)))
    assert verdict.judgement is expected
    assert expected is Judgement.FIXED or "more to be sure" in verdict.explanation


def _retried(clients: int) -> dict[float, str]:
    """Each client fails 40 times within a few seconds."""
    begun = evenly(clients, HISTORY, RELEASE.started_at - 120)
    return {at + 0.1 * again: f"client {at}" for at in begun for again in range(40)}


async def test_v9_one_client_that_retries_is_one_burst_and_not_many_errors() -> None:
    retried = _retried(3)
    verdict = await _judged(Outside(old=retried))
    assert (verdict.judgement, verdict.before.events) == (Judgement.INCONCLUSIVE, 120)
    assert "bursts of about 38.6" in verdict.explanation


async def test_v9_where_every_event_names_its_user_users_are_counted() -> None:
    few, many = _retried(3), _retried(60)
    assert (await _judged(Outside(old=few, people=few))).judgement is Judgement.INCONCLUSIVE
    verdict = await _judged(Outside(old=many, people=many))
    assert (verdict.judgement, "users are counted" in verdict.explanation) == (Judgement.FIXED, True)
    # 30 events of one user are not one more user, and so no reason to doubt.
    again = dict.fromkeys(evenly(30, RELEASE.live_since, NOW), "client 7")
    verdict = await _judged(Outside(old=many, new=again, people=many | again))
    assert "1 event where 10.0 were to be expected" in verdict.explanation


async def test_v9_events_without_a_user_are_never_no_users() -> None:
    many = _retried(60)
    nameless = evenly(600, RELEASE.live_since, NOW)
    verdict = await _judged(Outside(old=many, new=nameless, people=many))
    assert "users are counted" not in verdict.explanation
    assert verdict.judgement is not Judgement.FIXED


@pytest.mark.parametrize(("again", "back"), [(0, False), (2, False), (30, True)])
async def test_v12_after_fixed_an_error_that_comes_back_is_noticed(again: int, *, back: bool) -> None:
    verdict = await _judged(Outside(new=[RELEASE.live_since + 7]))
    assert verdict.judgement is Judgement.FIXED
    assert recurred(verdict, Window(again, 1_000.0, "requests", 600.0)) is back


async def test_the_policys_looks_are_the_plan_if_it_has_any() -> None:
    assert await planned(Outside().clients, case()) == DECISION.looks


@pytest.mark.parametrize(
    ("old", "first", "last"), [(12, 340.0, 86_400.0), (60, 70.0, 1980.0), (1200, 17.0, 1980.0)]
)
async def test_without_them_it_is_made_from_the_old_rate(old: int, first: float, last: float) -> None:
    outside = Outside(old=evenly(old, HISTORY, RELEASE.started_at))
    looks = await planned(outside.clients, case(decision=replace(DECISION, looks=())))
    assert (looks[0], looks[-1]) == (first, last)


# The canary against what runs beside it --------------------------------------------------------------------------

CANARY_FROM, CANARY_TO = RELEASE.started_at - 300, RELEASE.live_since
WITH_CANARY = replace(DECISION, rollout=RolloutPlan(canary="canary", longest_seconds=86_400))


def _canary(canary: int, baseline: int) -> Outside:
    """So many other errors on each side in the minutes in which a tenth of the traffic went to the canary."""
    both: dict[str | None, list[float]] = {
        NEW: evenly(canary, CANARY_FROM, CANARY_TO) if canary else [],
        OLD: evenly(baseline, CANARY_FROM, CANARY_TO),
    }
    on_canary = deployment(number=30, environment="canary", at=CANARY_FROM - 20)
    return Outside(
        deployed={30: (on_canary, [status("success", at=CANARY_FROM)])},
        others=both,
        canary=(CANARY_FROM, 0.1, CANARY_TO),
    )


def _canary_case(**changed: object) -> Any:
    return case(decision=WITH_CANARY, **changed)


@pytest.mark.parametrize(("canary", "baseline", "worse"), [(12, 18, True), (3, 27, False), (0, 30, False)])
async def test_a_canary_that_is_worse_ends_the_wait_before_production_follows(
    monkeypatch: pytest.MonkeyPatch, canary: int, baseline: int, *, worse: bool
) -> None:
    monkeypatch.setattr("app.observe.time.time", lambda: CANARY_TO)
    stop = await released(_canary(canary, baseline).clients, _canary_case(release=None))
    if not worse:
        assert stop is None
        return
    assert isinstance(stop, Stop)
    assert stop.reason is Reason.REGRESSED
    assert "before production followed: the canary has 12 of all 30 errors, with 10% of the" in stop.detail


async def test_while_the_tracker_gives_no_answer_about_the_canary_the_wait_goes_on() -> None:
    outside = replace(_canary(12, 18), fault=Unavailable("Sentry answered 500"))
    assert await released(outside.clients, _canary_case(release=None)) is None


@pytest.mark.parametrize(("canary", "expected"), [(12, Judgement.REGRESSED), (3, Judgement.FIXED)])
async def test_the_verdict_holds_the_canary_against_the_baseline(canary: int, expected: Judgement) -> None:
    outside = _canary(canary, 18)
    outside.deployed[31] = (deployment(), [status("success")])
    found = await released(outside.clients, _canary_case(release=None))
    assert isinstance(found, Release)
    assert found.canary_since == CANARY_FROM
    verdict = await judge_release(outside.clients, _canary_case(release=found), LOOKS)
    assert isinstance(verdict, Verdict)
    assert verdict.judgement is expected


async def test_v5_more_errors_than_requests_on_the_canary_do_not_speak_against_it() -> None:
    assert await released(_canary(2_000, 18).clients, _canary_case(release=None)) is None


# Following the deployment ----------------------------------------------------------------------------------------


async def test_a_deployment_of_our_merge_that_succeeds_is_the_release() -> None:
    found = await released(Outside().clients, case(release=None))
    assert found == RELEASE


@pytest.mark.parametrize(
    "outside",
    [
        Outside(deployed={}),
        Outside(deployed={31: (deployment("9" * 40), [status("success")])}),
        Outside(deployed={31: (deployment(environment="staging"), [status("success")])}),
        Outside(deployed={31: (deployment(), [])}),
        Outside(deployed={31: (deployment(), [status("in_progress")])}),
        Outside(deployed={31: (deployment(), [status("in_progress"), status("success")])}),
        Outside(deployed={31: (deployment(), [status("queued")])}),
    ],
)
async def test_v1_until_then_the_wait_goes_on(outside: Outside) -> None:
    assert await released(outside.clients, case(release=None)) is None


async def test_a_later_deployment_that_contains_our_merge_counts() -> None:
    outside = Outside(deployed={31: (deployment("9" * 40), [status("success")])}, contained=True)
    found = await released(outside.clients, case(release=None))
    assert isinstance(found, Release)
    assert (found.sha, found.version) == ("9" * 40, "shop@" + "9" * 40)


@pytest.mark.parametrize("state", ["failure", "error"])
async def test_a_failed_deployment_was_rolled_back(state: str) -> None:
    outside = Outside(deployed={31: (deployment(), [status(state, "canary unhealthy")])})
    stop = await released(outside.clients, case(release=None))
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
