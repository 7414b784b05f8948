"""The records of one repository, named as GitHub names them.

Plain mutable data: what may change them, and what follows from a change, is said in the modules
of the same names.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.demo.github.accounts import Account, Actor, App, node_id
from app.demo.github.git.objects import GitStore
from app.demo.github.reports import CheckRun, CheckSuite, Deployment, Environment, Status

# The refs whose moves GitHub announces.
_PUSHED = ("refs/heads/", "refs/tags/")


@dataclass(eq=False)
class Label:
    """A label of a repository."""

    id: int
    name: str
    color: str = "ededed"
    description: str | None = None


@dataclass(eq=False)
class Reaction:
    """One account's reaction to an issue or comment."""

    id: int
    user: Account
    content: str
    created_at: float


@dataclass(eq=False)
class Comment:
    """A comment on an issue or pull request."""

    id: int
    issue: Issue
    user: Account
    body: str
    created_at: float
    updated_at: float
    reactions: list[Reaction] = field(default_factory=list)

    @property
    def node_id(self) -> str:
        """The global id."""
        return node_id("IC", self.id)


@dataclass(eq=False)
class Issue:
    """An issue, or the issue half of a pull request."""

    id: int
    number: int
    repository: Repository
    title: str
    body: str | None
    user: Account
    created_at: float
    updated_at: float
    state: str = "open"
    state_reason: str | None = None
    closed_at: float | None = None
    closed_by: Account | None = None
    labels: list[Label] = field(default_factory=list)
    assignees: list[Account] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    reactions: list[Reaction] = field(default_factory=list)
    pull: Pull | None = None

    @property
    def node_id(self) -> str:
        """The global id."""
        return node_id("I", self.id)


@dataclass(eq=False)
class Review:
    """A review of a pull request."""

    id: int
    user: Account
    state: str
    body: str
    commit_id: str
    submitted_at: float

    @property
    def node_id(self) -> str:
        """The global id."""
        return node_id("PRR", self.id)


@dataclass(eq=False)
class AutoMerge:
    """An armed auto-merge: it merges as `enabled_by` as soon as the rules of the base allow it."""

    enabled_by: Actor
    enabled_at: float
    method: str
    headline: str | None = None
    body: str | None = None
    author_email: str | None = None


@dataclass(frozen=True)
class Queued:
    """A place in a merge queue: the commit that would become the new base is made and waits for its own checks."""

    by: Actor
    at: float
    ref: str
    base_sha: str
    head_sha: str


@dataclass(eq=False)
class Pull:
    """A pull request. What it shares with issues (title, labels, comments) lives in `issue`."""

    id: int
    issue: Issue
    head_ref: str
    head_sha: str
    base_ref: str
    base_sha: str
    draft: bool = False
    author_app: App | None = None
    merged_at: float | None = None
    merged_by: Account | None = None
    merge_commit_sha: str | None = None
    auto_merge: AutoMerge | None = None
    queued: Queued | None = None
    reviews: list[Review] = field(default_factory=list)
    requested_reviewers: list[Account] = field(default_factory=list)
    # The (head, base) for which GitHub has computed `mergeable`, and the outcome.
    computed_for: tuple[str, str] | None = None
    mergeable: bool | None = None

    @property
    def node_id(self) -> str:
        """The global id."""
        return node_id("PR", self.id)

    @property
    def number(self) -> int:
        """The number within the repository, shared with issues."""
        return self.issue.number

    @property
    def repository(self) -> Repository:
        """The repository of the base."""
        return self.issue.repository

    @property
    def open(self) -> bool:
        """Whether it still may be merged."""
        return self.issue.state == "open"


@dataclass(frozen=True)
class RequiredCheck:
    """A check that must be green; `app_id` is None when any app may report it."""

    context: str
    app_id: int | None = None


@dataclass(eq=False)
class Protection:
    """Classic branch protection of one branch."""

    checks: list[RequiredCheck] | None = None
    strict: bool = False
    approvals: int | None = None
    dismiss_stale_reviews: bool = False
    code_owner_reviews: bool = False
    enforce_admins: bool = False
    linear_history: bool = False
    allow_force_pushes: bool = False
    allow_deletions: bool = False


@dataclass(eq=False)
class Ruleset:
    """A repository ruleset; `rules` and `conditions` are kept as they were sent."""

    id: int
    name: str
    enforcement: str
    target: str
    conditions: dict[str, Any]
    rules: list[dict[str, Any]]
    bypass_actors: list[dict[str, Any]]
    created_at: float
    updated_at: float


