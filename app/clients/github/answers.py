"""The parts of GitHub's answers that Autofix reads. Unknown fields are ignored, missing ones are `Malformed`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import AliasPath, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from app.core.errors import Malformed

REGULAR_FILES = frozenset({"100644", "100755"})


class Answer(BaseModel):
    """A tolerant view of a JSON object."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    @classmethod
    def read(cls, data: Any) -> Self:
        """The view of `data`.

        Raises:
            Malformed: if a field that we rely on is missing or of another type.
        """
        try:
            return cls.model_validate(data)
        except ValidationError as fault:
            where = ".".join(str(part) for part in fault.errors()[0]["loc"])
            raise Malformed(f"GitHub's {cls.__name__} answer is not as documented at {where!r}") from fault


def _logins(requests: Any) -> Any:
    """The logins in a list of review requests; teams have none."""
    reviewers = (one.get("requestedReviewer") for one in requests or () if isinstance(one, dict))
    return [one["login"] for one in reviewers if isinstance(one, dict) and "login" in one]


def dig(data: Any, *keys: str) -> Any:
    """The value at `keys` inside nested objects; None as soon as one is missing."""
    for key in keys:
        if not isinstance(data, dict):
            return None
        data = data.get(key)
    return data


def _app_or_any(number: Any) -> Any:
    return None if isinstance(number, int) and number <= 0 else number


class Account(Answer):
    """A user, bot or organization."""

    login: str
    id: int
    type: str = "User"


class RepositoryFacts(Answer):
    """A repository."""

    id: int
    node_id: str
    full_name: str
    default_branch: str
    archived: bool = False
    # Who does not say so is treated as public: there, everybody may read.
    private: bool = False


class Label(Answer):
    """A label."""

    name: str


class Issue(Answer):
    """An issue."""

    number: int
    title: str
    body: str | None = None
    state: str
    user: Account | None = None
    labels: tuple[Label, ...] = ()
    pull_request: dict[str, Any] | None = None


class Comment(Answer):
    """A comment on an issue or pull request; `by_app` is the App through which a person's account wrote it."""

    id: int
    body: str | None = None
    html_url: str
    issue_url: str = ""
    user: Account | None = None
    by_app: dict[str, Any] | None = Field(default=None, alias="performed_via_github_app")


class Permission(Answer):
    """What an account may do in a repository: `permission` knows no `triage` and `maintain`, `role_name` does."""

    permission: str
    role_name: str = ""
    user: Account | None = None


class TreeEntry(Answer):
    """One entry of a git tree; `mode` is git's octal text."""

    path: str
    mode: str
    type: str
    sha: str | None = None
    size: int | None = None


class Tree(Answer):
    """A git tree, listed recursively."""

    sha: str
    tree: tuple[TreeEntry, ...]
    truncated: bool = False

    @property
    def files(self) -> frozenset[str]:
        """The paths of the regular files: no symlinks (120000), no submodules (160000), no folders."""
        return frozenset(entry.path for entry in self.tree if entry.mode in REGULAR_FILES)


class CommitSha(Answer):
    """Whatever git object was answered: its SHA."""

    sha: str


class _Verification(Answer):
    verified: bool = False


class GitCommit(Answer):
    """A commit as the Git Data API shows it; `verification` says whether GitHub believes its signature."""

    sha: str
    message: str
    tree: CommitSha
    parents: tuple[CommitSha, ...]
    verification: _Verification = _Verification()


class _RepositoryId(Answer):
    id: int


class _Side(Answer):
    ref: str
    sha: str
    repo: _RepositoryId | None = None


class PullFacts(Answer):
    """A pull request as REST shows it."""

    number: int
    node_id: str
    html_url: str
    state: str
    head: _Side
    base: _Side
    user: Account | None = None
    merged_at: str | None = None
    merge_commit_sha: str | None = None
    merged_by: Account | None = None

    @property
    def from_here(self) -> bool:
        """True if the head branch is in the repository of the base, and in no fork of it."""
        return self.head.repo is not None and self.head.repo == self.base.repo


class _Oid(Answer):
    oid: str


class Actor(Answer):
    """An account as GraphQL shows it; `id` is the number that REST knows it by."""

    kind: str = Field(alias="__typename")
    login: str
    id: int | None = Field(default=None, alias="databaseId")


class _AutoMerge(Answer):
    enabled_by: Actor | None = Field(default=None, alias="enabledBy")


