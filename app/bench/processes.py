"""Programs that the bench starts: bounded in time, each in a session of its own, and all gone when the bench ends."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

# How much of what a failing program said is worth repeating.
TOLD_CHARACTERS = 600
# What the engine has started in sessions of its own, only the engine can end: it gets a moment for that.
GRACE_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended; `status` is None if its time ran out and it was killed."""

    status: int | None
    stdout: str
    stderr: str
    seconds: float

    @property
    def last_words(self) -> str:
        """The end of what it said, for a person to read."""
        return (self.stderr.strip() or self.stdout.strip())[-TOLD_CHARACTERS:]


class Processes:
    """Every program that is running now, so that all of them can be ended together."""

    def __init__(self) -> None:
        self._running: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()
        self._stopped = False

    def run(
        self, command: Sequence[str | Path], *, folder: Path, environment: Mapping[str, str], seconds: float
    ) -> Ended:
        """The program has ended, by itself or because its time was up; nothing it started is left in its session.

        Raises:
            Stopped: if `stop` was called.
        """
        started = time.monotonic()
        # Files, not pipes: a child that outlives the program would keep a pipe open.
        with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
            process = self._start(command, folder, environment, stdout, stderr)
            try:
                status: int | None = process.wait(timeout=seconds)
            except subprocess.TimeoutExpired:
                _end(process)
                status = None
            finally:
                _signal(process, signal.SIGKILL)
                with self._lock:
                    self._running.discard(process)
            if self._stopped:
                raise Stopped
            return Ended(status, _text(stdout), _text(stderr), time.monotonic() - started)

    def stop(self) -> None:
        """Everything that was running is gone, and nothing can be started any more."""
        with self._lock:
            self._stopped = True
            running = list(self._running)
        for process in running:
            _signal(process, signal.SIGTERM)
        deadline = time.monotonic() + GRACE_SECONDS
        while any(process.poll() is None for process in running) and time.monotonic() < deadline:
            time.sleep(0.02)
        for process in running:
            _signal(process, signal.SIGKILL)

    def _start(
        self,
        command: Sequence[str | Path],
        folder: Path,
        environment: Mapping[str, str],
        stdout: IO[bytes],
        stderr: IO[bytes],
    ) -> subprocess.Popen[bytes]:
        with self._lock:
            if self._stopped:
                raise Stopped
            process = subprocess.Popen(
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                cwd=folder,
                env=dict(environment),
                start_new_session=True,
            )
            self._running.add(process)
            return process


class Stopped(Exception):
    """The bench was told to stop while the program ran."""


def _end(process: subprocess.Popen[bytes]) -> None:
    """An overdue process is gone, politely if it can be."""
    _signal(process, signal.SIGTERM)
    try:
        process.wait(timeout=GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        _signal(process, signal.SIGKILL)
        process.wait()


def _signal(process: subprocess.Popen[bytes], number: int) -> None:
    """The whole session gets the signal, also when the process that began it has ended."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode("utf-8", errors="replace")
