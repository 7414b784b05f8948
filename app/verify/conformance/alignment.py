"""Reads two syntax trees side by side and explains every difference by the vocabulary, or says which one it can not.

Equal statements stand against each other. What is left of a block is explained at the lowest cost: by a statement form,
by going down into a pair of statements of the same kind, or else as something added or removed, which is unexplained.
Whatever is not looked at by a form must be the same on both sides.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from app.verify.conformance.complaints import added, changed, removed
from app.verify.conformance.effects import rolls_back
from app.verify.conformance.forms import Block, Step
from app.verify.conformance.handlers import already_handled
from app.verify.conformance.likeness import alike
from app.verify.conformance.objections import objection
from app.verify.conformance.old_file import OldFile
from app.verify.conformance.parts import is_docstring
from app.verify.conformance.place import Place
from app.verify.conformance.unexplained import Unexplained
from app.verify.conformance.vocabulary import Vocabulary

LARGEST_CHANGE = 2500  # pairs of statements in one block
MOST_PAIRS = 20_000
# What declares, binds or asserts is never changed by a fix; it must stay as it was.
_FIXED: dict[type[ast.AST], frozenset[str]] = {
    ast.FunctionDef: frozenset({"name", "args", "decorator_list", "returns", "type_params"}),
    ast.AsyncFunctionDef: frozenset({"name", "args", "decorator_list", "returns", "type_params"}),
    ast.ClassDef: frozenset({"name", "bases", "keywords", "decorator_list", "type_params"}),
    ast.Lambda: frozenset({"args"}),
    ast.Assign: frozenset({"targets"}),
    ast.AugAssign: frozenset({"target", "op"}),
    ast.AnnAssign: frozenset({"target", "annotation"}),
    ast.NamedExpr: frozenset({"target"}),
    ast.For: frozenset({"target"}),
    ast.AsyncFor: frozenset({"target"}),
    ast.comprehension: frozenset({"target", "is_async"}),
    ast.withitem: frozenset({"optional_vars"}),
    ast.Delete: frozenset({"targets"}),
    ast.Assert: frozenset({"test", "msg"}),
    ast.match_case: frozenset({"pattern", "guard"}),
    ast.ExceptHandler: frozenset({"name"}),
}


class TooMuch(Exception):
    """The texts differ so much that no fix explains it; going on would only take time."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One explained difference: the function that it is in, and how many statements it adds."""

    function: ast.AST | None
    line: int
    statements: int = 0
    is_import: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """What is unexplained, and what is explained."""

    problems: tuple[Unexplained, ...] = ()
    edits: tuple[Edit, ...] = ()

    def __add__(self, other: Reading) -> Reading:
        return Reading(self.problems + other.problems, self.edits + other.edits)

    @property
    def cost(self) -> tuple[int, int]:
        """The fewer the better: first what is unexplained, then how much was needed."""
        return len(self.problems), len(self.edits)


SAME = Reading()


