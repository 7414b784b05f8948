"""From a text to a finding: every shape of an event, and everything that is none."""

from __future__ import annotations

import io
import json
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.core.event_text import read_event
from app.repair.event_file import MAX_INPUT, read_input
from app.repair.fault import BadInput

SENTRY = Path(__file__).parents[1] / "fixtures/sentry"


def refusal(text: str) -> str:
    with pytest.raises(BadInput) as caught:
        read_event(text)
    return str(caught.value)


def test_an_event_of_the_sdk_becomes_a_finding_with_neutral_values(event: dict[str, Any]) -> None:
    finding = read_event(json.dumps(event)).finding
    assert (finding.source, finding.event_id, finding.short_id) == ("sentry", "e" * 32, "AttributeError")
    assert (finding.events, finding.users, finding.url, finding.project) == (1, 0, "", "")
    assert finding.first_seen == "2026-11-03T10:00:00Z"
    assert finding.title == "AttributeError: 'NoneType' object has no attribute 'level'"
    assert finding.root.frames[0].variables == {
        "customer": "Customer(name='Alex', membership=None)",
        "subtotal": "200",
    }


@pytest.mark.parametrize(
    "name", ["api_event.json", "sdk_event.json", "api_event_django.json", "sdk_event_django.json"]
)
def test_recorded_events_are_read(name: str) -> None:
    finding = read_event((SENTRY / name).read_text(encoding="utf-8")).finding
    assert finding.root.frames
    assert finding.platform == "python"


@pytest.mark.parametrize(
    "wrap",
    [
        lambda event: {"action": "triggered", "data": {"event": event}},
        lambda event: {"data": {"error": event}},
        lambda event: {"event": event},
        lambda event: [event],
        lambda event: {"data": event, "id": "bugsink"},
    ],
)
def test_what_webhooks_and_exports_wrap_around_it_is_taken_off(wrap: Any, event: dict[str, Any]) -> None:
    assert read_event(json.dumps(wrap(event))).finding.root.type == "AttributeError"


def test_an_envelope_and_a_log_of_json_are_read_line_by_line(event: dict[str, Any], printed: str) -> None:
    envelope = f'{{"event_id":"x"}}\n{{"type":"event"}}\n{json.dumps(event)}\n'
    assert read_event(envelope).finding.source == "sentry"
    log = f'{{"level":"info"}}\n{json.dumps({"level": "error", "exc_info": printed})}\n{{"level":"info"}}\n'
    assert read_event(log).finding.source == "traceback"
    assert read_event(json.dumps({"a": [{"exception": printed}]})).finding.root.type == "AttributeError"


def test_a_traceback_becomes_a_finding(printed: str) -> None:
    read = read_event(f"{printed}\nINFO going on\n{printed}")
    assert read.finding.root.frames[0].path == "/srv/app/shop/checkout.py"
    assert read.finding.platform == "python"
    assert list(read.marks.values()) == [(24, 49)]
    assert read.others == 1


def test_a_recursion_keeps_its_ends(event: dict[str, Any]) -> None:
    frame = event["exception"]["values"][0]["stacktrace"]["frames"][0]
    frames = [{**frame, "lineno": number, "vars": {}} for number in range(1, 5_001)]
    event["exception"]["values"][0]["stacktrace"]["frames"] = frames
    lines = [one.line for one in read_event(json.dumps(event)).finding.root.frames]
    assert lines == [*range(1, 51), *range(4_851, 5_001)]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{}", "This JSON reports no exception"),
        ("[]", "This JSON reports no exception"),
        ("null", "This JSON reports no exception"),
        ("12", "This JSON reports no exception"),
        ('"text"', "This JSON reports no exception"),
        ('{"exception": {"values": []}}', "This JSON reports no exception"),
        ('{"exception": 1, "entries": {"type": 2}}', "This JSON reports no exception"),
        ('{"type": "transaction", "spans": []}', "performance transaction"),
        ('{"event_id": "x", "exception": {"values": [{"type": "Key', "no valid JSON: Unterminated string"),
        ('{"a":' * 100_000, "nested too deeply"),
        ('{"a": ' + "9" * 5_000 + "}", "number that is too long"),
        ("hello", "This is no event"),
        ("Traceback (most recent call last):\n", "cut off"),
        (
            '  File "bad.py", line 1\n    x ===\n        ^\nSyntaxError: invalid syntax\n',
            "A SyntaxError is mended",
        ),
    ],
)
def test_what_is_no_event_is_told_in_a_sentence_or_two(text: str, told: str) -> None:
    said = refusal(text)
    assert told in said
    assert len(said) < 300
    assert said.endswith(".")


