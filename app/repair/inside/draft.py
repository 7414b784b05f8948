"""A call with everything about it that is open: which object, which arguments, which attributes, which answers."""

from __future__ import annotations

import ast
import keyword
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from .hints import CALLED, Path
from .source import STAND_IN, Names, Source, joined, snake
from .target import Kind, Target

Choice = tuple[int, ...]
ENVIRONMENT: Path = ("os", "environ")


@dataclass(frozen=True, slots=True)
class Call:
    """A call as a test spells it. `patches` are contexts around it; `variables` give the name of each root."""

    imports: frozenset[tuple[str, str]]
    setup: tuple[str, ...]
    patches: tuple[str, ...]
    expression: str
    marks: frozenset[str]
    variables: Mapping[str, str]


@dataclass(slots=True)
class Dimension:
    """One thing that is open, and what may be chosen for it; None leaves it as it is."""

    kind: str  # receiver, argument, fill, patch
    root: str
    options: list[Source | None]
    form: str = ""  # of an argument: positional, named, * or **; of a fill: class; of a patch: raising
    path: Path = ()


@dataclass(slots=True)
class Draft:
    """The dimensions of a call to `target`: the receiver, then the arguments in order, then what was added."""

    target: Target
    receiver: str  # the parameter that the receiver is bound to
    dimensions: list[Dimension] = field(default_factory=list)

    def first(self) -> Choice:
        """The first option of each."""
        return (0,) * len(self.dimensions)

    def chosen(self, choice: Choice) -> list[tuple[Dimension, Source]]:
        """What the choice takes of each dimension, without what it leaves as it is; later ones default to the first."""
        found: list[tuple[Dimension, Source]] = []
        for at, dimension in enumerate(self.dimensions):
            source = dimension.options[choice[at] if at < len(choice) else 0]
            if source is not None:
                found.append((dimension, source))
        return found

    def call(self, choice: Choice) -> Call:
        """The call with these options."""
        taken = self.chosen(choice)
        whole = joined([source for _, source in taken], lambda *_: "")
        names = Names({name or module.partition(".")[0] for module, name in whole.imports})
        names.taken |= {one.partition(" = ")[0] for one in whole.setup}
        setup = list(whole.setup)
        variables: dict[str, str] = {}
        filled = {dimension.root for dimension, _ in taken if dimension.kind == "fill"}
        on, written = "", list[str]()
        for dimension, source in taken:
            code = source.code
            if dimension.kind == "receiver":
                if not code.isidentifier() and self._is_instance and not _is_path(code):
                    code = self._assign(names.fresh(snake(self._owner)), code, setup)
                variables[dimension.root] = on = code
            elif dimension.kind == "argument":
                given_singly = dimension.form[:1] == "*" and _spread(code)
                if dimension.root in filled or not (code.isidentifier() or given_singly):
                    code = self._assign(names.fresh(dimension.root), code, setup)
                variables[dimension.root] = code
                written.append(_argument(dimension, code))
        literal = {
            dimension.root
            for dimension, source in taken
            if dimension.kind != "fill" and _is_literal(source.code)
        }
        fills = [
            (one, source)
            for one, source in taken
            if one.kind == "fill" and one.root in variables and one.root not in literal
        ]
        setup += _fills([each for each in fills if each[0].form != "class"], variables)
        patches = tuple(_patch(dimension, source) for dimension, source in taken if dimension.kind == "patch")
        patches += tuple(
            f"patch.object(type({variables[one.root]}), {_quoted(one.path[0])}, {source.code})"
            for one, source in fills
            if one.form == "class"
        )
        imports = whole.imports | ({("unittest.mock", "patch")} if patches else set())
        marks = whole.marks | ({STAND_IN} if patches else set())
        return Call(imports, tuple(setup), patches, self._expression(on, written), marks, variables)

    @property
    def _is_instance(self) -> bool:
        return self.target.kind in {Kind.METHOD, Kind.GETTER, Kind.SETTER, Kind.DELETER}

    @property
    def _owner(self) -> str:
        return self.target.owner.__name__ if self.target.owner is not None else "thing"

    def _assign(self, name: str, code: str, setup: list[str]) -> str:
        setup.append(f"{name} = {code}")
        return name

    def _expression(self, on: str, arguments: Sequence[str]) -> str:  # noqa: PLR0911 - a table of forms
        target, listed = self.target, ", ".join(arguments)
        match target.kind:
            case Kind.FUNCTION:
                return f"{'.'.join([on, *target.path[1:]])}({listed})"
            case Kind.CONSTRUCTOR:
                return f"{on}({listed})"
            case Kind.GETTER:
                return f"{on}.{target.name}"
            case Kind.SETTER:
                return f"{on}.{target.name} = {arguments[0].rpartition('=')[2] if arguments else None}"
            case Kind.DELETER:
                return f"del {on}.{target.name}"
            case _:
                pass
        match target.name, len(arguments):
            case "__call__", _:
                return f"{on}({listed})"
            case "__getitem__", 1:
                return f"{on}[{listed}]"
            case "__setitem__", 2:
                return f"{on}[{arguments[0]}] = {arguments[1]}"
            case "__contains__", 1:
                return f"{listed} in {on}"
            case _:
                return f"{on}.{target.name}({listed})"


def _fills(fills: Sequence[tuple[Dimension, Source]], variables: Mapping[str, str]) -> list[str]:
    return [
        f"{variables[one.root]}.{'.'.join(one.path)} = {source.code}"
        for one, source in sorted(fills, key=lambda each: len(each[0].path))
    ]


def _is_literal(code: str) -> bool:
    """True for what has no attributes that could be set."""
    try:
        ast.literal_eval(code)
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return False
    return True


def _spread(code: str) -> str:
    """What a list or a dictionary gives as single arguments; empty if it must be given as it is."""
    match ast.parse(code, mode="eval").body:
        case ast.List(elts=elements) | ast.Tuple(elts=elements):
            return ", ".join(ast.get_source_segment(code, one) or "" for one in elements)
        case ast.Dict(keys=keys, values=values) if all(_is_name(one) for one in keys):
            pairs = zip(keys, values, strict=True)
            return ", ".join(f"{_text(key)}={ast.get_source_segment(code, value)}" for key, value in pairs)
        case _:
            return ""


def _is_name(key: ast.expr | None) -> bool:
    return _text(key).isidentifier() and not keyword.iskeyword(_text(key))


def _text(key: ast.expr | None) -> str:
    return key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else ""


def _quoted(text: str) -> str:
    return f'"{text}"'


def _argument(dimension: Dimension, code: str) -> str:
    match dimension.form:
        case "named":
            return f"{dimension.root}={code}"
        case "*" | "**" as stars:
            return _spread(code) or f"{stars}{code}"
        case _:
            return code


def _is_path(code: str) -> bool:
    return all(part.isidentifier() for part in code.split("."))


def _patch(dimension: Dimension, source: Source) -> str:
    target = _quoted(".".join(one for one in dimension.path if one != CALLED))
    if dimension.form == "raising":
        return f"patch({target}, side_effect={source.code})"
    if dimension.path == ENVIRONMENT:
        return f"patch.dict({target}, {source.code})"
    answer = "return_value=" if dimension.path[-1] == CALLED else ""
    return f"patch({target}, {answer}{source.code})"
