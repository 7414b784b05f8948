"""The regression test: calls the repository's own function with the arguments that production recorded."""

from __future__ import annotations

import ast
import keyword as python
import re
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from app.core.model import (
    CodeFrame,
    Failure,
    FailureKind,
    FileChange,
    Finding,
    Reason,
    RegressionTest,
    RootCause,
    Stage,
    Stop,
)
from app.core.recorded import parse_repr
from app.core.scrub import FILTERED, scrub_variables
from app.core.source import SourceTree
from app.core.syntax import Code, Function, own_nodes
from app.fix.answers import Run, recorded_answers
from app.fix.decorators import PROPERTIES, changes_the_call, decorator_names
from app.fix.layout import WIDTH, wrapped
from app.fix.modules import Modules, place_test
from app.fix.standin import bare_object, is_foreign, stand_in
from app.fix.values import Imports, Rebuilder


@dataclass(frozen=True, slots=True)
class _Call:
    """A call that repeats a recorded frame: assignments of its arguments, and the expression that calls it."""

    frame: CodeFrame
    function: Function
    setup: tuple[str, ...]
    expression: str
    imports: Imports
    is_async: bool
    stand_ins: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Arguments:
    """The assignments of the arguments, how they are handed over, and which of them answer as it was recorded."""

    setup: tuple[str, ...]
    given: tuple[str, ...]
    stand_ins: tuple[str, ...]


def write_test(
    finding: Finding, cause: RootCause, tree: SourceTree, returns: str | None
) -> RegressionTest | Stop:
    """A new test file that repeats the recorded call; a Stop that says why no frame could be repeated.

    `returns` is what the repaired function gives, where that is known; otherwise the test only requires no exception.
    """
    modules = Modules(tree)
    reasons: list[str] = []
    for frame in reversed(cause.frames):
        returned = returns if frame is cause.culprit else None
        call = _repeat(frame, cause, modules, ends=returned is not None)
        if isinstance(call, _Call):
            return _file(finding, cause, tree, call, returned)
        reasons.append(f"`{frame.function}` in {frame.path}: {call}")
    detail = "The recorded calls can not be repeated in a test. " + "; ".join(reasons) + "."
    return Stop(Stage.FIX, Reason.NO_REPRODUCTION, detail)


def _repeat(  # noqa: PLR0911 - a table of forms
    frame: CodeFrame, cause: RootCause, modules: Modules, *, ends: bool
) -> _Call | str:
    """The call, or why the frame can not be repeated; `ends` tells that the repaired function returns there."""
    code = modules.code(frame.path)
    if code is None:
        return "the file was not loaded or is no Python"
    line = cause.line if frame is cause.culprit else frame.line
    function = _function(code, frame.function.rpartition(".")[2], line)
    if function is None:
        return "it is no function that a test can reach"
    rebound = _rebound(function, line)
    if rebound is not None:
        return f"`{rebound}` was bound again before the failure, so that its argument is not known"
    owner = code.parents.get(function)
    decorators = decorator_names(function)
    if changes_the_call(function, modules, frame.path):
        return "it is wrapped by a decorator"
    number_keys = cause.failure.key is not None and re.fullmatch(r"-?\d+", cause.failure.key) is not None
    build = Rebuilder(modules, frame.path, Imports(), number_keys=number_keys)
    variables = scrub_variables(_with_missing(frame, cause))
    failure = cause.failure if frame is cause.culprit else None
    target = _target(function, owner, decorators, variables, build, failure)
    if target is None:
        return "the object that it is called on can not be rebuilt from the record"
    run = Run(variables, line, ends)
    arguments = _arguments(function, run, build, failure, bound=_is_bound(owner, decorators))
    if isinstance(arguments, str):
        return f"the recorded value of `{arguments}` can not be rebuilt"
    expression = target[1] if decorators & PROPERTIES else f"{target[1]}({', '.join(arguments.given)})"
    if _is_generator(function):
        if isinstance(function, ast.AsyncFunctionDef):
            return "it is an asynchronous generator"
        expression = f"list({expression})"
    is_async = isinstance(function, ast.AsyncFunctionDef)
    setup = (*target[0], *arguments.setup)
    return _Call(frame, function, setup, expression, build.imports, is_async, arguments.stand_ins)


