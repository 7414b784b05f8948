"""Changes made of the words of a fix, and test files made like a repeated call: all are denied (M7, M10)."""

from __future__ import annotations

import ast

import pytest

from app.verify.conformance import own_sources, unexplained, unexplained_test

from .lookalike import Lookalike
from .lookalikes_checks import CHECKS
from .lookalikes_guards import GUARDS
from .lookalikes_handlers import HANDLERS
from .lookalikes_tests import FILES, TEST_FILES
from .lookalikes_values import VALUES
from .lookalikes_words import WORDS

CASES = [*GUARDS, *CHECKS, *VALUES, *HANDLERS, *WORDS]


def test_there_are_enough_and_each_is_named_once() -> None:
    assert len(CASES) >= 150
    assert len({one.name for one in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=[one.name for one in CASES])
def test_m7_what_only_looks_like_a_fix_is_denied(case: Lookalike) -> None:
    assert ast.dump(ast.parse(case.before)) != ast.dump(ast.parse(case.after))
    assert unexplained(case.category, case.before, case.after), case.because


@pytest.mark.parametrize("name", TEST_FILES)
def test_m10_what_only_looks_like_a_repeated_call_is_denied(name: str) -> None:
    because, text, test_id = TEST_FILES[name]
    assert unexplained_test(text, test_id, own_sources(text, list(FILES), FILES.__getitem__)), because
