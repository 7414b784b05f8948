"""What surrounds a failure, as people read it: on an escalation, and folded in a pull request. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta

from app.core.markdown import bullets, code, fence, folded, prose, table, values
from app.core.model import CaseFile, Context, Finding, Frame, PastIncident, Result
from app.core.scrub import scrub_variables

# A deployment so long before the first sight of the error, or so soon after, may have to do with it.
BEFORE = timedelta(hours=24)
AFTER = timedelta(hours=1)
MOST_PAST = 5
MOST_RELATED = 5
LONGEST_TEXT = 20_000
CALLERS = 3
_SHORT = 7

_RESULTS = {
    Result.FIXED: "fixed and verified",
    Result.PROPOSED: "a fix was proposed",
    Result.ESCALATED: "handed over to a person",
}


def moment(text: str) -> datetime | None:
    """The time that an ISO 8601 text states; None if it states none."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def is_near(deployed: str, first_seen: str) -> bool:
    """True if a deployment began near the first sight of the error."""
    start, seen = moment(deployed), moment(first_seen)
    return start is not None and seen is not None and seen - BEFORE <= start <= seen + AFTER


def failing_frame(finding: Finding) -> Frame | None:
    """The innermost frame of the application's own; None if there is none."""
    own = [frame for frame in finding.root.frames if frame.in_app]
    return own[-1] if own else None


def alike(now: Finding, then: Finding) -> tuple[bool, bool]:
    """Whether two findings are the same kind of error out of the same file, and out of the same function, too."""
    ours, theirs = failing_frame(now), failing_frame(then)
    if ours is None or theirs is None or now.root.type != then.root.type or ours.path != theirs.path:
        return False, False
    return True, ours.function == theirs.function


def closest(past: Iterable[PastIncident]) -> tuple[PastIncident, ...]:
    """The few of the past incidents that are worth reading: those of the same function first, newest first."""
    ordered = sorted(past, key=lambda one: (not one.same_place, -one.opened_at))
    return tuple(ordered[:MOST_PAST])


def names_place(finding: Finding, text: str) -> str | None:
    """What `text` names of the failing place: its file, or its function together with the error; None if neither."""
    frame = failing_frame(finding)
    text = text[:LONGEST_TEXT]
    if frame is None:
        return None
    if _stands_alone(frame.path.lstrip("/"), text):
        return frame.path
    error = finding.root.type.rpartition(".")[2]
    if _is_telling(frame.function) and _stands_alone(frame.function, text) and _stands_alone(error, text):
        return frame.function
    return None


def _is_telling(function: str) -> bool:
    """True if a text that holds the name surely means the function: an everyday word may mean anything."""
    return "_" in function.strip("_") or any(letter.isupper() for letter in function[1:])


def _stands_alone(name: str, text: str) -> bool:
    """True if the text holds the name as a whole: nothing that could be more of it stands on either side."""
    return bool(name) and re.search(rf"(?<![\w./-]){re.escape(name)}(?![\w/-])", text) is not None


# What people read ----------------------------------------------------------------------------------------------


def timeline(case: CaseFile) -> str:
    """What happened when, in order."""
    rows = sorted(_moments(case), key=lambda row: row[0])
    return table(("when (UTC)", "what"), [(_stamp(at), what) for at, what in rows]) if rows else ""


def surroundings(case: CaseFile) -> tuple[tuple[str, str], ...]:
    """The parts about what surrounds the failure, each with its title; only those that have something to say."""
    context = case.context or Context()
    parts = (
        ("Timeline", timeline(case)),
        ("What it affects", _affected(case, context)),
        ("Before the failure", _crumbs(context)),
        ("The callers, with the values seen", _callers(case)),
        ("Earlier incidents of the same shape", _past(context)),
        ("Other open issues about this place", _related(context)),
        ("Ruled out", _ruled_out(case)),
        ("Not known", bullets(map(prose, context.missing))),
    )
    return tuple((title, text) for title, text in parts if text)


def details(case: CaseFile) -> str:
    """All of it in one, for a place that folds it."""
    return "\n\n".join(f"#### {title}\n\n{text}" for title, text in surroundings(case))


