"""The fixed vocabularies: stages, reasons, levels, results."""

from __future__ import annotations

from enum import StrEnum


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
    STORM = "storm"
    # investigate
    RELEASE_UNKNOWN = "release-unknown"
    FRAME_UNMAPPED = "frame-unmapped"
    SOURCE_DIFFERS = "source-differs"
    ALREADY_CHANGED = "already-changed"
    NOVEL = "novel"
    UNCONFIRMED = "unconfirmed"
    UNCORROBORATED = "uncorroborated"
    # decide
    POLICY_MISSING = "policy-missing"
    POLICY_INVALID = "policy-invalid"
    POLICY_FORBIDS = "policy-forbids"
    PROTECTED_PATH = "protected-path"
    BUDGET = "budget"
    # fix
    NO_CANDIDATE = "no-candidate"
    NO_REPRODUCTION = "no-reproduction"
    # verify, merge
    CHECK_FAILED = "check-failed"
    CHECK_MISSING = "check-missing"
    UNPROTECTED = "unprotected"
    AUTO_MERGE_REFUSED = "auto-merge-refused"
    NEEDS_REVIEW = "needs-review"
    REVIEW_WITHDRAWN = "review-withdrawn"
    HANDED_OVER = "handed-over"
    MOVED = "repository-moved"
    CLOSED = "closed"
    BEHIND = "behind"
    CONFLICT = "conflict"
    ALREADY_FIXED = "already-fixed"
    TREE_DIFFERS = "tree-differs"
    # observe
    ROLLOUT_MISSING = "rollout-missing"
    ROLLOUT_STALLED = "rollout-stalled"
    ROLLOUT_REPLACED = "rollout-replaced"
    ROLLED_BACK = "rolled-back"
    NOT_FIXED = "not-fixed"
    REGRESSED = "regressed"
    INCONCLUSIVE = "inconclusive"
    UNMEASURED = "error"
    RECURRED = "recurred"
    # any stage
    OVERRAN = "overran"
    STOPPED = "stopped"
    PAUSED = "paused"
    FAULT = "fault"


class FailureKind(StrEnum):
    """What went wrong with the failing sub-expression.

    NONE_VALUE: None was used as a value. MISSING_KEY, BAD_INDEX: a lookup found nothing. EMPTY: something asked an
    empty iterable for an item. WRONG_TYPE: a value of another class than the code expects. UNBOUND: a local name
    without a value. ZERO: a division by zero or a function outside of its domain. RAISED: a call raised.
    """

    NONE_VALUE = "none-value"
    MISSING_KEY = "missing-key"
    BAD_INDEX = "bad-index"
    EMPTY = "empty"
    WRONG_TYPE = "wrong-type"
    UNBOUND = "unbound"
    ZERO = "zero"
    RAISED = "raised"


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


class Judgement(StrEnum):
    """The judge's verdicts; only FIXED lets anything be called verified.

    NOT_FIXED: the rate was not even halved. REGRESSED: it is above the old one, or the release brings more errors
    than before. INCONCLUSIVE: nothing is sure yet. ERROR: production could not be measured.
    """

    FIXED = "fixed"
    NOT_FIXED = "not-fixed"
    REGRESSED = "regressed"
    INCONCLUSIVE = "inconclusive"
    ERROR = "error"


class Method(StrEnum):
    """How the judge tests that an error is gone: at planned looks, or at any moment."""

    EXACT_LOOKS = "exact-looks"
    SEQUENTIAL = "sequential"


class Result(StrEnum):
    """How an incident ended."""

    FIXED = "fixed"
    PROPOSED = "proposed"
    ESCALATED = "escalated"
