"""Runs one call and tells what came of it: the result, or the exception with the repository's frames."""

from __future__ import annotations

import ast
import asyncio
import contextlib
import inspect
import os
import re
import traceback
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import FunctionType, ModuleType, TracebackType
from typing import Any, Self

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{4,}")
_LONGEST = 10_000
_MOST_LOCALS = 60


@dataclass(frozen=True, slots=True)
class Own:
    """The repository's files: where they are, and which."""

    root: str
    paths: frozenset[str]

    def relative(self, path: str) -> str | None:
        """The path of a file of the repository, with `/` separators; None for any other file."""
        real = os.path.realpath(path)
        if not real.startswith(self.root + os.sep):
            return None
        found = os.path.relpath(real, self.root).replace(os.sep, "/")
        return found if found in self.paths else None


class Caught:
    """A context that ends with whatever the code under repair raised, and keeps it in `error`."""

    def __init__(self) -> None:
        self.error: BaseException | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        self.error = error
        return True


def perform(setup: str, expression: str, own: Own, patches: Sequence[str] = ()) -> dict[str, Any]:
    """What the expression gave after the statements of `setup`; `own` are the repository's files.

    What has still to run for a result to exist is run: coroutines are awaited, generators are exhausted.
    """
    names: dict[str, Any] = {"__name__": "recorded_call"}
    forms: list[str] = []
    value: object = None
    with Caught() as preparing:
        exec(compile(setup, "<setup>", "exec"), names)  # noqa: S102 - the sandbox is for running it
    if preparing.error is not None:
        missing = _missing(preparing.error, names)
        return {**_failed(preparing.error, own), "stage": "setup", "forms": forms, "missing": missing}
    with Caught() as caught, contextlib.ExitStack() as stack:
        for patch in patches:
            stack.enter_context(eval(patch, names))  # noqa: S307
        if _is_statement(expression):
            exec(compile(expression, "<call>", "exec"), names)  # noqa: S102
        else:
            value = _settled(eval(compile(expression, "<call>", "eval"), names), forms)  # noqa: S307
    if caught.error is not None:
        missing = _missing(caught.error, names)
        return {**_failed(caught.error, own), "stage": "call", "forms": forms, "missing": missing}
    return {**_returned(value), "stage": "call", "forms": forms}


def _is_statement(code: str) -> bool:
    return not isinstance(ast.parse(code).body[0], ast.Expr)


def _settled(value: object, forms: list[str]) -> object:
    """The value after awaiting and exhausting it; `forms` tells what it was, outermost first."""
    if inspect.iscoroutine(value):
        forms.append("coroutine")
        return _settled(asyncio.run(value), forms)
    if inspect.isasyncgen(value):
        forms.append("async generator")
        return asyncio.run(_collected(value))
    if inspect.isgenerator(value):
        forms.append("generator")
        return list(value)
    if isinstance(value, contextlib._GeneratorContextManager):  # noqa: SLF001 - no public name tells it
        forms.append("context")
        with value:
            return None
    return value


async def _collected(value: Any) -> list[object]:
    return [one async for one in value]


def _returned(value: object) -> dict[str, Any]:
    with Caught() as caught:
        text = plain(repr(value))[:_LONGEST]
        return {
            "returned": text,
            "returned_type": _qualified(type(value)),
            "literal": _is_literal(value, text),
        }
    return {
        "returned": f"<{type(value).__name__}, repr raised {type(caught.error).__name__}>",
        "returned_type": _qualified(type(value)),
        "literal": False,
    }


def _is_literal(value: object, text: str) -> bool:
    with contextlib.suppress(ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        read = ast.literal_eval(text)
        return type(read) is type(value) and bool(read == value)
    return False


def plain(text: str) -> str:
    """The text with every memory address replaced by the same one."""
    return _ADDRESS.sub("0x0", text)


def messages(error: BaseException) -> list[str]:
    """What a tracker may have recorded as the error's message: Sentry prefers `message` and `detail` attributes."""
    told: list[str] = []
    with Caught():
        told += [
            one
            for name in ("message", "detail")
            if isinstance(one := getattr(error, name, None), str) and one
        ]
    with Caught():
        told.append(str(error))
    return [plain(one)[:_LONGEST] for one in told]


def _failed(error: BaseException, own: Own) -> dict[str, Any]:
    chain = [_described(one, own) for one in _chain(error)]
    return {"chain": chain, **chain[0]}


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error, then what it was raised from or during."""
    seen: set[int] = set()
    following: BaseException | None = error
    while following is not None and id(following) not in seen:
        seen.add(id(following))
        yield following
        hidden = following.__suppress_context__
        following = following.__cause__ or (None if hidden else following.__context__)


def _described(error: BaseException, own: Own) -> dict[str, Any]:
    told = messages(error)
    return {
        "exception": type(error).__name__,
        "exception_module": type(error).__module__,
        "exception_mro": [_qualified(one) for one in type(error).__mro__],
        "message": told[-1] if told else "",
        "messages": told,
        "frames": list(_frames(error, own)),
    }


def _frames(error: BaseException, own: Own) -> Iterator[dict[str, Any]]:
    for frame, line in traceback.walk_tb(error.__traceback__):
        path = own.relative(frame.f_code.co_filename)
        if path is not None:
            yield {
                "path": path,
                "function": frame.f_code.co_name,
                "line": line,
                "span": _span(error, frame),
                "locals": {
                    name: [_qualified(one) for one in type(value).__mro__]
                    for name, value in list(frame.f_locals.items())[:_MOST_LOCALS]
                },
            }


def _span(error: BaseException, frame: Any) -> list[int | None] | None:
    """Where the failing instruction stands: line, end line, column, end column, as the interpreter counts bytes."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame is not frame:
        trace = trace.tb_next
    if trace is None:
        return None
    positions = list(frame.f_code.co_positions())
    at = trace.tb_lasti // 2
    return list(positions[at]) if 0 <= at < len(positions) else None


def _qualified(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


def _missing(error: BaseException, names: Mapping[str, Any]) -> tuple[str, list[str]] | None:
    """The variable and the path of an attribute that one of the call's own objects lacks, if that is the error."""
    if not isinstance(error, AttributeError):
        return None
    wanted = (
        error.name if isinstance(error.name, str) else str(error).rpartition("attribute ")[2].strip("'\"")
    )
    if not wanted.isidentifier():
        return None
    owner: object = error.obj if error.name is not None else None
    for name, value in names.items():
        if name.startswith("__") or isinstance(value, type | ModuleType | FunctionType):
            continue
        if owner is None:
            # A class with its own `__getattr__` says no more than the name.
            if hasattr(type(value), "__getattr__") and wanted in str(error) and not isinstance(value, str):
                return name, [wanted]
            continue
        if value is owner:
            return name, [wanted]
        with Caught():
            for attribute, inner in list(vars(value).items()):
                if inner is owner:
                    return name, [attribute, wanted]
    return None
