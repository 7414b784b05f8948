"""A red check's one second chance.

That it was used is read from GitHub's own count of attempts, which a restart of ours cannot forget.
"""

from __future__ import annotations

from collections.abc import Sequence

from app.clients.github import RepositoryClient
from app.clients.github.answers import CheckRun
from app.core.errors import Refused
from app.merge.checks import assess
from app.merge.facts import Facts, Ours
from app.merge.rules import CHECK_APP

# A person's cancellation, or a run that waits for one, is no flakiness.
MAYBE_FLAKY = frozenset({"failure", "timed_out"})


async def second_chance(repo: RepositoryClient, facts: Facts, ours: Ours) -> bool:
    """True if everything red is being run again, for the one time: there is no verdict yet.

    False means that red is red: it is our own check, it is not GitHub Actions', it has been run again before, or we
    have not the permission (`actions: write`, which a team may grant).
    """
    checks = assess(facts.rules.checks, ours.verify_check, ours.pull.head_sha, facts.runs, facts.statuses)
    if len(checks.red_runs) < len(checks.red) or not _may_be_flaky(checks.red_runs, ours.verify_check):
        return False
    suites = {run.check_suite.id for run in checks.red_runs if run.check_suite is not None}
    runs = [run for run in await repo.workflow_runs(ours.pull.head_sha) if run.check_suite_id in suites]
    ended = [run for run in runs if run.status == "completed"]
    if {run.check_suite_id for run in runs} != suites or any(run.run_attempt > 1 for run in ended):
        return False
    for run in ended:
        try:
            await repo.rerun_failed_jobs(run.id)
        except Refused as fault:
            if "already running" not in str(fault):
                return False
    return True


def _may_be_flaky(runs: Sequence[CheckRun], own: str) -> bool:
    return bool(runs) and all(
        run.name != own
        and run.conclusion in MAYBE_FLAKY
        and run.check_suite is not None
        and run.app is not None
        and run.app.slug == CHECK_APP
        for run in runs
    )
