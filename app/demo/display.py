"""The demo in a terminal: what happens now, and at the end the whole story."""

from __future__ import annotations

import time
from pathlib import Path

from rich.console import Console
from rich.panel import Panel
from rich.syntax import Syntax
from rich.table import Table

from app.demo.scenario import SCENARIOS, Scenario
from app.demo.story import Story
from app.store import StepRow

# Steps worth a line while they happen; probes that only look again are not.
TOLD = {
    "detect": "detect: the issue and its event are genuine",
    "investigate": "investigate: the failing expression is confirmed",
    "corroborate": "investigate: more than the event itself speaks for it",
    "read_policy": "decide: the policy is read from the default branch",
    "fix": "fix: a patch and its regression test are written",
    "propose": "merge: the commit is pushed, the pull request is open",
    "arm": "merge: auto-merge is asked for, by the branch's own rules",
    "rebuild": "merge: the base has moved on; the fix is built on it anew",
    "proven": "verify: the new test fails on the base and passes on the fix",
    "merged": "merge: GitHub has merged",
    "released": "observe: the merge commit is live in production",
    "judge_release": "observe: the judge has looked at production's errors",
    "conclude": "learn: told, closed, recorded",
    "reopen": "escalate: the error is back, and the issue is open again",
    "revert": "merge: a pull request takes the fix back",
    "escalate": "escalate: a person has everything",
}
# They look until there is something to see.
PROBES = {"proven", "merged", "released"}


class Display:
    """Prints lines with the seconds since the start; the same in a terminal and in a log file."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._start = time.monotonic()

    def line(self, text: str, *, style: str = "") -> None:
        """One line with its time."""
        seconds = time.monotonic() - self._start
        self._console.print(f"[dim]{seconds:6.1f}s[/dim]  {_plain(text)}", style=style, highlight=False)

    def step(self, step: StepRow) -> None:
        """A finished step of Autofix, if it is worth a line."""
        if step.name not in TOLD or (step.name in PROBES and step.note == "NoneType"):
            return
        refused = ": " in step.note
        text = f"{step.stage}: {step.note}" if refused else TOLD[step.name]
        self.line(text, style="yellow" if refused else "green")

    def opening(self, scenario: Scenario, seed: int, shop: Path | None) -> None:
        """What is about to be seen."""
        self._console.rule(f"[bold]Autofix demo: {scenario.name if shop is None else shop.name}")
        story = (
            scenario.story if shop is None else "your own shop: let us see what becomes of its first failure"
        )
        self._console.print(
            f"{_plain(story)}. Everything runs on this machine. Seed {seed}.\n", highlight=False
        )

    def commands(self, *commands: str) -> None:
        """What to type to look around while everything stays up."""
        self._console.print("\n[bold]Still running.[/bold] Look around, then press Ctrl-C:")
        for command in commands:
            self._console.print(f"  {_plain(command)}", soft_wrap=True)

    def story(self, story: Story, diff: str) -> None:
        """The timeline, the diff, the error rate before and after, and the summary."""
        self._console.print()
        table = Table(title="Timeline", title_justify="left")
        for name in ("stage", "Autofix worked", "waited for CI, CD, traffic"):
            table.add_column(name, justify="left" if name == "stage" else "right")
        for stage in story.stages:
            table.add_row(stage.stage, f"{stage.seconds:.2f} s", f"{stage.waiting_seconds:.1f} s")
        waited = sum(stage.waiting_seconds for stage in story.stages)
        table.add_section()
        table.add_row("all", f"{story.own_seconds:.2f} s", f"{waited:.1f} s")
        self._console.print(table)
        if diff:
            title = "The merged commit" if story.outcome == "fixed" else "The change"
            self._console.print(Panel(Syntax(diff, "diff", word_wrap=True), title=title, title_align="left"))
        rates = Table(title="Failed requests, counted at the proxy", title_justify="left")
        for name in ("", "requests", "errors", "errors per minute"):
            rates.add_column(name, justify="left" if not name else "right")
        for name, rate in (("before", story.before), ("after", story.after)):
            rates.add_row(name, str(rate.requests), str(rate.errors), f"{rate.per_minute:.1f}")
        self._console.print(rates)
        style = {"fixed": "green", "proposed": "cyan"}.get(story.outcome, "yellow")
        verdict = story.outcome + (f" ({story.reason})" if story.reason else "")
        self._console.print(
            Panel(_plain(story.summary), title=f"[bold]{verdict}", title_align="left", style=style)
        )


def list_scenarios(console: Console) -> None:
    """The scenarios, one a line."""
    table = Table(box=None)
    table.add_column("scenario")
    table.add_column("ends")
    table.add_column("what happens")
    for scenario in SCENARIOS.values():
        table.add_row(scenario.name, scenario.result, scenario.story)
    console.print(table)


def _plain(text: str) -> str:
    """`text` without meaning for rich: issue titles hold brackets."""
    return text.replace("[", r"\[")
