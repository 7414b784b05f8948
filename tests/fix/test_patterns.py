"""Every pattern's examples are programs: they fail as declared, are repaired as written, and then run."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from app.core.category import CATEGORIES
from app.core.exceptions import ancestors
from app.core.model import RootCause
from app.core.sentry_event import raised_chain
from app.core.source import LoadedTree
from app.fix.engine import Candidate
from app.fix.pattern import description, patterns
from app.repair import repair

from .conftest import CRASHES, finding_of, write_files


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


def repaired(name: str, text: str, event: Mapping[str, Any]) -> tuple[RootCause, list[Candidate]]:
    """What failed in the program, and what all patterns make of it."""
    path = f"{name}_before.py"
    finding = finding_of(name, raised_chain(event))
    found = repair(finding, LoadedTree(frozenset({path}), {path: text}))
    assert found.cause is not None, found.stop
    return found.cause, list(found.candidates)


@pytest.mark.parametrize(("name", "before", "after"), list(programs()), ids=[one[0] for one in programs()])
def test_program(
    name: str, before: str, after: str | None, events: Mapping[str, Mapping[str, Any] | None]
) -> None:
    pattern = name.partition("_unchanged_")[0] if after is None else name.rpartition("_")[0]
    event = events[f"{name}_before"]
    assert event is not None, "the program does not fail"
    cause, found = repaired(name, before, event)
    names = ancestors(cause.exception, cause.module)
    assert any(patterns()[pattern].answers_to(one, cause.message) for one in names)
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