def _with_missing(frame: CodeFrame, cause: RootCause) -> Mapping[str, JsonValue]:
    """The locals, with an empty mapping where the one that lacked the key was filtered out by the tracker."""
    subject = cause.failure.subject
    lacking = cause.failure.kind is FailureKind.MISSING_KEY and frame is cause.culprit
    if lacking and frame.variables.get(subject) == FILTERED:
        return {**frame.variables, subject: {}}
    return frame.variables


def _function(code: Code, name: str, line: int) -> Function | None:
    """The function of a frame, at the top level of its module or of a class there."""
    for node in ast.walk(code.tree):
        if (
            isinstance(node, Function)
            and node.name == name
            and node.lineno <= line <= (node.end_lineno or line)
        ):
            owner = code.parents[node]
            top = isinstance(owner, ast.Module) or (
                isinstance(owner, ast.ClassDef) and isinstance(code.parents[owner], ast.Module)
            )
            return node if top else None
    return None


def _rebound(function: Function, line: int) -> str | None:
    """A parameter that the function binds again up to the failing line, or inside a loop around it."""
    parameters = {one.arg for one in _parameters(function)}
    loops = [
        one for one in own_nodes(function) if isinstance(one, ast.For | ast.While) and _covers(one, line)
    ]
    for node in own_nodes(function):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del) and node.id in parameters:
            inside = any(node in set(ast.walk(loop)) for loop in loops)
            if node.lineno < line or inside:
                return node.id
    return None


def _covers(node: ast.stmt, line: int) -> bool:
    return node.lineno <= line <= (node.end_lineno or node.lineno)


def _parameters(function: Function) -> list[ast.arg]:
    arguments = function.args
    stars = [one for one in (arguments.vararg, arguments.kwarg) if one is not None]
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *stars]


def _is_bound(owner: ast.AST | None, decorators: set[str]) -> bool:
    return isinstance(owner, ast.ClassDef) and "staticmethod" not in decorators


def _target(
    function: Function,
    owner: ast.AST | None,
    decorators: set[str],
    variables: Mapping[str, JsonValue],
    build: Rebuilder,
    failure: Failure | None,
) -> tuple[tuple[str, ...], str] | None:
    """The assignments that are needed first, and what is called."""
    module = build.modules.name_of(build.path)
    if not isinstance(owner, ast.ClassDef):
        return ((), function.name) if build.imports.add(module, function.name) else None
    if decorators & {"staticmethod", "classmethod"}:
        return ((), f"{owner.name}.{function.name}") if build.imports.add(module, owner.name) else None
    receiver = function.args.args[0].arg if function.args.args else "self"
    recorded = variables.get(receiver)
    source = build.rebuild(recorded) if isinstance(recorded, str) else None
    name = _snake(owner.name)
    if source is not None:
        return (f"{name} = {source}",), f"{name}.{function.name}"
    bare = bare_object(function, owner, receiver, failure)
    if bare is None or not build.imports.add(module, owner.name):
        return None
    return (f"{name} = object.__new__({owner.name})", f"{name}.{bare}"), f"{name}.{function.name}"


def _snake(name: str) -> str:
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    return f"{snake}_" if python.iskeyword(snake) else snake


