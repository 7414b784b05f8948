"""Every text that a person reads on GitHub, one function each.

Text from outside (messages, values, names) is data: it is scrubbed of secrets and stands in code spans or fences,
where GitHub notifies nobody and closes nothing. Commit messages have no code spans, so they hold none of it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TypeVar

from pydantic import JsonValue

from app.core.category import CATEGORIES
from app.core.model import (
    Armed,
    CaseFile,
    FailureKind,
    Held,
    Outcome,
    Reason,
    Result,
    RootCause,
    Stage,
    Stop,
    Verdict,
)
from app.core.scrub import scrub_text, scrub_variables

T = TypeVar("T")

LONGEST_VALUE = 300
LONGEST_COMMENT = 60_000
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.]{0,100}")


# Pieces --------------------------------------------------------------------------------------------------------


def code(text: str, limit: int = LONGEST_VALUE) -> str:
    """`text` as one inline code span, scrubbed, on one line, cut at `limit` characters."""
    plain = " ".join(visible(scrub_text(text)).split())
    if len(plain) > limit:
        plain = plain[: limit - 1] + "…"
    ticks = "`" * (1 + max((len(run) for run in re.findall("`+", plain)), default=0))
    pad = " " if plain.startswith("`") or plain.endswith("`") or not plain else ""
    return f"{ticks}{pad}{plain or ' '}{pad}{ticks}".replace("|", "\\|")


def fence(text: str, language: str = "") -> str:
    """`text` as a fenced block that nothing inside can close."""
    ticks = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
    return f"{ticks}{language}\n{visible(text).rstrip()}\n{ticks}"


def visible(text: str) -> str:
    """`text` with control, bidirectional and invisible characters written as escapes."""
    return "".join(
        character
        if character in "\n\t" or unicodedata.category(character) not in {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}
        else f"\\u{ord(character):04x}"
        for character in text
    )


def clock(moment: float) -> str:
    """The time of day in UTC, to the minute."""
    return datetime.fromtimestamp(moment, UTC).strftime("%H:%M")


def name(text: str) -> str:
    """`text` if it is a plain dotted name, else a placeholder: for places that have no code spans."""
    return text if _NAME.fullmatch(text) else "unknown"


def cause_phrase(cause: RootCause) -> str:
    """The root cause in a few words, as the summary sentence uses it."""
    if cause.failure.kind is FailureKind.NONE_VALUE:
        return f"None check missing in {cause.path} line {cause.line}"
    return f"missing key not handled in {cause.path} line {cause.line}"


# Commit and pull request ---------------------------------------------------------------------------------------


def pull_title(case: CaseFile) -> str:
    """The pull request's title, which is also the commit's."""
    cause = _known(case.cause)
    return f"Fix {name(cause.exception)} in {name(cause.function)} ({cause.path}:{cause.line})"


def commit_message(case: CaseFile) -> str:
    """Our commit's message. The trailers tell the verification Action what to prove; the SHA makes them immutable."""
    cause, patch = _known(case.cause), _known(case.patch)
    return "\n".join(
        (
            pull_title(case),
            "",
            f"{cause_phrase(cause)}. Fixed by the pattern {patch.pattern}; the new test replays the recorded call.",
            "",
            f"Autofix-Incident: {case.incident.id}",
            f"Autofix-Test: {patch.test.test_id}",
            f"Autofix-Exception: {name(cause.exception)}",
            f"Autofix-Place: {cause.path}:{cause.line}",
            f"Autofix-Fix: {patch.fix.path}",
            f"Refs: #{case.incident.issue}",
            "",
        )
    )


def merge_message(case: CaseFile) -> tuple[str, str]:
    """Headline and body of the squash commit, built from our record and not from the editable pull request."""
    pull = _known(case.pull)
    headline, _, body = commit_message(case).partition("\n")
    return f"{headline} (#{pull.number})", body.strip()


