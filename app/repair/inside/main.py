"""What a script in the sandbox does: search for the call that repeats a crash, make one known call, or run tests."""

from __future__ import annotations

import os
import traceback
from collections.abc import Mapping
from typing import Any

from .bytecode import keep_bytecode
from .evaluate import import_lines
from .near import run_tests
from .output import Output
from .report import Caught, Own, perform
from .search import search


def main(mark: str, task: Mapping[str, Any]) -> None:
    """Everything that came of the task is written, and the process has ended."""
    output = Output(mark)
    keep_bytecode(os.path.realpath(task["root"]))
    with Caught() as caught:
        _run(task, output)
    if caught.error is not None:
        output.send({"fault": "".join(traceback.format_exception(caught.error))[-4000:]})
    # Threads and exit handlers of the code under repair have no say any more.
    os._exit(0)


def _run(task: Mapping[str, Any], output: Output) -> None:
    if "variants" in task:
        for answer in search(task):
            output.send(answer)
    elif "tests" in task:
        run_tests(task, output)
    else:
        call = task["call"]
        setup = "\n".join(
            [*call["prelude"], *import_lines([tuple(one) for one in call["imports"]]), *call["setup"]]
        )
        output.send(
            perform(
                setup,
                call["expression"],
                Own(os.path.realpath(task["root"]), frozenset(task["paths"])),
                call["patches"],
            )
        )
