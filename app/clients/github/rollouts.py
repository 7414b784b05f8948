"""What GitHub shows of rollouts: deployments, commit statuses and workflow runs, and how two commits are related."""

from __future__ import annotations

from datetime import UTC, datetime

from pydantic import Field

from app.clients.github.answers import Account, Answer, CommitSha, Deployment, DeploymentStatus, dig
from app.clients.github.transport import InstallationTransport
from app.core.errors import Malformed, NotFound

MOST = 100


class ReportedStatus(Answer):
    """A commit status with its reporter."""

    context: str
    state: str
    description: str | None = None
    created_at: str
    creator: Account | None = None


class _FullName(Answer):
    full_name: str


class BranchRun(Answer):
    """A run of a workflow; `started_at` is when its latest attempt started, `source` the repository of its code."""

    id: int
    head_sha: str
    event: str
    status: str
    conclusion: str | None = None
    created_at: str
    updated_at: str
    started_at: str | None = Field(default=None, alias="run_started_at")
    actor: Account | None = None
    repository: _FullName
    source: _FullName | None = Field(default=None, alias="head_repository")

    @property
    def from_here(self) -> bool:
        """True if it ran code of the repository itself, and of no fork."""
        return self.source == self.repository


class Rollouts:
    """The traces that rollouts leave in one repository. Only reads."""

    def __init__(self, transport: InstallationTransport, root: str) -> None:
        self._api, self._root = transport, root

    async def deployments(
        self, environment: str, *, sha: str | None = None, most: int = MOST
    ) -> list[Deployment]:
        """The newest deployments to `environment`, of exactly `sha` if it is given."""
        path = self._root + "/deployments?per_page=" + str(min(most, MOST)) + "{&environment,sha}"
        wanted = {"environment": environment} | ({"sha": sha} if sha else {})
        return [Deployment.read(item) for item in await self._api.pages(path, limit=most, **wanted)]

    async def deployment_statuses(self, deployment_id: int) -> list[DeploymentStatus]:
        """The newest statuses of a deployment, newest first."""
        path = f"{self._root}/deployments/{deployment_id}/statuses?per_page={MOST}"
        return [DeploymentStatus.read(item) for item in await self._api.pages(path, limit=MOST)]

    async def statuses(self, sha: str) -> list[ReportedStatus]:
        """The newest commit statuses of `sha`, newest first, all contexts mixed."""
        path = self._root + f"/commits/{{sha}}/statuses?per_page={MOST}"
        return [ReportedStatus.read(item) for item in await self._api.pages(path, limit=MOST, sha=sha)]

    async def workflow_runs(self, workflow: str, branch: str, *, most: int) -> list[BranchRun]:
        """The newest runs of the workflow file on `branch`; none if there is no such workflow."""
        path = self._root + f"/actions/workflows/{{workflow}}/runs?per_page={most}{{&branch}}"
        try:
            found = await self._api.pages(
                path, key="workflow_runs", limit=most, workflow=workflow, branch=branch
            )
        except NotFound:
            return []
        return [BranchRun.read(item) for item in found]

    async def newest_commits(self, branch: str, *, most: int) -> list[str]:
        """The SHAs of the newest commits of `branch`, newest first."""
        path = self._root + f"/commits?per_page={most}{{&sha}}"
        return [CommitSha.read(item).sha for item in await self._api.pages(path, limit=most, sha=branch)]

    async def compared(self, base: str, head: str) -> str | None:
        """GitHub's word for `head` against `base`: ahead, behind, identical, diverged; None if they are unrelated."""
        path = self._root + "/compare/{base}...{head}?per_page=1"
        try:
            answer = await self._api.get(path, base=base, head=head)
        except NotFound:
            return None
        return str(dig(answer, "status"))


def epoch(text: str) -> float:
    """The time that GitHub wrote, in epoch seconds.

    Raises:
        Malformed: if it is no time.
    """
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError) as fault:
        raise Malformed(f"GitHub's answer holds {text[:40]!r} where a time should be") from fault
