"""The function of a stack frame as a test reaches it: where it is defined, and how it is called."""

from __future__ import annotations

import ast
import enum
import inspect
from collections.abc import Iterable
from dataclasses import dataclass
from types import CodeType, FunctionType, ModuleType

from .report import Caught

Function = ast.FunctionDef | ast.AsyncFunctionDef
NESTED = "it is nested in another function"


class Kind(enum.Enum):
    """How a frame's function is called."""

    MODULE = enum.auto()  # by importing its module
    FUNCTION = enum.auto()
    METHOD = enum.auto()
    CLASS = enum.auto()  # a class method
    STATIC = enum.auto()
    CONSTRUCTOR = enum.auto()
    GETTER = enum.auto()
    SETTER = enum.auto()
    DELETER = enum.auto()


@dataclass(frozen=True, slots=True)
class Target:
    """A function that can be reached: its node, its class, and the path of names from its module."""

    kind: Kind
    module: ModuleType
    node: Function
    path: tuple[str, ...]
    owner: type | None

    @property
    def name(self) -> str:
        """The last name, as an attribute of an object spells it outside of its class."""
        return self.path[-1]


def find(tree: ast.Module, module: ModuleType, function: str, line: int) -> Target | str:
    """The target of a frame, or why no test can reach it."""
    name = function.rpartition(".")[2]
    chain = _chain(tree, name, line)
    if not chain:
        return "it is no function of the file"
    node = chain[-1]
    if not isinstance(node, Function) or any(isinstance(one, Function) for one in chain[:-1]):
        return NESTED
    owner: object = module
    for one in chain[:-1]:
        owner = vars(owner).get(one.name) if isinstance(owner, ModuleType | type) else None  # type: ignore[attr-defined]
    if owner is module:
        found = vars(module).get(node.name)
        return _plain(node, module, found)
    if not isinstance(owner, type):
        return "its class can not be imported"
    classes = tuple(one.name for one in chain[:-1])  # type: ignore[attr-defined]
    raw = vars(owner).get(mangled(node.name, owner.__name__))
    kind = _kind(raw, node)
    if raw is None or not holds(raw, node):
        return "its class holds another attribute of that name"
    return Target(kind, module, node, (*classes, mangled(node.name, owner.__name__)), owner)


def innermost(tree: ast.Module, function: str, line: int) -> Function | None:
    """The node of the function of that name around the line."""
    chain = _chain(tree, function.rpartition(".")[2], line)
    return chain[-1] if chain and isinstance(chain[-1], Function) else None


def find_wrapper(
    tree: ast.Module, modules: Iterable[ModuleType], function: str, line: int, inner: str
) -> Target | str:
    """The target of a decorator's wrapper: the function of a module that was replaced by it, around `inner`."""
    node = innermost(tree, function, line)
    if node is None:
        return NESTED
    found: list[Target] = []
    for module in modules:
        for name, value in list(vars(module).items()):
            code = getattr(value, "__code__", None) if type(value) is FunctionType else None
            if isinstance(code, CodeType) and _is_of(code, node) and value.__module__ == module.__name__:
                target = Target(Kind.FUNCTION, module, node, (name,), None)
                found.insert(0 if name == inner else len(found), target)
    if not found or (len(found) > 1 and found[0].name != inner):
        return NESTED
    return found[0]


def _plain(node: Function, module: ModuleType, found: object) -> Target | str:
    if found is None:
        return "its module does not have it any more"
    if holds(found, node) or callable(found):
        inner = _attribute_that_holds(found, node)
        path = (node.name, inner) if inner is not None else (node.name,)
        return Target(Kind.FUNCTION, module, node, path, None)
    return "its module has something else under that name"


def _attribute_that_holds(found: object, node: Function) -> str | None:
    """The attribute of a command or a task that is the function itself."""
    if isinstance(found, FunctionType) or holds(found, node) or isinstance(found, type):
        return None
    for name in ("callback", "run", "func", "fn", "function", "__wrapped__"):
        with Caught():
            if holds(getattr(found, name, None), node):
                return name
    return None


def _chain(tree: ast.Module, name: str, line: int) -> list[ast.AST]:
    """The classes and functions around the line, down to the innermost function of that name."""
    found: list[ast.AST] = []

    def walk(node: ast.AST, above: list[ast.AST]) -> None:
        nonlocal found
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                first = min([child.lineno, *(one.lineno for one in child.decorator_list)])
                if first <= line <= (child.end_lineno or child.lineno):
                    if isinstance(child, Function) and child.name == name:
                        found = [*above, child]
                    walk(child, [*above, child])
            else:
                walk(child, above)

    walk(tree, [])
    return found


def mangled(name: str, owner: str) -> str:
    """The name of a class's attribute as it is stored: `__name` belongs to its class."""
    if name.startswith("__") and not name.endswith("__"):
        return f"_{owner.lstrip('_')}{name}"
    return name


def _kind(raw: object, node: Function) -> Kind:  # noqa: PLR0911 - a table of forms
    if isinstance(raw, staticmethod):
        return Kind.STATIC if node.name != "__new__" else Kind.CONSTRUCTOR
    if isinstance(raw, classmethod):
        return Kind.CLASS
    if node.name in {"__init__", "__new__", "__post_init__"}:
        return Kind.CONSTRUCTOR if node.name != "__post_init__" else Kind.METHOD
    if isinstance(raw, property):
        for kind, function in ((Kind.SETTER, raw.fset), (Kind.DELETER, raw.fdel)):
            if function is not None and holds(function, node):
                return kind
        return Kind.GETTER
    if not callable(raw) and inspect.isdatadescriptor(raw):
        return Kind.GETTER
    if not callable(raw) and hasattr(raw, "__get__"):
        return Kind.GETTER
    return Kind.METHOD


def holds(found: object, node: Function, depth: int = 4) -> bool:
    """True if the object is the function of that node, or wraps it."""
    code = getattr(found, "__code__", None)
    if isinstance(code, CodeType) and _is_of(code, node):
        return True
    if depth == 0 or found is None:
        return False
    if isinstance(found, property):
        return any(holds(one, node, depth - 1) for one in (found.fget, found.fset, found.fdel))
    for name in ("__func__", "__wrapped__", "func", "fget", "callback", "run"):
        inner = inspect.getattr_static(found, name, None)
        if name in {"__func__", "func"} or not isinstance(inner, FunctionType):
            with Caught():
                inner = getattr(found, name, None)
        if inner is not None and inner is not found and holds(inner, node, depth - 1):
            return True
    closure = getattr(found, "__closure__", None) or ()
    for cell in closure:
        with Caught():
            if isinstance(cell.cell_contents, FunctionType) and holds(cell.cell_contents, node, depth - 1):
                return True
    return False


def _is_of(code: CodeType, node: Function) -> bool:
    first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
    return code.co_name == node.name and first <= code.co_firstlineno <= node.lineno
