"""The modules that are loaded: where classes and functions are, and under which name a test imports them."""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Iterator, Mapping
from functools import cached_property
from types import FunctionType, ModuleType

from .report import Caught
from .source import Source


class World:
    """Everything that is loaded, the repository's own modules first."""

    def __init__(self, own: Mapping[str, str]) -> None:
        """`own` are the repository's modules, from the file to the dotted name."""
        self.own = own
        self.repeated: dict[str, list[Source]] | None = None  # filled by `objects`, once for all frames

    @cached_property
    def modules(self) -> list[ModuleType]:
        """Every loaded module, the repository's own first, then its other packages', then the rest."""
        tops = {name.partition(".")[0] for name in self.own.values()}
        # Some put other things than modules there.
        loaded: list[object] = [
            one for name, one in list(sys.modules.items()) if not name.startswith("_autofix")
        ]
        named = set(self.own.values())

        def order(module: ModuleType) -> tuple[bool, bool, bool]:
            name = module.__name__
            return name not in named, name.partition(".")[0] not in tops, name.startswith("_")

        return sorted((one for one in loaded if isinstance(one, ModuleType)), key=order)

    @cached_property
    def classes(self) -> dict[str, list[type]]:
        """The importable classes by their own name."""
        found: dict[str, list[type]] = {}
        seen: set[int] = set()
        for module in self.modules:
            for one in list(vars(module).values()):
                self._note(one, found, seen)
        return found

    def _note(self, one: object, found: dict[str, list[type]], seen: set[int], depth: int = 2) -> None:
        # Not isinstance: a proxy would be asked for its class, and may raise.
        if id(one) in seen or not issubclass(type(one), type):
            return
        kind: type = one  # type: ignore[assignment]
        seen.add(id(kind))
        found.setdefault(kind.__name__, []).append(kind)
        if depth:
            for inner in list(vars(kind).values()):
                self._note(inner, found, seen, depth - 1)

    def named(self, dotted: str) -> object | None:
        """What a qualified name means, such as `pkg.mod.Class.method`; None if it is nothing that can be imported."""
        if "<" in dotted or not all(part.isidentifier() for part in dotted.split(".")):
            return None
        parts = dotted.split(".")
        for at in range(len(parts), 0, -1):
            module = sys.modules.get(".".join(parts[:at])) or (
                self._imported(".".join(parts[:at])) if at > 1 else None
            )
            if module is None:
                continue
            value: object = module
            for part in parts[at:]:
                value = inspect.getattr_static(value, part, None) if value is not None else None
            if value is not None:
                return value
        return getattr(sys.modules["builtins"], dotted, None) if len(parts) == 1 else None

    def _imported(self, name: str) -> ModuleType | None:
        with Caught():
            return importlib.import_module(name)
        return None

    def class_of(self, name: str, module: ModuleType | None = None) -> type | None:
        """The class that a repr names, with or without its module; names of `module` come first."""
        simple = name.rpartition(".")[2]
        if "." in name:
            found = self.named(name)
            if isinstance(found, type):
                return found
            matching = [
                one
                for one in self.classes.get(simple, [])
                if f"{one.__module__}.{one.__qualname__}".endswith(name)
            ]
            if matching:
                return matching[0]
        value = vars(module).get(simple) if module is not None else None
        if isinstance(value, type):
            return value
        found = getattr(sys.modules["builtins"], simple, None)
        if isinstance(found, type):
            return found
        return next(iter(self.classes.get(simple, [])), None)

    def function(self, qualname: str, module: ModuleType | None = None) -> object | None:
        """The function with that qualified name, in `module` or in any of the repository's own."""
        first = qualname.partition(".")[0]
        places = [*([module] if module is not None else []), *self.modules]
        for place in places:
            if first not in vars(place):
                continue
            value: object = place
            for part in qualname.split("."):
                value = inspect.getattr_static(value, part, None) if value is not None else None
            if isinstance(value, FunctionType | staticmethod | classmethod) or callable(value):
                found = value.__func__ if isinstance(value, staticmethod | classmethod) else value
                if getattr(found, "__qualname__", None) == qualname:
                    return found
        return None

    def source_of(self, value: object) -> Source | None:
        """How a test names a module, a class or a function; None if it can not import it."""
        if isinstance(value, ModuleType):
            return Source(value.__name__, frozenset({(value.__name__, "")}))
        module = getattr(value, "__module__", None)
        qualname = getattr(value, "__qualname__", None)
        if not isinstance(module, str) or not isinstance(qualname, str) or "<" in qualname:
            return None
        if module == "builtins":
            return Source(qualname)
        parts = qualname.split(".")
        for name in self._homes(module, parts[0]):
            found: object = sys.modules.get(name)
            for part in parts:
                found = getattr(found, part, None)
            if found is value or getattr(found, "__func__", None) is value:
                return Source(qualname, frozenset({(name, parts[0])}))
        return None

    def _homes(self, module: str, first: str) -> Iterator[str]:
        """The modules that give the value under that name: its own, then others that hold it."""
        yield module
        for one in self.modules:
            if first in vars(one) and one.__name__ != module:
                yield one.__name__
