"""Calls that raise as the record says: of other packages, and those whose exception was caught before the failure."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from typing import Any

from .draft import Dimension
from .evaluate import evaluate
from .hints import CALLED, Path, access, expanded, statements, swallowed
from .nested import nested_source
from .report import messages, plain
from .source import STAND_IN, Source, joined
from .target import Function, Target
from .values import written
from .world import World

_CAUGHT = ("OSError", "ValueError", "KeyError")
_UNBOUND = re.compile(r"local variable '(\w+)'")
_NUMBERED = re.compile(r"\[Errno (-?\d+)\] ([^:]*)(?:: (.*))?\Z", re.DOTALL)
_WRAPPED = re.compile(r"<\w+ error (.*)>\Z", re.DOTALL)
_HTTP = re.compile(r"HTTP Error (\d+): (.*)\Z", re.DOTALL)
_AT = re.compile(r"(.*): line \d+ column \d+ \(char (\d+)\)\Z", re.DOTALL)


def swallowed_errors(target: Target, receiver: str, message: str) -> Iterator[Dimension]:
    """Where a local was never bound, a call may have raised what was then caught."""
    unbound = _UNBOUND.search(message)
    for root, path in swallowed(target.node, unbound[1]) if unbound is not None else ():
        if root in vars(target.module):
            whole = (*target.module.__name__.split("."), root, *path)
            options = [Source(one, marks=frozenset({STAND_IN})) for one in _CAUGHT]
            yield Dimension("patch", "", [None, *options], "raising", whole)
        elif root == receiver and len(path) == 2:  # noqa: PLR2004 - a method and its call
            mocks = [_raising_mock(Source(one)) for one in _CAUGHT]
            yield Dimension("fill", root, [None, *mocks], path=path[:1])


def outside_errors(
    world: World, place: Target, line: int, wanted: Mapping[str, Any], receiver: str
) -> Iterator[Dimension]:
    """Where another package raised the exception, the calls at the line, each raising it.

    `receiver` is the parameter of the call that is written for which attributes can be given; empty for none.
    """
    if not wanted.get("outside"):
        return
    errors = _errors(world, wanted)
    for root, path in _called_at(place.node, line) if errors else ():
        if root in vars(place.module):
            first = path.index(CALLED) + 1
            whole = (*place.module.__name__.split("."), root, *path[:first])
            if first == len(path):
                marked = [one.marked(STAND_IN) for one in errors]
                yield Dimension("patch", "", [None, *marked], "raising", whole)
            else:
                nested = [_nested(path[first:], one) for one in errors]
                yield Dimension("patch", "", [None, *nested], path=whole)
        elif root == receiver:
            yield Dimension("fill", root, [None, *(_nested(path[1:], one) for one in errors)], path=path[:1])


def _called_at(node: Function, line: int) -> Iterator[tuple[str, Path]]:
    """The access paths of the calls at the line; a local is followed to the call that it was made by."""
    seen: set[tuple[str, Path]] = set()
    for statement in statements(node):
        if not statement.lineno <= line <= (statement.end_lineno or statement.lineno):
            continue
        for call in ast.walk(statement):
            if not isinstance(call, ast.Call) or not call.lineno <= line <= (call.end_lineno or call.lineno):
                continue
            found = access(call)
            whole = expanded(node, *found, line) if found is not None else None
            if whole is not None and whole not in seen:
                seen.add(whole)
                yield whole


def _nested(path: Path, error: Source) -> Source:
    """An object that raises at the end of the path, and takes everything else."""
    if path == (CALLED,):
        return _raising_mock(error)
    return nested_source(path[:-1], _raising_mock(error), plain="MagicMock")


def _raising_mock(error: Source) -> Source:
    return _template(error, "Mock", "Mock(side_effect={})")


def _template(source: Source, name: str, code: str) -> Source:
    imported = Source("", frozenset({("unittest.mock", name)}), marks=frozenset({STAND_IN}))
    return joined([source, imported], lambda inner, _: code.replace("{}", inner, 1))


def _errors(world: World, wanted: Mapping[str, Any]) -> list[Source]:
    """The recorded exception as a call of its class, where such a call gives its message."""
    name = f"{wanted['module']}.{wanted['type']}" if wanted.get("module") else wanted["type"]
    kind = world.class_of(name)
    named = world.source_of(kind) if kind is not None and issubclass(kind, BaseException) else None
    if named is None:
        return []
    accepted = {plain(one) for one in wanted["messages"]}
    for arguments in _arguments(wanted["messages"][0]):
        found = joined([named], lambda called, given=arguments: f"{called}({given})")
        made = evaluate(found)
        if (
            isinstance(made.value, BaseException)
            and made.error is None
            and accepted & set(messages(made.value))
        ):
            return [found]
    return []


def _arguments(message: str) -> Iterator[str]:
    """What the class may have been called with to say so."""
    yield written(message) if message else ""
    if (match := _NUMBERED.match(message)) is not None:
        file = f", {match[3]}" if match[3] and match[3][:1] in "'\"" else ""
        yield f"{match[1]}, {written(match[2])}{file}"
    if (match := _WRAPPED.match(message)) is not None:
        for inner in _arguments(match[1]):
            yield f"OSError({inner})" if inner.startswith(("-", *"0123456789")) else inner
    if (match := _HTTP.match(message)) is not None:
        yield f'"http://localhost/", {match[1]}, {written(match[2])}, {{}}, None'
    if (match := _AT.match(message)) is not None:
        yield f'{written(match[1])}, "{" " * min(int(match[2]), 80)}", {match[2]}'
    yield f"None, {written(message)}"
    yield f"{written(message)}, None"
