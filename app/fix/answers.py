"""Stand-ins for opaque arguments: what a request or a session answered is in the locals that received it."""

from __future__ import annotations

import ast
import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from app.core.recorded import BREADTH
from app.core.scrub import scrub_value
from app.core.syntax import Code, Function, chain_root
from app.fix.standin import is_foreign
from app.fix.values import Rebuilder

_LOOPS = (ast.For, ast.AsyncFor, ast.While)
_BRANCHES = (ast.If, ast.Match, ast.match_case, ast.ExceptHandler)
# What may lie between a function and a statement that runs at most once.
_ONCE = (*_BRANCHES, ast.With, ast.AsyncWith, ast.Try, ast.TryStar)
_CHANGES = frozenset(
    {"add", "append", "clear", "discard", "extend", "insert", "pop", "popitem", "remove", "reverse", "setdefault"}
    | {"sort", "update"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Run:
    """A recorded call: its scrubbed locals, its failing line, and whether the repaired function ends there."""

    variables: Mapping[str, JsonValue]
    line: int
    ends: bool


class _Form(enum.Enum):
    READ = enum.auto()  # x = p.attribute
    ITEM = enum.auto()  # x = p.attribute["key"] and x = p.attribute.get("key")
    CALLED = enum.auto()  # x = p.attribute(...)
    AWAITED = enum.auto()  # x = await p.attribute(...)


@dataclass(frozen=True, slots=True)
class _Question:
    """A statement that binds one name to what the parameter answers. `absent` tells that None means "no entry"."""

    target: ast.Name
    annotation: ast.expr | None
    attribute: str
    form: _Form
    labels: tuple[str | int, ...] = ()
    absent: bool = False


@dataclass(frozen=True, slots=True)
class _Answer:
    """The source of what a question was answered with; `key` is that of an entry."""

    question: _Question
    source: str
    key: str = ""


def recorded_answers(function: Function, parameter: ast.arg, run: Run, build: Rebuilder) -> str | None:
    """A `SimpleNamespace` that answers every use of the parameter as it was recorded.

    None unless each use that the call reaches is an assignment of its answer to a name that still has that value
    where the call failed, and the parameter is an object whose record is no more than a `repr()`.
    """
    code = build.modules.code(build.path)
    failing = code.statement_at(run.line) if code is not None else None
    if code is None or failing is None or not _is_opaque(function, parameter, run, build):
        return None
    answers: list[_Answer] = []
    uses = [one for one in ast.walk(function) if isinstance(one, ast.Name) and one.id == parameter.arg]
    for use in sorted(uses, key=lambda one: (one.lineno, one.col_offset)):
        statement = code.statement_of(use)
        if statement is None:
            return None
        above = list(_inside(code, function, statement))
        if run.ends and _is_never_reached(statement, above, run.line):
            continue
        if statement.lineno >= failing.lineno or not all(isinstance(one, _ONCE) for one in above):
            return None
        question = _question(statement, use)
        if question is None or _bindings(function, question.target.id, failing) != 1:
            return None
        if _was_skipped(question, above, run):
            continue
        answer = _answer(function, question, failing, run, build)
        if answer is None:
            return None
        answers.append(answer)
    return _namespace(answers, build) if build.imports.add("types", "SimpleNamespace") else None


def _is_opaque(function: Function, parameter: ast.arg, run: Run, build: Rebuilder) -> bool:
    """True for `<Request GET />`, for a call that can not be repeated, and for what only stands for an object."""
    match run.variables.get(parameter.arg):
        case "'removed'":  # by its name alone, such as `session`
            source = '"removed"'
        case str() as text:
            return text.startswith("<") or (text[:1].isalpha() and text.endswith(")"))
        case dict():
            source = "{}"
        case list():
            source = "[]"
        case _:
            return False
    return is_foreign(function, parameter, source, build)


def _inside(code: Code, function: Function, statement: ast.stmt) -> Iterator[ast.AST]:
    """What lies between the function and the statement, from the inside; all around it for its own decorators."""
    for one in code.ancestors(statement):
        if one is function:
            return
        yield one


def _is_never_reached(statement: ast.stmt, above: list[ast.AST], line: int) -> bool:
    """True if a function that returns at `line` has not run the statement and does not run it any more."""
    again = (*_LOOPS, ast.Try, ast.TryStar)
    return statement.lineno > line and not any(isinstance(one, again) and _covers(one, line) for one in above)


def _covers(node: ast.AST, line: int) -> bool:
    first = getattr(node, "lineno", line)
    return bool(first <= line <= (getattr(node, "end_lineno", None) or first))


def _question(statement: ast.stmt, use: ast.Name) -> _Question | None:
    """What the statement asks of `use`; None if it does anything else with it."""
    match statement:
        case ast.Assign(targets=[ast.Name() as target], value=value):
            return _asked(target, None, value, use)
        case ast.AnnAssign(target=ast.Name() as target, annotation=annotation, value=ast.expr() as value):
            return _asked(target, annotation, value, use)
        case _:
            return None


def _asked(target: ast.Name, annotation: ast.expr | None, value: ast.expr, use: ast.Name) -> _Question | None:
    match value:
        case ast.Attribute(value=base, attr=name):
            found = _Question(target, annotation, name, _Form.READ)
        case ast.Subscript(
            value=ast.Attribute(value=base, attr=name), slice=ast.Constant(value=str() | int() as key)
        ):
            found = _Question(target, annotation, name, _Form.ITEM, (key,))
        case ast.Call(
            func=ast.Attribute(value=ast.Attribute(value=base, attr=name), attr="get"),
            args=[ast.Constant(value=str() | int() as key), *default],
            keywords=[],
        ) if len(default) <= 1:
            found = _Question(target, annotation, name, _Form.ITEM, (key,), absent=not default)
        case ast.Call(func=ast.Attribute(value=base, attr=name), args=arguments):
            found = _Question(target, annotation, name, _Form.CALLED, _texts(arguments))
        case ast.Await(value=ast.Call(func=ast.Attribute(value=base, attr=name), args=arguments)):
            found = _Question(target, annotation, name, _Form.AWAITED, _texts(arguments))
        case _:
            return None
    return found if base is use and not name.startswith("__") else None


def _texts(arguments: list[ast.expr]) -> tuple[str, ...]:
    return tuple(
        one.value for one in arguments if isinstance(one, ast.Constant) and isinstance(one.value, str)
    )


def _is_before(node: ast.AST, function: Function, failing: ast.stmt) -> bool:
    """True if the node may have run before the failing statement: it stands above it, or in a loop around it."""
    if getattr(node, "lineno", failing.lineno) < failing.lineno:
        return True
    loops = [one for one in ast.walk(function) if isinstance(one, _LOOPS) and _covers(one, failing.lineno)]
    return any(node in set(ast.walk(loop)) for loop in loops)


def _bindings(function: Function, name: str, failing: ast.stmt) -> int:
    """How often the name may have been bound before the failing statement; nested scopes count too."""
    return sum(_binds(one, name) and _is_before(one, function, failing) for one in ast.walk(function))


def _binds(node: ast.AST, name: str) -> bool:
    match node:
        case (
            ast.Name(id=bound, ctx=ast.Store() | ast.Del())
            | ast.arg(arg=bound)
            | ast.ExceptHandler(name=str(bound))
            | ast.MatchAs(name=str(bound))
            | ast.MatchStar(name=str(bound))
            | ast.MatchMapping(rest=str(bound))
            | ast.FunctionDef(name=bound)
            | ast.AsyncFunctionDef(name=bound)
            | ast.ClassDef(name=bound)
        ):
            return bound == name
        case ast.alias(name=module, asname=alias):
            return (alias or module.partition(".")[0]) == name
        case _:
            return False


def _was_skipped(question: _Question, above: list[ast.AST], run: Run) -> bool:
    """True if the question stands in a branch that was not taken: its name is not among all of the locals."""
    in_branch = any(isinstance(one, _BRANCHES) for one in above)
    return in_branch and question.target.id not in run.variables and len(run.variables) < BREADTH


def _answer(
    function: Function, question: _Question, failing: ast.stmt, run: Run, build: Rebuilder
) -> _Answer | None:
    name = question.target.id
    if name not in run.variables or _is_changed(function, name, failing):
        return None
    value = run.variables[name]
    for label in (question.attribute, *question.labels):
        value = scrub_value(str(label), value)  # a secret may have been put into a local with a harmless name
    source = build.rebuild(value)
    if source is None or is_foreign(function, ast.arg(name, question.annotation), source, build):
        return None
    if question.form is not _Form.ITEM:
        return _Answer(question, source)
    key = build.rebuild(repr(question.labels[0]))
    return None if key is None else _Answer(question, source, key)


def _is_changed(function: Function, name: str, failing: ast.stmt) -> bool:
    """True if the value of the name is changed in place before the failing statement."""
    for node in ast.walk(function):
        match node:
            case ast.Subscript(ctx=ast.Store() | ast.Del()) | ast.Attribute(ctx=ast.Store() | ast.Del()):
                pass
            case ast.Call(func=ast.Attribute(attr=method)) if method in _CHANGES:
                pass
            case _:
                continue
        root = chain_root(node)
        if isinstance(root, ast.Name) and root.id == name and _is_before(node, function, failing):
            return True
    return False


def _namespace(answers: list[_Answer], build: Rebuilder) -> str | None:
    """The attributes with their answers; None if two answers contradict one another."""
    grouped: dict[str, list[_Answer]] = {}
    for answer in answers:
        grouped.setdefault(answer.question.attribute, []).append(answer)
    found: list[str] = []
    for name, group in grouped.items():
        forms = {one.question.form for one in group}
        source = _attribute(group, next(iter(forms)), build) if len(forms) == 1 else None
        if source is None:
            return None
        found.append(f"{name}={source}")
    return f"SimpleNamespace({', '.join(found)})"


def _attribute(group: list[_Answer], form: _Form, build: Rebuilder) -> str | None:
    sources = [one.source for one in group]
    same = len(set(sources)) == 1
    if form is _Form.READ:
        return sources[0] if same else None
    if form is _Form.ITEM:
        return _mapping(group)
    mock = "AsyncMock" if form is _Form.AWAITED else "Mock"
    given = f"return_value={sources[0]}" if same else f"side_effect=[{', '.join(sources)}]"
    return f"{mock}({given})" if build.imports.add("unittest.mock", mock) else None


def _mapping(group: list[_Answer]) -> str | None:
    """A dict with the entries that were asked for; one that `.get()` did not find is left out."""
    entries: dict[str, str | None] = {}
    for one in group:
        value = None if one.question.absent and one.source == "None" else one.source
        if entries.setdefault(one.key, value) != value:
            return None
    return f"{{{', '.join(f'{key}: {value}' for key, value in entries.items() if value is not None)}}}"
