"""Does the patched package still behave on inputs that did not crash?

Its own tests near the patch are run on both sides, where its source release has some that run here. Where there are
hardly any, the changed functions are called on both sides with made-up arguments. What differs, twice, is the patch's
doing.
"""

from __future__ import annotations

from app.bench.case import Patched
from app.bench.controls.calls import compare_calls
from app.bench.controls.changes import changed_functions
from app.bench.controls.own_tests import compare_tests
from app.bench.processes import Processes
from app.bench.verdict import Controls

ENOUGH_TESTS = 5
NONE_POSSIBLE = Controls("none possible")


def control(patched: Patched, processes: Processes) -> Controls:
    """What ran on both sides, and the first difference."""
    changed = changed_functions(patched.before, patched.files)
    tests = compare_tests(patched, changed, processes)
    if tests.difference or tests.number >= ENOUGH_TESTS:
        return tests
    calls = compare_calls(patched, changed, processes)
    ran = ", ".join(one.ran for one in (tests, calls) if one.number)
    return Controls(ran, calls.difference, tests.number + calls.number) if ran else NONE_POSSIBLE
