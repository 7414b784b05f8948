"""What a command is answered with: one function for each text. Nothing of the comment itself is repeated."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from app.core.category import CATEGORIES
from app.core.commands import COMMANDS, Unclear
from app.core.markdown import bullets, code, folded, prose, table
from app.core.messages import evidence
from app.core.model import Action, CaseFile, Held, Level, Patch, Stop, Trust, given
from app.core.policy import POLICY_PATH, Policy
from app.core.progress import progress

_UNCLEAR = {
    Unclear.UNKNOWN: "That is no command.",
    Unclear.SEVERAL: "One command a comment, please: none of these was followed.",
}


def help_text(unclear: Unclear | None = None) -> str:
    """Every command, after a word about why the comment was not followed."""
    rows = [(code(one.usage), one.about, one.least) for one in COMMANDS]
    said = [_UNCLEAR[unclear]] if unclear else []
    return "\n\n".join(
        [*said, "**Autofix commands**", table(("command", "what it does", "least role"), rows)]
    )


def sentence(text: str) -> str:
    """A short answer; names from outside in it have no effect."""
    return prose(text)


def status(case: CaseFile, ended: str | None) -> str:
    """Where the incident stands, or how it ended."""
    told = [f"**{code(case.incident.id)}:** {'It is running.' if ended is None else ended}"]
    if case.finding is not None:
        told.append(progress(case, over=ended is not None))
    return "\n\n".join(told)


def explanation(case: CaseFile, ended: str | None, policy: Policy | Stop, earned: Trust | None) -> str:
    """Why this fix, how far it may go, why it is or is not merged, and what proves it."""
    parts = [
        status(case, ended),
        *_why_this_fix(case),
        *_how_far(case),
        *_why_not_merged(case, policy, earned),
        *_proof(case),
    ]
    return "\n\n".join(parts)


def _why_this_fix(case: CaseFile) -> Iterator[str]:
    cause, patch = case.cause, case.patch
    if cause is not None:
        yield "#### What was found"
        yield f"{code(cause.exception)} in {code(cause.function)} at {code(cause.place)}."
        yield evidence(cause)
    if patch is None:
        return
    yield "#### Why this fix"
    yield f"{prose(patch.summary)} Pattern: {code(patch.pattern)} ({patch.applicability})."
    yield bullets(map(prose, (*patch.why, patch.why_safe)))
    if patch.alternatives:
        yield folded("Other candidates", bullets(map(prose, patch.alternatives)))


def _how_far(case: CaseFile) -> Iterator[str]:
    decision = case.decision
    if decision is not None:
        yield "#### How far it may go"
        yield f"{CATEGORIES[decision.category].title}: **{decision.action}**."
        yield bullets(map(prose, decision.because))


def _why_not_merged(case: CaseFile, policy: Policy | Stop, earned: Trust | None) -> Iterator[str]:
    """The reason, and what would have to change: each setting as it stands now."""
    if case.merged is not None:
        yield "#### Merged"
        by = f" {code(case.approved_by)} let it." if case.approved_by else ""
        yield f"As {case.merged.sha}.{by}"
        return
    yield "#### Why it is not merged"
    if isinstance(case.armed, Held):
        yield prose(case.armed.stop.detail)
    elif case.pull is None:
        yield "There is no pull request of this incident."
    elif case.evidence is None:
        yield "It is not verified."
    else:
        yield "The automation ended before it was."
    changes = list(_what_would_change_that(case, policy, earned))
    if changes:
        yield "What would have to change:"
        yield bullets(changes)


def _what_would_change_that(case: CaseFile, policy: Policy | Stop, earned: Trust | None) -> Iterator[str]:
    if isinstance(policy, Stop):
        yield prose(policy.detail)
        return
    if case.patch is None:
        return
    name = case.patch.category
    action = policy.action(name)
    if not action.allows(Action.AUTOMERGE):
        yield f"`{POLICY_PATH}` sets {code(name)} to {action}: `categories: {{{name}: automerge}}` would allow it."
    if policy.shadow:
        yield f"`{POLICY_PATH}` says `shadow: true`."
    if earned is not None and earned.level is not Level.TRUSTED:
        yield f"{code(name)} is {earned.level} here: {prose(earned.because)}"
    if case.evidence is not None:
        yield f"A person who may write can let it be merged: {code('/autofix approve')}."


def _proof(case: CaseFile) -> Iterator[str]:
    if case.patch is None or case.pull is None:
        return
    yield "#### Proof"
    test = code(case.patch.test.test_id)
    if case.evidence is None:
        yield f"None yet: {test} must fail on {case.pull.base_sha[:12]} and pass on {case.pull.head_sha[:12]}."
        return
    check = f"[{code(case.evidence.check)}]({case.evidence.url})"
    yield f"{check} on {case.evidence.head_sha[:12]}: {prose(case.evidence.summary)} The test: {test}."


def category(name: str, policy: Policy | Stop, earned: Trust | None, paused_by: str | None) -> str:
    """What the policy allows a category, and what it has earned."""
    what = f"**{CATEGORIES[name].title}** (`{name}`): {CATEGORIES[name].covers}."
    if isinstance(policy, Stop):
        return f"{what}\n\n{prose(policy.detail)}"
    trust = given(earned)
    rows = [
        ("policy", f"{policy.action(name)}{', in shadow mode' if policy.shadow else ''}"),
        ("trust", f"{trust.level}: {prose(trust.because)}".replace("|", "\\|")),
        ("fixes that counted", f"{trust.wanted} wanted, {trust.unwanted} not"),
        ("would have merged", f"{trust.agreed} of {trust.compared} were merged unchanged by people"),
    ]
    if paused_by is not None:
        rows.append(("paused", f"by {code(paused_by)}"))
    return f"{what}\n\n{table(('', ''), rows)}"


def resumed(ended: Sequence[tuple[str, int]], still_off: str | None) -> str:
    """What the pause had ended, by incident and issue, and how to go on."""
    parts = [prose(f"still off: {still_off}") if still_off else "Autofix goes on here."]
    if ended:
        parts.append("The pause ended these. Write `/autofix retry` on an issue to try again:")
        parts.append(bullets(f"#{issue}: {code(incident)}" for incident, issue in ended))
    return "\n\n".join(parts)


def reverted(number: int, category: str) -> str:
    """What became of the wish to take a fix back."""
    return f"#{number} takes the fix back; a person merges it. `{category}` has lost its trust here."


def revert_title(title: str) -> str:
    """The title of a pull request that takes a fix back, as GitHub words it."""
    return f'Revert "{title}"'


def revert_message(title: str, incident: str, merge_sha: str, pull: int) -> str:
    """The message of its commit; plain words and ids only."""
    return (
        f"{revert_title(title)}\n\nThis reverts commit {merge_sha}.\n\n"
        f"Autofix-Reverts: {incident}\nRefs: #{pull}\n"
    )


def asked_back(case: CaseFile, person: str) -> str:
    """That a person wants the fix taken back, and who merges that."""
    number = given(case.pull).number
    return f"{code(person)} asked to take #{number} back. The error that it fixed will come back. A person merges this."


def proven_useless(case: CaseFile, stop: Stop) -> str:
    """That production shows the fix to be no help, and who merges what takes it back."""
    reason = stop.reason.replace("-", " ")
    who = (
        f"A person merges this, unless {code(POLICY_PATH)} sets `revert` to `automerge` and nobody could have made up "
        f"what production shows. #{case.incident.issue} says which it is."
    )
    return f"Production says of #{given(case.pull).number}: {reason}. {prose(stop.detail)} {who}"


def revert_body(case: CaseFile, because: str) -> str:
    """Why the pull request is there and who merges it, and what it does."""
    patch: Patch = given(case.patch)
    verify = given(case.decision).verify_check
    return "\n\n".join(
        (
            because,
            f"It restores {code(patch.fix.path)} and removes {code(patch.test.change.path)}, exactly as before.",
            f"The check {code(verify)} proves that it does this and nothing else.",
        )
    )
