"""Our pull request by hand, with everything as it should be. Tests change what they are about."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from app.clients.github.answers import CheckRun, CommitStatus, GitCommit, PullState, RequiredCheck
from app.clients.github.rules import BranchRules
from app.merge.facts import Facts, Ours
from samples import BASE, BOT, HEAD, TREE, case

ACTIONS, OTHER_APP = 15368, 999
REQUIRED = (
    RequiredCheck(context="autofix", integration_id=ACTIONS),
    RequiredCheck(context="ci", integration_id=ACTIONS),
)
RULES = BranchRules(checks=REQUIRED)
OPENED = "2026-11-03T10:00:00Z"
MOVED_TIP = "9" * 40
OURS = replace(Ours.of(case()), armed=True)

BOT_ACTOR = {"__typename": "Bot", "login": "autofix", "databaseId": BOT}
ALICE = {"__typename": "User", "login": "alice", "databaseId": 11}
ROBOT = {"__typename": "Bot", "login": "robot", "databaseId": 12}


def state(**changed: Any) -> PullState:
    """The pull request as GraphQL has it."""
    return PullState.model_validate(
        {
            "repository": "R_1",
            "headRepository": {"id": "R_1"},
            "author": BOT_ACTOR,
            "state": "OPEN",
            "createdAt": OPENED,
            "isDraft": False,
            "merged": False,
            "mergedAt": None,
            "mergeable": "MERGEABLE",
            "mergeStateStatus": "BLOCKED",
            "headRefOid": HEAD,
            "commits": {"totalCount": 1},
            "baseRefName": "main",
            "baseRef": {"target": {"oid": BASE}},
            "mergeCommit": None,
            "autoMergeRequest": {"enabledBy": BOT_ACTOR},
            "isInMergeQueue": False,
            "mergeQueueEntry": None,
            "reviewDecision": None,
            "latestOpinionatedReviews": {"nodes": []},
            "reviewRequests": {"nodes": []},
            **changed,
        }
    )


def run(name: str, conclusion: str | None = "success", app: int | None = ACTIONS, **changed: Any) -> CheckRun:
    """A check run of the head; without a conclusion it still runs."""
    return CheckRun.model_validate(
        {
            "id": 1,
            "name": name,
            "status": "completed" if conclusion else "in_progress",
            "conclusion": conclusion,
            "head_sha": HEAD,
            "html_url": "https://github.com/acme/shop/runs/1",
            "app": {"id": app, "slug": "github-actions" if app == ACTIONS else "other"} if app else None,
            "check_suite": {"id": 70},
            **changed,
        }
    )


def status(context: str, reported: str = "success") -> CommitStatus:
    """A commit status of the head."""
    return CommitStatus.model_validate({"context": context, "state": reported, "updated_at": OPENED})


def review(reported: str, author: dict[str, Any] | None = None) -> dict[str, Any]:
    """Somebody's last opinion."""
    return {"state": reported, "author": author or ALICE}


def commit(sha: str = HEAD, tree: str = TREE, parent: str = BASE, **changed: Any) -> GitCommit:
    """A commit that GitHub has signed."""
    whole = {
        "sha": sha,
        "message": "ours",
        "tree": {"sha": tree},
        "parents": [{"sha": parent}],
        "verification": {"verified": True},
    }
    return GitCommit.model_validate(whole | changed)


GREEN = (run("autofix"), run("ci"))


def facts(
    runs: tuple[CheckRun, ...] = GREEN,
    statuses: tuple[CommitStatus, ...] = (),
    rules: BranchRules = RULES,
    head: GitCommit | None = None,
    base_texts: dict[str, str] | None = None,
    now: float | None = None,
    **changed: Any,
) -> Facts:
    """One look; `changed` goes into the pull request."""
    return Facts(
        state=state(**changed),
        rules=rules,
        runs=runs,
        statuses=statuses,
        commit=head or commit(),
        actions_id=ACTIONS,
        base_texts=base_texts,
        now=now,
    )
