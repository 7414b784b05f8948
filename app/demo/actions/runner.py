"""Listens to the stand-in's events and runs the workflow files that they start."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.demo.actions import act, workflow_file
from app.demo.actions.checkout import CloneFailed, clone
from app.demo.actions.job_log import JobLog
from app.demo.actions.workflow_file import Happening, WorkflowFile, WorkflowInvalid
from app.demo.github import mergeability
from app.demo.github.site import Event
from app.demo.github.stand_in import GitHubStandIn
from app.demo.github.state import Job, Repository, WorkflowRun

LONGEST_RUN_SECONDS = 600.0
_AT_ONCE = 2
_PULL_ACTIONS = {"opened", "synchronize", "reopened", "edited", "ready_for_review", "auto_merge_disabled"}


@dataclass(frozen=True)
class JobView:
    """A job whenever it changes, for a display."""

    repository: str
    workflow: str
    job: str
    event: str
    head_sha: str
    status: str
    conclusion: str | None
    summary: str


@dataclass(frozen=True)
class Planned:
    """A workflow to run: on which commit it is checked out, and which commit it reports on."""

    repository: Repository
    file: WorkflowFile
    run: WorkflowRun
    event: Event
    ref: str
    commit: str
    branch: str | None
    logs: Mapping[str, JobLog] = field(default_factory=dict)


class ActionsRunner:
    """Runs workflows on `push` and `pull_request` events of the stand-in, for real, with act.

    `action_repositories` maps `owner/name` of actions to folders; `variables` are the repository's variables;
    `actor_environment` joins the environment of every step. What is written lies in `work`.
    """

    def __init__(
        self,
        github: GitHubStandIn,
        work: Path,
        *,
        api_url: str,
        variables: Mapping[str, str],
        action_repositories: Mapping[str, Path],
        actor_environment: Mapping[str, str] | None = None,
        run_seconds: float = LONGEST_RUN_SECONDS,
    ) -> None:
        self._github, self._work = github, work
        self._api_url, self._variables = api_url, variables
        self._actions, self._extra = action_repositories, dict(actor_environment or {})
        self._run_seconds = run_seconds
        self._free = asyncio.Semaphore(_AT_ONCE)
        self._groups: dict[str, asyncio.Lock] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._listeners: list[Callable[[JobView], None]] = []
        self._listening = self._registered = False
        self.refusals: list[str] = []

    def on_job(self, listener: Callable[[JobView], None]) -> None:
        """`listener` is called with every job that is queued, starts or ends."""
        self._listeners.append(listener)

    def start(self) -> None:
        """Events start workflows from now on; raises `ActMissing` without act."""
        act.program()
        self._listening = True
        if not self._registered:
            self._registered = True
            self._github.on_event(self._on_event)

    async def stop(self) -> None:
        """Nothing starts any more; what ran is ended, reported as cancelled, and removed."""
        self._listening = False
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def idle(self) -> None:
        """Returns when every event so far was seen, and no run is queued or under way."""
        await self._github.settle()
        while self._tasks:
            await asyncio.wait(self._tasks)
            await self._github.settle()

    # From events to planned runs

    def _on_event(self, event: Event) -> None:
        if not self._listening or not event.starts_workflows or event.repository is None:
            return
        if event.name == "push" and not event.payload["deleted"]:
            self._plan_push(event, event.repository)
        elif event.name == "pull_request" and event.action in _PULL_ACTIONS:
            self._plan_pull_request(event, event.repository)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _plan_push(self, event: Event, repository: Repository) -> None:
        ref, commit = event.payload["ref"], event.payload["after"]
        branch = ref.removeprefix("refs/heads/") if ref.startswith("refs/heads/") else None
        happening = Happening("push", None, branch)
        self._plan(event, repository, happening, ref, commit, head=commit, branch=branch, pulls=())

    def _plan_pull_request(self, event: Event, repository: Repository) -> None:
        pull = repository.pulls[event.payload["number"]]
        head = event.payload["pull_request"]["head"]["sha"]
        mergeability.compute(self._github.site, pull)
        if pull.merge_commit_sha is None or pull.head_sha != head:
            return  # as on GitHub: nothing runs while there are conflicts; a later push has its own event
        happening = Happening("pull_request", event.action, pull.base_ref)
        self._plan(
            event,
            repository,
            happening,
            f"refs/pull/{pull.number}/merge",
            pull.merge_commit_sha,
            head=head,
            branch=pull.head_ref,
            pulls=(pull.number,),
        )

    def _plan(
        self,
        event: Event,
        repository: Repository,
        happening: Happening,
        ref: str,
        commit: str,
        *,
        head: str,
        branch: str | None,
        pulls: tuple[int, ...],
    ) -> None:
        for file in self._files(repository, commit):
            if not file.runs_on(happening):
                continue
            run = self._github.start_workflow_run(
                repository,
                name=file.name,
                path=file.path,
                event=happening.event,
                head_sha=head,
                head_branch=branch,
                pull_numbers=pulls,
                actor=event.actor,
            )
            logs = {
                job_id: JobLog(self._github.add_job(run, name), file.step_names[job_id])
                for job_id, name in file.jobs.items()
            }
            for log in logs.values():
                self._tell(log.job)
            self._spawn(self._run(Planned(repository, file, run, event, ref, commit, branch, logs)))

    def _files(self, repository: Repository, commit: str) -> list[WorkflowFile]:
        tree = repository.git.commit(commit).tree
        found = []
        for path, entry in sorted(repository.git.files(tree).items()):
            folder, _, name = path.rpartition("/")
            if folder != workflow_file.FOLDER or not name.endswith((".yml", ".yaml")):
                continue
            text = repository.git.blob(entry.sha).decode("utf-8", errors="replace")
            try:
                found.append(workflow_file.parse(path, text, self._actions))
            except WorkflowInvalid as error:
                self.refusals.append(str(error))
        return found

    # Running

    async def _run(self, planned: Planned) -> None:
        # Whatever is done with a workflow's own token starts no workflows.
        token = self._github.mint_token(
            app="github-actions",
            repository=planned.repository.full_name,
            permissions={"metadata": "read", **planned.file.permissions},
        )
        folder = self._work / f"run-{planned.run.id}"
        conclusion = "cancelled"
        try:
            async with self._turn(planned), self._free:
                conclusion = await self._execute(planned, token, folder)
        except (CloneFailed, OSError) as error:
            conclusion = "failure"
            for log in planned.logs.values():
                log.add(f"##[error]{error}")
        finally:
            self._github.site.tokens.pop(token, None)
            shutil.rmtree(folder, ignore_errors=True)
            # Without a word from act a job was not needed, or not reached after another one had failed.
            failed = any(log.conclusion == "failure" for log in planned.logs.values())
            silent = "skipped" if conclusion == "success" or failed else conclusion
            for log in planned.logs.values():
                if log.conclusion is None:
                    self._report(log, "completed", silent)
            self._github.complete_run(planned.run, conclusion)

    def _turn(self, planned: Planned) -> asyncio.Lock:
        """The lock of a concurrency group: its runs take turns, in the order of their events."""
        group = planned.file.group
        if group is None:
            return asyncio.Lock()
        group = group.replace(workflow_file.OF_THE_REF, planned.ref)
        return self._groups.setdefault(f"{planned.repository.full_name} {group}", asyncio.Lock())

    async def _execute(self, planned: Planned, token: str, folder: Path) -> str:
        checkout = folder / "checkout"
        await clone(planned.repository.git_dir, checkout, planned.ref, planned.commit)
        invocation = act.Invocation(
            workflow=planned.file.path,
            event=planned.run.event,
            payload=planned.event.payload,
            checkout=checkout,
            home=folder / "home",
            actor=planned.event.actor.user.login,
            secrets={"GITHUB_TOKEN": token},
            variables=self._variables,
            environment={
                "GITHUB_API_URL": self._api_url,
                "GITHUB_GRAPHQL_URL": f"{self._api_url}/graphql",
                "GITHUB_REPOSITORY": planned.repository.full_name,
                "GITHUB_RUN_ID": str(planned.run.id),
                "GITHUB_RUN_NUMBER": str(planned.run.run_number),
            },
            actions={use: self._actions[use.split("@")[0]] for use in planned.file.actions},
        )
        running = await act.start(invocation, self._extra)
        try:
            async with asyncio.timeout(self._run_seconds):
                async for line in act.lines(running):
                    self._follow(planned.logs[line.job], line)
        except TimeoutError:
            for log in planned.logs.values():
                log.add(f"##[error]The run exceeded its {self._run_seconds:.0f} seconds.")
            return "timed_out"
        finally:
            status = await running.stop()
        # act's status also covers what happens before a first job, such as a file that it cannot read.
        return "success" if status == 0 else "failure"

    def _follow(self, log: JobLog, line: act.Line) -> None:
        log.follow(line)
        if line.started:
            self._report(log, "in_progress", None)
        elif line.conclusion is not None:
            self._report(log, "completed", line.conclusion)
        elif line.step_conclusion is not None:
            self._github.update_job(log.job, status="in_progress", steps=log.steps, log=log.text)

    def _report(self, log: JobLog, status: str, conclusion: str | None) -> None:
        log.conclusion = conclusion
        self._github.update_job(log.job, status=status, conclusion=conclusion, steps=log.steps, log=log.text)
        self._tell(log.job, log.summary)

    def _tell(self, job: Job, summary: str = "") -> None:
        view = JobView(
            repository=job.run.repository.full_name,
            workflow=job.run.workflow.name,
            job=job.name,
            event=job.run.event,
            head_sha=job.run.head_sha,
            status=job.status,
            conclusion=job.conclusion,
            summary=summary,
        )
        for listener in self._listeners:
            listener(view)
