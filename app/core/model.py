"""The values that travel through the workflow, from a finding to an outcome.

Every class is a frozen dataclass of plain data, so that the engine can store it and a person can read it.
A stage returns its value or a `Stop`: a refusal is a value, a fault is an exception.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from pydantic import JsonValue


class Stage(StrEnum):
    """The stages of an incident, in the order in which it travels; `ESCALATE` is reached from any of them."""

    DETECT = "detect"
    INVESTIGATE = "investigate"
    DECIDE = "decide"
    FIX = "fix"
    VERIFY = "verify"
    MERGE = "merge"
    OBSERVE = "observe"
    LEARN = "learn"
    ESCALATE = "escalate"


class Reason(StrEnum):
    """Why a stage stopped. The value is what people see in tables; the sentence is in `Stop.detail`."""

    # detect
    UNTRUSTED = "untrusted"
    NOT_MAPPED = "project-not-mapped"
    UNSUPPORTED = "unsupported-issue"
    EVENT_MISSING = "event-missing"
    # investigate
    RELEASE_UNKNOWN = "release-unknown"
    FRAME_UNMAPPED = "frame-unmapped"
    SOURCE_DIFFERS = "source-differs"
    ALREADY_CHANGED = "already-changed"
    NOVEL = "novel"
    UNCONFIRMED = "unconfirmed"
    # decide
    POLICY_MISSING = "policy-missing"
    POLICY_INVALID = "policy-invalid"
    POLICY_FORBIDS = "policy-forbids"
    PROTECTED_PATH = "protected-path"
    # fix
    NO_CANDIDATE = "no-candidate"
    NO_REPRODUCTION = "no-reproduction"
    # verify, merge
    CHECK_FAILED = "check-failed"
    UNPROTECTED = "unprotected"
    AUTO_MERGE_REFUSED = "auto-merge-refused"
    HANDED_OVER = "handed-over"
    CLOSED = "closed"
    # observe
    ROLLED_BACK = "rolled-back"
    NOT_FIXED = "not-fixed"
    INCONCLUSIVE = "inconclusive"
    # any stage
    OVERRAN = "overran"
    STOPPED = "stopped"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Stop:
    """A refusal: which stage ended the automation, why, and one or more sentences for the person who takes over."""

    stage: Stage
    reason: Reason
    detail: str


@dataclass(frozen=True, slots=True)
class Incident:
    """The identity of one incident: an anomaly (fingerprint) of one repository, and the issue that reports it."""

    id: str
    repository: str
    repository_id: int
    installation_id: int
    issue: int
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Frame:
    """One stack frame as the error tracker recorded it.

    `variables` are the locals: leaves are `repr()` strings, containers are JSON (Sentry's convention).
    `path` is what the tracker calls the file, relative to a `sys.path` entry; it need not exist in a repository.
    """

    path: str
    function: str
    line: int
    code: str | None
    variables: Mapping[str, JsonValue]
    in_app: bool
    module: str | None = None
    absolute_path: str | None = None


@dataclass(frozen=True, slots=True)
class Raised:
    """One exception of a chain with its frames, oldest call first, the raising frame last."""

    type: str
    message: str
    frames: tuple[Frame, ...]
    module: str | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """What production reported: the newest event of one error-tracker issue, and how often it happens.

    `chain` holds the root exception first and the outermost last. Times are ISO 8601 in UTC.
    """

    source: str
    organization: str
    project: str
    group: str
    short_id: str
    url: str
    event_id: str
    title: str
    platform: str
    release: str | None
    environment: str | None
    first_seen: str
    last_seen: str
    events: int
    users: int
    chain: tuple[Raised, ...]
    transaction: str | None = None

    @property
    def raised(self) -> Raised:
        """The exception that reached the error tracker: the outermost of the chain."""
        return self.chain[-1]

    @property
    def root(self) -> Raised:
        """The exception that began the chain."""
        return self.chain[0]


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of source text: lines from 1, columns in characters from 0, the end exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int


class FailureKind(StrEnum):
    """What went wrong with the failing sub-expression."""

    NONE_VALUE = "none-value"
    MISSING_KEY = "missing-key"


@dataclass(frozen=True, slots=True)
class Failure:
    """The failing sub-expression, confirmed from the message and the recorded locals.

    `subject` is the part of `expression` whose value was wrong: what was None, or the mapping that lacked `key`.
    `evidence` holds one plain sentence per fact that confirms it.
    """

    kind: FailureKind
    expression: str
    subject: str
    span: Span
    subject_span: Span
    key: str | None
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SuspectCommit:
    """The commit that last touched the failing line."""

    sha: str
    title: str
    author: str
    date: str
    pull_request: int | None = None


@dataclass(frozen=True, slots=True)
class CodeFrame:
    """A stack frame mapped to a file of the repository at the deployed commit."""

    path: str
    function: str
    line: int
    code: str
    variables: Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True)
class RootCause:
    """Where and why it failed, in the repository's own coordinates.

    `line` and the failure's spans are those of the base commit, on which the fix is built;
    `frames` are the repository's own frames at the deployed commit, outermost first, the culprit last.
    """

    exception: str
    message: str
    path: str
    function: str
    line: int
    deployed_sha: str
    base_sha: str
    base_branch: str
    failure: Failure
    frames: tuple[CodeFrame, ...]
    suspect: SuspectCommit | None
    ruled_out: tuple[str, ...] = ()

    @property
    def culprit(self) -> CodeFrame:
        """The repository's own innermost frame."""
        return self.frames[-1]

    @property
    def place(self) -> str:
        """`path:line`, as people and tools write it."""
        return f"{self.path}:{self.line}"


class Action(StrEnum):
    """How far the automation may go by itself, least first. Compare with `allows`."""

    IGNORE = "ignore"
    REPORT = "report"
    PROPOSE = "propose"
    AUTOMERGE = "automerge"

    @property
    def rank(self) -> int:
        """The position on the ladder, from 0."""
        return list(Action).index(self)

    def allows(self, other: Action) -> bool:
        """True if this level includes `other`."""
        return self.rank >= other.rank


class Applicability(StrEnum):
    """What a pattern claims of its patches (after Ruff's term).

    SAFE: changes nothing but executions that would have raised. UNSAFE: may change others, so a person reviews.
    DISPLAY_ONLY: shown as a hint, never pushed.
    """

    DISPLAY_ONLY = "display-only"
    UNSAFE = "unsafe"
    SAFE = "safe"


@dataclass(frozen=True, slots=True)
class Decision:
    """How far Autofix may go with this cause; `because` lists every limit that was considered, one sentence each.

    `verify_check` and `environment` are what the policy names: the required check that our Action reports,
    and the deployment environment that counts as production. `looks` are seconds after the deployment.
    `protected` are the paths that the policy keeps from us, besides those that always are.
    """

    category: str
    action: Action
    because: tuple[str, ...]
    verify_check: str
    environment: str
    looks: tuple[float, ...]
    protected: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TrackRecord:
    """How often a pattern's fixes were verified in one repository's production, and how often they failed there."""

    fixed: int
    failed: int


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
class Patch:
    """The chosen fix with its regression test and its reasons."""

    pattern: str
    category: str
    applicability: Applicability
    fix: FileChange
    test: RegressionTest
    summary: str
    why: tuple[str, ...]
    why_safe: str
    alternatives: tuple[str, ...] = ()

    @property
    def changes(self) -> tuple[FileChange, ...]:
        """Every file of the commit: the fix, then the test."""
        return (self.fix, self.test.change)

    @property
    def diff(self) -> str:
        """The whole unified diff."""
        return "".join(change.diff for change in self.changes)


@dataclass(frozen=True, slots=True)
class Pull:
    """Our pull request, bound to the one head commit that we pushed and that all evidence is about."""

    number: int
    node_id: str
    url: str
    branch: str
    head_sha: str
    base_sha: str
    tree_sha: str


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
    """The merge as GitHub reports it (epoch seconds); its tree equals the tested tree when `tree_matches`."""

    sha: str
    merged_at: float
    tree_matches: bool


@dataclass(frozen=True, slots=True)
class Release:
    """A deployment that holds our merge commit and reports success; times are epoch seconds.

    `started_at` is when the deployment began, `live_since` when it reported success.
    """

    version: str
    sha: str
    deployment_id: int
    environment: str
    started_at: float
    live_since: float


class Judgement(StrEnum):
    """The judge's verdicts; only FIXED lets anything be called verified."""

    FIXED = "fixed"
    NOT_FIXED = "not-fixed"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True)
