"""Runs a reproducer against an installation: what it printed, or what it raised and how Sentry reports that.

The package under test may be sentry-sdk or one of its dependencies, and a reproducer may replace parts of the standard
library. So the SDK that reports is loaded first, from another folder, and put away until the reproducer has run.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.abc
import importlib.machinery
import io
import json
import os
import sys
import time
import traceback
import types
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .catching import Catching

REPRODUCER = "<reproducer>"


class _Borrowed(importlib.abc.MetaPathFinder):
    """Finds the packages of the SDK in the folders they are installed in, and nothing else there."""

    def __init__(self, folders: dict[str, str]) -> None:
        self._folders = folders

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """The spec of a borrowed top-level package; its submodules are found through it."""
        if path is not None or fullname not in self._folders:
            return None
        return importlib.machinery.PathFinder.find_spec(fullname, [self._folders[fullname]], target)


def main(order_file: str, answer_file: str) -> None:
    """The answer is written, and the process is gone at once, whatever threads the reproducer left behind."""
    order = json.loads(Path(order_file).read_text(encoding="utf-8"))
    warnings.simplefilter("ignore")
    time.tzset()
    sdk = _loaded(order["sdk"]) if order.get("sdk") else None
    sys.path[:0] = order["path"]
    printed, caught = io.StringIO(), Catching()
    with caught, contextlib.redirect_stdout(printed):
        # Without dont_inherit the reproducer would get the __future__ imports of this file.
        program = compile(order["program"], REPRODUCER, "exec", dont_inherit=True)
        exec(program, {"__name__": "__main__"})  # noqa: S102 - that is the job
    answer: dict[str, Any] = {"stdout": printed.getvalue(), "raised": None, "event": None}
    if caught.raised is not None:
        answer["raised"] = _described(caught.raised)
        if sdk is not None:
            answer["event"] = _event(caught.raised, sdk, order["in_app"])
    Path(answer_file).write_text(json.dumps(answer), encoding="utf-8")
    os._exit(0)


def _loaded(folders: dict[str, str]) -> dict[str, types.ModuleType]:
    """The modules of the SDK, loaded from these folders, and no longer known to the interpreter."""
    finder = _Borrowed(folders)
    sys.meta_path.insert(0, finder)
    for name in ("sentry_sdk", "sentry_sdk.transport", "sentry_sdk.utils", "urllib3", "certifi"):
        importlib.import_module(name)
    sys.meta_path.remove(finder)
    names = [name for name in sys.modules if name.partition(".")[0] in folders]
    return {name: sys.modules.pop(name) for name in names}


def _described(raised: BaseException) -> dict[str, Any]:
    frames = [
        [frame.filename, frame.name, frame.lineno]
        for frame in traceback.extract_tb(raised.__traceback__)
        if not _ours(frame.filename)
    ]
    message = str(raised.code) if isinstance(raised, SystemExit) else str(raised)
    return {"type": type(raised).__name__, "message": message, "frames": frames}


def _event(
    raised: BaseException, sdk: dict[str, types.ModuleType], in_app: list[str]
) -> dict[str, Any] | None:
    """The event that the SDK would send, without the frames of the reproducer and of this file."""
    tops = {name.partition(".")[0] for name in sdk}
    for name in list(sys.modules):
        if name.partition(".")[0] in tops:
            del sys.modules[name]
    sys.modules.update(sdk)
    if "sentry_sdk" in in_app:
        # The SDK leaves out frames of modules that have its name; here they are those of the application.
        hiding: Any = sdk["sentry_sdk.utils"]
        hiding.should_hide_frame = lambda _frame: False
    captured: list[Any] = []
    sentry: Any = sdk["sentry_sdk"]
    transport: Any = sdk["sentry_sdk.transport"].Transport

    class Keeping(transport):  # type: ignore[misc] # it is known at run time only
        def capture_envelope(self, envelope: Any) -> None:
            captured.append(envelope.get_event())

    sentry.init(
        dsn="http://key@127.0.0.1:1/1",
        transport=Keeping,
        default_integrations=False,
        auto_enabling_integrations=False,
        include_local_variables=True,
        in_app_include=in_app,
        server_name="web-1",
    )
    sentry.capture_exception(raised)
    event: dict[str, Any] | None = next((item for item in captured if item), None)
    for value in (event or {}).get("exception", {}).get("values", []):
        frames = (value.get("stacktrace") or {}).get("frames")
        if frames:
            frames[:] = [frame for frame in frames if not _ours(str(frame.get("abs_path")))]
    return event


def _ours(filename: str) -> bool:
    return filename in {REPRODUCER, __file__} or filename.endswith(f"/{REPRODUCER}")
