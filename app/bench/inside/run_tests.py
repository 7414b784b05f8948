"""Runs test files with pytest and writes down how each test went, one line each as soon as it is known."""

from __future__ import annotations

import json
import os
import sys
import warnings
from pathlib import Path
from typing import Any

from .fence import limit_memory, raise_fence

MEMORY = 4 * 2**30


class _Journal:
    """A pytest plugin: `started` when a test begins, its outcome when it has ended."""

    def __init__(self, file: Path) -> None:
        self._file = file.open("a", encoding="utf-8", buffering=1)
        self._worst: dict[str, str] = {}

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """A line: a test without a second one never ended."""
        self._write(nodeid, "started")

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Setup, call and teardown must all go well."""
        if report.outcome != "passed" or report.when == "call":
            self._worst.setdefault(report.nodeid, report.outcome)
        if report.outcome == "failed":
            self._worst[report.nodeid] = "failed"

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        """A line with the outcome."""
        self._write(nodeid, self._worst.pop(nodeid, "failed"))

    def _write(self, nodeid: str, outcome: str) -> None:
        self._file.write(json.dumps([nodeid, outcome]) + "\n")


def main(order_file: str, answer_file: str) -> None:
    """The journal holds every test that ran; the answer, that all of them did."""
    order = json.loads(Path(order_file).read_text(encoding="utf-8"))
    warnings.simplefilter("ignore")
    limit_memory(MEMORY)
    root = order["root"]
    sys.path[:0] = order["path"]
    sys.path.append(order["pytest"])
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    os.environ["TMPDIR"] = str(Path.home())
    os.chdir(root)
    journal = _Journal(Path(order["journal"]))
    raise_fence([root, str(Path.home()), str(Path(answer_file).parent)], programs=True)
    settings = Path(order_file).with_name("pytest.ini")
    settings.write_text("[pytest]\n", encoding="utf-8")
    import pytest  # noqa: PLC0415 - the package under test comes first on the path

    options = (
        *("-q", "--continue-on-collection-errors"),
        *("-c", str(settings), "--rootdir", root, "--import-mode", "prepend"),
        *("-p", "no:cacheprovider", "-W", "ignore"),
    )
    status = pytest.main([*options, *order["tests"]], plugins=[journal])
    Path(answer_file).write_text(json.dumps({"status": int(status)}), encoding="utf-8")
    os._exit(0)
