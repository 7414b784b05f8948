"""Workflows, workflow runs, jobs and their logs."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from app.demo.github import actions
from app.demo.github.errors import Refusal, not_found
from app.demo.github.render import actions as render
from app.demo.github.rest.routing import Call, Reply, Route, created
from app.demo.github.state import Job, Workflow, WorkflowRun


def list_workflows(call: Call) -> Reply:
    """`GET actions/workflows`."""
    workflows = list(call.repo.workflows.values())
    return call.page(workflows, lambda item: render.workflow(call.site, call.repo, item), key="workflows")


def _workflow(call: Call) -> Workflow:
    wanted = call.params["workflow"]
    for item in call.repo.workflows.values():
        if wanted in {str(item.id), item.path.rsplit("/", 1)[-1]}:
            return item
    raise not_found()


def get_workflow(call: Call) -> Any:
    """`GET actions/workflows/{id or file name}`."""
    return render.workflow(call.site, call.repo, _workflow(call))


def _runs(call: Call, workflow: Workflow | None = None) -> Reply:
    query = call.query
    status = query.get("status")
    shown = [
        run
        for run in reversed(call.repo.workflow_runs.values())
        if workflow in {None, run.workflow}
        and query.get("head_sha") in {None, run.head_sha}
        and query.get("event") in {None, run.event}
        and query.get("branch") in {None, run.head_branch}
        and query.get("check_suite_id") in {None, str(run.suite.id)}
        and status in {None, run.status, run.conclusion}
    ]
    return call.page(shown, lambda run: render.workflow_run(call.site, run), key="workflow_runs")


def list_runs(call: Call) -> Reply:
    """`GET actions/runs`, newest first."""
    return _runs(call)


def list_workflow_runs(call: Call) -> Reply:
    """`GET actions/workflows/{id}/runs`, newest first."""
    return _runs(call, _workflow(call))


def _run(call: Call) -> WorkflowRun:
    found = call.repo.workflow_runs.get(call.number("id"))
    if found is None:
        raise not_found()
    return found


def get_run(call: Call) -> Any:
    """`GET actions/runs/{id}`."""
    return render.workflow_run(call.site, _run(call))


def list_jobs(call: Call) -> Reply:
    """`GET actions/runs/{id}/jobs`: of the latest attempt, or of all."""
    run = _run(call)
    everything = call.query.get("filter") == "all"
    shown = [job for job in call.repo.jobs.values() if job.run is run] if everything else run.jobs
    return call.page(shown, lambda job: render.job(call.site, job), key="jobs")


def _job(call: Call) -> Job:
    found = call.repo.jobs.get(call.number("id"))
    if found is None:
        raise not_found()
    return found


def get_job(call: Call) -> Any:
    """`GET actions/jobs/{id}`."""
    return render.job(call.site, _job(call))


def job_log(call: Call) -> Reply:
    """`GET actions/jobs/{id}/logs`: a redirect to where the log is kept."""
    job = _job(call)
    if job.status != "completed":
        raise not_found()
    location = f"{call.site.api}/_logs/{job.id}"
    return Reply(None, HTTPStatus.FOUND, {"Location": location})


def stored_log(call: Call) -> Reply:
    """Where `logs` redirects to: the text itself, asked for without a credential."""
    number = call.number("id")
    for repo in call.site.repositories.values():
        if number in repo.jobs:
            return Reply(actions.log_of(repo.jobs[number]).encode(), content="text/plain; charset=utf-8")
    raise not_found()


def rerun_failed(call: Call) -> Reply:
    """`POST actions/runs/{id}/rerun-failed-jobs`."""
    return _rerun(call, failed_only=True)


def rerun(call: Call) -> Reply:
    """`POST actions/runs/{id}/rerun`."""
    return _rerun(call, failed_only=False)


def _rerun(call: Call, *, failed_only: bool) -> Reply:
    run = _run(call)
    if run.status != "completed":
        raise Refusal(HTTPStatus.FORBIDDEN, "This workflow is already running")
    actions.rerun(call.site, run, failed_only=failed_only)
    return created({})


_ACTIONS = "/repos/{owner}/{repo}/actions"
_RUN = f"{_ACTIONS}/runs/{{id}}"
_READ, _WRITE = "actions:read", "actions:write"
ROUTES = (
    Route("GET", f"{_ACTIONS}/workflows", list_workflows, _READ),
    Route("GET", f"{_ACTIONS}/workflows/{{workflow}}", get_workflow, _READ),
    Route("GET", f"{_ACTIONS}/workflows/{{workflow}}/runs", list_workflow_runs, _READ),
    Route("GET", f"{_ACTIONS}/runs", list_runs, _READ),
    Route("GET", _RUN, get_run, _READ),
    Route("GET", f"{_RUN}/jobs", list_jobs, _READ),
    Route("POST", f"{_RUN}/rerun-failed-jobs", rerun_failed, _WRITE),
    Route("POST", f"{_RUN}/rerun", rerun, _WRITE),
    Route("GET", f"{_ACTIONS}/jobs/{{id}}", get_job, _READ),
    Route("GET", f"{_ACTIONS}/jobs/{{id}}/logs", job_log, _READ),
    Route("GET", "/_logs/{id}", stored_log),
)
