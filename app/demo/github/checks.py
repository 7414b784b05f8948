"""Check suites, check runs and commit statuses: who reported what on which commit."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from app.demo.github import events
from app.demo.github.accounts import Actor, App
from app.demo.github.errors import unprocessable
from app.demo.github.reports import CheckRun, CheckSuite, Status
from app.demo.github.site import Site
from app.demo.github.state import Repository

MOST_ANNOTATIONS = 50
_LONGEST = 65535


def suite_for(site: Site, repo: Repository, app: App, sha: str, branch: str | None = None) -> CheckSuite:
    """The one suite of an app on a commit, made when it is missing."""
    for suite in repo.check_suites.values():
        if suite.app is app and suite.head_sha == sha:
            return suite
    return new_suite(site, repo, app, sha, branch)


def new_suite(site: Site, repo: Repository, app: App, sha: str, branch: str | None = None) -> CheckSuite:
    """A suite of its own, as every workflow run has one."""
    if branch is None:
        heads = repo.git.refs("refs/heads/").items()
        branch = next((name.removeprefix("refs/heads/") for name, head in heads if head == sha), None)
    now = site.clock()
    suite = CheckSuite(site.next_id(), app, sha, branch, None, now, now)
    repo.check_suites[suite.id] = suite
    return suite


def create_run(
    site: Site, repo: Repository, actor: Actor, suite: CheckSuite, name: str, fields: dict[str, Any]
) -> CheckRun:
    """A new check run, announced; a finished one completes its suite too."""
    run = CheckRun(site.next_id(), suite, name, started_at=site.clock())
    _apply(site, run, fields)
    suite.runs.append(run)
    repo.check_runs[run.id] = run
    events.check_run(site, repo, run, "created", actor)
    if run.status == "completed":
        _completed(site, repo, run, actor)
    return run


def update_run(site: Site, repo: Repository, actor: Actor, run: CheckRun, fields: dict[str, Any]) -> None:
    """Change a check run; its completion is announced once."""
    before = (run.status, run.conclusion)
    _apply(site, run, fields)
    if run.status == "completed" and before != (run.status, run.conclusion):
        _completed(site, repo, run, actor)


def _completed(site: Site, repo: Repository, run: CheckRun, actor: Actor) -> None:
    run.suite.updated_at = site.clock()
    events.check_run(site, repo, run, "completed", actor)
    if run.suite.status == "completed":
        events.check_suite(site, repo, run.suite, "completed", actor)


def _apply(site: Site, run: CheckRun, fields: dict[str, Any]) -> None:
    _apply_output(run, fields.get("output") or {})
    for part in ("name", "external_id", "details_url", "actions"):
        if part in fields:
            setattr(run, part, fields[part])
    if fields.get("started_at"):
        run.started_at = datetime.fromisoformat(fields["started_at"]).timestamp()
    conclusion = fields.get("conclusion")
    if conclusion or fields.get("completed_at"):
        ended = fields.get("completed_at")
        run.status = "completed"
        run.completed_at = datetime.fromisoformat(ended).timestamp() if ended else site.clock()
        run.conclusion = conclusion or run.conclusion
    elif "status" in fields:
        run.status, run.conclusion, run.completed_at = fields["status"], None, None


def _apply_output(run: CheckRun, output: dict[str, Any]) -> None:
    annotations = output.get("annotations", [])
    if len(annotations) > MOST_ANNOTATIONS:
        raise unprocessable(
            f"Invalid request.\n\nNo more than {MOST_ANNOTATIONS} items are allowed; "
            f"{len(annotations)} were supplied."
        )
    if any(len(output.get(part) or "") > _LONGEST for part in ("summary", "text")):
        raise unprocessable(f"Invalid request.\n\nOnly {_LONGEST} characters are allowed.")
    run.annotations = [*run.annotations, *annotations]
    for part in ("title", "summary", "text"):
        if part in output:
            setattr(run, part, output[part])


def create_status(
    site: Site,
    repo: Repository,
    actor: Actor,
    sha: str,
    *,
    context: str,
    state: str,
    description: str | None = None,
    target_url: str | None = None,
) -> Status:
    """A new commit status, announced."""
    record = Status(site.next_id(), sha, context, state, actor, site.clock(), description, target_url)
    repo.statuses.append(record)
    events.status(site, repo, record)
    return record


def latest_statuses(repo: Repository, sha: str) -> list[Status]:
    """The newest status of every context on a commit."""
    return list({status.context: status for status in repo.statuses if status.sha == sha}.values())


def combined(statuses: list[Status]) -> str:
    """What the latest statuses add up to; nothing at all is pending."""
    states = {status.state for status in statuses}
    if states & {"failure", "error"}:
        return "failure"
    return "success" if states == {"success"} else "pending"
