"""Check suites, check runs and commit statuses as GitHub writes them."""

from __future__ import annotations

from typing import Any

from app.demo.github.accounts import node_id
from app.demo.github.render.accounts import HTML, app, iso, iso_or_none, simple_user
from app.demo.github.render.commits import simple_commit
from app.demo.github.render.pulls import pull_reference
from app.demo.github.render.repositories import minimal_repository, repository_url
from app.demo.github.reports import CheckRun, CheckSuite, Status
from app.demo.github.site import Site
from app.demo.github.state import Repository


def pulls_with_head(site: Site, repo: Repository, sha: str) -> list[dict[str, Any]]:
    """The open pull requests whose head is that commit, in the short form."""
    return [pull_reference(site, pull) for pull in repo.pulls.values() if pull.open and pull.head_sha == sha]


def check_run(site: Site, repo: Repository, run: CheckRun) -> dict[str, Any]:
    """The shape `check-run`."""
    url = f"{repository_url(site, repo)}/check-runs/{run.id}"
    return {
        "id": run.id,
        "name": run.name,
        "node_id": node_id("CR", run.id),
        "head_sha": run.suite.head_sha,
        "external_id": run.external_id,
        "url": url,
        "html_url": f"{HTML}/{repo.full_name}/runs/{run.id}",
        "details_url": run.details_url or f"{HTML}/apps/{run.suite.app.slug}",
        "status": run.status,
        "conclusion": run.conclusion,
        "started_at": iso_or_none(run.started_at),
        "completed_at": iso_or_none(run.completed_at),
        "output": {
            "title": run.title,
            "summary": run.summary,
            "text": run.text,
            "annotations_count": len(run.annotations),
            "annotations_url": f"{url}/annotations",
        },
        "check_suite": {"id": run.suite.id},
        "app": app(site, run.suite.app),
        "pull_requests": pulls_with_head(site, repo, run.suite.head_sha),
    }


def annotation(repo: Repository, run: CheckRun, sent: dict[str, Any]) -> dict[str, Any]:
    """The shape `check-annotation`."""
    return {
        "path": sent["path"],
        "blob_href": f"{HTML}/{repo.full_name}/blob/{run.suite.head_sha}/{sent['path']}",
        "start_line": sent["start_line"],
        "end_line": sent["end_line"],
        "start_column": sent.get("start_column"),
        "end_column": sent.get("end_column"),
        "annotation_level": sent["annotation_level"],
        "title": sent.get("title"),
        "message": sent["message"],
        "raw_details": sent.get("raw_details"),
    }


def check_suite(site: Site, repo: Repository, suite: CheckSuite) -> dict[str, Any]:
    """The shape `check-suite`."""
    url = f"{repository_url(site, repo)}/check-suites/{suite.id}"
    return {
        "id": suite.id,
        "node_id": node_id("CS", suite.id),
        "head_branch": suite.head_branch,
        "head_sha": suite.head_sha,
        "status": suite.status,
        "conclusion": suite.conclusion,
        "url": url,
        "before": suite.before,
        "after": suite.head_sha,
        "pull_requests": pulls_with_head(site, repo, suite.head_sha),
        "app": app(site, suite.app),
        "created_at": iso(suite.created_at),
        "updated_at": iso(suite.updated_at),
        "rerequestable": True,
        "runs_rerequestable": True,
        "latest_check_runs_count": len(suite.latest()),
        "check_runs_url": f"{url}/check-runs",
        "head_commit": simple_commit(repo, suite.head_sha),
        "repository": minimal_repository(site, repo),
    }


def simple_status(site: Site, repo: Repository, record: Status) -> dict[str, Any]:
    """The shape `simple-commit-status`, as the combined status lists it."""
    return {
        "url": f"{repository_url(site, repo)}/statuses/{record.sha}",
        "avatar_url": f"https://avatars.githubusercontent.com/u/{record.creator.user.id}?v=4",
        "id": record.id,
        "node_id": node_id("SC", record.id),
        "state": record.state,
        "description": record.description,
        "target_url": record.target_url,
        "context": record.context,
        "created_at": iso(record.created_at),
        "updated_at": iso(record.created_at),
    }


def status(site: Site, repo: Repository, record: Status) -> dict[str, Any]:
    """The shape `status`."""
    return {**simple_status(site, repo, record), "creator": simple_user(site, record.creator.user)}
