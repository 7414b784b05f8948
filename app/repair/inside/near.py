"""Runs test files of the repository with the pytest that is there, and tells how each test went as soon as it did."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from .output import Output


class Journal:
    """A pytest plugin: sends each test's id when it begins, and with its outcome when it has ended."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._worst: dict[str, str] = {}

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Sent first: a test without an outcome has never ended."""
        self._output.send({"test": nodeid})

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Setup, call and teardown must all go well."""
        if report.outcome != "passed" or report.when == "call":
            self._worst.setdefault(report.nodeid, report.outcome)
        if report.outcome == "failed":
            self._worst[report.nodeid] = "failed"

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        """Sent with the outcome."""
        self._output.send({"test": nodeid, "outcome": self._worst.pop(nodeid, "failed")})


def run_tests(task: Mapping[str, Any], output: Output) -> None:
    """Every test of the task was sent, and that all had their turn; nothing where there is no pytest."""
    try:
        import pytest  # noqa: PLC0415 - the repository's own, which need not be there
    except ImportError:
        return
    os.chdir(task["root"])
    options = (
        *("-q", "--continue-on-collection-errors", "-p", "no:cacheprovider", "-W", "ignore"),
        # The repository's settings hold, but not its habits: reports of coverage, processes to share the work.
        *("--rootdir", task["root"], "-o", "addopts="),
    )
    status = pytest.main([*options, *task["tests"]], plugins=[Journal(output)])
    output.send({"complete": int(status)})
