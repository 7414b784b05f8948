"""A base that moves on: the same fix on its tip, proven anew, and nobody's push overwritten."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

import app.merge.rebuilding
from app.core.model import Armed, Pull, Reason, Stop
from app.merge import rebuild
from app.merge.facts import Facts, Ours, read_facts
from github_world import World
from samples import CAUSE, PATCH

from .conftest import CHECKS, FAILING, Fix, proposed


@pytest.fixture
async def behind(world: World) -> Fix:
    """Our armed pull request, and a base on which somebody has worked since."""
    await world.require(*CHECKS)
    fix = await proposed(world)
    fix.file.patch = replace(PATCH, fix=replace(PATCH.fix, before=FAILING))
    assert isinstance(await fix.arm(), Armed)
    world.push("main", {"NOTES.md": "More work.\n"})
    return fix


def tip(fix: Fix, branch: str = "main") -> str:
    return str(fix.world.github.repository("acme/shop").git.branch(branch))


async def test_an_armed_fix_is_overtaken_by_its_base_and_a_mere_proposal_is_not(behind: Fix) -> None:
    stop = await behind.overtaken()
    assert isinstance(stop, Stop)
    assert stop.reason is Reason.BEHIND
    behind.file.armed = None
    assert await behind.overtaken() is None


async def test_m17_an_objection_while_our_check_still_runs_stops_it(fix: Fix) -> None:
    assert isinstance(await fix.arm(), Armed)
    assert await fix.overtaken() is None
    await fix.world.check(fix.pull.head_sha, "ci", "failure")
    assert await fix.overtaken() is None, "a red check may get its second chance"
    await fix.review("REQUEST_CHANGES", "bob")
    stop = await fix.overtaken()
    assert isinstance(stop, Stop)
    assert stop.reason is Reason.REVIEW_WITHDRAWN


async def test_the_fix_is_built_anew_on_the_tip_and_armed_for_the_new_head(behind: Fix) -> None:
    old = behind.pull
    pull = await rebuild(behind.clients, behind.file)

    assert isinstance(pull, Pull)
    assert (pull.number, pull.branch) == (old.number, old.branch)
    assert (pull.base_sha, pull.head_sha) == (tip(behind), tip(behind, pull.branch))
    assert pull.head_sha != old.head_sha
    git = behind.world.github.repository("acme/shop").git
    assert git.commit(pull.head_sha).parents == (pull.base_sha,)
    assert "NOTES.md" in git.files(git.commit(pull.head_sha).tree)
    # After a crash the step is done again, and finds its own commit.
    assert await rebuild(behind.clients, behind.file) == pull

    behind.file.pull, behind.file.armed = pull, None
    assert await behind.overtaken() is None
    assert await behind.arm() == Armed(pull.head_sha, CHECKS)
    await behind.green(sha=old.head_sha)
    assert behind.record.merged_at is None, "what was green before counts no more"
    await behind.green()
    assert behind.record.merged_at is not None


@pytest.mark.parametrize("path", [CAUSE.path, PATCH.test.change.path])
async def test_a_file_of_ours_that_has_changed_there_needs_a_new_look(behind: Fix, path: str) -> None:
    behind.world.push("main", {path: "# another text\n"})
    before = tip(behind, behind.pull.branch)
    stop = await rebuild(behind.clients, behind.file)
    assert isinstance(stop, Stop)
    assert stop.reason is Reason.CONFLICT
    assert tip(behind, behind.pull.branch) == before


async def test_m1_a_branch_that_somebody_pushed_to_is_not_built_anew(behind: Fix) -> None:
    behind.world.push(behind.pull.branch, {"shop/more.py": "x = 1\n"})
    theirs = tip(behind, behind.pull.branch)
    stop = await rebuild(behind.clients, behind.file)
    assert isinstance(stop, Stop)
    assert stop.reason is Reason.HANDED_OVER
    assert tip(behind, behind.pull.branch) == theirs


async def test_m1_a_push_at_the_very_moment_of_ours_is_not_overwritten(
    behind: Fix, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def read_and_be_overtaken(repo: Any, ours: Ours) -> Facts:
        facts = await read_facts(repo, ours)
        behind.world.push(behind.pull.branch, {"shop/more.py": "x = 1\n"})
        return facts

    monkeypatch.setattr(app.merge.rebuilding, "read_facts", read_and_be_overtaken)
    stop = await rebuild(behind.clients, behind.file)
    assert isinstance(stop, Stop)
    assert stop.reason is Reason.HANDED_OVER
    git = behind.world.github.repository("acme/shop").git
    assert "shop/more.py" in git.files(git.commit(tip(behind, behind.pull.branch)).tree)
