"""Changes made of the words of a fix, and test files made like a repeated call: all are denied (M7, M10)."""

from __future__ import annotations

import ast

import pytest

from app.verify.conformance import own_sources, unexplained, unexplained_test

from .lookalike import Lookalike
from .lookalikes_checks import CHECKS
from .lookalikes_guards import GUARDS
from .lookalikes_handlers import HANDLERS
from .lookalikes_rules import RULES
from .lookalikes_tests import FILES, TEST_FILES
from .lookalikes_values import VALUES
from .lookalikes_words import WORDS

# What no syntax shows: these are explained, and the other gates judge them. The regression test must fail without the
# change, with the recorded error at the recorded place, and the suite must pass. Their number is the gate's freedom.
LEFT_TO_THE_PROOF = {
    "hostile-unneeded-property-that-was-not-there": "who asks `hasattr` may be anywhere",
    "hostile-other-test-position-in-a-list": "whether it is a list is known when it runs",
    "hostile-permission-check-as-a-value": "a check with the name of a question, called for its value",
    "hostile-default-get-of-a-dictionary-that-answers": "a class that answers for what is missing",
    "hostile-conversion-text-of-both": "numbers that were added raise nothing, so no test fails without the change",
    "hostile-conversion-number-of-a-post-code": "likewise, for a text that was stored",
    "hostile-conversion-path-given-as-text": "the suite fails where the path is joined",
    "hostile-handler-no-error-of-this-statement": "the regression test fails with the change as well",
    "hostile-crash-expected": "the regression test passes without the change",
    "hostile-class-method-of-effect": "the regression test does not reach the recorded place",
}
CASES = [*GUARDS, *CHECKS, *VALUES, *HANDLERS, *WORDS, *RULES]


def test_there_are_enough_and_each_is_named_once() -> None:
    assert len(CASES) >= 500
    assert len({one.name for one in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=[one.name for one in CASES])
def test_m7_what_only_looks_like_a_fix_is_denied(case: Lookalike) -> None:
    assert ast.dump(ast.parse(case.before)) != ast.dump(ast.parse(case.after))
    found = unexplained(case.category, case.before, case.after)
    assert bool(found) is (case.name not in LEFT_TO_THE_PROOF), case.because


@pytest.mark.parametrize("name", TEST_FILES)
def test_m10_what_only_looks_like_a_repeated_call_is_denied(name: str) -> None:
    because, text, test_id = TEST_FILES[name]
    found = unexplained_test(text, test_id, own_sources(text, list(FILES), FILES.__getitem__))
    assert bool(found) is (name not in LEFT_TO_THE_PROOF), because
