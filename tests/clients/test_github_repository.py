"""The verbs of a repository against the stand-in, over HTTP; every exchange is held against GitHub's descriptions."""

from __future__ import annotations

import time
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from app.core.errors import Malformed, NotFound, Refused, Unauthorized, Unavailable
from app.demo.github import ACTIONS_APP_ID
from github_world import INSTALLATION, World, world

__all__ = ["world"]

# What is there ---------------------------------------------------------------------------------------------------


async def test_the_repository_and_its_bot(world: World) -> None:
    assert (await world.repo.facts()).default_branch == "main"
    assert await world.client.bot() == "autofix[bot]"


async def test_names_resolve_to_commits(world: World) -> None:
    sha = world.push("feature/a", {"x.py": "1\n"})
    world.github.repository("acme/shop").git.set_ref("refs/tags/v1.2", sha)
    for name in ("feature/a", sha, sha[:8], "tags/v1.2"):
        assert await world.repo.resolve(name) == sha
    for name in ("nothing", "0" * 40, "deadbeef", "tags/v9"):
        assert await world.repo.resolve(name) is None


async def test_i7_files_are_read_by_the_tree_and_by_nothing_else(world: World) -> None:
    world.push("main", {"link.py": "/etc/passwd"}, mode=0o120000)
    world.push("main", {"run.sh": "#!/bin/sh\n"}, mode=0o100755)
    sha = world.push("main", {"binary": b"\xff\x00"})
    tree = await world.repo.tree(sha)
    assert tree.files == {"shop/cart.py", "README.md", "run.sh", "binary"}
    names = [
        "shop/cart.py",
        "link.py",
        "binary",
        "none.py",
        "../shop/cart.py",
        "shop",
        "run.sh",
        "shop/cart.py",
    ]
    assert await world.repo.files(tree, names) == {"shop/cart.py": "a = 1\nb = 2\n", "run.sh": "#!/bin/sh\n"}
    assert await world.repo.file(sha, "shop/cart.py") == "a = 1\nb = 2\n"
    assert await world.repo.file(sha, "link.py") is None


async def test_a_large_blob_is_not_text(world: World) -> None:
    sha = world.push("main", {"large.txt": "x" * 1_000_001, "fits.txt": "x" * 1_000_000})
    tree = await world.repo.tree(sha)
    assert set(await world.repo.files(tree, ["large.txt", "fits.txt"])) == {"fits.txt"}


async def test_a_branch_contains_what_led_to_it(world: World) -> None:
    first = await world.repo.branch_sha("main")
    second = world.push("main", {"y.py": "1\n"})
    aside = world.push("aside/b", {"z.py": "1\n"})
    assert await world.repo.contains("main", str(first))
    assert await world.repo.contains("main", second)
    assert not await world.repo.contains("main", aside)
    assert not await world.repo.contains(str(first), second)


async def test_blame_names_who_last_touched_a_line(world: World) -> None:
    sha = world.push("main", {"shop/cart.py": "a = 1\nb = 3\n"}, login="bob")
    (first, second) = sorted(await world.repo.blame(sha, "shop/cart.py"), key=lambda found: found.start)
    assert (first.start, first.end, second.start, second.end) == (1, 1, 2, 2)
    assert (second.commit.oid, second.commit.title) == (sha, "change")
    assert await world.repo.blame("0" * 40, "shop/cart.py") == []


async def test_required_checks_come_from_the_rules_of_the_branch(world: World) -> None:
    assert await world.repo.required_checks("main") == []
    await world.require("ci", "autofix")
    required = await world.repo.required_checks("main")
    assert {(check.context, check.integration_id) for check in required} == {
        ("ci", ACTIONS_APP_ID),
        ("autofix", ACTIONS_APP_ID),
    }


async def test_check_runs_name_their_app(world: World) -> None:
    sha = str(await world.repo.branch_sha("main"))
    await world.check(sha, "ci", "failure")
    (run,) = await world.repo.check_runs(sha)
    assert (run.name, run.status, run.conclusion, run.head_sha) == ("ci", "completed", "failure", sha)
    assert run.app is not None
    assert (run.app.id, run.app.slug) == (ACTIONS_APP_ID, "github-actions")


async def test_deployments_and_their_statuses(world: World) -> None:
    sha = str(await world.repo.branch_sha("main"))
    assert await world.repo.rollouts.deployments("production", sha=sha) == []
    assert await world.repo.rollouts.deployments("production") == []
    token = world.user()
    made = {}
    for environment in ("production", "staging"):
        body: dict[str, Any] = {
            "ref": sha,
            "environment": environment,
            "auto_merge": False,
            "required_contexts": [],
        }
        made[environment] = await world.call("POST", "/repos/acme/shop/deployments", token, body)
    path = f"/repos/acme/shop/deployments/{made['production']['id']}/statuses"
    for state in ("in_progress", "success"):
        await world.call("POST", path, token, {"state": state, "description": "rollout"})
    (found,) = await world.repo.rollouts.deployments("production", sha=sha)
    (latest,) = await world.repo.rollouts.deployments("production", most=1)
    assert (found.id, found.environment, latest) == (made["production"]["id"], "production", found)
    statuses = await world.repo.rollouts.deployment_statuses(found.id)
    assert [status.state for status in statuses] == ["success", "in_progress"]


