"""The package's own tests near a patch, run with and without it."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.bench.case import Patched
from app.bench.controls.changes import Changed
from app.bench.controls.journal import entries
from app.bench.controls.source_release import source_release
from app.bench.isolation import NoAnswer, ask
from app.bench.processes import Processes
from app.bench.verdict import Controls
from app.repair.near import is_test_file, nearest

TEST_SECONDS = 30.0
NO_TESTS = Controls("no tests")
MOST_FILES = 5
MOST_REPEATED = 20


@dataclass(frozen=True, slots=True)
class _Side:
    """One side's run: the outcome of each test, and whether all had their turn."""

    outcomes: Mapping[str, str]
    complete: bool


def compare_tests(patched: Patched, changed: Sequence[Changed], processes: Processes) -> Controls:
    """What the tests near the patch say, as far as they pass without it."""
    if importlib.util.find_spec("pytest") is None or not changed:
        return NO_TESTS
    source = source_release(patched.case, patched.cache, processes)
    files = _files(patched, source)
    nearby = nearby_tests(files, changed)
    if not nearby:
        return NO_TESTS
    sides = [
        _tree(files, nearby, patched, side, patched.scratch / f"tests-{name}")
        for name, side in (("before", patched.before), ("after", patched.after))
    ]
    before = _run(sides[0], nearby, patched, processes)
    passed = [test for test, outcome in before.outcomes.items() if outcome == "passed"]
    if not passed:
        return NO_TESTS
    after = _run(sides[1], nearby, patched, processes)
    broken = [test for test in passed if _broken(test, after)]
    ran = f"{len(passed)} test{'s' * (len(passed) > 1)}"
    if not broken:
        return Controls(ran, number=len(passed))
    # A test that depends on time or chance may differ by itself, but hardly twice in the same direction.
    again = [_run(side, broken[:MOST_REPEATED], patched, processes) for side in sides]
    for test in broken[:MOST_REPEATED]:
        if again[0].outcomes.get(test) == "passed" and _broken(test, again[1]):
            return Controls(ran, f"{test} passes without the patch and not with it", len(passed))
    return Controls(ran, number=len(passed))


def nearby_tests(files: Mapping[str, Path], changed: Sequence[Changed]) -> list[str]:
    """The test files that name what is changed, nearest first."""
    tests = ((name, path) for name, path in files.items() if is_test_file(name))
    texts = ((name, path.read_text(encoding="utf-8", errors="replace")) for name, path in tests)
    return nearest(texts, changed, MOST_FILES)


def _files(patched: Patched, source: Path | None) -> dict[str, Path]:
    """The package as its source release lays it out around the installed files, which come on top."""
    files: dict[str, Path] = {}
    if source is not None:
        listed = {path.relative_to(source).as_posix(): path for path in source.rglob("*") if path.is_file()}
        prefix = _prefix(listed, patched.files)
        files = {name.removeprefix(prefix): path for name, path in listed.items()}
    return {**files, **{name: patched.before / name for name in patched.installation.own}}


def _prefix(listed: Iterable[str], patched: Iterable[str]) -> str:
    """The folder of the source release below which the package's files are, such as `src/`; often there is none."""
    for file in patched:
        found = [name for name in listed if name == file or name.endswith(f"/{file}")]
        if found:
            return min(found, key=len).removesuffix(file)
    return ""


def _tree(
    files: Mapping[str, Path], tests: Iterable[str], patched: Patched, side: Path, folder: Path
) -> Path:
    """A checkout of one side, without the folders that hold neither the package nor these tests.

    All files are real copies, because tests write where they like.
    """
    own = patched.installation.own | set(patched.files)
    tops = {name.partition("/")[0] for name in (*own, *tests)}
    for name in {*files, *patched.files}:
        source = side / name if name in own else files[name]
        top, slash, _ = name.partition("/")
        if (top in tops or not slash) and source.is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, folder / name)
    return folder


def _run(root: Path, tests: Sequence[str], patched: Patched, processes: Processes) -> _Side:
    journal = root.with_name(f"{root.name}.journal")
    journal.unlink(missing_ok=True)
    spec = importlib.util.find_spec("pytest")
    order = {
        "root": str(root),
        "path": [str(root), str(patched.site)],
        "pytest": str(Path(spec.origin).parents[1]) if spec and spec.origin else "",
        "tests": tests,
        "journal": str(journal),
    }
    try:
        ask(processes, "run_tests", order, scratch=patched.scratch, seconds=TEST_SECONDS)
        complete = True
    except NoAnswer:
        complete = False
    return _Side(entries(journal), complete)


def _broken(test: str, side: _Side) -> bool:
    """True if the test had its turn and did not pass."""
    outcome = side.outcomes.get(test)
    return outcome != "passed" and (outcome is not None or side.complete)
