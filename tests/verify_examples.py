"""Every example that our patterns show, as a change that claims its category."""

from __future__ import annotations

from app.fix.pattern import patterns

EXAMPLES = {
    f"{name}-{number}": (pattern.category, example)
    for name, pattern in patterns().items()
    for number, example in enumerate(pattern.examples)
}
# What opens a door for other changes as well: a person merges these.
NOT_EXPLAINED = {
    "except_like_elsewhere-1": "an error is caught in code that refuses things",
    "none_conditional-2": "the value for an error repeats a whole conditional expression",
    "type_bytes-1": "the code compares signatures",
    "type_guard_truth-0": "a test of truth in place of one for None lets more through",
    "type_guard_truth-1": "a test of truth in place of one for None lets more through",
    "type_inverted_check-0": "a condition is turned around",
}
