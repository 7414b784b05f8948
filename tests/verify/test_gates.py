"""The gates as pure functions: every form that they must see, without a process for each."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from app.core.model import Action
from app.core.paths import ALWAYS_PROTECTED
from app.core.policy import parse_policy
from app.verify.gates.change import paths
from app.verify.gates.claim import Claim, read_claim
from app.verify.gates.coverage import MOST_BYTES, CoverageFault, covered_of, read_report
from app.verify.gates.difference import changed_statements, difference
from app.verify.gates.entry import Account, Entry
from app.verify.gates.gate import Weight
from app.verify.gates.live import (
    CheckRun,
    Jobs,
    Live,
    Pull,
    is_settled,
    jobs,
    live_head,
    new_owner,
    own_commit,
)
from app.verify.gates.proposal import Change, Proposal, text_of
from proposed_fix import POLICY, TRAILERS

LINES = tuple(f"{key}: {value}" for key, value in TRAILERS.items())


def claim() -> Claim:
    read = read_claim(LINES)
    assert isinstance(read, Claim)
    return read


def path_of(pattern: str) -> str:
    """A path that the pattern covers."""
    plain = pattern.replace("**/.git*", ".gitmodules").replace(".git*/**", ".git-x/y").removeprefix("**/")
    return plain.replace("**", "x.txt").replace("*", "more")


@pytest.mark.parametrize("pattern", ALWAYS_PROTECTED)
def test_m9_hostile_change_of_a_protected_file_is_denied(pattern: str) -> None:
    for name in (path_of(pattern), path_of(pattern).upper()):
        change = Change("M", "100644", "100644", name)
        proposal = Proposal(claim(), parse_policy(POLICY.encode()), (change,), frozenset(), b"", b"", b"")
        (objection,) = paths(proposal)
        assert objection.sentence.startswith(f"{name} is protected by")


@pytest.mark.parametrize("key", TRAILERS)
def test_hostile_claim_without_a_trailer_is_denied(key: str) -> None:
    found = read_claim(line for line in LINES if not line.startswith(f"{key}:"))
    assert isinstance(found, tuple)
    assert [one.sentence for one in found] == [f"the head commit has 0 trailers {key}, one is needed"]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("Test", "--collect-only"),
        ("Test", "tests/../../x.py::test_x"),
        ("Test", "./tests/x.py::test_x"),
        ("Test", "tests/test_level.py"),
        ("Test", "tests/test_level.py::test_level[1]"),
        ("Fix", "/etc/x.py"),
        ("Fix", "shop/$(id).py"),
        ("Fix", "shop/x.txt"),
        ("Place", "shop/checkout.py:0"),
        ("Place", "shop/checkout.py"),
        ("Exception", "::error::x"),
        ("Action", "merge"),
        ("Action", "automerge propose"),
        ("Category", "Null Safety"),
        ("Incident", "x" * 500),
    ],
)
def test_hostile_claim_that_is_malformed_is_denied(key: str, value: str) -> None:
    lines = [line for line in LINES if not line.startswith(f"Autofix-{key}:")]
    found = read_claim([*lines, f"Autofix-{key}: {value}"])
    assert isinstance(found, tuple)
    assert f"Autofix-{key} is malformed" in found[0].sentence


def test_all_that_is_wrong_with_a_claim_is_told_at_once() -> None:
    found = read_claim([*LINES[2:], LINES[2]])
    assert isinstance(found, tuple)
    assert len(found) == 3


# What GitHub says -----------------------------------------------------------------------------------------------

BOT = Account(990, "autofix[bot]", "Bot")
INES = Account(7, "ines", "User")
FORGE = Account(19864447, "web-flow", "User")
PULL = Pull("h" * 40, "main", True, False, BOT, BOT, BOT, BOT, True, "valid")  # noqa: FBT003
LIVE = Live("h" * 40, "main", 0, bound=True, pull=PULL)
ENTRY = Entry(BOT, BOT.login, 0, "main", "main", ("b",), ("b",), 1, LINES, POLICY)


def test_a_commit_that_github_signed_for_the_bot_is_ours() -> None:
    for committer in (BOT, FORGE):
        assert list(own_commit(replace(LIVE, pull=replace(PULL, committer=committer)))) == []
    assert list(live_head(LIVE)) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"verified": False},
        {"commit_author": None},
        {"commit_author": INES},
        {"committer": None},
        {"committer": INES},
        {"author": INES},
        {"bot": Account(991, "autofix[bot]", "Bot")},
    ],
)
def test_m3_hostile_commit_of_anybody_else_is_denied(changes: dict[str, Any]) -> None:
    assert any(
        one.weight is Weight.DENIES for one in own_commit(replace(LIVE, pull=replace(PULL, **changes)))
    )


def test_what_nobody_could_ask_denies_a_merge_without_a_person_only() -> None:
    for gate in (own_commit, live_head):
        (denied,) = gate(replace(LIVE, pull="no token"))
        (told,) = gate(replace(LIVE, pull="no token", bound=False))
        assert (denied.weight, told.weight) == (Weight.DENIES, Weight.UNCHECKED)


@pytest.mark.parametrize(
    ("changes", "entry", "owner"),
    [
        ({"committer": INES}, ENTRY, "ines"),
        ({"commit_author": INES, "committer": FORGE}, ENTRY, "ines"),
        ({"commit_author": None, "committer": None}, replace(ENTRY, parents=("c",)), "somebody"),
        ({"commit_author": None, "committer": None}, replace(ENTRY, trailers=()), "somebody"),
        ({"commit_author": None, "committer": None}, ENTRY, None),
        ({"commit_author": None, "committer": FORGE}, ENTRY, None),
        ({}, ENTRY, None),
        ({"verified": False}, ENTRY, None),
        ({"verified": False}, replace(ENTRY, parents=("c",)), None),
        ({"committer": INES, "armed": True}, ENTRY, None),
        ({"committer": INES, "head": "i" * 40}, ENTRY, None),
        ({"committer": INES, "author": INES}, ENTRY, None),
    ],
)
def test_m1_only_a_persons_own_head_is_handed_over(
    changes: dict[str, Any], entry: Entry, owner: str | None
) -> None:
    assert new_owner(entry, replace(PULL, **changes), "h" * 40) == owner


def run(conclusion: str | None, **changes: Any) -> CheckRun:
    status = "completed" if conclusion else "in_progress"
    return replace(CheckRun("e2e", "github-actions", "h", status, conclusion), **changes)


@pytest.mark.parametrize(
    "runs",
    [
        (),
        (run("success", head="older"),),
        (run("success", app="evil"),),
        (run("success", app=""),),
        (run("success", name="E2E"),),
        (run("success", status="queued"),),
        (run(None),),
        (run("success"), run("failure")),
        *(
            (run(conclusion),)
            for conclusion in (
                "failure",
                "neutral",
                "skipped",
                "cancelled",
                "timed_out",
                "action_required",
                "stale",
                "startup_failure",
                "SUCCESS",
                "",
            )
        ),
    ],
)
def test_m13_hostile_check_that_is_not_green_on_this_head_is_denied(runs: tuple[CheckRun, ...]) -> None:
    assert list(jobs(Jobs("h", ("e2e",), runs)))


def test_m12_a_job_is_bound_to_its_app() -> None:
    assert list(jobs(Jobs("h", ("e2e",), (run("success"),)))) == []
    assert list(jobs(Jobs("h", ("e2e@buildkite",), (run("success", app="buildkite"),)))) == []
    assert list(jobs(Jobs("h", ("e2e@buildkite",), (run("success"),))))
    assert list(jobs(Jobs("h", ("e2e",), "GitHub's answer is missing: 500")))


def test_waiting_ends_once_all_ended_or_one_ended_badly() -> None:
    both = ("e2e", "load")
    assert not is_settled(Jobs("h", both, (run("success"),)))
    assert not is_settled(Jobs("h", both, (run("success"), run(None, name="load"))))
    assert is_settled(Jobs("h", both, (run("success"), run("success", name="load"))))
    assert is_settled(Jobs("h", both, (run("failure"),)))
    assert is_settled(Jobs("h", both, "no answer"))


# What changed -----------------------------------------------------------------------------------------------------


def test_lines_that_only_moved_or_were_indented_are_no_changed_statements() -> None:
    before = "def f(x):\n    y = x.a\n    return y\n"
    after = "def f(x):\n    if x is not None:\n        y = x.a\n        return y\n    return 0\n"
    assert [one.first for one in changed_statements(before, after)] == [2, 5]
    assert difference(before, after).size == 6


HANDLED = """\
def f(x):
    try:
        return int(
            x
        )
    except (
        TypeError
    ):
        return 0
