"""A pytest plugin: writes what became of every test, as JSON, to the file named by AUTOFIX_RECORD.

It runs inside the user's own environment, next to the user's tests, so it needs nothing but pytest.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

MOST_FRAMES = 200
LONGEST_MESSAGE = 2000


class Recorder:
    """Collects one entry a test phase, and writes the file when the session ends."""

    def __init__(self, target: Path, root: Path) -> None:
        self.target = target
        self.root = root
        self.collected: list[str] = []
        self.phases: list[dict[str, Any]] = []

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
        record = {"exit_status": int(exitstatus), "collected": self.collected, "phases": self.phases}
        self.target.write_text(json.dumps(record), encoding="utf-8")


def pytest_configure(config: pytest.Config) -> None:
    """Record only where the verification asked for it."""
    target = os.environ.get("AUTOFIX_RECORD")
    root = os.environ.get("AUTOFIX_CHECKOUT")
    if target and root:
        config.pluginmanager.register(Recorder(Path(target), Path(root).resolve()), "autofix-recorder")
