from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from app.core.model import CodeFrame, Finding, Frame, Patch, Raised, RootCause, Stop
from app.core.source import LoadedTree
from app.fix.engine import write_patch
from app.investigate.expression import find_failure

CRASHES = Path(__file__).parents[1] / "fixtures" / "crashes"
SHA = "0" * 40


@dataclass(frozen=True)
class Crash:
    """One bug of a small shop: its files, the call that fails, and what production recorded of it."""

    name: str
    group: str
    package: str
    files: Mapping[str, str]
    call: str


@dataclass(frozen=True)
class Handled:
    """What was made of a crash, and how its regression test ended before and after the fix."""

    crash: Crash
    exception: str
    place: tuple[str, int]
    answer: Patch | Stop
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None


def read_crashes() -> list[Crash]:
    crashes: list[Crash] = []
    for path in sorted(CRASHES.glob("*.txt")):
        for block in re.split(r"^=== ", path.read_text(), flags=re.MULTILINE)[1:]:
            name, _, rest = block.partition("\n")
            parts = re.split(r"^--- (.*)\n", rest, flags=re.MULTILINE)[1:]
            package = f"shop{len(crashes):03d}"
            texts = {
                key: re.sub(r"(?<=(?:from|port) )shop(?=\.)", package, text)
                for key, text in zip(parts[::2], parts[1::2], strict=True)
            }
            if name == "tabs_and_crlf":
                texts = {key: text.replace("\n", "\r\n") for key, text in texts.items()}
            call = texts.pop("call")
            files = {f"{package}/__init__.py": ""}
            files |= {key.replace("shop/", f"{package}/"): text for key, text in texts.items()}
            crashes.append(Crash(name, path.stem, package, files, call))
    return crashes


def write_files(folder: Path, files: Mapping[str, str]) -> None:
    for path, text in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text.encode())


def frames_of(event: Mapping[str, Any]) -> tuple[Raised, ...]:
    """The chain of an SDK event, root first, as the Sentry client hands it over."""
    return tuple(
        Raised(
            one["type"],
            one.get("value") or "",
            tuple(
                Frame(
                    frame["filename"],
                    frame["function"],
                    frame["lineno"],
                    frame.get("context_line"),
                    frame.get("vars") or {},
                    frame.get("in_app", True),
                )
                for frame in one["stacktrace"]["frames"]
            ),
        )
        for one in event["exception"]["values"]
    )


def finding_of(short_id: str, chain: tuple[Raised, ...]) -> Finding:
    return Finding(
        "sentry", "acme", "shop", "1", short_id, "https://sentry.io/issues/1", "0", "title", "python", f"shop@{SHA}",
        "production", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", 12, 3, chain,
    )  # fmt: skip


def handle(finding: Finding, files: Mapping[str, str]) -> tuple[Patch | Stop, tuple[str, int]]:
    """What the stages investigate and fix make of a finding, with the culprit's place."""
    tree = LoadedTree(frozenset(files), files)
    raised = finding.root
    frames = tuple(
        CodeFrame(one.path, one.function, one.line, one.code or "", one.variables)
        for one in raised.frames
        if one.path in files
    )
    assert frames, (finding.short_id, raised.type, raised.message)
    culprit = frames[-1]
    place = (culprit.path, culprit.line)
    failure = find_failure(
        files[culprit.path], culprit.line, culprit.function, raised.type, raised.message, culprit.variables
    )
    if isinstance(failure, Stop):
        return failure, place
    cause = RootCause(
        raised.type,
        raised.message,
        culprit.path,
        culprit.function,
        culprit.line,
        SHA,
        SHA,
        "main",
        failure,
        frames,
        None,
    )
    return write_patch(finding, cause, tree), place


def run_tests(folder: Path) -> Mapping[str, Mapping[str, Any]]:
    """How each test below the folder ended, by node id."""
    results = folder / "results.json"
    environment = {**os.environ, "WATCH_RESULTS": str(results), "PYTHONPATH": f"{folder}:{CRASHES}"}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "watch",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        str(folder),
        str(folder),
    ]
    subprocess.run(command, cwd=folder, env=environment, check=False, capture_output=True, timeout=120)
    loaded: Mapping[str, Mapping[str, Any]] = json.loads(results.read_text())
    return loaded


@pytest.fixture(scope="session")
def handled(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Handled]:
    """Every crash, driven from the real exception to the regression test on both versions."""
    crashes = read_crashes()
    live, before, after = (tmp_path_factory.mktemp(name) for name in ("live", "before", "after"))
    for crash in crashes:
        write_files(live / crash.name, {**crash.files, "call.txt": crash.call})
    subprocess.run(
        [sys.executable, str(CRASHES / "record.py"), str(live), str(live / "events.json")],
        check=True,
        timeout=60,
    )
    events = json.loads((live / "events.json").read_text())
    answers: dict[str, tuple[Patch | Stop, tuple[str, int], str]] = {}
    for number, crash in enumerate(crashes):
        chain = frames_of(events[crash.name])
        answer, place = handle(finding_of(f"SHOP-{number}", chain), crash.files)
        answers[crash.name] = answer, place, chain[0].type
        if isinstance(answer, Patch):
            write_files(before, {**crash.files, answer.test.change.path: answer.test.change.after})
            changes = {change.path: change.after for change in answer.changes}
            write_files(after, {**crash.files, **changes})
    old, new = run_tests(before), run_tests(after)
    found: dict[str, Handled] = {}
    for crash in crashes:
        answer, place, exception = answers[crash.name]
        test = answer.test.test_id if isinstance(answer, Patch) else ""
        found[crash.name] = Handled(crash, exception, place, answer, old.get(test), new.get(test))
    return found
