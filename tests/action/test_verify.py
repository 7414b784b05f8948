"""The Action against real git repositories: what it proves, what it leaves alone, and what it says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from proposed_fix import BOT, BUGGY, FIXED, POLICY, TEST, Checkout, event, message, propose
from verification import LiveGitHub, Verdict, require_denied, verify


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path / "shop")


def test_an_honest_fix_is_proved(checkout: Checkout) -> None:
    base, head = propose(checkout)
    verdict = verify(checkout.folder, event(base, head))
    assert (verdict.status, verdict.result) == (0, "verified"), verdict.log
    evidence = verdict.data
    assert (evidence["base"], evidence["head"], evidence["verdict"]) == (base, head, "verified")
    assert evidence["before"]["exception"] == "AttributeError"
    assert evidence["before"]["places"][-1] == {"path": "shop/checkout.py", "line": 3}
    assert evidence["after"]["outcome"] == "passed"
    assert "Verified" in verdict.summary
    assert "inc-42" in verdict.summary
    assert verdict.errors == []
    assert checkout.git("worktree", "list").count("\n") == 0
    assert checkout.git("status", "--porcelain") == ""


def test_the_evidence_is_bound_to_the_head_and_holds_what_every_gate_found(checkout: Checkout) -> None:
    base, head = propose(checkout)
    verdict = verify(
        checkout.folder, event(base, head), GITHUB_ACTION_REF="v1", GITHUB_ACTION_REPOSITORY="acme/autofix"
    )
    evidence = verdict.data
    assert Path(verdict.evidence).name == f"autofix-evidence-{head[:12]}.json"
    for commit, name in ((base, "base"), (head, "head")):
        assert evidence["trees"][name] == checkout.git("rev-parse", f"{commit}^{{tree}}")
    blob = checkout.git("rev-parse", f"{base}:.github/autofix.yml")
    assert evidence["policy"] == {"commit": base, "blob": blob}
    assert evidence["claim"]["category"] == "null-safety"
    assert evidence["tests"] == {
        "before": {"collected": 1, "errors": 0, "problem": ""},
        "after": {"collected": 2, "errors": 0, "problem": ""},
    }
    assert evidence["coverage"]["changed"] == [3, 4]
    assert evidence["action"]["ref"] == "v1"
    states = {gate["gate"]: gate["state"] for gate in evidence["gates"]}
    live = {"own-commit", "live-head", "still-head"}
    assert {gate for gate, state in states.items() if state == "unchecked"} == live
    assert {gate for gate, state in states.items() if state == "passed"} == set(states) - live


def test_what_was_not_checked_is_told(checkout: Checkout) -> None:
    base, head = propose(checkout)
    summary = verify(checkout.folder, event(base, head)).summary
    open_points = summary[summary.index("What was not checked") :]
    assert "the workflow gives no token" in open_points
    assert "What happens in production" in open_points


def test_the_proof_is_about_the_head_commit_and_not_about_what_is_checked_out(checkout: Checkout) -> None:
    base, head = propose(checkout)
    checkout.git("checkout", "--quiet", "main")
    checkout.write({"README.md": "moved on\n"})
    tip = checkout.commit("Something else on main")
    verdict = verify(checkout.folder, event(tip, head))
    assert verdict.result == "verified", verdict.log
    assert (verdict.data["base"], verdict.data["policy"]["commit"]) == (base, tip)


def test_c4_the_policy_is_that_of_the_base_when_the_event_happened(checkout: Checkout) -> None:
    """Not of the merge base, which a branch keeps for as long as it likes; and not of the checkout."""
    _, head = propose(checkout)
    checkout.git("checkout", "--quiet", "main")
    checkout.write({".github/autofix.yml": POLICY + "enabled: false\n"})
    tip = checkout.commit("Stop")
    checkout.git("checkout", "--quiet", head)
    require_denied(verify(checkout.folder, event(tip, head)), {"policy"}, "enabled: false")


def test_all_gates_that_deny_are_told_at_once(checkout: Checkout) -> None:
    base = checkout.create()
    files = {"shop/checkout.py": FIXED + "X = 1\n" * 30, "tests/test_level.py": TEST, "setup.py": "x\n"}
    checkout.write(files)
    head = checkout.commit(message(category="speed"))
    payload = event(base, head, user={**BOT, "type": "User"})
    gates = {"author", "category", "diff", "paths", "size"}
    require_denied(verify(checkout.folder, payload), gates, "no category of fixes")


def test_in_a_proposal_a_person_reads_what_the_category_does_not_explain(checkout: Checkout) -> None:
    fix = FIXED.replace("return ''", "return ''.lower()")
    base, head = propose(checkout, fix=fix)
    verdict = verify(checkout.folder, event(base, head))
    assert verdict.result == "verified", verdict.log
    assert "A person must read <code>shop/checkout.py</code>, lines 3" in verdict.summary
    (warning,) = [line for line in verdict.commands if line.startswith("::warning ")]
    assert "file=shop/checkout.py,line=3,title=Autofix%3A conformance" in warning
    assert set(verdict.sentences("warned")) == {"conformance"}


def test_commits_that_are_not_here_are_refused(checkout: Checkout) -> None:
    base, _ = propose(checkout)
    require_denied(verify(checkout.folder, event(base, "1" * 40)), {"checkout"}, "fetch-depth")


@pytest.mark.parametrize("sha", ["main", "HEAD", "", None, "1" * 39])
def test_a_commit_is_named_by_its_full_id(checkout: Checkout, sha: str) -> None:
    base, _ = propose(checkout)
    require_denied(verify(checkout.folder, event(base, sha)), {"event"}, "no head commit id")


def test_a_test_that_never_ends_is_ended(checkout: Checkout) -> None:
    checkout.files["shop/checkout.py"] = BUGGY.replace("    #", "    while True: pass\n    #")
    base, head = propose(checkout, fix=checkout.files["shop/checkout.py"] + "\n")
    verdict = verify(checkout.folder, event(base, head), AUTOFIX_TIMEOUT_MINUTES="0.05")
    require_denied(verdict, {"fails-before", "passes-after"}, "not finished after 3 s")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TIMEOUT_MINUTES", "nan"),
        ("TIMEOUT_MINUTES", "0"),
        ("TIMEOUT_MINUTES", "1e9"),
        ("JOBS_TIMEOUT_MINUTES", "-1"),
        ("BOT_ID", "autofix"),
        ("PYTHON", "'"),
    ],
)
def test_an_input_that_cannot_be_meant_is_refused(checkout: Checkout, name: str, value: str) -> None:
    verdict = verify_nothing(checkout, **{f"AUTOFIX_{name}": value})
    require_denied(verdict, {"setup"}, "")


def verify_nothing(checkout: Checkout, **inputs: str) -> Verdict:
    checkout.folder.mkdir()
    return verify(checkout.folder, event("1" * 40, "2" * 40), **inputs)


def test_a_python_that_is_not_there_is_refused(checkout: Checkout) -> None:
    base, head = propose(checkout)
    verdict = verify(checkout.folder, event(base, head), AUTOFIX_PYTHON="no-such-python")
    require_denied(verdict, {"setup"}, "cannot be started")
    assert checkout.git("worktree", "list").count("\n") == 0


def test_other_pull_requests_have_nothing_to_verify(checkout: Checkout) -> None:
    base, head = propose(checkout, test="raise SystemExit('here I am')\n")
    payload = event(base, head, user={"id": 7, "login": "ines", "type": "User"})
    payload["pull_request"]["head"]["ref"] = "feature"
    verdict = verify(checkout.folder, payload)
    assert (verdict.status, verdict.result) == (0, "nothing-to-verify")
    assert "not an Autofix pull request: nothing to verify" in verdict.log


def test_our_bot_is_verified_on_any_branch(checkout: Checkout) -> None:
    base, head = propose(checkout)
    payload = event(base, head)
    payload["pull_request"]["head"]["ref"] = "feature"
    assert verify(checkout.folder, payload).result == "verified"


def test_a_bot_of_the_right_id_is_not_let_through_under_another_name(checkout: Checkout) -> None:
    base, head = propose(checkout)
    payload = event(base, head, user={**BOT, "login": "renamed[bot]"})
    payload["pull_request"]["head"]["ref"] = "feature"
    require_denied(verify(checkout.folder, payload, AUTOFIX_BOT_ID="990"), {"author"}, "renamed[bot]")


@pytest.mark.parametrize("repo", [{"id": 2}, None])
def test_a6_a_fork_is_left_alone_without_a_token_and_without_a_trace(
    checkout: Checkout, repo: dict[str, int] | None, live: LiveGitHub
) -> None:
    base, head = propose(checkout, test="raise SystemExit('here I am')\n")
    payload = event(base, head)
    payload["pull_request"]["head"]["repo"] = repo
    asked = len(live.github.journal)
    verdict = verify(checkout.folder, payload, AUTOFIX_TOKEN="ghs_x", GITHUB_API_URL=live.github.base_url)
    assert (verdict.status, verdict.result, verdict.evidence) == (0, "nothing-to-verify", "")
    assert "here I am" not in verdict.log
    assert len(live.github.journal) == asked


@pytest.mark.parametrize("name", ["pull_request_target", "workflow_run", "push", "issue_comment", ""])
def test_a2_c8_dangerous_and_unknown_events_are_refused(checkout: Checkout, name: str) -> None:
    base, head = propose(checkout)
    verdict = verify(checkout.folder, event(base, head), name=name)
    require_denied(verdict, {"event"}, "pull_request")
    assert verdict.evidence == ""


def test_a_merge_queue_has_nothing_to_verify(checkout: Checkout) -> None:
    base, head = propose(checkout)
    verdict = verify(checkout.folder, event(base, head), name="merge_group")
    assert (verdict.status, verdict.result) == (0, "nothing-to-verify")


def test_a_broken_event_is_refused(checkout: Checkout) -> None:
    propose(checkout)
    verdict = verify(checkout.folder, {"pull_request": {"base": {}}})
    require_denied(verdict, {"event"}, "cannot be read")


def test_i15_output_of_tests_is_no_workflow_command(checkout: Checkout) -> None:
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
    lines = "".join(f'print("{line}")\n' for line in hostile)
    checkout.files["shop/__init__.py"] = lines
    base, head = propose(checkout)
    verdict = verify(checkout.folder, event(base, head), AUTOFIX_PYTEST_ARGS="-s")
    assert verdict.result == "verified", verdict.log
    ours = ("::group::", "::endgroup::", "::notice ")
    assert [line for line in verdict.commands if not line.startswith(ours)] == []
    assert "forged" in verdict.log
    assert not set("\x1b\r\u2028\u202e") & set(verdict.log)


def test_tests_cannot_reach_what_steers_the_workflow(checkout: Checkout) -> None:
    withheld = ("GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_TOKEN", "AUTOFIX_TOKEN", "ACTIONS_RUNTIME_TOKEN")
    checkout.files["shop/__init__.py"] = f"import os\nassert not {set(withheld)!r} & set(os.environ)\n"
    base, head = propose(checkout)
    inputs = {"GITHUB_TOKEN": "x", "ACTIONS_RUNTIME_TOKEN": "x"}
    assert verify(checkout.folder, event(base, head), **inputs).result == "verified"


def test_only_the_recorder_is_on_the_path_of_the_users_tests(checkout: Checkout) -> None:
    """The user's own modules may be named as ours are."""
    checkout.files["shop/__init__.py"] = (
        "import os\nimport sys\n"
        "assert not {'prove', 'report', 'trial', 'github'} & set(sys.modules)\n"
        "ours = [name for name in os.environ['PYTHONPATH'].split(os.pathsep) if 'action' in name]\n"
        "assert [os.listdir(name) for name in ours] == [['autofix_recorder.py']], ours\n"
    )
    base, head = propose(checkout)
    assert verify(checkout.folder, event(base, head)).result == "verified"


