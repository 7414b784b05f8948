"""Rebuilding recorded values: leaves are `repr()` texts, containers are JSON, and both may have been cut."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping, Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Any

from .evaluate import evaluate
from .source import CUT, GUESSED, Source, joined
from .spelled import Spelled, spelled

if TYPE_CHECKING:
    from .objects import Objects
    from .world import World

BREADTH = 10
_FILTERED = "[Filtered]"
_MOST = 4
_STRING = re.compile(r"b?['\"]")
_TUPLES = re.compile(r"(?i)\b(?:tuple|namedtuple)\b")
_SETS = re.compile(r"(?:\b|_)(?:abstract|mutable)?set\b", re.IGNORECASE)
_VIEWS = {"dict_keys": "keys", "odict_keys": "keys", "dict_values": "values", "dict_items": "items"}
_FLOATS = {"inf", "nan"}
_RENAMED = {
    "PosixPath": "pathlib.Path",
    "WindowsPath": "pathlib.Path",
    "namespace": "types.SimpleNamespace",
    "mappingproxy": "types.MappingProxyType",
    "re.compile": "re.compile",
    "array": "array.array",
}
_STANDARD = {
    "Decimal": "decimal.Decimal",
    "UUID": "uuid.UUID",
    "Fraction": "fractions.Fraction",
    "OrderedDict": "collections.OrderedDict",
    "Counter": "collections.Counter",
    "deque": "collections.deque",
    "defaultdict": "collections.defaultdict",
    "ChainMap": "collections.ChainMap",
    "Path": "pathlib.Path",
    "PurePosixPath": "pathlib.PurePosixPath",
    "IPv4Address": "ipaddress.IPv4Address",
    "IPv6Address": "ipaddress.IPv6Address",
    "Namespace": "argparse.Namespace",
    "SplitResult": "urllib.parse.SplitResult",
    "ParseResult": "urllib.parse.ParseResult",
}


class Values:
    """Recorded values as sources, best first. `module` is the one whose names the reprs are read with."""

    def __init__(self, world: World, module: ModuleType | None, objects: Objects) -> None:
        self.world = world
        self.module = module
        self.objects = objects

    def sources(self, value: Any, annotation: str = "") -> list[Source]:
        """What may have been recorded as `value`; empty if nothing can be known of it."""
        match value:
            case None | bool() | int() | float():
                return [Source(repr(value))]
            case list():
                return self._sequences(
                    [self.sources(one) for one in value], annotation, cut=len(value) >= BREADTH
                )
            case dict():
                return self._mappings(value, annotation)
            case str():
                return self.leaf(value)[:_MOST]
            case _:
                return []

    def leaf(self, text: str) -> list[Source]:
        """What a single `repr()` may have been of."""
        if text == _FILTERED:
            return [Source('"removed"', marks=frozenset({GUESSED}))]
        if text.endswith("...") and _STRING.match(text):
            return self._cut_string(text)
        if text.startswith("<"):
            return self.objects.sources(text, self)
        read = spelled(text)
        found = self.node(read.node, read) if read is not None else []
        if not found:
            found = self.objects.existing(text) or self.objects.by_repr(text)
        return [one.marked(CUT) for one in found] if read is not None and read.cut else found

    def _cut_string(self, text: str) -> list[Source]:
        quote = text.lstrip("b")[0]
        with_end = f"{text[:-3]}{quote}"
        for ending in (with_end, f"{text[:-4]}{quote}", f"{text[:-7]}{quote}"):
            read = spelled(ending)
            if read is not None and isinstance(read.node, ast.Constant):
                return [Source(written(read.node.value), marks=frozenset({CUT}))]
        return []

    def _sequences(self, parts: Sequence[Sequence[Source]], annotation: str, *, cut: bool) -> list[Source]:
        if any(not part for part in parts):
            return []
        firsts = [part[0] for part in parts]
        as_list = joined(firsts, lambda *codes: f"[{', '.join(codes)}]")
        as_tuple = joined(firsts, lambda *codes: f"({', '.join(codes)}{',' * (len(codes) == 1)})")
        as_set = joined(firsts, lambda *codes: f"{{{', '.join(codes)}}}" if codes else "set()")
        order = [as_list, as_tuple]
        if _TUPLES.search(annotation):
            order = [as_tuple, as_list]
        # Only where it is known to be one: its order is another in every process.
        if _SETS.search(annotation) and evaluate(as_set).error is None:
            order.insert(0, as_set)
        return [one.marked(CUT) for one in order] if cut else order

    def _mappings(self, value: Mapping[str, Any], annotation: str) -> list[Source]:
        values = {key: self.sources(inner) for key, inner in value.items()}
        if any(not one for one in values.values()):
            return []
        found: list[Source] = []
        for keys in self._keys(list(value)):
            parts = [
                part for key, inner in zip(keys, values.values(), strict=True) for part in (key, inner[0])
            ]
            found.append(joined(parts, _dictionary))
        found = [one for one in found if evaluate(one).error is None]
        if len(value) >= BREADTH:
            found = [one.marked(CUT) for one in found]
        return [*(self.objects.mappings(found[0], annotation) if found else []), *found]

    def _keys(self, keys: Sequence[str]) -> list[list[Source]]:
        """The keys as text, which is how a tracker records them, and as what their text spells."""
        texts = [Source(written(one)) for one in keys]
        other: list[Source] = []
        for key, text in zip(keys, texts, strict=True):
            is_spelled = not _STRING.match(key) or key.startswith("b")
            found = self.leaf(key) if is_spelled and (key.startswith("<") or spelled(key)) else []
            other.append(next(iter(found), text))
        if other == texts:
            return [texts]
        # Digits are numbers more often than text.
        numbers = all(re.fullmatch(r"-?(?:0|[1-9]\d*)", key) for key in keys)
        return [other, texts] if numbers else [texts, other]

    def node(self, node: ast.expr, read: Spelled) -> list[Source]:  # noqa: C901, PLR0911 - a table of forms
        """The sources of a part of a `repr()`."""
        match node:
            case ast.Constant(value=value):
                return [] if value is Ellipsis else [Source(written(value))]
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return [joined([one], lambda code: f"-{code}") for one in self.node(operand, read)]
            case ast.Name(id=name) if name in read.objects:
                return self.leaf(read.objects[name])
            case ast.Name(id=name):
                return self._name(name)
            case ast.Attribute():
                return self._attribute(ast.unparse(node))
            case ast.List(elts=elements):
                return self._container(elements, read, lambda *codes: f"[{', '.join(codes)}]")
            case ast.Tuple(elts=elements):
                return self._container(
                    elements, read, lambda *codes: f"({', '.join(codes)}{',' * (len(codes) == 1)})"
                )
            case ast.Set(elts=elements):
                return self._container(elements, read, lambda *codes: f"{{{', '.join(codes)}}}")
            case ast.Dict(keys=keys, values=values) if None not in keys:
                flat = [part for pair in zip(keys, values, strict=True) for part in pair if part is not None]
                return self._container(flat, read, _dictionary)
            case ast.BinOp(left=left, right=right, op=ast.BitOr() | ast.Add() | ast.Sub()):
                sign = {ast.BitOr: "|", ast.Add: "+", ast.Sub: "-"}[type(node.op)]
                return self._container([left, right], read, lambda one, other: f"{one} {sign} {other}")
            case ast.Call():
                return self._call(node, read)
            case _:
                return []

    def _container(self, elements: Iterable[ast.expr], read: Spelled, write: Any) -> list[Source]:
        parts = [self.node(one, read) for one in elements]
        return [joined([one[0] for one in parts], write)] if all(parts) else []

    def _name(self, name: str) -> list[Source]:
        if name in _FLOATS:
            return [Source(f'float("{name}")')]
        return self.objects.existing(name)

    def _attribute(self, dotted: str) -> list[Source]:
        """`datetime.timezone.utc`, or `Color.RED` of an enumeration that the module knows."""
        owner, _, member = dotted.rpartition(".")
        found = self.world.class_of(owner, self.module)
        source = self.world.source_of(found) if found is not None and hasattr(found, member) else None
        return [joined([source], lambda code: f"{code}.{member}")] if source is not None else []

    def _call(self, call: ast.Call, read: Spelled) -> list[Source]:
        name = ast.unparse(call.func)
        if name in _VIEWS:
            return self._container(call.args[:1], read, lambda code: _view(name, code))
        positional = [
            self.node(one.value if isinstance(one, ast.Starred) else one, read) for one in call.args
        ]
        named = {one.arg: self.node(one.value, read) for one in call.keywords if one.arg is not None}
        if len(named) != len(call.keywords):
            return []
        target = self._called(name)
        if target is None:
            return []
        if all(positional) and all(named.values()):
            found = self._written(target, [one[0] for one in positional], {k: v[0] for k, v in named.items()})
            if evaluate(found).error is None:
                return [found]
        if not positional and isinstance(kind := evaluate(target).value, type):
            return self.objects.instances(
                kind, {key: one[0] for key, one in named.items() if one}, ast.unparse(call)
            )
        return []

    def _written(self, target: Source, positional: Sequence[Source], named: Mapping[str, Source]) -> Source:
        count = len(positional)

        def write(called: str, *codes: str) -> str:
            pairs = [f"{key}={code}" for key, code in zip(named, codes[count:], strict=True)]
            return f"{called}({', '.join([*codes[:count], *pairs])})"

        return joined([target, *positional, *named.values()], write)

    def _called(self, name: str) -> Source | None:
        if name in {"set", "frozenset", "bytearray", "range", "slice", "dict", "list", "tuple", "memoryview"}:
            return Source(name)
        own = self.world.class_of(name, self.module)
        if (
            own is not None
            and name not in _RENAMED
            and (name not in _STANDARD or own.__module__ in self.world.own.values())
        ):
            return self.world.source_of(own)
        dotted = _RENAMED.get(name) or _STANDARD.get(name) or name
        found = self.world.named(dotted)
        if found is None or not callable(found):
            return None
        module, _, last = dotted.rpartition(".")
        if module in {"datetime", "re"}:
            return Source(dotted, frozenset({(module, "")}))
        return Source(last, frozenset({(module, last)})) if module else self.world.source_of(found)


def _dictionary(*codes: str) -> str:
    pairs = zip(codes[::2], codes[1::2], strict=True)
    return f"{{{', '.join(f'{key}: {value}' for key, value in pairs)}}}"


def _view(name: str, code: str) -> str:
    match _VIEWS[name]:
        case "keys":
            return f"dict.fromkeys({code}).keys()"
        case "items":
            return f"dict({code}).items()"
        case _:
            return f"dict(enumerate({code})).values()"


def written(value: object) -> str:
    """The literal, with double quotes where that needs no escapes."""
    text = repr(value)
    if isinstance(value, str) and text[0] == "'" and '"' not in text:
        return f'"{text[1:-1]}"'
    return text
