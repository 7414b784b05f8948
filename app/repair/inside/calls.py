"""The calls that may repeat a recorded frame, best first."""

from __future__ import annotations

import ast
import inspect
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .draft import Dimension, Draft
from .evaluate import evaluate
from .fills import ANYTHING, NAMESPACE, Fills
from .habits import sequence_hint
from .hints import CALLED, Path, answers, reads, rebound
from .objects import Objects
from .raising import swallowed_errors
from .report import Caught, plain
from .source import GUESSED, STAND_IN, Names, Source, joined
from .target import Kind, Target, mangled
from .values import BREADTH, Values
from .world import World


@dataclass(frozen=True, slots=True)
class Frame:
    """A recorded frame of the repository."""

    index: int
    path: str
    module: str
    function: str
    line: int
    variables: Mapping[str, Any]


class Planner:
    """Plans the calls of one frame."""

    def __init__(
        self, world: World, frame: Frame, target: Target, known: Mapping[str, list[object]], message: str
    ) -> None:
        self.message = message
        self.handed_over: Mapping[str, Any] = {}
        self.rebound = rebound(target.node, frame.line)
        self.world = world
        self.frame = frame
        self.target = target
        self.names = Names()
        self.objects = Objects(world, self.names, known)
        self.values = Values(world, target.module, self.objects)
        self.objects.values = self.values

    def draft(self, *, stand_ins: bool) -> Draft | str:
        """Everything that may be tried, or why there is nothing; `stand_ins` allows objects of other classes."""
        draft = Draft(self.target, self.receiver)
        self.objects.stand_ins = stand_ins
        receivers = self._receivers()
        if stand_ins and self._is_instance:
            receivers = [*receivers, *self._stand_ins("", self.target.owner)]
        if not receivers:
            return "the object that it is called on can not be rebuilt from the record"
        draft.dimensions.append(Dimension("receiver", self.receiver, list(receivers)))
        for one in self._parameters(stand_ins=stand_ins):
            if isinstance(one, str):
                return f"the recorded value of `{one}` can not be rebuilt"
            draft.dimensions.append(one)
        return draft

    def deepened(self, draft: Draft, fills: Fills) -> Draft:
        """The draft with the attributes and answers that the code tells of as further dimensions."""
        roots = {
            one.root
            for one in draft.dimensions
            if one.kind == "argument" or (one.kind == "receiver" and self._is_instance)
        }
        paths = [*fills.found, *reads(self.target.node, self.frame.line, roots)]
        for root, path in dict.fromkeys(paths):
            if root in roots and path and CALLED not in path and len(path) <= 2:  # noqa: PLR2004 - deeper ones follow from it
                draft.dimensions.append(self.fill(fills, root, path))
        draft.dimensions += swallowed_errors(
            self.target, self.receiver if self._is_instance else "", self.message
        )
        for path, sources in fills.patches():
            draft.dimensions.append(Dimension("patch", "", [None, *sources], path=path))
        return draft

    def fill(self, fills: Fills, root: str, path: Path) -> Dimension:
        """The dimension of an attribute; one that no object can be given is changed on its class."""
        owner = self.target.owner if root == self.receiver else None
        fixed = owner is not None and len(path) == 1 and _is_fixed(owner, path[0])
        return Dimension("fill", root, [None, *fills.options(root, path)], "class" if fixed else "", path)

    @property
    def _is_instance(self) -> bool:
        return self.target.kind in {Kind.METHOD, Kind.GETTER, Kind.SETTER, Kind.DELETER}

    @property
    def receiver(self) -> str:
        """The parameter that the object is bound to on which the function is called; empty if there is none."""
        arguments = [*self.target.node.args.posonlyargs, *self.target.node.args.args]
        return arguments[0].arg if arguments and self.target.kind not in {Kind.FUNCTION, Kind.STATIC} else ""

    def _stand_ins(self, text: str, owner: type | None = None) -> list[Source]:
        """Objects of another class that can be given any attribute."""
        if owner is not None:
            bare = self.objects.bare(owner, {})
            return [bare] if bare is not None else []
        match = re.match(r"<__main__\.(?:\w+\.)*(\w+) object at", text)
        if match is not None:
            made = Source(f'type("{match[1]}", (), {{}})()', marks=frozenset({STAND_IN}))
            return [made, ANYTHING]
        return [NAMESPACE, ANYTHING]

    def _parameters(self, *, stand_ins: bool) -> Iterator[Dimension | str]:
        arguments = self.target.node.args
        positional = [*arguments.posonlyargs, *arguments.args]
        defaults: dict[str, ast.expr | None] = {one.arg: None for one in positional}
        for one, default in zip(positional[::-1], arguments.defaults[::-1], strict=False):
            defaults[one.arg] = default
        keyword_defaults = dict(
            zip([one.arg for one in arguments.kwonlyargs], arguments.kw_defaults, strict=True)
        )
        bound = self.target.kind not in {Kind.FUNCTION, Kind.STATIC, Kind.MODULE}
        only = {one.arg for one in arguments.posonlyargs}
        spread = arguments.vararg is not None and self._recorded(arguments.vararg.arg) not in (
            _MISSING,
            [],
            "()",
        )
        for one in positional[1:] if bound else positional:
            by_name = defaults[one.arg] is not None and one.arg not in only and not spread
            if spread:
                # What is left out in front of further arguments would take the first of them.
                defaults[one.arg] = None
            yield self._argument(
                one, defaults[one.arg], "named" if by_name else "positional", stand_ins=stand_ins
            )
        if arguments.vararg is not None:
            yield self._star(arguments.vararg, "*")
        for one in arguments.kwonlyargs:
            yield self._argument(one, keyword_defaults[one.arg], "named", stand_ins=stand_ins)
        if arguments.kwarg is not None:
            yield self._star(arguments.kwarg, "**")

    def _recorded(self, name: str) -> Any:
        owner = self.target.owner
        stored = mangled(name, owner.__name__) if owner is not None else name
        return self.frame.variables.get(stored, self.frame.variables.get(name, _MISSING))

    def _argument(
        self, parameter: ast.arg, default: ast.expr | None, form: str, *, stand_ins: bool
    ) -> Dimension | str:
        recorded = self._recorded(parameter.arg)
        annotation = ast.unparse(parameter.annotation) if parameter.annotation is not None else ""
        hint = f"{annotation} {self._alias(annotation)} {sequence_hint(self.target.node, parameter.arg)}"
        hint += " tuple" * isinstance(default, ast.Tuple)
        options: list[Source | None] = (
            list(self.values.sources(recorded, hint)) if recorded is not _MISSING else []
        )
        options = self._as_handed_over(parameter.arg, options, hint)
        if default is not None:
            options = [None, *options] if self._is_default(default, options) else [*options, None]
        if stand_ins and isinstance(recorded, str) and not _is_plain(recorded):
            options = [*options, *self._stand_ins(recorded)]
        elif recorded is _MISSING and default is not None and len(self.frame.variables) >= BREADTH:
            options += [Source(one, marks=frozenset({GUESSED})) for one in _UNRECORDED]
        elif stand_ins and recorded is _MISSING:
            options = [*options, Source("None", marks=frozenset({GUESSED})), *self._stand_ins("")]
        if not options:
            return parameter.arg
        return Dimension("argument", parameter.arg, options, form)

    def _as_handed_over(self, name: str, options: Sequence[Source | None], hint: str) -> list[Source | None]:
        """The options with what the caller gave: first where the function has bound the parameter again since."""
        if name not in self.handed_over:
            return list(options)
        given = [one for one in self.values.sources(self.handed_over[name], hint) if one not in options]
        return [*given, *options] if name in self.rebound else [*options, *given]

    def _alias(self, annotation: str) -> str:
        """What an annotation that is a name of the module stands for."""
        found = vars(self.target.module).get(annotation.partition(" ")[0])
        return "" if found is None or isinstance(found, type) else str(found)[:200]

    def _is_default(self, default: ast.expr, options: Sequence[Source | None]) -> bool:
        """True if the parameter's default is what was recorded."""
        written = ast.unparse(default)
        if any(one is not None and _normal(one.code) == _normal(written) for one in options):
            return True
        if isinstance(default, ast.Constant):
            return False
        with Caught():
            text = plain(repr(eval(written, dict(vars(self.target.module)))))  # noqa: S307 - the repository's own default
            return any(one is not None and evaluate(one).text == text for one in options)
        return False

    def _star(self, parameter: ast.arg, form: str) -> Dimension | str:
        recorded = self._recorded(parameter.arg)
        if recorded is _MISSING or recorded in ([], {}, "()", "{}"):
            return Dimension("argument", parameter.arg, [None], form)
        found = self.values.sources(recorded)
        return Dimension("argument", parameter.arg, [*found[:1], None], form) if found else parameter.arg

    def _receivers(self) -> list[Source | None]:
        target, owner = self.target, self.target.owner
        if target.kind is Kind.FUNCTION or owner is None:
            source = Source(target.path[0], frozenset({(target.module.__name__, target.path[0])}))
            return [source]
        named = self.world.source_of(owner)
        arguments = [*target.node.args.posonlyargs, *target.node.args.args]
        receiver = arguments[0].arg if arguments and target.kind is not Kind.STATIC else ""
        recorded = self.frame.variables.get(receiver)
        if target.kind in {Kind.STATIC, Kind.CLASS, Kind.CONSTRUCTOR}:
            kinds = self._classes(recorded, owner)
            return [*kinds, *([named] if named is not None and named not in kinds else [])]
        given: dict[str, Source] = {}
        for one in answers(target.node, self.frame.line, self.frame.variables):
            if (
                one.root == receiver
                and len(one.path) == 1
                and not one.shape
                and not isinstance(one.value, tuple)
            ):
                for source in self.values.sources(one.value)[:1]:
                    given.setdefault(one.path[0], source)
        return list(self._instances(recorded, owner, given))

    def _classes(self, recorded: Any, owner: type) -> list[Source]:
        if not isinstance(recorded, str) or not recorded.startswith("<class "):
            return []
        found = self.world.class_of(recorded.split("'")[1], self.target.module)
        source = self.world.source_of(found) if found is not None and issubclass(found, owner) else None
        return [source] if source is not None else []

    def _instances(self, recorded: Any, owner: type, given: Mapping[str, Source]) -> Iterator[Source]:
        """Objects to call the method on: as their repr tells, then of the class that has the method."""
        seen: set[str] = set()

        def new(sources: Sequence[Source]) -> Iterator[Source]:
            for one in sources:
                if one.code not in seen or one.setup:
                    seen.add(one.code)
                    yield one

        kinds = self._kinds(recorded, owner)
        if isinstance(recorded, dict | list):
            for content in self.values.sources(recorded)[:2]:
                for kind in kinds:
                    named = self.world.source_of(kind)
                    if named is not None:
                        made = joined([named, content], lambda called, code: f"{called}({code})")
                        yield from new([made] if evaluate(made).error is None else [])
        text = recorded if isinstance(recorded, str) else ""
        exact = [
            one for one in (self.values.leaf(text) if text else []) if isinstance(evaluate(one).value, owner)
        ]
        if not given:
            yield from new(exact)
        for kind in kinds:
            yield from new(self.objects.instances(kind, given, text))
        yield from new(exact)

    def _kinds(self, recorded: Any, owner: type) -> list[type]:
        found: list[type] = []
        if isinstance(recorded, str) and recorded.startswith("<"):
            name = recorded[1:].partition(" ")[0].strip("<>:(")
            named = (
                self.world.class_of(name, self.target.module)
                if name.replace(".", "").isidentifier()
                else None
            )
            if named is not None and issubclass(named, owner):
                found.append(named)
        below = [one for one in _subclasses(owner) if self.world.source_of(one) is not None]
        found += [one for one in [owner, *below[:6]] if one not in found]
        concrete = [one for one in found if not inspect.isabstract(one)]
        return (concrete or found)[:4]