@dataclass
class Reader:
    """Compares the trees under one vocabulary."""

    file: OldFile
    vocabulary: Vocabulary
    pairs: int = field(default=0)

    def read(self, new: ast.Module) -> Reading:
        """Every difference of the two files; raises `TooMuch` where there is no end of them."""
        place = Place(self.file, self.vocabulary.tests, self.vocabulary.imports, (self.file.tree,))
        return self._block(self.file.tree.body, new.body, place)

    def _block(self, old: Block, new: Block, place: Place) -> Reading:
        first = _common(zip(old, new, strict=False))
        left = min(len(old), len(new)) - first
        last = _common(zip(reversed(old[len(old) - left :]), reversed(new[len(new) - left :]), strict=True))
        rows, columns = len(old) - first - last, len(new) - first - last
        if rows * columns > LARGEST_CHANGE or rows + columns > 4 * LARGEST_CHANGE**0.5:
            raise TooMuch
        return _Alignment(self, place, old[first:], new[first:], rows, columns).best(0, 0)

    def node(self, old: ast.AST, new: ast.AST, place: Place) -> Reading:
        """The difference of two nodes that stand at the same place."""
        if alike(old, new):
            return SAME
        self.pairs += 1
        if self.pairs > MOST_PAIRS:
            raise TooMuch
        readings = list(self._by_forms(old, new, place))
        if type(old) is type(new) and (not readings or readings[0].problems):
            readings.append(self._inside(old, new, place))
        return min(readings, key=lambda one: one.cost, default=Reading((changed(old, new),)))

    def _by_forms(self, old: ast.AST, new: ast.AST, place: Place) -> Iterable[Reading]:
        """The explanations by an expression form; only the first that leaves nothing open, if there is one."""
        if not isinstance(old, ast.expr | ast.FormattedValue) or not isinstance(new, ast.expr):
            return []
        found: list[Reading] = []
        for form in self.vocabulary.expressions:
            accepted = form(old, new, place)
            if accepted is None:
                continue
            problem = accepted.problem or self.is_unneeded(place) or objection(accepted, place)
            if problem is not None:
                found.append(Reading((Unexplained(_line(new), problem),)))
                continue
            reading = Reading((), (Edit(place.function, _line(new)),))
            for one, other in accepted.rest:
                reading += self.node(one, other, place)
            if not reading.problems:
                return [reading]
            found.append(reading)
        return found

    def is_unneeded(self, place: Place) -> str | None:
        """Why no change may stand here: the error is answered around it, or has to go on."""
        return rolls_back(place) or already_handled(self.vocabulary.errors, place)

    def _inside(self, old: ast.AST, new: ast.AST, place: Place) -> Reading:
        """The differences of the parts of two nodes of the same class."""
        reading = SAME
        for name in old._fields:
            one, other = getattr(old, name, None), getattr(new, name, None)
            if name == "ctx" or alike(one, other):
                continue
            if name in _FIXED.get(type(old), ()):
                return Reading((changed(old, new),))
            part = self._part(one, other, place.inside(old, name))
            if part is None:
                return Reading((changed(old, new),))
            reading += part
        return reading

    def _part(self, old: object, new: object, place: Place) -> Reading | None:
        """The differences of one field; None if there is no way to go further down."""
        if isinstance(old, ast.AST) and isinstance(new, ast.AST):
            if isinstance(old, ast.operator | ast.unaryop | ast.boolop | ast.cmpop):
                return None
            return self.node(old, new, place)
        if isinstance(old, list) and isinstance(new, list):
            if all(isinstance(one, ast.stmt) for one in [*old, *new]):
                return self._block(old, new, place)
            return self._row(old, new, place)
        return None

    def _row(self, old: Sequence[object], new: Sequence[object], place: Place) -> Reading | None:
        """The differences of two lists of equal length, part by part."""
        if len(old) != len(new):
            return None
        reading = SAME
        for one, other in zip(old, new, strict=True):
            part = SAME if alike(one, other) else self._part(one, other, place)
            if part is None:
                return None
            reading += part
        return reading


@dataclass
class _Alignment:
    """The cheapest explanation of one block by the other, from each pair of positions on."""

    reader: Reader
    place: Place
    old: Block
    new: Block
    rows: int
    columns: int
    known: dict[tuple[int, int], Reading] = field(default_factory=dict)

    def best(self, at: int, to: int) -> Reading:
        """The explanation of what is left from `old[at]` and `new[to]` on."""
        if (at, to) not in self.known:
            self.known[at, to] = self._cheapest(at, to)
        return self.known[at, to]

    def _cheapest(self, at: int, to: int) -> Reading:
        if at == self.rows and to == self.columns:
            return SAME
        best: Reading | None = None
        for reading in self._ways(at, to):
            if best is None or reading.cost < best.cost:
                best = reading
            if not best.problems:
                break
        return best if best is not None else SAME

    def _ways(self, at: int, to: int) -> Iterable[Reading]:
        more_old, more_new = at < self.rows, to < self.columns
        if more_old and more_new and alike(self.old[at], self.new[to]):
            yield self.best(at + 1, to + 1)
        for step in self._steps(at, to) if more_new else ():
            yield self._stepped(step, at, to)
        if more_old and more_new and type(self.old[at]) is type(self.new[to]):
            yield self.reader.node(self.old[at], self.new[to], self.place) + self.best(at + 1, to + 1)
        if more_new:
            yield Reading((added(self.new[to]),)) + self.best(at, to + 1)
        if more_old:
            yield Reading((removed(self.old[at]),)) + self.best(at + 1, to)

    def _steps(self, at: int, to: int) -> Iterable[Step]:
        for form in self.reader.vocabulary.statements:
            step = form(self.old[at:], self.new[to:], self.place)
            moves = step is not None and not step.old and at < len(self.old) and is_docstring(self.old[at])
            if (
                step is not None
                and not moves
                and at + step.old <= self.rows
                and to + step.new <= self.columns
            ):
                yield step

    def _stepped(self, step: Step, at: int, to: int) -> Reading:
        line = self.new[to].lineno
        problem = step.problem or self.reader.is_unneeded(self.place)
        here = (
            Reading((Unexplained(line, problem),))
            if problem is not None
            else Reading(
                (), (Edit(self.place.function, line, step.new, isinstance(self.new[to], ast.Import)),)
            )
        )
        return here + self.best(at + step.old, to + step.new)


def _common(pairs: Iterable[tuple[ast.stmt, ast.stmt]]) -> int:
    count = 0
    for one, other in pairs:
        if not alike(one, other):
            break
        count += 1
    return count


def _line(node: ast.AST) -> int:
    return int(getattr(node, "lineno", 1))
