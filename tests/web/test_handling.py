"""What people do with our pull requests on the stand-in, and what the ledger and the workflows learn of it."""

from __future__ import annotations

import dataclasses
import json
import time
from typing import Any, cast

import pytest

from app.clients import Clients
from app.core.model import Handling, Level, Outcome, Reason, Result, given
from app.core.policy import parse_policy
from app.demo.github import Issue, issues, merges
from app.learn import trust_in
from app.web.desk import OFF_LABEL
from app.web.handling import MOST_COMMITS, _reverts
from app.web.proposals import Proposals
from samples import PATCH, PULL, case
from town import INSTALLATION, LINK, POLICY, STRANGER, Town, merged_files


def handling(town: Town) -> Handling | None:
    (attempt,) = town.store.ledger.attempts(town.repo.id)
    return attempt.handling


def is_reverted(town: Town) -> bool:
    (attempt,) = town.store.ledger.attempts(town.repo.id)
    return attempt.reverted_at is not None


async def merge(town: Town, pull: Issue, login: str = "ada") -> str:
    with town.github.site.operation():
        sha = merges.merge(town.github.site, given(pull.pull), town.github._actor(login), method="squash")
    await town.settle()
    return sha


async def proposed(town: Town) -> tuple[Any, Issue, Any]:
    return await town.propose(town.issue(login="ada", body=LINK))


# Our pull requests -----------------------------------------------------------------------------------------------


async def test_a_proposal_that_a_person_merges_unchanged_counts_and_is_watched_in_production(
    town: Town,
) -> None:
    row, pull, _ = await proposed(town)
    await merge(town, pull, "wes")
    assert handling(town) is Handling.MERGED
    assert town.noted.landed == [(f"{row.id}+merged", "wes", False)]


async def test_m1_a_proposal_that_was_changed_before_its_merge_is_theirs(town: Town) -> None:
    row, pull, _ = await proposed(town)
    town.push(f"autofix/{row.id}", {"shop/receipts.py": "return 'better'\n"})
    await merge(town, pull)
    assert (handling(town), town.noted.landed) == (Handling.CHANGED, [])


async def test_a_proposal_that_a_person_closes_is_rejected(town: Town) -> None:
    _row, pull, _ = await proposed(town)
    issues.close(town.github.site, pull, town.github._actor("ada"))
    await town.settle()
    assert (handling(town), town.noted.landed) == (Handling.REJECTED, [])


@pytest.mark.parametrize("result", [Result.ESCALATED, Result.PROPOSED])
async def test_an_unverified_merge_counts_and_is_not_watched_as_ours(town: Town, result: Result) -> None:
    row, pull, whole = await proposed(town)
    town.keep(row, dataclasses.replace(whole, evidence=None))
    town.end(row, result, Reason.STOPPED)
    await merge(town, pull)
    assert (handling(town), town.noted.landed) == (Handling.MERGED, [])


async def test_our_own_merge_is_nobodys_word_on_the_fix_when_its_webhook_comes_late(town: Town) -> None:
    row, pull, _ = await proposed(town)
    town.store.note_merge(row.id, "d" * 40, 1_800_000_480.0)
    town.end(row, Result.FIXED)
    await merge(town, pull)
    assert (handling(town), town.noted.landed) == (None, [])


async def test_a_merge_by_a_bot_counts_and_is_no_persons_word(town: Town) -> None:
    town.github.create_user("helper[bot]", type="Bot")
    town.repo.owner.members["helper[bot]"] = "write"
    _row, pull, _ = await proposed(town)
    await merge(town, pull, "helper[bot]")
    assert (handling(town), town.noted.landed) == (Handling.MERGED, [])


async def test_a_proposal_that_was_handed_over_is_not_watched_as_ours(town: Town) -> None:
    """It was proven, but ended otherwise: whoever merges it has taken it over."""
    row, pull, _ = await proposed(town)
    town.end(row, Result.ESCALATED, Reason.CHECK_FAILED)
    await merge(town, pull)
    assert (handling(town), town.noted.landed) == (Handling.MERGED, [])


async def test_a_proposal_that_cannot_be_looked_at_does_not_keep_the_others_from_their_look(
    town: Town,
) -> None:
    _row, pull, _ = await proposed(town)
    gone = town.store.open_incident(
        repository="acme/gone", repository_id=1, installation_id=77, issue=1, fingerprint="sentry:1"
    )[0]
    town.keep(given(town.store.incident(gone.id)), case(pull=dataclasses.replace(PULL, number=1)))
    outcome = Outcome(Result.PROPOSED, "waits", None, 1)
    town.store.ledger.remember(gone, PATCH.category, PATCH.pattern, outcome)
    town.store.end_incident(gone.id, outcome)
    town.github.faults.drop(lambda event: event.name == "pull_request", times=None)
    await merge(town, pull)
    assert town.store.ledger.unanswered()[0] == gone.id
    await Proposals(Clients(town.client, cast("Any", None)), town.store).look()
    assert handling(town) is Handling.MERGED


