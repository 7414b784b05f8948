"""Which lines of one function a call comes to: how near it is to the recorded line, even where nothing is raised."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


@contextmanager
def lines_of(path: str, function: str) -> Iterator[set[int]]:
    """Within, the set collects the lines that are run in functions of that name in that file."""
    lines: set[int] = set()

    def local(frame: FrameType, event: str, _argument: Any) -> Any:
        if event == "line":
            lines.add(frame.f_lineno)
        return local

    def trace(frame: FrameType, _event: str, _argument: Any) -> Any:
        code = frame.f_code
        if code.co_name == function and code.co_filename.endswith(path):
            return local
        return None

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield lines
    finally:
        sys.settrace(before)


def nearness(lines: set[int], first: int, goal: int) -> float:
    """1 if the line was reached, otherwise how far towards it the function came."""
    if goal in lines:
        return 1.0
    before = [one for one in lines if one <= goal]
    return 0.9 * (max(before) - first) / max(goal - first, 1) if before else 0.0
