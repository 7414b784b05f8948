"""What one run of the recorded call gave."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from app.core.model import Span

_STOOD_IN: Final = re.compile(r"\b(?:MagicMock|AsyncMock|Mock|SimpleNamespace)\b")
_ADDRESS: Final = re.compile(r"0x[0-9a-fA-F]{4,}")


@dataclass(frozen=True, slots=True)
class Place:
    """A frame of the repository in a traceback.

    `span` is the failing instruction as the interpreter knows it; its columns count bytes of UTF-8.
    `classes` are the local variables' classes, each with all that it inherits from, by qualified name.
    """

    path: str
    function: str
    line: int
    span: Span | None
    classes: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Attempt:
    """The outcome of a call: what it returned, or the exception that it raised.

    `returned` is a `repr()` without addresses; `literal` tells that it is source which gives an equal value.
    `same` tells that it raised the recorded exception at the recorded place; `direct`, that this was not caught and
    turned into another one. `beyond` tells that a stand-in was
    asked for what the record does not hold, so that nothing follows from the exception. `ended` is False if the call
    did not come to an end within its limits; nothing else is known then.
    """

    returned: str | None
    returned_type: str | None
    literal: bool
    exception: str | None
    exception_module: str | None
    exception_mro: tuple[str, ...]
    message: str
    frames: tuple[Place, ...]
    same: bool
    beyond: bool = False
    ended: bool = True
    direct: bool = False
    forms: tuple[str, ...] = ()

    @property
    def exception_class(self) -> tuple[str, str] | None:
        """Where the class of the exception is imported from, and its name; None if nothing was raised."""
        return (self.exception_module or "builtins", self.exception) if self.exception is not None else None


@dataclass(frozen=True, slots=True)
class Wanted:
    """The exception to repeat: its class, the messages that are accepted for it, and where it was raised.

    `outside` tells that another package raised it, below that place.
    """

    exception: str
    messages: tuple[str, ...]
    path: str
    function: str
    line: int
    code: str
    module: str | None = None
    outside: bool = False

    def task(self) -> dict[str, Any]:
        """The same for the sandbox."""
        place = {"path": self.path, "function": self.function, "line": self.line}
        return {
            "type": self.exception,
            "module": self.module,
            "outside": self.outside,
            "messages": list(self.messages),
            "place": place,
        }


NOT_ENDED: Final = Attempt(None, None, False, None, None, (), "", (), same=False, ended=False)  # noqa: FBT003


def read_attempt(
    report: Mapping[str, Any] | None, wanted: Wanted, lines: Mapping[str, Sequence[str]], *, stand_in: bool
) -> Attempt:
    """The attempt that a run reported; `lines` are the texts of the files as they were in that run."""
    if report is None:
        return NOT_ENDED
    if "exception" not in report:
        return Attempt(
            returned=report["returned"],
            returned_type=report["returned_type"],
            literal=report["literal"],
            exception=None,
            exception_module=None,
            exception_mro=(),
            message="",
            frames=(),
            same=False,
            forms=tuple(report["forms"]),
        )
    wants = [report["stage"] == "call" and _is_wanted(one, wanted, lines) for one in report["chain"]]
    return Attempt(
        returned=None,
        returned_type=None,
        literal=False,
        exception=report["exception"],
        exception_module=report["exception_module"],
        exception_mro=tuple(report["exception_mro"]),
        message=report["message"],
        frames=tuple(_place(one) for one in report["frames"]),
        same=any(wants),
        beyond=stand_in and (bool(report.get("missing")) or _STOOD_IN.search(report["message"]) is not None),
        direct=wants[0],
        forms=tuple(report["forms"]),
    )


def _is_wanted(one: Mapping[str, Any], wanted: Wanted, lines: Mapping[str, Sequence[str]]) -> bool:
    """True for the recorded exception; in a changed file its line may have moved, but reads the same."""
    if one["exception"] != wanted.exception or not one["frames"]:
        return False
    last = one["frames"][-1]
    if (last["path"], last["function"]) != (wanted.path, wanted.function):
        return False
    accepted = {_ADDRESS.sub("0x0", text) for text in wanted.messages}
    if not accepted & set(one["messages"]):
        return False
    text = lines.get(wanted.path)
    if text is None:
        return bool(last["line"] == wanted.line)
    line: int = last["line"]
    return 1 <= line <= len(text) and text[line - 1].strip() == wanted.code.strip()


def _place(frame: Mapping[str, Any]) -> Place:
    span = frame["span"]
    known = span is not None and None not in span
    return Place(
        frame["path"],
        frame["function"],
        frame["line"],
        Span(span[0], span[2], span[1], span[3]) if known else None,
        {name: tuple(classes) for name, classes in frame["locals"].items()},
    )
