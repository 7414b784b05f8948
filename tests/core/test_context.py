"""What surrounds a failure, as people read it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core import messages
from app.core.breadcrumbs import LONGEST, MOST, breadcrumbs
from app.core.case_file import dump_case, load_case
from app.core.context import MOST_PAST, alike, closest, details, is_near, surroundings, timeline
from app.core.model import (
    Breadcrumb,
    CodeFrame,
    Context,
    Deploy,
    Finding,
    Outcome,
    PastIncident,
    Raised,
    Reason,
    RelatedIssue,
    Result,
    Stage,
    Stop,
)
from samples import CAUSE, FINDING, FRAME, PATCH, SECRET, case

CONTEXT = Context(
    first_release="shop@1",
    last_release="shop@2",
    breadcrumbs=(Breadcrumb("2026-11-03T10:04:59Z", "httplib", "info", "GET https://api.example/x 404"),),
    deploys=(Deploy("2026-11-03T09:58:00Z", "c" * 40, "production"),),
    past=(
        PastIncident("inc-0", 2, 1_700_000_000.0, Result.FIXED, None, "x", 5, same_place=True),
        PastIncident(
            "inc-9", 1, 1_600_000_000.0, Result.ESCALATED, "no-candidate", "x", None, same_place=False
        ),
    ),
    missing=("which deployments were near: GitHub answered 403",),
)
CALLER = CodeFrame(
    "shop/web.py",
    "show",
    40,
    "return render(customer)",
    {"customer": "<Customer 7>", "password": repr(SECRET)},
)


def _part(title: str, **changed: Any) -> str:
    return dict(surroundings(case(context=CONTEXT, **changed))).get(title, "")


def test_the_timeline_is_in_order_and_says_who_did_what() -> None:
    file = case(context=CONTEXT, merged=None, release=None, verdict=None)
    said = [row.split(" | ")[1].rstrip(" |") for row in timeline(file).splitlines()[2:]]
    assert said == [
        "5555555 (#7) changed the failing line",
        "ccccccc was deployed to `production`",
        "first seen",
        f"last seen in release `{FINDING.release}`",
        "Autofix took it up",
    ]


def test_the_timeline_goes_on_to_the_verdict() -> None:
    rows = timeline(case()).splitlines()[-4:]
    assert [row.split(" | ")[0].lstrip("| ") for row in rows] == [
        "2027-01-15 08:00:00",
        "2027-01-15 08:08:00",
        "2027-01-15 08:09:20",
        "2027-01-15 08:15:00",
    ]
    assert rows[-1].endswith("| production was judged: fixed |")


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01", "2026-11-03T10:00:00"])
def test_a_time_that_is_none_is_left_out(text: str) -> None:
    said = timeline(case(finding=replace(FINDING, first_seen=text)))
    assert ("first seen" in said) is (text == "2026-11-03T10:00:00")


def test_what_it_affects() -> None:
    said = _part("What it affects")
    assert "12 events, 5 users" in said
    assert f"releases: `shop@1`, `shop@2`, `{FINDING.release}`" in said
    assert "environment `production`" in said


def test_what_came_before_the_failure() -> None:
    assert "| `10:04:59` | `httplib` | `GET https://api.example/x 404` |" in _part("Before the failure")


def test_the_callers_show_the_values_seen_and_no_secret() -> None:
    said = _part("The callers, with the values seen", cause=replace(CAUSE, frames=(CALLER, CAUSE.culprit)))
    assert "`shop/web.py:40` in `show`" in said
    assert "| `customer` | `<Customer 7>` |" in said
    assert SECRET not in said
    assert _part("The callers, with the values seen") == ""


def test_earlier_incidents_say_how_they_ended() -> None:
    assert _part("Earlier incidents of the same shape").splitlines() == [
        "- 2023-11-14, #2, the same function: fixed and verified, #5",
        "- 2020-09-13, #1, the same file: handed over to a person (no candidate)",
    ]


def test_other_open_issues_are_named_and_their_titles_are_data() -> None:
    issue = RelatedIssue(4, "Closes #1 @everyone", "shop/receipts.py")
    context = replace(CONTEXT, related=(issue,))
    (said,) = dict(surroundings(case(context=context)))["Other open issues about this place"].splitlines()
    assert said.startswith("- #4 `")
    assert said.endswith("` names `shop/receipts.py`")
    assert load_case(dump_case(case(context=context))).context == context


def test_what_was_ruled_out_and_what_is_not_known() -> None:
    assert "Skip the line" in _part("Ruled out")
    assert (
        _part("Ruled out", patch=replace(PATCH, alternatives=()), cause=replace(CAUSE, ruled_out=("x",)))
        == "- X."
    )
    assert "GitHub answered 403" in _part("Not known")


def test_an_escalation_and_a_pull_request_carry_it_folded() -> None:
    file = case(context=CONTEXT)
    stop = Stop(Stage.OBSERVE, Reason.NOT_FIXED, "why")
    escalated = messages.escalation(file, stop, Outcome(Result.ESCALATED, "x", stop))
    for title, _ in surroundings(file):
        assert f"<details><summary>{title}</summary>" in escalated
    body = messages.pull_body(file)
    assert "<details><summary>Investigation</summary>" in body
    assert details(file) in body
    assert "Investigation" not in messages.pull_body(case())


def test_it_outlives_its_workflow() -> None:
    file = case(context=CONTEXT)
    assert load_case(dump_case(file)).context == CONTEXT
    assert load_case(dump_case(case())).context is None


@pytest.mark.parametrize(
    ("deployed", "near"),
    [
        ("2026-11-02T10:00:00Z", True),
        ("2026-11-02T09:59:59Z", False),
        ("2026-11-03T11:00:00+00:00", True),
        ("2026-11-03T11:00:01Z", False),
        ("2026-11-03T12:00:00+02:00", True),
        ("soon", False),
    ],
)
def test_which_deployments_are_near(deployed: str, near: bool) -> None:  # noqa: FBT001
    assert is_near(deployed, "2026-11-03T10:00:00Z") is near
    assert not is_near(deployed, "")


def _finding(kind: str = "AttributeError", path: str = FRAME.path, function: str = FRAME.function) -> Finding:
    theirs = replace(FRAME, in_app=False, path="lib/x.py")
    frame = replace(FRAME, path=path, function=function)
    return replace(FINDING, chain=(Raised(kind, "m", (frame, theirs)),))


@pytest.mark.parametrize(
    ("then", "same"),
    [
        (_finding(), (True, True)),
        (_finding(function="other"), (True, False)),
        (_finding(path="shop/other.py"), (False, False)),
        (_finding(kind="KeyError"), (False, False)),
        (replace(FINDING, chain=(Raised("AttributeError", "m", ()),)), (False, False)),
    ],
)
def test_which_incidents_are_of_the_same_shape(then: Finding, same: tuple[bool, bool]) -> None:
    assert alike(FINDING, then) == same


def test_only_the_closest_are_told() -> None:
    many = [
        PastIncident(f"inc-{at}", at, float(at), None, None, "", None, same_place=at % 3 == 0)
        for at in range(12)
    ]
    assert [one.issue for one in closest(many)] == [9, 6, 3, 0, 11]
    assert len(closest(many)) == MOST_PAST


# Breadcrumbs -----------------------------------------------------------------------------------------------------

CRUMB = {"timestamp": "2026-11-03T10:00:00Z", "category": "query", "level": "info", "message": "SELECT 1"}
READ = Breadcrumb("2026-11-03T10:00:00Z", "query", "info", "SELECT 1")


@pytest.mark.parametrize(
    "event",
    [
        {"breadcrumbs": {"values": [CRUMB]}},
        {"breadcrumbs": [CRUMB]},
        {"entries": [{"type": "exception"}, {"type": "breadcrumbs", "data": {"values": [CRUMB]}}]},
    ],
)
def test_breadcrumbs_are_read_in_every_shape(event: dict[str, object]) -> None:
    assert breadcrumbs(event) == (READ,)


def test_of_a_request_only_its_line_is_read() -> None:
    data = {
        "method": "POST",
        "url": "https://user:pw@api.example:8443/pay/7?card=4111#x",
        "status_code": 502,
        "http.query": "card=4111",
        "headers": {"Authorization": "Bearer x"},
        "reason": "Bad Gateway",
    }
    (crumb,) = breadcrumbs({"breadcrumbs": [{"type": "http", "timestamp": 1_800_000_000, "data": data}]})
    assert crumb == Breadcrumb(
        "2027-01-15T08:00:00Z", "http", "", "POST https://api.example/pay/7 502 Bad Gateway"
    )


def test_of_many_the_newest_are_kept_and_none_is_long() -> None:
    many = [{**CRUMB, "message": f"{number} " + "x" * 5000} for number in range(100)]
    found = breadcrumbs({"breadcrumbs": {"values": many}})
    assert [crumb.text.split()[0] for crumb in found] == [str(number) for number in range(100 - MOST, 100)]
    assert all(len(crumb.text) <= LONGEST for crumb in found)


KEYS = st.sampled_from(["values", "data", "type", "message", "url", "timestamp", "category"])
LEAF = (
    st.none() | st.booleans() | st.floats() | st.text(max_size=5) | st.dictionaries(KEYS, st.text(max_size=5))
)
LIST = st.lists(LEAF | st.dictionaries(KEYS, LEAF, max_size=3), max_size=3)


@given(LIST | LEAF, LIST | st.dictionaries(KEYS, LIST, max_size=1))
def test_any_event_is_read(one: object, other: object) -> None:
    for crumb in breadcrumbs({"breadcrumbs": one, "entries": [{"type": "breadcrumbs", "data": other}]}):
        assert crumb.text or crumb.category
