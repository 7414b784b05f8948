"""Reading what a `repr()` spells: an expression in which `<objects>` are names that stand for their text."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass

_LONGEST = 40_000
_HOLE = "_object_{}_"
_ATTRIBUTE = re.compile(r"([A-Za-z_]\w*)=")
_OPENING = {"(": ")", "[": "]", "{": "}", "<": ">"}


@dataclass(frozen=True, slots=True)
class Spelled:
    """The expression; `objects` are the texts behind its placeholder names; `cut` tells that `...` was left out."""

    node: ast.expr
    objects: Mapping[str, str]
    cut: bool


def spelled(text: str) -> Spelled | None:
    """What the text spells; None where it is no expression."""
    if len(text) > _LONGEST:
        return None
    objects: dict[str, str] = {}
    written, cut = _without_objects(text.strip(), objects)
    try:
        node = ast.parse(written, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return Spelled(node, objects, cut)


def _without_objects(text: str, objects: dict[str, str]) -> tuple[str, bool]:
    parts: list[str] = []
    at, cut = 0, False
    while at < len(text):
        if text[at] in "'\"":
            end = string_end(text, at)
            parts.append(text[at:end])
        elif text[at] == "<":
            end = object_end(text, at)
            name = _HOLE.format(len(objects))
            objects[name] = text[at:end]
            parts.append(name)
        elif text.startswith("...", at):
            end, cut = at + 3, True
            parts.append("" if parts and parts[-1].rstrip().endswith(("(", "[", "{", ",")) else "...")
        else:
            end = at + 1
            parts.append(text[at])
        at = end
    return "".join(parts), cut


def string_end(text: str, at: int) -> int:
    """Where the string literal that begins at `at` ends."""
    quote, at = text[at], at + 1
    while at < len(text) and text[at] != quote:
        at += 2 if text[at] == "\\" else 1
    return at + 1


def object_end(text: str, at: int) -> int:
    """Where the `<object>` that begins at `at` ends; a lone apostrophe inside is no string."""
    depth = 0
    while at < len(text):
        if text[at] in "'\"" and (end := string_end(text, at)) <= len(text) and "\n" not in text[at:end]:
            at = end
            continue
        depth += {"<": 1, ">": -1}.get(text[at], 0)
        at += 1
        if depth == 0:
            break
    return at


def attributes(text: str) -> dict[str, str]:
    """The `name=value` pairs that an object's repr tells, each with the repr of its value."""
    found: dict[str, str] = {}
    for match in _ATTRIBUTE.finditer(text):
        end = _value_end(text, match.end())
        value = text[match.end() : end].strip()
        if value and match[1] not in found:
            found[match[1]] = value
    return found


def _value_end(text: str, at: int) -> int:
    expected: list[str] = []
    while at < len(text):
        if text[at] in "'\"":
            at = string_end(text, at)
            continue
        if text[at] in _OPENING:
            expected.append(_OPENING[text[at]])
        elif expected and text[at] == expected[-1]:
            expected.pop()
        elif not expected and text[at] in " ,;)>]}\n":
            return at
        at += 1
    return at


def literals(text: str) -> list[str]:
    """The quoted strings, numbers and lone words in an object's repr, in their order, without its class and address."""
    if re.match(r"<[\w.<>]+ object at 0x[0-9a-fA-F]+>\Z", text):
        return []
    body = re.sub(r"\A<?[\w.]+", "", re.sub(r" at 0x[0-9a-fA-F]+", "", text))
    found = re.findall(r"b?'(?:[^'\\]|\\.)*'|b?\"(?:[^\"\\]|\\.)*\"|-?\d+(?:\.\d+)?|[A-Za-z_]\w*", body)
    return [one for one in found if one not in {"object", "at"}]
