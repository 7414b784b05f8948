"""Every event the stand-in gives rise to, one function each, with the payload that GitHub sends."""

from __future__ import annotations

from typing import Any

from app.demo.github import mergeability
from app.demo.github.accounts import Account, Actor
from app.demo.github.git.objects import ZERO
from app.demo.github.render import accounts, actions, checks, commits, deployments, issues, pulls, rules
from app.demo.github.render.repositories import label as render_label
from app.demo.github.render.repositories import repository as render_repository
from app.demo.github.reports import CheckRun, CheckSuite, Deployment, DeploymentStatus, Status
from app.demo.github.site import Event, Site
from app.demo.github.state import Comment, Issue, Job, Label, Pull, Repository, Review, Ruleset, WorkflowRun


def emit(
    site: Site,
    repo: Repository,
    name: str,
    action: str | None,
    actor: Actor,
    body: dict[str, Any],
    *,
    only_app: int | None = None,
) -> None:
    """Give `body` what every payload carries, and tell the watchers."""
    payload = {**({"action": action} if action else {}), **body}
    payload["repository"] = render_repository(site, repo)
    payload["sender"] = accounts.simple_user(site, actor.user)
    if repo.owner.type == "Organization":
        payload["organization"] = accounts.organization(site, repo.owner)
    site.emit(Event(name, action, repo, payload, actor, actor.starts_workflows, only_app))


def pushed(
    site: Site,
    repo: Repository,
    ref: str,
    before: str | None,
    after: str | None,
    actor: Actor,
) -> None:
    """`push`, preceded by `create` or followed by `delete`."""
    kind = "tag" if ref.startswith("refs/tags/") else "branch"
    name = ref.split("/", 2)[2]
    if before is None:
        body = {"ref": name, "ref_type": kind, "master_branch": repo.default_branch}
        emit(site, repo, "create", None, actor, {**body, "description": None, "pusher_type": "user"})
    listed = repo.git.log(after, [before] if before else _other_heads(repo, ref)) if after else []
    span = f"{(before or ZERO)[:12]}...{(after or ZERO)[:12]}"
    forced = bool(before and after and not repo.git.contains(before, after))
    payload = {
        "ref": ref,
        "before": before or ZERO,
        "after": after or ZERO,
        "created": before is None,
        "deleted": after is None,
        "forced": forced,
        "base_ref": None,
        "compare": f"{accounts.HTML}/{repo.full_name}/compare/{span}",
        "commits": [commits.pushed_commit(site, repo, sha) for sha in reversed(listed[:20])],
        "head_commit": commits.pushed_commit(site, repo, after) if after else None,
        "pusher": {"name": actor.user.login, "email": actor.user.email or actor.user.noreply},
    }
    emit(site, repo, "push", None, actor, payload)
    if after is None:
        emit(site, repo, "delete", None, actor, {"ref": name, "ref_type": kind, "pusher_type": "user"})


def _other_heads(repo: Repository, ref: str) -> list[str]:
    return [sha for name, sha in repo.git.refs("refs/heads/").items() if name != ref]


def issue(site: Site, record: Issue, action: str, actor: Actor, **more: Any) -> None:
    """`issues`."""
    body = {"issue": issues.issue(site, record), **more}
    emit(site, record.repository, "issues", action, actor, body)


def labeled(site: Site, record: Issue, label: Label, actor: Actor, *, removed: bool = False) -> None:
    """`issues` or `pull_request`, labeled or unlabeled."""
    action = "unlabeled" if removed else "labeled"
    shown = render_label(site, record.repository, label)
    if record.pull:
        pull_request(site, record.pull, action, actor, label=shown)
    else:
        issue(site, record, action, actor, label=shown)


def comment(site: Site, record: Comment, action: str, actor: Actor, **more: Any) -> None:
    """`issue_comment`."""
    body = {"issue": issues.issue(site, record.issue), "comment": issues.comment(site, record), **more}
    emit(site, record.issue.repository, "issue_comment", action, actor, body)


def pull_request(site: Site, pull: Pull, action: str, actor: Actor, **more: Any) -> None:
    """`pull_request`."""
    shown = pulls.pull_request(site, pull, mergeability.known_state(pull))
    body = {"number": pull.number, "pull_request": shown, **more}
    emit(site, pull.repository, "pull_request", action, actor, body)


