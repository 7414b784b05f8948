"""Every text that a person reads on GitHub, one function each.

Text from outside (messages, values, names) is data: see `app.core.markdown`. Commit messages know no code spans, so
they hold none of it.
"""

from __future__ import annotations

from collections.abc import Sequence

from app.core.category import NAMED
from app.core.context import folded_details, surroundings
from app.core.markdown import bullets, clock, code, duration, fence, folded, name, prose, table, values
from app.core.model import (
    Action,
    Applicability,
    CaseFile,
    FailureKind,
    Finding,
    Outcome,
    Reason,
    Result,
    RootCause,
    Stop,
    given,
)
from app.core.people import Called
from app.core.progress import counts, progress, rates, taken_back, tracker_link
from app.core.scrub import scrub_text, scrub_variables

LONGEST_COMMENT = 60_000
FRAMES_SHOWN = 8


# Sentences -----------------------------------------------------------------------------------------------------


_CAUSES = {
    FailureKind.NONE_VALUE: "None check missing",
    FailureKind.MISSING_KEY: "missing key not handled",
    FailureKind.BAD_INDEX: "index out of range not handled",
    FailureKind.EMPTY: "empty collection not handled",
    FailureKind.WRONG_TYPE: "value of another type not handled",
    FailureKind.UNBOUND: "name used before it has a value",
    FailureKind.ZERO: "division by zero not handled",
    FailureKind.RAISED: "error not handled",
}


def cause_phrase(cause: RootCause) -> str:
    """The root cause in a few words."""
    return f"{_CAUSES[cause.failure.kind]} in {cause.path} line {cause.line}"


def summary(case: CaseFile) -> str:
    """The one sentence of a verified fix."""
    cause, release, verdict = given(case.cause), given(case.release), given(case.verdict)
    return (
        f"anomaly detected at {clock(case.opened_at)}, root cause: {cause_phrase(cause)}, "
        f"fix deployed at {clock(release.live_since)}, error rate back to baseline at {clock(verdict.at)}"
    )


def handed_over(case: CaseFile, stop: Stop, result: Result) -> str:
    """The one sentence of an incident that ended with a person."""
    cause = f", root cause: {cause_phrase(case.cause)}" if case.cause else ""
    start = f"anomaly detected at {clock(case.opened_at)}{cause}"
    number = f"#{case.pull.number}" if case.pull else ""
    if result is Result.PROPOSED:
        return f"{start}, the verified fix {number} waits for a person to merge it ({_reason(stop)})"
    pull = f", pull request {number}" if number else ""
    if stop.reason is Reason.RECURRED and case.verdict is not None:
        return f"{start}{pull}, called fixed at {clock(case.verdict.at)}, and it came back"
    return f"{start}{pull}, stopped at {stop.stage}: {_reason(stop)}{_missing_time(case, stop)}{_taken_back_by(case)}"


def _missing_time(case: CaseFile, stop: Stop) -> str:
    """The end of the sentence where only time is missing."""
    needed = case.verdict.needed if case.verdict is not None else None
    if stop.reason is not Reason.INCONCLUSIVE or needed is None:
        return ""
    return f", {duration(needed)} more without the error would settle it"


def _taken_back_by(case: CaseFile) -> str:
    """The end of the sentence where a pull request takes the fix back."""
    back = case.taken_back
    if back is None or back.pull is None:
        return ""
    if back.merged is not None:
        return f", taken back by #{back.pull.number} at {clock(back.merged.merged_at)}"
    return f", #{back.pull.number} takes it back"


def tracker_note(case: CaseFile) -> str:
    """The note on the error tracker's issue after a verified fix."""
    return f"Autofix: {summary(case)}. Pull request: {given(case.pull).url}"


# Commit and pull request ---------------------------------------------------------------------------------------


def pull_title(case: CaseFile) -> str:
    """The pull request's title, which is also the commit's."""
    cause = given(case.cause)
    return f"Fix {name(cause.exception)} in {name(cause.function)} ({cause.path}:{cause.line})"


def commit_message(case: CaseFile) -> str:
    """Our commit's message. The trailers tell the Action what to prove; the commit's SHA makes them immutable."""
    cause, patch = given(case.cause), given(case.patch)
    lines = (
        pull_title(case),
        "",
        f"{cause_phrase(cause)}. Fixed by the pattern {patch.pattern}; the new test replays the recorded call.",
        "",
        f"Autofix-Incident: {case.incident.id}",
        f"Autofix-Test: {patch.test.test_id}",
        f"Autofix-Exception: {name(cause.exception)}",
        f"Autofix-Place: {cause.path}:{cause.line}",
        f"Autofix-Fix: {patch.fix.path}",
        f"Autofix-Category: {patch.category}",
        # What a person approved was not for us to merge: it stays a proposal, whoever lets it in.
        f"Autofix-Action: {Action.PROPOSE if case.approved_by else given(case.decision).action}",
        f"Refs: #{case.incident.issue}",
    )
    return "\n".join(lines) + "\n"


