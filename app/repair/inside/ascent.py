"""Searches the options of a draft: one is changed at a time, and kept if the call came nearer to what was recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .draft import Call, Choice, Dimension, Draft
from .hints import Path
from .source import STAND_IN

_MOST_FILLS = 24
Score = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Trial:
    """One run of a draft, and how near it came."""

    choice: Choice
    call: Call
    report: Mapping[str, Any]
    score: Score


class Ascent:
    """The search over one draft. `run` makes a call, `score` tells how near its report is."""

    def __init__(
        self,
        draft: Draft,
        fill: Callable[[str, Path], Dimension],
        run: Callable[[Call], Mapping[str, Any]],
        score: Callable[[Mapping[str, Any]], Score],
        *,
        stand_ins: bool,
    ) -> None:
        self.draft = draft
        self.fill = fill
        self.run = run
        self.score = score
        self.stand_ins = stand_ins
        self._seen: set[tuple[str, ...]] = set()

    def trials(self, starts: Sequence[Choice]) -> Iterator[Trial]:
        """Every run that is made; the caller stops when one is good enough or the time is over."""
        for start in starts:
            best: Trial | None = None
            for best in self._complete(start):
                yield best
            while best is not None:
                better: Trial | None = None
                for trial in self._around(best):
                    yield trial
                    if trial.score > best.score:
                        better = trial
                        break
                best = better

    def _around(self, best: Trial) -> Iterator[Trial]:
        """The neighbours of a choice: what was added to it first, since that is known least."""
        order = sorted(
            range(len(self.draft.dimensions)),
            key=lambda at: {"fill": 0, "patch": 1, "argument": 2, "receiver": 3}[
                self.draft.dimensions[at].kind
            ],
        )
        for at in order:
            for option in range(len(self.draft.dimensions[at].options)):
                current = best.choice[at] if at < len(best.choice) else 0
                if option == current or not self._allowed(at, option):
                    continue
                padded = [*best.choice, *([0] * (len(self.draft.dimensions) - len(best.choice)))]
                padded[at] = option
                for inner in self._inside(at):
                    padded[inner] = 0
                yield from self._complete(tuple(padded))

    def _inside(self, at: int) -> Iterator[int]:
        """The attributes of an attribute: with another object there, nothing is known of them."""
        outer = self.draft.dimensions[at]
        for inner, one in enumerate(self.draft.dimensions):
            deeper = len(one.path) > len(outer.path) and one.path[: len(outer.path)] == outer.path
            if outer.kind == one.kind == "fill" and one.root == outer.root and deeper:
                yield inner

    def _allowed(self, at: int, option: int) -> bool:
        source = self.draft.dimensions[at].options[option]
        return self.stand_ins or source is None or STAND_IN not in source.marks

    def _complete(self, choice: Choice) -> Iterator[Trial]:
        """The run of the choice, and further ones while an object lacks an attribute that can be given to it."""
        for _ in range(_MOST_FILLS):
            call = self.draft.call(choice)
            key = (*call.setup, *call.patches, call.expression)
            if key in self._seen:
                return
            self._seen.add(key)
            report = self.run(call)
            yield Trial(choice, call, report, self.score(report))
            missing = self._missing(call, report)
            if missing is None:
                return
            choice = self._filled(choice, *missing)

    def _missing(self, call: Call, report: Mapping[str, Any]) -> tuple[str, Path] | None:
        found = report.get("missing")
        if not found:
            return None
        variable, path = found[0], tuple(found[1])
        for root, name in call.variables.items():
            if name == variable:
                return root, path
        return None

    def _filled(self, choice: Choice, root: str, path: Path) -> Choice:
        """The choice with the first allowed value for the attribute."""
        for at, dimension in enumerate(self.draft.dimensions):
            if dimension.kind == "fill" and (dimension.root, dimension.path) == (root, path):
                padded = [*choice, *([0] * (len(self.draft.dimensions) - len(choice)))]
                padded[at] = self._first_allowed(at, beyond=padded[at])
                return tuple(padded)
        self.draft.dimensions.append(self.fill(root, path))
        padded = [*choice, *([0] * (len(self.draft.dimensions) - len(choice)))]
        padded[-1] = self._first_allowed(len(padded) - 1, beyond=0)
        return tuple(padded)

    def _first_allowed(self, at: int, beyond: int) -> int:
        options = range(beyond + 1, len(self.draft.dimensions[at].options))
        return next((one for one in options if self._allowed(at, one)), beyond)
