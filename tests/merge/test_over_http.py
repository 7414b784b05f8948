"""Arming, waiting and merging against the stand-in, over HTTP; every exchange is held against GitHub's descriptions."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from app.clients.github import RepositoryClient
from app.core.errors import Unavailable
from app.core.model import Action, Armed, Held, Merged, Reason, Stop
from app.merge import arm, disarm
from github_world import APP_ID, World
from samples import CAUSE, DECISION, FIX

from .conftest import QUEUE, Fix, bound, proposed, ruleset


def reason(held: Armed | Held) -> Reason:
    assert isinstance(held, Held), held
    return held.stop.reason


async def armed(fix: Fix) -> None:
    found = await fix.arm()
    assert found == Armed(fix.pull.head_sha, ("autofix", "ci"))


# The good way ----------------------------------------------------------------------------------------------------


async def test_it_merges_when_all_is_green_and_what_is_merged_is_what_was_tested(fix: Fix) -> None:
    await armed(fix)
    assert await fix.merged() is None
    await fix.green()
    done = await fix.merged()
    assert isinstance(done, Merged)
    assert done.remarks == ()
    assert fix.main(FIX.path) == FIX.after
    assert fix.record.merge_commit_sha == done.sha
    assert fix.pauses == []


async def test_what_waits_for_nothing_is_merged_at_once_at_our_head(fix: Fix) -> None:
    await fix.green()
    await armed(fix)
    (sent,) = fix.sent("PUT", "/merge")
    assert sent["sha"] == fix.pull.head_sha
    assert isinstance(await fix.merged(), Merged)


async def test_a_red_check_that_no_rule_requires_stops_nothing(fix: Fix) -> None:
    await fix.green()
    await fix.world.check(fix.pull.head_sha, "lint", "failure")
    await armed(fix)
    assert isinstance(await fix.merged(), Merged)


async def test_arming_twice_is_arming_once(fix: Fix) -> None:
    await armed(fix)
    await armed(fix)
    mutations = [sent for sent in fix.sent("POST", "/graphql") if "enablePullRequest" in sent["query"]]
    assert len(mutations) == 1


async def test_m25_the_commit_message_is_our_record_and_not_the_edited_text(fix: Fix) -> None:
    await fix.as_alice("PATCH", fix.path, {"title": "Closes #1", "body": "@everyone\n\nCo-authored-by: x"})
    await armed(fix)
    await fix.green()
    assert isinstance(await fix.merged(), Merged)
    git = fix.world.github.repository("acme/shop").git
    message = git.commit(str(git.branch("main"))).message
    assert message.startswith("Fix AttributeError in address_line")
    assert "everyone" not in message
    assert "Closes" not in message


async def test_w12_the_word_of_a_webhook_is_never_needed(fix: Fix) -> None:
    """Nothing here was told to the stages: they looked. So it does not matter in which order webhooks come."""
    fix.world.github.faults.drop(lambda _event: True, times=None)
    await armed(fix)
    await fix.green()
    assert isinstance(await fix.merged(), Merged)


# The rules -------------------------------------------------------------------------------------------------------


async def test_m13_without_required_checks_nothing_is_armed(fix: Fix) -> None:
    (listed,) = await fix.as_alice("GET", "/repos/acme/shop/rulesets")
    await fix.as_alice("PUT", f"/repos/acme/shop/rulesets/{listed['id']}", {"enforcement": "evaluate"})
    assert reason(await fix.arm()) is Reason.UNPROTECTED
    assert fix.record.auto_merge is None


async def test_classic_protection_is_as_good_as_a_ruleset(fix: Fix) -> None:
    (listed,) = await fix.as_alice("GET", "/repos/acme/shop/rulesets")
    await fix.as_alice("PUT", f"/repos/acme/shop/rulesets/{listed['id']}", {"enforcement": "disabled"})
    checks = [{"context": name, "app_id": 15368} for name in ("autofix", "ci")]
    protection = {
        "required_status_checks": {"strict": False, "checks": checks, "contexts": []},
        "enforce_admins": True,
        "required_pull_request_reviews": None,
        "restrictions": None,
    }
    await fix.as_alice("PUT", "/repos/acme/shop/branches/main/protection", protection)
    await armed(fix)
    await fix.green()
    assert isinstance(await fix.merged(), Merged)


async def test_rules_that_our_app_may_bypass_are_none(fix: Fix) -> None:
    bypass = {"actor_id": APP_ID, "actor_type": "Integration", "bypass_mode": "always"}
    parameters = {"required_status_checks": bound("more"), "strict_required_status_checks_policy": False}
    rule = {"type": "required_status_checks", "parameters": parameters}
    await fix.as_alice("POST", "/repos/acme/shop/rulesets", ruleset(rule, bypass=(bypass,)))
    assert reason(await fix.arm()) is Reason.UNPROTECTED


async def test_rules_that_are_taken_away_while_it_waits_end_it(fix: Fix) -> None:
    await armed(fix)
    (listed,) = await fix.as_alice("GET", "/repos/acme/shop/rulesets")
    parameters = {"required_status_checks": bound("ci"), "strict_required_status_checks_policy": False}
    rules = [{"type": "required_status_checks", "parameters": parameters}]
    await fix.as_alice("PUT", f"/repos/acme/shop/rulesets/{listed['id']}", {"rules": rules})
    assert (await fix.stopped()).reason is Reason.UNPROTECTED
    await fix.green("ci")
    assert not fix.record.merged_at


async def test_m12_a_forged_check_is_not_the_required_one(fix: Fix) -> None:
    await armed(fix)
    await fix.green("ci")
    token = fix.world.github.mint_token(app="forger", permissions={"checks": "write", "contents": "read"})
    body = {"name": "autofix", "head_sha": fix.pull.head_sha, "status": "completed", "conclusion": "success"}
    await fix.world.call("POST", "/repos/acme/shop/check-runs", token, body)
    status = {"state": "success", "context": "autofix"}
    await fix.as_alice("POST", f"/repos/acme/shop/statuses/{fix.pull.head_sha}", status)
    assert await fix.merged() is None
    assert fix.record.open


# What people do --------------------------------------------------------------------------------------------------


async def test_m1_a_push_hands_it_over_and_is_never_overwritten(fix: Fix) -> None:
    await armed(fix)
    theirs = fix.world.push(fix.pull.branch, {"hotfix.py": "1\n"})
    stop = await fix.stopped()
    assert (stop.reason, theirs[:7] in stop.detail) == (Reason.HANDED_OVER, True)
    await fix.green(sha=theirs)
    assert (fix.record.open, fix.record.head_sha, fix.record.auto_merge) == (True, theirs, None)


async def test_m3_a_commit_in_the_name_of_our_bot_is_not_ours(fix: Fix) -> None:
    await armed(fix)
    fix.world.push(fix.pull.branch, {"evil.py": "1\n"}, login="autofix[bot]")
    assert (await fix.stopped()).reason is Reason.HANDED_OVER


async def test_m3_a_head_that_github_has_not_signed_is_not_armed(fix: Fix) -> None:
    fix.world.github.repository("acme/shop").verified.clear()
    assert reason(await fix.arm()) is Reason.HANDED_OVER


CHANGES: dict[str, tuple[dict[str, Any], Reason]] = {
    "retargeted": ({"base": "next"}, Reason.HANDED_OVER),
    "closed": ({"state": "closed"}, Reason.CLOSED),
}


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("before", [True, False])
async def test_m11_what_is_changed_about_it_ends_our_part(fix: Fix, name: str, *, before: bool) -> None:
    body, expected = CHANGES[name]
    fix.world.push("next", {"next.txt": "1"})
    if not before:
        await armed(fix)
    await fix.as_alice("PATCH", fix.path, body)
    if before:
        assert reason(await fix.arm()) is expected
    else:
        assert (await fix.stopped()).reason is expected
    await fix.green()
    assert fix.record.merged_at is None


async def test_m11_a_draft_and_a_reopened_pull_request_are_not_armed_again(fix: Fix) -> None:
    await armed(fix)
    fix.record.auto_merge, fix.record.draft = None, True
    assert "draft" in (await fix.stopped()).detail
    fix.record.draft = False
    await fix.as_alice("PATCH", fix.path, {"state": "closed"})
    await fix.as_alice("PATCH", fix.path, {"state": "open"})
    assert "switched off" in (await fix.stopped()).detail


async def test_auto_merge_that_a_person_switched_on_is_left_on(fix: Fix) -> None:
    token = fix.world.user()
    mutation = (
        "mutation($id: ID!) { enablePullRequestAutoMerge(input: {pullRequestId: $id}) { clientMutationId } }"
    )
    await fix.world.call(
        "POST", "/graphql", token, {"query": mutation, "variables": {"id": fix.pull.node_id}}
    )
    held = await fix.arm()
    assert isinstance(held, Held)
    assert "`alice` switched auto-merge on" in held.stop.detail
    await disarm(fix.clients, fix.file)
    assert fix.record.auto_merge is not None


async def test_m17_a_request_for_changes_stops_it_though_no_rule_asks_for_reviews(fix: Fix) -> None:
    await armed(fix)
    await fix.review("REQUEST_CHANGES", "bob")
    stop = await fix.stopped()
    assert (stop.reason, "`bob`" in stop.detail) == (Reason.REVIEW_WITHDRAWN, True)
    await fix.green()
    assert fix.record.merged_at is None


async def test_m18_an_objection_by_somebody_who_may_not_write_is_not_counted(fix: Fix) -> None:
    await armed(fix)
    await fix.review("REQUEST_CHANGES", "mallory")
    assert await fix.merged() is None


async def require_review(fix: Fix) -> None:
    rule = {"type": "pull_request", "parameters": {"required_approving_review_count": 1}}
    await fix.as_alice("POST", "/repos/acme/shop/rulesets", ruleset(rule))


async def test_m18_where_approvals_are_required_only_peoples_count(fix: Fix) -> None:
    await require_review(fix)
    assert reason(await fix.arm()) is Reason.NEEDS_REVIEW
    await fix.review("APPROVE", "mallory")
    assert reason(await fix.arm()) is Reason.NEEDS_REVIEW
    token = fix.world.github.mint_token(app="robot", permissions={"pull_requests": "write"})
    await fix.world.call("POST", f"{fix.path}/reviews", token, {"event": "APPROVE"})
    assert reason(await fix.arm()) is Reason.NEEDS_REVIEW
    await fix.review("APPROVE", "bob")
    await armed(fix)


async def test_m17_an_approval_that_is_dismissed_is_void(fix: Fix) -> None:
    await require_review(fix)
    given = await fix.review("APPROVE", "bob")
    await armed(fix)
    await fix.as_alice("PUT", f"{fix.path}/reviews/{given['id']}/dismissals", {"message": "no"})
    stop = await fix.stopped()
    assert (stop.reason, "dismissed" in stop.detail) == (Reason.REVIEW_WITHDRAWN, True)


async def test_m17_a_review_that_is_asked_for_once_more_is_waited_for(fix: Fix) -> None:
    await require_review(fix)
    await fix.review("APPROVE", "bob")
    await armed(fix)
    await fix.as_alice("POST", f"{fix.path}/requested_reviewers", {"reviewers": ["bob"]})
    stop = await fix.stopped()
    assert (stop.reason, "once more" in stop.detail) == (Reason.REVIEW_WITHDRAWN, True)


# The base moves --------------------------------------------------------------------------------------------------


async def test_m20_a_base_that_moves_while_it_waits_ends_it(fix: Fix) -> None:
    await armed(fix)
    fix.world.push("main", {"other.py": "1\n"})
    stop = await fix.stopped()
    assert (stop.reason, "moved on" in stop.detail) == (Reason.BEHIND, True)
    await fix.green()
    assert fix.record.merged_at is None


async def test_m20_a_base_that_moved_before_is_not_merged_into(fix: Fix) -> None:
    fix.world.push("main", {"other.py": "1\n"})
    await fix.green()
    assert reason(await fix.arm()) is Reason.BEHIND
    assert fix.record.merged_at is None


async def test_m20_a_merge_of_an_untested_tree_is_never_called_one(fix: Fix) -> None:
    await armed(fix)
    fix.world.push("main", {"other.py": "1\n"})
    await fix.green()  # GitHub is quicker than we are
    stop = await fix.stopped()
    assert (stop.reason, "Nobody has tested" in stop.detail) == (Reason.TREE_DIFFERS, True)
    assert fix.record.merged_at is not None


async def test_a_conflict_is_for_a_person(fix: Fix) -> None:
    await armed(fix)
    fix.world.push("main", {CAUSE.path: "import os\n    return customer.address.city\n"})
    assert (await fix.stopped()).reason is Reason.CONFLICT


@pytest.mark.parametrize("text", [FIX.after, "def address_line(customer):\n    return ''\n"])
async def test_what_somebody_else_has_fixed_needs_no_fix(fix: Fix, text: str) -> None:
    await armed(fix)
    fix.world.push("main", {FIX.path: text})
    assert (await fix.stopped()).reason is Reason.ALREADY_FIXED
    assert fix.record.auto_merge is None


# The merge queue -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("green_first", [True, False])
async def test_m20_a_merge_queue_tests_what_it_merges(fix: Fix, *, green_first: bool) -> None:
    await fix.as_alice("POST", "/repos/acme/shop/rulesets", ruleset(QUEUE))
    if green_first:
        await fix.green()
    await armed(fix)
    if not green_first:
        await fix.green()
    assert await fix.merged() is None
    fix.world.push("main", {"other.py": "1\n"})
    await fix.world.github.settle()
    queued = fix.record.queued
    assert queued is not None
    await fix.green(sha=queued.head_sha)
    done = await fix.merged()
    assert isinstance(done, Merged), done
    assert (done.sha, fix.main(FIX.path), fix.main("other.py")) == (queued.head_sha, FIX.after, "1\n")


async def test_a_queue_that_drops_it_hands_it_over(fix: Fix) -> None:
    await fix.as_alice("POST", "/repos/acme/shop/rulesets", ruleset(QUEUE))
    await armed(fix)
    await fix.green()
    queued = fix.record.queued
    assert queued is not None
    await fix.world.check(queued.head_sha, "ci", "failure")
    assert "dropped it" in (await fix.stopped()).detail
    assert fix.record.open


async def test_what_is_stopped_leaves_the_queue(fix: Fix) -> None:
    await fix.as_alice("POST", "/repos/acme/shop/rulesets", ruleset(QUEUE))
    await armed(fix)
    await fix.green()
    assert fix.record.queued is not None
    await disarm(fix.clients, fix.file)
    assert fix.record.queued is None
    assert fix.record.open


# Checks ----------------------------------------------------------------------------------------------------------


async def test_m13_a_required_check_that_is_red_ends_it_by_name(fix: Fix) -> None:
    await armed(fix)
    await fix.world.check(fix.pull.head_sha, "ci", "failure")
    stop = await fix.stopped()
    assert (stop.reason, "`ci` (failure)" in stop.detail) == (Reason.CHECK_FAILED, True)


async def test_checks_that_never_start_are_named(fix: Fix) -> None:
    await armed(fix)
    await fix.green("autofix")
    for run in fix.world.github.repository("acme/shop").check_runs.values():
        run.completed_at = (run.completed_at or 0) - 1000
    fix.record.issue.created_at -= 1000
    stop = await fix.stopped()
    assert stop.reason is Reason.CHECK_MISSING
    assert "`ci`" in stop.detail
    assert "`autofix`" not in stop.detail


def allow_reruns(fix: Fix) -> None:
    for installation in fix.world.github.site.installations.values():
        installation.permissions["actions"] = "write"
    for token in fix.world.github.site.tokens.values():
        if token.installation is not None and token.permissions is not None:
            token.permissions["actions"] = "write"


async def test_a_flaky_check_is_run_again_once_and_named(fix: Fix) -> None:
    allow_reruns(fix)
    await armed(fix)
    await fix.green("autofix")
    run = fix.workflow("ci", "failure")
    assert await fix.merged() is None
    assert (run.attempt, run.status) == (2, "queued")
    assert await fix.merged() is None
    fix.work(run, "ci", "success")
    await fix.world.github.settle()
    done = await fix.merged()
    assert isinstance(done, Merged), done
    assert done.remarks == ("`ci` is flaky: red at first, green when it was run again",)
    assert len(fix.sent("POST", "/rerun-failed-jobs")) == 1


async def test_a_check_that_is_red_again_is_red(fix: Fix) -> None:
    allow_reruns(fix)
    await armed(fix)
    run = fix.workflow("ci", "failure")
    assert await fix.merged() is None
    fix.work(run, "ci", "failure")
    stop = await fix.stopped()
    assert (stop.reason, "`ci` (failure)" in stop.detail) == (Reason.CHECK_FAILED, True)
    assert len(fix.sent("POST", "/rerun-failed-jobs")) == 1


async def test_a_rerun_whose_answer_is_lost_is_not_asked_for_again(fix: Fix) -> None:
    allow_reruns(fix)
    await armed(fix)
    run = fix.workflow("ci", "failure")
    fix.world.github.faults.fail("POST", "/rerun-failed-jobs", 502, after=True)
    with pytest.raises(Unavailable):
        await fix.merged()
    assert await fix.merged() is None
    assert run.attempt == 2
    assert len(fix.sent("POST", "/rerun-failed-jobs")) == 1


async def test_without_the_permission_a_red_check_is_named_at_once(fix: Fix) -> None:
    await armed(fix)
    run = fix.workflow("ci", "failure")
    stop = await fix.stopped()
    assert (stop.reason, "`ci` (failure)" in stop.detail, run.attempt) == (Reason.CHECK_FAILED, True, 1)


@pytest.mark.parametrize(("job", "ended"), [("autofix", "failure"), ("ci", "cancelled")])
async def test_our_own_proof_and_what_a_person_cancelled_get_no_second_chance(
    fix: Fix, job: str, ended: str
) -> None:
    allow_reruns(fix)
    await armed(fix)
    run = fix.workflow(job, ended)
    assert (await fix.stopped()).reason is Reason.CHECK_FAILED
    assert run.attempt == 1


# Bad days --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [500, 502, None])
async def test_m14_a_merge_whose_answer_is_lost_is_seen_and_not_repeated(
    fix: Fix, status: int | None
) -> None:
    await fix.green()
    fix.world.github.faults.fail("PUT", "/merge", status, after=True)
    await armed(fix)
    assert isinstance(await fix.merged(), Merged)
    assert len(fix.sent("PUT", "/merge")) == 1


async def test_m14_a_merge_that_did_not_happen_is_tried_again_after_a_look(fix: Fix) -> None:
    await fix.green()
    fix.world.github.faults.fail("PUT", "/merge", 502)
    with pytest.raises(Unavailable):
        await fix.arm()
    await armed(fix)
    assert isinstance(await fix.merged(), Merged)
    assert fix.subjects().count(fix.subjects()[0]) == 1


async def test_m14_arming_whose_answer_is_lost_is_seen(fix: Fix) -> None:
    real = RepositoryClient.enable_auto_merge

    async def lost(self: RepositoryClient, *arguments: str) -> None:
        await real(self, *arguments)
        raise Unavailable("no answer from GitHub: ReadTimeout")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(RepositoryClient, "enable_auto_merge", lost)
        with pytest.raises(Unavailable):
            await fix.arm()
    await armed(fix)


async def test_m16_a_refusal_is_believed_only_when_a_second_look_gives_one(
    fix: Fix, monkeypatch: pytest.MonkeyPatch
) -> None:
    await armed(fix)
    real, stale = RepositoryClient.pull_state, [True]

    async def lagging(self: RepositoryClient, number: int) -> Any:
        state = await real(self, number)
        return state.model_copy(update={"auto_merge": None}) if stale.pop() else state

    monkeypatch.setattr(RepositoryClient, "pull_state", lagging)
    stale[:] = [False, True]
    assert await fix.merged() is None
    assert len(fix.pauses) == 1
    stale[:] = [True, True]
    assert isinstance(await fix.merged(), Stop)


async def test_m19_two_workers_merge_once(fix: Fix) -> None:
    await fix.green()
    found = await asyncio.gather(*(arm(fix.clients, fix.file, pause=fix.pause) for _ in range(3)))
    assert {type(one) for one in found} == {Armed}
    assert len([subject for subject in fix.subjects() if subject.startswith("Fix AttributeError")]) == 1


async def test_m24_a_repository_that_is_another_one_now_is_left_alone(fix: Fix) -> None:
    await armed(fix)
    fix.world.github.repository("acme/shop").id += 1
    assert (await fix.stopped()).reason is Reason.MOVED
    assert reason(await fix.arm()) is Reason.MOVED


async def test_m24_a_redirect_to_another_owner_is_not_followed(fix: Fix) -> None:
    headers = {"Location": f"{fix.world.github.base_url}/repositories/1"}
    fix.world.github.faults.fail(
        "GET", "/repos/acme/shop$", 301, times=None, headers=headers, message="Moved Permanently"
    )
    before = len(fix.world.github.journal)
    assert reason(await fix.arm()) is Reason.MOVED
    asked = list(fix.world.github.journal)[before:]
    assert [exchange.path for exchange in asked] == ["/repos/acme/shop"]


async def test_what_only_lacks_trust_is_held_for_review_where_it_could_merge(fix: Fix) -> None:
    fix.file.decision = replace(DECISION, action=Action.PROPOSE, would_merge=True)
    held = await fix.arm()
    assert isinstance(held, Held)
    assert held.stop.reason is Reason.NEEDS_REVIEW
    assert fix.record.auto_merge is None


@pytest.mark.parametrize(("would_merge", "told"), [(True, Reason.UNPROTECTED), (False, Reason.NEEDS_REVIEW)])
async def test_only_what_lacks_nothing_but_trust_is_told_that_the_branch_is_not_protected(
    world: World, told: Reason, *, would_merge: bool
) -> None:
    fix = await proposed(world)
    fix.file.decision = replace(DECISION, action=Action.PROPOSE, would_merge=would_merge)
    held = await fix.arm()
    assert isinstance(held, Held)
    assert held.stop.reason is told
