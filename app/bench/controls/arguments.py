"""Makes up arguments: the same ones in every run, near to what production recorded and to what a signature says."""

from __future__ import annotations

import ast
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.bench.controls.changes import Parameter

# A value must be short enough to be written down whole; the SDK has cut the longer ones anyway.
_LONGEST_TEXT = 400
# How often a parameter with a default is left alone, and a likely value is preferred to a strange one.
_LEFT_OUT, _LIKELY = 0.5, 0.75

_BY_TYPE: dict[str, tuple[str, ...]] = {
    "str": ("'a'", "'name'", "'Hello World'", "''", "'1'", "'a=b; c=\"d\"'", "'caf\\xe9'", "'x,y\\n1,2'"),
    "bytes": ("b'a'", "b'name: value'", "b''", "b'\\xff\\x00'", "b'1'"),
    "int": ("1", "2", "0", "-1", "10", "1000"),
    "float": ("1.5", "0.0", "-2.25", "1000000.0"),
    "bool": ("True", "False"),
    "list": ("[]", "['a', 'b']", "[1, 2, 3]", "[('a', 1)]"),
    "tuple": ("()", "('a', 'b')", "(1, 2)"),
    "set": ("{'a'}", "{1, 2}"),
    "dict": ("{}", "{'a': 1}", "{'name': 'value', 'b': None}", "{'a': {'b': 'c'}}"),
    "None": ("None",),
}
_TYPE_WORDS = {
    "str": ("str", "text", "path"),
    "bytes": ("bytes", "buffer"),
    "int": ("int",),
    "float": ("float", "decimal", "number"),
    "bool": ("bool",),
    "list": ("list", "sequence", "iterable", "iterator", "collection"),
    "tuple": ("tuple",),
    "set": ("set",),
    "dict": ("dict", "mapping"),
    "None": ("none", "optional"),
}
_NAME_WORDS = {
    "int": ("count", "size", "index", "num", "length", "limit", "port", "width", "height", "offset", "depth"),
    "float": ("timeout", "seconds", "ratio", "weight"),
    "bool": ("is_", "has_", "use_", "flag", "strict", "force", "verbose", "debug", "enable"),
    "bytes": ("data", "body", "payload", "raw", "buf"),
    "list": ("items", "values", "args", "rows", "lines", "names", "keys", "list", "tokens", "parts"),
    "dict": (
        "headers",
        "kwargs",
        "options",
        "config",
        "params",
        "mapping",
        "dict",
        "attrs",
        "context",
        "environ",
    ),
    "str": (
        *(
            "name",
            "key",
            "text",
            "string",
            "value",
            "url",
            "path",
            "encoding",
            "msg",
            "message",
            "line",
            "title",
        ),
        *(
            "format",
            "prefix",
            "suffix",
            "charset",
            "content",
            "source",
            "word",
            "code",
            "host",
            "user",
            "type",
        ),
    ),
}
_ANY = (
    "'a'",
    "1",
    "None",
    "[]",
    "{}",
    "''",
    "0",
    "b'a'",
    "True",
    "1.5",
    "['a']",
    "{'a': 1}",
    "-1",
    "('a', 1)",
)


@dataclass(frozen=True, slots=True)
class Arguments:
    """The arguments of one call, as literals in source form."""

    positional: tuple[str, ...]
    named: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return ", ".join((*self.positional, *(f"{name}={text}" for name, text in self.named)))

    def as_json(self) -> dict[str, Any]:
        """As the program that makes the call reads them."""
        return {"positional": self.positional, "named": dict(self.named)}


def made_up(parameters: Sequence[Parameter], recorded: Mapping[str, object], number: int) -> list[Arguments]:
    """Up to `number` different calls, the likely ones first; one only if there is nothing to vary."""
    pools = [_pool(parameter, recorded) for parameter in parameters]
    # Seeded by the signature, not by the process: a run can be repeated.
    chance = random.Random(repr(parameters))
    found: dict[Arguments, None] = {}
    for attempt in range(number * 4):
        found[_one(parameters, pools, attempt, chance)] = None
        if len(found) == number:
            break
    return list(found)


