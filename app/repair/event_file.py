"""The text that a user gives: a file or standard input."""

from __future__ import annotations

import codecs
import sys
from pathlib import Path
from typing import BinaryIO, Final

from app.core.errors import BadInput
from app.core.event_text import WHAT

MAX_INPUT: Final = 20 << 20
STDIN: Final = "-"


def read_input(name: str, stdin: BinaryIO | None = None) -> str:
    """The text of the file, or of standard input for `-`.

    Raises:
        BadInput: if it cannot be read, is too large, or is no text.
    """
    try:
        if name == STDIN:
            data = (stdin or sys.stdin.buffer).read(MAX_INPUT + 1)
        else:
            with Path(name).open("rb") as file:
                data = file.read(MAX_INPUT + 1)
    except (OSError, ValueError) as fault:
        reason = getattr(fault, "strerror", None) or str(fault)
        raise BadInput(f"{_named(name)} cannot be read: {reason}. {WHAT}") from fault
    if len(data) > MAX_INPUT:
        raise BadInput(
            f"{_named(name)} is larger than {MAX_INPUT >> 20} MiB. Give one event, or the part of the log that holds"
            " the traceback."
        )
    return _text(name, data)


def _named(name: str) -> str:
    return "standard input" if name == STDIN else name


def _text(name: str, data: bytes) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):  # what some shells write with `>`
        return data.decode("utf-16", "replace")
    if b"\0" in data:
        raise BadInput(f"{_named(name)} is no text. {WHAT}")
    text = data.decode("utf-8-sig", "replace")
    if not text.strip():
        raise BadInput(f"{_named(name)} is empty. {WHAT}")
    return text
