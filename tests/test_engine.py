from __future__ import annotations

import asyncio
import dataclasses
import json
import os
import signal
import subprocess
import sys
import typing
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from app import engine
from app.core import model
from app.core.model import Incident, Reason, Stage, Stop
from app.engine import Engine, EngineLocked, decode, encode
from samples import case

CLASSES = [item for item in vars(model).values() if isinstance(item, type) and dataclasses.is_dataclass(item)]

# Values ----------------------------------------------------------------------------------------------------------

texts = st.text(st.characters(codec="utf-8"), max_size=20)
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)


def values_of(kind: Any) -> st.SearchStrategy[Any]:
    """Any value that the annotation allows."""
    if kind is JsonValue:
        return json_values
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is tuple:
        return st.lists(values_of(arguments[0]), max_size=2).map(tuple)
    if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping):
        return st.dictionaries(values_of(arguments[0]), values_of(arguments[1]), max_size=2)
    if arguments:
        return st.one_of(*map(values_of, arguments))
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        hints = typing.get_type_hints(kind)
        return st.builds(
            kind, **{field.name: values_of(hints[field.name]) for field in dataclasses.fields(kind)}
        )
    plain: dict[Any, st.SearchStrategy[Any]] = {
        str: texts,
        int: st.integers(-(2**53), 2**53),
        float: st.floats(allow_nan=False, allow_infinity=False),
        bool: st.booleans(),
        type(None): st.none(),
    }
    return plain[kind] if kind in plain else st.sampled_from(list(kind))


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_every_value_of_the_model_survives_being_stored(kind: type, data: st.DataObject) -> None:
    value = data.draw(values_of(kind))
    stored = json.loads(json.dumps(encode(value), allow_nan=False))
    assert decode(stored) == value
    assert type(decode(stored)) is kind


def test_what_was_found_so_far_survives_as_it_is() -> None:
    whole = case()
    for field in dataclasses.fields(whole):
        value = getattr(whole, field.name)
        assert decode(json.loads(json.dumps(encode(value)))) == value


@pytest.mark.parametrize(
    "value",
    [None, "text", 3, [1, 2], {"type": "Stop"}, {"type": "NoSuch", "value": 1}, {"a": {"type": "Stop"}}],
)
def test_plain_json_is_stored_as_it_is(value: Any) -> None:
    assert decode(json.loads(json.dumps(encode(value)))) == value


@pytest.mark.parametrize("kind", ["os", "Path", "TypeAdapter", "StrEnum", "__builtins__"])
def test_only_the_model_is_made_from_what_is_stored(kind: str) -> None:
    stored = {"type": kind, "value": {}}
    assert decode(stored) is stored


# A running engine ------------------------------------------------------------------------------------------------


@engine.workflow("test-echo")
async def echo(arguments: dict[str, Any]) -> str:
    message = await engine.receive(20.0)
    return f"{arguments['name']} {message and message['text']}"


@engine.workflow("test-refusal")
async def refusal(_arguments: dict[str, Any]) -> str:
    async def look() -> Incident | Stop:
        return Stop(Stage.DETECT, Reason.UNTRUSTED, "no \U0001f600 é")

    value = await engine.step("look", look)
    return f"{type(value).__name__} {value.reason if isinstance(value, Stop) else ''}"


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Path]:
    running = Engine(tmp_path, wake_seconds=0.02)
    running.launch()
    yield tmp_path
    await running.stop()


async def _result(identity: str) -> Any:
    from dbos import DBOS  # noqa: PLC0415 - only here a test looks behind the engine

    async with asyncio.timeout(30):
        handle: Any = await DBOS.retrieve_workflow_async(identity)
        return await handle.get_result()


async def test_a_workflow_is_started_once_and_told_once(running: Path) -> None:
    assert isinstance(running, Path)
    for _ in range(3):
        await engine.start(echo, "w-1", {"name": "first"})
    await engine.start(echo, "w-2", {"name": "second"})
    for identity in ("w-1", "w-2", "w-1", "w-none"):
        await engine.send(identity, {"text": "hello"}, key="delivery-1")
    assert await _result("w-1") == "first hello"
    assert await _result("w-2") == "second hello"


async def test_a_refusal_comes_back_as_the_value_it_was(running: Path) -> None:
    assert isinstance(running, Path)
    await engine.start(refusal, "w-3", {})
    assert await _result("w-3") == "Stop untrusted"


async def test_one_data_folder_belongs_to_one_process(running: Path) -> None:
    with pytest.raises(EngineLocked, match="another Autofix is running"):
        Engine(running)
    assert (running / "engine.lock").read_text() == str(os.getpid())


# Survival --------------------------------------------------------------------------------------------------------

PROGRAM = """
import asyncio, sys
from pathlib import Path
from app import engine
from app.core.model import Reason, Stage, Stop
from app.engine import Engine

FOLDER = Path(sys.argv[1])


def note(line):
    with (FOLDER / "journal").open("a") as journal:
        journal.write(line + "\\n")


async def first():
    note("first")
    return Stop(Stage.FIX, Reason.NOVEL, "kept")


async def second():
    note("second")
    return 7


@engine.workflow("survivor")
async def survivor(arguments):
    begun = await engine.now()
    stop = await engine.step("first", first)
    print("waiting", flush=True)
    message = await engine.receive(60.0)
    number = await engine.step("second", second)
    note(f"end {arguments['name']} {stop.detail} {message['text']} {number} {begun}")
    print("done", flush=True)
    return "done"


async def main():
    running = Engine(FOLDER, wake_seconds=0.02)
    running.launch()
    loop = asyncio.get_running_loop()
    if sys.argv[2] == "start":
        await engine.start(survivor, "w-1", {"name": "one"})
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        await engine.send("w-1", {"text": line.strip()}, key=line.strip())
    await running.stop()


asyncio.run(main())
"""


class Process:
    """The program above, in a process of its own."""

    def __init__(self, folder: Path, how: str) -> None:
        program = folder / "program.py"
        program.write_text(PROGRAM, encoding="utf-8")
        root = str(Path(engine.__file__).parents[1])
        self.process = subprocess.Popen(
            [sys.executable, str(program), str(folder), how],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={"PYTHONPATH": root, "PATH": os.environ["PATH"], "HOME": str(folder)},
            text=True,
        )

    def hear(self, word: str) -> None:
        """Waits for the program to say `word`; its end is the end of the wait."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.strip() == word:
                return
        raise AssertionError(f"the program ended without saying {word!r}")

    def say(self, word: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.close()

    def close(self) -> None:
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()
        self.process.wait(timeout=30)


@pytest.mark.timeout(90)
def test_w22_a_workflow_goes_on_after_kill_9_and_repeats_no_finished_step(tmp_path: Path) -> None:
    process = Process(tmp_path, "start")
    process.hear("waiting")
    process.kill()
    journal = tmp_path / "journal"
    assert journal.read_text().splitlines() == ["first"]

    process = Process(tmp_path, "recover")
    process.hear("waiting")
    process.kill()
    assert journal.read_text().splitlines() == ["first"]

    process = Process(tmp_path, "recover")
    process.say("hello")
    process.hear("done")
    process.close()
    lines = journal.read_text().splitlines()
    assert lines[:2] == ["first", "second"]
    assert lines[2].startswith("end one kept hello 7 ")
    assert len(lines) == 3
