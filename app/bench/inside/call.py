"""Calls functions with given arguments and writes down what each call did, one line each as soon as it is known."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import inspect
import io
import itertools
import json
import os
import random
import re
import signal
import sys
import traceback
import types
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from .catching import Catching
from .fence import limit_memory, raise_fence

MEMORY = 2 * 2**30
CALL_SECONDS = 2.0
MOST_ITEMS = 50
MOST_TEXT = 2_000
DEPTH = 3
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{4,}")


class _TooLong(BaseException):
    """The call's time is up. No `except Exception` of the code under test may catch this."""


def main(order_file: str, answer_file: str) -> None:
    """The journal holds what every call did; the answer, that all were made."""
    order = json.loads(Path(order_file).read_text(encoding="utf-8"))
    warnings.simplefilter("ignore")
    limit_memory(MEMORY)
    sys.path[:0] = order["path"]
    signal.signal(signal.SIGALRM, _time_is_up)
    sys.stdin = io.StringIO()
    with Path(order["journal"]).open("a", encoding="utf-8", buffering=1) as journal:
        raise_fence([str(Path.home()), str(Path(answer_file).parent)], programs=False)
        for call in order["calls"]:
            outcome = _outcome(call, order["crash"], order["path"])
            journal.write(json.dumps([call["number"], outcome]) + "\n")
    Path(answer_file).write_text("{}", encoding="utf-8")
    os._exit(0)


def _outcome(call: Mapping[str, Any], crash: Mapping[str, Any], path: list[str]) -> dict[str, Any]:
    """What the call returned or raised, what it printed, and what it left in its arguments and its object."""
    random.seed(0)
    printed, caught = io.StringIO(), Catching()
    seen: dict[str, Any] = {}
    # Again and again, should the code under test swallow the first one.
    signal.setitimer(signal.ITIMER_REAL, CALL_SECONDS, CALL_SECONDS / 4)
    with caught, contextlib.redirect_stdout(printed), contextlib.redirect_stderr(io.StringIO()):
        receiver, function = _resolved(call)
        positional = [_value(text) for text in call["positional"]]
        named = {name: _value(text) for name, text in call["named"].items()}
        seen["called"] = True
        returned = _finished(function(*positional, **named))
        seen["returned"] = _described(returned)
        seen["arguments"] = _described([positional, named])
        if receiver is not None and not isinstance(receiver, type | types.ModuleType):
            seen["object"] = _described(receiver)
    signal.setitimer(signal.ITIMER_REAL, 0)
    raised = caught.raised
    if raised is not None:
        seen["raised"] = type(raised).__name__
        seen["message"] = "" if isinstance(raised, _TooLong) else _told(raised)
        seen["crashed"] = _is_a_crash(raised, crash)
    seen["printed"] = printed.getvalue()[:MOST_TEXT]
    return {key: _portable(value, path) if isinstance(value, str) else value for key, value in seen.items()}


def _resolved(call: Mapping[str, Any]) -> tuple[Any, Callable[..., Any]]:
    """What the function is called on (a module, a class, an object), and the function."""
    holder: Any = importlib.import_module(call["module"])
    *classes, name = call["qualname"].split(".")
    for part in classes:
        holder = getattr(holder, part)
    if not classes or call["kind"] in {"static", "class"}:
        return holder, getattr(holder, name)
    if name in {"__init__", "__new__"}:
        return holder, lambda *positional, **named: vars(holder(*positional, **named))
    receiver = _constructed(holder, call["constructors"])
    if call["kind"] == "property":
        return receiver, lambda: getattr(receiver, name)
    return receiver, getattr(receiver, name)


def _constructed(kind: type, constructors: list[dict[str, Any]]) -> Any:
    """An object, by the first way to construct it that works."""
    fault: BaseException | None = None
    for way in constructors:
        caught = Catching()
        with caught:
            named = {name: _value(text) for name, text in way["named"].items()}
            return kind(*map(_value, way["positional"]), **named)
        fault = caught.raised
        if isinstance(fault, _TooLong):
            break
    raise RuntimeError(f"no object of {kind.__name__} can be made: {type(fault).__name__}")


def _value(text: str) -> Any:
    """A new value each time; the texts are literals that this project wrote."""
    return eval(text, {"__builtins__": {"set": set, "frozenset": frozenset}})  # noqa: S307


def _finished(returned: Any) -> Any:
    """The value of a coroutine, the first items of an iterator."""
    if inspect.iscoroutine(returned):
        return asyncio.run(asyncio.wait_for(returned, CALL_SECONDS))
    if isinstance(returned, types.GeneratorType | map | filter | zip):
        return list(itertools.islice(returned, MOST_ITEMS))
    return returned


def _described(value: Any, depth: int = DEPTH) -> str:
    """What can be seen of a value from outside, without addresses."""
    caught = Catching()
    text = ""
    with caught:
        text = _shape(value, depth)
    if caught.raised is not None:
        text = f"<{type(value).__name__} that has no repr: {type(caught.raised).__name__}>"
    return text[:MOST_TEXT]


def _shape(value: Any, depth: int) -> str:
    kind = type(value)
    if depth and kind in {list, tuple}:
        return f"{kind.__name__}({', '.join(_described(item, depth - 1) for item in value[:MOST_ITEMS])})"
    if depth and kind is dict:
        items = itertools.islice(value.items(), MOST_ITEMS)
        return "{" + ", ".join(f"{_described(k, 1)}: {_described(v, depth - 1)}" for k, v in items) + "}"
    plain: object = object.__repr__
    if depth and kind.__repr__ is plain and hasattr(value, "__dict__"):
        return f"{kind.__name__} {_described(vars(value), depth - 1)}"
    return f"{kind.__name__} {value!r}"


def _told(raised: BaseException) -> str:
    caught, text = Catching(), "<no message>"
    with caught:
        text = str(raised)
    return text[:MOST_TEXT]


def _is_a_crash(raised: BaseException, crash: Mapping[str, Any]) -> bool:
    """True for the recorded exception, raised by the recorded line or by something it called, and for a wrong type.

    A type that is wrong for an operation shows that the argument was never meant to be given. One that a `raise`
    statement refuses is another matter: that is how the function behaves.
    """
    trace = traceback.extract_tb(raised.__traceback__)
    places = {(frame.filename, frame.lineno) for frame in trace}
    if type(raised).__name__ == crash["type"] and (crash["file"], crash["line"]) in places:
        return True
    return isinstance(raised, TypeError | AttributeError) and not (trace[-1].line or "").startswith("raise")


def _portable(text: str, path: list[str]) -> str:
    for folder in path:
        text = text.replace(folder, "<side>")
    return _ADDRESS.sub("0x", text.replace(str(Path.home()), "<home>"))


def _time_is_up(_number: int, _frame: types.FrameType | None) -> None:
    raise _TooLong
