"""Pull requests that take a merged fix back: an exact one passes without a test being run, and no other does."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from app.core.replies import revert_message
from app.demo.github.accounts import Actor
from app.demo.github.state import AutoMerge
from hostile_shop import BUGGY, CLAIM, FILES, FIX, FIXED, POLICY, TEST, TEST_FILE, write
from proposed_fix import Checkout, message
from verification import LiveGitHub, Published, Verdict, require_denied, verify

BRANCH = "autofix/revert-inc-42"
OTHER_TEST = "tests/test_prices.py"
MERGED = message(**CLAIM)
PAUSED = {".github/autofix.yml": POLICY + "enabled: false\n"}


@dataclass(frozen=True)
class Reverting:
    """One pull request that says that it takes the fix back: denied by exactly these gates, or verified if by none.

    `fix` is what was merged along with the fix, `merged` its message; `since` was committed to the base later. `files`
    are written into the head (None deletes), whose message `text` makes from the named commit; `head` makes it in
    another way, `live` changes what GitHub says.
    """

    gates: str = ""
    words: str = ""
    fix: Mapping[str, str | None] = field(default_factory=dict)
    merged: str = MERGED
    since: Mapping[str, str | None] = field(default_factory=dict)
    files: Mapping[str, str | None] = field(default_factory=dict)
    text: Callable[[Checkout, str], str] | None = None
    head: Callable[[Checkout, str], str] | None = None
    live: Callable[[Published], object] | None = None
    inputs: Mapping[str, str] = field(default_factory=dict)
    verified: bool = True
    by: str | None = None


def run(case: Reverting, template: Path, folder: Path, live: LiveGitHub) -> Verdict:
    """The Action's verdict on the case."""
    shutil.copytree(template, folder)
    checkout = Checkout(folder, branch=BRANCH)
    write(checkout, {FIX: FIXED, TEST_FILE: TEST, **case.fix})
    named = checkout.commit(case.merged)
    if case.since:
        write(checkout, case.since)
        checkout.commit("Moved on")
    checkout.git("checkout", "--quiet", "-b", BRANCH)
    write(checkout, {FIX: BUGGY, TEST_FILE: None, **case.files})
    text = case.text(checkout, named) if case.text else claims(named)
    head = case.head(checkout, text) if case.head else checkout.commit(text)
    published = live.publish(checkout, head, verified=case.verified, by=case.by)
    if case.live is not None:
        live.do(lambda: case.live(published) if case.live else None)
    return verify(folder, published.event, **{**published.inputs, **case.inputs})


def claims(sha: str, incident: str = "inc-42") -> str:
    """The message that the product writes."""
    return revert_message("Fix AttributeError in discount", incident, sha, 7)


# The message ----------------------------------------------------------------------------------------------------


def of_the_first_commit(checkout: Checkout, _named: str) -> str:
    return claims(checkout.git("rev-list", "--max-parents=0", "HEAD"))


def of_nothing(_checkout: Checkout, _named: str) -> str:
    return claims("1" * 40)


def of_a_branch(checkout: Checkout, named: str) -> str:
    """The very same change, beside the base."""
    tree, parent = (checkout.git("rev-parse", f"{named}^{what}") for what in ("{tree}", ""))
    return claims(checkout.git("commit-tree", tree, "-p", parent, "-m", f"Beside: {MERGED}"))


def of_another_incident(_checkout: Checkout, named: str) -> str:
    return claims(named, "inc-43")


def both(_checkout: Checkout, named: str) -> str:
    return f"{claims(named)}Autofix-Category: null-safety\n"


def a_whole_fix_too(_checkout: Checkout, named: str) -> str:
    return claims(named) + MERGED.rpartition("\n\n")[2]


def names_two(_checkout: Checkout, named: str) -> str:
    return claims(named).replace("\n\nAutofix", f"\n\nThis reverts commit {'1' * 40}.\n\nAutofix")


def names_a_branch(_checkout: Checkout, named: str) -> str:
    return claims(named).replace(named, "main")


def no_trailer(_checkout: Checkout, named: str) -> str:
    return claims(named).replace("Autofix-Reverts: inc-42\n", "")


# The head -------------------------------------------------------------------------------------------------------


def two_commits(checkout: Checkout, text: str) -> str:
    checkout.commit(text)
    checkout.write({"README.md": "more\n"})
    return checkout.commit(text)


def executable(checkout: Checkout, text: str) -> str:
    checkout.git("add", "--all")
    checkout.git("update-index", "--chmod=+x", FIX)
    return checkout.commit(text, stage=False)


def link(checkout: Checkout, text: str) -> str:
    """A link whose target is, as a blob, what the file was."""
    checkout.git("add", "--all")
    blob = checkout.git("rev-parse", f":{FIX}")
    checkout.git("update-index", "--cacheinfo", f"120000,{blob},{FIX}")
    return checkout.commit(text, stage=False)