# What changes ----------------------------------------------------------------------------------------------------


async def test_a_fix_becomes_one_verified_commit_with_a_pull_request(world: World) -> None:
    base = await world.repo.branch_sha("main")
    commit, pull = await world.propose()
    assert [parent.sha for parent in commit.parents] == [base]
    assert await world.repo.branch_sha("autofix/inc-1") == commit.sha
    assert await world.repo.file(commit.sha, "shop/cart.py") == "a = 2\n"
    assert await world.repo.file(commit.sha, "README.md") == "shop\n"
    found = await world.repo.find_pull("autofix/inc-1")
    assert found == pull
    assert (pull.state, pull.head.sha, pull.base.ref) == ("open", commit.sha, "main")
    (sent,) = [exchange.sent for exchange in world.github.journal if exchange.path.endswith("/git/commits")]
    assert set(sent) == {"message", "tree", "parents"}


async def test_a_branch_is_never_moved(world: World) -> None:
    base = str(await world.repo.branch_sha("main"))
    await world.propose()
    taken = await world.repo.branch_sha("autofix/inc-1")
    with pytest.raises(Refused, match="already exists"):
        await world.repo.create_branch("autofix/inc-1", base)
    assert await world.repo.branch_sha("autofix/inc-1") == taken
    assert await world.repo.branch_sha("autofix/none") is None
    assert await world.repo.find_pull("autofix/none") is None


async def test_auto_merge_waits_for_the_rules_and_merges_our_head(world: World) -> None:
    await world.require("ci")
    commit, pull = await world.propose()
    await world.repo.enable_auto_merge(pull.node_id, commit.sha, "Fix it (#1)", "Body")
    state = await world.repo.pull_state(pull.number)
    assert (state.state, state.merged, state.head_sha) == ("OPEN", False, commit.sha)
    assert state.auto_merge is not None
    await world.repo.disable_auto_merge(pull.node_id)
    assert (await world.repo.pull_state(pull.number)).auto_merge is None
    await world.repo.enable_auto_merge(pull.node_id, commit.sha, "Fix it (#1)", "Body")
    await world.check(commit.sha, "ci")
    state = await world.repo.pull_state(pull.number)
    assert (state.state, state.merged) == ("MERGED", True)
    assert state.merge_commit is not None
    assert state.merged_at is not None
    merge = await world.repo.git_commit(state.merge_commit.oid)
    assert (merge.tree, merge.message) == (commit.tree, "Fix it (#1)\n\nBody")


async def test_m2_another_head_is_not_armed_and_not_merged(world: World) -> None:
    await world.require("ci")
    _, pull = await world.propose()
    other = world.push("autofix/inc-1", {"evil.py": "1\n"})
    stale = "a" * 40
    with pytest.raises(Refused):
        await world.repo.enable_auto_merge(pull.node_id, stale, "h", "b")
    await world.check(other, "ci")
    with pytest.raises(Refused):
        await world.repo.merge(pull.number, stale, "h", "b")
    assert not (await world.repo.pull_state(pull.number)).merged


async def test_a_met_rule_is_said_to_be_clean(world: World) -> None:
    await world.require("ci")
    commit, pull = await world.propose()
    await world.check(commit.sha, "ci")
    with pytest.raises(Refused, match="clean status"):
        await world.repo.enable_auto_merge(pull.node_id, commit.sha, "h", "b")
    await world.repo.merge(pull.number, commit.sha, "h", "b")
    assert (await world.repo.pull_state(pull.number)).merged


async def test_m14_a_merge_whose_answer_is_lost_is_seen_and_not_repeated(world: World) -> None:
    await world.require("ci")
    commit, pull = await world.propose()
    await world.check(commit.sha, "ci")
    world.github.faults.fail("PUT", "/merge", 502, after=True)
    with pytest.raises(Unavailable):
        await world.repo.merge(pull.number, commit.sha, "h", "b")
    assert (await world.repo.pull_state(pull.number)).merged
    merges = [exchange for exchange in world.github.journal if exchange.method == "PUT"]
    assert len(merges) == 1