def pull_body(case: CaseFile) -> str:
    """The whole reasoning: what happened, why this fix, why it is safe, and what proves it."""
    finding, cause, patch, decision = (
        _known(case.finding),
        _known(case.cause),
        _known(case.patch),
        _known(case.decision),
    )
    parts = [
        f"Refs #{case.incident.issue}. The issue stays open until production shows that the error is gone.",
        "### What happened",
        f"{code(f'{cause.exception}: {cause.message}')} in {code(cause.function)} at {_place(cause)}, "
        f"{finding.events} events, {finding.users} users, release {code(finding.release or 'unknown')} "
        f"([{code(finding.short_id)}]({finding.url})).",
        _failing_line(cause),
        "### Root cause",
        _list([*map(_sentence, cause.failure.evidence), *_suspect(cause)]),
        "### The fix",
        patch.summary,
        _list(list(patch.why)),
        f"**Why it is safe.** {patch.why_safe}",
        "### Proof",
        f"`{patch.test.test_id}` replays the recorded call. The check `{decision.verify_check}` runs it on the base, "
        "where it must fail for the recorded reason, and on this head, where it must pass.",
    ]
    if patch.alternatives:
        parts += [
            "<details><summary>Other candidates</summary>\n",
            _list(list(patch.alternatives)),
            "\n</details>",
        ]
    parts.append(
        f"<sub>Category: {CATEGORIES[patch.category].title}. Pattern: `{patch.pattern}` ({patch.applicability}). "
        f"{' '.join(_sentence(reason) for reason in decision.because)} Incident `{case.incident.id}`. "
        "Push to this branch and it is yours: Autofix will not touch it again.</sub>"
    )
    return "\n\n".join(parts)


# On the issue --------------------------------------------------------------------------------------------------


def status(case: CaseFile) -> str:
    """The sticky status comment while the incident travels."""
    return "\n\n".join((f"**Autofix is on it:** {_headline(case)}", _table(case)))


def resolved(case: CaseFile, outcome: Outcome) -> str:
    """The sticky status comment of a verified fix: the one sentence first, then the evidence."""
    verdict = _known(case.verdict)
    return "\n\n".join((f"**Fixed and verified.** {outcome.summary}", _table(case), _rates(verdict)))


def ended(case: CaseFile, outcome: Outcome) -> str:
    """The sticky status comment once the automation has ended without a verified fix."""
    heading = (
        "Proposed, for a person to merge."
        if outcome.result is Result.PROPOSED
        else "Handed over to a person."
    )
    return "\n\n".join((f"**{heading}** {outcome.summary}", _table(case)))


def escalation(case: CaseFile, stop: Stop, outcome: Outcome) -> str:
    """The one comment with everything found, for the person who takes over."""
    parts = [
        f"### Autofix needs a person: {_reason(stop)}",
        _sentence(stop.detail),
        _next_step(case, stop),
    ]
    if case.finding is not None:
        finding = case.finding
        parts += [
            "#### What production reported",
            _list(
                [
                    f"{code(f'{finding.raised.type}: {finding.raised.message}')} "
                    f"([{code(finding.short_id)}]({finding.url}))",
                    f"{finding.events} events, {finding.users} users, first {finding.first_seen}, "
                    f"last {finding.last_seen}",
                    f"release {code(finding.release or 'unknown')}, environment {code(finding.environment or 'unknown')}"
                    + (f", transaction {code(finding.transaction)}" if finding.transaction else ""),
                ]
            ),
            _trace(case),
        ]
    if case.cause is not None:
        parts += [
            "#### What was found",
            f"Culprit: {_place(case.cause)} in {code(case.cause.function)}",
            _failing_line(case.cause),
            _list([*map(_sentence, case.cause.failure.evidence), *_suspect(case.cause)]),
            _values(case.cause.culprit.variables),
        ]
    if case.patch is not None:
        parts += [
            "#### The fix that was tried",
            f"{case.patch.summary} (pattern `{case.patch.pattern}`)",
            fence(case.patch.fix.diff, "diff"),
        ]
    if case.verdict is not None:
        parts += ["#### What production showed", _rates(case.verdict)]
    return "\n\n".join(part for part in parts if part)[:LONGEST_COMMENT] + f"\n\n<sub>{outcome.summary}</sub>"


def summary(case: CaseFile) -> str:
    """The one sentence of a verified fix."""
    cause, release, verdict = _known(case.cause), _known(case.release), _known(case.verdict)
    return (
        f"anomaly detected at {clock(case.opened_at)}, root cause: {cause_phrase(cause)}, "
        f"fix deployed at {clock(release.live_since)}, error rate back to baseline at {clock(verdict.at)}"
    )


def handed_over(case: CaseFile, stop: Stop) -> str:
    """The one sentence of an incident that ended with a person."""
    cause = f", root cause: {cause_phrase(case.cause)}" if case.cause else ""
    pull = f", pull request #{case.pull.number}" if case.pull else ""
    return (
        f"anomaly detected at {clock(case.opened_at)}{cause}{pull}, stopped at {stop.stage}: {_reason(stop)}"
    )


def tracker_note(case: CaseFile) -> str:
    """The note on the error tracker's issue after a verified fix."""
    return f"Autofix: {summary(case)}. Pull request: {_known(case.pull).url}"


# Parts of the comments -----------------------------------------------------------------------------------------


