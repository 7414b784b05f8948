"""Runs the programs of `inside/` with nothing on their path but what they are told to see."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from app.bench.processes import Processes

START = Path(__file__).parent / "inside" / "start.py"


class NoAnswer(Exception):
    """The program ended without an answer; the message says how."""


def ask(
    processes: Processes, program: str, order: Mapping[str, Any], *, scratch: Path, seconds: float
) -> dict[str, Any]:
    """The answer of one of the programs of `inside/`, run in a new folder below `scratch`.

    Raises:
        NoAnswer: if it ran out of time or ended before it could answer.
    """
    with tempfile.TemporaryDirectory(dir=scratch) as place:
        folder = Path(place)
        home = folder / "home"
        home.mkdir()
        order_file, answer_file = folder / "order.json", folder / "answer.json"
        order_file.write_text(json.dumps(order), encoding="utf-8")
        # -I would also ignore PYTHONHASHSEED. The environment is built here, so -P, -s and -S isolate as well.
        options = ("-P", "-s", "-S", "-B")
        command = [sys.executable, *options, str(START), program, str(order_file), str(answer_file)]
        ended = processes.run(command, folder=home, environment=_environment(home), seconds=seconds)
        if ended.status is None:
            raise NoAnswer(f"no answer within {seconds:.0f} s")
        try:
            answer = json.loads(answer_file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as fault:
            raise NoAnswer(f"it ended with status {ended.status}: {ended.last_words}") from fault
    return answer if isinstance(answer, dict) else {}


def _environment(home: Path) -> dict[str, str]:
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(home),
        "TZ": "UTC",
        "LC_ALL": "C.UTF-8",
        "PYTHONHASHSEED": "0",
    }