"""


def test_a_statement_of_several_lines_and_a_handler_count_once() -> None:
    found = changed_statements("def f(x):\n    return int(x)\n", HANDLED)
    assert [(one.first, one.last) for one in found] == [(2, 2), (3, 5), (6, 8), (9, 9)]


def test_a_large_file_is_compared_quickly() -> None:
    before = "x = 1\n" * 50_000
    assert difference(before, "y = 1\n" + before).added == (1,)
    assert difference(before, before.replace("x", "z")).size == 100_000


def test_only_utf8_is_read() -> None:
    assert text_of(b"x = 1\n") == "x = 1\n"
    assert text_of(b"\xef\xbb\xbfx = 1\n") == "x = 1\n"
    for content in (
        b"# coding: latin-1\n",
        b"# coding: utf-7\n",
        b"# coding: nonsense\n",
        b"\xff",
        b"# \xe9",
    ):
        assert text_of(content) is None


# Coverage reports ----------------------------------------------------------------------------------------------

NOW = 1_800_000_000.0
COBERTURA = (
    '<?xml version="1.0" ?><coverage version="7" timestamp="{at}"><sources><source>/w</source></sources><packages>'
    '<package><classes><class filename="shop/a.py"><lines><line number="1" hits="1"/><line number="2" hits="0"/>'
    "</lines></class></classes></package></packages></coverage>"
)
LCOV = "TN:\nSF:/w/shop/a.py\nDA:1,3\nDA:2,0\nLF:2\nend_of_record\n"
COVERAGE_PY = {
    "meta": {"format": 3, "timestamp": "2027-01-15T09:00:00"},
    "files": {"shop/a.py": {"executed_lines": [1], "missing_lines": [2]}},
}


@pytest.mark.parametrize(
    "text", [COBERTURA.format(at=1_800_000_000_000), COBERTURA.format(at=1_800_000_000), LCOV, json.dumps(COVERAGE_PY)]
)  # fmt: skip
def test_the_three_formats_are_read(text: str) -> None:
    report = read_report(text.encode())
    seen = covered_of(report, "shop/a.py", not_before=NOW - 86_400, modified_at=NOW, now=NOW + 86_400)
    assert (set(seen.listed), set(seen.ran)) == ({1, 2}, {1})


def entities(count: int) -> str:
    rows = "".join(f'<!ENTITY e{number + 1} "{f"&e{number};" * 10}">' for number in range(count))
    return f'<!DOCTYPE coverage [<!ENTITY e0 "x">{rows}]><coverage timestamp="1">&e{count};</coverage>'


@pytest.mark.parametrize(
    "text",
    [
        entities(50),
        '<!DOCTYPE coverage SYSTEM "http://127.0.0.1:1/x.dtd"><coverage timestamp="1"/>',
        '<!DOCTYPE c [<!ENTITY x SYSTEM "file:///etc/passwd">]><coverage timestamp="1">&x;</coverage>',
        "<coverage/>",
        '<testsuites timestamp="1"/>',
        '<coverage timestamp="1">',
        '<coverage timestamp="1"><class filename="a"><line number="x" hits="1"/></class></coverage>',
        '<coverage timestamp="1"><class filename="a"><line number="1" hits="1e9"/></class></coverage>',
        "{" * 100_000,
        "[" * 100_000,
        "{}",
        '{"meta": {"timestamp": "2027-01-15T09:00:00"}, "files": [], "files": {}}',
        json.dumps({**COVERAGE_PY, "files": {"a": {"executed_lines": [True], "missing_lines": []}}}),
        json.dumps({**COVERAGE_PY, "files": {"a": {"executed_lines": ["1"], "missing_lines": []}}}),
        json.dumps({**COVERAGE_PY, "meta": {}}),
        "SF:a\nDA:1,1\n",
        "SF:a\nend_of_record\nSF:a\nend_of_record\n",
        "SF:a\nDA:1\nend_of_record\n",
        "hello\n",
        "",
        "PK\x03\x04",
        "\xff",
    ],
)
def test_c6_hostile_report_is_refused(text: str) -> None:
    with pytest.raises(CoverageFault):
        read_report(text.encode("latin-1"))


def test_c6_a_report_that_is_too_large_is_refused() -> None:
    with pytest.raises(CoverageFault, match="larger"):
        read_report(b" " * (MOST_BYTES + 1))


@pytest.mark.parametrize(
    ("text", "path", "at"),
    [
        (COBERTURA.format(at=1_700_000_000), "shop/a.py", NOW),
        (COBERTURA.format(at=1_900_000_000), "shop/a.py", NOW),
        (LCOV, "shop/a.py", NOW - 100),
        (LCOV, "shop/b.py", NOW),
        (LCOV, "op/a.py", NOW),
        (LCOV + LCOV.replace("/w/", "/v/"), "shop/a.py", NOW),
    ],
)
def test_a_report_that_is_stale_or_of_other_files_is_refused(text: str, path: str, at: float) -> None:
    with pytest.raises(CoverageFault):
        covered_of(read_report(text.encode()), path, not_before=NOW - 1, modified_at=at, now=NOW)


def test_the_action_of_a_claim_is_one_of_two() -> None:
    assert claim().action in {Action.PROPOSE, Action.AUTOMERGE}
