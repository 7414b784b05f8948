"""Where in the old file a difference stands: what is around it, before it and behind it."""

from __future__ import annotations

import ast
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from functools import cached_property

from app.core.syntax import Function, names_bound
from app.verify.conformance.old_file import OldFile
from app.verify.conformance.parts import (
    holds,
    is_among,
    is_call_of,
    is_truth,
    members,
    own,
    stores,
    suppressed,
)
from app.verify.conformance.permission import decides

_ASKING = (
    "already_", "can_", "did_", "does_", "has_", "have_", "is_", "may_", "must_", "needs_", "should_", "was_",
)  # fmt: skip


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
class Place:
    """The nodes of the old tree above a difference, the module first; the tests and imports of the category."""

    file: OldFile
    tests: frozenset[str]
    imports: frozenset[str]
    above: tuple[ast.AST, ...]
    role: Role = VALUE
    field: str = ""

    def inside(self, node: ast.AST, field: str) -> Place:
        """The place of what `node` holds in `field`."""
        return replace(self, above=(*self.above, node), role=self._role(node, field), field=field)

    def outside(self, node: ast.AST) -> Place:
        """The place of `node` itself, which is one of those above."""
        at = next(number for number, one in enumerate(self.above) if one is node)
        holder = self.above[at - 1]
        field = next((name for name, value in ast.iter_fields(holder) if holds(value, node)), "")
        return replace(self, above=self.above[:at], role=VALUE, field=field)

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

    @cached_property
    def loop(self) -> ast.For | ast.AsyncFor | ast.While | None:
        """The innermost loop of the function whose body the difference is in, its `else` left out."""
        for at, one in reversed(list(enumerate(self.above))):
            if isinstance(one, Function):
                return None
            if isinstance(one, ast.For | ast.AsyncFor | ast.While):
                below = self.above[at + 1] if at + 1 < len(self.above) else None
                if self.field != "orelse" if below is None else not is_among(below, one.orelse):
                    return one
        return None

    @property
    def is_in_while(self) -> bool:
        """True if some loop of the function around the difference is a `while`."""
        inner = self.above[self.above.index(self.function) :] if self.function is not None else self.above
        return any(isinstance(one, ast.While) for one in inner)

    @property
    def is_in_loop(self) -> bool:
        """True if `continue` goes on to the next item; in a `while` it may go round for ever."""
        return self.loop is not None and not isinstance(self.loop, ast.While)

    @cached_property
    def following(self) -> list[ast.stmt]:
        """What comes behind the innermost statement in its block."""
        statement = self.statement
        holder = self.above[self.above.index(statement) - 1] if statement is not None else None
        for _, block in ast.iter_fields(holder) if holder is not None else ():
            if isinstance(block, list) and statement is not None and is_among(statement, block):
                at = next(number for number, one in enumerate(block) if one is statement)
                return [one for one in block[at + 1 :] if isinstance(one, ast.stmt)]
        return []

    @cached_property
    def is_generator(self) -> bool:
        """True if the function gives its values one by one."""
        return any(isinstance(one, ast.Yield | ast.YieldFrom) for one in own(self.function))

    def is_decorated_as(self, names: Collection[str]) -> bool:
        """True if a decorator has one of these names, whatever it belongs to and is given."""
        marks = self.function.decorator_list if self.function is not None else []
        plain = [one.func if isinstance(one, ast.Call) else one for one in marks]
        return any(ast.unparse(one).rpartition(".")[2] in names for one in plain)

    @property
    def is_decorated(self) -> bool:
        """True if the function is not called as it is written."""
        return self.function is not None and bool(self.function.decorator_list)

    @cached_property
    def arguments(self) -> frozenset[str]:
        """The names that the function is called with."""
        return frozenset(names_bound(self.function.args)) if self.function is not None else frozenset()

    @cached_property
    def caught_around(self) -> list[ast.expr]:
        """The classes that handlers around this take without raising again."""
        found: list[ast.expr] = []
        for at, one in enumerate(self.above):
            below = self.above[at + 1] if at + 1 < len(self.above) else None
            inside = self.field == "body" if below is None else holds(getattr(one, "body", None), below)
            if isinstance(one, Function):
                found = []
            elif isinstance(one, ast.With | ast.AsyncWith) and inside:
                found += [each for item in one.items for each in suppressed(item.context_expr)]
            elif isinstance(one, ast.Try) and inside:
                taking = [handler for handler in one.handlers if not isinstance(handler.body[-1], ast.Raise)]
                found += [member for handler in taking if handler.type for member in members(handler.type)]
        return found

    def before(self, rest: Sequence[ast.stmt]) -> list[ast.stmt]:
        """What comes directly before `rest` in its block, back to the last statement that gives a name a value."""
        holder = self.above[-1]
        block = getattr(holder, self.field, []) if self.field else getattr(holder, "body", [])
        if not rest or not isinstance(block, list) or not is_among(rest[0], block):
            return []
        found: list[ast.stmt] = []
        for one in reversed(block[: next(at for at, each in enumerate(block) if each is rest[0])]):
            found.append(one)
            if not isinstance(one, ast.Expr):
                break
        return found

    @cached_property
    def caught_by_callers(self) -> list[ast.expr]:
        """The classes that handlers in the same file take around a call of this function by its name."""
        name = self.function.name if self.function is not None else ""
        found: list[ast.expr] = []
        functions = [one for one in self.file.nodes if isinstance(one, Function)]
        for one in (each for whole in functions for each in own(whole)):
            body = one.body if isinstance(one, ast.Try | ast.With | ast.AsyncWith) else []
            if not any(is_call_of(name, each) for whole in body for each in ast.walk(whole)):
                continue
            if isinstance(one, ast.Try):
                found += [kind for handler in one.handlers if handler.type for kind in members(handler.type)]
            elif isinstance(one, ast.With | ast.AsyncWith):
                found += [each for item in one.items for each in suppressed(item.context_expr)]
        return found

    @cached_property
    def visible(self) -> frozenset[str]:
        """The names that the function itself uses, and those of the module."""
        nodes = [*self.file.tree.body, *own(self.function)]
        module = {name for one in self.file.tree.body for name in stores(one)}
        used = {one.id for one in nodes if isinstance(one, ast.Name)}
        return self.arguments | used | module

    @cached_property
    def other_branches(self) -> frozenset[int]:
        """The ids of the nodes that do not run where the difference runs: if its place is an `else`."""
        found: set[int] = set()
        for at, one in enumerate(self.above):
            below = self.above[at + 1] if at + 1 < len(self.above) else None
            if isinstance(one, ast.If) and (
                self.field == "orelse" if below is None else is_among(below, one.orelse)
            ):
                found |= {id(each) for whole in one.body for each in ast.walk(whole)}
        return frozenset(found)

    @cached_property
    def bound(self) -> frozenset[str]:
        """The names that the function itself gives a value; not those that it declares as somebody else's."""
        nodes = list(own(self.function))
        outer = {name for one in nodes if isinstance(one, ast.Global | ast.Nonlocal) for name in one.names}
        inner = {
            id(each) for one in nodes if isinstance(one, ast.comprehension) for each in ast.walk(one.target)
        }  # fmt: skip
        names = {
            one.id for one in nodes
            if isinstance(one, ast.Name) and not isinstance(one.ctx, ast.Load) and id(one) not in inner
        }  # fmt: skip
        return frozenset(names - outer)

    @cached_property
    def decides(self) -> bool:
        """True where a function or class decides about permission or validity."""
        return decides(self.definitions)

    @cached_property
    def is_question(self) -> bool:
        """True if the function answers yes or no, by its name or by all that it returns."""
        answers = [one.value for one in own(self.function) if isinstance(one, ast.Return)]
        named = self.function is not None and self.function.name.lstrip("_").startswith(_ASKING)
        return bool(answers) and (named or all(one is not None and is_truth(one) for one in answers))
