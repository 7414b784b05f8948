"""One look, one state: the table of all of them, and what no look may ever give."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from app.clients.github.answers import RequiredCheck
from app.core.budget import CHECK_STARTS_SECONDS
from app.core.model import Reason
from app.merge.standing import REASONS, State, standing
from merge_samples import (
    ACTIONS,
    ALICE,
    BOT_ACTOR,
    GREEN,
    MOVED_TIP,
    OPENED,
    OTHER_APP,
    OURS,
    REQUIRED,
    ROBOT,
    RULES,
    commit,
    facts,
    review,
    run,
    status,
)
from samples import FIX, FRAME, MERGE

AT = datetime.fromisoformat(OPENED)
LONG_AFTER = (AT + timedelta(seconds=CHECK_STARTS_SECONDS + 1)).timestamp()
MOVED = {"baseRef": {"target": {"oid": MOVED_TIP}}}
UNTOUCHED = {FIX.path: FIX.before or "", FRAME.path: f"{FRAME.code}\n"}
QUEUE = replace(RULES, merge_queue=True)
REVIEWED = replace(RULES, approvals=1)
STRANGER = {**BOT_ACTOR, "databaseId": 5}


def reviews(*nodes: dict[str, Any]) -> dict[str, Any]:
    return {"latestOpinionatedReviews": {"nodes": list(nodes)}}


def asked(login: str) -> dict[str, Any]:
    return {"reviewRequests": {"nodes": [{"requestedReviewer": {"login": login}}]}}


def entry(reported: str = "AWAITING_CHECKS") -> dict[str, Any]:
    return {
        "isInMergeQueue": True,
        "mergeQueueEntry": {"state": reported, "enqueuer": BOT_ACTOR},
        "autoMergeRequest": None,
    }


# What is looked at, the state that it means, and a part of the sentence that people read.
TABLE: dict[str, tuple[dict[str, Any], State, str]] = {
    "merged": ({"merged": True, "state": "MERGED", "mergeCommit": {"oid": MERGE}}, State.MERGED, ""),
    "green": ({"mergeStateStatus": "CLEAN"}, State.READY, ""),
    "green with hooks": ({"mergeStateStatus": "HAS_HOOKS"}, State.READY, ""),
    "not required is red": (
        {"runs": (*GREEN, run("lint", "failure")), "mergeStateStatus": "UNSTABLE"},
        State.UNSTABLE,
        "`lint`",
    ),
    "GitHub computes": ({"mergeable": "UNKNOWN", "mergeStateStatus": "UNKNOWN"}, State.UNKNOWN, "computing"),
    "another rule": ({}, State.BLOCKED, "another rule"),
    "in the queue": ({**entry(), "rules": QUEUE}, State.QUEUED, ""),
    "in the queue, base moved": (
        {**entry(), **MOVED, "rules": QUEUE, "base_texts": UNTOUCHED},
        State.QUEUED,
        "",
    ),
    "the queue cannot": ({**entry("UNMERGEABLE"), "rules": QUEUE}, State.CONFLICT, "unmergeable"),
    "the queue dropped it": (
        {"autoMergeRequest": None, "rules": QUEUE, "mergeStateStatus": "CLEAN"},
        State.HANDED_OVER,
        "queue dropped it",
    ),
    "checks run": ({"runs": (run("autofix"), run("ci", None))}, State.WAITING, "`ci`"),
    "a status is pending": (
        {"runs": (run("autofix"),), "statuses": (status("ci", "pending"),)},
        State.WAITING,
        "`ci`",
    ),
    "checks not there yet": ({"runs": ()}, State.WAITING, "`autofix`, `ci`"),
    "checks never started": (
        {"runs": (run("autofix"),), "now": LONG_AFTER},
        State.NEVER_STARTED,
        "not started: `ci`",
    ),
    "a check may wait for another": (
        {"runs": (run("autofix"), run("build", None)), "now": LONG_AFTER},
        State.WAITING,
        "`ci`",
    ),
    "a red check": ({"runs": (run("autofix"), run("ci", "failure"))}, State.RED, "`ci` (failure)"),
    "a red status": (
        {"runs": (run("autofix"),), "statuses": (status("ci", "error"),)},
        State.RED,
        "`ci` (error)",
    ),
    "pushed": ({"headRefOid": "f" * 40}, State.HANDED_OVER, "someone pushed fffffff"),
    "pushed and merged": (
        {"headRefOid": "f" * 40, "merged": True, "state": "MERGED"},
        State.HANDED_OVER,
        "someone pushed",
    ),
    "a second commit": ({"commits": {"totalCount": 2}}, State.HANDED_OVER, "2 commits"),
    "not signed": ({"head": commit(verification={"verified": False})}, State.HANDED_OVER, "verified"),
    "another tree": ({"head": commit(tree="8" * 40)}, State.HANDED_OVER, "verified"),
    "from a fork": ({"headRepository": {"id": "R_2"}}, State.HANDED_OVER, "another repository"),
    "from a fork that is gone": ({"headRepository": None}, State.HANDED_OVER, "another repository"),
    "opened by another": ({"author": STRANGER}, State.HANDED_OVER, "not opened by Autofix"),
    "opened by a ghost": ({"author": None}, State.HANDED_OVER, "not opened by Autofix"),
    "retargeted": ({"baseRefName": "next"}, State.HANDED_OVER, "`next`"),
    "base gone": ({"baseRef": None}, State.HANDED_OVER, "gone"),
    "draft": ({"isDraft": True, "mergeStateStatus": "DRAFT"}, State.DRAFT, "draft"),
    "closed": ({"state": "CLOSED"}, State.CLOSED, "closed"),
    "switched off": ({"autoMergeRequest": None}, State.HANDED_OVER, "switched off"),
    "switched on by a person": (
        {"autoMergeRequest": {"enabledBy": ALICE}},
        State.HANDED_OVER,
        "`alice` switched auto-merge on",
    ),
    "changes requested": (reviews(review("CHANGES_REQUESTED")), State.REVIEW_WITHDRAWN, "`alice`"),
    "asked again": ({**reviews(review("APPROVED")), **asked("alice")}, State.REVIEW_WITHDRAWN, "once more"),
    "asked for the first time": ({**asked("alice"), "mergeStateStatus": "CLEAN"}, State.READY, ""),
    "approval dismissed": (
        {**reviews(review("DISMISSED")), "reviewDecision": "REVIEW_REQUIRED", "rules": REVIEWED},
        State.REVIEW_WITHDRAWN,
        "dismissed",
    ),
    "no approval yet": (
        {"reviewDecision": "REVIEW_REQUIRED", "rules": REVIEWED},
        State.REVIEW_MISSING,
        "0 of 1",
    ),
    "approved": (
        {
            **reviews(review("APPROVED")),
            "reviewDecision": "APPROVED",
            "rules": REVIEWED,
            "mergeStateStatus": "CLEAN",
        },
        State.READY,
        "",
    ),
    "a bot approved": (
        {**reviews(review("APPROVED", ROBOT)), "reviewDecision": "APPROVED", "rules": REVIEWED},
        State.REVIEW_MISSING,
        "0 of 1",
    ),
    "conflict": ({"mergeable": "CONFLICTING", "mergeStateStatus": "DIRTY"}, State.CONFLICT, "conflicts"),
    "base moved": ({**MOVED, "base_texts": UNTOUCHED}, State.BEHIND, "moved on to 9999999"),
    "behind by the rules": ({"mergeStateStatus": "BEHIND"}, State.BEHIND, "moved on"),
    "the same fix is there": (
        {**MOVED, "base_texts": UNTOUCHED | {FIX.path: FIX.after}, "mergeable": "CONFLICTING"},
        State.ALREADY_FIXED,
        "this very fix",
    ),
    "the line is gone": (
        {**MOVED, "base_texts": {FIX.path: "def address_line(): ...\n"}},
        State.ALREADY_FIXED,
        "no longer in",
    ),
    "the file is gone": ({**MOVED, "base_texts": {}}, State.ALREADY_FIXED, "no longer in"),
    "rules taken away": ({"rules": replace(RULES, checks=())}, State.UNPROTECTED, "no required checks"),
    "rules that we may bypass": (
        {"rules": replace(RULES, bypassed=("main",))},
        State.UNPROTECTED,
        "bypass",
    ),
}


@pytest.mark.parametrize("name", TABLE)
def test_a_look_means_one_state(name: str) -> None:
    looked, expected, says = TABLE[name]
    found = standing(facts(**looked), OURS)
    assert found.state is expected, found
    assert says in found.detail


def test_every_state_is_in_the_table() -> None:
    assert {expected for _, expected, _ in TABLE.values()} == set(State)


def test_a_state_either_goes_on_or_stops_with_a_sentence() -> None:
    for looked, expected, _ in TABLE.values():
        stop = standing(facts(**looked), OURS).stop
        assert (stop is not None) == (expected in REASONS)
        assert stop is None or stop.detail
    assert set(State) - set(REASONS) == {
        State.MERGED,
        State.READY,
        State.UNSTABLE,
        State.QUEUED,
        State.WAITING,
        State.UNKNOWN,
        State.BLOCKED,
    }


def test_before_it_is_armed_auto_merge_may_be_off() -> None:
    unarmed = replace(OURS, armed=False)
    found = standing(facts(autoMergeRequest=None, mergeStateStatus="CLEAN"), unarmed)
    assert found.state is State.READY


def test_a_dismissed_objection_is_no_withdrawal() -> None:
    found = standing(facts(**reviews(review("DISMISSED")), mergeStateStatus="CLEAN"), OURS)
    assert found.state is State.READY


# By the numbers of the catalogue ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["pushed", "pushed and merged", "a second commit"])
def test_m1_what_a_human_pushed_is_theirs(name: str) -> None:
    stop = standing(facts(**TABLE[name][0]), OURS).stop
    assert stop is not None
    assert stop.reason is Reason.HANDED_OVER


@pytest.mark.parametrize("login", ["autofix", "autofix[bot]"])
def test_m3_m4_names_prove_nothing(login: str) -> None:
    forged = {"__typename": "User", "login": login, "databaseId": 666}
    assert standing(facts(author=forged, mergeStateStatus="CLEAN"), OURS).state is State.HANDED_OVER


def test_m5_a_branch_of_the_same_name_in_a_fork_is_not_ours() -> None:
    found = standing(facts(headRepository={"id": "R_fork"}, mergeStateStatus="CLEAN"), OURS)
    assert found.state is State.HANDED_OVER


@pytest.mark.parametrize("name", ["retargeted", "draft", "closed"])
def test_m11_what_was_changed_about_it_ends_our_part(name: str) -> None:
    assert standing(facts(**TABLE[name][0], autoMergeRequest=None), OURS).stop is not None


@pytest.mark.parametrize("conclusion", ["neutral", "skipped", "stale", "cancelled", "action_required", "new"])
def test_m13_our_own_check_is_green_by_success_alone(conclusion: str) -> None:
    found = standing(facts((run("autofix", conclusion), run("ci")), mergeStateStatus="CLEAN"), OURS)
    assert found.state is State.RED


@pytest.mark.parametrize("conclusion", ["neutral", "skipped"])
def test_m13_other_checks_pass_as_github_lets_them(conclusion: str) -> None:
    found = standing(facts((run("autofix"), run("ci", conclusion)), mergeStateStatus="CLEAN"), OURS)
    assert found.state is State.READY


@pytest.mark.parametrize(
    "ours",
    [
        (run("autofix", app=OTHER_APP),),
        (run("autofix", app=None),),
        (run("autofix", head_sha="f" * 40),),
        (run("autofix"), run("autofix", None, id=2)),
        (),
    ],
)
def test_m12_m13_without_our_own_check_it_is_not_ready(ours: tuple[Any, ...]) -> None:
    forged = facts((*ours, run("ci")), (status("autofix"),), mergeStateStatus="CLEAN")
    assert standing(forged, OURS).state is State.WAITING


@pytest.mark.parametrize("name", ["changes requested", "asked again", "approval dismissed"])
def test_m17_a_persons_second_thought_stops_it(name: str) -> None:
    stop = standing(facts(**TABLE[name][0]), OURS).stop
    assert stop is not None
    assert stop.reason is Reason.REVIEW_WITHDRAWN


@pytest.mark.parametrize("author", [ROBOT, BOT_ACTOR, {**ALICE, "databaseId": OURS.pull.author_id}])
def test_m18_an_approval_by_a_bot_or_by_the_author_is_not_counted(author: dict[str, Any]) -> None:
    looked = facts(
        **reviews(review("APPROVED", author)),
        reviewDecision="APPROVED",
        mergeStateStatus="CLEAN",
        rules=REVIEWED,
    )
    assert standing(looked, OURS).state is State.REVIEW_MISSING


def test_m18_as_many_people_as_the_rules_say_must_approve() -> None:
    two = replace(RULES, approvals=2)
    looked = facts(
        **reviews(review("APPROVED"), review("APPROVED", ROBOT)), reviewDecision="APPROVED", rules=two
    )
    assert "1 of 2" in standing(looked, OURS).detail


def test_m18_what_github_does_not_count_is_not_counted() -> None:
    looked = facts(**reviews(review("APPROVED")), reviewDecision="REVIEW_REQUIRED", rules=REVIEWED)
    assert standing(looked, OURS).state is State.REVIEW_MISSING


@pytest.mark.parametrize("jump", [-3600.0, 3600.0])
def test_w24_no_clock_but_githubs_says_that_checks_never_started(
    jump: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.time", lambda: AT.timestamp() + jump)
    assert standing(facts((), now=AT.timestamp() + 1), OURS).state is State.WAITING
    assert standing(facts((), now=None), OURS).state is State.WAITING
    assert standing(facts((), now=LONG_AFTER), OURS).state is State.NEVER_STARTED


def test_the_wait_for_a_check_begins_anew_with_every_sign_of_life() -> None:
    ended = datetime.fromtimestamp(LONG_AFTER - 5, UTC).isoformat()
    looked = facts((run("autofix", completed_at=ended),), now=LONG_AFTER)
    assert standing(looked, OURS).state is State.WAITING


# Never -----------------------------------------------------------------------------------------------------------

T = TypeVar("T")


def mostly(good: T, *bad: T) -> st.SearchStrategy[T]:
    """As it should be in most looks, so that a look is often wrong in one thing only."""
    return st.sampled_from([good] * (8 * len(bad)) + list(bad))


RUNS = st.lists(
    st.builds(
        run,
        st.sampled_from(["autofix", "ci", "lint"]),
        st.sampled_from([None, "success", "failure", "neutral", "skipped", "stale"]),
        st.sampled_from([ACTIONS, OTHER_APP, None]),
        head_sha=st.sampled_from([OURS.pull.head_sha, "f" * 40]),
    ),
    max_size=5,
)
LOOKS = st.builds(
    facts,
    st.one_of(st.just(GREEN), RUNS.map(lambda runs: (*GREEN, *runs)), RUNS.map(tuple)),
    st.lists(
        st.builds(
            status, st.sampled_from(["autofix", "ci"]), st.sampled_from(["success", "failure", "pending"])
        ),
        max_size=2,
    ).map(tuple),
    rules=st.sampled_from(
        [RULES, QUEUE, REVIEWED, replace(RULES, checks=()), replace(RULES, bypassed=("x",))]
    ),
    head=mostly(commit(), commit(verification={"verified": False})),
    headRefOid=mostly(OURS.pull.head_sha, "f" * 40),
    baseRef=mostly({"target": {"oid": OURS.pull.base_sha}}, MOVED["baseRef"], None),
    base_texts=st.just(UNTOUCHED),
    mergeStateStatus=mostly("CLEAN", "UNSTABLE", "BLOCKED", "BEHIND", "UNKNOWN"),
    mergeable=mostly("MERGEABLE", "CONFLICTING"),
    author=mostly(BOT_ACTOR, ALICE),
    headRepository=mostly({"id": "R_1"}, {"id": "R_2"}),
    isDraft=mostly(*[False, True]),
    reviewDecision=mostly(None, "APPROVED", "REVIEW_REQUIRED"),
    commits=mostly({"totalCount": 1}, {"totalCount": 2}),
)


@given(LOOKS)
def test_never_ready_unless_all_of_it_is_ours_and_proven(looked: Any) -> None:
    found = standing(looked, OURS).state
    event(found)
    if found not in {State.READY, State.UNSTABLE}:
        return
    state = looked.state
    assert (state.head_sha, state.commits, looked.commit.verification.verified) == (
        OURS.pull.head_sha,
        1,
        True,
    )
    assert state.head_repository == state.repository
    assert state.author.id == OURS.pull.author_id
    assert not state.is_draft
    assert state.mergeable == "MERGEABLE"
    assert state.base_tip == OURS.pull.base_sha or looked.rules.merge_queue
    assert {check.context for check in looked.rules.checks} == {"autofix", "ci"}
    assert not looked.rules.bypassed
    assert state.review_decision is None
    own = [one for one in looked.runs if one.name == "autofix" and one.head_sha == OURS.pull.head_sha]
    bound = [one for one in own if one.app is not None and one.app.id == ACTIONS]
    assert bound
    assert {one.conclusion for one in bound} == {"success"}


@given(
    LOOKS,
    st.sampled_from([REQUIRED[0].model_copy(update={"integration_id": app}) for app in (None, OTHER_APP)]),
)
def test_m12_never_ready_while_anybody_may_report_our_check(looked: Any, check: RequiredCheck) -> None:
    loose = replace(looked, rules=replace(RULES, checks=(check, REQUIRED[1])))
    assert standing(loose, OURS).state not in {State.READY, State.UNSTABLE, State.WAITING, State.QUEUED}
