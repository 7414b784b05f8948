"""An honest fix with any one more change is denied, whatever the change and wherever it is (M7, metamorphic)."""

from __future__ import annotations

import ast
import os
import zlib

import pytest

from app.verify.conformance import unexplained

from .mutations import MUTATIONS, mutants, places
from .test_honest_changes import A_PERSON_MERGES, EXAMPLES

# One of so many mutants is tried, another one for each example; 1 tries all of them, which takes minutes.
EVERY = int(os.environ.get("AUTOFIX_EVERY_MUTANT", "12"))
# Mutants that are honest fixes themselves: they change nothing but what the fix added, into another thing that the
# category may add. Their number is the gate's freedom, so each is named.
OTHER_FIXES = {
    ("except_skip_item_0", "delete"): "`pass` for `continue`, at the end of the loop",
    ("except_skip_item_3", "delete"): "the same handler without its line in the log",
    ("none_empty_iterable_1", "swap"): "the same guard before another use",
    ("none_start_value_0", "swap"): "likewise",
    ("type_path_0", "swap"): "the same import on another line",
    ("type_path_1", "swap"): "the same conversion before another use",
    ("unbound_start_value_1", "delete"): "the same condition without the first value",
    ("unbound_start_value_3", "delete"): "likewise",
}
NAMES = sorted(EXAMPLES.keys() - A_PERSON_MERGES.keys())


def is_another_text(before: str, mutant: str) -> bool:
    """True if only an added error's or log line's text, or the length of an added timeout, is another one."""
    old = before.split("\n")
    added = [line.strip() for line in mutant.split("\n") if line not in old]
    return any(line.startswith(("raise ", "log.")) or "timeout=" in line for line in added)


def test_the_mutations_find_places_everywhere() -> None:
    counted = dict.fromkeys(MUTATIONS, 0)
    for name in NAMES:
        for mutation, _ in places(ast.parse(EXAMPLES[name][2])):
            counted[mutation] += 1
    assert sum(counted.values()) > 8000
    assert min(counted.values()) >= 20, counted


@pytest.mark.parametrize("name", NAMES)
def test_m7_one_more_change_denies(name: str) -> None:
    category, *texts = EXAMPLES[name]
    before, after = (ast.unparse(ast.parse(text)) for text in texts)
    assert unexplained(category, before, after) == ()
    for mutation, mutant in mutants(after, EVERY, zlib.crc32(name.encode())):
        if mutant in (before, after) or (name, mutation) in OTHER_FIXES:
            continue
        if not (mutation == "constant" and is_another_text(before, mutant)):
            assert unexplained(category, before, mutant), f"{mutation}:\n{mutant}"
