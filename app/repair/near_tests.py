"""The repository's nearest tests, run in the sandbox without and with a change: what passed must still pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from app.core.model import FileChange
from app.core.source import SourceTree
from app.repair.near import changed, is_test_file, nearest
from app.repair.sandbox import Limits, Sandbox
from app.repair.script import run_inside

SECONDS: Final = 15.0
MOST_FILES: Final = 3
MOST_READ: Final = 2_000
MOST_REPEATED: Final = 20


@dataclass(frozen=True, slots=True)
class Checked:
    """How the tests near a change did: `passed` is how many passed without it, `broken` names one that no more does."""

    passed: int = 0
    broken: str | None = None


@dataclass(frozen=True, slots=True)
class _Side:
    """The outcome of each test that began, None where it did not end, and whether all had their turn."""

    outcomes: Mapping[str, str | None]
    complete: bool

    def breaks(self, test: str) -> bool:
        """True if the test had its turn and did not pass."""
        return self.outcomes.get(test, "never") != "passed" and (test in self.outcomes or self.complete)


class NearTests:
    """Runs the tests near a change. Each set of test files runs once without any change, however often it is asked."""

    def __init__(self, tree: SourceTree, sandbox: Sandbox) -> None:
        self._tree = tree
        self._sandbox = sandbox
        self._before: dict[tuple[str, ...], _Side] = {}

    def check(self, change: FileChange) -> Checked:
        """What the nearest tests say. A test counts if it passes without the change, and breaks if it does twice."""
        tests = self._nearest(change)
        if not tests:
            return Checked()
        if tests not in self._before:
            self._before[tests] = self._run(tests, None)
        passed = [test for test, outcome in self._before[tests].outcomes.items() if outcome == "passed"]
        if not passed:
            return Checked()
        after = self._run(tests, change)
        broken = [test for test in passed if after.breaks(test)][:MOST_REPEATED]
        if broken:
            # A test that depends on time or chance may differ by itself, but hardly twice in the same direction.
            without, with_it = self._run(broken, None), self._run(broken, change)
            for test in broken:
                if without.outcomes.get(test) == "passed" and with_it.breaks(test):
                    return Checked(len(passed), test)
        return Checked(len(passed))

    def _nearest(self, change: FileChange) -> tuple[str, ...]:
        before = change.before or ""
        targets = changed(change.path, before, change.after)
        named = [path for path in sorted(self._tree.paths) if is_test_file(path)][:MOST_READ]
        texts = ((path, self._tree.read(path) or "") for path in named if path != change.path)
        return tuple(nearest(texts, targets, MOST_FILES)) if targets else ()

    def _run(self, tests: Sequence[str], change: FileChange | None) -> _Side:
        task = {"root": str(self._sandbox.copy), "tests": list(tests)}
        changes = {change.path: change.after} if change is not None else {}
        outcomes: dict[str, str | None] = {}
        complete = False
        for line in run_inside(self._sandbox, task, changes=changes, limits=Limits(seconds=SECONDS)):
            if "test" in line:
                outcomes[str(line["test"])] = line.get("outcome")
            complete = complete or "complete" in line
        return _Side(outcomes, complete)
