"""What is known of our pull request at one moment, read from GitHub, and our own record of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.clients.github import RepositoryClient
from app.clients.github.answers import CheckRun, CommitStatus, GitCommit, PullState
from app.clients.github.rules import BranchRules
from app.core.model import Armed, CaseFile, Pull, given
from app.merge.rules import CHECK_APP


@dataclass(frozen=True, slots=True)
class Ours:
    """Our own record: what we pushed and opened, where, and what it mends.

    `armed` is true once auto-merge was switched on by us. `after` is the fixed file's text, `failing` the line that
    failed, both by path.
    """

    pull: Pull
    base_branch: str
    verify_check: str
    armed: bool
    after: tuple[str, str]
    failing: tuple[str, str]

    @classmethod
    def of(cls, case: CaseFile) -> Ours:
        """The record that `case` holds."""
        cause, fix = given(case.cause), given(case.patch).fix
        return cls(
            pull=given(case.pull),
            base_branch=cause.base_branch,
            verify_check=given(case.decision).verify_check,
            armed=isinstance(case.armed, Armed),
            after=(fix.path, fix.after),
            failing=(cause.path, cause.culprit.code.strip()),
        )


@dataclass(frozen=True, slots=True)
class Facts:
    """One look at GitHub.

    `commit` is our head as GitHub has it. `base_texts` are the files of `Ours` on the base's present tip, read only if
    that tip is not the commit we built on. `actions_id` is the number of GitHub Actions as an app. `now` is the time
    by GitHub's clock, None if it did not tell.
    """

    state: PullState
    rules: BranchRules
    runs: tuple[CheckRun, ...]
    statuses: tuple[CommitStatus, ...]
    commit: GitCommit
    actions_id: int | None
    base_texts: Mapping[str, str] | None
    now: float | None


async def read_facts(repo: RepositoryClient, ours: Ours) -> Facts:
    """The facts as they are now; nothing is remembered from an earlier look."""
    pull = ours.pull
    state = await repo.pull_state(pull.number)
    texts = None
    if not state.merged and state.base_tip is not None and state.base_tip != pull.base_sha:
        tree = await repo.tree(state.base_tip)
        texts = await repo.files(tree, (ours.after[0], ours.failing[0]))
    return Facts(
        state=state,
        rules=await repo.branch_rules(ours.base_branch),
        runs=tuple(await repo.check_runs(pull.head_sha)),
        statuses=tuple(await repo.commit_statuses(pull.head_sha)),
        commit=await repo.git_commit(pull.head_sha),
        actions_id=await repo.app_id(CHECK_APP),
        base_texts=texts,
        now=repo.github_time(),
    )
