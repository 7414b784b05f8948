"""Bounded runs of pytest in a checkout, with the user's own Python, and what the recorder saw."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.verify.gates.proof import Suite, Trial
from refusal import Refused

MOST_OUTPUT = 64_000
# The only thing of ours that the user's Python sees.
RECORDER = Path(__file__).resolve().parent / "recorder"
# What a step may use to steer the workflow, or to act with the workflow's rights: not for the tests.
_WITHHELD = (
    "GITHUB_OUTPUT",
    "GITHUB_ENV",
    "GITHUB_PATH",
    "GITHUB_STATE",
    "GITHUB_STEP_SUMMARY",
    "GITHUB_TOKEN",
)
_WITHHELD_PREFIXES = ("ACTIONS_", "AUTOFIX_", "INPUT_", "GIT_")
# pytest's: all passed, some failed, interrupted (as by what cannot be collected), nothing collected.
_OK, _FAILED, _INTERRUPTED, _EMPTY = 0, 1, 2, 5


@dataclass(frozen=True)
class Settings:
    """How the user's tests are started, and how long a run may take."""

    python: Sequence[str]
    pytest_arguments: Sequence[str]
    seconds: float


@dataclass(frozen=True)
class Run:
    """One run of pytest: its status, None if it was ended after its time, and the recorder's file, if it wrote one."""

    status: int | None
    seconds: float
    output: str
    record: dict[str, Any] | None


def run_test(checkout: Path, test: str, settings: Settings, record: Path, traced: str) -> Trial:
    """What became of the test in the checkout; `traced` is the file whose lines are noted."""
    run = _pytest(checkout, ("--", test), settings, record, traced)
    if run.status is None:
        return Trial(f"not finished after {settings.seconds:.0f} s", run.seconds, run.output)
    if run.record is None:
        return Trial("not run: pytest could not start", run.seconds, run.output)
    try:
        return _judge(run, run.record, test)
    except (KeyError, TypeError, AttributeError):  # the tests may have written there, too
        return Trial("not run: the record of the run cannot be read", run.seconds, run.output)


def collect(checkout: Path, settings: Settings, record: Path) -> Suite:
    """Every test that pytest finds in the checkout; none of them is run."""
    run = _pytest(checkout, ("--collect-only",), settings, record)
    problem = ""
    if run.status is None:
        problem = f"not finished after {settings.seconds:.0f} s"
    elif run.record is None or run.status not in {_OK, _INTERRUPTED, _EMPTY}:
        problem = f"pytest ended with status {run.status}"
    elif run.status == _INTERRUPTED and not run.record["errors"]:
        problem = "the collection was interrupted"
    if problem or run.record is None:
        return Suite((), frozenset(), run.seconds, problem or "pytest could not start")
    return Suite(tuple(run.record["collected"]), frozenset(run.record["errors"]), run.seconds)


def _pytest(
    checkout: Path, arguments: Sequence[str], settings: Settings, record: Path, traced: str = ""
) -> Run:
    """Pytest ran, or was ended after its time; nothing that it started is left."""
    command = [
        *settings.python,
        *("-m", "pytest", "-p", "autofix_recorder", "-p", "no:cacheprovider", "-q"),
        f"--rootdir={checkout}",
        *settings.pytest_arguments,
        *arguments,
    ]
    output = record.with_suffix(".log")
    started = time.monotonic()
    status: int | None
    with output.open("wb") as sink:
        try:
            process = subprocess.Popen(
                command,
                cwd=checkout,
                env=_environment(checkout, record, traced),
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            raise Refused("setup", f"{settings.python[0]!r} cannot be started: {error}") from error
        try:
            status = process.wait(timeout=settings.seconds)
        except subprocess.TimeoutExpired:
            status = None
        finally:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    return Run(status, time.monotonic() - started, _tail(output), _recorded(record))


def _environment(checkout: Path, record: Path, traced: str) -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in _WITHHELD and not name.startswith(_WITHHELD_PREFIXES)
    }
    # The checkout comes first, so that an editable install of the workflow's own checkout does not win.
    sources = [checkout, checkout / "src", RECORDER]
    before = [kept["PYTHONPATH"]] if kept.get("PYTHONPATH") else []
    kept["PYTHONPATH"] = os.pathsep.join([*(str(path) for path in sources if path.is_dir()), *before])
    kept["PYTHONDONTWRITEBYTECODE"] = "1"
    kept["AUTOFIX_RECORD"] = str(record)
    kept["AUTOFIX_CHECKOUT"] = str(checkout)
    if traced:
        kept["AUTOFIX_TRACE"] = traced
    return kept


def _tail(output: Path) -> str:
    with output.open("rb") as source:
        source.seek(max(0, output.stat().st_size - MOST_OUTPUT))
        return source.read().decode("utf-8", errors="replace")


def _recorded(record: Path) -> dict[str, Any] | None:
    """What the recorder wrote, None if it did not."""
    try:
        seen = json.loads(record.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    lists = ("collected", "errors", "phases", "lines", "executable")
    whole = isinstance(seen, dict) and all(isinstance(seen.get(name), list) for name in lists)
    return seen if whole else None


def _judge(run: Run, seen: dict[str, Any], test: str) -> Trial:
    phases = seen["phases"]
    if seen["collected"] != [test] or any(phase["test"] != test for phase in phases):
        count = len(seen["collected"])
        return Trial(f"not run: pytest collected {count} tests, not the one", run.seconds, run.output)
    outcomes = {phase["when"]: phase["outcome"] for phase in phases}
    if any(phase["expected_failure"] for phase in phases) or "skipped" in outcomes.values():
        return Trial("skipped or expected to fail", run.seconds, run.output)
    lines, executable = frozenset(seen["lines"]), frozenset(seen["executable"])
    if run.status == _OK and outcomes == {"setup": "passed", "call": "passed", "teardown": "passed"}:
        return Trial("passed", run.seconds, run.output, lines=lines, executable=executable)
    failed = next((phase for phase in phases if phase["when"] == "call" and "exception" in phase), None)
    if run.status != _FAILED or failed is None or outcomes.get("call") != "failed":
        word = f"broken outside of the test itself (pytest status {run.status})"
        return Trial(word, run.seconds, run.output)
    error = failed["exception"]
    return Trial(
        "failed",
        run.seconds,
        run.output,
        exception=error["type"],
        qualified=f"{error['module']}.{error['type']}",
        message=error["message"],
        places=tuple(error["places"]),
        lines=lines,
        executable=executable,
    )
