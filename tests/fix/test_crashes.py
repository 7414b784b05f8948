"""Bugs of a small shop, from the real exception to the test that fails before the fix and passes after it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from app.core.model import Applicability, Patch, Reason, Stop
from app.verify.conformance import own_sources, unexplained, unexplained_test

from .conftest import Handled, read_crashes

CASES = read_crashes()
FIXED = [one.name for one in CASES if one.group != "refused"]
REFUSED = [one.name for one in CASES if one.group == "refused"]


def test_the_table_is_as_large_as_promised() -> None:
    assert len(FIXED) >= 60
    assert len(REFUSED) >= 20
    assert len({one.name for one in CASES}) == len(CASES)


@pytest.mark.parametrize("name", FIXED)
def test_fixed_and_proven(name: str, handled: Mapping[str, Handled]) -> None:
    found = handled[name]
    assert isinstance(found.answer, Patch), found.answer
    patch = found.answer
    assert patch.why
    assert patch.why_safe
    assert patch.fix.path == found.place[0]
    assert patch.test.change.before is None
    assert found.before == {"exception": found.exception, "place": list(found.place)}
    assert found.after == {"exception": None, "place": None}


# Honest, and yet the gate leaves them to a person: they decide who or what passes, or leave out an effect.
A_PERSON_MERGES = {
    "ban_without_entry": "a check that raises",
    "age_without_entry": "asked less often",
    "token_without_expiry": "asked less often",
    "payment_left_out": "moves or destroys",
    "loyalty_tier_test": "A yes or no",
    "stock_comparison": "A yes or no",
    "age_gate": "A yes or no",
    "in_operator": "A yes or no",
    "compare_dates": "A yes or no",
}


@pytest.mark.parametrize("name", FIXED)
def test_the_gate_explains_what_the_engine_writes(name: str, handled: Mapping[str, Handled]) -> None:
    patch = handled[name].answer
    assert isinstance(patch, Patch)
    files = handled[name].crash.files
    found = [
        one.sentence
        for change in patch.changes
        for one in (
            unexplained(patch.category, change.before, change.after)
            if change.before is not None
            else unexplained_test(
                change.after, patch.test.test_id, own_sources(change.after, list(files), files.__getitem__)
            )
        )
    ]
    because = A_PERSON_MERGES.get(name)
    assert (because is not None and because in found[0]) if found else because is None, found


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str, handled: Mapping[str, Handled]) -> None:
    answer = handled[name].answer
    assert isinstance(answer, Stop), answer
    assert answer.reason in {Reason.NOVEL, Reason.UNCONFIRMED, Reason.NO_CANDIDATE, Reason.NO_REPRODUCTION}
    assert answer.detail.endswith(".")


@pytest.mark.parametrize(
    "name",
    [
        "request_in_a_nested_call",
        "request_handed_on",
        "answer_bound_again",
        "answer_changed_in_place",
        "request_used_after_the_repair",
        "request_in_a_condition",
        "request_in_a_loop",
        "request_used_in_the_end",
    ],
)
def test_what_an_object_answered_must_be_known_for_every_use(
    name: str, handled: Mapping[str, Handled]
) -> None:
    answer = handled[name].answer
    assert isinstance(answer, Stop)
    assert answer.reason is Reason.NO_REPRODUCTION


def test_an_opaque_argument_answers_as_it_was_recorded(handled: Mapping[str, Handled]) -> None:
    assert _test_of(handled["handler_of_unknown_customer"]).splitlines()[2:] == [
        "`request` is a stand-in that gives back what production recorded, without secrets and personal data.",
        '"""',
        "",
        "import asyncio",
        "from types import SimpleNamespace",
        "from unittest.mock import AsyncMock",
        "",
        f"from {handled['handler_of_unknown_customer'].crash.package}.web_checkout import checkout",
        "",
        "",
        "def test_checkout_when_customer_is_none() -> None:",
        '    request = SimpleNamespace(json=AsyncMock(return_value={"customer": "c-9", "lines": ["mug"]}))',
        "",
        '    assert asyncio.run(checkout(request)) == ({"error": "no such customer"}, 404)',
    ]


@pytest.mark.parametrize(
    ("name", "assignment"),
    [
        ("search_without_a_query", "request = SimpleNamespace(GET={})"),
        ("price_of_unknown_product", 'match_info={"sku": "teapot"}, query={"currency": "EUR"}'),
        ("user_of_a_session", "session = SimpleNamespace(get=Mock(return_value=None))"),
        ("two_rows_of_a_session", "get=AsyncMock(side_effect=[Parcel(id=4, depot=9), None])"),
        ("request_that_is_not_used", "request = SimpleNamespace()"),
        ("link_with_a_secret", 'match_info={"token": "removed"}'),
    ],
)
def test_what_stands_in(name: str, assignment: str, handled: Mapping[str, Handled]) -> None:
    assert assignment in _test_of(handled[name])


def _test_of(found: Handled) -> str:
    assert isinstance(found.answer, Patch), found.answer
    return found.answer.test.change.after or ""


def test_line_ends_tabs_and_comments_stay(handled: Mapping[str, Handled]) -> None:
    patch = handled["tabs_and_crlf"].answer
    assert isinstance(patch, Patch)
    assert patch.fix.before is not None
    assert patch.fix.after == patch.fix.before.replace(
        "\treturn profile", "\tif profile is None:\r\n\t\treturn None\r\n\treturn profile"
    )


@pytest.mark.parametrize(
    "name",
    [
        "dict_payload_none",
        "missing_price_is_not_zero",
        "missing_rate_is_not_zero",
        "comprehension_of_optional_keys",
        "age_gate",
        "token_without_expiry",
        "ban_without_entry",
        "age_without_entry",
        "payment_left_out",
        "state_left_unchanged",
    ],
)
def test_what_readers_may_not_allow_for_is_left_to_a_person(
    name: str, handled: Mapping[str, Handled]
) -> None:
    patch = handled[name].answer
    assert isinstance(patch, Patch)
    assert patch.applicability is Applicability.UNSAFE


def test_what_can_not_be_tested_does_not_pass_a_gate(handled: Mapping[str, Handled]) -> None:
    patch = handled["age_gate"].answer
    assert isinstance(patch, Patch)
    assert "if customer.age is None or customer.age < 18:" in (patch.fix.after or "")


def test_at_equal_evidence_the_proven_fix_comes_first(handled: Mapping[str, Handled]) -> None:
    patch = handled["format_spec_without_guard"].answer
    assert isinstance(patch, Patch)
    assert patch.pattern == "none_return_guard"
    assert any("none_neutral_value" in one for one in patch.alternatives)


def test_weak_evidence_is_never_called_safe(handled: Mapping[str, Handled]) -> None:
    patch = handled["format_spec_without_guard"].answer
    assert isinstance(patch, Patch)
    assert patch.applicability is Applicability.UNSAFE
    assert "a person should choose" in patch.why_safe


def test_a_missing_number_is_not_taken_for_zero_in_a_difference(handled: Mapping[str, Handled]) -> None:
    patch = handled["missing_price_is_not_zero"].answer
    assert isinstance(patch, Patch)
    assert "if product.sale_price is None:" in (patch.fix.after or "")
    assert not any("none_neutral_value" in one for one in patch.alternatives)


def test_the_lines_of_a_test_are_short(handled: Mapping[str, Handled]) -> None:
    patch = handled["nested_dataclasses_in_lists"].answer
    assert isinstance(patch, Patch)
    assert max(len(line) for line in (patch.test.change.after or "").splitlines()) <= 104
