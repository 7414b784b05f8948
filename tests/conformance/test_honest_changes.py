"""What honest fixes look like: every pattern's examples, each explained by its own category."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter

import pytest

from app.core.category import CATEGORIES
from app.fix.pattern import patterns
from app.verify.conformance import unexplained
from app.verify.conformance.vocabulary import VOCABULARIES

EXAMPLES = {
    f"{name}_{number}": (pattern.category, example.before, example.after)
    for name, pattern in patterns().items()
    for number, example in enumerate(pattern.examples)
}
# Honest, and yet a person merges: to explain these would explain hostile changes too.
A_PERSON_MERGES = {
    "index_test_guard_1": "whether an answer of no is the safe one is written nowhere",
    "except_like_elsewhere_1": "its function blocks networks, and a caught error there may let one through",
    "none_conditional_2": "it claims null safety and catches an error, which a policy may allow less",
    "type_bytes_1": "it changes how a login is encoded",
    "type_guard_truth_0": "`x is not None` became `x`, which is another answer for zero: a limit of 0 would be none",
    "type_guard_truth_1": "likewise",
    "type_inverted_check_0": "a condition is turned around",
}


def test_every_category_has_a_vocabulary() -> None:
    assert set(VOCABULARIES) == set(CATEGORIES)


def test_enough_honest_fixes_of_every_category_are_explained() -> None:
    counted = Counter(EXAMPLES[name][0] for name in EXAMPLES if name not in A_PERSON_MERGES)
    assert len(A_PERSON_MERGES) <= len(EXAMPLES) // 20
    assert counted.total() >= 140
    assert all(counted[category] >= 8 for category in CATEGORIES), counted


@pytest.mark.parametrize("name", sorted(EXAMPLES.keys() - A_PERSON_MERGES.keys()))
def test_an_example_of_a_pattern_is_explained_by_its_category(name: str) -> None:
    category, before, after = EXAMPLES[name]
    assert unexplained(category, before, after) == ()


@pytest.mark.parametrize("name", sorted(A_PERSON_MERGES))
def test_what_is_listed_for_a_person_is_not_explained(name: str) -> None:
    category, before, after = EXAMPLES[name]
    assert unexplained(category, before, after)


@pytest.mark.parametrize("name", sorted(EXAMPLES.keys() - A_PERSON_MERGES.keys()))
def test_an_example_backwards_is_not_explained(name: str) -> None:
    category, before, after = EXAMPLES[name]
    assert unexplained(category, after, before)


def test_nothing_changed_needs_no_explanation() -> None:
    _, before, _ = next(iter(EXAMPLES.values()))
    assert all(unexplained(category, before, before) == () for category in CATEGORIES)


def test_the_gate_needs_the_standard_library_only() -> None:
    program = (
        "import sys\n"
        "for name in ('libcst', 'pydantic', 'httpx', 'dbos', 'yaml', 'structlog', 'sqlalchemy'):\n"
        "    sys.modules[name] = None\n"
        "from app.verify.conformance import unexplained\n"
        "print(unexplained('null-safety', 'def f(x):\\n    return x.y\\n',"
        " 'def f(x):\\n    if x is None:\\n        return None\\n    return x.y\\n'))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("()\n", "")
