"""Pull requests that must not pass because of where they come from, and what GitHub says of them at this moment."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from app.demo.github import checks
from hostile_shop import FIX, FIXED, POLICY, TEST_FILE, Hostile, require, run
from proposed_fix import Checkout
from verification import LiveGitHub, Published, Verdict

INES = "ines@example.com"


def two_commits(checkout: Checkout, text: str) -> str:
    checkout.commit(text)
    checkout.write({FIX: FIXED + "\n# and more\n"})
    return checkout.commit(text)


def merge_commit(checkout: Checkout, text: str) -> str:
    head = checkout.commit(text)
    tree = checkout.git("rev-parse", f"{head}^{{tree}}")
    return checkout.git("commit-tree", tree, "-p", "main", "-p", head, "-m", text)


def unrelated(checkout: Checkout, text: str) -> str:
    head = checkout.commit(text)
    tree = checkout.git("rev-parse", f"{head}^{{tree}}")
    return checkout.git("commit-tree", tree, "-m", text)


def by_a_person(checkout: Checkout, text: str) -> str:
    """A commit that names another author than the bot."""
    checkout.email = INES
    return checkout.commit(text)


def amended_by_a_person(checkout: Checkout, text: str) -> str:
    """The bot stays the author, as `git commit --amend` leaves it; the committer is another."""
    checkout.commit(text)
    author = checkout.email
    checkout.email = INES
    checkout.git("commit", "--quiet", "--amend", "--no-edit", f"--author=autofix[bot] <{author}>")
    return checkout.git("rev-parse", "HEAD")


def pushed_after(checkout: Checkout, text: str) -> str:
    checkout.commit(text)
    checkout.email = INES
    checkout.write({FIX: FIXED + "\nRATE = 0\n"})
    return checkout.commit("More")


def twice(checkout: Checkout, text: str) -> str:
    return checkout.commit(text + "\nAutofix-Category: missing-key")


def armed(published: Published) -> None:
    published.arm()


def other_author(published: Published) -> None:
    published.pull.issue.user = published.github.site.accounts["ines"]


def moved_on(published: Published) -> None:
    published.pull.head_sha = published.pull.base_sha


def retargeted(published: Published) -> None:
    published.pull.base_ref = "release"


def closed(published: Published) -> None:
    published.pull.issue.state = "closed"


def failing(published: Published) -> None:
    published.github.faults.fail("GET", f"/repos/{published.repository.full_name}.*", status=500, times=None)


def changes(**values: Any) -> Callable[[dict[str, Any]], None]:
    """The event says something else of the pull request: `user_type`, `base_ref`."""

    def change(pull: dict[str, Any]) -> None:
        for name, value in values.items():
            part, _, key = name.partition("_")
            pull[part] = {**pull[part], key: value}

    return change


COMMITS = {
    "m3_forged_author": Hostile("own-commit", "does not verify", verified=False),
    "m3_two_commits": Hostile("one-commit", "2 commits", commit=two_commits),
    "m3_two_commits_the_last_forged": Hostile(
        "one-commit own-commit", "does not verify", commit=two_commits, verified=False
    ),
    "m3_merge_commit": Hostile("one-commit", "exactly one", commit=merge_commit),
    "m3_unrelated_history": Hostile("one-commit", "0 merge bases", commit=unrelated),
    "m1_pushed_while_armed": Hostile(
        "one-commit trailers own-commit", "switch auto-merge off", commit=pushed_after, live=armed
    ),
    "m1_amended_while_armed": Hostile(
        "own-commit", "was not made by", commit=amended_by_a_person, live=armed
    ),
    "m1_replaced_while_armed": Hostile("own-commit", "was not made by", commit=by_a_person, live=armed),
    "m4_login_of_the_bot_on_an_account_of_a_person": Hostile(
        "author", "opened by autofix[bot]", event=changes(user_type="User")
    ),
    "m4_opened_by_a_person_as_the_api_says": Hostile("own-commit", "the account", live=other_author),
    "m4_id_of_another_account": Hostile(
        "author own-commit", "990, not 4711", inputs={"AUTOFIX_BOT_ID": "4711"}
    ),
    "m6_branch_prefix_of_a_person": Hostile("author own-commit", "opened by ines", by="ines"),
    "m6_shell_code_in_the_branch": Hostile(
        "author own-commit", "opened by ines", by="ines", branch="autofix/$(touch${IFS}pwned)"
    ),
    "m11_retargeted": Hostile("base-branch live-head", "goes to release", event=changes(base_ref="release")),
    "m11_retargeted_since": Hostile("live-head", "goes to release by now", live=retargeted),
    "m2_head_moved": Hostile("live-head", "by now", live=moved_on),
    "m2_closed": Hostile("live-head", "is closed", live=closed),
    "m15_github_does_not_answer": Hostile("own-commit live-head", "answer is missing", live=failing),
    "m16_no_token": Hostile("own-commit live-head", "no token", inputs={"AUTOFIX_TOKEN": ""}),
    "m16_refused_token": Hostile("own-commit live-head", "401", inputs={"AUTOFIX_TOKEN": "ghs_forged"}),
    "trailer_missing": Hostile("trailers", "0 trailers Autofix-Category", claim={"category": None}),
    "trailer_twice": Hostile("trailers", "has 2 trailers Autofix-Category", commit=twice),
    "trailer_malformed": Hostile("trailers", "malformed", claim={"test": "--collect-only"}),
    "trailer_elsewhere": Hostile("trailers", "malformed", claim={"fix": "../x.py"}),
}
NEEDS = {".github/autofix.yml": POLICY + "checks:\n  required: [integration]\n"}
SOON = {"AUTOFIX_JOBS_TIMEOUT_MINUTES": "0.02"}


def check(conclusion: str | None, **more: str) -> Callable[[Published], None]:
    return lambda published: published.check("integration", conclusion, **more)


def of_an_older_head(published: Published) -> None:
    published.check("integration", "success", sha=published.pull.base_sha)


def status_of_that_name(published: Published) -> None:
    checks.create_status(
        published.github.site,
        published.repository,
        published.app_actor,
        published.pull.head_sha,
        context="integration",
        state="success",
    )


def job(words: str, live: Callable[[Published], object] | None = None, **inputs: str) -> Hostile:
    return Hostile("jobs", words, base=NEEDS, live=live, inputs={**SOON, **inputs})


JOBS = {
    "m12_check_of_another_app": job("never started", check("success", app="evil")),
    "m12_commit_status_of_that_name": job("never started", status_of_that_name),
    "m13_check_of_an_older_head": job("never started", of_an_older_head),
    "m13_never_started": job("integration never started on this head"),
    "m13_still_running": job("integration is in_progress", check(None)),
    "m13_skipped": job("integration is skipped", check("skipped")),
}
CASES = {**COMMITS, **JOBS}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_hostile_origin_is_denied(case: Hostile, verdict_on: Callable[[Hostile], Verdict]) -> None:
    verdict = verdict_on(case)
    require(case, verdict)
    if case.gates != "jobs":
        assert "Before the fix" not in verdict.log  # nothing of it was run


def test_m13_a_policy_that_needs_a_job_needs_a_token_too(
    shop: Path, tmp_path: Path, live: LiveGitHub
) -> None:
    case = Hostile("jobs", "no token", claim={"action": "propose"}, base=NEEDS, inputs={"AUTOFIX_TOKEN": ""})
    require(case, run(case, shop, tmp_path / "shop", live))


def test_m13_a_job_that_is_green_on_this_head_is_enough(shop: Path, tmp_path: Path, live: LiveGitHub) -> None:
    case = Hostile("", "", base=NEEDS, live=check("success"))
    assert run(case, shop, tmp_path / "shop", live).result == "verified"


def test_a_job_of_another_app_counts_where_the_policy_names_the_app(
    shop: Path, tmp_path: Path, live: LiveGitHub
) -> None:
    policy = {".github/autofix.yml": POLICY + 'checks:\n  required: ["integration@buildkite"]\n'}
    case = Hostile("", "", base=policy, live=check("success", app="buildkite"))
    assert run(case, shop, tmp_path / "shop", live).result == "verified"


@pytest.mark.parametrize("commit", [pushed_after, by_a_person, amended_by_a_person])
def test_m1_a_person_may_take_the_fix_over_while_nothing_merges_it(
    commit: Callable[[Checkout, str], str], shop: Path, tmp_path: Path, live: LiveGitHub
) -> None:
    live.do(lambda: setattr(live.github.site.accounts["ines"], "email", INES))
    verdict = run(Hostile("", "", commit=commit, verified=False), shop, tmp_path / "shop", live)
    assert (verdict.status, verdict.result) == (0, "handed-over"), verdict.log
    assert "Handed over" in verdict.summary
    assert "ordinary rules of review" in verdict.summary
    assert "Before the fix" not in verdict.log
    assert verdict.data["handed_over_to"] == "ines"


def test_m1_without_a_token_nothing_is_handed_over(shop: Path, tmp_path: Path, live: LiveGitHub) -> None:
    case = Hostile("own-commit live-head", "", commit=by_a_person, inputs={"AUTOFIX_TOKEN": ""})
    require(case, run(case, shop, tmp_path / "shop", live))


def test_m3_a_commit_of_nobody_is_not_handed_over(shop: Path, tmp_path: Path, live: LiveGitHub) -> None:
    """It may be ours, where GitHub does not know the bot's mail address."""

    def by_nobody(checkout: Checkout, text: str) -> str:
        checkout.email = "nobody@example.com"
        return checkout.commit(text)

    case = Hostile("own-commit", "was not made by autofix[bot]", commit=by_nobody)
    require(case, run(case, shop, tmp_path / "shop", live))


