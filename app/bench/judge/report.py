"""The measured cells as tables, and the minutes to a decision beside the physical limit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from rich.box import HORIZONTALS
from rich.console import Console
from rich.table import Table

from app.bench.judge.incidents import Setting
from app.bench.judge.measure import BURST, CHANGES, RATES, SEED, Cell, limit_minutes
from app.observe.judge import ALPHA

MARKS = {"exact-looks": "●", "sequential": "◆", "5 looks": "○"}
TIMED = (*MARKS, "peeking")
LIMIT = "│"
# The plot goes from a tenth of a minute to two hours, in equal steps of the logarithm.
FIRST, LAST, WIDTH = 0.1, 120.0, 62


def result(cells: Sequence[Cell], seconds: float) -> dict[str, Any]:
    """Everything that was measured, for a program to read."""
    return {
        "alpha": ALPHA,
        "seed": SEED,
        "seconds": round(seconds, 1),
        "limit_minutes": {str(rate): limit_minutes(rate) for rate in RATES},
        "cells": [cell.as_json() for cell in cells],
        "keeps_its_word": not any(cell.breaks_its_word for cell in cells),
    }


def show(console: Console, cells: Sequence[Cell]) -> None:
    """The tables, then the plot."""
    console.print(_false_table(cells))
    console.print()
    console.print(_time_table(cells))
    console.print()
    console.print(plot(cells), highlight=False)


def plot(cells: Sequence[Cell]) -> str:
    """For each rate, when each rule says fixed of a complete fix in the median; the bar is the physical limit."""
    lines = [f"minutes until a complete fix is called fixed, and the limit ln(1/alpha)/rate {LIMIT}", ""]
    for rate in RATES:
        row = [" "] * WIDTH
        row[_column(limit_minutes(rate))] = LIMIT
        for name, mark in reversed(MARKS.items()):
            cell = _find(cells, name, Setting(rate, 0.0))
            if cell is not None and cell.median is not None:
                row[_column(cell.median)] = mark
        lines.append(f"{rate:>5g} a minute  {''.join(row).rstrip()}")
    axis, labels = ["─"] * WIDTH, [" "] * (WIDTH + 4)
    for minutes in (0.1, 1.0, 10.0, 100.0):
        column = _column(minutes)
        axis[column] = "┼"
        labels[column : column + len(f"{minutes:g}")] = f"{minutes:g}"
    lines += [f"{'':15}{''.join(axis)}", f"{'':15}{''.join(labels).rstrip()}", ""]
    return "\n".join([*lines, "  ".join(f"{mark} {name}" for name, mark in MARKS.items())])


def _false_table(cells: Sequence[Cell]) -> Table:
    settings = [Setting(rate, 1.0, burst) for burst in (1.0, BURST) for rate in RATES]
    table = _table(
        'False "fixed": the rate is the old one',
        f"alpha is {ALPHA:.0%}; the first two rules keep to it. *: in bursts of {BURST:g}",
    )
    table.add_column("errors a minute")
    for setting in settings:
        table.add_column(f"{setting.per_minute:g}{'*' if setting.burst > 1 else ''}", justify="right")
    for name in _names(cells):
        row = [_find(cells, name, setting) for setting in settings]
        table.add_row(
            name, *("" if cell is None else _false(cell) for cell in row), style=_style(cells, name)
        )
    return table


def _time_table(cells: Sequence[Cell]) -> Table:
    table = _table(
        "Called fixed within 33 minutes, and the median minutes",
        "new: the new rate, of the old one; -: fewer than half ever are",
    )
    table.add_column("rate")
    table.add_column("new", justify="right")
    table.add_column("limit", justify="right")
    names = [name for name in _names(cells) if name in TIMED]
    for name in names:
        table.add_column(name, justify="right")
    for rate in RATES:
        for change in CHANGES[1:]:
            row = [_find(cells, name, Setting(rate, change)) for name in names]
            limit = f"{limit_minutes(rate):.2g}" if change <= 0 else ""
            table.add_row(
                f"{rate:g}", f"{change:g}", limit, *("" if cell is None else _time(cell) for cell in row)
            )
        table.add_section()
    return table


def _table(title: str, caption: str) -> Table:
    return Table(
        title=title,
        title_justify="left",
        caption=caption,
        caption_justify="left",
        box=HORIZONTALS,
        padding=(0, 1, 0, 0),
        show_edge=False,
    )


def _false(cell: Cell) -> str:
    share = f"{cell.fixed / cell.runs:.1%}"
    return f"[red]{share}![/red]" if cell.breaks_its_word else share


def _time(cell: Cell) -> str:
    median = "-" if cell.median is None else f"{cell.median:.2g}" if cell.median < 1 else f"{cell.median:.3g}"
    return f"{cell.in_time / cell.runs:.0%} {median:>4}"


def _style(cells: Sequence[Cell], name: str) -> str:
    return "bold" if any(cell.admissible for cell in cells if cell.rule == name) else ""


def _names(cells: Sequence[Cell]) -> list[str]:
    return list(dict.fromkeys(cell.rule for cell in cells))


def _find(cells: Sequence[Cell], name: str, setting: Setting) -> Cell | None:
    return next((cell for cell in cells if cell.rule == name and cell.setting == setting), None)


def _column(minutes: float) -> int:
    share = math.log(minutes / FIRST) / math.log(LAST / FIRST)
    return min(WIDTH - 1, max(0, round(share * (WIDTH - 1))))
