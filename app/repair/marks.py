"""What the interpreter itself says about where a line failed: underlined in a traceback, or seen in a repetition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.core.model import Reason, RootCause, Span, Stage, Stop

Marks = Mapping[tuple[int, str], tuple[int, int]]


def underlined(marks: Marks, number: int, line: str) -> Span | None:
    """What is underlined of that line of a file; None if nothing is, or its columns cannot be told.

    `marks` are the underlined columns by line number and code without indentation.
    """
    code = line.strip()
    marked = marks.get((number, code))
    # The interpreter counts bytes or widths where not everything is plain.
    if marked is None or not code.isascii():
        return None
    indentation = len(line) - len(line.lstrip())
    return Span(number, marked[0] + indentation, number, marked[1] + indentation)


def in_characters(span: Span, lines: Sequence[str]) -> Span | None:
    """A span whose columns count bytes of UTF-8, in characters; None if the text has no such place."""
    if not 1 <= span.line <= span.end_line <= len(lines):
        return None
    column, end_column = (
        len(lines[line - 1].encode("utf-8", "surrogatepass")[:column].decode("utf-8", "ignore"))
        for line, column in ((span.line, span.column), (span.end_line, span.end_column))
    )
    return Span(span.line, column, span.end_line, end_column)


def agree(one: Span, other: Span) -> bool:
    """True if one of them lies within the other."""
    return _within(one, other) or _within(other, one)


def _within(inner: Span, outer: Span) -> bool:
    starts = (outer.line, outer.column) <= (inner.line, inner.column)
    return starts and (inner.end_line, inner.end_column) <= (outer.end_line, outer.end_column)


def contradiction(cause: RootCause, marks: Marks, line: str) -> Stop | None:
    """A Stop if the failing expression lies beside what is underlined; None if it agrees, or nothing is underlined.

    `line` is the failing line.
    """
    span = cause.failure.span
    mark = underlined(marks, cause.line, line)
    if mark is None or not span.line == span.end_line == cause.line:
        return None
    if agree(span, mark):
        return None
    return Stop(
        Stage.INVESTIGATE,
        Reason.UNCONFIRMED,
        f"The traceback underlines `{line[mark.column : mark.end_column]}`, but what fits its message is"
        f" `{cause.failure.expression}`.",
    )
