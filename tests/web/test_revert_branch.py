"""The branch of a revert: made of what was merged and nothing else, and never on top of what is not ours."""

from __future__ import annotations

from typing import Any

import pytest

from app.core.errors import Refused, Unavailable
from app.core.model import Level, given
from app.core.policy import parse_policy
from app.demo.github.git.objects import Signature
from app.learn import trust_in
from samples import PATCH
from town import POLICY, Town, merged_fix

SEEN_AND_DONE, SEEN_AND_NOT_DONE = ["eyes", "rocket"], ["eyes", "confused"]


def trust_level(town: Town) -> Level:
    return trust_in(town.store, town.repo.id, PATCH.category, parse_policy(POLICY.encode())).level


@pytest.mark.parametrize(
    "change",
    [
        {PATCH.fix.path: "return 'mended'\n"},
        {PATCH.fix.path: None},
        {PATCH.test.change.path: "def test_it() -> None: assert True\n"},
        {PATCH.test.change.path: None},
    ],
    ids=["fix changed", "fix gone", "test changed", "test gone"],
)
async def test_m3_what_was_changed_since_the_merge_is_for_a_person_to_take_back(
    town: Town, change: dict[str, str | None]
) -> None:
    row, issue = await merged_fix(town)
    town.push("main", change)
    before = len(town.repo.pulls)
    comment = await town.say("wes", "/autofix revert", issue)
    assert town.reactions(comment) == SEEN_AND_NOT_DONE
    assert "a person must take the fix back" in town.replies(issue)[0]
    assert len(town.repo.pulls) == before
    assert town.repo.git.branch(f"autofix/revert-{row.id}") is None
    assert trust_level(town) is Level.SHADOW


async def test_m6_a_branch_of_that_name_that_holds_something_else_is_left_alone(town: Town) -> None:
    row, issue = await merged_fix(town)
    foreign = town.push(f"autofix/revert-{row.id}", {"README.md": "theirs\n"})
    comment = await town.say("wes", "/autofix revert", issue)
    assert town.reactions(comment) == SEEN_AND_NOT_DONE
    assert "holds something else" in town.replies(issue)[0]
    assert town.repo.git.branch(f"autofix/revert-{row.id}") == foreign
    assert [pull.head_ref for pull in town.repo.pulls.values()] == [f"autofix/{row.id}"]


async def test_a_first_try_that_came_to_a_branch_only_is_finished(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    row, issue = await merged_fix(town)
    client = type(town.ours)
    with monkeypatch.context() as broken:

        async def fail(*_: Any, **__: Any) -> None:
            raise Unavailable("no answer")

        broken.setattr(client, "open_pull", fail)
        broken.setattr("app.store.RETRY_PAUSES", (0.0,) * 4)
        await town.say("wes", "/autofix revert", issue)
    assert town.repo.git.branch(f"autofix/revert-{row.id}") is not None
    town.push("main", {"README.md": "moved on\n"})
    assert town.reactions(await town.say("wes", "/autofix revert", issue)) == SEEN_AND_DONE
    assert [pull.head_ref for pull in town.repo.pulls.values()][1:] == [f"autofix/revert-{row.id}"]


@pytest.mark.parametrize("path", [PATCH.fix.path, PATCH.test.change.path])
async def test_m3_a_file_that_was_made_executable_since_is_for_a_person_to_take_back(
    town: Town, path: str
) -> None:
    row, issue = await merged_fix(town)
    town.push("main", {path: town.text(path)}, mode=0o100755)
    comment = await town.say("wes", "/autofix revert", issue)
    assert town.reactions(comment) == SEEN_AND_NOT_DONE
    assert "a person must take the fix back" in town.replies(issue)[0]
    assert town.repo.git.branch(f"autofix/revert-{row.id}") is None


@pytest.mark.parametrize("foreign", ["message", "tree", "both, and no parent"])
async def test_m6_a_branch_that_is_only_like_ours_is_left_alone(town: Town, foreign: str) -> None:
    """Somebody may guess the name of the branch, and most of what we would write there."""
    row, issue = await merged_fix(town)
    await town.say("wes", "/autofix revert", issue)
    (pull,) = [one for one in town.repo.pulls.values() if one.head_ref.startswith("autofix/revert-")]
    git, branch = town.repo.git, f"autofix/revert-{row.id}"
    main, ours = given(git.branch("main")), git.commit(pull.head_sha)
    by = Signature("ada", "ada@example.com", int(town.github.site.clock()))
    tree = ours.tree if foreign == "message" else git.commit(main).tree
    message = ours.message if foreign == "tree" else "mine"
    theirs = git.write_commit(tree, [main] if foreign != "both, and no parent" else [], message, by, by)
    del town.repo.pulls[pull.number]
    git.set_ref(f"refs/heads/{branch}", theirs)
    comment = await town.say("wes", "/autofix revert", issue)
    assert town.reactions(comment) == SEEN_AND_NOT_DONE
    assert "holds something else" in town.replies(issue)[-1]
    assert git.branch(branch) == theirs


async def test_a_branch_that_a_lost_first_try_made_in_between_is_ours(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    row, issue = await merged_fix(town)
    client = type(town.ours)
    create = client.create_branch

    async def twice(*arguments: Any) -> None:
        await create(*arguments)
        raise Refused("GitHub answered 422: Reference already exists")

    monkeypatch.setattr(client, "create_branch", twice)
    assert town.reactions(await town.say("wes", "/autofix revert", issue)) == SEEN_AND_DONE
    assert [one.head_ref for one in town.repo.pulls.values()][1:] == [f"autofix/revert-{row.id}"]


async def test_where_the_base_branch_is_gone_a_person_takes_it_back(town: Town) -> None:
    _row, issue = await merged_fix(town)
    git = town.repo.git
    git.set_ref("refs/heads/trunk", given(git.branch("main")))
    git.set_ref("refs/heads/main", None)
    town.repo.default_branch = "trunk"
    comment = await town.say("wes", "/autofix revert", issue)
    assert town.reactions(comment) == SEEN_AND_NOT_DONE
    assert "There is no branch `main`" in town.replies(issue)[0]
