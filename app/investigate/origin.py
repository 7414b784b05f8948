"""Where the bad value came from: the frames above the failing one, and what they handed down."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence

from app.core.model import CodeFrame, Failure, FailureKind, Origin
from app.core.syntax import Code, Function, own_nodes
from app.investigate.expression import evaluated, find_failure
from app.investigate.message import called_name

# Methods through which a container is asked: the failing lookup is the one in their caller.
CONTAINER_METHODS = frozenset({"__getitem__", "__delitem__", "pop", "__getattr__", "remove"})
_HIGHEST = 4


def origins(
    frames: Sequence[CodeFrame],
    read: Callable[[str], str | None],
    failure: Failure,
    exception: str,
    message: str,
    module: str | None = None,
) -> tuple[Origin, ...]:
    """What the callers on the stack did, nearest first: the call, the lookup, the argument that was wrong.

    `frames` are the repository's own, outermost first; the last one failed as `failure` says.
    """
    found: list[Origin] = []
    inner = frames[-1]
    handed = _parameter(read(inner.path), inner, failure.subject)
    delegated = inner.function.rpartition(".")[2] in CONTAINER_METHODS
    for depth, frame in enumerate(list(reversed(frames[:-1]))[:_HIGHEST], 1):
        source = read(frame.path)
        code = Code.parse(source) if source is not None else None
        if source is None or code is None:
            break
        name = inner.function.rpartition(".")[2]
        if delegated:
            lookup = find_failure(
                source, frame.line, frame.function, exception, message, frame.variables, module=module
            )
            if isinstance(lookup, Failure) and lookup.kind in {
                FailureKind.MISSING_KEY,
                FailureKind.BAD_INDEX,
            }:
                found.append(Origin(frame, lookup, depth, is_lookup=True))
        call = _call(code, frame, name)
        argument = _argument(call, handed, read(inner.path), inner) if handed and call is not None else None
        if argument is not None and call is not None:
            found.extend(_origin(code, frame, depth, failure.kind, call, argument))
        if call is not None:
            found.extend(_origin(code, frame, depth, FailureKind.RAISED, call, call))
        delegated = delegated and name in CONTAINER_METHODS and frame.function in CONTAINER_METHODS
        handed = _parameter(source, frame, ast.unparse(argument)) if argument is not None else None
        inner = frame
    return tuple(found)


def _origin(
    code: Code, frame: CodeFrame, depth: int, kind: FailureKind, node: ast.expr, subject: ast.expr
) -> Iterator[Origin]:
    span, subject_span = code.span(node), code.span(subject)
    if span is not None and subject_span is not None:
        texts = code.slice(span), code.slice(subject_span)
        evidence = (f"Line {frame.line} of `{frame.function}` called on.",)
        yield Origin(frame, Failure(kind, *texts, span, subject_span, None, evidence), depth)


def _call(code: Code, frame: CodeFrame, name: str) -> ast.expr | None:
    """The expression of the frame's line that called the function `name`."""
    calls: list[ast.expr] = []
    others: list[ast.expr] = []
    for node in evaluated(code, frame.line, frame.function):
        match node:
            case ast.Call() if called_name(node) == name or name in {"__call__", "__init__", "__new__"}:
                calls.append(node)
            case ast.Attribute(attr=attr) if attr == name:
                others.append(node)
            case ast.Subscript() if name in {"__getitem__", "__delitem__", "__setitem__"}:
                others.append(node)
            case ast.Call():
                others.append(node)
            case _:
                pass
    exact = [one for one in calls if called_name(one) == name] if name != "__init__" else calls  # type: ignore[arg-type]
    return next(iter([*exact, *calls, *others]), None)


def _function(code: Code | None, frame: CodeFrame) -> Function | None:
    statement = code.statement_at(frame.line) if code is not None else None
    return code.function_of(statement) if code is not None and statement is not None else None


def _parameter(source: str | None, frame: CodeFrame, subject: str) -> str | None:
    """The parameter that `subject` is, if the function has not bound it again before the frame's line."""
    function = _function(Code.parse(source) if source is not None else None, frame)
    if function is None or not subject.isidentifier():
        return None
    arguments = function.args
    if subject not in {one.arg for one in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]}:
        return None
    rebound = any(
        isinstance(one, ast.Name)
        and one.id == subject
        and isinstance(one.ctx, ast.Store)
        and one.lineno < frame.line
        for one in own_nodes(function)
    )
    return None if rebound else subject


def _argument(call: ast.expr, parameter: str, inner_source: str | None, inner: CodeFrame) -> ast.expr | None:
    """The expression that the call hands over for the parameter of the function that it calls."""
    function = _function(Code.parse(inner_source) if inner_source is not None else None, inner)
    if function is None or not isinstance(call, ast.Call):
        return None
    for keyword in call.keywords:
        if keyword.arg == parameter:
            return keyword.value
    names = [one.arg for one in [*function.args.posonlyargs, *function.args.args]]
    if names[:1] in (["self"], ["cls"]):
        names = names[1:]
    at = names.index(parameter) if parameter in names else None
    if at is None or at >= len(call.args) or any(isinstance(one, ast.Starred) for one in call.args[: at + 1]):
        return None
    return call.args[at]
