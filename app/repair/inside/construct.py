"""Calling a class with what was recorded: by the parameters' names, by what the repr tells, by their types."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from .evaluate import evaluate
from .report import Caught
from .source import GUESSED, Source, joined

if TYPE_CHECKING:
    from .objects import Objects

_DEEPEST = 2
_MOST_TRIES = 24
_BY_TYPE = {
    "str": '"x"',
    "int": "1",
    "float": "1.0",
    "bool": "False",
    "bytes": 'b"x"',
    "bytearray": "bytearray()",
    "list": "[]",
    "Sequence": "[]",
    "Iterable": "[]",
    "Iterator": "iter([])",
    "Collection": "[]",
    "List": "[]",
    "dict": "{}",
    "Dict": "{}",
    "Mapping": "{}",
    "MutableMapping": "{}",
    "set": "set()",
    "Set": "set()",
    "frozenset": "frozenset()",
    "tuple": "()",
    "Tuple": "()",
    "Callable": "lambda *arguments, **named: None",
    "None": "None",
    "Optional": "None",
    "object": "None",
    "Any": "None",
}
_BY_NAME = {
    "name": '"x"', "path": '"x"', "text": '"x"', "key": '"x"', "url": '"http://localhost/"', "data": "{}",
    "options": "{}", "config": "{}", "kwargs": "{}", "args": "[]", "callback": "lambda *arguments, **named: None",
    "func": "lambda *arguments, **named: None", "function": "lambda *arguments, **named: None",
}  # fmt: skip
_ANY = ("None", '"x"', "1", "{}", "[]", 'b"x"', "lambda *arguments, **named: None")
_KINDS = inspect.Parameter


class Constructor:
    """Sources that call a class."""

    def __init__(self, objects: Objects) -> None:
        self.objects = objects
        self._depth = 0

    def sources(
        self, kind: type, given: Mapping[str, Source], told: Sequence[str], most: int = _MOST_TRIES
    ) -> list[Source]:
        """Calls of the class that do not fail: with all that is known, and with no more than what is required."""
        named = self.objects.callable_source(kind)
        if named is None or self._depth >= _DEEPEST:
            return []
        self._depth += 1
        try:
            parameters = _parameters(kind)
            if parameters is None:
                return self._working(iter([_call(named, {}, {})]), kind, given, most)
            return self._working(self._calls(named, parameters, given, told), kind, given, most)
        finally:
            self._depth -= 1

    def _calls(
        self,
        named: Source,
        parameters: Sequence[inspect.Parameter],
        given: Mapping[str, Source],
        told: Sequence[str],
    ) -> Iterator[Source]:
        required = [one for one in parameters if one.default is _KINDS.empty]
        known = {one.name: source for one in parameters if (source := self._known(one, given)) is not None}
        options = [[known[one.name]] if one.name in known else self._guesses(one, told) for one in required]
        optional = {
            name: source for name, source in known.items() if name not in {one.name for one in required}
        }
        kinds = {one.name: one for one in parameters}
        certain = {name: source for name, source in optional.items() if name in given}
        first = {one.name: each[0] for one, each in zip(required, options, strict=True)}
        yield _call(named, {**first, **certain}, kinds)
        for text in told:
            for one in parameters:
                if one.name not in known and (found := _literal(text)) is not None:
                    yield _call(named, {**first, **certain, one.name: found.marked(GUESSED)}, kinds)
        yield _call(named, {**first, **optional}, kinds)
        for chosen in itertools.product(*options):
            yield _call(named, dict(zip(first, chosen, strict=True)), kinds)

    def _known(self, parameter: inspect.Parameter, given: Mapping[str, Source]) -> Source | None:
        if parameter.name in given:
            return given[parameter.name]
        for value in self.objects.known.get(parameter.name, [])[:2]:
            found = self.objects.rebuilt(value)
            if found:
                return found[0].marked(GUESSED)
        return None

    def _guesses(self, parameter: inspect.Parameter, told: Sequence[str]) -> list[Source]:
        annotation = parameter.annotation
        text = (
            ""
            if annotation is _KINDS.empty
            else annotation
            if isinstance(annotation, str)
            else _annotated(annotation)
        )
        codes: list[str] = [
            code
            for one, code in _BY_TYPE.items()
            if one in text.replace("[", " ").replace("|", " ").replace(".", " ").split()
        ]
        found = [Source(one) for one in codes]
        found += [one for each in told if (one := _literal(each)) is not None]
        if not codes and parameter.name in _BY_NAME:
            found.append(Source(_BY_NAME[parameter.name]))
        kind = (
            self.objects.world.class_of(text.strip("'\" ").partition("[")[0].partition(" |")[0])
            if text
            else None
        )
        if kind is not None and kind.__module__ != "builtins":
            found = [*self.objects.instances(kind, {}, "")[:2], *found]
        found += [Source(one) for one in _ANY]
        return [one.marked(GUESSED) for one in dict.fromkeys(found)]

    def _working(
        self, calls: Iterator[Source], kind: type, given: Mapping[str, Source], most: int
    ) -> list[Source]:
        found: list[Source] = []
        for call in itertools.islice(dict.fromkeys(itertools.islice(calls, 200)), most):
            made = evaluate(call)
            if made.error is None and kind in type(made.value).__mro__:
                found.append(self.objects.adjusted(call, made.value, given))
        return found


def _parameters(kind: type) -> list[inspect.Parameter] | None:
    with Caught():
        found = list(inspect.signature(kind).parameters.values())
        return [one for one in found if one.kind not in {_KINDS.VAR_POSITIONAL, _KINDS.VAR_KEYWORD}]
    return None


def _annotated(annotation: object) -> str:
    return annotation.__name__ if isinstance(annotation, type) else str(annotation).replace("typing.", "")


def _call(named: Source, arguments: Mapping[str, Source], kinds: Mapping[str, inspect.Parameter]) -> Source:
    names = [one for one in kinds if one in arguments] if kinds else list(arguments)
    positional_only = [one for one in names if kinds[one].kind is _KINDS.POSITIONAL_ONLY]

    def write(called: str, *codes: str) -> str:
        parts = [
            code if name in positional_only else f"{name}={code}"
            for name, code in zip(names, codes, strict=True)
        ]
        return f"{called}({', '.join(parts)})"

    return joined([named, *(arguments[name] for name in names)], write)


def _literal(text: str) -> Source | None:
    if text[:1] in "'\"" or text[:2] in {"b'", 'b"'} or text.lstrip("-")[:1].isdigit():
        return Source(text)
    return Source(f'"{text}"') if text.isidentifier() else None
