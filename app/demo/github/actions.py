"""GitHub Actions, as seen from outside: whoever runs the jobs reports them here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.demo.github import checks, events
from app.demo.github.accounts import Actor
from app.demo.github.render.accounts import iso
from app.demo.github.site import Site
from app.demo.github.state import Job, Repository, Workflow, WorkflowRun


def start_run(
    site: Site,
    repo: Repository,
    *,
    name: str,
    path: str,
    event: str,
    head_sha: str,
    head_branch: str | None,
    pull_numbers: Sequence[int],
    actor: Actor,
) -> WorkflowRun:
    """A queued run of the workflow at `path`, announced as requested."""
    now = site.clock()
    workflow = repo.workflows.get(path)
    if workflow is None:
        workflow = repo.workflows[path] = Workflow(site.next_id(), name, path, now)
    workflow.name = name
    suite = checks.new_suite(site, repo, site.actions, head_sha, head_branch)
    runs = [run for run in repo.workflow_runs.values() if run.workflow is workflow]
    run = WorkflowRun(
        site.next_id(),
        repo,
        workflow,
        len(runs) + 1,
        event,
        head_sha,
        head_branch,
        tuple(pull_numbers),
        suite,
        actor,
        now,
        now,
        title=repo.git.commit(head_sha).headline,
    )
    repo.workflow_runs[run.id] = run
    events.workflow_run(site, run, "requested")
    return run


def add_job(site: Site, run: WorkflowRun, name: str) -> Job:
    """A queued job, with its check run."""
    job_id = site.next_id()
    url = f"https://github.com/{run.repository.full_name}/actions/runs/{run.id}/job/{job_id}"
    actor = Actor(site.actions.bot, site.actions, starts_workflows=False)
    check = checks.create_run(site, run.repository, actor, run.suite, name, {"details_url": url})
    job = Job(job_id, run, name, check, site.clock(), run.attempt)
    run.jobs.append(job)
    run.repository.jobs[job.id] = job
    events.workflow_job(site, job, "queued")
    return job


def update_job(
    site: Site,
    job: Job,
    *,
    status: str,
    conclusion: str | None = None,
    steps: list[dict[str, Any]] | None = None,
    log: str | None = None,
) -> None:
    """The job goes on: in_progress once it starts, completed with a conclusion."""
    now, run = site.clock(), job.run
    was = job.status
    job.status, job.conclusion = status, conclusion
    job.steps = job.steps if steps is None else [_step(number, step) for number, step in enumerate(steps, 1)]
    job.log = job.log if log is None else log
    run.updated_at = now
    if status == "in_progress" and was != status:
        job.started_at = now
        if run.status != "in_progress":
            run.status = "in_progress"
            events.workflow_run(site, run, "in_progress")
        events.workflow_job(site, job, "in_progress")
    if status == "completed":
        job.started_at = job.started_at or now
        job.completed_at = now
        events.workflow_job(site, job, "completed")
    fields = {"conclusion": conclusion} if conclusion else {"status": status}
    actor = Actor(site.actions.bot, site.actions, starts_workflows=False)
    checks.update_run(site, run.repository, actor, job.check_run, fields)


def _step(number: int, step: dict[str, Any]) -> dict[str, Any]:
    empty = {"status": "completed", "conclusion": "success", "started_at": None, "completed_at": None}
    return {**empty, "number": number, **step}


def complete_run(site: Site, run: WorkflowRun, conclusion: str) -> None:
    """The run is over."""
    run.status, run.conclusion = "completed", conclusion
    run.updated_at = site.clock()
    events.workflow_run(site, run, "completed")


def rerun(site: Site, run: WorkflowRun, *, failed_only: bool) -> None:
    """A new attempt: the jobs to be run again are dropped and the run is requested anew."""
    run.attempt += 1
    run.status, run.conclusion, run.updated_at = "queued", None, site.clock()
    run.jobs = [job for job in run.jobs if failed_only and job.conclusion == "success"]
    events.workflow_run(site, run, "requested")


def log_of(job: Job) -> str:
    """The job's log with a time before every line, as GitHub keeps it."""
    stamp = iso(job.started_at or job.created_at).replace("Z", ".0000000Z")
    return "".join(f"{stamp} {line}\n" for line in job.log.splitlines())
