"""Every text that a person reads on GitHub, one function each.

Text from outside (messages, values, names) is data: see `app.core.markdown`. Commit messages know no code spans, so
they hold none of it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from app.core.category import CATEGORIES
from app.core.context import folded_details, surroundings
from app.core.markdown import bullets, clock, code, fence, folded, name, prose, table, values
from app.core.model import (
    Action,
    Applicability,
    Armed,
    CaseFile,
    FailureKind,
    Finding,
    Held,
    Method,
    Outcome,
    Reason,
    Result,
    RootCause,
    Stage,
    Stop,
    Verdict,
    given,
)
from app.core.people import Called
from app.core.scrub import scrub_text, scrub_variables

LONGEST_COMMENT = 60_000
FRAMES_SHOWN = 8
_ADDRESS = re.compile(r"https?://[\w.:/?&=%~+-]{1,500}", re.ASCII)


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
    return f"{start}{pull}, stopped at {stop.stage}: {_reason(stop)}"


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
    headline, _, body = commit_message(case).partition("\n")
    return f"{headline} (#{given(case.pull).number})", body.strip()


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
            f"{_raised(finding)} in {code(cause.function)} at {code(cause.place)}: {_counts(finding)}, "
            f"release {code(finding.release or 'unknown')} ({_tracker_link(finding)})."
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
            f"<sub>Category: {CATEGORIES[patch.category].title}. Pattern: {code(patch.pattern)} "
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
    return f"**Autofix is on it:** {headline}\n\n{progress(case)}"


def resolved(case: CaseFile, outcome: Outcome) -> str:
    """The sticky status comment of a verified fix: the one sentence first, then the evidence."""
    return "\n\n".join(
        (f"**Fixed and verified:** {outcome.summary}", progress(case), _rates(given(case.verdict)))
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
        *_reported(case),
        *_found(case),
        *_tried(case),
        *(("#### What production showed", _rates(case.verdict)) if case.verdict is not None else ()),
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
        f"{_raised(finding)} {_tracker_link(finding)}",
        f"{_counts(finding)}, first {finding.first_seen}, last {finding.last_seen}",
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


def progress(case: CaseFile, *, over: bool = False) -> str:
    """One row for each stage that has something to tell; `over` tells that nothing more is done."""
    rows: list[tuple[Stage, str]] = []
    if case.finding is not None:
        rows.append((Stage.DETECT, f"{_tracker_link(case.finding)} {_counts(case.finding)}"))
    if case.cause is not None:
        rows.append((Stage.INVESTIGATE, f"{code(case.cause.failure.subject)} at {code(case.cause.place)}"))
    if case.decision is not None:
        rows.append((Stage.DECIDE, f"{CATEGORIES[case.decision.category].title}: {case.decision.action}"))
    if case.patch is not None:
        what = prose(case.patch.summary).replace("|", "\\|")
        rows.append((Stage.FIX, f"{what} ({code(case.patch.pattern)})"))
    if case.evidence is not None:
        rows.append(
            (Stage.VERIFY, f"[{code(case.evidence.check)}]({case.evidence.url}): {case.evidence.summary}")
        )
    if case.pull is not None:
        rows.append((Stage.MERGE, _merge_state(case, over=over)))
    if case.release is not None:
        live = f"live in {code(case.release.environment)} since {clock(case.release.live_since)}"
        rows.append((Stage.OBSERVE, live))
    return table(("stage", "result"), rows)


def _merge_state(case: CaseFile, *, over: bool) -> str:
    pull = given(case.pull)
    if case.merged is not None:
        said = (f"#{pull.number} merged as {case.merged.sha}", *map(prose, case.merged.remarks))
        return "; ".join(said).replace("|", "\\|")
    if over or isinstance(case.armed, Held):
        return f"#{pull.number} is open; not merged by Autofix"
    if isinstance(case.armed, Armed):
        return f"#{pull.number} merges when these are green: {', '.join(map(code, case.armed.rules))}"
    return f"#{pull.number} is open"


def _rates(verdict: Verdict) -> str:
    rows = [
        (title, str(window.events), f"{window.exposure:.0f} {window.unit}", f"{window.per_minute:.1f}")
        for title, window in (("before", verdict.before), ("after", verdict.after))
    ]
    figures = table(("", "errors", "exposure", "errors per minute"), rows)
    test = {
        Method.EXACT_LOOKS: "exact Poisson test at planned looks",
        Method.SEQUENTIAL: "sequential test, at any moment",
    }[verdict.method]
    told = f"{prose(verdict.explanation)} Judged by the {test}; its limit now is {verdict.alpha:.2g}."
    picture = f"```text\n{verdict.picture.replace('`', ' ')}\n```" if verdict.picture else ""
    return "\n\n".join(part for part in (figures, told, picture) if part)


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


def _tracker_link(finding: Finding) -> str:
    """The link to the tracker's issue; its address comes from the tracker's own API."""
    safe = _ADDRESS.fullmatch(scrub_text(finding.url)) is not None
    return f"[{code(finding.short_id)}]({finding.url})" if safe else code(finding.short_id)


def _counts(finding: Finding) -> str:
    events = f"{finding.events} event{'' if finding.events == 1 else 's'}"
    return f"{events}, {finding.users} user{'' if finding.users == 1 else 's'}"


def _reason(stop: Stop) -> str:
    return stop.reason.replace("-", " ")


_NEXT_STEPS = {
    Reason.ROLLED_BACK: "Your CD did not keep the fix in production. The merge is still on the default branch: "
    "revert or mend it.",
    Reason.ROLLOUT_MISSING: "The fix is merged, and nothing shows that it is deployed. Please look at your CD, and "
    "whether `rollout` in the policy names what it reports.",
    Reason.ROLLOUT_STALLED: "The fix is merged, and its rollout goes no further. Please look at your CD.",
    Reason.ROLLOUT_REPLACED: "The fix is merged, and production runs something without it. Please look at your CD.",
    Reason.TREE_DIFFERS: "The fix is merged with other changes, and nobody has tested the two together. Please test "
    "it now.",
}


def _next_step(case: CaseFile, stop: Stop) -> str:
    if stop.reason in _NEXT_STEPS:
        return _NEXT_STEPS[stop.reason]
    if stop.reason is Reason.ALREADY_FIXED and case.pull is not None:
        return f"Nothing is left to do but to close #{case.pull.number}, which is not needed any more."
    if case.merged is not None:
        return "The fix is merged, but production has not shown that it works. Please look at it."
    if case.pull is not None:
        return f"#{case.pull.number} is open and will not be merged by Autofix."
    return "No pull request was opened."