def test_a3_hostile_names_and_messages_stay_text_in_summary_and_annotations(checkout: Checkout) -> None:
    text = "| <img src=x> `x` ](http://x) %0A::error::x"
    checkout.files["shop/checkout.py"] = BUGGY.replace(
        "return customer",
        f"if customer['membership'] is None:\n        raise AttributeError({text!r})\n    return customer",
    )
    base, head = propose(checkout, text=message(place="shop/checkout.py:4"))
    verdict = verify(checkout.folder, event(base, head))
    assert verdict.result == "verified", verdict.log
    assert "&lt;img" in verdict.summary
    assert "<img" not in verdict.summary
    assert "](http" not in verdict.summary


def test_a3_a_newline_in_a_file_name_hides_nothing(checkout: Checkout) -> None:
    base = checkout.create()
    checkout.write(
        {"shop/checkout.py": FIXED, "tests/test_level.py": TEST, "x\n::error::forged.py": "pass\n"}
    )
    verdict = verify(checkout.folder, event(base, checkout.commit(message())))
    require_denied(verdict, {"diff"}, "other file")
    assert len(verdict.errors) == 1


def test_a_report_of_the_suite_that_covers_the_change_is_accepted(checkout: Checkout) -> None:
    checkout.files[".github/autofix.yml"] = POLICY + "checks:\n  coverage: true\n"
    base, head = propose(checkout)
    report = {
        "meta": {"format": 3, "timestamp": "2100-01-01T00:00:00"},
        "files": {"shop/checkout.py": {"executed_lines": [1, 3, 4, 5], "missing_lines": []}},
    }
    (checkout.folder / "coverage.json").write_text(json.dumps(report))
    inputs = {"AUTOFIX_COVERAGE_FILE": "coverage.json"}
    future = verify(checkout.folder, event(base, head), **inputs)
    require_denied(future, {"coverage"}, "not made after the commit")
    report["meta"] = {
        "timestamp": checkout.git("show", "-s", "--format=%cd", "--date=format-local:%Y-%m-%dT%H:%M:%S")
    }
    (checkout.folder / "coverage.json").write_text(json.dumps(report))
    verdict = verify(checkout.folder, event(base, head), **inputs)
    assert verdict.result == "verified", verdict.log


def test_a_report_of_another_text_of_the_file_is_refused(checkout: Checkout) -> None:
    checkout.files[".github/autofix.yml"] = POLICY + "checks:\n  coverage: true\n"
    base, head = propose(checkout)
    (checkout.folder / "lcov.info").write_text("SF:shop/checkout.py\nDA:3,1\nDA:4,1\nend_of_record\n")
    checkout.write({"shop/checkout.py": FIXED + "\n"})
    verdict = verify(checkout.folder, event(base, head), AUTOFIX_COVERAGE_FILE="lcov.info")
    require_denied(verdict, {"coverage"}, "is not the head's")
