"""Evaluating a source in this process, to see whether it makes what was recorded."""

from __future__ import annotations

import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from .report import Caught, plain
from .source import Source

_PATIENCE = 2


class TooSlow(BaseException):
    """An evaluation took longer than its share; no `except Exception` of the code under repair may take it."""


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What a source made; `error` instead where it raised."""

    value: object
    error: BaseException | None

    @property
    def text(self) -> str | None:
        """The repr without addresses; None if there is none."""
        if self.error is not None:
            return None
        with Caught(), patience():
            return plain(repr(self.value))
        return None


def import_lines(imports: Iterable[tuple[str, str]]) -> list[str]:
    """The statements for pairs of module and name, sorted."""
    lines = [f"import {module}" for module, name in sorted(imports) if not name]
    names: dict[str, list[str]] = {}
    for module, name in sorted(imports):
        if name:
            names.setdefault(module, []).append(name)
    return [*lines, *(f"from {module} import {', '.join(found)}" for module, found in sorted(names.items()))]


def evaluate(source: Source) -> Evaluated:
    """The value of the expression after its imports and statements."""
    space: dict[str, object] = {"__name__": "recorded_call"}
    with Caught() as caught, patience():
        exec("\n".join([*import_lines(source.imports), *source.setup]), space)  # noqa: S102 - the sandbox runs it
        return Evaluated(eval(source.code, space), None)  # noqa: S307
    return Evaluated(None, caught.error)


@contextmanager
def patience(seconds: int = _PATIENCE) -> Iterator[None]:
    """Within, what takes too long is interrupted, where the system has timers for that."""

    def interrupt(_signal: int, _frame: object) -> None:
        raise TooSlow

    if not hasattr(signal, "SIGALRM"):
        yield
        return
    before = signal.signal(signal.SIGALRM, interrupt)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
