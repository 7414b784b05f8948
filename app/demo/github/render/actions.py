"""Workflows, workflow runs and jobs as GitHub writes them."""

from __future__ import annotations

from typing import Any

from app.demo.github.accounts import node_id
from app.demo.github.render.accounts import HTML, iso, iso_or_none, simple_user
from app.demo.github.render.commits import simple_commit
from app.demo.github.render.pulls import pull_reference
from app.demo.github.render.repositories import minimal_repository, repository_url
from app.demo.github.site import Site
from app.demo.github.state import Job, Repository, Workflow, WorkflowRun


def workflow(site: Site, repo: Repository, record: Workflow) -> dict[str, Any]:
    """The shape `workflow`."""
    html = f"{HTML}/{repo.full_name}"
    return {
        "id": record.id,
        "node_id": node_id("W", record.id),
        "name": record.name,
        "path": record.path,
        "state": "active",
        "created_at": iso(record.created_at),
        "updated_at": iso(record.created_at),
        "url": f"{repository_url(site, repo)}/actions/workflows/{record.id}",
        "html_url": f"{html}/blob/{repo.default_branch}/{record.path}",
        "badge_url": f"{html}/workflows/{record.name}/badge.svg",
    }


def workflow_run(site: Site, run: WorkflowRun) -> dict[str, Any]:
    """The shape `workflow-run`."""
    repo = run.repository
    url = f"{repository_url(site, repo)}/actions/runs/{run.id}"
    pulls = [repo.pulls[number] for number in run.pull_numbers if number in repo.pulls]
    actor = simple_user(site, run.actor.user)
    return {
        "id": run.id,
        "name": run.workflow.name,
        "node_id": node_id("WFR", run.id),
        "check_suite_id": run.suite.id,
        "check_suite_node_id": node_id("CS", run.suite.id),
        "head_branch": run.head_branch,
        "head_sha": run.head_sha,
        "path": run.workflow.path,
        "run_number": run.run_number,
        "run_attempt": run.attempt,
        "referenced_workflows": [],
        "display_title": run.title,
        "event": run.event,
        "status": run.status,
        "conclusion": run.conclusion,
        "workflow_id": run.workflow.id,
        "url": url,
        "html_url": f"{HTML}/{repo.full_name}/actions/runs/{run.id}",
        "pull_requests": [pull_reference(site, pull) for pull in pulls],
        "created_at": iso(run.created_at),
        "updated_at": iso(run.updated_at),
        "run_started_at": iso(run.created_at),
        "actor": actor,
        "triggering_actor": actor,
        "jobs_url": f"{url}/jobs",
        "logs_url": f"{url}/logs",
        "check_suite_url": f"{repository_url(site, repo)}/check-suites/{run.suite.id}",
        "artifacts_url": f"{url}/artifacts",
        "cancel_url": f"{url}/cancel",
        "rerun_url": f"{url}/rerun",
        "previous_attempt_url": f"{url}/attempts/{run.attempt - 1}" if run.attempt > 1 else None,
        "workflow_url": f"{repository_url(site, repo)}/actions/workflows/{run.workflow.id}",
        "head_commit": simple_commit(repo, run.head_sha),
        "repository": minimal_repository(site, repo),
        "head_repository": minimal_repository(site, repo),
    }


def job(site: Site, record: Job) -> dict[str, Any]:
    """The shape `job`."""
    repo, run = record.run.repository, record.run
    url = repository_url(site, repo)
    return {
        "id": record.id,
        "run_id": run.id,
        "run_url": f"{url}/actions/runs/{run.id}",
        "run_attempt": record.attempt,
        "node_id": node_id("CR", record.check_run.id),
        "head_sha": run.head_sha,
        "url": f"{url}/actions/jobs/{record.id}",
        "html_url": f"{HTML}/{repo.full_name}/actions/runs/{run.id}/job/{record.id}",
        "status": record.status,
        "conclusion": record.conclusion,
        "created_at": iso(record.created_at),
        "started_at": iso(record.started_at or record.created_at),
        "completed_at": iso_or_none(record.completed_at),
        "name": record.name,
        "steps": record.steps,
        "check_run_url": f"{url}/check-runs/{record.check_run.id}",
        "labels": ["ubuntu-latest"],
        "runner_id": 1,
        "runner_name": "GitHub Actions 1",
        "runner_group_id": 0,
        "runner_group_name": "GitHub Actions",
        "workflow_name": run.workflow.name,
        "head_branch": run.head_branch,
    }
