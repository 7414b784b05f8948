"""Owners and assignees, over HTTP against the stand-in."""

from __future__ import annotations

import pytest

from app.core.code_owners import MAX_BYTES, owners_of
from github_world import World, world

__all__ = ["world"]


async def test_the_first_of_three_places_counts(world: World) -> None:
    sha = world.push("main", {"docs/CODEOWNERS": "* @last\n"})
    assert await world.repo.people.code_owners(sha) == b"* @last\n"
    sha = world.push("main", {"CODEOWNERS": "* @second\n"})
    assert await world.repo.people.code_owners(sha) == b"* @second\n"
    sha = world.push("main", {".github/CODEOWNERS": "* @first\n"})
    assert await world.repo.people.code_owners(sha) == b"* @first\n"


async def test_only_the_commit_that_is_asked_for_counts(world: World) -> None:
    before = world.repo
    base = world.push("main", {"README.md": "1\n"})
    world.push("autofix/evil", {"CODEOWNERS": "* @mallory\n"})
    world.push("main", {"CODEOWNERS": "* @later\n"})
    assert await before.people.code_owners(base) is None


@pytest.mark.parametrize(("size", "there"), [(1_500_000, True), (MAX_BYTES, True), (MAX_BYTES + 1, False)])
async def test_a_large_file_is_read_up_to_githubs_limit(world: World, size: int, there: bool) -> None:  # noqa: FBT001
    text = "* @ada\n" + "#" * (size - 7)
    sha = world.push("main", {"CODEOWNERS": text})
    found = await world.repo.people.code_owners(sha)
    assert (found is not None) is there
    assert [owner.name for owner in owners_of(found or b"", "a.py")] == (["ada"] if there else [])


async def test_a_folder_of_that_name_is_no_file(world: World) -> None:
    sha = world.push("main", {"CODEOWNERS/x": "* @ada\n", "docs/CODEOWNERS": "* @bob\n"})
    assert await world.repo.people.code_owners(sha) == b"* @bob\n"


async def test_people_are_assigned_besides_the_others(world: World) -> None:
    for login in ("bob", "eve"):
        world.github.create_user(login)
    issue = world.github.open_issue("acme/shop", login="alice", title="x", body="y")
    assert await world.repo.people.assigned(issue.number) == ()
    assert await world.repo.people.assign(issue.number, ["bob"]) == ("bob",)
    assert await world.repo.people.assign(issue.number, ["eve", "nobody-there", "bob"]) == ("bob", "eve")
    assert await world.repo.people.assigned(issue.number) == ("bob", "eve")
