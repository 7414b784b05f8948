from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from app.bench.cases import BadCases, chosen, read_cases, shipped_cases
from bench.shelf import make_case


def written(folder: Path, *entries: dict[str, Any]) -> Path:
    file = folder / "cases.yaml"
    file.write_text(yaml.safe_dump(list(entries)), encoding="utf-8")
    return file


def entry(**changes: Any) -> dict[str, Any]:
    return {**make_case().model_dump(mode="json"), **changes}


def test_the_projects_own_cases_can_be_read() -> None:
    cases = read_cases(shipped_cases())
    assert len(cases) == 111
    assert sum(case.kind == "no_fix" for case in cases) == 8
    assert sum(case.strict for case in cases) == 60


def test_what_a_case_only_documents_is_ignored(tmp_path: Path) -> None:
    (case,) = read_cases(written(tmp_path, entry(upstream_fix_shape="a guard", difficulty=2)))
    assert case == make_case()


def test_an_unquoted_yes_and_an_unquoted_version_are_understood(tmp_path: Path) -> None:
    (case,) = read_cases(written(tmp_path, entry(fix_commit_alone_gives_expected=True, buggy=1.5)))
    assert case.strict
    assert case.requirements == ("Shelf==1.5", "inkwell==2.0")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [", "is no YAML"),
        ("a: b", "is no list of cases"),
        ("[]", "is no list of cases"),
        ("- id: x", "case x: kind: Field required"),
        ("- just words", "case number 0: entry:"),
    ],
)
def test_a_bad_file_is_told_apart(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "cases.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(BadCases, match=said):
        read_cases(file)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"id": "../elsewhere"}, "id: String should match"),
        ({"kind": "maybe"}, "kind: Input should be"),
        ({"expected_on_fixed": None}, "does not say what is expected_on_fixed"),
    ],
)
def test_a_bad_case_is_named(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(BadCases, match=said):
        read_cases(written(tmp_path, entry(**changes)))


def test_two_cases_must_not_share_an_id(tmp_path: Path) -> None:
    with pytest.raises(BadCases, match="two cases with the id shelf-none-title"):
        read_cases(written(tmp_path, entry(), entry()))


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadCases, match="cannot be read: No such file"):
        read_cases(tmp_path / "nowhere.yaml")


def test_only_the_named_cases_are_run() -> None:
    cases = (make_case(), make_case(id="other"))
    assert chosen(cases, ("other",)) == cases[1:]
    assert chosen(cases, ()) == cases
    with pytest.raises(BadCases, match="there is no case nothing"):
        chosen(cases, ("nothing", "other"))
