from __future__ import annotations

import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.category import CATEGORIES
from app.core.errors import PolicyError
from app.core.model import Action
from app.core.policy import MAX_BYTES, parse_policy

SMALL = b"version: 1\nsentry: {organization: acme, projects: [shop]}\n"


def test_the_smallest_policy_leaves_every_category_at_its_default() -> None:
    policy = parse_policy(SMALL)
    assert {name: policy.action(name) for name in CATEGORIES} == {
        name: category.default for name, category in CATEGORIES.items()
    }
    assert (policy.checks.verify, policy.observe.environment) == ("autofix", "production")
    assert policy.observe.looks == (120, 300, 600, 1200, 1800)


def test_everything_can_be_said() -> None:
    policy = parse_policy(
        SMALL
        + b"categories: {null-safety: automerge, missing-key: ignore}\n"
        + b"checks: {verify: proof}\nobserve: {environment: live, looks: [60, 120]}\n"
        + b"paths: {protected: [billing/**]}\n"
    )
    assert policy.action("null-safety") is Action.AUTOMERGE
    assert policy.action("missing-key") is Action.IGNORE
    assert (policy.checks.verify, policy.observe.looks) == ("proof", (60, 120))
    assert policy.paths.protected == ("billing/**",)


def _says(text: bytes) -> str:
    with pytest.raises(PolicyError) as caught:
        parse_policy(text)
    assert "\n" not in str(caught.value)
    return str(caught.value)


LAUGHS = b"a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: [*c, *c]\n"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (LAUGHS, "aliases"),
        (b"a: &a [*a]\n", "aliases"),
        (b"version: &v 1\nsentry: *v\n", "aliases"),
        (b"#" * (MAX_BYTES + 1), "larger than 64 kB"),
        (b"[" * MAX_BYTES, "nested deeper"),
        (b"{a: " * 21, "nested deeper"),
    ],
)
def test_c1_bombs_are_refused_at_once(text: bytes, why: str) -> None:
    started = time.process_time()
    assert why in _says(text)
    assert time.process_time() - started < 2


@pytest.mark.parametrize(
    "tag",
    [
        b"!!python/object/apply:os.system [id]",
        b"!!python/name:os.system ''",
        b"!!python/object/new:type [x]",
        b"!include /etc/passwd",
    ],
)
def test_c2_tags_make_nothing(tag: bytes) -> None:
    assert "not valid YAML" in _says(SMALL + b"observe: " + tag + b"\n")


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"auto_merg: true", "auto_merg"),
        (b"version: 1", "given twice"),
        (b'"version": 1', "given twice"),
        (b"categories: {null-safety: propose, null-safety: automerge}", "given twice"),
        (b"categories: {null-safty: automerge}", "unknown category"),
        (b"categories: {null-safety: yes}", "categories.null-safety"),
        (b"categories: {null-safety: on}", "categories.null-safety"),
        (b"categories: {null-safety: no}", "categories.null-safety"),
        (b"categories: {null-safety: Automerge}", "categories.null-safety"),
        (b"categories: [null-safety]", "categories"),
        (b"observe: {looks: [1e9]}", "observe.looks"),
        (b"observe: {looks: [1.5e+3]}", "observe.looks"),
        (b"observe: {looks: [0120]}", "plain decimal"),
        (b"observe: {looks: [2:00]}", "in quotes"),
        (b"observe: {looks: [0x78]}", "plain decimal"),
        (b"observe: {looks: [1_20]}", "plain decimal"),
        (b"observe: {looks: ['120']}", "observe.looks"),
        (b"observe: {looks: [true]}", "observe.looks"),
        (b"observe: {looks: [0]}", "observe.looks"),
        (b"observe: {looks: [.nan]}", "observe.looks"),
        (b"observe: {looks: []}", "observe.looks"),
        (b"observe: {looks: [300, 120]}", "ascending"),
        (b"observe: {looks: [120, 120]}", "ascending"),
        (b"observe: {looks: [" + b"9" * 5000 + b"]}", "plain decimal"),
        (b"checks: {verify: ''}", "checks.verify"),
        (b"checks: {verify: 7}", "checks.verify"),
        (b"paths: {protected: billing}", "paths.protected"),
        (b"? [a, b]\n: 1", "not valid YAML"),
        (b"sentry", "not valid YAML"),
    ],
)
def test_c3_what_is_not_exactly_meant_switches_automation_off(line: bytes, why: str) -> None:
    assert why in _says(SMALL + line + b"\n")


@pytest.mark.parametrize("version", [b"true", b"2", b"'1'", b"1.0", b"", b"01"])
def test_c3_the_version_is_the_number_one(version: bytes) -> None:
    _says(SMALL.replace(b"version: 1", b"version: " + version))


@pytest.mark.parametrize(
    "text", [b"", b"[]", b"version", b"1", b"\xff\xfe", b"version: 1\x00", b"version: 1"]
)
def test_c3_what_is_no_policy_is_refused(text: bytes) -> None:
    _says(text)


@given(st.binary(max_size=400))
def test_any_bytes_are_a_policy_or_a_policy_error(text: bytes) -> None:
    with contextlib.suppress(PolicyError):
        assert parse_policy(text).version == 1


@given(st.text(alphabet=":[]{}&*!|>-? \n\"'#%@`,ab1", max_size=200))
def test_any_punctuation_after_a_policy_is_a_policy_or_a_policy_error(text: str) -> None:
    with contextlib.suppress(PolicyError):
        assert parse_policy(SMALL + text.encode()).version == 1