def folded_details(case: CaseFile) -> str:
    """All of it behind a line to click on; empty if nothing was gathered."""
    return folded("Investigation", details(case)) if case.context is not None else ""


def _moments(case: CaseFile) -> Iterator[tuple[datetime, str]]:
    finding, suspect = case.finding, case.cause.suspect if case.cause else None
    said: list[tuple[str, str]] = []
    if suspect is not None:
        pull = f" (#{suspect.pull_request})" if suspect.pull_request else ""
        said.append((suspect.date, f"{suspect.sha[:_SHORT]}{pull} changed the failing line"))
    if finding is not None:
        release = f" in release {code(finding.release)}" if finding.release else ""
        said += [(finding.first_seen, "first seen"), (finding.last_seen, f"last seen{release}")]
    if case.context is not None:
        said += [
            (one.at, f"{one.sha[:_SHORT]} was deployed to {code(one.environment)}")
            for one in case.context.deploys
        ]
    yield from ((at, what) for text, what in said if (at := moment(text)) is not None)
    ours = [(case.opened_at, "Autofix took it up")]
    if case.merged is not None:
        ours.append((case.merged.merged_at, f"the fix was merged as {case.merged.sha[:_SHORT]}"))
    if case.release is not None:
        ours.append((case.release.live_since, f"the fix is live in {code(case.release.environment)}"))
    if case.verdict is not None:
        ours.append((case.verdict.at, f"production was judged: {case.verdict.judgement}"))
    yield from ((datetime.fromtimestamp(at, UTC), what) for at, what in ours)


def _stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S")


def _affected(case: CaseFile, context: Context) -> str:
    finding = case.finding
    if finding is None:
        return ""
    said = [f"{_many(finding.events, 'event')}, {_many(finding.users, 'user')}"]
    releases = list(
        dict.fromkeys(filter(None, (context.first_release, context.last_release, finding.release)))
    )
    if releases:
        said.append(f"releases: {', '.join(map(code, releases))}")
    if finding.environment:
        said.append(f"environment {code(finding.environment)}")
    if finding.transaction:
        said.append(f"transaction {code(finding.transaction)}")
    return bullets(said)


def _crumbs(context: Context) -> str:
    crumbs = context.breadcrumbs
    rows = [(code(_clock(one.at)), code(one.category or "-"), code(one.text, 160)) for one in crumbs]
    return table(("when (UTC)", "what", "message"), rows) if rows else ""


def _clock(text: str) -> str:
    at = moment(text)
    return at.strftime("%H:%M:%S") if at else "-"


def _callers(case: CaseFile) -> str:
    """The frames above the failing one, whose values an explanation has to fit."""
    if case.cause is None:
        return ""
    parts: list[str] = []
    for frame in reversed(case.cause.frames[:-1][-CALLERS:]):
        recorded: Mapping[str, object] = scrub_variables(frame.variables)
        parts += [
            f"{code(f'{frame.path}:{frame.line}')} in {code(frame.function)}",
            fence(frame.code, "python"),
            values({name: str(value) for name, value in recorded.items()}, 10),
        ]
    return "\n\n".join(filter(None, parts))


def _past(context: Context) -> str:
    lines = []
    for one in context.past:
        how = _RESULTS[one.result] if one.result else "still going on"
        why = f" ({one.reason.replace('-', ' ')})" if one.reason and one.result is not Result.FIXED else ""
        pull = f", #{one.pull_request}" if one.pull_request else ""
        where = "the same function" if one.same_place else "the same file"
        day = datetime.fromtimestamp(one.opened_at, UTC).strftime("%Y-%m-%d")
        lines.append(f"{day}, #{one.issue}, {where}: {how}{why}{pull}")
    return bullets(lines)


def _related(context: Context) -> str:
    return bullets(f"#{one.number} {code(one.title, 120)} names {code(one.names)}" for one in context.related)


def _ruled_out(case: CaseFile) -> str:
    causes = case.cause.ruled_out if case.cause else ()
    fixes = case.patch.alternatives if case.patch else ()
    return bullets(map(prose, (*causes, *fixes)))


def _many(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
