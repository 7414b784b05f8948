"""Values that an exception's own message tells of: what could not be parsed, decoded, found or divided by."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from typing import Any

_DECODE = re.compile(
    r"'[\w-]+' codec can't decode bytes? (?:0x([0-9a-f]{2}) )?in position (\d+)(?:-\d+)?: (.*)"
)
_ENCODE = re.compile(r"'[\w-]+' codec can't encode characters? '?([^']*)'? ?in position (\d+)")
_QUOTED = re.compile(r"b?'(?:[^'\\]|\\.)*'|b?\"(?:[^\"\\]|\\.)*\"")
_JSON = re.compile(r"(.*): line \d+ column \d+ \(char (\d+)\)")
_FARTHEST = 200
_BROKEN_JSON = {
    "Expecting value": ('""', '"x"', '"<"'),
    "Expecting property name enclosed in double quotes": ('"{x"', "\"{'a': 1}\""),
    "Unterminated string starting at": ("'\"x'",),
    "Extra data": ('"1 2"', '"{} {}"', '"{}x"'),
    "Expecting ',' delimiter": ("'[1 2]'", "'{\"a\": 1 2}'"),
    "Expecting ':' delimiter": ("'{\"a\" 1}'",),
    "Invalid control character at": ("'\"\\n\"'",),
    "Invalid \\escape": ("'\"\\\\x\"'",),
}


def implied_values(exception: str, message: str) -> list[str]:
    """Codes of values that raise such an exception, likeliest first."""
    return list(dict.fromkeys(_implied(exception, message)))


def _implied(exception: str, message: str) -> Iterator[str]:  # noqa: C901, PLR0912 - a table of forms
    if "NoneType" in message:
        yield "None"
    if (match := _DECODE.search(message)) is not None and int(match[2]) <= _FARTHEST:
        bad = bytes.fromhex(match[1] or "ff")
        end = b"" if "unexpected end" in match[3] else b" "
        yield repr(b"x" * int(match[2]) + bad + end)
    if (match := _ENCODE.search(message)) is not None and int(match[2]) <= _FARTHEST:
        text = ast.literal_eval(f"'{match[1]}'") if "\\" in match[1] else "\udc80"
        yield repr("x" * int(match[2]) + text)
    if (match := _JSON.fullmatch(message)) is not None:
        for code in _BROKEN_JSON.get(match[1], ()):
            yield code
            yield repr(ast.literal_eval(code).encode())
    match exception:
        case "KeyError":
            yield "{}"
        case "IndexError":
            yield from ("[]", '""', "()", 'b""')
        case "ZeroDivisionError":
            yield from ("0", "0.0")
        case "StopIteration":
            yield from ("iter([])", "[]")
        case "OverflowError":
            yield from ('float("inf")', "10**400")
        case "ValueError" | "UnicodeDecodeError" | "UnicodeEncodeError" | "TypeError" | "InvalidOperation":
            for text in _QUOTED.findall(message)[-2:]:
                if len(text) > 2 and "NoneType" not in text:  # noqa: PLR2004 - more than its quotes
                    yield text
            if "math domain" in message:
                yield from ("0", "-1")
            if "empty" in message:
                yield from ("[]", '""', "()")
            if "unpack" in message:
                yield from ("[]", "()", '"x"', "(1, 2, 3)", "(1,)")
        case _:
            pass


def recorded_texts(frames: list[Mapping[str, Any]]) -> list[str]:
    """The string and bytes literals in these locals: what the call handed on may be among them."""
    found: dict[str, None] = {}
    for variables in frames:
        for value in variables.values():
            if isinstance(value, str) and _QUOTED.fullmatch(value) and len(value) > 2:  # noqa: PLR2004 - not empty
                found[value] = None
    return list(found)