class Review(Answer):
    """The last review with an opinion by somebody who may write."""

    state: str
    author: Actor | None = None


class _QueueEntry(Answer):
    state: str
    enqueuer: Actor | None = None


class PullState(Answer):
    """A pull request as GraphQL shows it, from one read: the one place with `mergeStateStatus`.

    `repository` and `head_repository` are global ids. `base_tip` is the commit that the base branch points to now.
    `reviews` are the last opinions of those who may write; `asked` are the logins whose review is asked for and not
    given yet.
    """

    repository: str
    head_repository: str | None = Field(default=None, validation_alias=AliasPath("headRepository", "id"))
    author: Actor | None
    state: str
    created_at: datetime = Field(alias="createdAt")
    is_draft: bool = Field(alias="isDraft")
    merged: bool
    merged_at: str | None = Field(alias="mergedAt")
    mergeable: str
    merge_state: str = Field(alias="mergeStateStatus")
    head_sha: str = Field(alias="headRefOid")
    commits: int = Field(validation_alias=AliasPath("commits", "totalCount"))
    base_branch: str = Field(alias="baseRefName")
    base_tip: str | None = Field(default=None, validation_alias=AliasPath("baseRef", "target", "oid"))
    merge_commit: _Oid | None = Field(alias="mergeCommit")
    auto_merge: _AutoMerge | None = Field(alias="autoMergeRequest")
    in_queue: bool = Field(alias="isInMergeQueue")
    queue_entry: _QueueEntry | None = Field(alias="mergeQueueEntry")
    review_decision: str | None = Field(alias="reviewDecision")
    reviews: tuple[Review, ...] = Field(validation_alias=AliasPath("latestOpinionatedReviews", "nodes"))
    asked: Annotated[tuple[str, ...], BeforeValidator(_logins)] = Field(
        validation_alias=AliasPath("reviewRequests", "nodes")
    )


class _CheckApp(Answer):
    id: int
    slug: str = ""


class _SuiteId(Answer):
    id: int


class CheckRun(Answer):
    """One check run of a commit."""

    id: int
    name: str
    status: str
    conclusion: str | None = None
    head_sha: str
    html_url: str | None = None
    completed_at: datetime | None = None
    app: _CheckApp | None = None
    check_suite: _SuiteId | None = None


class CommitStatus(Answer):
    """The latest commit status of one context. GitHub does not say here which app reported it."""

    context: str
    state: str
    target_url: str | None = None
    updated_at: datetime


class WorkflowRun(Answer):
    """A run of a workflow of GitHub Actions; `run_attempt` counts from 1."""

    id: int
    status: str
    conclusion: str | None = None
    run_attempt: int
    check_suite_id: int


class RequiredCheck(Answer):
    """A check that a branch's rules require; `integration_id` binds it to one app, None is "any app"."""

    context: str
    # GitHub writes null or -1 for "any".
    integration_id: Annotated[int | None, BeforeValidator(_app_or_any)] = None


class Ruleset(Answer):
    """A ruleset, as far as it says what its rules are worth for us."""

    id: int
    name: str
    current_user_can_bypass: str | None = None


class Deployment(Answer):
    """A deployment of one commit to one environment."""

    id: int
    sha: str
    environment: str
    created_at: str
    creator: Account | None = None


class DeploymentStatus(Answer):
    """One status of a deployment, newest first in GitHub's lists."""

    id: int
    state: str
    description: str = ""
    environment: str = ""
    created_at: str
    log_url: str | None = None
    creator: Account | None = None


class BlameRange(Answer):
    """A run of lines that one commit last touched."""

    start: int = Field(alias="startingLine")
    end: int = Field(alias="endingLine")
    commit: BlameCommit


class _BlameUser(Answer):
    login: str


class _BlameAuthor(Answer):
    name: str | None = None
    user: _BlameUser | None = None


class _PullNumber(Answer):
    number: int


class _PullNodes(Answer):
    nodes: tuple[_PullNumber | None, ...] | None = None


class BlameCommit(Answer):
    """The commit of a blame range."""

    oid: str
    title: str = Field(alias="messageHeadline")
    date: str = Field(alias="committedDate")
    author: _BlameAuthor | None = None
    pulls: _PullNodes | None = Field(default=None, alias="associatedPullRequests")


BlameRange.model_rebuild()
