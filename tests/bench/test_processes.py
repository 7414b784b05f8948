from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path

import pytest

from app.bench.processes import Processes, Stopped

STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
PARENT = (
    "import subprocess, sys\n"
    "subprocess.Popen([sys.executable, '-c', {child!r}])\n"
    "print('started', flush=True)\n"
    "{then}\n"
)


def python(program: str, tmp_path: Path, processes: Processes, seconds: float = 30.0) -> int | None:
    command = [sys.executable, "-c", program]
    return processes.run(command, folder=tmp_path, environment=os.environ, seconds=seconds).status


def test_a_program_has_its_time_and_no_more(tmp_path: Path) -> None:
    started = time.monotonic()
    assert python("import time; time.sleep(60)", tmp_path, Processes(), 0.5) is None
    assert time.monotonic() - started < 10


def test_one_that_will_not_end_is_killed_with_its_children(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.bench.processes.GRACE_SECONDS", 0.2)
    program = PARENT.format(child=STUBBORN, then=STUBBORN)
    assert python(program, tmp_path, Processes(), 1.5) is None


def test_children_that_outlive_their_parent_do_not_keep_us_waiting(tmp_path: Path) -> None:
    started = time.monotonic()
    program = PARENT.format(child="import time; time.sleep(60)", then="sys.exit(3)")
    assert python(program, tmp_path, Processes()) == 3
    assert time.monotonic() - started < 20


def test_stopping_ends_what_runs_and_starts_nothing_more(tmp_path: Path) -> None:
    processes, raised = Processes(), []

    def run() -> None:
        try:
            python("open('there', 'w'); import time; time.sleep(60)", tmp_path, processes)
        except Stopped:
            raised.append(True)

    thread = threading.Thread(target=run)
    thread.start()
    while not (tmp_path / "there").exists():
        time.sleep(0.02)
    processes.stop()
    thread.join(timeout=20)
    assert raised == [True]
    with pytest.raises(Stopped):
        python("pass", tmp_path, processes)
