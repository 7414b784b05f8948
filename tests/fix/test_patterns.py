"""Every pattern's examples are programs: they fail as declared, are repaired as written, and then run."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from app.core.category import CATEGORIES
from app.core.model import CodeFrame, Failure, RootCause
from app.core.source import LoadedTree
from app.fix.engine import Candidate, candidates
from app.fix.pattern import description, patterns
from app.investigate.expression import find_failure

from .conftest import CRASHES, SHA, frames_of, write_files


def programs() -> Iterator[tuple[str, str, str | None]]:
    """The name of each program, its text, and its text after the repair (None for one that is left alone)."""
    for name, pattern in patterns().items():
        for number, example in enumerate(pattern.examples):
            yield f"{name}_{number}", example.before, example.after
        for number, unchanged in enumerate(pattern.unchanged):
            yield f"{name}_unchanged_{number}", unchanged.code, None


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Mapping[str, Any] | None]:
    folder = tmp_path_factory.mktemp("examples")
    for name, before, after in programs():
        versions = {"before": before} if after is None else {"before": before, "after": after}
        for version, text in versions.items():
            module = f"{name}_{version}"
            write_files(folder / module, {f"{module}.py": text, "call.txt": f"import {module}"})
    command = [sys.executable, str(CRASHES / "record.py"), str(folder), str(folder / "events.json")]
    subprocess.run(command, check=True, timeout=60)
    loaded: Mapping[str, Mapping[str, Any] | None] = json.loads((folder / "events.json").read_text())
    return loaded


def repair(name: str, text: str, event: Mapping[str, Any]) -> tuple[str, str, list[Candidate]]:
    """The exception, its message, and what all patterns make of the program."""
    path = f"{name}_before.py"
    raised = frames_of(event)[0]
    frames = tuple(
        CodeFrame(path, one.function, one.line, one.code or "", one.variables)
        for one in raised.frames
        if one.path == path
    )
    culprit = frames[-1]
    failure = find_failure(
        text, culprit.line, culprit.function, raised.type, raised.message, culprit.variables
    )
    assert isinstance(failure, Failure), failure
    cause = RootCause(
        raised.type,
        raised.message,
        path,
        culprit.function,
        culprit.line,
        SHA,
        SHA,
        "main",
        failure,
        frames,
        None,
    )
    return raised.type, raised.message, list(candidates(cause, LoadedTree(frozenset({path}), {path: text})))


@pytest.mark.parametrize(("name", "before", "after"), list(programs()), ids=[one[0] for one in programs()])
def test_program(
    name: str, before: str, after: str | None, events: Mapping[str, Mapping[str, Any] | None]
) -> None:
    pattern = name.partition("_unchanged_")[0] if after is None else name.rpartition("_")[0]
    event = events[f"{name}_before"]
    assert event is not None, "the program does not fail"
    exception, message, found = repair(name, before, event)
    assert patterns()[pattern].answers_to(exception, message)
    own = [one.change.after for one in found if one.pattern == pattern]
    if after is None:
        assert own == []
    else:
        assert after in own
        assert events[f"{name}_after"] is None, "the repaired program fails"


@pytest.mark.parametrize("name", patterns())
def test_declaration(name: str) -> None:
    pattern = patterns()[name]
    assert pattern.category in CATEGORIES
    assert pattern.examples
    assert pattern.unchanged
    text = description(name)
    assert [
        heading
        for heading in ("What it fixes:", "Why it fails:", "Fix safety:", "References:")
        if heading not in text
    ] == []