def literals(recorded: object) -> list[str]:
    """What a recorded local may have been, in source form: the SDK keeps the `repr` of a value, cut if it is long."""
    known, value = _rebuilt(recorded)
    if not known:
        return []
    texts = [repr(value), *(repr(changed) for changed in _mutated(value))]
    return [text for text in dict.fromkeys(texts) if len(text) <= _LONGEST_TEXT]


def _one(
    parameters: Sequence[Parameter],
    pools: Sequence[tuple[list[str], list[str]]],
    attempt: int,
    chance: random.Random,
) -> Arguments:
    positional: list[str] = []
    named: list[tuple[str, str]] = []
    by_name = False
    for parameter, (likely, strange) in zip(parameters, pools, strict=True):
        if parameter.default is not None and (attempt == 0 or chance.random() < _LEFT_OUT):
            by_name = True
            continue
        if likely and (attempt == 0 or chance.random() < _LIKELY):
            text = likely[attempt % len(likely)] if attempt < len(likely) else chance.choice(likely)
        else:
            text = chance.choice(strange)
        if by_name or parameter.keyword_only:
            named.append((parameter.name, text))
        else:
            positional.append(text)
    return Arguments(tuple(positional), tuple(named))


def _pool(parameter: Parameter, recorded: Mapping[str, object]) -> tuple[list[str], list[str]]:
    """Likely values, best first, and strange ones."""
    likely = literals(recorded[parameter.name]) if parameter.name in recorded else []
    default = parameter.default
    if default is not None:
        likely += [text for kind in _kinds_of(default) for text in _BY_TYPE[kind]]
    annotation = parameter.annotation.lower()
    kinds = [kind for kind, words in _TYPE_WORDS.items() if any(word in annotation for word in words)]
    if not kinds and not likely:
        name = parameter.name.lower()
        kinds = [kind for kind, words in _NAME_WORDS.items() if any(word in name for word in words)]
    likely += [text for kind in kinds for text in _BY_TYPE[kind]]
    return list(dict.fromkeys(likely)), list(_ANY)


def _kinds_of(default: str) -> list[str]:
    try:
        value = ast.literal_eval(default)
    except (ValueError, SyntaxError):
        return []
    kind = "None" if value is None else type(value).__name__
    return [kind] if kind in _BY_TYPE else []


def _rebuilt(recorded: object) -> tuple[bool, Any]:
    """Whether it is a plain value, and which."""
    if isinstance(recorded, str):
        try:
            return True, ast.literal_eval(recorded)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return False, None
    if isinstance(recorded, list):
        items = [_rebuilt(item) for item in recorded]
        return all(known for known, _ in items), [value for _, value in items]
    if isinstance(recorded, dict):
        pairs = {_plain_key(key): _rebuilt(value) for key, value in recorded.items()}
        return all(known for known, _ in pairs.values()), {key: value for key, (_, value) in pairs.items()}
    return recorded is None or isinstance(recorded, bool | int | float), recorded


def _plain_key(key: str) -> object:
    """The SDK writes keys with `str`, but those of nested containers with `repr`."""
    known, value = _rebuilt(key) if key[:1] in {"'", '"'} else (False, None)
    return value if known else key


def _mutated(value: Any) -> Iterator[Any]:
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int | float):
        yield from (value + 1, value - 1, -value, 0)
    elif isinstance(value, str | bytes | list | tuple):
        yield from (value[:-1], value[1:], value * 2, value[:0], value[: len(value) // 2])
        if isinstance(value, str):
            yield from (value.upper(), f"{value} ", value.replace(" ", ""))
    elif isinstance(value, dict):
        yield {}
        for key in list(value)[:3]:
            yield {other: value[other] for other in value if other != key}
            yield from ({**value, key: changed} for changed in list(_mutated(value[key]))[:2])
    elif value is None:
        yield from ("a", 1, b"a", [], {})
