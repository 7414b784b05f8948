"""What others report on a commit: check suites and runs, statuses, deployments. Plain mutable data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from app.demo.github.accounts import Actor, App


@dataclass(eq=False)
class CheckSuite:
    """All check runs of one app on one commit."""

    id: int
    app: App
    head_sha: str
    head_branch: str | None
    before: str | None
    created_at: float
    updated_at: float
    runs: list[CheckRun] = field(default_factory=list)

    @property
    def status(self) -> str:
        """The status that the latest runs add up to."""
        latest = self.latest()
        if latest and all(run.status == "completed" for run in latest):
            return "completed"
        return "in_progress" if any(run.status != "queued" for run in latest) else "queued"

    @property
    def conclusion(self) -> str | None:
        """The worst conclusion of the latest runs, once all are completed."""
        if self.status != "completed":
            return None
        found = {run.conclusion for run in self.latest()}
        order = ("action_required", "timed_out", "cancelled", "failure", "success", "neutral", "skipped")
        return next((conclusion for conclusion in order if conclusion in found), None)

    def latest(self) -> list[CheckRun]:
        """The newest run of every name."""
        return list({run.name: run for run in self.runs}.values())


@dataclass(eq=False)
class CheckRun:
    """One check on one commit."""

    id: int
    suite: CheckSuite
    name: str
    status: str = "queued"
    conclusion: str | None = None
    started_at: float | None = None
    completed_at: float | None = None
    external_id: str = ""
    details_url: str | None = None
    title: str | None = None
    summary: str | None = None
    text: str | None = None
    annotations: list[dict[str, Any]] = field(default_factory=list)
    actions: list[dict[str, Any]] = field(default_factory=list)


@dataclass(eq=False)
class Status:
    """A commit status."""

    id: int
    sha: str
    context: str
    state: str
    creator: Actor
    created_at: float
    description: str | None = None
    target_url: str | None = None


@dataclass(eq=False)
class DeploymentStatus:
    """One step in the life of a deployment."""

    id: int
    deployment: Deployment
    state: str
    creator: Actor
    created_at: float
    description: str = ""
    environment: str = ""
    environment_url: str = ""
    log_url: str = ""
    target_url: str = ""


@dataclass(eq=False)
class Deployment:
    """A request to deploy one commit to one environment."""

    id: int
    sha: str
    ref: str
    task: str
    environment: str
    payload: Any
    description: str | None
    creator: Actor
    created_at: float
    updated_at: float
    transient: bool = False
    production: bool = False
    statuses: list[DeploymentStatus] = field(default_factory=list)


@dataclass(eq=False)
class Environment:
    """A place to deploy to; it appears with its first deployment."""

    id: int
    name: str
    created_at: float
