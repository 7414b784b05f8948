"""Small packages that fail: recorded by Sentry's own client in a process of its own, ready to be repeated."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.core.model import CodeFrame, Finding
from app.core.sentry_event import SentryIssue, finding_from_event
from app.core.source import LoadedTree
from app.investigate.mapping import repository_path
from app.repair.reproduce import Reproduction, reproduce, reproductions
from app.repair.sandbox import Sandbox

RECORD = Path(__file__).parents[1] / "fixtures" / "crashes" / "record.py"
_ISSUE = SentryIssue(
    "1", "SHOP-7", "title", "", "https://sentry.io/issues/1", "unresolved", None, "error", "python", "shop", "1",
    "error", 1, 1, "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", None, None, None,
)  # fmt: skip


@dataclass(frozen=True)
class Crash:
    """What was recorded of one failing call, and the checkout that it came from."""

    root: Path
    tree: LoadedTree
    finding: Finding
    frames: tuple[CodeFrame, ...]

    @contextmanager
    def sandbox(self) -> Iterator[Sandbox]:
        with Sandbox(self.root, self.tree.paths) as sandbox:
            yield sandbox

    def repeated(self) -> Reproduction | str:
        """What `reproduce` says; the sandbox is gone afterwards."""
        with self.sandbox() as sandbox:
            return reproduce(self.finding, self.frames, self.tree, sandbox)

    def all_repeated(self) -> tuple[Reproduction, ...] | str:
        with self.sandbox() as sandbox:
            return reproductions(self.finding, self.frames, self.tree, sandbox)


def record(folder: Path, files: Mapping[str, str], call: str) -> Crash:
    """The crash of the call, with the given files as the repository."""
    return record_all(folder, {"project": (files, call)})["project"]


def record_all(folder: Path, projects: Mapping[str, tuple[Mapping[str, str], str]]) -> dict[str, Crash]:
    """The crash of each project's call; all are recorded in one process, so their packages need names of their own."""
    live, events = folder / "live", folder / "events.json"
    texts = {
        name: {path: textwrap.dedent(text) for path, text in files.items()}
        for name, (files, _) in projects.items()
    }
    for name, (_, call) in projects.items():
        for path, text in {**texts[name], "call.txt": textwrap.dedent(call)}.items():
            (live / name / path).parent.mkdir(parents=True, exist_ok=True)
            (live / name / path).write_text(text, encoding="utf-8")
    command = [sys.executable, str(RECORD), str(live), str(events)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    found = json.loads(events.read_text())
    return {name: _crash(live / name, texts[name], found[name]) for name in projects}


def _crash(root: Path, texts: Mapping[str, str], event: Mapping[str, Any] | None) -> Crash:
    assert event is not None, "the call raises nothing"
    finding = finding_from_event(event, _ISSUE, organization="acme")
    assert finding is not None
    tree = LoadedTree(frozenset(texts), texts)
    frames = tuple(
        CodeFrame(path, one.function, one.line, (one.code or "").strip(), one.variables)
        for one in finding.raised.frames
        if one.absolute_path is not None
        and Path(one.absolute_path).is_relative_to(root)
        and (path := repository_path(one, tree.paths)) is not None
    )
    return Crash(root, tree, finding, frames)
