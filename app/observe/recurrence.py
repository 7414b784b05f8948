"""Recurrence: an error that was called fixed is looked after for a week, and what comes back opens its issue again.

Each look holds the last whole minute, two minutes, four minutes and so on against what a fix that holds may leave.
Every window is tested with the same small part of the risk, so that a week of looks calls a fix that holds a recurrence
in at most 1 of 100 cases (Bonferroni), and short windows see a burst of errors soon while long ones see a trickle.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from app.clients import Clients
from app.clients.tracker import IssueState, Tracker
from app.core.counts import MINUTE, Counts
from app.core.markdown import code, duration, prose
from app.core.model import CaseFile, Finding, Judgement, Reason, Stage, Stop, Verdict, Window, given
from app.observe.judge import ALPHA, Minutes, allowed, recurred
from app.observe.rollout import look
from app.observe.rollout.standing import State

WATCH_SECONDS = 7 * 86_400.0
# Windows of 1, 2, 4 ... 512 minutes. Two of the longest are within what trackers count by the minute: a day.
SIZES = tuple(MINUTE * 2**power for power in range(10))
# There are WATCH/60 windows of a minute, half as many of two minutes, and so on: less than twice as many in all.
RISK = ALPHA * MINUTE / (2 * WATCH_SECONDS)


@dataclass(frozen=True, slots=True)
class _Tile:
    """A window to test, in epoch seconds."""

    start: float
    end: float


@dataclass(frozen=True, slots=True)
class _Counted:
    """What was counted in each minute: by `every` release, and without the faulty one."""

    every: dict[float, int]
    new: dict[float, int]


async def recurrence(clients: Clients, case: CaseFile, now: float) -> Stop | None:
    """That the fixed error is back, with the numbers; None if it is not, or if nobody wants to know any more."""
    verdict, finding = case.verdict, given(case.finding)
    if verdict is None or verdict.judgement is not Judgement.FIXED or not finding.is_tracked:
        return None
    since = given(case.release).live_since + verdict.after.seconds
    tiles = list(_tiles(since, min(now - given(case.decision).lag, verdict.at + WATCH_SECONDS)))
    if not tiles:
        return None
    tracker = clients.tracker(finding.source)
    whole = _Tile(min(tile.start for tile in tiles), max(tile.end for tile in tiles))
    errors = await _counted(tracker, finding, whole, traffic=False)
    if errors is None or not any(errors.every.values()) or await tracker.state(finding) is IssueState.IGNORED:
        return None
    traffic = None
    if verdict.before.unit != "seconds":
        traffic = await _counted(tracker, finding, whole, traffic=True, of=verdict.before.unit)
    window, went_back = _back(verdict, tiles, errors.new, traffic.new if traffic else None), ""
    if window is None:
        # What the faulty release sends counts once production runs it again, and is a straggler's otherwise.
        window = _back(verdict, tiles, errors.every, traffic.every if traffic else None)
        standing = await look(clients, case) if window is not None else None
        if window is None or standing is None or standing.state is not State.ROLLED_BACK:
            return None
        went_back = f" {prose(standing.detail)}"
    detail = f"{_told(window, verdict, now)}{went_back} {await _since_then(clients, case)}"
    return Stop(Stage.OBSERVE, Reason.RECURRED, detail)


def would_be_seen(verdict: Verdict) -> bool:
    """True if an error that comes as often as before is called back in the longest window, which a rare one is not."""
    before = verdict.before
    part = SIZES[-1] / before.seconds if before.seconds > 0 else 0.0
    events, exposure = round(part * before.events), part * before.exposure
    return recurred(verdict, replace(before, events=events, exposure=exposure, seconds=SIZES[-1]), RISK)


def _tiles(since: float, until: float) -> Iterator[_Tile]:
    """The last whole window of each size, the shortest first; all begin at whole minutes."""
    first = math.ceil(since / MINUTE) * MINUTE
    for size in SIZES:
        whole = int((until - first) // size)
        if whole > 0:
            end = first + whole * size
            yield _Tile(end - size, end)


def _back(
    verdict: Verdict, tiles: Sequence[_Tile], errors: dict[float, int], traffic: dict[float, int] | None
) -> Window | None:
    """The shortest window that shows the error to be back; None if none does."""
    for tile in tiles:
        window = _window(tile, errors, traffic, verdict.before.unit)
        if window is not None and _is_borne_out(window, verdict) and recurred(verdict, window, RISK):
            return window
    return None


async def _counted(
    tracker: Tracker, finding: Finding, span: _Tile, *, traffic: bool, of: str = ""
) -> _Counted | None:
    """What was counted in each minute; None if the minutes are not known.

    Where it is not known what the faulty release counted, a minute's errors are not known either. Traffic of which
    nothing is taken away only makes errors look rarer.
    """
    start, end = datetime.fromtimestamp(span.start, UTC), datetime.fromtimestamp(span.end, UTC)
    ask = tracker.traffic if traffic else tracker.errors
    every = _minutes(await ask(finding, start=start, end=end), of)
    if every is None or finding.release is None or not any(every.values()):
        return None if every is None else _Counted(every, every)
    old = _minutes(await ask(finding, start=start, end=end, release=finding.release), of) or {}
    known = every.keys() if traffic else every.keys() & old.keys()
    return _Counted(every, {minute: max(0, every[minute] - old.get(minute, 0)) for minute in known})


def _minutes(counts: Counts | None, of: str) -> dict[float, int] | None:
    """The complete minutes; None if something else was counted than `of`, or not as fine as minutes."""
    if counts is None or (of and counts.of != of):
        return None
    found = Minutes.of(counts)
    if found is None:
        return None
    by_minute = ((found.start + MINUTE * at, number) for at, number in enumerate(found.events))
    return {start: round(number) for start, number in by_minute if number is not None}


def _window(
    tile: _Tile, errors: dict[float, int], traffic: dict[float, int] | None, unit: str
) -> Window | None:
    """The tile as the judge reads it; None if one of its minutes is not known."""
    minutes = [tile.start + MINUTE * number for number in range(round((tile.end - tile.start) / MINUTE))]
    known = errors if traffic is None else errors.keys() & traffic.keys()
    if any(minute not in known for minute in minutes) or (traffic is None and unit != "seconds"):
        return None
    seconds = tile.end - tile.start
    exposure = seconds if traffic is None else float(sum(traffic[minute] for minute in minutes))
    return Window(sum(errors[minute] for minute in minutes), exposure, unit, seconds)


def _is_borne_out(window: Window, verdict: Verdict) -> bool:
    """False if so many events cannot come of the traffic: who knows the tracker's address can send errors alone.

    Where more errors than traffic were counted before the fix already, no more than that is asked for.
    """
    before = verdict.before
    usual = before.events / before.exposure if before.exposure > 0 else 0.0
    return window.unit == "seconds" or window.events <= max(1.0, usual) * window.exposure


def _told(window: Window, verdict: Verdict, now: float) -> str:
    """What was seen, in two sentences."""
    before, ratio = verdict.before, allowed(verdict)
    least = f"; a fix that holds leaves {ratio:.1%} of the old rate at most" if ratio is not None else ""
    events = f"{window.events} event{'s' * (window.events != 1)}"
    was = f"{before.events} within {_minutes_long(before)} before the fix"
    fixed = f"It was called fixed {duration((now - verdict.at) / MINUTE)} ago{least}."
    return f"the error is back: {events} within {_minutes_long(window)} ({was}). {fixed}"


def _minutes_long(window: Window) -> str:
    minutes = round(window.seconds / MINUTE)
    return "a minute" if minutes == 1 else f"{minutes} minutes"


async def _since_then(clients: Clients, case: CaseFile) -> str:
    """Whether the fix is still there, in a sentence."""
    fix, branch = given(case.patch).fix, given(case.cause).base_branch
    repo = clients.github.repository(case.incident.repository, case.incident.installation_id)
    if await repo.text(fix.path) == fix.after:
        return f"{code(fix.path)} on {code(branch)} still is as the fix left it."
    return f"{code(fix.path)} on {code(branch)} was changed since the fix."
