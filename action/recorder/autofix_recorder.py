"""A pytest plugin: writes what became of every test, as JSON, to the file named by AUTOFIX_RECORD.

It runs inside the user's own environment, next to the user's tests, so it needs nothing but pytest.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest

MOST_FRAMES = 200
LONGEST_MESSAGE = 2000


class Lines:
    """The lines of one file that ran, from the moment of `start` on, in every thread."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.ran: set[int] = set()
        self._names: dict[str, bool] = {}
        self._monitoring: Any = getattr(sys, "monitoring", None)

    def start(self) -> None:
        """Lines are noted from now on."""
        if self._monitoring is None:
            threading.settrace(self._call)
            sys.settrace(self._call)
            return
        tool = next(number for number in (3, 4, 2, 5, 0, 1) if self._monitoring.get_tool(number) is None)
        self._monitoring.use_tool_id(tool, "autofix-recorder")
        self._monitoring.register_callback(tool, self._monitoring.events.LINE, self._line)
        self._monitoring.set_events(tool, self._monitoring.events.LINE)

    def executable(self) -> list[int]:
        """The lines of the file that this Python runs at all."""
        try:
            pending = [compile(self.file.read_bytes(), str(self.file), "exec", dont_inherit=True)]
        except (OSError, SyntaxError, ValueError):
            return []
        found: set[int] = set()
        while pending:
            code = pending.pop()
            found |= {line for _, _, line in code.co_lines() if line}
            pending += [constant for constant in code.co_consts if isinstance(constant, CodeType)]
        return sorted(found)

    def _is_own(self, name: str) -> bool:
        known = self._names.get(name)
        if known is None:
            known = self._names[name] = os.path.realpath(name) == str(self.file)
        return known

    def _line(self, code: CodeType, line: int) -> Any:
        if self._is_own(code.co_filename):
            self.ran.add(line)
        return self._monitoring.DISABLE  # once is enough, and everything else is of no interest

    def _call(self, frame: FrameType, _event: str, _argument: object) -> Callable[..., Any] | None:
        return self._trace if self._is_own(frame.f_code.co_filename) else None

    def _trace(self, frame: FrameType, event: str, _argument: object) -> Callable[..., Any]:
        if event == "line":
            self.ran.add(frame.f_lineno)
        return self._trace


class Recorder:
    """Collects one entry a test phase, and writes the file when the session ends."""

    def __init__(self, target: Path, root: Path, lines: Lines | None) -> None:
        self.target = target
        self.root = root
        self.lines = lines
        self.collected: list[str] = []
        self.errors: list[str] = []
        self.phases: list[dict[str, Any]] = []

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """What could not be collected."""
        if report.failed:
            self.errors.append(report.nodeid)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """The node ids that will run."""
        self.collected = [item.nodeid for item in session.items]

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
        """One phase of one test: its outcome, and the exception with its places if there was one."""
        outcome = yield
        report = outcome.get_result()
        phase: dict[str, Any] = {
            "test": item.nodeid,
            "when": report.when,
            "outcome": report.outcome,
            "expected_failure": hasattr(report, "wasxfail"),
        }
        if call.excinfo is not None:
            phase["exception"] = self.describe(call.excinfo)
        self.phases.append(phase)

    def describe(self, info: pytest.ExceptionInfo[BaseException]) -> dict[str, Any]:
        """The exception's type, message and traceback places, outermost first."""
        places = []
        traceback = info.value.__traceback__
        while traceback is not None:
            name = Path(traceback.tb_frame.f_code.co_filename)
            places.append({"path": self.inside(name), "line": traceback.tb_lineno})
            traceback = traceback.tb_next
        kind = type(info.value)
        try:
            message = str(info.value)
        except Exception as error:  # noqa: BLE001 - a foreign __str__ may raise anything
            message = f"<no message: {type(error).__name__}>"
        return {
            "type": kind.__name__,
            "module": kind.__module__,
            "message": message[:LONGEST_MESSAGE],
            "places": places[-MOST_FRAMES:],
        }

    def inside(self, name: Path) -> str | None:
        """The path relative to the checkout; None for code from elsewhere."""
        resolved = (self.root / name).resolve()
        if self.root not in resolved.parents:
            return None
        return resolved.relative_to(self.root).as_posix()

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        """The file is complete."""
        record = {
            "exit_status": int(exitstatus),
            "collected": self.collected,
            "errors": self.errors,
            "phases": self.phases,
            "lines": sorted(self.lines.ran) if self.lines else [],
            "executable": self.lines.executable() if self.lines else [],
        }
        self.target.write_text(json.dumps(record), encoding="utf-8")


def pytest_configure(config: pytest.Config) -> None:
    """Record only where the verification asked for it."""
    target, root = os.environ.get("AUTOFIX_RECORD"), os.environ.get("AUTOFIX_CHECKOUT")
    if not target or not root:
        return
    traced = os.environ.get("AUTOFIX_TRACE")
    lines = Lines((Path(root) / traced).resolve()) if traced else None
    config.pluginmanager.register(Recorder(Path(target), Path(root).resolve(), lines), "autofix-recorder")
    if lines is not None:
        lines.start()
