"""Stand-ins that answer as it was recorded: one object for all that is known of what lies behind an access path."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from .hints import CALLED, Path
from .source import STAND_IN, Source, joined


@dataclass(slots=True)
class Known:
    """What is known behind a path: its value, or what its attributes and its call give."""

    value: Source | None = None
    awaited: bool = False
    inner: dict[str, Known] = field(default_factory=dict)

    def add(self, path: Path, value: Source, *, awaited: bool) -> None:
        """Notes the value at the end of the path; the first that is noted stays."""
        if not path:
            self.value = self.value or value
            return
        child = self.inner.setdefault(path[0], Known())
        if path[0] == CALLED and len(path) == 1:
            self.awaited = self.awaited or awaited
        child.add(path[1:], value, awaited=awaited)

    def source(self, plain: str = "SimpleNamespace") -> Source:
        """The value, or a stand-in: `plain` is the class of those that are not called."""
        # What is known of its attributes says more than an object that only has the name of its class.
        if self.value is not None and not (self.inner and STAND_IN in self.value.marks):
            return self.value
        if set(self.inner) == {CALLED}:
            return _mocked(
                "AsyncMock" if self.awaited else "Mock", ["return_value"], [self.inner[CALLED].source(plain)]
            )
        names, sources = [], []
        is_mock = plain != "SimpleNamespace" or any(
            one == CALLED or one.startswith("__") for one in self.inner
        )
        for name, child in self.inner.items():
            method = name.startswith("__") and CALLED in child.inner
            names.append("return_value" if name == CALLED else f"{name}.return_value" if method else name)
            sources.append((child.inner[CALLED] if method else child).source(plain))
        return _mocked("MagicMock" if is_mock else plain, names, sources)


def _mocked(kind: str, names: Sequence[str], sources: Sequence[Source]) -> Source:
    module = "types" if kind == "SimpleNamespace" else "unittest.mock"
    imported = Source(kind, frozenset({(module, kind)}), marks=frozenset({STAND_IN}))

    def write(called: str, *codes: str) -> str:
        plain = [f"{name}={code}" for name, code in zip(names, codes, strict=True) if name.isidentifier()]
        # The methods of a protocol can not be keywords.
        pairs = [
            f'"{name}": {code}' for name, code in zip(names, codes, strict=True) if not name.isidentifier()
        ]
        further = ["**{" + ", ".join(pairs) + "}"] if pairs else []
        return f"{called}({', '.join([*plain, *further])})"

    return joined([imported, *sources], write)


def nested_source(
    path: Path, value: Source, *, awaited: bool = False, plain: str = "SimpleNamespace"
) -> Source:
    """A stand-in that gives the value at the end of the path: `a()` of `x.a().b` and so on."""
    known = Known()
    known.add(path, value, awaited=awaited)
    return known.source(plain)