def merge_message(case: CaseFile) -> tuple[str, str]:
    """Headline and body of the squash commit, built from our record and not from the editable pull request."""
    pull = given(case.pull)
    headline, _, body = (pull.message or commit_message(case)).partition("\n")
    return f"{headline} (#{pull.number})", body.strip()


def pull_body(case: CaseFile) -> str:
    """The whole reasoning: what happened, why this fix, why it is safe, and what proves it."""
    finding, cause = given(case.finding), given(case.cause)
    patch, decision = given(case.patch), given(case.decision)
    reasons = " ".join(prose(reason) for reason in decision.because)
    safety = (
        "Why it is safe"
        if patch.applicability is Applicability.SAFE
        else "What it changes, and for you to judge"
    )
    parts = (
        f"Refs #{case.incident.issue}. The issue stays open until production shows that the error is gone.",
        "### What happened",
        (
            f"{_raised(finding)} in {code(cause.function)} at {code(cause.place)}: {counts(finding)}, "
            f"release {code(finding.release or 'unknown')} ({tracker_link(finding)})."
        ),
        fence(cause.culprit.code, "python"),
        "### Root cause",
        evidence(cause),
        "### The fix",
        prose(patch.summary),
        bullets(prose(reason) for reason in patch.why if reason not in cause.failure.evidence),
        f"**{safety}.** {prose(patch.why_safe)}",
        "### Proof",
        (
            f"{code(patch.test.test_id)} replays the recorded call. The check {code(decision.verify_check)} runs it on "
            "the base, where it must fail for the recorded reason, and on this head, where it must pass."
        ),
        folded("Other candidates", bullets(map(prose, patch.alternatives))) if patch.alternatives else "",
        folded_details(case),
        (
            f"<sub>Category: {NAMED[patch.category].title}. Pattern: {code(patch.pattern)} "
            f"({patch.applicability}). {reasons} Incident {code(case.incident.id)}. "
            "Push to this branch and it is yours: Autofix will not touch it again.</sub>"
        ),
    )
    return "\n\n".join(part for part in parts if part)


# On the issue --------------------------------------------------------------------------------------------------


def status(case: CaseFile) -> str:
    """The sticky status comment while the incident travels."""
    if case.cause is not None:
        headline = f"{code(case.cause.exception)} at {code(case.cause.place)}"
    else:
        headline = "investigating" if case.finding is None else code(case.finding.title)
    told = (f"**Autofix is on it:** {headline}", progress(case), rates(case.verdict) if case.verdict else "")
    return "\n\n".join(part for part in told if part)


def resolved(case: CaseFile, outcome: Outcome) -> str:
    """The sticky status comment of a verified fix: the one sentence first, then the evidence."""
    return "\n\n".join(
        (f"**Fixed and verified:** {outcome.summary}", progress(case), rates(given(case.verdict)))
    )


def ended(case: CaseFile, outcome: Outcome) -> str:
    """The sticky status comment once the automation has ended without a verified fix."""
    stop = outcome.stop
    if stop is not None and stop.reason is Reason.ALREADY_FIXED:
        heading, why = "Somebody else was quicker", f"{prose(stop.detail)} {_next_step(case, stop)}"
    elif outcome.result is Result.PROPOSED:
        heading, why = "A fix is proposed", prose(stop.detail) if stop else ""
    else:  # an escalation explains itself in a comment of its own
        heading, why = "Handed over to a person", ""
    told = (f"**{heading}:** {outcome.summary}", why, progress(case, over=True))
    return "\n\n".join(part for part in told if part)


def escalation(case: CaseFile, stop: Stop, outcome: Outcome, called: Sequence[Called] = ()) -> str:
    """The one comment with everything found, for the person who takes over, and who is called to be that person."""
    parts = [
        f"### Autofix needs a person: {_reason(stop)}",
        f"Called: {', '.join(map(_call, called))}." if called else "",
        prose(stop.detail),
        _next_step(case, stop),
        *(("#### What was done before", progress(case, over=True)) if stop.reason is Reason.RECURRED else ()),
        *_reported(case),
        *_found(case),
        *_tried(case),
        *(("#### What production showed", rates(case.verdict)) if case.verdict is not None else ()),
        *(folded(title, text) for title, text in surroundings(case)),
    ]
    return f"{_fitting(parts)}\n\n<sub>{outcome.summary}</sub>"


# Parts of the comments -----------------------------------------------------------------------------------------


def _call(one: Called) -> str:
    """A name that notifies only where the policy allows a mention. It is GitHub's own, or matched as one."""
    who = f"@{one.name}" if one.mentioned else code(one.name)
    return f"{who} ({one.why}{', assigned' if one.assigned else ''})"