def review(site: Site, pull: Pull, record: Review, action: str, actor: Actor) -> None:
    """`pull_request_review`, whose review state is in lower case."""
    shown = pulls.review(site, pull, record)
    body = {
        "review": {**shown, "state": record.state.lower(), "body": record.body or None},
        "pull_request": pulls.simple_pull(site, pull),
    }
    emit(site, pull.repository, "pull_request_review", action, actor, body)


def check_run(site: Site, repo: Repository, run: CheckRun, action: str, actor: Actor) -> None:
    """`check_run`; a rerequest is told only to the app that owns the run."""
    suite = checks.check_suite(site, repo, run.suite)
    body = {"check_run": {**checks.check_run(site, repo, run), "check_suite": suite}}
    owner_only = action in {"rerequested", "requested_action"}
    emit(site, repo, "check_run", action, actor, body, only_app=run.suite.app.id if owner_only else None)


def check_suite(site: Site, repo: Repository, suite: CheckSuite, action: str, actor: Actor) -> None:
    """`check_suite`; only `completed` is told to other apps than the suite's own."""
    body = {"check_suite": checks.check_suite(site, repo, suite)}
    only = None if action == "completed" else suite.app.id
    emit(site, repo, "check_suite", action, actor, body, only_app=only)


def status(site: Site, repo: Repository, record: Status) -> None:
    """`status`."""
    heads = repo.git.refs("refs/heads/")
    body = {
        "id": record.id,
        "sha": record.sha,
        "name": repo.full_name,
        "target_url": record.target_url,
        "avatar_url": None,
        "context": record.context,
        "description": record.description,
        "state": record.state,
        "commit": commits.commit(site, repo, record.sha),
        "branches": [
            {"name": name[11:], "commit": {"sha": sha, "url": ""}, "protected": name[11:] in repo.protection}
            for name, sha in heads.items()
            if sha == record.sha
        ],
        "created_at": accounts.iso(record.created_at),
        "updated_at": accounts.iso(record.created_at),
    }
    emit(site, repo, "status", None, record.creator, body)


def deployment(site: Site, repo: Repository, record: Deployment) -> None:
    """`deployment` created."""
    body = {"deployment": deployments.deployment(site, repo, record), "workflow": None, "workflow_run": None}
    emit(site, repo, "deployment", "created", record.creator, body)


def deployment_status(site: Site, repo: Repository, record: DeploymentStatus) -> None:
    """`deployment_status` created. GitHub tells nobody of the state `inactive`."""
    if record.state == "inactive":
        return
    body = {
        "deployment_status": deployments.deployment_status(site, repo, record),
        "deployment": deployments.deployment(site, repo, record.deployment),
        "check_run": None,
        "workflow": None,
        "workflow_run": None,
    }
    emit(site, repo, "deployment_status", "created", record.creator, body)


def workflow_run(site: Site, run: WorkflowRun, action: str) -> None:
    """`workflow_run`."""
    body = {
        "workflow_run": actions.workflow_run(site, run),
        "workflow": actions.workflow(site, run.repository, run.workflow),
    }
    emit(site, run.repository, "workflow_run", action, run.actor, body)


def workflow_job(site: Site, record: Job, action: str) -> None:
    """`workflow_job`."""
    emit(
        site,
        record.run.repository,
        "workflow_job",
        action,
        record.run.actor,
        {"workflow_job": actions.job(site, record)},
    )


def ruleset(site: Site, repo: Repository, record: Ruleset, action: str, actor: Actor) -> None:
    """`repository_ruleset`."""
    body = {"repository_ruleset": rules.ruleset(site, repo, record, actor)}
    emit(site, repo, "repository_ruleset", action, actor, body)


def protection(site: Site, repo: Repository, branch: str, action: str, actor: Actor) -> None:
    """`branch_protection_rule`, in outline."""
    body = {"rule": {"name": branch, "repository_id": repo.id}}
    emit(site, repo, "branch_protection_rule", action, actor, body)


def dispatch(site: Site, repo: Repository, kind: str, payload: dict[str, Any], actor: Actor) -> None:
    """`repository_dispatch`."""
    body = {"branch": repo.default_branch, "client_payload": payload}
    emit(site, repo, "repository_dispatch", kind, actor, body)


def requested_reviewer(site: Site, pull: Pull, reviewer: Account, actor: Actor) -> None:
    """`pull_request` review_requested."""
    shown = accounts.simple_user(site, reviewer)
    pull_request(site, pull, "review_requested", actor, requested_reviewer=shown)
