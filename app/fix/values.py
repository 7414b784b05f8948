"""Rebuilding recorded locals as source: literals, a few standard types, and the repository's own value classes."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue

from app.core.recorded import parse_repr
from app.fix.modules import Definition, Modules

_OBJECT = re.compile(r"<(?:([\w.]+)\.)?([A-Z]\w*) object at 0x[0-9a-fA-F]+>\Z")
_CUT = re.compile(r"<truncated>|\.\.\.['\"]?\Z|\.\.\.[\])}]")
_STANDARD: dict[str, tuple[str, str]] = {
    "Decimal": ("decimal", "Decimal"),
    "UUID": ("uuid", "UUID"),
    "Fraction": ("fractions", "Fraction"),
    "PosixPath": ("pathlib", "Path"),
    "WindowsPath": ("pathlib", "Path"),
    "Path": ("pathlib", "Path"),
    "OrderedDict": ("collections", "OrderedDict"),
    "Counter": ("collections", "Counter"),
    "deque": ("collections", "deque"),
}
_DATETIME = frozenset({"datetime", "date", "time", "timedelta", "timezone"})
_PLAIN_CALLS = frozenset({"set", "frozenset", "dict", "list", "tuple", "bytearray"})


@dataclass(slots=True)
class Imports:
    """The names that rebuilt values need: `from module import name`."""

    names: dict[str, set[str]] = field(default_factory=dict)

    def add(self, module: str, name: str) -> bool:
        """Notes the import; False if another module gives the same name."""
        if any(name in names for other, names in self.names.items() if other != module):
            return False
        self.names.setdefault(module, set()).add(name)
        return True


@dataclass(frozen=True, slots=True)
class Rebuilder:
    """Writes recorded values as source. `path` is the file whose names the reprs are read with."""

    modules: Modules
    path: str
    imports: Imports
    number_keys: bool = False

    def rebuild(self, value: JsonValue) -> str | None:
        """The source of `value`; None if it can not be rebuilt for sure."""
        match value:
            case None | bool() | int() | float():
                return repr(value) if value == value and value not in {float("inf"), float("-inf")} else None  # noqa: PLR0124
            case list():
                return self._all([self.rebuild(one) for one in value], "[", "]")
            case dict():
                return self._mapping(value)
            case str():
                return self._leaf(value)

    def _mapping(self, value: Mapping[str, JsonValue]) -> str | None:
        as_numbers = (
            self.number_keys and bool(value) and all(re.fullmatch(r"-?\d{1,18}", key) for key in value)
        )
        pairs: list[str | None] = []
        for key, inner in value.items():
            source = self.rebuild(inner)
            pairs.append(None if source is None else f"{key if as_numbers else _quoted(key)}: {source}")
        return self._all(pairs, "{", "}")

    def _all(self, parts: list[str | None], opening: str, closing: str) -> str | None:
        known = [one for one in parts if one is not None]
        return f"{opening}{', '.join(known)}{closing}" if len(known) == len(parts) else None

    def _leaf(self, text: str) -> str | None:
        if text == "[Filtered]":
            return '"removed"'
        if _CUT.search(text):
            return None
        if (plain := _OBJECT.match(text)) is not None:
            return self._stateless(plain[2])
        expression = parse_repr(text)
        return None if expression is None else self.source(expression, self.path)

    def source(self, node: ast.expr, path: str) -> str | None:  # noqa: PLR0911 - a table of forms
        """The source of a parsed repr whose class names are those that `path` knows."""
        match node:
            case ast.Constant(value=value):
                return (
                    None if value is Ellipsis else _quoted(value) if isinstance(value, str) else repr(value)
                )
            case ast.UnaryOp(
                op=ast.USub(), operand=ast.Constant(value=int() | float() | complex() as number)
            ):
                return f"-{number!r}"
            case ast.List(elts=elements):
                return self._all([self.source(one, path) for one in elements], "[", "]")
            case ast.Set(elts=elements):
                return self._all([self.source(one, path) for one in elements], "{", "}")
            case ast.Tuple(elts=[only]):
                inner = self.source(only, path)
                return None if inner is None else f"({inner},)"
            case ast.Tuple(elts=elements):
                return self._all([self.source(one, path) for one in elements], "(", ")")
            case ast.Dict(keys=keys, values=values):
                return self._pairs(keys, values, path)
            case ast.Call():
                return self._call(node, path)
            case ast.Attribute():
                return self._attribute(node, path)
            case _:
                return None

    def _pairs(self, keys: list[ast.expr | None], values: list[ast.expr], path: str) -> str | None:
        parts: list[str | None] = []
        for key, value in zip(keys, values, strict=True):
            left = self.source(key, path) if key is not None else None
            right = self.source(value, path)
            parts.append(None if left is None or right is None else f"{left}: {right}")
        return self._all(parts, "{", "}")

    def _attribute(self, node: ast.Attribute, path: str) -> str | None:
        text = ast.unparse(node)
        if text == "datetime.timezone.utc":
            return text if self.imports.add("", "datetime") else None
        match node.value:
            case ast.Name(id=name):
                return self._member(name, node.attr, path)
            case _:
                return None

    def _member(self, owner: str, member: str, path: str) -> str | None:
        found = self.modules.find_class(path, owner)
        if found is None or not _is_enum(found.node) or not _has_member(found.node, member):
            return None
        return f"{owner}.{member}" if self.imports.add(found.module, owner) else None

    def _call(self, call: ast.Call, path: str) -> str | None:  # noqa: PLR0911 - a table of forms
        match call.func:
            case ast.Attribute(value=ast.Name(id="datetime"), attr=name) if name in _DATETIME:
                return self._with("", "datetime", f"datetime.{name}", call, path)
            case ast.Name(id="defaultdict"):
                return self.source(call.args[1], path) if len(call.args) == 2 else None  # noqa: PLR2004
            case ast.Name(id=name) if name in _PLAIN_CALLS:
                return self._with(None, name, name, call, path)
            case ast.Name(id=name) if name in _STANDARD and self.modules.find_class(path, name) is None:
                module, imported = _STANDARD[name]
                return self._with(module, imported, imported, call, path)
            case ast.Name(id=name) if (found := self.modules.find_class(path, name)) is not None:
                if call.args or not _takes(found, call, self.modules):
                    return None
                return self._with(found.module, name, name, call, found.path)
            case _:
                return None

    def _with(self, module: str | None, imported: str, written: str, call: ast.Call, path: str) -> str | None:
        if module is not None and not self.imports.add(module, imported):
            return None
        parts = [self.source(one, path) for one in call.args]
        for keyword in call.keywords:
            value = self.source(keyword.value, path)
            parts.append(None if keyword.arg is None or value is None else f"{keyword.arg}={value}")
        return self._all(parts, f"{written}(", ")")

    def _stateless(self, name: str) -> str | None:
        """An object without state of its own: its class has no `__init__`, no bases and no fields."""
        found = self.modules.find_class(self.path, name)
        if found is None or found.node.bases or found.node.decorator_list or found.node.keywords:
            return None
        methods = {one.name for one in found.node.body if isinstance(one, ast.FunctionDef)}
        if methods & {"__init__", "__new__", "__getattr__", "__getattribute__"}:
            return None
        return f"{name}()" if self.imports.add(found.module, name) else None


def _quoted(text: str) -> str:
    """A string literal, with double quotes where that needs no escapes; other than ASCII letters stay readable."""
    written = repr(text)
    return f'"{written[1:-1]}"' if written[0] == "'" and '"' not in written else written


def _is_enum(node: ast.ClassDef) -> bool:
    return any(
        ast.unparse(base).rpartition(".")[2].endswith(("Enum", "Flag", "Choices")) for base in node.bases
    )


def _has_member(node: ast.ClassDef, member: str) -> bool:
    return any(
        isinstance(one, ast.Assign)
        and any(isinstance(target, ast.Name) and target.id == member for target in one.targets)
        for one in node.body
    )


def _takes(found: Definition, call: ast.Call, modules: Modules) -> bool:
    """True if the class can be called with exactly these keywords."""
    given = {keyword.arg for keyword in call.keywords}
    accepted, required = fields(found, modules)
    return None not in given and given <= accepted and required <= given


def fields(found: Definition, modules: Modules, depth: int = 5) -> tuple[set[str], set[str]]:
    """The keyword names that a class's constructor accepts, and those that it requires."""
    accepted: set[str] = set()
    required: set[str] = set()
    for base in found.node.bases if depth else []:
        parent = modules.find_class(found.path, ast.unparse(base).rpartition(".")[2])
        if parent is not None:
            inherited = fields(parent, modules, depth - 1)
            accepted |= inherited[0]
            required |= inherited[1]
    for one in found.node.body:
        match one:
            case ast.FunctionDef(name="__init__", args=arguments):
                names = [each.arg for each in [*arguments.posonlyargs, *arguments.args][1:]]
                keyword_only = [each.arg for each in arguments.kwonlyargs]
                optional = set(names[len(names) - len(arguments.defaults) :]) if arguments.defaults else set()
                optional |= {
                    name
                    for name, value in zip(keyword_only, arguments.kw_defaults, strict=True)
                    if value is not None
                }
                return {*names, *keyword_only}, {*names, *keyword_only} - optional
            case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation, value=value) if _is_declaring(
                found
            ):
                if "ClassVar" in ast.unparse(annotation) or _is_left_out(value):
                    continue
                accepted.add(name)
                required -= {name}
                required |= set() if value is not None and not _is_required(value) else {name}
            case _:
                pass
    return accepted, required


def _is_declaring(found: Definition) -> bool:
    """True if the class's annotations make its constructor."""
    decorators = {ast.unparse(one).partition("(")[0].rpartition(".")[2] for one in found.node.decorator_list}
    bases = {ast.unparse(base).rpartition(".")[2] for base in found.node.bases}
    return bool(decorators & {"dataclass", "define", "frozen", "attrs", "s", "mutable"} or bases)


def _is_left_out(value: ast.expr | None) -> bool:
    return isinstance(value, ast.Call) and any(
        keyword.arg == "init" and isinstance(keyword.value, ast.Constant) and keyword.value.value is False
        for keyword in value.keywords
    )


def _is_required(value: ast.expr) -> bool:
    if not isinstance(value, ast.Call) or ast.unparse(value.func).rpartition(".")[2].lower() not in {
        "field",
        "ib",
    }:
        return False
    first_is_dots = (
        bool(value.args) and isinstance(value.args[0], ast.Constant) and value.args[0].value is Ellipsis
    )
    given = {keyword.arg for keyword in value.keywords}
    return first_is_dots or (not value.args and not given & {"default", "default_factory", "factory"})
