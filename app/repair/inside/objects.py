"""Making objects whose record is no more than a `repr()`: found where they live, constructed, or stood in for."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING

from .construct import Constructor
from .evaluate import evaluate
from .report import Caught, plain
from .source import GUESSED, STAND_IN, Names, Source, joined, snake
from .spelled import attributes, literals

if TYPE_CHECKING:
    from .values import Values
    from .world import World

_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
_CLASS = re.compile(r"<class '([^']+)'>\Z")
_FUNCTION = re.compile(r"<(?:cyfunction|function) ([\w.<>]+) at 0x[0-9a-fA-F]+>\Z")
_BOUND = re.compile(r"<bound method ([\w.]+) of (.*)>\Z", re.DOTALL)
_BUILT_IN = re.compile(r"<built-in (?:function|method) (\w+)(?: of (.*))?>\Z", re.DOTALL)
_SLOT = re.compile(r"<(?:method|slot wrapper) '(\w+)' of '([\w.]+)' objects>\Z")
_MODULE = re.compile(r"<module '([\w.]+)'")
_MEMBER = re.compile(r"<(\w+(?:\.\w+)*)\.(\w+): .*>\Z", re.DOTALL)
_NAMED = re.compile(r"<([A-Za-z_][\w.]*)")
_PATTERNLESS = re.compile(r"<re\.Match object; span=\((\d+), (\d+)\), match=(.*)>\Z", re.DOTALL)
_MOST_EXISTING = 4000
_MOST_CLASSES = 80
_LONGEST_REPR = 200
_FEW_TRIES = 8
_ITERATORS = re.compile(
    r"<(?:\w+_)?(?:iterator|generator|itemiterator|keyiterator|valueiterator)\b|<generator object "
)


class Objects:
    """Sources of objects by their repr. `names` are the variables of the test that is being written."""

    def __init__(self, world: World, names: Names, known: Mapping[str, list[object]]) -> None:
        """`known` are all recorded locals by name, innermost first: constructors are fed from them."""
        self.world = world
        self.names = names
        self.known = known
        self.construct = Constructor(self)
        self.values: Values | None = None
        self.stand_ins = False
        self._made: dict[tuple[str, bool], list[Source]] = {}
        self._pending: set[str] = set()

    def sources(self, text: str, values: Values) -> list[Source]:
        """What may have been recorded as `<text>`, best first."""
        if (text, self.stand_ins) in self._made:
            return self._made[text, self.stand_ins]
        if text in self._pending:
            return []
        self._pending.add(text)
        found = self._simple(text, values)
        if not found:
            found = self.existing(text)
        if not found:
            found = self._iterator(text)
        if not found:
            found = self._instance(text, values)
        self._pending.discard(text)
        if not found:
            found = self.by_repr(text)
        if not found and self.stand_ins:
            found = self._stand_in(text)
        self._made[text, self.stand_ins] = found
        return found

    def _simple(self, text: str, values: Values) -> list[Source]:  # noqa: PLR0911 - a table of forms
        """Classes, functions, methods, modules and members of enumerations."""
        if match := _CLASS.match(text):
            return self._import(self.world.class_of(match[1], values.module))
        if match := _FUNCTION.match(text):
            return self._import(self.world.function(match[1], values.module)) or self._lambda(match[1])
        if match := _BOUND.match(text):
            name = match[1].rpartition(".")[2]
            return [joined([one], lambda code: f"{code}.{name}") for one in values.leaf(match[2])]
        if match := _SLOT.match(text):
            return [Source(f"{match[2]}.{match[1]}")]
        if match := _BUILT_IN.match(text):
            return self._built_in(match[1], match[2], values)
        if match := _MODULE.match(text):
            return self._import(self.world.named(match[1]))
        if match := _PATTERNLESS.match(text):
            return self._match(int(match[1]), match[3], values)
        if match := _MEMBER.match(text):
            kind = self.world.class_of(match[1], values.module)
            source = self.world.source_of(kind) if kind is not None and hasattr(kind, match[2]) else None
            return [joined([source], lambda code: f"{code}.{match[2]}")] if source is not None else []
        if text.startswith("<object object at "):
            return self.existing(text) or [Source("object()")]
        return []

    def _import(self, found: object | None) -> list[Source]:
        source = self.world.source_of(found) if found is not None else None
        return [source] if source is not None else []

    def _lambda(self, qualname: str) -> list[Source]:
        """What a function that can not be imported is: some function that takes anything."""
        return [Source("lambda *arguments, **named: None", marks=frozenset({STAND_IN}))] if qualname else []

    def _built_in(self, name: str, owner: str | None, values: Values) -> list[Source]:
        if owner is None or owner.startswith("<module"):
            module = _MODULE.match(owner or "")
            return self._import(self.world.named(f"{module[1]}.{name}" if module else name))
        if re.match(r"type object at|<class '", owner):
            return self._import(self.world.named(name))
        return [joined([one], lambda code: f"{code}.{name}") for one in values.leaf(_ADDRESS.sub("", owner))]

    def _match(self, start: int, text: str, values: Values) -> list[Source]:
        found: list[Source] = []
        for one in values.leaf(text)[:1]:
            pad = joined([one], lambda code: f'"{"x" * start}" + {code}' if start else code)
            found.append(
                Source(
                    f're.compile("(?s).*").match({pad.code}, {start})',
                    frozenset({("re", "")}),
                    (),
                    one.marks | {GUESSED},
                )
            )
        return found

    def _stand_in(self, text: str) -> list[Source]:
        match = _NAMED.match(text)
        name = match[1].rpartition(".")[2] if match is not None else ""
        return [Source(f'type("{name}", (), {{}})()', marks=frozenset({STAND_IN}))] if name else []

    def by_repr(self, text: str) -> list[Source]:
        """An object of a class of the repository whose own repr is exactly this text."""
        told = literals(text)
        if not told or len(text) > _LONGEST_REPR:
            return []
        own = set(self.world.own.values())
        tried = 0
        for kind in (one for kinds in self.world.classes.values() for one in kinds if one.__module__ in own):
            if _has_plain_repr(kind) or tried > _MOST_CLASSES:
                continue
            tried += 1
            for one in self.construct.sources(kind, {}, told, _FEW_TRIES):
                if evaluate(one).text == plain(text):
                    return [one]
        return []

    def _iterator(self, text: str) -> list[Source]:
        return [Source("iter([])", marks=frozenset({STAND_IN}))] if _ITERATORS.match(text) else []

    def _instance(self, text: str, values: Values) -> list[Source]:
        match = _NAMED.match(text)
        kind = self.world.class_of(match[1], values.module) if match is not None else None
        if kind is None:
            return []
        told = {name: values.leaf(value) for name, value in attributes(text).items()}
        given = {name: found[0] for name, found in told.items() if found}
        return self.instances(kind, given, text)

    def instances(self, kind: type, given: Mapping[str, Source], text: str) -> list[Source]:
        """Instances of the class; `given` are attributes that are known."""
        if kind.__module__ == "_io":
            return self._stream(kind)
        made = self.construct.sources(kind, given, literals(text))
        exact = [one for one in made if evaluate(one).text == plain(text)]
        rest = [one for one in made if one not in exact]
        bare = self.bare(kind, given)
        return [*exact, *rest, *([bare] if bare is not None else [])]

    def rebuilt(self, value: object) -> list[Source]:
        """The sources of a recorded value of any frame."""
        return self.values.sources(value) if self.values is not None else []

    def adjusted(self, call: Source, value: object, given: Mapping[str, Source]) -> Source:
        """The constructed object with the known attributes that its constructor did not set so."""
        differing = {
            name: one
            for name, one in given.items()
            if name.isidentifier() and _attribute_text(value, name) not in {None, evaluate(one).text}
        }
        if not differing:
            return call
        name = self.names.fresh(snake(type(value).__name__))
        whole = joined([call, *differing.values()], lambda *_: name)
        setup = (f"{name} = {call.code}", *(f"{name}.{key} = {one.code}" for key, one in differing.items()))
        return Source(name, whole.imports, (*whole.setup, *setup), whole.marks)

    def callable_source(self, kind: type) -> Source | None:
        """The class, or where it is abstract a subclass that has something under each missing name."""
        named = self.world.source_of(kind)
        if named is None or not inspect.isabstract(kind):
            return named
        code = f'type("{kind.__name__}", ({named.code},), dict.fromkeys({named.code}.__abstractmethods__))'
        return replace(named, code=code).marked(GUESSED)

    def bare(self, kind: type, given: Mapping[str, Source]) -> Source | None:
        """An instance made without `__init__`, with the attributes that are known."""
        named = self.callable_source(kind)
        if named is None or evaluate(replace(named, code=f"object.__new__({named.code})")).error is not None:
            return None
        with Caught():
            name = self.names.fresh(snake(kind.__name__))
            parts = [named, *given.values()]
            whole = joined(parts, lambda *_: name)
            made = (
                f"{name} = object.__new__({named.code})",
                *(f"{name}.{key} = {one.code}" for key, one in given.items()),
            )
            return Source(name, whole.imports, (*whole.setup, *made), whole.marks | {STAND_IN})
        return None

    def _stream(self, kind: type) -> list[Source]:
        if kind.__name__ not in {"StringIO", "BytesIO"}:
            return []
        return [Source(f"{kind.__name__}()", frozenset({("io", kind.__name__)}), marks=frozenset({GUESSED}))]

    def existing(self, text: str) -> list[Source]:
        """The module-level objects of the repository that have that repr."""
        wanted = plain(text)
        return [joined([source], lambda code: code) for source in self._existing.get(wanted, [])][:2]

    @property
    def _existing(self) -> Mapping[str, list[Source]]:
        if self.world.repeated is None:
            self.world.repeated = dict(self._scan())
        return self.world.repeated

    def _scan(self) -> Iterator[tuple[str, list[Source]]]:
        found: dict[str, list[Source]] = {}
        own = set(self.world.own.values())
        tops = {name.partition(".")[0] for name in own}
        count = 0
        for module in self.world.modules:
            if module.__name__.partition(".")[0] not in tops:
                continue
            for name, value in list(vars(module).items()):
                if not _is_object(name, value) or count > _MOST_EXISTING:
                    continue
                count += 1
                with Caught():
                    found.setdefault(plain(repr(value)), []).append(
                        Source(name, frozenset({(module.__name__, name)}))
                    )
        yield from found.items()

    def mappings(self, plain_mapping: Source, annotation: str) -> list[Source]:
        """The mapping as the class that the annotation names, such as a dictionary with several values a key."""
        names = re.findall(r"[A-Za-z_][\w.]*", annotation)
        found: list[Source] = []
        for name in names:
            kind = self.world.class_of(name)
            if (
                kind is None
                or kind in {dict, str, int}
                or not issubclass(kind, Mapping)
                or inspect.isabstract(kind)
            ):
                continue
            named = self.world.source_of(kind)
            if named is not None:
                found.append(joined([named, plain_mapping], lambda called, code: f"{called}({code})"))
        return [one for one in found if evaluate(one).error is None]


def _attribute_text(value: object, name: str) -> str | None:
    with Caught():
        return plain(repr(getattr(value, name)))
    return ""


def _has_plain_repr(kind: type) -> bool:
    return inspect.getattr_static(kind, "__repr__", None) is inspect.getattr_static(object, "__repr__")


def _is_object(name: str, value: object) -> bool:
    # Not isinstance: a proxy would be asked for its class, and may raise.
    kind = type(value)
    if name.startswith("__") or issubclass(kind, type | ModuleType | FunctionType):
        return False
    return not issubclass(
        kind, str | int | float | bytes | dict | list | tuple | set | frozenset | type(None)
    )
