"""One job as it goes: its steps with their conclusions, and its log."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from app.demo.actions.act import Line
from app.demo.github.state import Job

_MOST_CHARACTERS = 1_000_000
_FIRST_AND_LAST = {"Set up job", "Complete job"}


class JobLog:
    """Follows the lines of one job. `step_names` are the steps that have a name of their own."""

    def __init__(self, job: Job, step_names: Collection[str]) -> None:
        self.job = job
        self.conclusion: str | None = None
        self.steps: list[dict[str, Any]] = []
        self.summary = ""
        self._named = _FIRST_AND_LAST | set(step_names)
        self._lines: list[str] = []
        self._size = 0

    @property
    def text(self) -> str:
        """The log so far."""
        return "\n".join(self._lines)

    def follow(self, line: Line) -> None:
        """Take in what act reported."""
        if line.step_started and line.step not in _FIRST_AND_LAST:
            self.add(f"##[group]{self._title(line.step)}\n##[endgroup]")
        if line.step_conclusion is not None:
            self.steps.append(
                {"name": self._title(line.step), "status": "completed", "conclusion": line.step_conclusion}
            )
        if line.summary is not None:
            self.summary = line.summary
        if line.text:
            self.add(line.text)

    def add(self, text: str) -> None:
        """One more line; a log that grows without end is cut."""
        if self._size < _MOST_CHARACTERS:
            self._lines.append(text)
            self._size += len(text)

    def _title(self, step: str) -> str:
        if step in self._named:
            return step
        return f"Run {step.strip().splitlines()[0]}" if step.strip() else "Run"
