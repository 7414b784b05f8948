"""How our pull request stands: one value, computed from the facts of one look. Pure.

The judges stand in the order in which they count: whose pull request it is comes before what its checks say.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from app.core.budget import CHECK_STARTS_SECONDS
from app.core.model import Reason, Stage, Stop
from app.merge.checks import Checks, assess
from app.merge.facts import Facts, Ours
from app.merge.rules import unready


class State(StrEnum):
    """The states of a pull request of ours. The first seven may still, or did, merge; the others end the automation."""

    MERGED = "merged"
    READY = "ready"
    UNSTABLE = "unstable"
    QUEUED = "queued"
    WAITING = "waiting"
    UNKNOWN = "unknown"
    BLOCKED = "blocked"
    HANDED_OVER = "handed-over"
    DRAFT = "draft"
    CLOSED = "closed"
    REVIEW_WITHDRAWN = "review-withdrawn"
    REVIEW_MISSING = "review-missing"
    ALREADY_FIXED = "already-fixed"
    CONFLICT = "conflict"
    BEHIND = "behind"
    UNPROTECTED = "unprotected"
    RED = "red"
    NEVER_STARTED = "never-started"


REASONS = {
    State.HANDED_OVER: Reason.HANDED_OVER,
    State.DRAFT: Reason.HANDED_OVER,
    State.CLOSED: Reason.CLOSED,
    State.REVIEW_WITHDRAWN: Reason.REVIEW_WITHDRAWN,
    State.REVIEW_MISSING: Reason.NEEDS_REVIEW,
    State.ALREADY_FIXED: Reason.ALREADY_FIXED,
    State.CONFLICT: Reason.CONFLICT,
    State.BEHIND: Reason.BEHIND,
    State.UNPROTECTED: Reason.UNPROTECTED,
    State.RED: Reason.CHECK_FAILED,
    State.NEVER_STARTED: Reason.CHECK_MISSING,
}


@dataclass(frozen=True, slots=True)
class Standing:
    """A state, with one or more sentences for people."""

    state: State
    detail: str = ""

    @property
    def stop(self) -> Stop | None:
        """The refusal that the state means; None while a merge is possible, and after it."""
        reason = REASONS.get(self.state)
        return None if reason is None else Stop(Stage.MERGE, reason, self.detail)


def standing(facts: Facts, ours: Ours) -> Standing:
    """How the pull request stands."""
    checks = assess(facts.rules.checks, ours.verify_check, ours.pull.head_sha, facts.runs, facts.statuses)
    return (
        _whose(facts, ours)
        or _ended(facts)
        or _taken_over(facts, ours)
        or _withdrawn(facts)
        or _base(facts, ours)
        or _rules(facts, ours)
        or _failed(facts, checks)
        or _queued(facts)
        or _switched_off(facts, ours)
        or _unreviewed(facts, ours)
        or _under_way(facts, checks)
    )


def _whose(facts: Facts, ours: Ours) -> Standing | None:
    """Decided by ids alone: names, prefixes and whoever acted last prove nothing."""
    state, pull = facts.state, ours.pull
    if state.head_repository != state.repository:
        return Standing(State.HANDED_OVER, "the head branch is in another repository")
    if state.author is None or state.author.id != pull.author_id:
        return Standing(State.HANDED_OVER, "the pull request was not opened by Autofix")
    if state.head_sha != pull.head_sha:
        detail = f"someone pushed {state.head_sha[:7]} to the branch; the pull request is theirs now"
        return Standing(State.HANDED_OVER, detail)
    if state.base_branch != ours.base_branch:
        return Standing(State.HANDED_OVER, f"the base was changed to `{state.base_branch}`")
    return None


def _ended(facts: Facts) -> Standing | None:
    if facts.state.merged:
        return Standing(State.MERGED)
    if facts.state.state == "CLOSED":
        return Standing(State.CLOSED, "the pull request was closed without merging")
    return None


def _taken_over(facts: Facts, ours: Ours) -> Standing | None:
    state, pull, commit = facts.state, ours.pull, facts.commit
    if state.is_draft:
        return Standing(State.DRAFT, "the pull request was made a draft")
    if state.commits != 1:
        detail = f"the pull request holds {state.commits} commits; ours is one"
        return Standing(State.HANDED_OVER, detail)
    if commit.sha != pull.head_sha or commit.tree.sha != pull.tree_sha or not commit.verification.verified:
        return Standing(State.HANDED_OVER, "GitHub does not call the head a verified commit of Autofix")
    armed_by = state.auto_merge.enabled_by if state.auto_merge else None
    if state.auto_merge is not None and (armed_by is None or armed_by.id != pull.author_id):
        who = f"`{armed_by.login}`" if armed_by else "somebody else"
        return Standing(State.HANDED_OVER, f"{who} switched auto-merge on; the pull request is theirs")
    return None


def _withdrawn(facts: Facts) -> Standing | None:
    """A person's objection ends it, also where the rules would not mind."""
    state = facts.state
    authors = {one.state: one.author.login if one.author else "somebody" for one in state.reviews}
    if "CHANGES_REQUESTED" in authors:
        return Standing(State.REVIEW_WITHDRAWN, f"`{authors['CHANGES_REQUESTED']}` asks for changes")
    again = {one.author.login for one in state.reviews if one.author} & set(state.asked)
    if again:
        who = ", ".join(f"`{login}`" for login in sorted(again))
        return Standing(State.REVIEW_WITHDRAWN, f"{who} was asked to review once more")
    if "DISMISSED" in authors and state.review_decision == "REVIEW_REQUIRED":
        return Standing(State.REVIEW_WITHDRAWN, f"the approval by `{authors['DISMISSED']}` was dismissed")
    return None


