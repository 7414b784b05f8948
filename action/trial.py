"""One bounded run of one test in a checkout, with the user's own Python, and what the recorder saw."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from refusal import Refused

MOST_OUTPUT = 64_000
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


@dataclass(frozen=True)
class Settings:
    """How the user's tests are started."""

    python: Sequence[str]
    pytest_arguments: Sequence[str]
    seconds: float


@dataclass(frozen=True)
class Trial:
    """What became of the test. `outcome` is passed, failed, or a word for why it is neither."""

    outcome: str
    seconds: float
    output: str
    exception: str = ""
    qualified: str = ""
    message: str = ""
    places: list[dict[str, Any]] = field(default_factory=list)

    @property
    def innermost(self) -> str:
        """The last traceback place inside of the checkout, as `path:line`."""
        for place in reversed(self.places):
            if place["path"] is not None:
                return f"{place['path']}:{place['line']}"
        return ""


def run_test(checkout: Path, test: str, settings: Settings, record: Path) -> Trial:
    """The test ran in the checkout, or was ended after its time; nothing that it started is left."""
    command = [
        *settings.python,
        *("-m", "pytest", "-p", "autofix_recorder", "-p", "no:cacheprovider", "-q"),
        f"--rootdir={checkout}",
        *settings.pytest_arguments,
        *("--", test),
    ]
    output = record.with_suffix(".log")
    started = time.monotonic()
    with output.open("wb") as sink:
        try:
            process = subprocess.Popen(
                command,
                cwd=checkout,
                env=_environment(checkout, record),
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            raise Refused("setup", f"{settings.python[0]!r} cannot be started: {error}") from error
        try:
            status = process.wait(timeout=settings.seconds)
            timed_out = False
        except subprocess.TimeoutExpired:
            status, timed_out = 0, True
        finally:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    seconds = time.monotonic() - started
    text = _tail(output)
    if timed_out:
        return Trial(f"not finished after {settings.seconds:.0f} s", seconds, text)
    return _judge(record, test, status, seconds, text)


def _environment(checkout: Path, record: Path) -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in _WITHHELD and not name.startswith(_WITHHELD_PREFIXES)
    }
    # The checkout comes first, so that an editable install of the workflow's own checkout does not win.
    sources = [checkout, checkout / "src", Path(__file__).resolve().parent]
    before = [kept["PYTHONPATH"]] if kept.get("PYTHONPATH") else []
    kept["PYTHONPATH"] = os.pathsep.join([*(str(path) for path in sources if path.is_dir()), *before])
    kept["PYTHONDONTWRITEBYTECODE"] = "1"
    kept["AUTOFIX_RECORD"] = str(record)
    kept["AUTOFIX_CHECKOUT"] = str(checkout)
    return kept


def _tail(output: Path) -> str:
    with output.open("rb") as source:
        source.seek(max(0, output.stat().st_size - MOST_OUTPUT))
        return source.read().decode("utf-8", errors="replace")


def _judge(record: Path, test: str, status: int, seconds: float, text: str) -> Trial:
    try:
        seen = json.loads(record.read_text(encoding="utf-8"))
        collected, phases = seen["collected"], seen["phases"]
    except (OSError, ValueError, KeyError):
        return Trial("not run: pytest could not start", seconds, text)
    if collected != [test] or any(phase["test"] != test for phase in phases):
        return Trial(f"not run: pytest collected {len(collected)} tests, not the one", seconds, text)
    outcomes = {phase["when"]: phase["outcome"] for phase in phases}
    if any(phase["expected_failure"] for phase in phases) or "skipped" in outcomes.values():
        return Trial("skipped or expected to fail", seconds, text)
    if status == 0 and outcomes == {"setup": "passed", "call": "passed", "teardown": "passed"}:
        return Trial("passed", seconds, text)
    failed = next((phase for phase in phases if phase["when"] == "call" and "exception" in phase), None)
    if status != 1 or failed is None or outcomes.get("call") != "failed":
        return Trial(f"broken outside of the test itself (pytest status {status})", seconds, text)
    error = failed["exception"]
    return Trial(
        "failed",
        seconds,
        text,
        exception=error["type"],
        qualified=f"{error['module']}.{error['type']}",
        message=error["message"],
        places=error["places"],
    )