async def test_a_running_incident_sees_its_merge_for_itself(town: Town) -> None:
    row, pull, _ = await proposed(town)
    town.store.resume_incident(row.id, "landing", "ada")
    await merge(town, pull)
    assert (handling(town), town.noted.landed) == (None, [])
    assert "landing" in {workflow for workflow, _ in town.noted.woken}


async def test_w13_a_merge_whose_webhook_is_lost_is_found_by_looking(town: Town) -> None:
    row, pull, _ = await proposed(town)
    looks = Proposals(Clients(town.client, cast("Any", None)), town.store)
    await looks.look()
    assert (handling(town), town.noted.landed) == (None, [])
    town.github.faults.drop(lambda event: event.name == "pull_request", times=None)
    await merge(town, pull, "wes")
    assert handling(town) is None
    await looks.look()
    await looks.look()
    assert handling(town) is Handling.MERGED
    assert town.noted.landed == [(f"{row.id}+merged", "wes", False)]


async def test_pull_requests_of_people_are_theirs(town: Town) -> None:
    await proposed(town)
    town.push("fix", {"README.md": "new\n"})
    made = await town.call("POST", "/pulls", "ada", {"title": "x", "head": "fix", "base": "main"})
    await merge(town, town.repo.issues[made["number"]])
    assert (handling(town), town.noted.landed) == (None, [])


async def test_w12_a_close_that_is_undone_by_now_is_no_rejection(town: Town) -> None:
    _row, pull, _ = await proposed(town)
    issues.close(town.github.site, pull, town.github._actor("ada"))
    pull.state = "open"
    await town.settle()
    assert handling(town) is None


async def test_w10_a_merge_that_is_told_twice_is_watched_once(town: Town) -> None:
    row, pull, _ = await proposed(town)
    await merge(town, pull)
    town.end(given(town.store.incident(row.id)), Result.ESCALATED, Reason.INCONCLUSIVE)
    (body,) = [
        one.body
        for one in town.github.deliveries
        if one.event == "pull_request" and json.loads(one.body)["action"] == "closed"
    ]
    town.store.receive("again", "pull_request", body + b" ")
    town.dispatcher.wake()
    await town.settle()
    again = given(town.store.incident(row.id))
    assert again.ended_at is not None
    assert {identity for identity, _, _ in town.noted.landed} == {f"{row.id}+merged"}


# Merges that are taken back --------------------------------------------------------------------------------------


async def merged(town: Town) -> tuple[Any, str, Issue]:
    """A fix of ours on main, its merge commit and its pull request."""
    row, pull, whole = await proposed(town)
    sha = town.push("main", merged_files(), message=f"Fix it (#{pull.number})")
    town.keep(row, whole)
    town.store.note_merge(row.id, sha, 1_800_000_480.0)
    town.end(row, Result.FIXED)
    await town.settle()
    return row, sha, pull


@pytest.mark.parametrize(
    "message",
    [
        'Revert "Fix it (#2)"\n\nThis reverts commit {sha}.',
        'Revert "Fix it (#2)" (#3)\n\nReverts acme/shop#{pull}',
        "Oh no\n\nReverts #{pull}",
    ],
)
async def test_a_revert_on_the_default_branch_costs_the_trust(town: Town, message: str) -> None:
    _row, sha, pull = await merged(town)
    text = message.format(sha=sha, pull=pull.number)
    town.push("main", {PATCH.fix.path: PATCH.fix.before, PATCH.test.change.path: None}, message=text)
    await town.settle()
    assert is_reverted(town)
    policy = parse_policy(POLICY.encode())
    assert trust_in(town.store, town.repo.id, PATCH.category, policy).level is Level.SHADOW


@pytest.mark.parametrize(
    ("branch", "message"),
    [
        ("topic", "This reverts commit {sha}."),
        ("main", "This reverts commit {other}."),
        ("main", "This reverts commit {short}."),
        ("main", "Reverts acme/other#{pull}"),
        ("main", "Reverts #{next}"),
        ("main", "Reverts nothing of #{pull}"),
        ("main", "Reapply, see {sha}"),
    ],
)
async def test_a_push_that_takes_nothing_of_ours_back_costs_nothing(
    town: Town, branch: str, message: str
) -> None:
    _row, sha, pull = await merged(town)
    text = message.format(sha=sha, other="e" * 40, short=sha[:7], pull=pull.number, next=pull.number + 1)
    town.push(branch, {"README.md": "x\n"}, message=text)
    await town.settle()
    assert not is_reverted(town)


