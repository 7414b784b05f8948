"""Secrets of the same shape: what is left of a value where only its form mattered."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from pydantic import JsonValue

_SCHEME: Final = re.compile(r"\Ab?['\"]?(?i:basic|bearer|digest|token|negotiate) ")
_LITERAL: Final = re.compile(r"\Ab?['\"]")


def masked_variables(raw: Mapping[str, JsonValue], scrubbed: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """The scrubbed variables, with text of the same shape where the whole of a text was taken away."""
    return {name: _masked(value, scrubbed[name]) for name, value in raw.items()}


def _masked(raw: JsonValue, scrubbed: JsonValue) -> JsonValue:
    match raw, scrubbed:
        case dict(), dict():
            return {
                key: _masked(value, scrubbed[key]) if key in scrubbed else value for key, value in raw.items()
            }
        case list(), list() if len(raw) == len(scrubbed):
            return [_masked(one, other) for one, other in zip(raw, scrubbed, strict=True)]
        case str(), str() if raw != scrubbed and _LITERAL.match(raw):
            scheme = _SCHEME.match(raw)
            kept = scheme[0] if scheme is not None else raw[: 2 if raw[0] == "b" else 1]
            return kept + _shape(raw[len(kept) : -1]) + raw[-1]
        case _:
            return scrubbed


def _shape(text: str) -> str:
    """Every letter and digit replaced by the same one of its kind; escapes stay, since they may be what failed."""
    parts = re.split(r"(\\x[0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\U[0-9a-fA-F]{8}|\\.)", text)
    plain = [re.sub(r"[0-9]", "0", re.sub(r"[A-Z]", "X", re.sub(r"[a-z]", "x", one))) for one in parts[::2]]
    return "".join(one for pair in zip(plain, [*parts[1::2], ""], strict=True) for one in pair)
