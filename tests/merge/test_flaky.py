"""Which red checks get their one second chance, and which do not: every reason by itself."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import cast

import pytest

from app.clients.github import RepositoryClient
from app.clients.github.answers import CheckRun, CommitStatus, RequiredCheck, WorkflowRun
from app.core.errors import Refused
from app.merge.flaky import second_chance
from merge_samples import OTHER_APP, OURS, RULES, facts, run, status
from samples import HEAD

# Checks of any app, or even commit statuses, as a team may require them beside our own.
LOOSE = replace(RULES, checks=(RULES.checks[0], RequiredCheck(context="ci"), RequiredCheck(context="lint")))
RED = run("ci", "failure")
LINT = run("lint", "failure", check_suite={"id": 71})


def workflow(number: int = 1, suite: int = 70, attempt: int = 1, ended: str = "completed") -> WorkflowRun:
    return WorkflowRun(id=number, status=ended, run_attempt=attempt, check_suite_id=suite)


@dataclass
class Repo:
    """The workflow runs of our head; `refuses` is what GitHub says to a rerun."""

    runs: list[WorkflowRun] = field(default_factory=lambda: [workflow()])
    refuses: str = ""
    asked: list[int] = field(default_factory=list)

    async def workflow_runs(self, sha: str) -> list[WorkflowRun]:
        assert sha == HEAD
        return self.runs

    async def rerun_failed_jobs(self, number: int) -> None:
        self.asked.append(number)
        if self.refuses:
            raise Refused(self.refuses)


async def chance(
    repo: Repo, runs: tuple[CheckRun, ...] = (RED,), statuses: tuple[CommitStatus, ...] = ()
) -> bool:
    return await second_chance(
        cast("RepositoryClient", repo), facts(runs=runs, statuses=statuses, rules=LOOSE), OURS
    )


GIVEN: dict[str, tuple[tuple[CheckRun, ...], list[WorkflowRun], str, list[int]]] = {
    "a failure": ((RED,), [workflow()], "", [1]),
    "a time-out": ((run("ci", "timed_out"),), [workflow()], "", [1]),
    "two workflows": ((RED, LINT), [workflow(1), workflow(2, suite=71)], "", [1, 2]),
    "one of two runs again already": (
        (RED, LINT),
        [workflow(1, attempt=2, ended="queued"), workflow(2, suite=71)],
        "",
        [2],
    ),
    "another workflow had its chance": ((RED,), [workflow(1), workflow(2, suite=72, attempt=2)], "", [1]),
    "somebody was quicker": ((RED,), [workflow()], "This workflow is already running", [1]),
}


@pytest.mark.parametrize("name", GIVEN)
async def test_what_may_be_flaky_is_run_again(name: str) -> None:
    runs, workflows, refuses, asked = GIVEN[name]
    repo = Repo(workflows, refuses)
    assert await chance(repo, runs)
    assert repo.asked == asked


NOT_GIVEN: dict[str, tuple[tuple[CheckRun, ...], tuple[CommitStatus, ...]]] = {
    "nothing red": ((run("autofix"), run("ci"), run("lint")), ()),
    "our own proof": ((run("autofix", "failure"),), ()),
    "our own proof beside another": ((RED, run("autofix", "failure")), ()),
    "cancelled by a person": ((run("ci", "cancelled"),), ()),
    "waits for a person": ((run("ci", "action_required"),), ()),
    "another app's check": ((run("ci", "failure", OTHER_APP),), ()),
    "nobody's check": ((run("ci", "failure", None),), ()),
    "of no suite": ((run("ci", "failure", check_suite=None),), ()),
    "a red commit status": ((), (status("lint", "failure"),)),
    "a red commit status beside it": ((RED,), (status("lint", "failure"),)),
}


@pytest.mark.parametrize("name", NOT_GIVEN)
async def test_what_cannot_be_flaky_is_red_at_once(name: str) -> None:
    repo = Repo()
    assert not await chance(repo, *NOT_GIVEN[name])
    assert repo.asked == []


@pytest.mark.parametrize("workflows", [[], [workflow(suite=71)], [workflow(attempt=2)]])
async def test_what_has_no_workflow_or_was_run_again_before_is_red(workflows: list[WorkflowRun]) -> None:
    repo = Repo(workflows)
    assert not await chance(repo)
    assert repo.asked == []


async def test_one_red_check_without_its_workflow_takes_the_chance_from_the_other() -> None:
    repo = Repo()
    assert not await chance(repo, (RED, LINT))
    assert repo.asked == []


async def test_a_refused_rerun_leaves_it_red() -> None:
    assert not await chance(Repo(refuses="Resource not accessible by integration"))