def _base(facts: Facts, ours: Ours) -> Standing | None:
    """The head was tested on the commit it was built on, and nowhere else."""
    state, branch = facts.state, ours.base_branch
    if state.base_tip is None:
        return Standing(State.HANDED_OVER, f"the base branch `{branch}` is gone")
    already = _already_fixed(facts, ours)
    if already is not None:
        return already
    if state.mergeable == "CONFLICTING" or state.merge_state == "DIRTY":
        return Standing(State.CONFLICT, f"the fix conflicts with what `{branch}` holds now")
    moved = state.base_tip != ours.pull.base_sha and not facts.rules.merge_queue
    if moved or state.merge_state == "BEHIND":
        detail = (
            f"`{branch}` has moved on to {state.base_tip[:7]}; the fix was tested on {ours.pull.base_sha[:7]}. "
            "To update the branch would make another head that nobody has proved, so that is left to you; "
            "a merge queue would test the result by itself"
        )
        return Standing(State.BEHIND, detail)
    return None


def _already_fixed(facts: Facts, ours: Ours) -> Standing | None:
    texts = facts.base_texts
    if texts is None:
        return None
    (path, after), (place, line) = ours.after, ours.failing
    if texts.get(path) == after:
        return Standing(State.ALREADY_FIXED, f"`{path}` on `{ours.base_branch}` holds this very fix already")
    if line not in {text.strip() for text in texts.get(place, "").splitlines()}:
        detail = f"the line that failed is no longer in `{place}` on `{ours.base_branch}`; someone changed it"
        return Standing(State.ALREADY_FIXED, detail)
    return None


def _rules(facts: Facts, ours: Ours) -> Standing | None:
    refusal = unready(facts.rules, ours.verify_check, ours.base_branch, facts.actions_id)
    return None if refusal is None else Standing(State.UNPROTECTED, refusal)


def _failed(facts: Facts, checks: Checks) -> Standing | None:
    if checks.red:
        head = facts.state.head_sha[:7]
        return Standing(State.RED, f"required checks are red on {head}: {', '.join(checks.red)}")
    if checks.missing and not checks.running and _silent_for(facts) > CHECK_STARTS_SECONDS:
        names = ", ".join(f"`{name}`" for name in checks.missing)
        detail = (
            f"required checks have not started: {names}. Look at the workflow's triggers (`pull_request`), at its "
            "`paths` filters, and at whether the rule spells the job's name right"
        )
        return Standing(State.NEVER_STARTED, detail)
    return None


def _silent_for(facts: Facts) -> float:
    """Seconds since anything happened on the head, by GitHub's clock alone: ours may jump."""
    if facts.now is None:
        return 0.0
    signs = [facts.state.created_at, *(run.completed_at for run in facts.runs)]
    signs += [status.updated_at for status in facts.statuses]
    return facts.now - max(sign.timestamp() for sign in signs if sign is not None)


def _queued(facts: Facts) -> Standing | None:
    entry = facts.state.queue_entry
    if entry is not None and entry.state == "UNMERGEABLE":
        return Standing(State.CONFLICT, "the merge queue calls the pull request unmergeable")
    return Standing(State.QUEUED) if facts.state.in_queue else None


def _switched_off(facts: Facts, ours: Ours) -> Standing | None:
    if not ours.armed or facts.state.auto_merge is not None:
        return None
    queue = ", or the merge queue dropped it" if facts.rules.merge_queue else ""
    detail = f"auto-merge was switched off{queue}; the pull request is left to whoever did that"
    return Standing(State.HANDED_OVER, detail)


def _unreviewed(facts: Facts, ours: Ours) -> Standing | None:
    """Where approvals are required, people must have given them: GitHub counts those of apps too."""
    state = facts.state
    if state.review_decision is None and not facts.rules.approvals:
        return None
    people = {
        review.author.login
        for review in state.reviews
        if review.state == "APPROVED" and review.author is not None and review.author.kind == "User"
        if review.author.id != ours.pull.author_id
    }
    needed = max(1, facts.rules.approvals)
    if state.review_decision == "APPROVED" and len(people) >= needed:
        return None
    detail = (
        f"the rules of `{ours.base_branch}` require an approving review, and people have given {len(people)}"
    )
    return Standing(State.REVIEW_MISSING, f"{detail} of {needed}")


def _under_way(facts: Facts, checks: Checks) -> Standing:
    state = facts.state.merge_state
    waiting = (*checks.missing, *checks.pending)
    if waiting:
        return Standing(State.WAITING, ", ".join(f"`{name}`" for name in waiting))
    if state == "UNSTABLE":
        return Standing(State.UNSTABLE, ", ".join(f"`{name}`" for name in checks.unrequired))
    if state in {"CLEAN", "HAS_HOOKS"}:
        return Standing(State.READY)
    if state == "UNKNOWN":
        return Standing(State.UNKNOWN, "GitHub is still computing whether it can be merged")
    return Standing(State.BLOCKED, "another rule of the branch is not met")
