"""The result of `autofix fix` for a person, on a terminal or in a pipe.

What comes from the event or the repository is shown, and has no effect: neither as markup nor as control sequences.
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.text import Text

from app.core.markdown import visible
from app.core.model import Applicability, CodeFrame, FailureKind, Finding, Fix, Frame, RootCause, Stop
from app.core.scrub import scrub_text, scrub_variables
from app.core.source import SourceTree
from app.repair import Repair
from app.repair.reproduce import Reproduction

_BULLET = re.compile(r"(?:-|\d+\.) ")
_WIDTH = 100
_AROUND = 3
_LONGEST_LINE = 400
_LONGEST_VALUE = 120
_LONGEST_MESSAGE = 1_000
_MOST_FRAMES = 15
_MOST_LOCALS = 20
_MOST_CANDIDATES = 10
_KINDS = {
    FailureKind.NONE_VALUE: "was None",
    FailureKind.MISSING_KEY: "lacked the key",
    FailureKind.BAD_INDEX: "had no such index",
    FailureKind.EMPTY: "was empty",
    FailureKind.WRONG_TYPE: "was of another type than the code expects",
    FailureKind.UNBOUND: "had no value yet",
    FailureKind.ZERO: "was zero, or outside of what the function takes",
    FailureKind.RAISED: "raised",
}
_CLAIMS = {
    Applicability.SAFE: ("Why it is safe", "it changes nothing but executions that would have failed"),
    Applicability.UNSAFE: ("Only proposed", "it may change other executions, so a person reviews it"),
    Applicability.DISPLAY_ONLY: ("Only a hint", "it is not to be applied as it stands"),
}


def show(repaired: Repair, tree: SourceTree, console: Console) -> None:
    """Everything that was found is on the console: what failed, why, and the fix or why there is none."""
    page = _Page(console)
    page.failure(repaired.finding)
    if repaired.cause is not None:
        page.cause(repaired.cause, tree)
    if repaired.patch is None:
        page.recorded(repaired.finding, repaired.cause)
    page.candidates(repaired)
    if repaired.patch is not None:
        page.patch(repaired.patch)
        page.trust(repaired.patch, repaired)
    if repaired.stop is not None:
        page.stop(repaired.stop)


class _Page:
    """Prints headings, sentences and code."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def failure(self, finding: Finding) -> None:
        """The exceptions, outermost first."""
        first, *causes = reversed(finding.chain)
        self._code(f"{first.type}: {_message(first.message)}".rstrip(": "), style="bold red")
        for one in causes:
            self._code(f"after {one.type}: {_message(one.message)}".rstrip(": "), indent=2)

    def cause(self, cause: RootCause, tree: SourceTree) -> None:
        """The failing line among its neighbours, and what confirms it."""
        failure = cause.failure
        what = f"`{failure.subject}` {_KINDS.get(failure.kind, failure.kind)}"
        self._heading(f"Root cause: {what} in {cause.function}, {cause.place}")
        span = failure.span
        marks = (span.column, span.end_column) if span.line == span.end_line == cause.line else None
        self._excerpt((tree.read(cause.path) or "").splitlines(), cause.line, marks)
        self._list(failure.evidence)
        self._list(f"Ruled out: {one}" for one in cause.ruled_out)
        for origin in cause.origins:
            where = f"{origin.frame.path}:{origin.frame.line}, {origin.frame.function}"
            self._list(
                [f"Where it came from: `{origin.failure.subject}` at {where}", *origin.failure.evidence]
            )
        if len(cause.frames) > 1:
            self._heading("Called from, innermost first")
            self._frames(_own(frame) for frame in reversed(cause.frames[-_MOST_FRAMES:-1]))

    def recorded(self, finding: Finding, cause: RootCause | None) -> None:
        """What a person needs who goes on from here: the stack trace, and the failing frame's values."""
        if cause is None:
            for raised in reversed(finding.chain):
                self._heading(f"Stack trace of {raised.type}, innermost first")
                self._frames(_any(frame) for frame in reversed(raised.frames[-_MOST_FRAMES:]))
                left = len(raised.frames) - _MOST_FRAMES
                self._list([f"and {left} more"] if left > 0 else [])
        frames = finding.raised.frames
        variables = cause.culprit.variables if cause is not None else frames[-1].variables if frames else {}
        if variables:
            self._heading("Recorded values")
            for name, value in list(scrub_variables(variables).items())[:_MOST_LOCALS]:
                text = value if isinstance(value, str) else json.dumps(value)
                self._code(f"{name} = {_short(text, _LONGEST_VALUE)}", indent=2)

    def candidates(self, repaired: Repair) -> None:
        """Every candidate with its reasons, best first, and how it did where it was run."""
        if not repaired.candidates:
            return
        self._heading("Candidates, best first")
        for number, one in enumerate(repaired.candidates[:_MOST_CANDIDATES], start=1):
            self._prose(f"{number}. {one.summary} ({one.pattern}, {one.applicability})", indent=2)
            self._list(one.why, indent=5)
            self._list((f"run: {run.reason}" for run in repaired.trials if run.candidate is one), indent=5)
        left = len(repaired.candidates) - _MOST_CANDIDATES
        self._list([f"and {left} more"] if left > 0 else [])

    def patch(self, patch: Fix) -> None:
        """The fix and its test."""
        self._heading(f"Fix: {patch.summary} ({patch.pattern})")
        self._list(patch.why)
        self._console.print()
        self._diff(patch.fix.diff)
        if patch.test is not None:
            self._heading(f"Regression test: {patch.test.test_id}")
            for line in patch.test.change.after.splitlines():
                self._code(line, indent=2)

    def trust(self, patch: Fix, repaired: Repair) -> None:
        """How far the fix is to be trusted."""
        title, claim = _CLAIMS[patch.applicability]
        self._heading(title)
        self._list([claim, *([patch.why_safe] if patch.why_safe else []), _repeated(repaired.reproduction)])
        if repaired.auto_mergeable:
            self._list(["fit to be merged without a person, if the policy says so"])
        if repaired.rival is not None:
            other = f"{repaired.rival.summary} ({repaired.rival.pattern})"
            self._list([f"as much speaks for another fix, which gives another result: {other}"])

    def stop(self, stop: Stop) -> None:
        """Why a person has to go on."""
        self._heading(f"For a person: {stop.reason} ({stop.stage})", style="bold yellow")
        self._prose(stop.detail, indent=2)

    def _heading(self, text: str, *, style: str = "bold") -> None:
        self._console.print()
        self._code(text, style=style)

    def _list(self, items: Iterable[str], *, indent: int = 2) -> None:
        for one in items:
            self._prose(f"- {one}", indent=indent)

    def _prose(self, text: str, *, indent: int) -> None:
        plain = " ".join(visible(scrub_text(text)).split())
        width = max(40, min(_WIDTH, self._console.width)) if self._console.is_terminal else _WIDTH
        bullet = _BULLET.match(plain)
        further = " " * (indent + (bullet.end() if bullet is not None else 0))
        self._raw(
            textwrap.fill(
                plain,
                width,
                initial_indent=" " * indent,
                subsequent_indent=further,
                break_long_words=False,
                break_on_hyphens=False,
            )
        )

    def _frames(self, frames: Iterable[tuple[str, str]]) -> None:
        for place, code in frames:
            self._code(place, indent=2)
            if code:
                self._code(code, indent=6, style="dim")

    def _excerpt(self, lines: Sequence[str], line: int, marks: tuple[int, int] | None) -> None:
        first, last = max(1, line - _AROUND), min(len(lines), line + _AROUND)
        for number in range(first, last + 1):
            sign = ">" if number == line else " "
            head = f"  {sign} {number:5} | "
            self._code(f"{head}{lines[number - 1]}", style="" if number == line else "dim")
            # Under text whose width on the screen is known.
            if (
                number == line
                and marks is not None
                and lines[number - 1].isascii()
                and "\t" not in lines[number - 1]
            ):
                start, end = marks
                self._raw(" " * (len(head) + start) + "^" * max(1, end - start), style="red")

    def _diff(self, diff: str) -> None:
        styles = {"+": "green", "-": "red", "@": "cyan"}
        for line in diff.splitlines():
            self._code(line, indent=2, style=styles.get(line[:1], ""), limit=None)

    def _code(
        self, text: str, *, indent: int = 0, style: str = "", limit: int | None = _LONGEST_LINE
    ) -> None:
        """One line as it is, but for what a terminal would obey."""
        shown = _short(visible(text.replace("\n", " ")).expandtabs(8), limit)
        self._raw(f"{' ' * indent}{shown}", style=style)

    def _raw(self, text: str, *, style: str = "") -> None:
        self._console.print(Text(text, style=style), soft_wrap=True)


def _repeated(reproduction: Reproduction | str | None) -> str:
    """What running the code has shown."""
    if reproduction is None:
        return "nothing was run, so reasons alone speak for the fix"
    if isinstance(reproduction, str):
        return (
            f"the recorded failure could not be repeated, so reasons alone speak for the fix: {reproduction}"
        )
    proof = "it is there before the fix and gone after it"
    if reproduction.stand_in:
        return f"the recorded failure was repeated with stand-ins for some values, which proves less: {proof}"
    return f"the recorded failure was repeated: {proof}"


def _message(text: str) -> str:
    return _short(scrub_text(text), _LONGEST_MESSAGE)


def _short(text: str, limit: int | None) -> str:
    return text if limit is None or len(text) <= limit else f"{text[: limit - 1]}…"


def _own(frame: CodeFrame) -> tuple[str, str]:
    return f"{frame.path}:{frame.line}, {frame.function}", frame.code


def _any(frame: Frame) -> tuple[str, str]:
    return f"{frame.path}:{frame.line}, {frame.function}", (frame.code or "").strip()
