"""Reads a plain Python traceback, as an interpreter prints it, out of a text that may be a whole log.

Lines may bear a prefix, as log collectors add it. Chained exceptions are printed root first, and are read so. Of an
exception group the first exception with a traceback of its own is read. Everything is data: nothing is opened, every
size is bounded, nothing raises.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from app.core.model import Frame, Raised
from app.core.sentry_event import (
    MAX_CODE,
    MAX_EXCEPTIONS,
    MAX_FRAMES,
    MAX_LINE,
    MAX_MESSAGE,
    MAX_NAME,
    MAX_PATH,
    clean,
)

HEADER: Final = "Traceback (most recent call last):"

_GROUP: Final = "Exception Group "
_MARGIN: Final = "  + "
_LINKS: Final = (
    "During handling of the above exception, another exception occurred:",
    "The above exception was the direct cause of the following exception:",
)
_LONGEST_PREFIX: Final = 300
_MOST_MESSAGE_LINES: Final = 50
_LONGEST_LINE: Final = 20_000
_COLOUR: Final = re.compile(r"\x1b\[[0-9;]{0,30}[mK]")
_FRAME: Final = re.compile(r'  File "(.+)", line (\d{1,10})(?:, in (.+))?')
_EXCEPTION: Final = re.compile(r"((?:[^\W\d]\w*|<locals>)(?:\.(?:[^\W\d]\w*|<locals>))*)(?::(?: (.*))?)?")
_MARKS: Final = re.compile(r" *([~^]+) *")
# What the interpreter adds to the message when it prints it.
_ADVICE: Final = re.compile(r"\. Did you (?:mean|forget)\b.*$")
# The interpreter's own messages of these have one line, so the next line belongs to the log.
_ONE_LINE: Final = frozenset(
    {
        "AttributeError",
        "IndexError",
        "KeyError",
        "NameError",
        "TypeError",
        "UnboundLocalError",
        "UnicodeDecodeError",
        "UnicodeEncodeError",
        "ZeroDivisionError",
    }
)
_RECORD: Final = re.compile(
    r"[\[{<]|\d{1,4}[-/:]\d|(?:DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|CRITICAL|FATAL)\b|[A-Z][a-z]{2} +\d"
)
_LIBRARY: Final = re.compile(r"/(?:site|dist)-packages/")
_STANDARD: Final = re.compile(r"/lib(?:64)?/python\d[\d.]*t?/")

Cut = Callable[[str], "str | None"]


@dataclass(frozen=True, slots=True)
class Printed:
    """A traceback of a text: its exceptions, root first, and how many other tracebacks the text holds.

    `marks` are the columns that `~~~^^^` underlines in the frames, by line number and code without indentation; the
    end is exclusive. `unread` is how many tracebacks the text holds besides that cannot be read to their end.
    """

    chain: tuple[Raised, ...]
    marks: Mapping[tuple[int, str], tuple[int, int]]
    others: int
    unread: int = 0


@dataclass(slots=True)
class _Block:
    """One exception with its frames: what stands between a header and the exception's line."""

    column: int
    is_group: bool
    is_linked: bool
    frames: list[Frame] = field(default_factory=list)
    marks: dict[tuple[int, str], tuple[int, int]] = field(default_factory=dict)
    raised: Raised | None = None


def read_traceback(text: str) -> Printed | None:
    """The last whole traceback of the text; None if there is none."""
    lines = _lines(text)
    chains: list[list[_Block]] = []
    latest: dict[int, list[_Block]] = {}  # by column: an exception follows from one that is as deep in groups
    for at, line in enumerate(lines):
        if HEADER in line and line.rstrip().endswith(HEADER):
            block = _block(lines, at)
            if block.is_linked and block.column in latest:
                latest[block.column].append(block)
            else:
                chains.append([block])
                latest[block.column] = chains[-1]
    ungrouped = _without_groups(chains)
    readable = [chain for chain in ungrouped if all(block.raised for block in chain)]
    if not readable:
        return None
    chosen = readable[-1]
    if len(chosen) > MAX_EXCEPTIONS:
        chosen = [chosen[0], *chosen[-(MAX_EXCEPTIONS - 1) :]]
    chain = tuple(block.raised for block in chosen if block.raised is not None)
    marks = {place: columns for block in chosen for place, columns in block.marks.items()}
    return Printed(chain, marks, len(readable) - 1, len(ungrouped) - len(readable))


def _lines(text: str) -> list[str]:
    # Not `splitlines`: a message may hold the other characters that it takes for line ends.
    plain = _COLOUR.sub("", text) if "\x1b" in text else text
    return plain.replace("\r\n", "\n").split("\n")


def _without_groups(chains: Sequence[list[_Block]]) -> list[list[_Block]]:
    """The chains, where each group is replaced by the chain that is printed first inside of it."""
    found: list[list[_Block]] = []
    outside: int | None = None  # the column of the group whose exceptions are being passed over
    for chain in chains:
        if outside is not None and chain[0].column > outside:
            groups = [at for at, block in enumerate(found[-1]) if block.is_group]
            if groups:
                found[-1] = [*chain, *found[-1][groups[-1] + 1 :]]
            continue
        outside = chain[0].column if any(block.is_group for block in chain) else None
        found.append(chain)
    return found


