from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.core.model import Finding, Frame
from app.core.sentry_event import (
    CUT,
    MAX_EXCEPTIONS,
    MAX_FRAMES,
    MAX_LINE,
    MAX_MESSAGE,
    SentryIssue,
    finding_from_event,
    raised_chain,
    utc_time,
)

FIXTURES = Path(__file__).parents[1] / "fixtures" / "sentry"
ISSUE = SentryIssue(
    id="7332116922",
    short_id="SHOPDEMO-1",
    title="PricingError: line 1 of basket b-1001 can not be priced",
    culprit="shopdemo.orders in basket_total",
    url="https://acme.sentry.io/issues/7332116922/",
    status="unresolved",
    substatus="new",
    level="error",
    platform="python",
    project="shopdemo",
    project_id="4509062593708032",
    type="error",
    events=25,
    users=3,
    first_seen="2026-11-23T02:00:00Z",
    last_seen="2026-11-23T02:29:29Z",
    first_release="shopdemo@1.4.2",
    last_release="shopdemo@1.4.2",
    resolved_in=None,
)


def load(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((FIXTURES / name).read_text(encoding="utf-8"))
    return loaded


def event(*frames: object, **more: object) -> dict[str, Any]:
    value = {"type": "KeyError", "value": "'zero'", "stacktrace": {"frames": list(frames)}, **more}
    return {"exception": {"values": [value]}}


def frame(**more: object) -> dict[str, Any]:
    return {"filename": "shop.py", "function": "pay", "lineno": 3, "in_app": True, **more}


def only_frame(**more: object) -> Frame:
    (raised,) = raised_chain(event(frame(**more)))
    (found,) = raised.frames
    return found


def test_the_chain_has_the_root_first_and_the_crash_last() -> None:
    root, outermost = raised_chain(load("sdk_event.json"))
    assert (root.type, root.message, root.module) == ("KeyError", "'zero'", None)
    assert (outermost.type, outermost.module) == ("PricingError", "shopdemo.pricing")
    assert [frame.function for frame in root.frames] == ["basket_total", "line_total", "rate_for"]
    crash = root.frames[-1]
    assert (crash.path, crash.line, crash.code) == ("shopdemo/pricing.py", 12, "    return RATES[band]")
    assert crash.absolute_path == "/srv/shopdemo/shopdemo/pricing.py"
    assert crash.variables["band"] == "'zero'"
    assert crash.in_app


@pytest.mark.parametrize(
    ("sdk", "api"),
    [("sdk_event.json", "api_event.json"), ("sdk_event_django.json", "api_event_django.json")],
)
def test_both_shapes_of_one_event_read_alike(sdk: str, api: str) -> None:
    assert raised_chain(load(sdk)) == raised_chain(load(api)) != ()


def test_a_finding_joins_the_issue_and_its_event() -> None:
    finding = finding_from_event(load("api_event.json"), ISSUE, organization="acme")
    assert isinstance(finding, Finding)
    assert (finding.organization, finding.project, finding.group) == ("acme", "shopdemo", "7332116922")
    assert (finding.release, finding.environment) == ("shopdemo@1.4.2", "production")
    assert (finding.events, finding.users, finding.platform) == (25, 3, "python")
    assert finding.event_id == "2867d86fe05b4b2583944a49ef0433bb"
    assert finding.root.type == "KeyError"
    assert finding.raised.type == "PricingError"


def test_the_sdk_shape_gives_the_same_finding() -> None:
    from_sdk = finding_from_event(load("sdk_event.json"), ISSUE, organization="acme")
    assert from_sdk == finding_from_event(load("api_event.json"), ISSUE, organization="acme")


def test_the_transaction_and_the_tags_may_be_pairs() -> None:
    pairs = {
        **event(frame()),
        "tags": [["release", "shop@1"], ["environment", "staging"], ["transaction", "/x/"]],
    }
    finding = finding_from_event(pairs, ISSUE, organization="acme")
    assert finding is not None
    assert (finding.release, finding.environment, finding.transaction) == ("shop@1", "staging", "/x/")


@pytest.mark.parametrize("name", ["api_event_n1.json"])
def test_an_event_without_an_exception_is_no_finding(name: str) -> None:
    assert raised_chain(load(name)) == ()
    assert finding_from_event(load(name), ISSUE, organization="acme") is None


@pytest.mark.parametrize("line", [0, -1, 2**63, MAX_LINE + 1, "12; rm", "12", 3.0, True, None, [3]])
def test_i8_a_frame_with_a_bad_line_number_is_left_out(line: object) -> None:
    (raised,) = raised_chain(event(frame(lineno=line), frame(lineno=MAX_LINE)))
    assert [found.line for found in raised.frames] == [MAX_LINE]


@pytest.mark.parametrize("path", ["", None, 5, "x" * 100_000, ["a"]])
def test_a_frame_without_a_usable_path_is_left_out(path: object) -> None:
    (raised,) = raised_chain(event(frame(filename=path)))
    assert raised.frames == ()


def test_the_absolute_path_stands_in_for_a_missing_one() -> None:
    assert only_frame(filename=None, abs_path="/srv/shop.py").path == "/srv/shop.py"


@pytest.mark.parametrize("path", ["../../etc/passwd", "C:\\x", "%2e%2e/", ".git/config", "\\\\host\\share"])
def test_i6_a_strange_path_stays_what_it_is(path: str) -> None:
    assert only_frame(filename=path).path == path


def test_nul_and_lone_surrogates_do_not_get_through() -> None:
    found = only_frame(filename="a\0b.py", function="\ud800", vars={"\udfff": "\0"})
    text = json.dumps([found.path, found.function, dict(found.variables)], ensure_ascii=False)
    assert "\0" not in text
    text.encode("utf-8")


def test_i9_the_newest_frames_are_kept() -> None:
    (raised,) = raised_chain(event(*(frame(lineno=line) for line in range(1, MAX_FRAMES + 101))))
    assert len(raised.frames) == MAX_FRAMES
    assert (raised.frames[0].line, raised.frames[-1].line) == (101, MAX_FRAMES + 100)


def test_i9_the_first_and_the_last_of_ten_thousand_exceptions_are_kept() -> None:
    values = [{"type": f"E{number}", "value": "x"} for number in range(10_000)]
    chain = raised_chain({"exception": {"values": values}})
    assert len(chain) == MAX_EXCEPTIONS
    assert (chain[0].type, chain[-1].type) == ("E0", "E9999")


def test_a_huge_message_is_cut() -> None:
    (raised,) = raised_chain(event(value="x" * 50_000_000))
    assert len(raised.message) == MAX_MESSAGE


def test_a_cut_container_never_looks_whole() -> None:
    deep: Any = "bottom"
    for _ in range(100_000):
        deep = {"next": deep}
    cyclic: dict[str, Any] = {}
    cyclic["self"] = cyclic
    variables = only_frame(
        vars={"wide": list(range(1_001)), "deep": deep, "big": 10**5000, "me": cyclic}
    ).variables
    assert variables["wide"] == CUT
    assert variables["big"] == CUT
    assert json.dumps(variables["deep"]).endswith(f'"{CUT}"' + "}" * 11)
    assert CUT in json.dumps(variables["me"])


def test_the_innermost_frame_gets_the_budget_first() -> None:
    heavy = {f"v{number}": "x" * 9_000 for number in range(200)}
    (raised,) = raised_chain(event(frame(lineno=1, vars=heavy), frame(lineno=2, vars=heavy)))
    assert CUT not in raised.frames[-1].variables.values()
    assert CUT in raised.frames[0].variables.values()


@pytest.mark.parametrize(
    ("given_time", "expected"),
    [
        ("2026-11-23T02:29:29.993425Z", "2026-11-23T02:29:29.993425Z"),
        ("2026-11-23T03:29:29+01:00", "2026-11-23T02:29:29Z"),
        ("2026-11-23T02:29:29", "2026-11-23T02:29:29Z"),
        (0, "1970-01-01T00:00:00Z"),
        ("9" * 5_000, ""),
        ("0001-01-01T00:00:00+14:00", ""),
        (1e300, ""),
        (float("nan"), ""),
        (True, ""),
        (None, ""),
    ],
)
def test_times_become_utc(given_time: object, expected: str) -> None:
    assert utc_time(given_time) == expected


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)
FRAME = st.fixed_dictionaries(
    {},
    optional={
        name: JSON | st.integers(-1, 9) | st.text(max_size=9)
        for name in (
            "filename",
            "absPath",
            "lineNo",
            "lineno",
            "function",
            "context",
            "context_line",
            "vars",
            "inApp",
        )
    },
)
VALUE = st.fixed_dictionaries(
    {"type": JSON, "value": JSON},
    optional={"stacktrace": JSON | st.fixed_dictionaries({"frames": st.lists(FRAME | JSON)})},
)
EVENT = st.fixed_dictionaries(
    {},
    optional={
        "exception": JSON | st.fixed_dictionaries({"values": st.lists(VALUE | JSON, max_size=4)}),
        "entries": JSON
        | st.lists(st.fixed_dictionaries({"type": st.just("exception"), "data": JSON}), max_size=2),
        "tags": JSON,
        "release": JSON,
        "environment": JSON,
    },
)


# A busy machine draws and runs slowly; time is tested elsewhere.
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(EVENT)
def test_i9_nothing_raises_and_all_frames_make_sense(hostile: Mapping[str, object]) -> None:
    finding = finding_from_event(hostile, ISSUE, organization="acme")
    chain = raised_chain(hostile)
    assert (finding is None) == (chain == ())
    for raised in chain:
        raised.message.encode("utf-8")
        for found in raised.frames:
            assert 1 <= found.line <= MAX_LINE
            assert found.path
            json.dumps(dict(found.variables), allow_nan=False, ensure_ascii=False).encode("utf-8")


def test_i9_i10_the_time_grows_with_the_size() -> None:
    def seconds(size: int) -> float:
        text = json.dumps(event(*(frame(lineno=line + 1, vars={"a": [1, 2, 3]}) for line in range(size))))
        parsed = json.loads(text)
        runs = []
        for _ in range(3):
            began = time.process_time()
            raised_chain(parsed)
            runs.append(time.process_time() - began)
        return min(runs)

    assert seconds(4_000) < 4 * seconds(2_000) + 0.02
