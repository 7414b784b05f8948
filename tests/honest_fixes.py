"""Fixes that the product itself writes: from the patterns' own examples, each as a little repository that crashes."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.core.category import CATEGORIES
from app.core.model import Patch
from app.fix.pattern import patterns
from app.verify.conformance import own_sources, unexplained, unexplained_test
from fix.conftest import CRASHES, finding_of, frames_of, handle, run_tests, write_files

PER_CATEGORY = 9


@dataclass(frozen=True)
class Honest:
    """A crash of a repository, and the patch that the product writes for it."""

    name: str
    files: Mapping[str, str]
    exception: str
    place: tuple[str, int]
    patch: Patch


def programs() -> Iterator[tuple[str, str, str]]:
    """Every example of every pattern: its name, the module, and the code that calls it."""
    for pattern, declared in patterns().items():
        for number, example in enumerate(declared.examples):
            tree = ast.parse(example.before)
            defined = [
                node for node in tree.body
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            ]  # fmt: skip
            end = defined[-1].end_lineno if defined else None
            lines = example.before.splitlines(keepends=True)
            if end is not None and end < len(lines):
                yield f"{pattern}_{number}", "".join(lines[:end]), "".join(lines[end:])


def honest_fixes(folder: Path) -> dict[str, Honest]:
    """The first fixes of each category, in the order of the examples.

    Those that the category explains as a whole, and whose test fails without them and passes with them: a plain run of
    pytest says so, not the Action.
    """
    live = folder / "live"
    files: dict[str, dict[str, str]] = {}
    for name, module, call in programs():
        # A package of its own for each, because one interpreter runs them all.
        package = f"shop_{name}"
        files[name] = {f"{package}/__init__.py": "", f"{package}/orders.py": module}
        program = f"from {package}.orders import *\nimport {package}.orders\n{call}"
        write_files(live / name, {**files[name], "call.txt": program})
    events = folder / "events.json"
    subprocess.run(
        [sys.executable, str(CRASHES / "record.py"), str(live), str(events)], check=True, timeout=100
    )
    recorded: Mapping[str, Mapping[str, Any] | None] = json.loads(events.read_text())
    written = [
        honest
        for name, event in recorded.items()
        if event is not None and (honest := _written(name, files[name], event)) is not None
    ]
    found: dict[str, list[Honest]] = {category: [] for category in CATEGORIES}
    for honest in _proven(written, folder):
        if len(found[honest.patch.category]) < PER_CATEGORY:
            found[honest.patch.category].append(honest)
    return {one.name: one for group in found.values() for one in group}


def _proven(written: list[Honest], folder: Path) -> Iterator[Honest]:
    """Those whose test fails before and passes after."""
    for honest in written:
        test = honest.patch.test.change
        write_files(folder / "before", {**honest.files, test.path: test.after})
        write_files(
            folder / "after", {**honest.files, **{one.path: one.after for one in honest.patch.changes}}
        )
    before, after = run_tests(folder / "before"), run_tests(folder / "after")
    for honest in written:
        ended = [run[honest.patch.test.test_id]["exception"] for run in (before, after)]
        if ended == [honest.exception, None]:
            yield honest


def _written(name: str, files: Mapping[str, str], event: Mapping[str, Any]) -> Honest | None:
    chain = frames_of(event)
    if not any(frame.path in files for frame in chain[0].frames):
        return None
    answer, place = handle(finding_of(name, chain), files)
    if not isinstance(answer, Patch):
        return None
    fix, test = answer.fix, answer.test
    after = {**files, fix.path: fix.after}
    sources = own_sources(test.change.after, list(after), after.__getitem__)
    if unexplained(answer.category, fix.before or "", fix.after):
        return None
    if unexplained_test(test.change.after, test.test_id, sources):
        return None
    return Honest(name, files, chain[0].type, place, answer)
