"""`autofix init`: one pull request with the policy and the workflow. It overwrites nothing and opens no second one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from github import Github, GithubException, InputGitTreeElement
from github.GitCommit import GitCommit
from github.PullRequest import PullRequest
from github.Repository import Repository

from app.clients.pygithub import FAULTS, as_person, explained
from app.core.errors import ClientError, NotFound
from app.core.policy import POLICY_PATH
from app.setup.files import WORKFLOW_PATH, verification

# Not below `autofix/`, where our Action expects fixes.
BRANCH = "add-autofix"
TITLE = "Add Autofix: policy and verification"
NOT_FOUND, FORBIDDEN = 404, 403


@dataclass(frozen=True, slots=True)
class Opened:
    """The pull request with the files; `new` is false if an earlier run had opened it."""

    url: str
    paths: tuple[str, ...]
    new: bool


@dataclass(frozen=True, slots=True)
class Complete:
    """Every file is on the default branch already; nothing was changed."""


@dataclass(frozen=True, slots=True)
class Declined:
    """Nothing was changed, and why."""

    why: str


Proposed: TypeAlias = Opened | Complete | Declined


@dataclass(frozen=True, slots=True)
class Plan:
    """What is missing on the default branch, and what is there already and stays as it is."""

    branch: str
    base_sha: str
    missing: Mapping[str, str]
    present: tuple[str, ...]


class Proposal:
    """The pull request into one repository, under a person's token.

    Every method raises a ClientError if GitHub refuses, with what the token needs.
    """

    def __init__(self, token: str, api_url: str, name: str) -> None:
        self._github: Github = as_person(token, api_url)
        self._name = name

    def plan(self, files: Mapping[str, str]) -> Plan:
        """What of `files` is missing in the repository."""
        try:
            repository = self._repository()
            branch = repository.default_branch
            base = repository.get_branch(branch).commit.sha
            present = tuple(path for path in files if _exists(repository, path, base))
        except FAULTS as fault:
            raise _refused(self._name, fault) from fault
        missing = {path: text for path, text in files.items() if path not in present}
        return Plan(branch, base, missing, present)

    def open(self, plan: Plan) -> Proposed:
        """The pull request with what is missing: the one of an earlier run, or a new one of one commit."""
        if not plan.missing:
            return Complete()
        try:
            return self._open(self._repository(), plan)
        except FAULTS as fault:
            raise _refused(self._name, fault) from fault

    def _repository(self) -> Repository:
        repository = self._github.get_repo(self._name)
        repository.update()
        return repository

    def _open(self, repository: Repository, plan: Plan) -> Proposed:
        owner = repository.owner.login
        paths = tuple(plan.missing)
        for known in repository.get_pulls(state="all", head=f"{owner}:{BRANCH}"):
            if known.state == "open":
                return Opened(known.html_url, paths, new=False)
            if known.merged_at is None:
                why = f"{known.html_url} was closed; delete its branch `{BRANCH}`, or add the files by hand"
                return Declined(why)
        head = _head(repository)
        if head is None:
            commit = _commit(repository, plan)
            repository.create_git_ref(f"refs/heads/{BRANCH}", commit.sha)
        elif not _holds(repository, head, plan.missing):
            return Declined(f"the branch `{BRANCH}` exists and holds something else; delete or rename it")
        pull = _pull(repository, plan)
        return Opened(pull.html_url, paths, new=True)


def _pull(repository: Repository, plan: Plan) -> PullRequest:
    return repository.create_pull(
        base=plan.branch, head=BRANCH, title=TITLE, body=body(repository.full_name, plan)
    )


def _commit(repository: Repository, plan: Plan) -> GitCommit:
    base = repository.get_git_commit(plan.base_sha)
    entries = [
        InputGitTreeElement(path, "100644", "blob", content=text) for path, text in plan.missing.items()
    ]
    tree = repository.create_git_tree(entries, base.tree)
    return repository.create_git_commit(f"{TITLE}\n\nNothing is merged without a person yet.", tree, [base])


def _head(repository: Repository) -> str | None:
    """The commit of a branch that an earlier run, or somebody else, left behind."""
    try:
        return repository.get_git_ref(f"heads/{BRANCH}").object.sha
    except GithubException as fault:
        if fault.status == NOT_FOUND:
            return None
        raise


def _holds(repository: Repository, sha: str, files: Mapping[str, str]) -> bool:
    """Whether the commit holds exactly these texts, as after a run that was cut off before its pull request."""
    for path, text in files.items():
        try:
            found = repository.get_contents(path, ref=sha)
        except GithubException as fault:
            if fault.status == NOT_FOUND:
                return False
            raise
        if isinstance(found, list) or found.decoded_content != text.encode("utf-8"):
            return False
    return True


def _exists(repository: Repository, path: str, ref: str) -> bool:
    try:
        repository.get_contents(path, ref=ref)
    except GithubException as fault:
        if fault.status == NOT_FOUND:
            return False
        raise
    return True


def _refused(name: str, fault: BaseException) -> ClientError:
    status = fault.status if isinstance(fault, GithubException) else None
    text = f"{name}: {explained(fault)}"
    if status in {NOT_FOUND, FORBIDDEN}:
        text += (
            ". The token needs contents, pull requests and workflows (write) on this repository; "
            "a classic token the scopes `repo` and `workflow`"
        )
    return NotFound(text) if status == NOT_FOUND else ClientError(text)


def body(name: str, plan: Plan) -> str:
    """What the pull request says: the files, what to require, and how trust grows."""
    check = verification()
    about = {
        POLICY_PATH: "what Autofix may do here. It is read from the default branch only, and begins without merging: "
        "fixes are proposed, a person decides.",
        WORKFLOW_PATH: f"the job `{check}`, which proves a fix in your own CI: its test must fail before the fix and "
        "pass after it. On any other pull request it succeeds at once. It needs no secret.",
    }
    files = [f"- `{path}`: {about[path]}" for path in plan.missing]
    files += [f"- `{path}` is there already and stays as it is." for path in plan.present]
    return _BODY.format(check=check, branch=plan.branch, name=name, files="\n".join(files))


_BODY = """\
This adds Autofix, which repairs production anomalies by your own branch rules.

{files}

**Before you merge**, check in the policy who reports (`sentry`, `datadog` or `bugsink`) and the environment.

**In the rules of `{branch}`**, so that nothing can be merged that was not proven:

1. Require the status check `{check}`, with GitHub Actions as its source.
2. Require the check that runs your tests.
3. Allow auto-merge in the repository's settings, when you want it. The App needs no bypass.

**How trust grows**, one line of the policy at a time:

| step | in the policy | what happens |
| --- | --- | --- |
| propose (now) | `shadow: true`, every kind `propose` | fixes are proposed, and a person merges |
| shadow | `null-safety: automerge` | nothing is merged; what would have been is recorded, to compare |
| automerge | `shadow: false` | GitHub merges what is proven; each kind of fix earns it, and loses it by a revert |

`autofix doctor {name}` says what is still missing. `enabled: false` stops everything within a minute.
"""
