"""What stands between a comment and its effect, one gate at a time: the live comment, faults, and the proposal."""

from __future__ import annotations

from typing import Any

import pytest

from app.clients.github.answers import Account
from app.core.errors import Refused, Unavailable
from app.core.model import Reason, Result, given
from app.web.acts import _objection
from merge_samples import ALICE, review, state
from samples import case
from town import LINK, STRANGER, Town, merged_fix

SEEN_AND_DONE, SEEN_AND_NOT_DONE = ["eyes", "rocket"], ["eyes", "confused"]
OTHER = "f" * 40

# The comment as GitHub shows it ----------------------------------------------------------------------------------

LIVE: dict[str, dict[str, Any]] = {
    "written through an app": {"by_app": {"slug": "helper"}},
    "a bot's": {"user": {"type": "Bot"}},
    "somebody else's": {"user": {"id": 1}},
    "of an account that is gone": {"user": None},
    "of no plain name": {"user": {"login": "../ada"}},
    "on nothing": {"issue_url": ""},
    "on something else": {"issue_url": "https://api.github.com/repos/acme/shop/commits/1"},
}


@pytest.mark.parametrize("name", LIVE)
async def test_i2_a_comment_that_github_shows_otherwise_is_not_followed(
    town: Town, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr("app.store.RETRY_PAUSES", (0.0,) * 4)
    client, shown, looks = type(town.ours), LIVE[name], [0]
    live = client.issue_comment

    async def otherwise(self: Any, number: int) -> Any:
        looks[0] += 1
        comment = given(await live(self, number))
        user = shown.get("user")
        changed = shown if not user else {"user": given(comment.user).model_copy(update=user)}
        return comment.model_copy(update=changed)

    monkeypatch.setattr(client, "issue_comment", otherwise)
    issue = town.issue(login="ada", body="x")
    comment = await town.say("ada", "/autofix pause", issue)
    assert (comment.reactions, town.replies(issue)) == ([], [])
    assert town.store.ledger.paused_by(town.repo.id) is None
    assert looks == [1]  # it is no fault either, which would be tried again


# Faults ----------------------------------------------------------------------------------------------------------


async def test_a_fault_that_passes_is_no_answer(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.store.RETRY_PAUSES", (0.0,) * 4)
    client, faults = type(town.ours), [Unavailable("no answer")]
    text = client.text

    async def failing(self: Any, path: str) -> str | None:
        if faults:
            raise faults.pop()
        return await text(self, path)

    monkeypatch.setattr(client, "text", failing)
    issue = town.issue(login="ada", body=LINK)
    assert town.reactions(await town.say("wes", "/autofix run", issue)) == SEEN_AND_DONE
    assert (len(town.noted.started), town.replies(issue), faults) == (1, [], [])


async def test_a_refusal_of_githubs_is_an_answer(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(*_: Any, **__: Any) -> None:
        raise Refused("GitHub answered 422: Validation Failed")

    _row, issue = await merged_fix(town)
    monkeypatch.setattr(type(town.ours), "open_pull", refuse)
    assert town.reactions(await town.say("wes", "/autofix revert", issue)) == SEEN_AND_NOT_DONE
    assert "That did not work: GitHub answered 422" in town.replies(issue)[0]


async def test_a_retry_whose_answer_was_lost_is_the_same_retry(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    issue = town.issue(login="ada", body=LINK)
    row = town.end(town.open(issue), Result.ESCALATED, Reason.NOVEL)
    comment = await town.say("wes", "/autofix retry", issue)
    monkeypatch.setattr(town.store.ledger, "answer_to", lambda _comment: None)  # lost in a crash
    body = next(one.body for one in reversed(town.github.deliveries) if one.event == "issue_comment")
    town.store.receive("again", "issue_comment", body + b" ")
    town.dispatcher.wake()
    await town.settle()
    assert {one.id for one in town.noted.started} == {f"{row.id}-2"}
    assert (town.reactions(comment), town.replies(issue)) == (SEEN_AND_DONE, [])


# Starting and stopping -------------------------------------------------------------------------------------------


async def test_i3_run_is_not_for_a_pull_request_whatever_its_text_links_to(town: Town) -> None:
    town.push("fix", {"README.md": "new\n"})
    made = await town.call(
        "POST", "/pulls", STRANGER, {"title": "x", "head": "fix", "base": "main", "body": LINK}
    )
    pull = town.repo.issues[made["number"]]
    assert town.reactions(await town.say("wes", "/autofix run", pull)) == SEEN_AND_NOT_DONE
    assert "`run` is for an issue" in town.replies(pull)[0]
    assert town.noted.started == []


async def test_resume_names_what_this_pause_ended_and_nothing_else(town: Town) -> None:
    issue = town.issue(login="ada", body=LINK)
    before = town.open(issue)
    await town.say("wes", "/autofix pause", issue)
    town.end(before, Result.ESCALATED, Reason.PAUSED)
    await town.say("mo", "/autofix resume", issue)
    await town.say("wes", "/autofix retry", issue)
    await town.say("wes", "/autofix pause", issue)
    town.end(given(town.store.incident(f"{before.id}-2")), Result.ESCALATED, Reason.STOPPED)
    await town.say("mo", "/autofix resume", issue)
    first, second = town.replies(issue)
    assert f"`{before.id}`" in first
    assert before.id not in second


# Approving -------------------------------------------------------------------------------------------------------


async def test_an_incident_that_never_came_to_a_pull_request_has_nothing_to_approve(town: Town) -> None:
    issue = town.issue(login="ada", body=LINK)
    town.end(town.open(issue), Result.ESCALATED, Reason.NOVEL)
    assert town.reactions(await town.say("wes", "/autofix approve", issue)) == SEEN_AND_NOT_DONE
    assert "There is no pull request of mine here to approve" in town.replies(issue)[0]
    assert town.noted.landed == []


def reviews(*nodes: dict[str, Any]) -> dict[str, Any]:
    return {"latestOpinionatedReviews": {"nodes": list(nodes)}}


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({}, None),
        (reviews(review("APPROVED"), review("DISMISSED"), review("COMMENTED")), None),
        (reviews(review("APPROVED"), review("CHANGES_REQUESTED")), "`alice` has requested changes"),
        (reviews({"state": "CHANGES_REQUESTED", "author": None}), "`somebody` has requested changes"),
        ({"author": None}, "cannot approve it"),
        ({"author": ALICE}, "cannot approve it"),
        ({"state": "CLOSED"}, "not open any more"),
        ({"state": "MERGED", "merged": True}, "not open any more"),
        ({"headRefOid": OTHER}, "was proven"),
    ],
)
def test_m18_what_forbids_an_approval(changed: dict[str, Any], says: str | None) -> None:
    alice = Account(login="alice", id=ALICE["databaseId"], type="User")
    objection = _objection(state(**changed), case(), alice)
    assert objection is None if says is None else says in str(objection)
