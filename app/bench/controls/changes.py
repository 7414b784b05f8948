"""Which functions a patch changes, and what their signatures say."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from app.repair.near import Function, functions, module_name

Kind = Literal["function", "method", "class", "static", "property"]
_KINDS: dict[str, Kind] = {
    "classmethod": "class",
    "staticmethod": "static",
    "property": "property",
    "cached_property": "property",
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter as the source writes it. `default` is None if there is none."""

    name: str
    annotation: str
    default: str | None
    keyword_only: bool = False


@dataclass(frozen=True, slots=True)
class Changed:
    """A module-level function or a method that a patch changes, with its parameters and those of its constructor.

    A change in a nested function is one of the function around it.
    """

    file: str
    module: str
    qualname: str
    kind: Kind
    parameters: tuple[Parameter, ...]
    constructor: tuple[Parameter, ...] = ()

    @property
    def name(self) -> str:
        """The last part of its name."""
        return self.qualname.rpartition(".")[2]

    @property
    def owner(self) -> str | None:
        """The class it belongs to."""
        return self.qualname.rpartition(".")[0] or None


def changed_functions(before: Path, files: Mapping[str, str]) -> tuple[Changed, ...]:
    """The functions of `before` that `files` changes; files that are new or no Python change none."""
    found: list[Changed] = []
    for file, text in sorted(files.items()):
        if file.endswith(".py") and (before / file).is_file():
            old = _parsed((before / file).read_text(encoding="utf-8", errors="replace"))
            new = _parsed(text)
            if old is not None and new is not None:
                found += _changed(file, old, new)
    return tuple(found)


def _parsed(text: str) -> ast.Module | None:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError):
        return None


def _changed(file: str, old: ast.Module, new: ast.Module) -> Iterator[Changed]:
    after = {name: ast.dump(function) for name, _, function in functions(new)}
    for name, owner, function in functions(old):
        if after.get(name) in {None, ast.dump(function)}:
            continue
        kind = _kind(function, owner)
        parameters = _parameters(function)
        constructor = next((item for item in (owner.body if owner else ()) if _is_constructor(item)), None)
        yield Changed(
            file,
            module_name(file),
            name,
            kind,
            parameters[1:] if kind in {"method", "class", "property"} else parameters,
            _parameters(constructor)[1:] if isinstance(constructor, ast.FunctionDef) else (),
        )


def _kind(function: Function, owner: ast.ClassDef | None) -> Kind:
    if owner is None:
        return "function"
    for decorator in function.decorator_list:
        name = ast.unparse(decorator).rpartition(".")[2]
        if name in _KINDS:
            return _KINDS[name]
    return "static" if function.name == "__new__" else "method"


def _is_constructor(node: ast.AST) -> bool:
    return isinstance(node, ast.FunctionDef) and node.name == "__init__"


def _parameters(function: Function) -> tuple[Parameter, ...]:
    """All that can be given by place or name; what `*args` and `**kwargs` take is left out."""
    arguments = function.args
    placed = [*arguments.posonlyargs, *arguments.args]
    defaults = [None] * (len(placed) - len(arguments.defaults)) + list(arguments.defaults)
    listed = [_parameter(argument, default) for argument, default in zip(placed, defaults, strict=True)]
    for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        listed.append(_parameter(argument, default, keyword_only=True))
    return tuple(listed)


def _parameter(argument: ast.arg, default: ast.expr | None, *, keyword_only: bool = False) -> Parameter:
    annotation = ast.unparse(argument.annotation) if argument.annotation else ""
    return Parameter(
        argument.arg, annotation, ast.unparse(default) if default is not None else None, keyword_only
    )