def base_moves(files: Mapping[str, str]) -> Callable[[Checkout, str], str]:
    """The base has another commit by the time of the pull request."""

    def made(checkout: Checkout, text: str) -> str:
        head = checkout.commit(text)
        checkout.git("checkout", "--quiet", "main")
        checkout.write(files)
        checkout.commit("Moved on")
        checkout.git("checkout", "--quiet", BRANCH)
        return head

    return made


def by_somebody(checkout: Checkout, text: str) -> str:
    checkout.email = "somebody@example.com"
    return checkout.commit(text)


# What GitHub says -----------------------------------------------------------------------------------------------


def armed_by_the_bot(published: Published) -> None:
    published.arm()


def armed_by_a_person(published: Published) -> None:
    ines = Actor(published.github.site.accounts["ines"])
    published.pull.auto_merge = AutoMerge(ines, 0.0, "squash")


def moved_on(published: Published) -> None:
    published.pull.head_sha = published.pull.base_sha


HOSTILE = {
    "hostile-m7-revert-and-one-more-file": Reverting(
        "exact-revert", "README.md is changed too", files={"README.md": "mine\n"}
    ),
    "hostile-m7-revert-and-a-new-file": Reverting(
        "exact-revert", "shop/evil.py is changed too", files={"shop/evil.py": "import os\n"}
    ),
    "hostile-m7-revert-and-one-more-line": Reverting(
        "exact-revert", "is not what it was", files={FIX: BUGGY + "RATE = 0\n"}
    ),
    "hostile-m7-revert-to-another-text": Reverting(
        "exact-revert", "is not what it was", files={FIX: FIXED.replace("return 0", "return 1", 1)}
    ),
    "hostile-m7-revert-of-the-test-only": Reverting(
        "exact-revert", f"{FIX} is not taken back", files={FIX: FIXED}
    ),
    "hostile-m7-revert-of-the-fix-only": Reverting(
        "exact-revert", f"{TEST_FILE} is not taken back", files={TEST_FILE: TEST}
    ),
    "hostile-m7-revert-of-nothing": Reverting(
        "exact-revert", "not taken back", files={FIX: FIXED, TEST_FILE: TEST}
    ),
    "hostile-m7-revert-that-leaves-an-empty-test": Reverting(
        "exact-revert", f"{TEST_FILE} had the mode 000000", files={TEST_FILE: ""}
    ),
    "hostile-m7-revert-that-renames": Reverting(
        "exact-revert", "tests/test_moved.py is changed too", files={"tests/test_moved.py": TEST}
    ),
    "hostile-m8-revert-with-another-mode": Reverting(
        "exact-revert", "mode 100644 before the fix, not 100755", head=executable
    ),
    "hostile-m8-revert-to-a-link": Reverting("exact-revert", "not 120000", head=link),
    "hostile-m10-revert-that-deletes-another-test": Reverting(
        "exact-revert", f"{OTHER_TEST} is changed too", files={OTHER_TEST: None}
    ),
    "hostile-m9-revert-that-changes-the-policy": Reverting(
        "exact-revert", ".github/autofix.yml is changed too", files={".github/autofix.yml": POLICY + "\n"}
    ),
    "hostile-m7-revert-of-a-commit-of-a-person": Reverting(
        "merged-fix", "no merge of Autofix", merged="Guests have no membership"
    ),
    "hostile-m7-revert-of-another-commit": Reverting(
        "merged-fix exact-revert", "no merge of Autofix", text=of_the_first_commit
    ),
    "hostile-m7-revert-of-a-commit-that-is-not-there": Reverting(
        "merged-fix", "is not on the base", text=of_nothing
    ),
    "hostile-m7-revert-of-a-commit-beside-the-base": Reverting(
        "merged-fix", "is not on the base", text=of_a_branch
    ),
    "hostile-m7-revert-of-another-incident": Reverting(
        "merged-fix", "is of inc-42, not of inc-43", text=of_another_incident
    ),
    "hostile-m7-revert-of-a-forged-merge": Reverting(
        "merged-fix",
        "changed other files",
        fix={OTHER_TEST: "def test_total():\n    pass\n"},
        files={OTHER_TEST: FILES[OTHER_TEST]},
    ),
    "hostile-m7-revert-of-what-a-person-changed-since": Reverting(
        "unchanged-since exact-revert", "was changed since", since={FIX: FIXED + "RATE = 0.25\n"}
    ),
    "hostile-m7-revert-whose-base-moved-under-it": Reverting(
        "unchanged-since", "was changed since", head=base_moves({FIX: FIXED + "RATE = 0.25\n"})
    ),
    "hostile-m7-revert-and-fix-in-one": Reverting("trailers", "a fix and a revert", text=both),
    "hostile-m7-revert-and-whole-fix-in-one": Reverting(
        "trailers", "a fix and a revert", text=a_whole_fix_too
    ),
    "hostile-m7-revert-of-two-commits": Reverting("trailers", "2 lines", text=names_two),
    "hostile-m7-revert-of-a-branch": Reverting("trailers", "0 lines", text=names_a_branch),
    "hostile-m7-revert-without-its-trailer": Reverting(
        "trailers", "0 trailers Autofix-Incident", text=no_trailer
    ),
    "hostile-m3-revert-in-two-commits": Reverting("one-commit exact-revert", "2 commits", head=two_commits),
    "hostile-m3-revert-with-a-forged-author": Reverting("own-commit", "does not verify", verified=False),
    "hostile-m3-revert-by-somebody-else": Reverting("own-commit", "was not made by", head=by_somebody),
    "hostile-m4-revert-opened-by-a-person": Reverting("author own-commit", "opened by ines", by="ines"),
    "hostile-m2-revert-whose-head-moved": Reverting("live-head", "by now", live=moved_on),
    "hostile-m7-revert-that-a-machine-merges": Reverting(
        "by-a-person", "switched on by autofix[bot]", live=armed_by_the_bot
    ),
    "hostile-m16-revert-that-nobody-asked-about": Reverting(
        "own-commit live-head by-a-person", "no token", inputs={"AUTOFIX_TOKEN": ""}
    ),
    "hostile-c4-revert-without-a-policy": Reverting(
        "policy", "there is no", since={".github/autofix.yml": None}
    ),
    "hostile-c4-revert-under-a-broken-policy": Reverting(
        "policy", "until it is mended", since={".github/autofix.yml": "version: 2\n"}
    ),
}
HONEST = {
    "exactly": Reverting(),
    "the base had moved on elsewhere": Reverting(since={"README.md": "moved on\n"}),
    "the base moves on elsewhere": Reverting(head=base_moves({"README.md": "moved on\n"})),
    "while the policy pauses everything": Reverting(since=PAUSED),
    "a person lets GitHub merge it": Reverting(live=armed_by_a_person),
    "squashed by a person": Reverting(merged=f"{MERGED}\n\nCo-authored-by: Ines <ines@example.com>\n"),
    "a proposal": Reverting(merged=message(**{**CLAIM, "action": "propose"})),
}