@pytest.mark.parametrize("lie", ["message", "commit", "ref"])
async def test_a_push_whose_commits_do_not_say_so_costs_nothing(town: Town, lie: str) -> None:
    """The delivery claims a revert; the commit that GitHub has says something else, or is not there."""
    _row, sha, _ = await merged(town)
    topic = town.push("topic", {"README.md": "y\n"}, message=f"This reverts commit {sha}.")
    plain = town.push("main", {"README.md": "x\n"}, message="A change")
    await town.settle()
    told = json.loads(next(one.body for one in reversed(town.github.deliveries) if one.event == "push"))
    told["ref"] = "refs/heads/main"
    claimed = {"message": plain, "commit": "e" * 40, "ref": topic}[lie]
    told["commits"] = [{"id": claimed, "message": f"This reverts commit {sha}."}]
    town.store.receive("forged", "push", json.dumps(told).encode())
    town.dispatcher.wake()
    await town.settle()
    assert not is_reverted(town)


async def push(town: Town, reverts: str, *commits: str, other: int = 0) -> list[str]:
    """A delivery that claims these commits on main; which commits of GitHub's were looked at for it."""
    payload = {
        "ref": "refs/heads/main",
        "commits": [{"id": one, "message": f"This reverts commit {reverts}."} for one in commits],
        "repository": {"id": town.repo.id + other, "full_name": "acme/shop"},
        "installation": {"id": INSTALLATION},
    }
    before = len(town.github.journal)
    town.store.receive("told", "push", json.dumps(payload).encode())
    town.dispatcher.wake()
    await town.settle()
    paths = [one.path for one in list(town.github.journal)[before:]]
    return [path.rpartition("/")[2] for path in paths if "/git/commits/" in path]


@pytest.mark.parametrize(("other", "counts"), [(0, True), (1, False)])
async def test_m24_a_push_to_what_was_another_repository_costs_nothing(
    town: Town, other: int, *, counts: bool
) -> None:
    _row, sha, _ = await merged(town)
    town.github.faults.drop(lambda event: event.name == "push", times=None)
    real = town.push("main", {"README.md": "x\n"}, message=f"This reverts commit {sha}.")
    await push(town, sha, real, other=other)
    assert is_reverted(town) is counts


async def test_what_is_no_commit_is_not_asked_for_and_hides_no_revert_beside_it(town: Town) -> None:
    _row, sha, _ = await merged(town)
    town.github.faults.drop(lambda event: event.name == "push", times=None)
    real = town.push("main", {"README.md": "x\n"}, message=f"This reverts commit {sha}.")
    assert await push(town, sha, "main", "..", real.upper(), "e" * 40, real) == ["e" * 40, real]
    assert is_reverted(town)


async def test_i10_a_push_of_very_many_commits_is_not_looked_at_without_end(town: Town) -> None:
    claimed = [f"{number:040x}" for number in range(MOST_COMMITS + 10)]
    assert await push(town, "a" * 40, *claimed) == claimed[:MOST_COMMITS]


async def test_a_proposal_that_nobody_merged_cannot_be_taken_back(town: Town) -> None:
    _row, pull, _ = await proposed(town)
    town.push("main", {"README.md": "x\n"}, message=f"Reverts #{pull.number}")
    await town.settle()
    assert not is_reverted(town)


@pytest.mark.parametrize(
    "bomb", ["Reverts ", "Reverts a/", "Reverts a", "This reverts commit ", "Reverts #1", "a/"]
)
def test_i10_a_message_is_read_in_linear_time(bomb: str) -> None:
    start = time.process_time()
    _reverts(bomb * 200_000)
    assert time.process_time() - start < 0.5


# The label -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["issue", "pull"])
async def test_m21_the_label_stops_the_incident(town: Town, place: str) -> None:
    issue = town.issue(login="ada", body=LINK)
    row, pull, _ = await town.propose(issue)
    town.store.resume_incident(row.id, "landing", "ada")
    town.label(issue if place == "issue" else pull, OFF_LABEL, login="tess")
    await town.settle()
    assert town.noted.stopped == [("landing", f"`tess`, with the label `{OFF_LABEL}`")]


async def test_the_label_on_what_has_ended_stops_nothing(town: Town) -> None:
    issue = town.issue(login="ada", body=LINK)
    await town.propose(issue)
    town.label(issue, OFF_LABEL)
    await town.settle()
    assert town.noted.stopped == []


async def test_i17_a_label_that_is_not_there_stops_nothing(town: Town) -> None:
    issue = town.issue()
    await town.settle()
    town.label(issue, "bug")
    town.label(issue, OFF_LABEL)
    issue.labels = []  # taken off before we look
    await town.settle()
    assert town.noted.stopped == []


async def test_an_issue_that_carries_the_label_starts_nothing(town: Town) -> None:
    town.issue(labels=[OFF_LABEL])
    await town.settle()
    assert town.noted.started == []


async def test_a_stranger_who_opens_an_issue_that_looks_like_sentrys_starts_nothing(town: Town) -> None:
    town.issue(login=STRANGER)
    await town.settle()
    assert town.noted.started == []
