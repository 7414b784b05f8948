"""`autofix fix`: from an event in a file to a fix in a folder, on this machine only."""

from __future__ import annotations

import io
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Final

from rich.console import Console
from rich.text import Text

from app.core.event_text import Given, read_event
from app.core.markdown import visible
from app.core.model import Applicability, Reason, Stage, Stop
from app.repair import Repair, repair
from app.repair.apply import apply
from app.repair.checkout import Checkout
from app.repair.event_file import STDIN, read_input
from app.repair.fault import BadInput
from app.repair.marks import contradiction
from app.repair.report import report
from app.repair.sandbox import Sandbox
from app.repair.show import show

FIXED, BAD_INPUT, ESCALATED = 0, 2, 3

_LONGEST: Final = 600.0
_LONGEST_DETAIL: Final = 1_000
_PLATFORMS: Final = frozenset({"python", "other", ""})


class _Overran(Exception):
    """The whole repair took longer than anybody waits."""


def fix(
    event: str,
    repo: Path,
    *,
    apply_it: bool,
    json_file: Path | None,
    python_path: Sequence[Path],
    run: bool,
) -> int:
    """The exit status, after everything that was found is on standard output.

    0: there is a fix. 3: a person has to go on. 2: an input is wrong, or the fix could not be applied.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        return _fix(event, repo, apply_it=apply_it, json_file=json_file, python_path=python_path, run=run)
    except BadInput as fault:
        _say(f"autofix fix: {fault}")
        return BAD_INPUT
    except BrokenPipeError:
        # Whoever reads has seen enough; the interpreter's last flush shall not complain either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BAD_INPUT


def _fix(
    event: str,
    repo: Path,
    *,
    apply_it: bool,
    json_file: Path | None,
    python_path: Sequence[Path],
    run: bool,
) -> int:
    began = time.monotonic()
    _check_folders(json_file, python_path)
    if event == STDIN and sys.stdin.isatty():
        _say("Reading an event or a traceback from the terminal; end it with Ctrl-D.")
    progress = _progress if sys.stderr.isatty() else _silent
    progress("reading the event")
    given = read_event(read_input(event))
    if given.others:
        _say(f"The input holds {given.others + 1} tracebacks; this is about the last one.")
    checkout = Checkout(repo)
    repaired = _repaired(given, checkout, python_path if run else None, progress)
    show(repaired, checkout, Console(highlight=False, markup=False, emoji=False))
    if json_file is not None:
        _write(json_file, report(repaired, time.monotonic() - began))
    if repaired.patch is None:
        return ESCALATED
    if apply_it:
        _apply(repaired, checkout)
    return FIXED


def _repaired(
    given: Given, checkout: Checkout, python_path: Sequence[Path] | None, progress: Callable[[str], None]
) -> Repair:
    """What came of it; a fault of Autofix itself is a reason to call a person like any other."""
    finding = given.finding
    if finding.platform not in _PLATFORMS:
        detail = f"The event comes from {finding.platform[:40]!r}; only Python is repaired."
        return Repair(finding, None, (), None, Stop(Stage.DETECT, Reason.UNSUPPORTED, detail))
    try:
        with _deadline(_LONGEST):
            return _without_contradiction(_attempt(given, checkout, python_path, progress), given, checkout)
    except BadInput:
        raise
    except _Overran:
        stop = Stop(Stage.FIX, Reason.OVERRAN, f"No result after {_LONGEST:.0f} seconds.")
    except OSError as fault:
        stop = Stop(Stage.FIX, Reason.FAULT, f"The system refused: {fault}"[:_LONGEST_DETAIL])
    except Exception as fault:  # noqa: BLE001 - the edge of the process
        detail = (
            f"Autofix failed on this event, which is a mistake of its own: {type(fault).__name__}: {fault}"
        )
        stop = Stop(Stage.FIX, Reason.FAULT, detail[:_LONGEST_DETAIL])
    return Repair(finding, None, (), None, stop)


def _attempt(
    given: Given, checkout: Checkout, python_path: Sequence[Path] | None, progress: Callable[[str], None]
) -> Repair:
    if python_path is None:
        return repair(given.finding, checkout, progress=progress, marks=given.marks)
    progress("copying the checkout")
    with Sandbox(checkout.root, checkout.paths, python_path) as sandbox:
        return repair(given.finding, checkout, sandbox, progress, given.marks)


def _without_contradiction(repaired: Repair, given: Given, checkout: Checkout) -> Repair:
    """The same, or without its patch where the traceback itself underlines something else."""
    cause = repaired.cause
    if cause is None or repaired.patch is None:
        return repaired
    lines = (checkout.read(cause.path) or "").splitlines()
    stop = contradiction(cause, given.marks, lines[cause.line - 1] if cause.line <= len(lines) else "")
    return repaired if stop is None else replace(repaired, patch=None, stop=stop)


def _apply(repaired: Repair, checkout: Checkout) -> None:
    patch = repaired.patch
    if patch is None:
        return
    if patch.applicability is Applicability.DISPLAY_ONLY:
        _tell("Not applied: this is a hint for a person, not a fix to be taken as it stands.")
        return
    for path in apply(patch, checkout):
        _tell(f"Written: {path}")


def _check_folders(json_file: Path | None, python_path: Sequence[Path]) -> None:
    """Before anything is done: what is written and searched at the end is there."""
    for path in python_path:
        if not path.is_dir():
            raise BadInput(
                f"{path} is not a folder: --python-path takes a folder to import from, and may be repeated."
            )
    if json_file is not None and (json_file.is_dir() or not json_file.parent.is_dir()):
        raise BadInput(f"{json_file} cannot be written: --json takes a file in an existing folder.")


def _write(file: Path, text: str) -> None:
    """The file holds the text as a whole, or is as it was."""
    if file.exists() and not file.is_file():  # a pipe or a device
        file.write_text(text, encoding="ascii")
        return
    aside = None
    try:
        with tempfile.NamedTemporaryFile("w", encoding="ascii", dir=file.parent, delete=False) as part:
            aside = Path(part.name)
            part.write(text)
        aside.replace(file)
    except OSError as fault:
        if aside is not None:
            aside.unlink(missing_ok=True)
        raise BadInput(f"{file} cannot be written: {fault.strerror}.") from fault


@contextmanager
def _deadline(seconds: float) -> Iterator[None]:
    """Raises _Overran in the block after that time; a request to end leaves the block as an exception too.

    So the copy of the checkout is removed in any case.
    """
    if threading.current_thread() is not threading.main_thread():  # only there a signal is seen
        yield
        return

    def overran(_signal: int, _frame: FrameType | None) -> None:
        raise _Overran

    def end(number: int, _frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGALRM, overran), signal.signal(signal.SIGTERM, end)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before[0])
        signal.signal(signal.SIGTERM, before[1])


def _silent(_stage: str) -> None:
    """Nobody watches."""


def _progress(stage: str) -> None:
    with suppress(OSError):
        Console(stderr=True, highlight=False).print(Text(f"… {visible(stage)}", style="dim"), soft_wrap=True)


def _say(text: str) -> None:
    with suppress(OSError):
        Console(stderr=True, highlight=False).print(Text(visible(text)), soft_wrap=True)


def _tell(text: str) -> None:
    Console(highlight=False).print(Text(visible(text)), soft_wrap=True)
