"""Where in the old file a difference stands, and what that file says that a fix may refer to."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum, auto
from functools import cached_property

from app.core.syntax import Function, names_bound, own_nodes
from app.verify.conformance.permission import decides


class Ask(Enum):
    """What the value of an expression decides."""

    VALUE = auto()
    RETURNED = auto()
    IF = auto()
    WHILE = auto()
    CHOICE = auto()  # the test of `a if test else b`
    FILTER = auto()  # an `if` of a comprehension
    LOOPED = auto()  # what a `for` goes over
    CAUGHT = auto()  # the classes that a handler takes


@dataclass(frozen=True, slots=True)
class Role:
    """What an expression decides, for which node, and whether a `not` turns that around."""

    ask: Ask
    owner: ast.AST | None = None
    negated: bool = False


VALUE = Role(Ask.VALUE)
_ROLES = {
    (ast.If, "test"): Ask.IF,
    (ast.While, "test"): Ask.WHILE,
    (ast.IfExp, "test"): Ask.CHOICE,
    (ast.comprehension, "ifs"): Ask.FILTER,
    (ast.Return, "value"): Ask.RETURNED,
    (ast.For, "iter"): Ask.LOOPED,
    (ast.AsyncFor, "iter"): Ask.LOOPED,
    (ast.ExceptHandler, "type"): Ask.CAUGHT,
}


@dataclass(frozen=True)
class OldFile:
    """What the file says before the change: its errors, handlers, defaults and names."""

    tree: ast.Module

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """Every node."""
        return list(ast.walk(self.tree))

    @cached_property
    def names(self) -> frozenset[str]:
        """Every name that the file reads, binds, imports or defines."""
        found = {node.id for node in self.nodes if isinstance(node, ast.Name)}
        found |= {node.arg for node in self.nodes if isinstance(node, ast.arg)}
        found |= {
            (node.asname or node.name).partition(".")[0] for node in self.nodes if isinstance(node, ast.alias)
        }
        return frozenset(found | {one.name for one in self.nodes if isinstance(one, Function | ast.ClassDef)})

    @cached_property
    def raised(self) -> list[ast.expr]:
        """What is raised, as it is written."""
        return [node.exc for node in self.nodes if isinstance(node, ast.Raise) and node.exc is not None]

    @cached_property
    def caught(self) -> frozenset[str]:
        """The exception classes that handlers name."""
        types = [
            one.type for one in self.nodes if isinstance(one, ast.ExceptHandler) and one.type is not None
        ]
        return frozenset(ast.unparse(one) for whole in types for one in members(whole))

    @cached_property
    def called(self) -> frozenset[str]:
        """The dotted names that the file calls."""
        return frozenset(ast.unparse(node.func) for node in self.nodes if isinstance(node, ast.Call))


@dataclass(frozen=True)
class Place:
    """The nodes of the old tree above a difference, the module first; the tests and imports of the category."""

    file: OldFile
    tests: frozenset[str]
    imports: frozenset[str]
    above: tuple[ast.AST, ...]
    role: Role = VALUE

    def inside(self, node: ast.AST, field: str) -> Place:
        """The place of what `node` holds in `field`."""
        return replace(self, above=(*self.above, node), role=self._role(node, field))

    def _role(self, node: ast.AST, field: str) -> Role:
        match node:
            case ast.BoolOp():
                return self.role
            case ast.UnaryOp(op=ast.Not()):
                return replace(self.role, negated=not self.role.negated)
            case _:
                return Role(_ROLES.get((type(node), field), Ask.VALUE), node)

    @cached_property
    def function(self) -> Function | None:
        """The innermost function around the difference."""
        return next((one for one in reversed(self.above) if isinstance(one, Function)), None)

    @cached_property
    def statement(self) -> ast.stmt | None:
        """The innermost statement around the difference."""
        return next((one for one in reversed(self.above) if isinstance(one, ast.stmt)), None)

    @property
    def definitions(self) -> tuple[ast.AST, ...]:
        """The functions and classes around the difference."""
        return tuple(one for one in self.above if isinstance(one, Function | ast.ClassDef))

    @property
    def is_in_loop(self) -> bool:
        """True if `continue` goes on to the next item; in a `while` it may go round for ever."""
        inner = self.above[self.above.index(self.function) :] if self.function is not None else self.above
        loops = [one for one in inner if isinstance(one, ast.For | ast.AsyncFor | ast.While)]
        return bool(loops) and not isinstance(loops[-1], ast.While)

    @cached_property
    def arguments(self) -> frozenset[str]:
        """The names that the function is called with."""
        return frozenset(names_bound(self.function.args)) if self.function is not None else frozenset()

    def bound_before(self, statement: ast.stmt) -> frozenset[str]:
        """The function's arguments, and the names that it binds on some line above `statement`."""
        names = [
            one
            for one in own(self.function)
            if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store) and one.lineno < statement.lineno
        ]
        return self.arguments | {one.id for one in names}

    @cached_property
    def decides(self) -> bool:
        """True where a function or class decides about permission or validity."""
        return decides(self.definitions)

    @cached_property
    def gives_values(self) -> bool:
        """True if the function returns something else than None or False: then None is not its way to say yes."""
        return any(_is_value(one.value) for one in own(self.function) if isinstance(one, ast.Return))


def own(function: Function | None) -> Iterator[ast.AST]:
    """The nodes of the function itself, without those of functions nested in it."""
    return own_nodes(function) if function is not None else iter(())


def members(node: ast.expr) -> list[ast.expr]:
    """The elements of a tuple, or the node alone."""
    return list(node.elts) if isinstance(node, ast.Tuple) else [node]


def _is_value(node: ast.expr | None) -> bool:
    return node is not None and not (isinstance(node, ast.Constant) and node.value in {None, False})