def _fitting(parts: list[str]) -> str:
    """As many whole parts as a comment holds: cut inside one, quoted text might take effect."""
    text = ""
    for part in filter(None, parts):
        if len(text) + len(part) > LONGEST_COMMENT:
            return f"{text}The rest is too long for a comment."
        text += f"{part}\n\n"
    return text.rstrip()


def _reported(case: CaseFile) -> tuple[str, ...]:
    finding = case.finding
    if finding is None:
        return ()
    where = (
        f"release {code(finding.release or 'unknown')}, environment {code(finding.environment or 'unknown')}"
    )
    facts = [
        f"{_raised(finding)} {tracker_link(finding)}",
        f"{counts(finding)}, first {finding.first_seen}, last {finding.last_seen}",
        where + (f", transaction {code(finding.transaction)}" if finding.transaction else ""),
    ]
    told = ("#### What production reported", bullets(facts), folded("Stack trace", fence(_trace(finding))))
    return (*told, folded("Who said what", provenance(finding))) if finding.provenance else told


def provenance(finding: Finding) -> str:
    """Who stated each part of the finding, and what else bears it out."""
    rows = [
        (
            ", ".join(field.replace("_", " ") for field in claim.fields),
            prose(claim.by),
            "trusted" if claim.trusted else " ".join(map(prose, claim.confirmed)) or "nothing else",
        )
        for claim in finding.provenance
    ]
    cells = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    return table(("what", "said by", "borne out by"), cells)


def _found(case: CaseFile) -> tuple[str, ...]:
    cause = case.cause
    if cause is None:
        return ()
    recorded = scrub_variables(cause.culprit.variables)
    return (
        "#### What was found",
        f"Culprit: {code(cause.place)} in {code(cause.function)}",
        fence(cause.culprit.code, "python"),
        evidence(cause),
        values({key: str(value) for key, value in recorded.items()}),
    )


def _tried(case: CaseFile) -> tuple[str, ...]:
    patch = case.patch
    if patch is None:
        return ()
    return (
        "#### The fix that was tried",
        f"{prose(patch.summary)} Pattern: {code(patch.pattern)}.",
        fence(patch.fix.diff, "diff"),
    )


def _trace(finding: Finding) -> str:
    lines: list[str] = []
    for raised in finding.chain:
        for frame in [frame for frame in raised.frames if frame.in_app][-FRAMES_SHOWN:]:
            lines.append(f'  File "{frame.path}", line {frame.line}, in {frame.function}')
            lines.append(f"    {(frame.code or '').strip()}")
        lines.append(f"{raised.type}: {raised.message[:1000]}")
    return scrub_text("\n".join(lines))


def evidence(cause: RootCause) -> str:
    """The facts that confirm the root cause, and who last changed the line."""
    facts = [prose(fact) for fact in cause.failure.evidence]
    suspect = cause.suspect
    if suspect is not None:
        pull = f" (#{suspect.pull_request})" if suspect.pull_request else ""
        who = f"{suspect.sha}{pull} by {code(suspect.author)}"
        facts.append(f"That line was last changed in {who}: {code(suspect.title, 120)}")
    return bullets(facts)


def _raised(finding: Finding) -> str:
    return code(f"{finding.raised.type}: {finding.raised.message}")


def _reason(stop: Stop) -> str:
    return stop.reason.replace("-", " ")


_NEXT_STEPS = {
    Reason.ROLLED_BACK: "Your CD did not keep the fix in production. The merge is still on the default branch: "
    "revert or mend it.",
    Reason.ROLLOUT_MISSING: "The fix is merged, and nothing shows that it is deployed. Please look at your CD, and "
    "whether `rollout` in the policy names what it reports.",
    Reason.ROLLOUT_STALLED: "The fix is merged, and its rollout goes no further. Please look at your CD.",
    Reason.ROLLOUT_REPLACED: "The fix is merged, and production runs something without it. Please look at your CD.",
    Reason.RECURRED: "The issue is open again. `/autofix retry` looks at it anew; `/autofix revert` takes the fix "
    "back.",
    Reason.TREE_DIFFERS: "The fix is merged with other changes, and nobody has tested the two together. Please test "
    "it now.",
}


def _sentence(text: str) -> str:
    """`text` with an end."""
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _next_step(case: CaseFile, stop: Stop) -> str:
    if stop.reason in _NEXT_STEPS:
        return _NEXT_STEPS[stop.reason]
    if stop.reason is Reason.ALREADY_FIXED and case.pull is not None:
        return f"Nothing is left to do but to close #{case.pull.number}, which is not needed any more."
    if case.taken_back is not None:
        return f"{_sentence(taken_back(case.taken_back))} Please look at it."
    if case.merged is not None:
        return "The fix is merged, but production has not shown that it works. Please look at it."
    if case.pull is not None:
        return f"#{case.pull.number} is open and will not be merged by Autofix."
    return "No pull request was opened."
