"""Verify: wait for the proof that our Action gives in the repository's own CI (`action/`).

The Action runs the new test on the base, where it must fail for the recorded reason, and on the head, where it must
pass. Nothing is run on the server.
"""

from __future__ import annotations

from app.clients import Clients
from app.clients.github.answers import PullState
from app.core.budget import CHECK_STARTS_SECONDS
from app.core.model import CaseFile, Evidence, Reason, Stage, Stop, given


async def verified(clients: Clients, case: CaseFile) -> Evidence | Stop | None:
    """Our check's success on exactly our head; a Stop if it is red or the head moved; None while it runs."""
    pull, decision = given(case.pull), given(case.decision)
    repo = clients.github.repository(case.incident.repository, case.incident.installation_id)
    runs = [
        run
        for run in await repo.check_runs(pull.head_sha)
        if run.name == decision.verify_check and run.app is not None and run.app.slug == CHECK_APP
    ]
    ended = [run for run in runs if run.status == "completed"]
    red = [run for run in ended if run.conclusion != "success" or run.head_sha != pull.head_sha]
    if not red and (not runs or len(ended) < len(runs)):
        state = await repo.pull_state(pull.number)
        if state.head_sha != pull.head_sha:
            return Stop(
                Stage.VERIFY,
                Reason.HANDED_OVER,
                "someone pushed to the branch; the pull request is theirs now",
            )
        if state.state == "CLOSED":
            return Stop(Stage.VERIFY, Reason.CLOSED, "the pull request was closed before it was verified")
        return None if runs else _never_started(decision.verify_check, state, repo.github_time())
    run = (red or runs)[0]
    if red:
        detail = f"the check `{run.name}` ended {run.conclusion} on {run.head_sha[:7]}: {run.html_url or ''}".rstrip(
            ": "
        )
        return Stop(Stage.VERIFY, Reason.CHECK_FAILED, detail)
    summary = "the new test fails on the base for the recorded reason and passes on the head"
    return Evidence(run.name, run.html_url or pull.url, run.head_sha, summary)


def _never_started(check: str, state: PullState, now: float | None) -> Stop | None:
    """A Stop once our check should have been there for long; both times are GitHub's, because ours may jump."""
    if now is None or now - state.created_at.timestamp() <= CHECK_STARTS_SECONDS:
        return None
    detail = (
        f"the check `{check}` has not started. Look at whether the workflow with our Action is on the base branch, "
        "runs on `pull_request`, and has a job of that name"
    )
    return Stop(Stage.VERIFY, Reason.CHECK_MISSING, detail)


# Workflows report as this app; a check of the same name by anybody else proves nothing.
CHECK_APP = "github-actions"
