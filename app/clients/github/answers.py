"""The parts of GitHub's answers that Autofix reads. Unknown fields are ignored, missing ones are `Malformed`."""

from __future__ import annotations

from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

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


class Account(Answer):
    """A user, bot or organization."""

    login: str
    id: int
    type: str = "User"


class RepositoryFacts(Answer):
    """A repository."""

    id: int
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


class GitCommit(Answer):
    """A commit as the Git Data API shows it."""

    sha: str
    message: str
    tree: CommitSha
    parents: tuple[CommitSha, ...]


class _Head(Answer):
    ref: str
    sha: str


class PullFacts(Answer):
    """A pull request as REST shows it."""

    number: int
    node_id: str
    html_url: str
    state: str
    head: _Head
    base: _Head
    merged_at: str | None = None
    merge_commit_sha: str | None = None
    merged_by: Account | None = None
    user: Account | None = None


class Review(Answer):
    """A review of a pull request."""

    id: int
    state: str
    user: Account | None = None


class _Oid(Answer):
    oid: str


class _AutoMerge(Answer):
    enabled_at: str | None = Field(default=None, alias="enabledAt")


class PullState(Answer):
    """A pull request as GraphQL shows it: the one place with `mergeStateStatus`."""

    state: str
    is_draft: bool = Field(alias="isDraft")
    merged: bool
    merged_at: str | None = Field(alias="mergedAt")
    merge_state: str = Field(alias="mergeStateStatus")
    head_sha: str = Field(alias="headRefOid")
    base_branch: str = Field(alias="baseRefName")
    merge_commit: _Oid | None = Field(alias="mergeCommit")
    auto_merge: _AutoMerge | None = Field(alias="autoMergeRequest")


class _CheckApp(Answer):
    id: int
    slug: str = ""


class CheckRun(Answer):
    """One check run of a commit."""

    id: int
    name: str
    status: str
    conclusion: str | None = None
    head_sha: str
    html_url: str | None = None
    app: _CheckApp | None = None


class RequiredCheck(Answer):
    """A check that a branch's rules require; `integration_id` binds it to one app."""

    context: str
    integration_id: int | None = None


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