def _arguments(
    function: Function, run: Run, build: Rebuilder, failure: Failure | None, *, bound: bool
) -> _Arguments | str:
    """The arguments of the recorded call; the name of the first that can not be rebuilt."""
    arguments = function.args
    positional = [*arguments.posonlyargs, *arguments.args][1 if bound else 0 :]
    setup: list[str] = []
    given: list[str] = []
    stand_ins: list[str] = []
    for one in [*positional, *arguments.kwonlyargs]:
        source = _rebuilt(function, one, run, build) or stand_in(function, one.arg, failure, build)
        if source is None and (source := recorded_answers(function, one, run, build)) is not None:
            stand_ins.append(one.arg)
        if source is None:
            return one.arg
        setup.append(f"{one.arg} = {source}")
        given.append(one.arg if one in positional else f"{one.arg}={one.arg}")
    at = len(positional)
    for star, parameter in (("*", arguments.vararg), ("**", arguments.kwarg)):
        recorded = run.variables.get(parameter.arg) if parameter is not None else None
        if parameter is None or recorded in ([], {}, "()", "{}"):
            continue
        source = build.rebuild(recorded) if recorded is not None else None
        if source is None:
            return parameter.arg
        setup.append(f"{parameter.arg} = {source}")
        given.insert(at if star == "*" else len(given), f"{star}{parameter.arg}")
    return _Arguments(tuple(setup), tuple(given), tuple(stand_ins))


def _rebuilt(function: Function, parameter: ast.arg, run: Run, build: Rebuilder) -> str | None:
    """The recorded argument as the signature declares it; None if it can not be rebuilt for sure."""
    name = parameter.arg
    source = build.rebuild(run.variables[name]) if name in run.variables else None
    source = _declared(source, parameter.annotation, build) if source is not None else None
    return None if source is None or is_foreign(function, parameter, source, build) else source


def _declared(source: str, annotation: ast.expr | None, build: Rebuilder) -> str | None:
    """The recorded list as the set, tuple or named tuple that the signature declares: the record has lists only."""
    node = ast.parse(source, mode="eval").body
    if annotation is None or not isinstance(node, ast.List):
        return source
    base = annotation.value if isinstance(annotation, ast.Subscript) else annotation
    name = ast.unparse(base).strip("'\"").rpartition(".")[2]
    items = source[1:-1]
    match name:
        case "set" | "Set" | "AbstractSet" | "MutableSet":
            return f"{{{items}}}" if items else "set()"
        case "frozenset":
            return f"frozenset({source})"
        case "tuple" | "Tuple":
            return f"({items},)" if items else "()"
        case _:
            found = build.modules.find_class(build.path, name) if name.isidentifier() else None
            if found is None:
                return source
            named = any(ast.unparse(one).endswith("NamedTuple") for one in found.node.bases)
            return f"{name}({items})" if named and build.imports.add(found.module, name) else None


def _is_generator(function: Function) -> bool:
    return any(isinstance(node, ast.Yield | ast.YieldFrom) for node in own_nodes(function))


def _file(
    finding: Finding, cause: RootCause, tree: SourceTree, call: _Call, returns: str | None
) -> RegressionTest:
    slug = re.sub(r"[^a-z0-9]+", "_", finding.short_id.lower()).strip("_")[:60] or "production"
    path = place_test(tree, cause.path, f"regression_{slug}")
    name = f"test_{_words(call.function.name)}_{_condition(cause)}"[:80].rstrip("_")
    lines = [f'"""{_title(finding, cause, Modules(tree).code(cause.path))}', "", *_story(call), '"""', ""]
    lines += _imports(call)
    lines += ["", "", f"def {name}() -> None:"]
    for assignment in call.setup:
        lines += [f"    {one}" for one in wrapped(assignment)]
    if call.setup:
        lines.append("")
    expression = f"asyncio.run({call.expression})" if call.is_async else call.expression
    lines.append(f"    {_assertion(expression, returns)}")
    text = "\n".join(lines) + "\n"
    return RegressionTest(FileChange(path, None, text), f"{path}::{name}", name)


def _title(finding: Finding, cause: RootCause, code: Code | None) -> str:
    """The first line of the docstring: code of the repository and the exception's class, no text of the event."""
    short_id = re.sub(r"[^\w.-]", "", finding.short_id)[:60]
    exception = re.sub(r"\W", "", cause.exception.rpartition(".")[2])
    statement = code.statement_at(cause.line) if code is not None else None
    function = code.function_of(statement) if code is not None and statement is not None else None
    name = function.name if function is not None else "the module"
    subject = " ".join(cause.failure.subject.split()).replace("\\", "").replace('"""', "'''")
    if cause.failure.kind is FailureKind.NONE_VALUE:
        return f"{short_id}: `{subject}` was None, and {name} raised {exception}."
    return f"{short_id}: `{subject}` lacked a key, and {name} raised {exception}."