_MISSING: Any = object()
_UNRECORDED = ("True", "False", '["x"]', '"x"', "1", "[]", "{}", '{"x": 1}', "0")


def _is_fixed(owner: type, name: str) -> bool:
    """True for a property and its like, which no object of the class can be given another value for."""
    found = inspect.getattr_static(owner, name, None)
    kind = type(found)
    return hasattr(kind, "__get__") and hasattr(kind, "__set__") and not inspect.ismemberdescriptor(found)


def _is_plain(recorded: str) -> bool:
    """True for the repr of a literal, which no object stands in for."""
    return (
        _normal(recorded) != recorded
        or recorded in {"None", "True", "False"}
        or recorded.lstrip("-").isdigit()
    )


def _normal(code: str) -> str:
    try:
        return repr(ast.literal_eval(code))
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return code


def _subclasses(kind: type) -> list[type]:
    found: list[type] = []
    pending: list[type] = list(type.__subclasses__(kind))
    while pending and len(found) < 200:  # noqa: PLR2004 - enough
        one = pending.pop(0)
        if one not in found:
            found.append(one)
            pending.extend(type.__subclasses__(one))
    return found


def variations(dimensions: Sequence[Sequence[Any]]) -> Iterator[tuple[int, ...]]:
    """The first of each, then one changed at a time, then every combination."""
    first = (0,) * len(dimensions)
    yield first
    seen = {first}
    for at, options in enumerate(dimensions):
        for other in range(1, len(options)):
            chosen = (*first[:at], other, *first[at + 1 :])
            seen.add(chosen)
            yield chosen
    for chosen in itertools.product(*(range(len(one)) for one in dimensions)):
        if chosen not in seen:
            yield chosen
