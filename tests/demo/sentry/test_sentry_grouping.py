from __future__ import annotations

from typing import Any

import pytest

from app.demo.sentry import grouping


def event(kind: str = "KeyError", value: str = "'zero'", **frame: object) -> dict[str, Any]:
    call = {"module": "shop.cart", "function": "pay", "lineno": 3, "in_app": True, **frame}
    library = {"module": "flask.app", "function": "run", "lineno": 9, "in_app": False}
    return {
        "exception": {"values": [{"type": kind, "value": value, "stacktrace": {"frames": [library, call]}}]}
    }


BASE = grouping.fingerprint(event())


@pytest.mark.parametrize("other", [event(value="'reduced'"), event(lineno=99), event(vars={"a": "1"})])
def test_values_lines_and_locals_do_not_part_events(other: dict[str, Any]) -> None:
    assert grouping.fingerprint(other) == BASE


@pytest.mark.parametrize("other", [event("TypeError"), event(function="refund"), event(module="shop.bill")])
def test_types_and_calls_part_events(other: dict[str, Any]) -> None:
    assert grouping.fingerprint(other) != BASE


def test_a_library_s_frames_do_not_count_if_there_are_others() -> None:
    other = event()
    other["exception"]["values"][0]["stacktrace"]["frames"][0]["function"] = "walk"
    assert grouping.fingerprint(other) == BASE


def test_an_event_s_own_fingerprint_decides() -> None:
    one = {**event(), "fingerprint": ["checkout"]}
    two = {**event("TypeError", function="refund"), "fingerprint": ["checkout"]}
    assert grouping.fingerprint(one) == grouping.fingerprint(two) != BASE


@pytest.mark.parametrize("default", ["{{ default }}", "{{default}}"])
def test_the_default_may_be_a_part_of_it(default: str) -> None:
    assert grouping.fingerprint({**event(), "fingerprint": [default]}) == BASE
    with_tenant = grouping.fingerprint({**event(), "fingerprint": [default, "tenant-1"]})
    assert with_tenant not in (
        BASE,
        grouping.fingerprint({**event("E"), "fingerprint": [default, "tenant-1"]}),
    )


def test_messages_are_grouped_by_their_template() -> None:
    one = {"logentry": {"message": "out of %s", "formatted": "out of tea"}}
    two = {"logentry": {"message": "out of %s", "formatted": "out of milk"}}
    assert grouping.fingerprint(one) == grouping.fingerprint(two)
    assert grouping.title(one) == "out of tea"


def test_the_title_is_cut_and_has_one_line() -> None:
    assert grouping.title(event(value="x" * 200 + "\ny")) == "KeyError: " + "x" * 100
    assert grouping.title(event(value="")) == "KeyError"
    assert grouping.title({}) == "<unlabeled event>"


def test_the_culprit_is_the_transaction_or_the_place() -> None:
    assert grouping.culprit(event()) == "shop.cart in pay"
    assert grouping.culprit({**event(), "transaction": "/pay/"}) == "/pay/"


@pytest.mark.parametrize(
    ("number", "expected"), [(1, "SHOP-1"), (10, "SHOP-A"), (31, "SHOP-Z"), (32, "SHOP-10")]
)
def test_short_ids_count_in_base_32(number: int, expected: str) -> None:
    assert grouping.short_id("shop", number) == expected
