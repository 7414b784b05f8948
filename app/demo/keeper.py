"""Run a command and end it, with everything it started, when whoever started this goes away.

Standard input is a pipe whose other end only the starter holds: it closes when the starter closes it, and
also when the starter dies, whatever killed it. This needs nothing but POSIX, and the command
need not know of it. Runs as a script, on the standard library alone: `python keeper.py COMMAND ARGUMENT...`.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

GRACE_SECONDS = 5.0
POLL_SECONDS = 0.05


@dataclass(frozen=True)
class Process:
    """A living process: its parent and its session."""

    parent: int
    session: int


def processes() -> dict[int, Process]:
    """Every living process by id."""
    found = {}
    for process, parent in _parents():
        with contextlib.suppress(ProcessLookupError, PermissionError):
            found[process] = Process(parent, os.getsid(process))
    return found


def _parents() -> Iterator[tuple[int, int]]:
    if not Path("/proc/self/stat").exists():
        command = ["ps", "-A", "-o", "pid=,ppid=,stat="]
        listing = subprocess.run(command, check=False, capture_output=True, text=True).stdout
        for process, parent, state in (line.split()[:3] for line in listing.splitlines()):
            if not state.startswith("Z"):
                yield int(process), int(parent)
        return
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                # The name, in parentheses, may contain anything; the state and the parent follow it.
                state, parent = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()[:2]
                if state != "Z":
                    yield int(entry.name), int(parent)


def family(root: int, known: set[int]) -> set[int]:
    """The living among `root`, its session, its descendants and those `known` from before.

    Both are needed: act gives every step a session of its own, and a parent may die before its children.
    """
    table = processes()
    found = {one for one, process in table.items() if one in known or root in (one, process.session)}
    while True:
        children = {one for one, process in table.items() if process.parent in found} - found
        if not children:
            return found
        found |= children


def end(root: int, grace: float = GRACE_SECONDS) -> None:
    """No process of the family is left: asked to end first, killed after the grace."""
    limit = time.monotonic() + grace
    known = family(root, set())
    _signal_all(known, signal.SIGTERM)
    while known and time.monotonic() < limit:
        time.sleep(POLL_SECONDS)
        known = family(root, known)
    while known:
        _signal_all(known, signal.SIGKILL)
        time.sleep(POLL_SECONDS)
        known = family(root, known)


def _signal_all(wanted: set[int], number: signal.Signals) -> None:
    for process in wanted:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(process, number)


def main(command: list[str]) -> int:
    """Run the command until it ends or standard input closes; nothing of it is left afterwards."""
    # Only the closed pipe ends this script; Ctrl-C in a terminal reaches the starter, which decides.
    # A handler that does nothing, because the command would inherit SIG_IGN.
    signal.signal(signal.SIGINT, lambda *_: None)
    signal.signal(signal.SIGTERM, lambda *_: None)
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)

    def end_with_the_starter() -> None:
        while os.read(0, 4096):
            pass
        end(child.pid)

    threading.Thread(target=end_with_the_starter, daemon=True).start()
    status = child.wait()
    end(child.pid)
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