def _story(call: _Call) -> list[str]:
    told = [line for one in _stand_ins(call) for line in textwrap.wrap(one, WIDTH, break_long_words=False)]
    others = [one for one in call.setup if one.partition(" = ")[0] not in call.stand_ins]
    if any("SimpleNamespace(" in one or "object.__new__(" in one for one in others):
        told.append(
            "The record does not hold the attributes of every object; what stands in has the one that matters."
        )
    if told:
        return told
    if call.setup:
        return ["The arguments are those that production recorded, without secrets and personal data."]
    return [f"`{call.function.name}` takes no arguments: the call alone repeats what production recorded."]


def _stand_ins(call: _Call) -> Iterator[str]:
    """What is said about the arguments that answer as it was recorded, and about those that are not asked."""
    idle = [one for one in call.stand_ins if f"{one} = SimpleNamespace()" in call.setup]
    asked = [one for one in call.stand_ins if one not in idle]
    if asked:
        what = "are stand-ins that give" if len(asked) > 1 else "is a stand-in that gives"
        names = " and ".join(f"`{one}`" for one in asked)
        yield f"{names} {what} back what production recorded, without secrets and personal data."
    for one in idle:
        yield f"`{one}` is an empty stand-in: the call ends before it is asked for anything."


def _words(name: str) -> str:
    return re.sub(r"_+", "_", name).strip("_").lower()


def _condition(cause: RootCause) -> str:
    words = re.sub(r"[^a-z0-9]+", "_", cause.failure.subject.lower()).strip("_")[:40]
    if cause.failure.kind is FailureKind.NONE_VALUE:
        return f"when_{words}_is_none"
    key = parse_repr(cause.failure.key or "")
    is_literal = (
        isinstance(key, ast.Constant) and f"{cause.failure.key}".strip("'\"") in cause.failure.expression
    )
    text = (
        re.sub(r"[^a-z0-9]+", "_", str(key.value).lower()).strip("_")[:30]
        if isinstance(key, ast.Constant)
        else ""
    )
    return f"without_{text}" if is_literal and text else f"when_{words}_lacks_a_key"


def _imports(call: _Call) -> list[str]:
    plain = {"asyncio"} if call.is_async else set()
    plain |= call.imports.names.get("", set())
    standard = {"decimal", "uuid", "fractions", "pathlib", "collections", "types", "unittest.mock"}
    own: list[str] = []
    library = [f"import {name}" for name in sorted(plain)]
    for module, names in sorted(call.imports.names.items()):
        if module:
            line = f"from {module} import {', '.join(sorted(names))}"
            (library if module in standard else own).append(line)
    return [*library, *([""] if library and own else []), *own]


def _assertion(expression: str, returns: str | None) -> str:
    match returns:
        case None:
            return expression
        case "None" | "True" | "False":
            return f"assert {expression} is {returns}"
        case _ if isinstance(value := parse_repr(returns), ast.expr) and _is_literal(value):
            return f"assert {expression} == {f'({returns})' if _is_bare(value, returns) else returns}"
        case _:
            return expression


def _is_literal(value: ast.expr) -> bool:
    return not any(isinstance(one, ast.Name | ast.Call) for one in ast.walk(value))


def _is_bare(value: ast.expr, code: str) -> bool:
    """True for a tuple without parentheses: in an `assert`, what follows its first comma would be the message."""
    listed = ast.parse(f"[{code}]", mode="eval").body
    alone = isinstance(listed, ast.List) and [ast.dump(one) for one in listed.elts] == [ast.dump(value)]
    return isinstance(value, ast.Tuple) and not alone