def _headline(case: CaseFile) -> str:
    if case.cause is not None:
        return f"{code(case.cause.exception)} at {_place(case.cause)}"
    return "investigating" if case.finding is None else code(case.finding.title)


def _table(case: CaseFile) -> str:
    rows: list[tuple[Stage, str]] = []
    if case.finding is not None:
        events = f"{case.finding.events} event{'s' if case.finding.events != 1 else ''}"
        rows.append((Stage.DETECT, f"[{code(case.finding.short_id)}]({case.finding.url}), {events}"))
    if case.cause is not None:
        rows.append((Stage.INVESTIGATE, f"{code(case.cause.failure.subject)} at {_place(case.cause)}"))
    if case.decision is not None:
        rows.append((Stage.DECIDE, f"{CATEGORIES[case.decision.category].title}: {case.decision.action}"))
    if case.patch is not None:
        rows.append((Stage.FIX, f"{case.patch.summary} (`{case.patch.pattern}`)"))
    if case.evidence is not None:
        rows.append(
            (Stage.VERIFY, f"[`{case.evidence.check}`]({case.evidence.url}): {case.evidence.summary}")
        )
    if case.pull is not None:
        rows.append((Stage.MERGE, _merge_state(case)))
    if case.release is not None:
        rows.append(
            (Stage.OBSERVE, f"live in {case.release.environment} since {clock(case.release.live_since)}")
        )
    return "\n".join(
        ("| stage | result |", "| --- | --- |", *(f"| {stage} | {text} |" for stage, text in rows))
    )


def _merge_state(case: CaseFile) -> str:
    pull = _known(case.pull)
    if case.merged is not None:
        return f"#{pull.number} merged as {case.merged.sha}"
    if isinstance(case.armed, Held):
        return f"#{pull.number} is open; not merged by Autofix: {case.armed.stop.detail}"
    if isinstance(case.armed, Armed):
        return f"#{pull.number} merges when these are green: {', '.join(f'`{rule}`' for rule in case.armed.rules)}"
    return f"#{pull.number} is open"


def _rates(verdict: Verdict) -> str:
    rows = ["| | errors | exposure | errors per minute |", "| --- | --- | --- | --- |"]
    for title, window in (("before", verdict.before), ("after", verdict.after)):
        rows.append(
            f"| {title} | {window.events} | {window.exposure:.0f} {window.unit} | {window.per_minute:.1f} |"
        )
    return "\n".join(
        (*rows, "", f"{_sentence(verdict.explanation)} Exact Poisson test, limit {verdict.alpha:.2g}.")
    )


def _trace(case: CaseFile) -> str:
    finding = _known(case.finding)
    lines: list[str] = []
    for raised in finding.chain:
        for frame in [frame for frame in raised.frames if frame.in_app][-8:]:
            lines += [
                f'  File "{frame.path}", line {frame.line}, in {frame.function}',
                f"    {(frame.code or '').strip()}",
            ]
        lines.append(f"{raised.type}: {raised.message[:1000]}")
    body = fence(scrub_text("\n".join(lines)))
    return f"<details><summary>Stack trace</summary>\n\n{body}\n\n</details>"


def _values(variables: Mapping[str, JsonValue]) -> str:
    if not variables:
        return ""
    rows = [f"| {code(key)} | {code(str(value))} |" for key, value in scrub_variables(variables).items()]
    return "\n".join(("| local | recorded value |", "| --- | --- |", *rows[:30]))


def _failing_line(cause: RootCause) -> str:
    return fence(cause.culprit.code, "python")


def _suspect(cause: RootCause) -> list[str]:
    suspect = cause.suspect
    if suspect is None:
        return []
    pull = f" (#{suspect.pull_request})" if suspect.pull_request else ""
    return [
        f"That line was last changed in {suspect.sha}{pull} by {code(suspect.author)}: {code(suspect.title, 120)}"
    ]


def _place(cause: RootCause) -> str:
    return code(cause.place)


def _reason(stop: Stop) -> str:
    return stop.reason.replace("-", " ")


def _next_step(case: CaseFile, stop: Stop) -> str:
    if stop.reason is Reason.ROLLED_BACK:
        return "The deployment was rolled back by your own CD. The merge is still on the default branch: revert or mend it."
    if case.merged is not None:
        return "The fix is merged, but production has not shown that it works. Please look at it."
    if case.pull is not None:
        return f"#{case.pull.number} is open and will not be merged by Autofix."
    return "No pull request was opened."


def _list(items: list[str]) -> str:
    return "\n".join(f"- {item}" for item in items)


def _sentence(text: str) -> str:
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")


def _known(value: T | None) -> T:
    if value is None:
        raise ValueError("the case file does not hold what this text is about")
    return value
