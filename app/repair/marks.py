"""Holding what was found against what the interpreter itself underlined in the traceback."""

from __future__ import annotations

from collections.abc import Mapping

from app.core.model import Reason, RootCause, Stage, Stop


def contradiction(
    cause: RootCause, marks: Mapping[tuple[int, str], tuple[int, int]], line: str
) -> Stop | None:
    """A Stop if the failing expression lies beside what is underlined; None if it agrees, or nothing is underlined.

    `marks` are the underlined columns by line number and code without indentation, `line` is the failing line.
    """
    code = line.strip()
    span = cause.failure.span
    # The interpreter counts bytes or widths where not everything is plain.
    if not code.isascii() or not span.line == span.end_line == cause.line:
        return None
    marked = marks.get((cause.line, code))
    if marked is None:
        return None
    indentation = len(line) - len(line.lstrip())
    first, last = marked[0] + indentation, marked[1] + indentation
    within = first <= span.column and span.end_column <= last
    around = span.column <= first and last <= span.end_column
    if within or around:
        return None
    return Stop(
        Stage.INVESTIGATE,
        Reason.UNCONFIRMED,
        f"The traceback underlines `{line[first:last]}`, but what fits its message is `{cause.failure.expression}`.",
    )
