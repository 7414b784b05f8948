from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from app.demo.sentry import issue_body

FIXTURES = Path(__file__).parents[2] / "fixtures" / "sentry"
LINK = "https://acme.sentry.io/issues/7332116922/"
RULE_URL = "https://acme.sentry.io/organizations/acme/issues/alerts/rules/shopdemo/42/"


def load(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((FIXTURES / name).read_text(encoding="utf-8"))
    return loaded


def expected(name: str) -> str:
    return (FIXTURES / f"body_{name}.md").read_text(encoding="utf-8").removesuffix("\n")


def exception(frames: list[dict[str, Any]], platform: str | None = "python") -> dict[str, Any]:
    value = {"type": "E", "value": "v", "stacktrace": {"frames": frames}}
    return {"platform": platform, "exception": {"values": [value]}}


def frame(number: int, **more: object) -> dict[str, Any]:
    return {"filename": "f.py", "lineno": number, "function": f"f{number}", **more}


def test_an_alert_rule_writes_no_referrer_but_a_footer() -> None:
    body = issue_body.alert_body(
        load("sdk_event.json"), "SHOPDEMO-1", LINK, rule="New issues to GitHub", rule_url=RULE_URL
    )
    assert body == expected("alert")


def test_a_person_leaves_a_referrer_and_no_footer() -> None:
    assert issue_body.manual_body(load("sdk_event.json"), "SHOPDEMO-1", LINK) == expected("manual")


def test_only_the_application_s_frames_are_shown() -> None:
    body = issue_body.manual_body(
        load("sdk_event_django.json"), "BOOKSHOP-2", "https://acme.sentry.io/issues/7332116923/"
    )
    assert body == expected("django")


def test_a_performance_problem_is_a_cut_table() -> None:
    evidence = load("api_event_n1.json")["occurrence"]["evidenceDisplay"]
    link = "https://acme.sentry.io/issues/7890123456/"
    assert issue_body.performance_body(evidence, "BOOKSHOP-9", link) == expected("performance")


def lines(event: dict[str, Any]) -> list[str]:
    body = issue_body.manual_body(event, "S-1", LINK)
    return body.split("```\n", 1)[1].removesuffix("\n```").split("\n")


def test_python_shows_the_five_newest_frames_oldest_first_and_the_note_first() -> None:
    found = lines(exception([frame(number) for number in range(1, 8)]))
    assert found[:3] == ["E: v", "(2 additional frame(s) were not displayed)", "..."]
    assert [line.rsplit(" ", 1)[1] for line in found[3:]] == ["f3", "f4", "f5", "f6", "f7"]


@pytest.mark.parametrize("platform", ["node", "ruby", "other"])
def test_other_platforms_show_the_newest_frame_first_and_the_note_last(platform: str) -> None:
    found = lines(exception([frame(number) for number in range(1, 8)], platform))
    assert [line.rsplit(" ", 1)[1] for line in found[1:6]] == ["f7", "f6", "f5", "f4", "f3"]
    assert found[6:] == ["...", "(2 additional frame(s) were not displayed)"]


def test_the_note_counts_the_system_s_frames_although_all_own_frames_are_shown() -> None:
    frames = [*(frame(number, in_app=False) for number in range(1, 7)), frame(7, in_app=True)]
    assert lines(exception(frames)) == [
        "E: v",
        "(2 additional frame(s) were not displayed)",
        "...",
        '  File "f.py", line 7, in f7',
    ]


@pytest.mark.parametrize(
    ("platform", "line"),
    [
        ("javascript", "  at pay (shop.js:3:9)"),
        ("java", "    at shop.Cart.pay(shop.js:3)"),
        ("node", '  File "shop.js", line 3, in pay'),
    ],
)
def test_platforms_write_a_frame_in_their_own_way(platform: str, line: str) -> None:
    call = {"filename": "shop.js", "module": "shop.Cart", "function": "pay", "lineno": 3, "colno": 9}
    assert lines(exception([call], platform))[1] == line


def test_a_message_stands_alone_and_nothing_leaves_only_the_link() -> None:
    assert lines({"logentry": {"message": "out of %s", "formatted": "out of tea"}}) == ["out of tea"]
    assert (
        issue_body.manual_body({}, "S-1", LINK) == f"Sentry Issue: [S-1]({LINK}?referrer=github_integration)"
    )


def test_a_bare_stack_has_a_heading() -> None:
    found = lines({"message": "slow", "stacktrace": {"frames": [frame(1, context_line="  pay() ")]}})
    assert found == [
        "slow",
        "",
        "Stacktrace (most recent call last):",
        "",
        '  File "f.py", line 1, in f1',
        "    pay()",
    ]
