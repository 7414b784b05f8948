"""`autofix bench judge`: a small run of it, what it says of itself, and that a rule which cheats is caught."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from app.bench.judge import command
from app.bench.judge.incidents import HISTORY, Setting, incidents
from app.bench.judge.measure import RATES, Cell, limit_minutes, measured, settings
from app.bench.judge.report import plot, result
from app.bench.judge.rules import RULES, Named, exact_looks, quiet
from app.core.model import Judgement


def cell(fixed: int, runs: int = 2000, *, change: float = 1.0, admissible: bool = True) -> Cell:
    return Cell("exact-looks", Setting(1.0, change), runs, fixed, fixed, 0, 5.0, admissible)


def test_the_same_seed_gives_the_same_incidents_and_another_one_others() -> None:
    first, again, other = (list(incidents(Setting(1.0, 0.5, 3.0), 5, 600.0, seed)) for seed in (1, 1, 2))
    assert first == again != other


@pytest.mark.parametrize("burst", [1.0, 3.0])
def test_errors_come_at_the_rate_that_is_asked_for(burst: float) -> None:
    found = list(incidents(Setting(5.0, 0.5, burst), 300, 600.0, seed=7))
    assert sum(one.old for one in found) / 300 == pytest.approx(300, rel=0.03)
    assert sum(one.new(600.0) for one in found) / 300 == pytest.approx(25, rel=0.1)
    one = found[0]
    assert one.minutes == tuple(sum(int(at // 60) == minute for at in one.before) for minute in range(60))
    assert all(0 <= moment < HISTORY for moment in one.before)
    assert one.new(0.0) == 0


def test_bursts_are_as_long_as_is_asked_for() -> None:
    (one,) = incidents(Setting(20.0, 1.0, 3.0), 1, 36_000.0, seed=7)
    assert len(one.after) / len(set(one.after)) == pytest.approx(3, rel=0.1)


def test_silence_for_five_minutes_is_believed_by_the_naive_rule_only_then() -> None:
    (one,) = incidents(Setting(1.0, 0.0), 1, 1980.0, seed=7)
    assert quiet(one) == (Judgement.FIXED, 300.0)


@pytest.mark.parametrize(
    ("one", "breaks"),
    [
        (cell(20), False),
        (cell(30), False),
        (cell(40), True),
        (cell(2000, change=0.0), False),
        (cell(2000, admissible=False), False),
    ],
)
def test_more_false_verdicts_than_luck_explains_break_a_rules_word(one: Cell, *, breaks: bool) -> None:
    assert one.breaks_its_word is breaks
    assert result([one], 1.0)["keeps_its_word"] is not breaks


def test_the_limit_is_that_of_physics() -> None:
    assert limit_minutes(1.0) == pytest.approx(math.log(100))
    assert limit_minutes(20.0) == pytest.approx(0.2303, abs=1e-3)


def test_the_plot_has_a_line_for_each_rate_and_nothing_before_the_limit() -> None:
    cells = measured(5, rules=[RULES[0]])
    lines = plot(cells).splitlines()
    drawn = [line for line in lines if " a minute  " in line]
    assert len(drawn) == len(RATES)
    assert all(0 < line.index("│") < line.index("●") for line in drawn)


def test_the_command_shows_tables_and_writes_them_for_programs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "measured", lambda runs, done: measured(runs, done=done, rules=RULES[:1]))
    assert command.bench(3, tmp_path / "result.json") == 0
    shown = capsys.readouterr().out
    assert 'False "fixed"' in shown
    assert "● exact-looks" in shown
    written = json.loads((tmp_path / "result.json").read_text("utf-8"))
    assert len(written["cells"]) == len(list(settings()))
    assert written["keeps_its_word"] is True
    assert {cell["per_minute"] for cell in written["cells"]} == set(RATES)


def test_a_rule_that_breaks_its_word_fails_the_command(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    cheat = Named("exact-looks", quiet, admissible=True)
    monkeypatch.setattr(command, "measured", lambda runs, done: measured(runs, done=done, rules=[cheat]))
    assert command.bench(10, None) == 1
    assert "exact-looks does not keep to alpha" in capsys.readouterr().err


@pytest.mark.parametrize(("runs", "file"), [(0, None), (5, Path("no/such/folder.json"))])
def test_bad_input_is_said_in_one_line(
    runs: int, file: Path | None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.bench(runs, file) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_the_default_rule_is_the_judges_own() -> None:
    assert RULES[0].decide is exact_looks
    assert [rule.name for rule in RULES if rule.admissible] == ["exact-looks", "sequential"]