@pytest.mark.parametrize("case", HOSTILE.values(), ids=HOSTILE)
def test_a_revert_that_does_anything_else_is_denied(
    case: Reverting, verdict_on: Callable[[Reverting], Verdict]
) -> None:
    verdict = verdict_on(case)
    require_denied(verdict, set(case.gates.split()), case.words)
    assert "still-head" not in {gate["gate"] for gate in verdict.data["gates"]}


@pytest.mark.parametrize("case", HONEST.values(), ids=HONEST)
def test_an_exact_revert_is_proved_and_nothing_is_run(
    case: Reverting, verdict_on: Callable[[Reverting], Verdict]
) -> None:
    verdict = verdict_on(case)
    assert (verdict.status, verdict.result) == (0, "verified"), verdict.log
    assert set(verdict.data["claim"]) == {"reverts", "incident"}
    assert {gate["state"] for gate in verdict.data["gates"]} == {"passed"}
    assert verdict.data["before"] is verdict.data["after"] is None
    assert "Before the fix" not in verdict.log
    assert "a merged fix is taken back to the last bit" in verdict.summary
    assert "(not reached)" not in verdict.summary


def test_a_revert_of_a_merge_commit_is_proved(shop: Path, tmp_path: Path, live: LiveGitHub) -> None:
    """Where people merge without squashing, the commit that is merged says what it is."""

    def merge(checkout: Checkout, text: str) -> str:
        named = checkout.git("rev-parse", "main")
        tree, parent = (checkout.git("rev-parse", f"{named}^{what}") for what in ("{tree}", ""))
        merged = checkout.git("commit-tree", tree, "-p", parent, "-p", named, "-m", "Merge pull request #7")
        checkout.git("add", "--all")
        undone = checkout.git("write-tree")
        checkout.git("update-ref", "refs/heads/main", merged)
        return checkout.git("commit-tree", undone, "-p", merged, "-m", text.replace(named, merged))

    assert run(Reverting(head=merge), shop, tmp_path / "shop", live).result == "verified"


def test_m1_a_person_may_take_a_revert_over(shop: Path, tmp_path: Path, live: LiveGitHub) -> None:
    live.do(lambda: setattr(live.github.site.accounts["ines"], "email", "ines@example.com"))

    def by_ines(checkout: Checkout, text: str) -> str:
        checkout.email = "ines@example.com"
        return checkout.commit(text)

    verdict = run(Reverting(head=by_ines, files={"README.md": "and this\n"}), shop, tmp_path / "shop", live)
    assert (verdict.status, verdict.result) == (0, "handed-over"), verdict.log