async def test_a_comment_is_written_once_and_then_edited(world: World) -> None:
    issue = world.github.open_issue("acme/shop", login="alice", title="t", body="b")
    marker, bot = "<!-- autofix:status:inc-1 -->", await world.client.bot()
    world.github.comment(issue, login="alice", body=f"forged {marker}")
    first = await world.repo.comment(issue.number, marker, "one", bot)
    again = await world.repo.comment(issue.number, marker, "one", bot)
    changed = await world.repo.comment(issue.number, marker, "two", bot)
    assert first.id == again.id == changed.id
    other = await world.repo.comment(issue.number, "<!-- autofix:escalation:inc-1 -->", "help", bot)
    comments = await world.repo.comments(issue.number)
    assert [(found.id, found.body) for found in comments[1:]] == [
        (first.id, f"two\n\n{marker}"),
        (other.id, "help\n\n<!-- autofix:escalation:inc-1 -->"),
    ]
    writes = [exchange.method for exchange in world.github.journal if "comments" in exchange.path]
    assert (writes.count("POST"), writes.count("PATCH")) == (2, 1)


async def test_a_comment_whose_answer_is_lost_is_found_again(world: World) -> None:
    issue = world.github.open_issue("acme/shop", login="alice", title="t", body="b")
    world.github.faults.fail("POST", "/comments$", 502, after=True)
    with pytest.raises(Unavailable):
        await world.repo.comment(issue.number, "<!-- m -->", "one", "autofix[bot]")
    await world.repo.comment(issue.number, "<!-- m -->", "one", "autofix[bot]")
    assert len(await world.repo.comments(issue.number)) == 1


async def test_more_than_a_page_of_comments_is_read(world: World) -> None:
    issue = world.github.open_issue("acme/shop", login="alice", title="t", body="b")
    for number in range(105):
        world.github.comment(issue, login="alice", body=str(number))
    assert [found.body for found in await world.repo.comments(issue.number)] == [str(n) for n in range(105)]


async def test_an_issue_is_read_and_closed(world: World) -> None:
    issue = world.github.open_issue("acme/shop", login="alice", title="Broken", body="b")
    found = await world.repo.issue(issue.number)
    assert (found.title, found.state, found.user and found.user.login) == ("Broken", "open", "alice")
    await world.repo.close_issue(issue.number)
    await world.repo.close_issue(issue.number)
    assert (await world.repo.issue(issue.number)).state == "closed"


# Where it ends ---------------------------------------------------------------------------------------------------


async def test_what_is_not_there_is_not_found(world: World) -> None:
    with pytest.raises(NotFound):
        await world.repo.issue(999)
    with pytest.raises(NotFound):
        await world.client.repository("acme/none", INSTALLATION).facts()
    with pytest.raises(NotFound):
        await world.repo.tree("0" * 40)
    with pytest.raises((Malformed, Refused)):
        await world.repo.pull_state(999)


async def test_an_unknown_installation_is_not_found(world: World) -> None:
    with pytest.raises((NotFound, Unauthorized)):
        await world.client.repository("acme/shop", 78).facts()
    await world.repo.facts()


async def test_a_revoked_token_is_renewed_in_the_middle(world: World) -> None:
    await world.repo.facts()
    world.github.site.tokens.clear()
    assert (
        await world.repo.issue(world.github.open_issue("acme/shop", login="alice", title="t").number)
    ).title == "t"


# Clocks ----------------------------------------------------------------------------------------------------------


def tokens_asked(world: World) -> list[int]:
    """The answers to our requests for a token."""
    return [exchange.status for exchange in world.github.journal if exchange.path.endswith("/access_tokens")]


async def test_m23_a_clock_two_minutes_behind_githubs_is_good_enough(world: World) -> None:
    world.github.site.clock = lambda: time.time() + 120
    assert (await world.repo.facts()).full_name == "acme/shop"
    assert tokens_asked(world) == [201]


async def test_m23_a_clock_two_minutes_ahead_is_refused_once_and_nothing_is_tried_again(world: World) -> None:
    await world.repo.facts()
    world.github.site.clock = lambda: time.time() - 120
    world.github.site.tokens.clear()
    with pytest.raises(Unauthorized) as caught:
        await world.client.repository("acme/shop", INSTALLATION).facts()
    assert tokens_asked(world)[1:] == [401]
    assert "ghs_" not in f"{caught.value!r} {caught.value}"


async def test_m23_a_token_that_ends_in_the_middle_is_renewed_once(world: World) -> None:
    await world.repo.facts()
    for token in world.github.site.tokens.values():
        token.expires_at = 0.0
    assert (await world.repo.facts()).full_name == "acme/shop"
    assert tokens_asked(world) == [201, 201]


async def test_m23_a_revoked_key_ends_it_without_a_token_in_the_text(world: World) -> None:
    await world.repo.facts()
    world.github.site.tokens.clear()
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
    world.github.app.public_key_pem = other.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    ).decode()
    with pytest.raises(Unauthorized) as caught:
        await world.repo.facts()
    assert tokens_asked(world) == [201, 401]
    assert "ghs_" not in f"{caught.value!r} {caught.value}"
