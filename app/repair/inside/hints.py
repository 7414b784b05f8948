"""What the code tells of the objects it works with: recorded answers, passed conditions, and how they are used."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .target import Function

Path = tuple[str, ...]
CALLED = "()"  # the last part of a path whose value is what a call gives
_DEEPEST = 4
_ENDS = (ast.Return, ast.Raise, ast.Continue, ast.Break)
_TRANSPARENT = frozenset({"lower", "upper", "strip", "lstrip", "rstrip", "casefold", "copy"})
_NUMERIC = (ast.Lt, ast.Gt, ast.LtE, ast.GtE)


@dataclass(frozen=True, slots=True)
class Answer:
    """What was recorded for an access path, such as `self.parser.nextline()`; `shape` tells where the value stood."""

    root: str
    path: Path
    value: Any
    shape: str = ""  # "" the value itself, "item" one element, "entry:..." under a key, "awaited"


def access(node: ast.expr) -> tuple[str, Path] | None:
    """The root name and the path of `root.a.b()`; None for any other expression."""
    parts: list[str] = []
    while True:
        match node:
            case (
                ast.Attribute(value=inner, attr=name)
                | ast.Call(func=ast.Name(id="getattr"), args=[inner, ast.Constant(value=str(name)), *_])
            ):
                parts.append(name)
                node = inner
            case ast.Call(func=inner):
                parts.append(CALLED)
                node = inner
            case ast.Name(id=name):
                return name, tuple(reversed(parts))
            case _:
                return None


def answers(node: Function, line: int, variables: Mapping[str, Any]) -> list[Answer]:
    """The access paths whose value was bound to a local up to the line, the latest first."""
    found: list[Answer] = []
    bound = [one for one in statements(node) if one.lineno <= line]
    for statement in sorted(bound, key=lambda one: -one.lineno):
        for target, value, shape in _bindings(statement):
            recorded = _recorded(target, variables)
            if recorded is not _UNKNOWN:
                found += _answers(value, recorded, shape)
    return found


_UNKNOWN: Any = object()


def _recorded(target: ast.expr, variables: Mapping[str, Any]) -> Any:
    match target:
        case ast.Name(id=name) if name in variables:
            return variables[name]
        case ast.Tuple(elts=elements):
            parts = [_recorded(one, variables) for one in elements]
            return _UNKNOWN if any(one is _UNKNOWN for one in parts) else tuple(parts)
        case _:
            return _UNKNOWN


def _answers(  # noqa: C901 - a table of forms
    value: ast.expr, recorded: Any, shape: str
) -> Iterator[Answer]:
    match value:
        # What is made of a value tells the value, if not always exactly; it is verified by running.
        case ast.Call(
            func=ast.Attribute(value=ast.Call() | ast.Attribute() as inner, attr=method), args=[]
        ) if method in _TRANSPARENT:
            yield from _answers(inner, recorded, shape)
            if (found := access(value)) is not None:
                yield Answer(*found, recorded, shape)
        case ast.Call(func=ast.Name(id="int" | "float" | "str" | "bool" | "bytes"), args=[inner]):
            yield from _answers(inner, recorded, shape)
        case ast.Await(value=inner) if (found := access(inner)) is not None:
            yield Answer(*found, recorded, shape or "awaited")
        case ast.Subscript(value=inner, slice=key) if (found := access(inner)) is not None:
            yield Answer(*found, recorded, f"entry:{ast.unparse(key)}")
        case ast.Call(func=ast.Attribute(value=inner, attr="get"), args=[key, *_]) if (
            found := access(inner)
        ) is not None:
            yield Answer(*found, recorded, f"entry:{ast.unparse(key)}")
            yield Answer(found[0], (*found[1], "get", CALLED), recorded, shape)
        case ast.Call(func=ast.Name(id="enumerate"), args=[inner, *_]) if shape == "item" and isinstance(
            recorded, tuple
        ):
            yield from _answers(inner, recorded[-1], "item")
        case ast.Call(func=ast.Name(id="list" | "tuple" | "sorted" | "iter" | "reversed"), args=[inner]):
            yield from _answers(inner, recorded, shape)
        case ast.BoolOp(values=[first, *_]):
            yield from _answers(first, recorded, shape)
        case _ if (found := access(value)) is not None and (found[1] or shape == "item"):
            yield Answer(*found, recorded, shape)
        case _:
            pass


def expanded(node: Function, root: str, path: Path, line: int, depth: int = _DEEPEST) -> tuple[str, Path]:
    """The path with a local followed to what it was made by: `answer.json()` to `get().json()`."""
    for statement in statements(node):
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name == root and depth:
                made = access(value)
            case ast.With(items=[ast.withitem(context_expr=value, optional_vars=ast.Name(id=name))]) if (
                name == root and depth
            ):
                made = access(value)
                path = ("__enter__", CALLED, *path)
            case _:
                continue
        if made is not None and made[1] and statement.lineno <= line:
            return expanded(node, made[0], (*made[1], *path), line, depth - 1)
    return root, path


def _bindings(statement: ast.stmt) -> Iterator[tuple[ast.expr, ast.expr, str]]:
    match statement:
        case ast.Assign(targets=[target], value=value):
            if (
                isinstance(target, ast.Tuple)
                and isinstance(value, ast.Tuple)
                and len(target.elts) == len(value.elts)
            ):
                yield from ((one, other, "") for one, other in zip(target.elts, value.elts, strict=True))
            else:
                yield target, value, ""
        case ast.AnnAssign(target=target, value=ast.expr() as value):
            yield target, value, ""
        case ast.For(target=target, iter=value) | ast.AsyncFor(target=target, iter=value):
            yield target, value, "item"
        case ast.With(items=items) | ast.AsyncWith(items=items):
            yield from (
                (one.optional_vars, one.context_expr, "entered") for one in items if one.optional_vars
            )
        case _:
            pass
    for one in ast.walk(statement):
        if isinstance(one, ast.NamedExpr):
            yield one.target, one.value, ""


def statements(node: ast.AST) -> Iterator[ast.stmt]:
    """Every statement of a function, without those of functions and classes inside it."""
    for one in ast.iter_child_nodes(node):
        if isinstance(one, ast.stmt):
            yield one
        if not isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            yield from statements(one)


def conditions(node: Function, line: int) -> list[tuple[ast.expr, bool]]:
    """The tests that were passed on the way to the line, each with the outcome that it must have had."""
    found: list[tuple[ast.expr, bool]] = []

    def inside(body: Sequence[ast.stmt]) -> bool:
        for statement in body:
            covers = statement.lineno <= line <= (statement.end_lineno or statement.lineno)
            if isinstance(statement, ast.If):
                if _within(statement.body, line):
                    found.append((statement.test, True))
                elif _within(statement.orelse, line) or (
                    not covers and statement.body and isinstance(statement.body[-1], _ENDS)
                ):
                    found.append((statement.test, False))
            elif isinstance(statement, ast.While) and _within(statement.body, line):
                found.append((statement.test, True))
            if covers:
                found.extend(_operands(statement, line))
                for name in ("body", "orelse", "finalbody"):
                    inside(getattr(statement, name, []))
                for handler in getattr(statement, "handlers", []):
                    inside(handler.body)
                return True
        return False

    inside(node.body)
    return [each for test, outcome in found for each in _parts(test, outcome=outcome)]


def _operands(statement: ast.stmt, line: int) -> Iterator[tuple[ast.expr, bool]]:
    """The operands that may have been passed before the one that failed: `a` of `a and b`."""
    for one in ast.walk(statement):
        if isinstance(one, ast.BoolOp) and one.lineno <= line <= (one.end_lineno or one.lineno):
            for operand in one.values[:-1]:
                if operand.lineno <= line:
                    yield operand, isinstance(one.op, ast.And)
        elif isinstance(one, ast.IfExp) and one.lineno <= line <= (one.end_lineno or one.lineno):
            yield one.test, True


def _within(body: Sequence[ast.stmt], line: int) -> bool:
    return bool(body) and body[0].lineno <= line <= (body[-1].end_lineno or body[-1].lineno)


def _parts(test: ast.expr, *, outcome: bool) -> Iterator[tuple[ast.expr, bool]]:
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=inner):
            yield from _parts(inner, outcome=not outcome)
        case ast.BoolOp(op=op, values=values):
            if isinstance(op, ast.And) is outcome:
                for one in values:
                    yield from _parts(one, outcome=outcome)
            else:
                yield from _parts(values[0], outcome=outcome)
        case _:
            yield test, outcome


def demanded(  # noqa: C901 - a table of forms
    test: ast.expr, *, outcome: bool
) -> Iterator[tuple[str, Path, list[str]]]:
    """For each access path in a test: codes of values with which it has that outcome."""
    match test:
        case ast.Compare(
            left=left, ops=[ast.Is() | ast.Eq() | ast.IsNot() | ast.NotEq() as op], comparators=[other]
        ):
            found, same = access(left), isinstance(op, ast.Is | ast.Eq) is outcome
            if found is not None and found[1]:
                code = ast.unparse(other)
                literal = isinstance(other, ast.Constant)
                yield *found, ([code] if literal else []) if same else ["None", "1", '"x"']
        case ast.Compare(left=left, ops=[ast.In() | ast.NotIn() as op], comparators=[other]):
            found, same = access(other), isinstance(op, ast.In) is outcome
            if found is not None and found[1]:
                key = ast.unparse(left)
                yield *found, [f"[{key}]"] if same and isinstance(left, ast.Constant) else ["[]", "{}"]
        case ast.Compare(left=left, ops=[op], comparators=[other]) if isinstance(op, _NUMERIC):
            for side in (left, other):
                if (found := access(side)) is not None and found[1]:
                    yield *found, ["0", "1", "1000000", "-1"]
        case ast.Call(func=ast.Name(id="isinstance" | "hasattr" | "len"), args=[inner, *_]):
            if (found := access(inner)) is not None and found[1]:
                yield *found, ["[]", "{}", '"x"', "1", 'b"x"'] if outcome else ["None", "[]"]
        case _ if (found := access(test)) is not None and found[1]:
            yield *found, ["True", "1", '"x"', "[1]"] if outcome else ["None", "False", "0", '""', "[]"]
        case _:
            pass


def failing_paths(node: Function, line: int) -> Iterator[tuple[str, Path]]:
    """The access paths in the statement at the line: one of them, or what was made of it, had the wrong value."""
    for statement in statements(node):
        if not statement.lineno <= line <= (statement.end_lineno or statement.lineno):
            continue
        for one in ast.walk(statement):
            if isinstance(one, ast.expr) and one.lineno <= line <= (one.end_lineno or one.lineno):
                found = access(one)
                if found is not None and found[1]:
                    yield found


def handed_over(
    tree: ast.AST, line: int, callee: Function, variables: Mapping[str, Any], *, bound: bool
) -> dict[str, Any]:
    """What the caller's line gave for the callee's parameters: its recorded locals and plain constants."""
    found: dict[str, Any] = {}
    names = [one.arg for one in [*callee.args.posonlyargs, *callee.args.args]][1 if bound else 0 :]
    for call in _calls(tree, line, callee):
        for name, value in _given(call, names).items():
            if isinstance(value, ast.Name) and value.id in variables:
                found[name] = variables[value.id]
            elif isinstance(value, ast.Constant):
                found[name] = repr(value.value)
    return found


def handed_down(
    tree: ast.AST, line: int, callee: Function, variables: Mapping[str, Any], *, bound: bool
) -> list[Answer]:
    """What the callee's locals tell of the access paths that the caller's line gave it, and called it on."""
    found: list[Answer] = []
    names = [one.arg for one in [*callee.args.posonlyargs, *callee.args.args]]
    changed = rebound(callee, callee.end_lineno or callee.lineno)
    for call in _calls(tree, line, callee):
        given = _given(call, names[1 if bound else 0 :])
        if bound and names and isinstance(call.func, ast.Attribute):
            given[names[0]] = call.func.value
        for name, value in given.items():
            path = access(value) if name in variables and name not in changed else None
            if path is not None and path[1]:
                found.append(Answer(*path, variables[name]))
    return found


def _calls(tree: ast.AST, line: int, callee: Function) -> Iterator[ast.Call]:
    """The calls at the line that may be those of the function."""
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and call.lineno <= line <= (call.end_lineno or call.lineno):
            called = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
            if called == callee.name or callee.name in {"__init__", "__call__", "__new__"}:
                yield call


def _given(call: ast.Call, names: Sequence[str]) -> dict[str, ast.expr]:
    given = dict(zip(names, call.args, strict=False))
    return given | {one.arg: one.value for one in call.keywords if one.arg is not None}


def rebound(node: Function, line: int) -> set[str]:
    """The names that the function binds up to the line."""
    return {
        one.id
        for one in ast.walk(node)
        if isinstance(one, ast.Name) and not isinstance(one.ctx, ast.Load) and one.lineno <= line
    }


def swallowed(node: Function, name: str) -> list[tuple[str, Path]]:
    """The calls in a `try` that would have bound the name: one of them raised, and a handler took it."""
    found: dict[tuple[str, Path], None] = {}
    for one in ast.walk(node):
        if not isinstance(one, ast.Try) or not (one.handlers or one.finalbody):
            continue
        for statement in one.body:
            for call in (each for each in ast.walk(statement) if isinstance(each, ast.Call)):
                path = access(call)
                if path is not None and path[1].count(CALLED) == 1:
                    found[path] = None
            if any(
                isinstance(each, ast.Name) and each.id == name and isinstance(each.ctx, ast.Store)
                for each in ast.walk(statement)
            ):
                break
    return list(found)


def reads(node: Function, line: int, roots: set[str]) -> list[tuple[str, Path]]:
    """The access paths from these names that the function reads up to the line, in their order."""
    found: dict[tuple[str, Path], None] = {}
    for one in ast.walk(node):
        if isinstance(one, ast.Attribute) and isinstance(one.ctx, ast.Load) and one.lineno <= line:
            path = access(one)
            if path is not None and path[0] in roots and CALLED not in path[1]:
                found[path] = None
    return list(found)
