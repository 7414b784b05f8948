"""The Action against real git repositories: what it proves, and everything it must refuse."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from proposed_fix import BUGGY, FIXED, TEST, Checkout, event, message, propose


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path / "shop")


def refused(verdict: Verdict, gate: str, words: str) -> None:
    assert verdict.status == 1
    assert verdict.result == "failed"
    assert verdict.evidence == ""
    assert len(verdict.errors) == 1
    assert f"Autofix%3A {gate}::" in verdict.errors[0]
    assert words in verdict.errors[0]
    assert "Not verified" in verdict.summary


def test_an_honest_fix_is_proved(checkout: Checkout) -> None:
    base, head = propose(checkout)
    verdict = verify(checkout.folder, event(base, head))
    assert (verdict.status, verdict.result) == (0, "verified"), verdict.log
    evidence = json.loads(Path(verdict.evidence).read_text())
    assert (evidence["base"], evidence["head"], evidence["verdict"]) == (base, head, "verified")
    assert evidence["before"]["exception"] == "AttributeError"
    assert evidence["before"]["places"][-1] == {"path": "shop/checkout.py", "line": 3}
    assert evidence["after"]["outcome"] == "passed"
    assert "Verified" in verdict.summary
    assert "inc-42" in verdict.summary
    assert verdict.errors == []
    assert checkout.git("worktree", "list").count("\n") == 0
    assert checkout.git("status", "--porcelain") == ""


def test_the_proof_is_about_the_head_commit_and_not_about_what_is_checked_out(checkout: Checkout) -> None:
    base, head = propose(checkout)
    checkout.git("checkout", "--quiet", "main")
    checkout.write({"README.md": "moved on\n"})
    tip = checkout.commit("Something else on main")
    verdict = verify(checkout.folder, event(tip, head))
    assert verdict.result == "verified", verdict.log
    assert json.loads(Path(verdict.evidence).read_text())["base"] == base


def test_an_old_git_payload_without_the_commits_is_refused(checkout: Checkout) -> None:
    base, _ = propose(checkout)
    refused(verify(checkout.folder, event(base, "1" * 40)), "checkout", "fetch-depth")


def test_a_test_that_passes_on_the_base_proves_nothing(checkout: Checkout) -> None:
    base, head = propose(checkout, test="def test_level():\n    pass\n")
    refused(verify(checkout.folder, event(base, head)), "fails-before", "passes without the fix")


def test_another_exception_is_refused(checkout: Checkout) -> None:
    base, head = propose(checkout, test=TEST.replace("{'membership': None}", "{}"))
    refused(
        verify(checkout.folder, event(base, head)), "fails-before", "KeyError, recorded was AttributeError"
    )


def test_another_place_is_refused(checkout: Checkout) -> None:
    base, head = propose(checkout, text=message(place="shop/checkout.py:2"))
    refused(
        verify(checkout.folder, event(base, head)), "fails-before", "shop/checkout.py%3A3".replace("%3A", ":")
    )


def test_the_exception_in_the_test_itself_is_another_place(checkout: Checkout) -> None:
    base, head = propose(checkout, test="def test_level():\n    None.upper()\n")
    refused(verify(checkout.folder, event(base, head)), "fails-before", "tests/test_level.py:2")


@pytest.mark.parametrize(
    ("test", "words"),
    [
        ("import pytest\n\n\n@pytest.mark.skip\n" + TEST[TEST.index("def") :], "skipped"),
        ("import pytest\n\n\n@pytest.mark.xfail\n" + TEST[TEST.index("def") :], "expected to fail"),
        ("from shop.checkout import missing\n\n\ndef test_level():\n    pass\n", "not run"),
        ("def test_other():\n    pass\n", "not run"),
    ],
)
def test_a_test_that_does_not_fail_by_itself_is_refused(checkout: Checkout, test: str, words: str) -> None:
    base, head = propose(checkout, test=test)
    refused(verify(checkout.folder, event(base, head)), "fails-before", words)


def test_a_fix_that_does_not_help_is_refused(checkout: Checkout) -> None:
    base, head = propose(checkout, fix=BUGGY + "\n# fixed\n")
    refused(verify(checkout.folder, event(base, head)), "passes-after", "failed")


def test_a_test_that_never_ends_is_ended(checkout: Checkout) -> None:
    base, head = propose(checkout, test="import time\n\n\ndef test_level():\n    time.sleep(60)\n")
    verdict = verify(checkout.folder, event(base, head), AUTOFIX_TIMEOUT_MINUTES="0.02")
    refused(verdict, "fails-before", "not finished after 1 s")


@pytest.mark.parametrize("extra", ["README.md", "conftest.py", "tests/test_other.py", "sitecustomize.py"])
def test_any_other_file_is_refused(checkout: Checkout, extra: str) -> None:
    base = checkout.create()
    checkout.write({"shop/checkout.py": FIXED, "tests/test_level.py": TEST, extra: "# one more\n"})
    head = checkout.commit(message())
    refused(verify(checkout.folder, event(base, head)), "diff", extra)


def test_a_deleted_test_is_refused(checkout: Checkout) -> None:
    base = checkout.create()
    checkout.write({"shop/checkout.py": FIXED, "tests/test_level.py": TEST})
    (checkout.folder / "tests" / "test_other.py").unlink()
    refused(verify(checkout.folder, event(base, checkout.commit(message()))), "diff", "tests/test_other.py")


def test_a_changed_mode_is_refused(checkout: Checkout) -> None:
    base = checkout.create()
    checkout.write({"shop/checkout.py": FIXED, "tests/test_level.py": TEST})
    (checkout.folder / "shop" / "checkout.py").chmod(0o755)
    refused(verify(checkout.folder, event(base, checkout.commit(message()))), "diff", "mode unchanged")


def test_an_executable_test_is_refused(checkout: Checkout) -> None:
    base = checkout.create()
    checkout.write({"shop/checkout.py": FIXED, "tests/test_level.py": TEST})
    (checkout.folder / "tests" / "test_level.py").chmod(0o755)
    refused(verify(checkout.folder, event(base, checkout.commit(message()))), "diff", "was added")


@pytest.mark.parametrize("name", ["shop/checkout.py", "tests/test_level.py"])
def test_a_symbolic_link_is_refused(checkout: Checkout, name: str) -> None:
    base = checkout.create()
    checkout.write({"shop/checkout.py": FIXED, "tests/test_level.py": TEST})
    link = checkout.folder / name
    link.unlink()
    link.symlink_to("/etc/hostname")
    refused(verify(checkout.folder, event(base, checkout.commit(message()))), "diff", name)


def test_a_submodule_is_refused(checkout: Checkout) -> None:
    base = checkout.create()
    checkout.write({"shop/checkout.py": FIXED, "tests/test_level.py": TEST})
    checkout.git("add", "--all")
    checkout.git("update-index", "--add", "--cacheinfo", f"160000,{base},vendored")
    head = checkout.commit(message(), stage=False)
    refused(verify(checkout.folder, event(base, head)), "diff", "other file")


def test_two_commits_are_refused(checkout: Checkout) -> None:
    base, _ = propose(checkout)
    checkout.write({"shop/checkout.py": FIXED + "\n# and more\n"})
    head = checkout.commit(message())
    refused(verify(checkout.folder, event(base, head)), "one-commit", "2 commits")


def test_a_merge_commit_is_refused(checkout: Checkout) -> None:
    base, head = propose(checkout)
    tree = checkout.git("rev-parse", f"{head}^{{tree}}")
    merge = checkout.git("commit-tree", tree, "-p", base, "-p", head, "-m", message())
    refused(verify(checkout.folder, event(base, merge)), "one-commit", "exactly one")


@pytest.mark.parametrize("key", ["incident", "test", "exception", "place", "fix"])
def test_a_missing_trailer_is_refused(checkout: Checkout, key: str) -> None:
    base, head = propose(checkout, text=message(**{key: None}))
    refused(verify(checkout.folder, event(base, head)), "trailers", f"Autofix-{key.capitalize()}")


def test_a_trailer_given_twice_is_refused(checkout: Checkout) -> None:
    base, head = propose(checkout, text=message() + "\nAutofix-Test: tests/test_other.py::test_other")
    refused(verify(checkout.folder, event(base, head)), "trailers", "has 2 trailers Autofix-Test")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("test", "--collect-only"),
        ("test", "tests/../../x.py::test_x"),
        ("test", "tests/test_level.py"),
        ("fix", "/etc/x.py"),
        ("fix", "shop/$(id).py"),
        ("place", "shop/checkout.py:0"),
        ("exception", "::error::x"),
    ],
)
def test_a_malformed_trailer_is_refused(checkout: Checkout, key: str, value: str) -> None:
    base, head = propose(checkout, text=message(**{key: value}))
    refused(verify(checkout.folder, event(base, head)), "trailers", "malformed")


def test_other_pull_requests_have_nothing_to_verify(checkout: Checkout) -> None:
    base, head = propose(checkout, test="raise SystemExit('here I am')\n")
    payload = event(base, head, user={"login": "ines", "type": "User"})
    payload["pull_request"]["head"]["ref"] = "feature"
    verdict = verify(checkout.folder, payload)
    assert (verdict.status, verdict.result) == (0, "nothing-to-verify")
    assert "not an Autofix pull request: nothing to verify" in verdict.log


def test_our_bot_is_verified_on_any_branch(checkout: Checkout) -> None:
    base, head = propose(checkout)
    payload = event(base, head)
    payload["pull_request"]["head"]["ref"] = "feature"
    assert verify(checkout.folder, payload).result == "verified"


@pytest.mark.parametrize("repo", [{"id": 2}, None])
def test_a_fork_is_left_alone(checkout: Checkout, repo: dict[str, int] | None) -> None:
    base, head = propose(checkout, test="raise SystemExit('here I am')\n")
    payload = event(base, head)
    payload["pull_request"]["head"]["repo"] = repo
    verdict = verify(checkout.folder, payload)
    assert (verdict.status, verdict.result) == (0, "nothing-to-verify")
    assert "here I am" not in verdict.log


@pytest.mark.parametrize("name", ["pull_request_target", "workflow_run", "push", "issue_comment", ""])
def test_dangerous_and_unknown_events_are_refused(checkout: Checkout, name: str) -> None:
    base, head = propose(checkout)
    refused(verify(checkout.folder, event(base, head), name=name), "event", "pull_request")


def test_a_broken_event_is_refused(checkout: Checkout) -> None:
    propose(checkout)
    refused(verify(checkout.folder, {"pull_request": {"base": {}}}), "event", "cannot be read")


def test_output_of_tests_is_no_workflow_command(checkout: Checkout) -> None:
    hostile = (
        "::error file=x::forged",
        "  ::set-output name=result::verified",
        "text\\r::stop-commands::x",
        "##[error]forged",
        "a##[add-mask]b",
        "\\x1b[2J::add-mask::x",
        "\\u2028::warning::x",
        "\\u202eevil",
    )
    lines = "".join(f'    print("{line}")\n' for line in hostile)
    printing = TEST.replace("def test_level():\n", f"def test_level():\n{lines}")
    base, head = propose(checkout, test=printing)
    verdict = verify(checkout.folder, event(base, head), AUTOFIX_PYTEST_ARGS="-s")
    assert verdict.result == "verified", verdict.log
    ours = ("::group::", "::endgroup::", "::notice ")
    assert [line for line in verdict.commands if not line.startswith(ours)] == []
    assert "forged" in verdict.log
    assert not set("\x1b\r\u2028\u202e") & set(verdict.log)


def test_tests_cannot_reach_the_command_files_of_the_step(checkout: Checkout) -> None:
    looking = "import os\n" + TEST.replace(
        "():\n", "():\n    assert not {'GITHUB_OUTPUT', 'GITHUB_ENV', 'GITHUB_TOKEN'} & set(os.environ)\n"
    )
    base, head = propose(checkout, test=looking)
    assert verify(checkout.folder, event(base, head), GITHUB_TOKEN="x").result == "verified"


def test_hostile_names_and_messages_stay_text_in_summary_and_annotations(checkout: Checkout) -> None:
    text = "| <img src=x> `x` ](http://x) %0A::error::x"
    failing = BUGGY.replace(
        "return customer",
        f"if customer['membership'] is None:\n        raise ValueError({text!r})\n    return customer",
    )
    checkout.files["shop/checkout.py"] = failing
    test = TEST
    base, head = propose(
        checkout, test=test, text=message(exception="ValueError", place="shop/checkout.py:4")
    )
    verdict = verify(checkout.folder, event(base, head))
    assert verdict.result == "verified", verdict.log
    assert "<img" not in verdict.summary
    assert "](http" not in verdict.summary


def test_a_newline_in_a_file_name_hides_nothing(checkout: Checkout) -> None:
    base = checkout.create()
    checkout.write(
        {"shop/checkout.py": FIXED, "tests/test_level.py": TEST, "x\n::error::forged.py": "pass\n"}
    )
    verdict = verify(checkout.folder, event(base, checkout.commit(message())))
    refused(verdict, "diff", "other file")