class Window:
    """Events of one fingerprint against an exposure (requests, or seconds where traffic is not known)."""

    events: int
    exposure: float
    unit: str
    seconds: float

    @property
    def per_minute(self) -> float:
        """Events per minute of wall time; 0 for an empty window."""
        return 60 * self.events / self.seconds if self.seconds > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the statistics say about the fingerprint after the deployment against before it."""

    judgement: Judgement
    before: Window
    after: Window
    p_value: float
    alpha: float
    at: float
    explanation: str


@dataclass(slots=True)
class CaseFile:
    """Everything found about one incident so far: what a person gets when the automation ends."""

    incident: Incident
    opened_at: float
    finding: Finding | None = None
    cause: RootCause | None = None
    decision: Decision | None = None
    patch: Patch | None = None
    pull: Pull | None = None
    armed: Armed | Held | None = None
    evidence: Evidence | None = None
    merged: Merged | None = None
    release: Release | None = None
    verdict: Verdict | None = None


class Result(StrEnum):
    """How an incident ended."""

    FIXED = "fixed"
    PROPOSED = "proposed"
    ESCALATED = "escalated"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of an incident: the result, the refusal that led to it if any, and the sentence people read."""

    result: Result
    summary: str
    stop: Stop | None = None
    pull_request: int | None = None
