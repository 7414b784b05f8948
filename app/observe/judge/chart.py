"""A verdict as a picture of a few characters, for comments and check runs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from app.core.counts import MINUTE
from app.core.model import Window
from app.observe.judge.minutes import Minutes, total

LEVELS = "▁▂▃▄▅▆▇█"
NONE, UNKNOWN, DEPLOYED = "·", "?", "│"
COLUMNS = 100  # an hour before and half an hour after, minute by minute
BAR = 40


def sparkline(values: Sequence[float | None], top: float) -> str:
    """A character for each value: a dot for 0, a question mark where there is no number."""
    return "".join(_level(value, top) for value in values)


def chart(minutes: Minutes, deployed: float) -> str:
    """Events over time as three lines of text, with a bar where the release went live."""
    width = max(1, -(-len(minutes.events) // COLUMNS))
    cut = min(len(minutes.events), max(0, int((deployed - minutes.start) // MINUTE)))
    # The oldest minutes that do not fill a group are left out, so that none holds minutes of both sides.
    sides = minutes.events[cut % width : cut], minutes.events[cut:]
    before, after = (_grouped(side, width) for side in sides)
    top = max((value for value in (*before, *after) if value is not None), default=0.0)
    every = "minute" if width == 1 else f"{width} minutes"
    line = f"{sparkline(before, top)}{DEPLOYED}{sparkline(after, top)}"
    return f"events in each {every}, at most {top:.0f}\n{line}\n{' ' * len(before)}{clock(deployed)} live"


def bars(before: Window, after: Window) -> str:
    """Both rates as bars of text, where events by the minute are not known."""
    rates = (_rate(before), _rate(after))
    top = max(rates)
    lines = (
        f"{name:<6} {'█' * round(BAR * rate / top) if top else '':<{BAR}} {rate:.3g}"
        for name, rate in zip(("before", "after"), rates, strict=True)
    )
    unit = "minute" if after.unit == "seconds" else f"1,000 {after.unit}"
    return "\n".join((f"events per {unit}", *lines))


def clock(moment: float) -> str:
    """The time of day in UTC."""
    return datetime.fromtimestamp(moment, UTC).strftime("%H:%M")


def _rate(window: Window) -> float:
    scale = 60.0 if window.unit == "seconds" else 1000.0
    return scale * window.events / window.exposure if window.exposure > 0 else 0.0


def _grouped(values: Sequence[float | None], width: int) -> list[float | None]:
    return [total(values[at : at + width]) for at in range(0, len(values), width)]


def _level(value: float | None, top: float) -> str:
    if value is None:
        return UNKNOWN
    if value <= 0 or top <= 0:
        return NONE
    return LEVELS[min(len(LEVELS) - 1, int(len(LEVELS) * value / top))]