def _block(lines: Sequence[str], at: int) -> _Block:
    line = lines[at].rstrip()  # as long as it may be: its end is what counts
    column = len(line) - len(HEADER)
    is_group = line[:column].endswith(_GROUP)
    column -= len(_GROUP) if is_group else 0
    prefix = line[:column]
    if is_group and prefix.endswith(_MARGIN):
        # The outermost group stands beside what it is chained with, and its margin within.
        prefix = f"{prefix[:-2]}| "
        column -= len(_MARGIN)
    cut = _cut(prefix, next((one[:_LONGEST_LINE] for one in lines[at + 1 : at + 3] if one.strip()), ""))
    block = _Block(column, is_group, _is_linked(lines[max(0, at - 3) : at], cut))
    _read_frames(lines, at + 1, cut, block)
    return block


def _is_linked(above: Sequence[str], cut: Cut) -> bool:
    """True if the lines above the header say that this exception followed from the one before."""
    said = [text for line in above if (text := (cut(line[:_LONGEST_LINE]) or "").strip(" |"))]
    return bool(said) and said[-1].endswith(_LINKS)


def _cut(prefix: str, following: str) -> Cut:
    """What takes the prefix off a line; it gives None where a line has another one, and so belongs to no frame.

    Prefixes count up: every number in one may be another number on the next line.
    """
    if not prefix.strip():
        indentation = len(following) - len(following.lstrip()) - 2
        width = indentation if _FRAME.fullmatch(following[max(0, indentation) :]) else len(prefix)
        return lambda line: line[max(0, width) :] if not line[: max(0, width)].strip() else None
    if len(prefix) <= _LONGEST_PREFIX:
        shape = re.compile(
            "".join(r"\d+" if one.isdigit() else re.escape(one) for one in re.split(r"(\d+)", prefix))
        )
        # An empty line may have lost the blanks at its end.
        bare = prefix.rstrip()
        if (match := shape.match(following)) and _FRAME.fullmatch(following[match.end() :]):
            return lambda line: (
                line[found.end() :] if (found := shape.match(line)) else "" if line == bare else None
            )
    return lambda line: line


def _read_frames(lines: Sequence[str], at: int, cut: Cut, block: _Block) -> None:
    """Fill the block with its frames and, if the text goes that far, its exception."""
    opened: Frame | None = None
    code: str | None = None
    frames: list[Frame] = []
    while at < len(lines) and HEADER not in lines[at]:
        line = cut(lines[at][:_LONGEST_LINE])
        if line is None:
            return
        if frame := _FRAME.fullmatch(line.rstrip()):
            opened, code = _frame(frame), None
            if opened is not None:
                frames.append(opened)
        elif line.startswith("    ") and opened is not None and code is None:
            code = line.strip()
            frames[-1] = _with_code(opened, code)
        elif (
            line.startswith("    ") and opened is not None and code and (marks := _MARKS.fullmatch(line[4:]))
        ):
            block.marks[opened.line, code] = (marks.start(1), marks.end(1))
            code = ""
        elif line.strip() and not line.startswith(" "):
            block.frames = frames[-MAX_FRAMES:]
            block.raised = _raised(lines, at, cut, block.frames)
            return
        at += 1


def _frame(match: re.Match[str]) -> Frame | None:
    """The frame; None for the place of a SyntaxError, which no function has, and for what no file can be."""
    path, line, function = match[1], int(match[2]), match[3]
    if function is None or not 1 <= line <= MAX_LINE or len(path) > MAX_PATH:
        return None
    plain = clean(path, MAX_PATH).replace("\\", "/")
    library = _LIBRARY.search(plain)
    is_absolute = plain.startswith("/") or plain[1:3] == ":/"
    return Frame(
        # What is installed is named from its packages folder on: a shorter end of its path says too little.
        path=plain[library.end() :] if library is not None else plain,
        function=clean(function, MAX_NAME),
        line=line,
        code=None,
        variables={},
        in_app=not plain.startswith("<") and (library is not None or _STANDARD.search(plain) is None),
        absolute_path=plain if is_absolute and library is None else None,
    )


def _with_code(frame: Frame, code: str) -> Frame:
    return Frame(
        frame.path,
        frame.function,
        frame.line,
        clean(code, MAX_CODE) if len(code) <= MAX_CODE else None,
        frame.variables,
        frame.in_app,
        absolute_path=frame.absolute_path,
    )


def _raised(lines: Sequence[str], at: int, cut: Cut, frames: Sequence[Frame]) -> Raised | None:
    match = _EXCEPTION.fullmatch((cut(lines[at][:_LONGEST_LINE]) or "").rstrip())
    if match is None:
        return None
    module, name = _names(match[1])
    message = match[2] or ""
    further = [] if name in _ONE_LINE else _continued(lines, at + 1, cut)
    message = "\n".join([_ADVICE.sub("", message) if name in _ONE_LINE else message, *further])
    return Raised(clean(name, MAX_NAME), clean(message, MAX_MESSAGE), tuple(frames), module)


def _continued(lines: Sequence[str], at: int, cut: Cut) -> list[str]:
    """The further lines of a message, up to a blank one or the next record of a log."""
    found: list[str] = []
    for line in lines[at : at + _MOST_MESSAGE_LINES]:
        text = cut(line[:_LONGEST_LINE])
        if text is None or not text.strip() or HEADER in text or _RECORD.match(text):
            break
        if text.startswith(("+-", "  +-")) or text.strip() in _LINKS:
            break
        found.append(text.rstrip())
    return found


def _names(dotted: str) -> tuple[str | None, str]:
    """The module and the name of a class: modules are written small."""
    parts = [part for part in dotted.split(".") if part != "<locals>"]
    at = next((index for index, part in enumerate(parts) if part[:1].isupper()), len(parts) - 1)
    return clean(".".join(parts[:at]), MAX_NAME) or None, ".".join(parts[at:])
