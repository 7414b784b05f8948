"""What is done about it: the decision, the patch, the pull request and its proof."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, fields

from app.core.model.terms import Action, Applicability, Method, Reason, Stage


@dataclass(frozen=True, slots=True)
class Stop:
    """A refusal: which stage ended the automation, why, and one or more sentences for the person who takes over.

    `passing` tells that it came from a fault that may be gone later, such as an outage.
    """

    stage: Stage
    reason: Reason
    detail: str
    passing: bool = False


@dataclass(frozen=True, slots=True)
class RolloutPlan:
    """How a rollout shows itself, and how long each part of it may take.

    It shows itself by commit statuses of all `contexts` (globs), or by runs of the file `workflow`, or, with neither,
    by deployments. `canary` is what comes before production, in the same terms. Where `reporters` (logins) are given,
    nobody else is believed. The seconds are those from the merge to the first sign, without any news, and from the
    merge to production. 600 is what Kubernetes gives a rollout to make progress (`progressDeadlineSeconds`).
    """

    contexts: tuple[str, ...] = ()
    workflow: str | None = None
    canary: str | None = None
    reporters: tuple[str, ...] = ()
    start_seconds: float = 600.0
    progress_seconds: float = 600.0
    longest_seconds: float = 3600.0


@dataclass(frozen=True, slots=True)
class Decision:
    """How far Autofix may go with this cause; `because` lists every limit that was considered, one sentence each.

    `verify_check` and `environment` are what the policy names: the required check that our Action reports, and the
    deployment environment that counts as production. `rollout` is how the way there is followed. `looks` are seconds
    after the deployment, empty if they are planned from the old rate; what is newer than `lag` seconds is not looked
    at. `would_merge` tells that nothing but missing trust, or shadow mode, keeps the fix from being merged.
    """

    category: str
    action: Action
    because: tuple[str, ...]
    verify_check: str
    environment: str
    looks: tuple[float, ...]
    would_merge: bool = False
    rollout: RolloutPlan = RolloutPlan()
    lag: float = 0.0
    method: Method = Method.EXACT_LOOKS


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file of a patch; `before` is None for a new file, `mode` is git's (100644 or 100755)."""

    path: str
    before: str | None
    after: str
    mode: str = "100644"

    @property
    def diff(self) -> str:
        """The unified diff of this file, with git's `a/` and `b/` prefixes."""
        return "".join(
            difflib.unified_diff(
                (self.before or "").splitlines(keepends=True),
                self.after.splitlines(keepends=True),
                "/dev/null" if self.before is None else f"a/{self.path}",
                f"b/{self.path}",
            )
        )


@dataclass(frozen=True, slots=True)
class RegressionTest:
    """A new test file that fails before the fix for the recorded reason; `test_id` is its pytest node id."""

    change: FileChange
    test_id: str
    function: str


@dataclass(frozen=True, slots=True)
class Fix:
    """The chosen fix with its reasons. Without a regression test it is only ever shown to a person."""

    pattern: str
    category: str
    applicability: Applicability
    fix: FileChange
    test: RegressionTest | None
    summary: str
    why: tuple[str, ...]
    why_safe: str
    alternatives: tuple[str, ...] = ()

    @property
    def changes(self) -> tuple[FileChange, ...]:
        """Every file of the commit: the fix, then the test."""
        return (self.fix,) if self.test is None else (self.fix, self.test.change)

    @property
    def diff(self) -> str:
        """The whole unified diff."""
        return "".join(change.diff for change in self.changes)


@dataclass(frozen=True, slots=True)
class Patch(Fix):
    """A fix with its regression test: what can become a pull request."""

    test: RegressionTest

    @classmethod
    def of(cls, fix: Fix, test: RegressionTest) -> Patch:
        """The fix, proven by the test."""
        given = {one.name: getattr(fix, one.name) for one in fields(fix)}
        return cls(**(given | {"test": test}))


@dataclass(frozen=True, slots=True)
class Pull:
    """Our pull request, bound to the one head commit that we pushed and that all evidence is about.

    `author_id` is the number of the App's bot account, which opened it; `message` is the commit's.
    """

    number: int
    node_id: str
    url: str
    branch: str
    head_sha: str
    base_sha: str
    tree_sha: str
    author_id: int
    message: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Our verification check on the head commit: it failed before the fix and passes after it."""

    check: str
    url: str
    head_sha: str
    summary: str


@dataclass(frozen=True, slots=True)
class Armed:
    """Auto-merge is on for `head_sha`, or its rules were met already; `rules` are the checks that must be green."""

    head_sha: str
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Held:
    """Auto-merge was not switched on, and why; the pull request is still verified and left to a person."""

    stop: Stop


@dataclass(frozen=True, slots=True)
class Merged:
    """The merge as GitHub reports it (epoch seconds). What was merged is the very tree that was tested.

    `remarks` are sentences about required checks that count as passed and deserve a look: flaky, skipped, neutral.
    """

    sha: str
    merged_at: float
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What became of taking a merged fix back: its pull request, why a person must go on with it, and its merge."""

    pull: Pull | None = None
    held: Stop | None = None
    merged: Merged | None = None
