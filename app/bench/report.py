"""The result in a terminal and as a file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.box import HORIZONTALS
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from app.bench.summary import Summary, by_category, strict_core
from app.bench.verdict import Row, Verdict

STYLES = {
    Verdict.CORRECT: "green",
    Verdict.PLAUSIBLE: "yellow",
    Verdict.WRONG: "red",
    Verdict.ESCALATED: "cyan",
    Verdict.ERROR: "magenta",
}


def result(rows: Sequence[Row]) -> dict[str, Any]:
    """Everything that was found, for a program to read."""
    return {
        "cases": [row.as_json() for row in rows],
        "summary": {
            "all": Summary.of(rows).as_json(),
            "strict_core": strict_core(rows).as_json(),
            "categories": {name: summary.as_json() for name, summary in by_category(rows).items()},
        },
    }


def print_row(console: Console, row: Row, done: int, total: int) -> None:
    """One finished case in one line."""
    pattern = row.proposal.pattern if row.proposal and row.proposal.is_fix else None
    style = STYLES[row.verdict]
    what = f"{pattern}: {row.reason}" if pattern else row.reason
    # The output of a broken package may hold what no terminal can show.
    shown = " ".join(what.encode(errors="replace").decode().split())
    console.print(
        f"[dim]{done:>{len(str(total))}}/{total}[/dim]  [{style}]{row.verdict:<9}[/{style}]  "
        f"[bold]{escape(row.case.id)}[/bold]  [dim]{escape(shown)}[/dim]",
        overflow="ellipsis",
        no_wrap=True,
        crop=True,
    )


def print_summary(console: Console, rows: Sequence[Row]) -> None:
    """The table of categories, then the numbers of all cases and of the strict core."""
    console.print()
    console.print(_categories(rows))
    console.print()
    console.print(_shares(rows))


def _categories(rows: Sequence[Row]) -> Table:
    table = _table(
        "Verdicts by category", caption="merged: how many it would merge without a person, the correct first"
    )
    table.add_column("category")
    for name in ("cases", "correct", "plausible", "wrong", "escalated", "error", "merged"):
        table.add_column(name, justify="right")
    for name, summary in by_category(rows).items():
        table.add_row(name, *_counts(summary))
    table.add_section()
    table.add_row("all", *_counts(Summary.of(rows)), style="bold")
    table.add_row("strict core", *_counts(strict_core(rows)), style="bold")
    return table


def _table(title: str, caption: str | None = None) -> Table:
    """A table that fits into 80 columns."""
    return Table(
        title=title,
        title_justify="left",
        caption=caption,
        caption_justify="left",
        box=HORIZONTALS,
        padding=0,
        show_edge=False,
    )


def _counts(summary: Summary) -> list[str]:
    numbers = (
        summary.cases,
        summary.correct,
        summary.plausible,
        summary.wrong,
        summary.escalated,
        summary.errors,
    )
    merged = f"{summary.auto_mergeable_correct}/{summary.auto_mergeable}"
    return [
        *(str(number) if number else "·" for number in numbers),
        merged if summary.auto_mergeable else "·",
    ]


def _shares(rows: Sequence[Row]) -> Table:
    table = _table("Shares")
    table.add_column("")
    for name in ("all", "strict core"):
        table.add_column(name, justify="right")
    both = (Summary.of(rows), strict_core(rows))
    table.add_row("correct, of the crashes to fix", *(share(one.correct_share) for one in both))
    table.add_row("precision, of the fixes", *(share(one.precision) for one in both))
    table.add_row("precision of auto-merged fixes", *(share(one.auto_merge_precision) for one in both))
    table.add_row("escalated, of those not to fix", *(share(one.no_fix_share) for one in both))
    table.add_row(
        "median time of the engine",
        *("-" if one.median_seconds is None else f"{one.median_seconds:.1f} s" for one in both),
    )
    return table


def share(value: float | None) -> str:
    """A share for people: `-` if there was nothing to share."""
    return "-" if value is None else f"{value:.0%}"
