"""A revert on the stand-in, over HTTP: it is opened, armed and merged as a fix is, and stopped by the same."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.core.model import Armed, Held, Merged, Pull, Reason, Stop, given
from app.revert import revert, turned_round
from samples import FIX, TEST

from .conftest import Fix

BECAUSE = "Production says so."


@pytest.fixture
async def back(fix: Fix) -> Fix:
    """The revert of a fix that was merged, proposed as a case of its own."""
    await fix.arm()
    await fix.green()
    done = await fix.merged()
    assert isinstance(done, Merged)
    fix.file.merged = done
    pull = await revert(fix.clients, fix.file, BECAUSE)
    assert isinstance(pull, Pull)
    file = turned_round(fix.file, pull)
    file.decision = fix.file.decision
    return replace(fix, file=file)


async def test_a_revert_merges_when_all_is_green_and_both_files_are_as_before(back: Fix) -> None:
    assert await back.arm() == Armed(back.pull.head_sha, ("autofix", "ci"))
    assert await back.merged() is None
    await back.green()
    done = await back.merged()
    assert isinstance(done, Merged)
    assert back.main(FIX.path) == FIX.before
    assert back.main(TEST.change.path) is None
    git = back.world.github.repository("acme/shop").git
    message = git.commit(done.sha).message
    assert message.startswith('Revert "Fix AttributeError in address_line')
    assert "Autofix-Reverts: inc-1" in message
    assert "Autofix-Incident" not in message


async def test_asked_twice_it_is_opened_once(back: Fix, fix: Fix) -> None:
    assert await revert(fix.clients, fix.file, BECAUSE) == back.pull
    assert len(back.world.github.repository("acme/shop").pulls) == 2


async def test_a_red_check_keeps_a_revert_from_being_merged(back: Fix) -> None:
    await back.arm()
    await back.world.check(back.pull.head_sha, "autofix", "failure")
    stop = await back.merged()
    assert isinstance(stop, Stop)
    assert stop.reason is Reason.CHECK_FAILED


async def test_m2_a_revert_that_somebody_pushed_to_is_theirs(back: Fix, fix: Fix) -> None:
    back.world.push(back.pull.branch, {"README.md": "theirs\n"})
    held = await back.arm()
    assert isinstance(held, Held)
    assert held.stop.reason is Reason.HANDED_OVER
    again = await revert(fix.clients, fix.file, BECAUSE)
    assert isinstance(again, Stop)
    assert again.reason is Reason.HANDED_OVER


async def test_a_base_that_moved_on_leaves_the_revert_to_a_person(back: Fix) -> None:
    back.world.push("main", {"README.md": "moved on\n"})
    held = await back.arm()
    assert isinstance(held, Held)
    assert held.stop.reason is Reason.BEHIND


async def test_v12_what_was_taken_back_by_a_person_before_is_not_taken_back_again(
    back: Fix,
) -> None:
    back.world.push("main", {FIX.path: given(FIX.before)})
    held = await back.arm()
    assert isinstance(held, Held)
    assert held.stop.reason is Reason.ALREADY_FIXED


async def test_v12_a_fix_that_was_worked_on_since_is_never_overwritten(fix: Fix) -> None:
    await fix.arm()
    await fix.green()
    done = await fix.merged()
    assert isinstance(done, Merged)
    fix.file.merged = done
    fix.world.push("main", {FIX.path: f"{FIX.after}# more\n"})
    stop = await revert(fix.clients, fix.file, BECAUSE)
    assert isinstance(stop, Stop)
    assert "a person must take the fix back" in stop.detail
    assert await fix.world.repo.branch_sha("autofix/revert-inc-1") is None


async def test_v12_a_pull_request_of_somebody_else_from_our_branch_is_theirs(back: Fix, fix: Fix) -> None:
    record = back.world.github.repository("acme/shop").pulls[back.pull.number]
    record.issue.user = back.world.github.create_user("mallory")
    stop = await revert(fix.clients, fix.file, BECAUSE)
    assert isinstance(stop, Stop)
    assert "was not opened by" in stop.detail
