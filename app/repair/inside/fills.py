"""Values for the attributes of objects and for the answers of calls that the record shows only in part."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .draft import ENVIRONMENT
from .habits import is_called, usage
from .hints import (
    CALLED,
    Answer,
    Path,
    answers,
    conditions,
    demanded,
    expanded,
    failing_paths,
)
from .implied import implied_values
from .nested import Known, nested_source
from .report import Caught
from .source import GUESSED, STAND_IN, Source, joined
from .target import Target
from .values import Values, written

_OPEN: Path = ("builtins", "open")
_GENERIC = ("None", "False", "True", "0", "1", '""', '"x"', "[]", "{}", 'b""', "1.0")
NAMESPACE = Source(
    "SimpleNamespace()", frozenset({("types", "SimpleNamespace")}), marks=frozenset({STAND_IN})
)
ANYTHING = Source("MagicMock()", frozenset({("unittest.mock", "MagicMock")}), marks=frozenset({STAND_IN}))


class Fills:
    """What is known and what may be guessed for the access paths of one frame."""

    def __init__(
        self,
        target: Target,
        line: int,
        variables: Mapping[str, Any],
        values: Values,
        tree: ast.Module,
        wanted: Mapping[str, Any],
        further: Sequence[Answer],
    ) -> None:
        """`wanted` is the exception that was raised in this frame or below it; `further` is what other frames tell."""
        self.texts: list[str] = []
        self.module = target.module
        self.variables = variables
        self.values = values
        self.tree = tree
        self.found: dict[tuple[str, Path], list[Source]] = {}
        self.objects: dict[tuple[str, str], Known] = {}
        self.outside: dict[Path, Known] = {}
        self._answers([*answers(target.node, line, variables), *further], target, line)
        for test, outcome in conditions(target.node, line):
            for root, path, codes in demanded(test, outcome=outcome):
                self._guess(root, path, codes)
        codes = implied_values(wanted["type"], wanted["messages"][0])
        for root, path in failing_paths(target.node, line):
            self._guess(root, path, codes)

    def _answers(self, found: Sequence[Answer], target: Target, line: int) -> None:
        arguments = target.node.args
        given = {one.arg for one in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]}
        for one in found:
            sources = self._recorded(one)[:2]
            root, path = expanded(target.node, one.root, one.path, line)
            for source in sources if path else ():
                self._note(root, path, source, one.shape)
            if sources and path and root not in given:
                self._note_outside(root, path, sources[0], awaited=one.shape == "awaited")
        for (root, name), known in self.objects.items():
            merged = known.source()
            listed = self.found.setdefault((root, (name,)), [])
            if merged not in listed:
                listed.insert(0, merged)

    def _note_outside(self, root: str, path: Path, source: Source, *, awaited: bool) -> None:
        """Notes the value of a path from one of the module's names, by the part of it that can be patched."""
        value = vars(self.module).get(root)
        if value is os and path[0] == "environ":
            if len(path) == 1 and source.code.startswith("{"):
                self.outside.setdefault(ENVIRONMENT, Known()).add((), source, awaited=False)
            return
        if value is None and root != "open":
            return
        first = path.index(CALLED) + 1 if CALLED in path else len(path)
        whole = _OPEN if value is None else (root, *path[:first])
        self.outside.setdefault(whole, Known()).add(path[first:], source, awaited=awaited)

    def _recorded(self, one: Answer) -> list[Source]:
        sources = self._sources(one.value)
        match one.shape:
            case "item":
                return [joined([each], lambda code: f"[{code}]") for each in sources]
            case "entered":
                return [_imported(each, "contextlib", "nullcontext", "nullcontext({})") for each in sources]
            case shape if shape.startswith("entry:"):
                key = self._key(shape.removeprefix("entry:"))
                return [joined([each], lambda code: f"{{{key}: {code}}}") for each in sources] if key else []
            case _:
                return sources

    def _key(self, code: str) -> str:
        """The literal of a key that is a constant, or a plain value that the module or the locals have a name for."""
        if code in self.variables:
            found = self.values.sources(self.variables[code])
            return found[0].code if found else ""
        with Caught():
            value = eval(code, dict(vars(self.module)))  # noqa: S307 - a name of the repository's own code
            if isinstance(value, str | int | bytes):
                return written(str(value) if isinstance(value, str) else value)
        return ""

    def _sources(self, value: Any) -> list[Source]:
        if not isinstance(value, tuple):
            return self.values.sources(value)
        parts = [self._sources(one) for one in value]
        if not all(parts):
            return []
        return [
            joined([one[0] for one in parts], lambda *codes: f"({', '.join(codes)}{',' * (len(codes) == 1)})")
        ]

    def _guess(self, root: str, path: Path, codes: Sequence[str]) -> None:
        for code in codes:
            self._note(root, path, Source(code, marks=frozenset({GUESSED})))

    def _note(self, root: str, path: Path, source: Source, shape: str = "") -> None:
        """Notes the value of the path, and what its first attribute must be for that."""
        listed = self.found.setdefault((root, path), [])
        if source not in listed:
            listed.append(source)
        if len(path) > 1 and CALLED in path:
            if GUESSED not in source.marks:
                known = self.objects.setdefault((root, path[0]), Known())
                known.add(path[1:], source, awaited=shape == "awaited")
            nested = self.found.setdefault((root, path[:1]), [])
            whole = nested_source(path[1:], source, awaited=shape == "awaited")
            if whole not in nested:
                nested.append(whole)

    def options(self, root: str, path: Path) -> list[Source]:
        """Values for an attribute, what is recorded first, then what fits its use, then anything."""
        name = path[-1]
        found = list(self.found.get((root, path), []))
        for recorded in [
            *self.values.objects.known.get(name, []),
            *self.values.objects.known.get(name.strip("_"), []),
        ][:3]:
            found += [one.marked(GUESSED) for one in self.values.sources(recorded)[:1]]
        used = [Source(code, marks=frozenset({GUESSED})) for code in usage(self.tree, name)]
        found += used
        if is_called(self.tree, name):
            found += [_mock(None), ANYTHING]
        found += [Source(text, marks=frozenset({GUESSED})) for text in self.texts[:4]]
        found += [Source(code, marks=frozenset({GUESSED})) for code in _GENERIC]
        return list(dict.fromkeys([*found, NAMESPACE, ANYTHING]))

    def patches(self) -> Iterator[tuple[Path, list[Source]]]:
        """The answers of the module's own names: functions that read a file, a clock, a network, a setting."""
        for path, known in self.outside.items():
            if path == ENVIRONMENT:
                yield path, [known.source()]
            elif path == _OPEN:
                yield (
                    path,
                    [
                        _imported(one, "unittest.mock", "mock_open", "mock_open(read_data={})")
                        for one in _read(known)
                    ],
                )
            else:
                yield (*self.module.__name__.split("."), *path), [known.source("MagicMock")]


def _read(known: Known) -> list[Source]:
    """What a file gave: the first value that is known of it."""
    if known.value is not None:
        return [known.value]
    return next((found for one in known.inner.values() if (found := _read(one))), [])


def _mock(answer: Source | None, *, awaited: bool = False) -> Source:
    name = "AsyncMock" if awaited else "Mock"
    if answer is None:
        return Source(f"{name}()", frozenset({("unittest.mock", name)}), marks=frozenset({STAND_IN}))
    return _imported(answer, "unittest.mock", name, f"{name}(return_value={{}})")


def _imported(source: Source, module: str, name: str, template: str) -> Source:
    code = template.replace("{}", source.code)
    return Source(code, source.imports | {(module, name)}, source.setup, source.marks | {STAND_IN})
