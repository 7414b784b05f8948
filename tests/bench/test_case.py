"""One case from beginning to end, with an engine that answers what the test tells it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from app.bench.case import Bench, Patched, run_case
from app.bench.cases import Case
from app.bench.fix_command import FixCommand
from app.bench.installation import NotInstalled
from app.bench.processes import Processes
from app.bench.verdict import Controls, Verdict
from bench.conftest import MakeBench
from bench.shelf import BOOKS, MENDED, fake_install, fix, make_case

SWALLOWING = MENDED.replace('"untitled"', '"unknown"')
STILL_CRASHING = BOOKS.replace("text.strip() or default", "(text.strip() or default)")


def test_a_fix_that_does_what_upstream_does_is_correct(case: Case, make_bench: MakeBench) -> None:
    row = run_case(case, make_bench(fix()))
    assert row.verdict is Verdict.CORRECT
    assert row.auto_mergeable
    assert row.seconds > 0
    assert row.as_json() | {"seconds": 0, "engine": None} == {
        "id": "shelf-none-title",
        "category": "null_safety",
        "verdict": "correct",
        "auto_mergeable": True,
        "seconds": 0,
        "pattern": "none_default",
        "reason": "prints what the mended release prints",
        "kind": "fix",
        "strict": True,
        "failed": None,
        "controls": {"ran": "not run", "difference": ""},
        "engine": None,
    }


@pytest.mark.parametrize(
    ("text", "verdict", "reason"),
    [
        (SWALLOWING, Verdict.PLAUSIBLE, "no crash, but prints 'RESULT: unknown Emma'"),
        (
            STILL_CRASHING,
            Verdict.WRONG,
            "still raises AttributeError: 'NoneType' object has no attribute 'strip'",
        ),
        ("def title(:", Verdict.WRONG, "still raises SyntaxError: invalid syntax (books.py, line 1)"),
        ("import os; os._exit(1)", Verdict.WRONG, "still raises it ended with status 1: "),
    ],
)
def test_a_fix_is_judged_by_what_it_does(
    text: str, verdict: Verdict, reason: str, case: Case, make_bench: MakeBench
) -> None:
    row = run_case(case, make_bench(fix(text)))
    assert (row.verdict, row.reason) == (verdict, reason)


def test_a_person_may_be_called(case: Case, make_bench: MakeBench) -> None:
    row = run_case(case, make_bench({"outcome": "escalate", "reason": "no-candidate"}, status=3))
    assert (row.verdict, row.reason, row.auto_mergeable) == (Verdict.ESCALATED, "no-candidate", False)


def test_what_must_not_be_fixed_must_be_left_to_a_person(make_bench: MakeBench) -> None:
    case = make_case(kind="no_fix", expected_on_fixed="")
    row = run_case(case, make_bench(fix()))
    assert (row.verdict, row.reason) == (Verdict.WRONG, "this must not be fixed")
    left = run_case(case, make_bench({"outcome": "escalate"}, status=3))
    assert left.verdict is Verdict.ESCALATED


def test_a_fix_must_be_one_of_the_package(case: Case, make_bench: MakeBench) -> None:
    row = run_case(case, make_bench(fix(file="inkwell.py")))
    assert (row.verdict, row.reason) == (Verdict.WRONG, "the patch changes no file of the package")


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("raise SystemExit('no such option')", "it ended with status 1: no such option"),
        ("import time; time.sleep(60)", "no answer within 1 s"),
        ("", "its answer cannot be read"),
    ],
)
def test_an_engine_that_fails_is_wrong(program: str, reason: str, case: Case, make_bench: MakeBench) -> None:
    row = run_case(case, make_bench(program=program or "pass", seconds=1.0))
    assert row.verdict is Verdict.WRONG
    assert row.failed == "engine"
    assert reason in row.reason


@pytest.mark.parametrize(
    ("answer", "status", "reason"),
    [
        (fix(file="../outside.py"), 0, "outside the checkout"),
        (fix(), 3, "ended with status 3, but says fix"),
        (fix(files={}), 0, "changes no file"),
        ({"outcome": "perhaps"}, 0, "its answer cannot be read"),
    ],
)
def test_an_answer_that_is_none_is_wrong(
    answer: dict[str, object], status: int, reason: str, case: Case, make_bench: MakeBench
) -> None:
    row = run_case(case, make_bench(answer, status=status))
    assert row.verdict is Verdict.WRONG
    assert row.failed == "engine"
    assert reason in row.reason


def test_a_case_that_cannot_be_installed_is_an_error_of_its_own(case: Case, tmp_path: Path) -> None:
    def fail(_case: Case, _folder: Path, _processes: Processes) -> None:
        raise NotInstalled("pip failed: no matching distribution")

    row = run_case(case, Bench(tmp_path, install=fail))
    assert (row.verdict, row.failed) == (Verdict.ERROR, "installation")
    assert row.reason == "not installed: pip failed: no matching distribution"


def test_a_case_that_does_not_crash_here_is_an_error_of_its_own(make_bench: MakeBench) -> None:
    row = run_case(make_case(reproducer="print('RESULT: fine')"), make_bench(fix()))
    assert (row.verdict, row.failed) == (Verdict.ERROR, "reproduction")
    assert row.reason == "not reproduced: the reproducer raised nothing"


def test_a_full_disk_costs_one_case_only(case: Case, tmp_path: Path) -> None:
    def fail(_case: Case, _folder: Path, _processes: Processes) -> None:
        raise OSError(28, "No space left on device")

    row = run_case(case, Bench(tmp_path, install=fail))
    assert (row.verdict, row.failed) == (Verdict.ERROR, "machine")


def test_the_engine_sees_an_event_a_checkout_and_a_site_folder(case: Case, tmp_path: Path) -> None:
    program = tmp_path / "engine.py"
    program.write_text(
        "import json, pathlib, sys\n"
        "event, repo_option, repo, site_option, site, json_option, answer = sys.argv[1:]\n"
        "listed = lambda folder: sorted(p.name for p in pathlib.Path(folder).rglob('*.*') if p.is_file())\n"
        "seen = [repo_option, site_option, json_option, listed(repo), listed(site), sorted(json.load(open(event)))]\n"
        "told = {'outcome': 'escalate', 'reason': json.dumps(seen)}\n"
        "pathlib.Path(answer).write_text(json.dumps(told))\n"
        "sys.exit(3)\n",
        encoding="utf-8",
    )
    bench = Bench(tmp_path / "work", install=fake_install, engine=FixCommand((sys.executable, str(program))))
    repo_option, site_option, json_option, repo, site, event = json.loads(run_case(case, bench).reason)
    assert (repo_option, site_option, json_option) == ("--repo", "--python-path", "--json")
    assert repo == ["__init__.py", "books.py", "words.txt"]
    assert site == ["inkwell.py"]
    assert {"exception", "event_id", "platform", "timestamp"} <= set(event)


def test_a_control_that_differs_makes_a_fix_wrong(case: Case, make_bench: MakeBench) -> None:
    seen: list[Patched] = []

    def control(patched: Patched, _processes: Processes) -> Controls:
        seen.append(patched)
        return Controls("3 tests", "test_title passes without the patch and not with it", 3)

    row = run_case(case, make_bench(fix(), control=control))
    assert row.verdict is Verdict.WRONG
    assert row.reason == "a control differs: test_title passes without the patch and not with it"
    assert row.controls.ran == "3 tests"
    assert len(seen) == 1


def test_controls_run_only_where_they_can_matter(case: Case, make_bench: MakeBench) -> None:
    def control(_patched: Patched, _processes: Processes) -> Controls:
        raise AssertionError("it still crashes")

    assert run_case(case, make_bench(fix(STILL_CRASHING), control=control)).verdict is Verdict.WRONG


def test_nothing_is_left_behind(case: Case, make_bench: MakeBench) -> None:
    bench = make_bench(fix())
    run_case(case, bench)
    assert list((bench.work / ".runs").iterdir()) == []
