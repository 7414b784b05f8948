"""Honest fixes are explained, each by its own category: all that our patterns show as examples, but for a few."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.category import CATEGORIES
from app.verify.conformance import unexplained, unexplained_test
from verify_examples import EXAMPLES, NOT_EXPLAINED


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_honest_fix_is_explained_by_its_category(name: str) -> None:
    category, example = EXAMPLES[name]
    found = unexplained(category, example.before, example.after)
    assert (found == ()) is (name not in NOT_EXPLAINED), found


def test_nearly_all_honest_fixes_are_explained_in_every_category() -> None:
    assert set(NOT_EXPLAINED) <= set(EXAMPLES)
    assert len(EXAMPLES) - len(NOT_EXPLAINED) >= 0.95 * len(EXAMPLES) > 100
    explained = {category for name, (category, _) in EXAMPLES.items() if name not in NOT_EXPLAINED}
    assert explained == set(CATEGORIES)


def test_a_fix_is_not_explained_by_any_category_that_it_may_claim() -> None:
    """What a category explains is its own: a claim of another one rarely holds."""
    others = [
        unexplained(other, example.before, example.after) == ()
        for category, example in EXAMPLES.values()
        for other in CATEGORIES
        if other != category
    ]
    assert sum(others) < 0.5 * len(others)


# Junk ------------------------------------------------------------------------------------------------------------

JUNK = {
    "nul": "x = '\0'\n",
    "deep": "(" * 5000 + ")" * 5000,
    "wide": "(" * 1_000_000,
    "surrogate": "x = '\ud800'\n",
    "nested": "".join(f"{' ' * depth}if x:\n" for depth in range(300)) + " " * 300 + "pass\n",
    "no-python": "def (:\n",
    "null-byte-in-name": "x\0y = 1\n",
    "form-feed": "x = 1\f\n",
    "carriage-returns": "x = 1\ry = 2\r",
}


@pytest.mark.parametrize("name", JUNK)
def test_what_cannot_be_read_is_not_explained(name: str) -> None:
    junk = JUNK[name]
    assert unexplained("null-safety", "x = 1\n", junk)
    assert unexplained("null-safety", junk, "x = 1\n")
    assert unexplained_test(junk, "tests/test_x.py::test_x", {})


def test_an_unknown_category_explains_nothing() -> None:
    (example,) = [EXAMPLES[name][1] for name in EXAMPLES if name.startswith("none_return_guard-0")]
    assert unexplained("refactoring", example.before, example.after)
    assert unexplained("", example.before, example.after)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200), st.text(max_size=200), st.sampled_from(sorted(CATEGORIES)))
def test_any_text_gets_an_answer(before: str, after: str, category: str) -> None:
    found = unexplained(category, before, after)
    assert found or before == after
    unexplained_test(after, "tests/test_x.py::test_x", {})


@settings(max_examples=60, deadline=None)
@given(st.data(), st.sampled_from(sorted(EXAMPLES)))
def test_a_slice_of_a_real_change_is_denied_or_harmless(data: st.DataObject, name: str) -> None:
    category, example = EXAMPLES[name]
    at = data.draw(st.integers(0, len(example.after)))
    assert isinstance(unexplained(category, example.before, example.after[:at]), tuple)