# --- files ---------------------------------------------------------------------------------------------------------


def test_files_and_standard_input_are_read(tmp_path: Path, printed: str) -> None:
    file = tmp_path / "event"
    file.write_bytes(b"\xef\xbb\xbf" + printed.encode())
    assert read_input(str(file)) == printed
    assert read_input("-", io.BytesIO(printed.encode())) == printed
    assert read_input("-", io.BytesIO(printed.encode("utf-16"))) == printed


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"\x7fELF\0\0", "is no text"),
        (b" " * (MAX_INPUT + 1), "is larger than 20 MiB"),
    ],
)
def test_what_cannot_be_an_input(data: bytes, told: str) -> None:
    with pytest.raises(BadInput, match=told):
        read_input("-", io.BytesIO(data))


@pytest.mark.parametrize("name", [".", "/no/such/file", "a\0b", ""])
def test_a_file_that_cannot_be_read_is_told(name: str) -> None:
    with pytest.raises(BadInput, match=r"cannot be read"):
        read_input(name)


def test_broken_text_is_read_as_far_as_it_goes(printed: str) -> None:
    text = read_input("-", io.BytesIO(b"caf\xe9\n" + printed.encode()))
    assert read_event(text).finding.root.type == "AttributeError"


def test_large_inputs_take_bounded_time(event: dict[str, Any]) -> None:
    began = time.monotonic()
    refusal(json.dumps({"x": ["y" * 100] * 50_000}))
    refusal("[" + "[]," * 500_000 + "[]]")
    refusal('{"exception": 1}\n' * 50_000)
    event["exception"]["values"] *= 1_000
    assert len(read_event(json.dumps(event)).finding.chain) == 50
    assert time.monotonic() - began < 20


# --- properties ----------------------------------------------------------------------------------------------------

JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=15,
)
FIELDS = st.sampled_from(
    [
        "event_id",
        "platform",
        "exception",
        "values",
        "entries",
        "data",
        "type",
        "value",
        "module",
        "stacktrace",
        "frames",
        "timestamp",
        "tags",
        "release",
    ]
)
FRAME_FIELDS = st.sampled_from(
    [
        "filename",
        "abs_path",
        "absPath",
        "function",
        "lineno",
        "lineNo",
        "context_line",
        "context",
        "vars",
        "in_app",
        "inApp",
        "module",
    ]
)
FRAME = st.dictionaries(FRAME_FIELDS, JUNK, max_size=8)
RAISED = st.fixed_dictionaries(
    {
        "type": st.just("KeyError") | JUNK,
        "value": JUNK,
        "stacktrace": st.fixed_dictionaries({"frames": st.lists(FRAME | JUNK, max_size=4)}),
    }
)
EVENT = st.fixed_dictionaries(
    {"exception": st.fixed_dictionaries({"values": st.lists(RAISED | JUNK, max_size=4)}) | JUNK},
    optional={
        "platform": JUNK,
        "timestamp": JUNK,
        "tags": JUNK,
        "entries": JUNK,
        "event": JUNK,
        "data": JUNK,
    },
)


@settings(max_examples=200)
@given(EVENT | st.dictionaries(FIELDS, JUNK, max_size=8))
@example({"exception": {"values": [{"type": "\ud800", "value": float("nan")}]}, "timestamp": 1e308})
@example({"exception": {"values": [{"type": "E", "value": 10**400}]}, "timestamp": "9999-99-99"})
def test_no_event_makes_it_fail(document: object) -> None:
    with suppress(BadInput):
        found = read_event(json.dumps(document)).finding
        assert found.chain
        found.title.encode()


@given(st.binary(max_size=200))
def test_no_bytes_make_it_fail(data: bytes) -> None:
    with suppress(BadInput):
        read_event(read_input("-", io.BytesIO(data)))
