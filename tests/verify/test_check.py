"""The proof that our Action reports: success of our own check, by GitHub Actions, on exactly our head."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from app.clients import Clients
from app.clients.github.answers import CheckRun, PullState
from app.core.budget import CHECK_STARTS_SECONDS
from app.core.model import Evidence, Reason, Stop
from app.verify.check import verified
from merge_samples import OTHER_APP, run, state
from samples import HEAD, PULL, case

RED = ["failure", "cancelled", "timed_out", "action_required", "startup_failure", "stale"]


@dataclass
class Repo:
    """A repository with one pull request."""

    pull: PullState = field(default_factory=state)
    runs: list[CheckRun] = field(default_factory=list)
    now: float | None = None

    def repository(self, _name: str, _installation: int) -> Repo:
        return self

    async def pull_state(self, number: int) -> PullState:
        assert number == PULL.number
        return self.pull

    async def check_runs(self, sha: str) -> list[CheckRun]:
        assert sha == HEAD
        return self.runs

    def github_time(self) -> float | None:
        return self.now

    @property
    def clients(self) -> Clients:
        return Clients(cast("Any", self), cast("Any", None))


async def test_our_check_on_our_head_is_evidence() -> None:
    found = await verified(Repo(runs=[run("autofix", "success"), run("ci", "failure")]).clients, case())
    assert isinstance(found, Evidence)
    assert found.head_sha == HEAD


@pytest.mark.parametrize(
    "runs",
    [
        [],
        [run("autofix", None)],
        [run("autofix", "success", OTHER_APP)],
        [run("autofix", "success", None)],
        [run("ci", "success")],
        [run("autofix", "success"), run("autofix", None)],
    ],
)
async def test_m12_without_it_the_wait_goes_on(runs: list[CheckRun]) -> None:
    assert await verified(Repo(runs=runs).clients, case()) is None


@pytest.mark.parametrize("conclusion", [*RED, "neutral", "skipped"])
async def test_m13_anything_but_success_is_a_failure(conclusion: str) -> None:
    red = run("autofix", conclusion)
    for runs in ([red], [run("autofix", "success"), red], [red, run("autofix", None)]):
        stop = await verified(Repo(runs=runs).clients, case())
        assert isinstance(stop, Stop)
        assert stop.reason is Reason.CHECK_FAILED
        assert stop.detail.startswith(f"the check `autofix` ended {conclusion} on {HEAD[:7]}")


async def test_m13_a_check_of_another_commit_is_a_failure() -> None:
    stop = await verified(Repo(runs=[run("autofix", "success", head_sha="f" * 40)]).clients, case())
    assert isinstance(stop, Stop)
    assert stop.reason is Reason.CHECK_FAILED


@pytest.mark.parametrize(
    ("changed", "reason"),
    [({"headRefOid": "f" * 40}, Reason.HANDED_OVER), ({"state": "CLOSED"}, Reason.CLOSED)],
)
async def test_a_pull_request_that_is_gone_is_not_waited_for(changed: dict[str, Any], reason: Reason) -> None:
    stop = await verified(Repo(state(**changed)).clients, case())
    assert isinstance(stop, Stop)
    assert stop.reason is reason


async def test_our_check_that_never_starts_is_not_waited_for() -> None:
    opened = state().created_at.timestamp()
    for now in (None, opened, opened + CHECK_STARTS_SECONDS):
        assert await verified(Repo(now=now).clients, case()) is None
    late = opened + CHECK_STARTS_SECONDS + 1
    assert await verified(Repo(runs=[run("autofix", None)], now=late).clients, case()) is None
    stop = await verified(Repo(runs=[run("ci", None)], now=late).clients, case())
    assert isinstance(stop, Stop)
    assert stop.reason is Reason.CHECK_MISSING
    assert "`autofix`" in stop.detail
