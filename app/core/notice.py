"""What is told of an incident outside of GitHub: which change, how much it matters, to whom, and when. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from app.core.calling import UNSAID, Notify, Severity
from app.core.markdown import clock
from app.core.messages import cause_phrase
from app.core.model import CaseFile, Outcome, Reason, Result, given, is_untold
from app.core.plain import plain

# A person did it, or nothing is left to do.
_CALM = {Reason.ALREADY_FIXED, Reason.STOPPED, Reason.PAUSED}
# Merged, and production has not said that anything is wrong.
_UNDECIDED = {Reason.INCONCLUSIVE}
_REPOSITORY = re.compile(r"[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}")


class Change(StrEnum):
    """The changes of an incident that are told. The value is what people read."""

    DETECTED = "anomaly detected"
    MERGED = "fix merged"
    PROPOSED = "fix proposed"
    FIXED = "fixed"
    ESCALATED = "needs a person"


@dataclass(frozen=True, slots=True)
class Notice:
    """One change of one incident. `key` is the same whenever the same change is told."""

    incident: str
    key: str
    severity: Severity
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Due:
    """A target that is told, and the moment from which on it may be."""

    target: str
    at: float


def change_of(case: CaseFile, outcome: Outcome | None) -> Change:
    """What the case has come to; without an outcome it is on its way."""
    if outcome is None:
        return Change.MERGED if case.merged is not None else Change.DETECTED
    return {
        Result.FIXED: Change.FIXED,
        Result.PROPOSED: Change.PROPOSED,
        Result.ESCALATED: Change.ESCALATED,
    }[outcome.result]


def severity_of(change: Change, reason: Reason | None, *, merged: bool) -> Severity:
    """How much it matters: urgent is what went wrong in production after our own merge."""
    if change is Change.PROPOSED:
        return Severity.WARNING
    if change is not Change.ESCALATED or reason in _CALM:
        return Severity.INFO
    return Severity.URGENT if merged and reason not in _UNDECIDED else Severity.WARNING


def notice_of(case: CaseFile, outcome: Outcome | None, web: str) -> Notice | None:
    """What is told of the case now; None if nothing is. `web` is the address of GitHub's pages."""
    if outcome is not None and is_untold(case, outcome):
        return None
    change, stop = change_of(case, outcome), outcome.stop if outcome else None
    reason = stop.reason if stop else None
    lines = [plain(_sentence(case, change, outcome), 600)]
    if stop is not None and change in {Change.ESCALATED, Change.PROPOSED}:
        lines.append(f"Why: {plain(stop.detail)}")
    lines.append(_link(case, web))
    why = f" ({reason.replace('-', ' ')})" if reason and change is Change.ESCALATED else ""
    return Notice(
        case.incident.id,
        f"{change}:{reason}" if reason else change,
        severity_of(change, reason, merged=case.merged is not None),
        f"{plain(case.incident.repository)} #{case.incident.issue}: {change}{why}",
        "\n".join(line for line in lines if line),
    )


def recipients(
    notify: Notify | None, known: Collection[str], severity: Severity, now: float
) -> tuple[tuple[Due, ...], tuple[str, ...]]:
    """Who is told, and from when on; and the names in the policy that this server does not know.

    `notify` is None where no policy says anything. Quiet hours hold back what is not urgent.
    """
    rules = UNSAID if notify is None else notify
    wanted = [channel.to for channel in rules.channels if severity.rank >= channel.severity.rank]
    at = now
    if rules.quiet is not None and severity is not Severity.URGENT:
        at = rules.quiet.over(now)
    unknown = () if notify is None else tuple(name for name in wanted if name not in known)
    return tuple(Due(name, at) for name in wanted if name in known), unknown


def _sentence(case: CaseFile, change: Change, outcome: Outcome | None) -> str:
    if outcome is not None:
        return outcome.summary
    start = f"anomaly detected at {clock(case.opened_at)}, root cause: {cause_phrase(given(case.cause))}"
    if change is Change.MERGED:
        return f"{start}, fix merged at {clock(given(case.merged).merged_at)}, waiting for production"
    return f"{start}, looking for a fix"


def _link(case: CaseFile, web: str) -> str:
    """The issue's address, where the repository's name is one."""
    name = case.incident.repository
    return f"{web}/{name}/issues/{case.incident.issue}" if _REPOSITORY.fullmatch(name) else ""


# Storms --------------------------------------------------------------------------------------------------------

WINDOW_SECONDS = 600.0
# Of a target's messages in one window, so many are kept for what is urgent.
RESERVED = 2
# More than so many that are not urgent come as one.
SINGLY = 3
LINES = 10


@dataclass(frozen=True, slots=True)
class Waiting:
    """A notice that a target has not been sent yet, by its number in the outbox."""

    number: int
    target: str
    severity: Severity
    title: str
    text: str
    attempts: int


@dataclass(frozen=True, slots=True)
class Message:
    """One message to a target, and the notices that it tells."""

    numbers: tuple[int, ...]
    severity: Severity
    title: str
    text: str


def messages_to_send(waiting: Sequence[Waiting], sent: int, limit: int) -> tuple[Message, ...]:
    """What one target is sent now, where it had `sent` messages in the last window and may have `limit` in one.

    What finds no place waits, and comes as one message with a line for each. Urgent ones go first.
    """
    urgent = [one for one in waiting if one.severity is Severity.URGENT]
    others = [one for one in waiting if one.severity is not Severity.URGENT]
    first = _packed(urgent, limit - sent, singly=limit)
    return (*first, *_packed(others, limit - RESERVED - sent - len(first), singly=SINGLY))


def _packed(waiting: Sequence[Waiting], places: int, *, singly: int) -> tuple[Message, ...]:
    if not waiting or places <= 0:
        return ()
    if len(waiting) <= min(places, singly):
        return tuple(Message((one.number,), one.severity, one.title, one.text) for one in waiting)
    # Urgent ones come singly as long as there are places; of the others, all come as one.
    alone = waiting[: places - 1] if singly > SINGLY else ()
    return (*_packed(alone, places, singly=singly), _digest(waiting[len(alone) :]))


def _digest(waiting: Sequence[Waiting]) -> Message:
    if len(waiting) == 1:
        return _packed(waiting, 1, singly=1)[0]
    worst = max((one.severity for one in waiting), key=lambda severity: severity.rank)
    lines = [f"- {one.title}" for one in waiting[-LINES:]]
    if len(waiting) > LINES:
        lines.insert(0, f"The newest {LINES}:")
    numbers = tuple(one.number for one in waiting)
    return Message(numbers, worst, f"{len(waiting)} changes of incidents", "\n".join(lines))
