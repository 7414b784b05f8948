"""The numbers, the table, and the picture."""

from __future__ import annotations

import io
import json
import xml.etree.ElementTree as ET
from typing import Any

import pytest
from rich.console import Console

from app.bench.fix_command import Proposal
from app.bench.picture import picture
from app.bench.report import print_row, print_summary, result
from app.bench.summary import Summary, by_category, strict_core
from app.bench.verdict import Row, Verdict
from bench.shelf import make_case

SVG = "{http://www.w3.org/2000/svg}"


def row(
    verdict: Verdict, *, merged: bool = False, seconds: float = 1.0, reason: str = "so it is", **case: Any
) -> Row:
    is_fix = verdict in {Verdict.CORRECT, Verdict.PLAUSIBLE, Verdict.WRONG}
    proposal = Proposal(
        outcome="fix" if is_fix else "escalate",
        pattern="none_guard",
        files={"a.py": ""},
        auto_mergeable=merged,
    )
    return Row(make_case(**case), verdict, reason, seconds, None if verdict is Verdict.ERROR else proposal)


@pytest.fixture
def rows() -> list[Row]:
    return [
        row(Verdict.CORRECT, merged=True, seconds=1.0),
        row(Verdict.CORRECT, category="missing_key", seconds=2.0),
        row(Verdict.PLAUSIBLE, merged=True, seconds=3.0),
        row(Verdict.WRONG, category="missing_key", repro_style="internal_api", seconds=4.0),
        row(Verdict.ESCALATED, seconds=5.0),
        row(Verdict.ERROR, seconds=0.0),
        row(Verdict.ESCALATED, kind="no_fix", category="security", repro_style=None, seconds=6.0),
        row(Verdict.WRONG, kind="no_fix", category="security", repro_style=None, seconds=7.0, merged=True),
    ]


def test_the_numbers_of_all(rows: list[Row]) -> None:
    summary = Summary.of(rows)
    assert summary.as_json() == {
        "cases": 8,
        "correct": 2,
        "plausible": 1,
        "wrong": 2,
        "escalated": 2,
        "errors": 1,
        "correct_share": 2 / 5,
        "precision": 2 / 5,
        "auto_mergeable": 3,
        "auto_mergeable_correct": 1,
        "auto_merge_precision": 1 / 3,
        "no_fix": 2,
        "no_fix_escalated": 1,
        "median_seconds": 4.0,
    }
    assert summary.no_fix_share == 0.5


def test_the_strict_core_leaves_out_what_is_reached_from_inside(rows: list[Row]) -> None:
    assert (strict_core(rows).cases, strict_core(rows).to_fix) == (5, 4)
    assert list(by_category(rows)) == ["null_safety", "missing_key", "security"]


def test_a_share_of_nothing_is_none() -> None:
    empty = Summary.of([])
    assert (empty.correct_share, empty.precision, empty.auto_merge_precision, empty.median_seconds) == (
        None,
    ) * 4


def test_the_result_file_holds_every_row_and_every_number(rows: list[Row]) -> None:
    data = json.loads(json.dumps(result(rows)))
    assert [entry["verdict"] for entry in data["cases"]] == [str(row.verdict) for row in rows]
    for entry in data["cases"]:
        assert {"id", "category", "verdict", "auto_mergeable", "seconds", "pattern", "reason"} <= set(entry)
    assert data["summary"]["all"]["correct"] == 2
    assert set(data["summary"]["categories"]) == {"null_safety", "missing_key", "security"}


def test_the_terminal_shows_it_in_eighty_columns(rows: list[Row]) -> None:
    console = Console(file=io.StringIO(), width=80)
    names = ["missing_error_handling", "null_safety"]
    many = [row(Verdict.CORRECT, category=name, merged=True) for name in names for _ in range(120)]
    for number, one in enumerate(rows):
        print_row(console, one, number + 1, len(rows))
    print_summary(console, [*many, *rows])
    assert isinstance(console.file, io.StringIO)
    shown = console.file.getvalue()
    assert max(map(len, shown.splitlines())) <= 80
    assert "…" not in shown.partition("Verdicts")[2]
    assert "missing_error_handling   120     120" in shown
    assert "241/243" in shown


def test_what_a_package_prints_cannot_break_the_terminal() -> None:
    console = Console(file=io.StringIO(), width=200)
    print_row(console, row(Verdict.PLAUSIBLE, reason="prints '[bold]\udc80\n'"), 1, 1)
    assert isinstance(console.file, io.StringIO)
    assert "prints '[bold]? '" in console.file.getvalue()


def test_the_picture_has_a_square_for_each_case(rows: list[Row]) -> None:
    drawing = ET.fromstring(picture(rows))  # noqa: S314 - we wrote it
    groups = drawing.findall(f"{SVG}g")
    assert len(groups) == len(rows)
    assert all(len(group.findall(f"{SVG}rect")) == 1 for group in groups)
    assert sum(len(group.findall(f"{SVG}circle")) for group in groups) == 3
    assert groups[0].findtext(f"{SVG}title") == "shelf-none-title: correct. so it is"
    texts = [text.text for text in drawing.findall(f"{SVG}text")]
    assert texts[0] == "2 of 5 real crashes fixed, with the same result as upstream's fix"
    assert {
        "null safety",
        "missing key",
        "security",
        "same result as upstream",
        "could not be judged",
    } <= set(texts)
    assert len({group.findall(f"{SVG}rect")[0].get("fill") for group in groups}) == 6


def test_everything_in_the_picture_is_on_the_paper() -> None:
    many = [row(verdict, merged=True) for verdict in Verdict for _ in range(25)]
    drawing = ET.fromstring(picture(many))  # noqa: S314 - we wrote it
    width, height = float(drawing.get("width", 0)), float(drawing.get("height", 0))
    for square in drawing.iter(f"{SVG}rect"):
        assert float(square.get("x", 0)) + float(square.get("width", 0)) <= width
        assert float(square.get("y", 0)) + float(square.get("height", 0)) <= height
    places = [(rect.get("x"), rect.get("y")) for rect in drawing.iter(f"{SVG}rect")]
    assert len(places) == len(set(places))


def test_any_reason_can_be_drawn() -> None:
    drawn = picture([row(Verdict.WRONG, reason="<&\x00\udc80 \"'")])
    told = ET.fromstring(drawn).findtext(f"{SVG}g/{SVG}title")  # noqa: S314 - we wrote it
    assert told == "shelf-none-title: wrong. <&   \"'"


def test_an_empty_result_can_be_drawn() -> None:
    assert ET.fromstring(picture([])).tag == f"{SVG}svg"  # noqa: S314 - we wrote it
