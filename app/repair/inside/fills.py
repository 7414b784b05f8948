"""Values for the attributes of objects and for the answers of calls that the record shows only in part."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator, Mapping, Sequence
from types import ModuleType
from typing import Any

from .draft import ENVIRONMENT
from .evaluate import evaluate
from .habits import is_called, usage
from .hints import (
    CALLED,
    Answer,
    Path,
    answers,
    conditions,
    demanded,
    failing_paths,
)
from .implied import implied_values
from .report import Caught
from .source import GUESSED, STAND_IN, Source, joined
from .target import Target
from .values import Values, written

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
        self._answers([*answers(target.node, line, variables), *further])
        for test, outcome in conditions(target.node, line):
            for root, path, codes in demanded(test, outcome=outcome):
                self._guess(root, path, codes)
        codes = implied_values(wanted["type"], wanted["messages"][0])
        for root, path in failing_paths(target.node, line):
            self._guess(root, path, codes)

    def _answers(self, found: Sequence[Answer]) -> None:
        for one in found:
            for source in self._recorded(one)[:2]:
                self._note(one.root, one.path, source, one.shape)

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
            nested = self.found.setdefault((root, path[:1]), [])
            whole = nested_source(path[1:], source, awaited=shape == "awaited")
            if whole is not None and whole not in nested:
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

    def patches(self, module: ModuleType, local: set[str]) -> Iterator[tuple[Path, list[Source]]]:
        """The answers of the module's own names: functions that read a file, a clock, a network, a setting."""
        for (root, path), sources in self.found.items():
            value = vars(module).get(root)
            if root in local or value is None or not path or path.count(CALLED) > 1:
                continue
            if CALLED in path and path[-1] != CALLED:
                continue
            certain = [one for one in sources if GUESSED not in one.marks]
            if value is os and path[0] == "environ":
                if len(path) == 1 and certain:
                    yield ENVIRONMENT, [one for one in certain if one.code.startswith("{")]
                continue
            if certain:
                yield (*module.__name__.split("."), root, *path), certain


def nested_source(path: Path, source: Source, *, awaited: bool = False) -> Source | None:
    """A stand-in that gives the source for the rest of a path: `a()` of `x.a().b` and so on."""
    for part in reversed(path):
        if part == CALLED:
            source = _mock(source, awaited=awaited)
            awaited = False
        elif part.isidentifier():
            source = _imported(source, "types", "SimpleNamespace", f"SimpleNamespace({part}={{}})")
        else:
            return None
    return source


def _mock(answer: Source | None, *, awaited: bool = False) -> Source:
    name = "AsyncMock" if awaited else "Mock"
    if answer is None:
        return Source(f"{name}()", frozenset({("unittest.mock", name)}), marks=frozenset({STAND_IN}))
    return _imported(answer, "unittest.mock", name, f"{name}(return_value={{}})")


def _imported(source: Source, module: str, name: str, template: str) -> Source:
    code = template.replace("{}", source.code)
    return Source(code, source.imports | {(module, name)}, source.setup, source.marks | {STAND_IN})


def differs(value: object, path: Path, source: Source) -> bool:
    """True if the object has another value at the path, or none."""
    for part in path:
        if part == CALLED or not hasattr(value, part):
            return True
        value = getattr(value, part)
    return evaluate(Source(repr(value))).text != evaluate(source).text