def test_m5_a_branch_of_a_fork_is_left_alone_whatever_its_name(
    shop: Path, tmp_path: Path, live: LiveGitHub
) -> None:
    def of_a_fork(pull: dict[str, Any]) -> None:
        pull["head"] = {**pull["head"], "repo": {**pull["head"]["repo"], "id": 1}}

    case = Hostile("", "", {TEST_FILE: "raise SystemExit('here I am')\n"}, event=of_a_fork)
    asked = len(live.github.journal)
    verdict = run(case, shop, tmp_path / "shop", live)
    assert (verdict.status, verdict.result, verdict.evidence) == (0, "nothing-to-verify", "")
    assert "here I am" not in verdict.log
    assert len(live.github.journal) == asked  # not one call


def test_m2_a_head_that_moves_while_the_tests_run_is_denied(
    shop: Path, tmp_path: Path, live: LiveGitHub
) -> None:
    begun, script = tmp_path / "begun", tmp_path / "python"
    script.write_text(f'#!/bin/sh\ntouch {begun}\nexec {sys.executable} "$@"\n')
    script.chmod(0o755)
    watching: list[Thread] = []

    def move_once_begun(published: Published) -> None:
        def watch() -> None:
            while not begun.exists():
                time.sleep(0.01)
            live.do(lambda: moved_on(published))

        watching.append(Thread(target=watch, daemon=True))
        watching[0].start()

    case = Hostile("still-head", "by now", live=move_once_begun, inputs={"AUTOFIX_PYTHON": str(script)})
    require(case, run(case, shop, tmp_path / "shop", live))