@dataclass(eq=False)
class Workflow:
    """A workflow file of GitHub Actions."""

    id: int
    name: str
    path: str
    created_at: float


@dataclass(eq=False)
class Job:
    """A job of a workflow run; its check run carries the same name and conclusion."""

    id: int
    run: WorkflowRun
    name: str
    check_run: CheckRun
    created_at: float
    attempt: int
    status: str = "queued"
    conclusion: str | None = None
    started_at: float | None = None
    completed_at: float | None = None
    steps: list[dict[str, Any]] = field(default_factory=list)
    log: str = ""


@dataclass(eq=False)
class WorkflowRun:
    """One run of a workflow on one commit."""

    id: int
    repository: Repository
    workflow: Workflow
    run_number: int
    event: str
    head_sha: str
    head_branch: str | None
    pull_numbers: tuple[int, ...]
    suite: CheckSuite
    actor: Actor
    created_at: float
    updated_at: float
    title: str = ""
    attempt: int = 1
    status: str = "queued"
    conclusion: str | None = None
    jobs: list[Job] = field(default_factory=list)


@dataclass(eq=False)
class Repository:
    """A repository: its bare git directory and everything GitHub keeps beside it."""

    id: int
    owner: Account
    name: str
    git: GitStore
    default_branch: str
    created_at: float
    private: bool = False
    allow_auto_merge: bool = True
    allow_squash_merge: bool = True
    pushed_at: float = 0.0
    last_number: int = 0
    issues: dict[int, Issue] = field(default_factory=dict)
    pulls: dict[int, Pull] = field(default_factory=dict)
    labels: dict[str, Label] = field(default_factory=dict)
    collaborators: dict[str, str] = field(default_factory=dict)
    protection: dict[str, Protection] = field(default_factory=dict)
    rulesets: dict[int, Ruleset] = field(default_factory=dict)
    check_suites: dict[int, CheckSuite] = field(default_factory=dict)
    check_runs: dict[int, CheckRun] = field(default_factory=dict)
    statuses: list[Status] = field(default_factory=list)
    deployments: dict[int, Deployment] = field(default_factory=dict)
    environments: dict[str, Environment] = field(default_factory=dict)
    workflows: dict[str, Workflow] = field(default_factory=dict)
    workflow_runs: dict[int, WorkflowRun] = field(default_factory=dict)
    jobs: dict[int, Job] = field(default_factory=dict)
    # Commits that GitHub signed itself, and the refs as they stood when they were last looked at.
    verified: set[str] = field(default_factory=set)
    known_refs: dict[str, str] = field(default_factory=dict)
    pushed: Callable[[Repository, str, str | None, str | None, Account | None], None] = field(
        default=lambda *_: None, repr=False
    )

    @property
    def full_name(self) -> str:
        """`owner/name`."""
        return f"{self.owner.login}/{self.name}"

    @property
    def node_id(self) -> str:
        """The global id."""
        return node_id("R", self.id)

    @property
    def git_dir(self) -> Path:
        """The bare git directory: an ordinary remote for `git clone` and `git push` by path."""
        return self.git.path

    def role(self, account: Account) -> str:
        """What a person may do here, in the words of `role_name`."""
        if account is self.owner:
            return "admin"
        role = self.collaborators.get(account.login) or self.owner.members.get(account.login)
        return role or ("none" if self.private else "read")

    def know(self, ref: str, sha: str | None) -> None:
        """Remember where a ref stands, so that `refresh_refs` does not take it for news."""
        self.known_refs.pop(ref, None)
        if sha is not None and ref.startswith(_PUSHED):
            self.known_refs[ref] = sha

    def after_push(
        self, ref: str, before: str | None, after: str | None, pusher: Account | None = None
    ) -> None:
        """All that follows from a push that is in the git directory: events, moved heads, auto-merge."""
        self.pushed(self, ref, before, after, pusher)

    def refresh_refs(self, pusher: Account | None = None) -> None:
        """Find branches and tags moved by a plain `git push` and let `after_push` follow for each of them."""
        now = {ref: sha for prefix in _PUSHED for ref, sha in self.git.refs(prefix).items()}
        before = dict(self.known_refs)
        for ref in sorted(before.keys() | now.keys()):
            if before.get(ref) != now.get(ref):
                self.after_push(ref, before.get(ref), now.get(ref), pusher)
