"""Comments on the stand-in's issues and pull requests, and what our server makes of them, over HTTP."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from app.core.case_file import load_case
from app.core.commands import COMMANDS
from app.core.errors import ClientError, NotFound, Refused, Unavailable
from app.core.model import Held, Level, Reason, Result, Stage, Stop, given
from app.core.policy import parse_policy
from app.demo.github import issues
from app.demo.github.render.pulls import pull_request
from app.learn import trust_in
from app.store.ledger import EVERYWHERE, Answer
from app.web import acts
from app.web.desk import OFF_LABEL
from samples import HEAD, PATCH, SECRET, case
from town import BOT, LINK, POLICY, STRANGER, Town, merged_fix
from verification import verify

SEEN_AND_DONE, SEEN_AND_NOT_DONE = ["eyes", "rocket"], ["eyes", "confused"]


def calls(town: Town, method: str = "") -> list[str]:
    """What our server asked of GitHub beside its tokens."""
    return [
        f"{one.method} {one.path}"
        for one in town.github.journal
        if "/app" not in one.path and one.method.startswith(method)
    ]


def trust_level(town: Town) -> Level:
    return trust_in(town.store, town.repo.id, PATCH.category, parse_policy(POLICY.encode())).level


def given_case(town: Town, identity: str) -> Any:
    return load_case(given(town.store.case_file(identity)))


# Who may ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("login", [STRANGER, "rita"])
@pytest.mark.parametrize("text", ["/autofix help", "/autofix pause", "/autofix nonsense"])
async def test_m18_who_may_not_command_gets_a_reaction_and_no_word(town: Town, login: str, text: str) -> None:
    issue = town.issue(login="ada", body="no link")
    comment = await town.say(login, text, issue)
    assert town.reactions(comment) == ["-1"]
    assert town.replies(issue) == []
    assert calls(town, "P") == [f"POST /repos/acme/shop/issues/comments/{comment.id}/reactions"]
    assert town.store.ledger.paused_by(town.repo.id) is None


async def test_in_a_private_repository_readers_are_answered(town: Town) -> None:
    town.repo.private = True
    issue = town.issue(login="ada", body="no link")
    assert town.reactions(await town.say("rita", "/autofix help", issue)) == SEEN_AND_DONE
    assert town.reactions(await town.say("rita", "/autofix stop", issue)) == ["-1"]
    assert town.reactions(await town.say(STRANGER, "/autofix help", issue)) == ["-1"]


@pytest.mark.parametrize(
    ("login", "text", "may"),
    [
        ("tess", "/autofix stop", True),
        ("tess", "/autofix retry", False),
        ("tess", "/autofix pause", False),
        ("wes", "/autofix pause", True),
        ("wes", "/autofix resume", False),
        ("wes", "/autofix category null-safety", True),
        ("wes", "/autofix category null-safety reset", False),
        ("mo", "/autofix resume", True),
        ("mo", "/autofix category null-safety reset", True),
        ("ada", "/autofix resume", True),
    ],
)
async def test_m18_each_role_may_what_the_table_says(town: Town, login: str, text: str, *, may: bool) -> None:
    comment = await town.say(login, text, town.issue(login="ada", body="no link"))
    assert (town.reactions(comment) != ["-1"]) is may


async def test_m18_a_right_that_was_removed_counts_no_more(town: Town) -> None:
    issue = town.issue(login="ada", body="no link")
    assert town.reactions(await town.say("wes", "/autofix pause", issue)) == SEEN_AND_DONE
    del town.repo.owner.members["wes"]
    assert town.reactions(await town.say("wes", "/autofix pause", issue)) == ["-1"]


async def test_i2_a_login_that_somebody_else_has_taken_commands_nothing(town: Town) -> None:
    """The comment's author was renamed, and their old name, with its rights, is another account now."""
    comment = town.github.comment(town.issue(login="ada", body="x"), login=STRANGER, body="/autofix pause")
    town.github.site.accounts[STRANGER].login = "ada"
    await town.settle()
    assert town.reactions(comment) == ["-1"]
    assert town.store.ledger.paused_by(town.repo.id) is None


async def test_i1_what_the_text_claims_of_its_author_counts_for_nothing(town: Town) -> None:
    text = '/autofix pause\n\nOn behalf of @ada\n{"sender": {"login": "ada", "type": "User"}}'
    comment = await town.say(STRANGER, text, town.issue(login="ada", body="x"))
    assert town.reactions(comment) == ["-1"]


# What is not a person's new word ---------------------------------------------------------------------------------


async def test_i19_a_hundred_commands_of_our_own_and_of_other_bots_do_nothing(town: Town) -> None:
    issue = town.issue(login="ada", body="x")
    town.github.create_user("helper[bot]", type="Bot")
    town.repo.owner.members["helper[bot]"] = "admin"
    before = len(calls(town))
    for number in range(100):
        login = BOT if number % 2 else "helper[bot]"
        town.github.comment(issue, login=login, body=f"/autofix pause\n{number}")
    await town.settle()
    assert len(calls(town)) == before
    assert all(comment.reactions == [] for comment in issue.comments)
    assert town.store.ledger.paused_by(town.repo.id) is None


async def test_i19_our_own_help_does_not_command_us(town: Town) -> None:
    issue = town.issue(login="ada", body="x")
    await town.say("ada", "/autofix help", issue)
    (reply,) = town.replies(issue)
    await town.say(BOT, reply, issue)
    await town.say("ada", "\n".join(f"> {line}" for line in reply.splitlines()), issue)
    assert len(town.replies(issue)) == 2
    assert [one.content for comment in issue.comments for one in comment.reactions] == SEEN_AND_DONE


async def test_i17_an_edited_or_deleted_comment_commands_nothing(town: Town) -> None:
    issue = town.issue(login="ada", body="x")
    comment = await town.say("ada", "hello", issue)
    path = f"/issues/comments/{comment.id}"
    await town.call("PATCH", path, "ada", {"body": "/autofix pause"})
    await town.call("DELETE", path, "ada")
    assert comment.reactions == []
    assert town.store.ledger.paused_by(town.repo.id) is None


@pytest.mark.parametrize("now", ["/autofix pause ", "/autofix resume", "never mind"])
async def test_i17_a_comment_that_says_something_else_by_now_is_not_followed(town: Town, now: str) -> None:
    issue = town.issue(login="ada", body="x")
    await town.settle()
    comment = town.github.comment(issue, login="ada", body="/autofix pause")
    comment.body = now  # between the delivery and our look
    await town.settle()
    assert (comment.reactions, town.replies(issue)) == ([], [])
    assert town.store.ledger.paused_by(town.repo.id) is None


async def test_i17_a_comment_that_is_gone_by_now_is_not_followed(town: Town) -> None:
    issue = town.issue(login="ada", body="x")
    town.github.comment(issue, login="ada", body="/autofix pause")
    issue.comments.clear()
    await town.settle()
    assert town.store.ledger.paused_by(town.repo.id) is None


@pytest.mark.parametrize("change", ["user", "sender", "bot", "written by a bot", "repository"])
async def test_i1_a_delivery_that_names_another_author_or_place_is_not_believed(
    town: Town, change: str
) -> None:
    issue = town.issue(login="ada", body="x")
    comment = town.github.comment(issue, login=STRANGER, body="/autofix pause")
    await town.github.settle()
    sent = json.loads(town.github.deliveries[-1].body)
    ada = {"login": "ada", "id": town.github.site.accounts["ada"].id, "type": "User"}
    if change == "user":
        sent["comment"]["user"] = sent["sender"] = ada
    elif change == "sender":
        sent["sender"] = ada
    elif change == "bot":
        sent["sender"]["type"] = "Bot"
    elif change == "written by a bot":
        sent["comment"]["user"]["type"] = "Bot"
    else:
        sent["repository"]["id"] += 1
    await town.settle()
    comment.reactions.clear()
    town.store.receive("forged", "issue_comment", json.dumps(sent).encode())
    town.dispatcher.wake()
    await town.settle()
    assert comment.reactions == []
    assert town.store.ledger.paused_by(town.repo.id) is None


# Once ------------------------------------------------------------------------------------------------------------


async def test_w10_a_comment_that_is_delivered_again_has_no_second_effect(town: Town) -> None:
    """Other bytes under another GUID, as after a crash of GitHub's or a redelivery with fresh timestamps."""
    issue = town.issue(login="ada", body="x")
    comment = await town.say("mo", "/autofix pause", issue)
    help_comment = await town.say("ada", "/autofix help", issue)
    await town.say("mo", "/autofix resume", issue)
    replies = town.replies(issue)
    bodies = [one.body for one in town.github.deliveries if one.event == "issue_comment"]
    for number, body in enumerate(body for body in bodies if b"/autofix resume" not in body):
        town.store.receive(f"again-{number}", "issue_comment", body + b" ")
    town.dispatcher.wake()
    await town.settle()
    assert town.replies(issue) == replies
    assert town.store.ledger.paused_by(town.repo.id) is None
    assert town.reactions(comment) == town.reactions(help_comment) == SEEN_AND_DONE


async def test_w8_a_thousand_deliveries_of_one_comment_are_one_answer(town: Town) -> None:
    issue = town.issue(login="ada", body="x")
    await town.say("ada", "/autofix help", issue)
    delivery = next(one for one in reversed(town.github.deliveries) if one.event == "issue_comment")
    await asyncio.gather(
        *(
            asyncio.to_thread(town.store.receive, delivery.guid, "issue_comment", delivery.body)
            for _ in range(200)
        )
    )
    town.dispatcher.wake()
    await town.settle()
    assert len(town.replies(issue)) == 1


@pytest.mark.parametrize("at", ["keep", "reply", "reaction"])
async def test_a_fault_between_the_effects_doubles_none_of_them(
    town: Town, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    monkeypatch.setattr("app.store.RETRY_PAUSES", (0.0,) * 4)
    times = [0]

    def once(function: Any) -> Any:
        async def failing(*arguments: Any, **named: Any) -> Any:
            done = await function(*arguments, **named)
            times[0] += 1
            if times[0] == 1:
                raise Unavailable("no answer")
            return done

        return failing

    client = type(town.ours)
    if at == "reply":
        monkeypatch.setattr(client, "comment", once(client.comment))
    elif at == "reaction":
        monkeypatch.setattr(client, "react", once(client.react))
    else:
        kept = town.store.ledger.keep_answer

        def keep(*arguments: Any) -> None:
            times[0] += 1
            if times[0] == 1:
                raise RuntimeError("the disk is full")
            kept(*arguments)

        monkeypatch.setattr(town.store.ledger, "keep_answer", keep)
    issue = town.issue(body=LINK, login="ada")
    await town.settle()
    comment = await town.say("wes", "/autofix run", issue)
    helped = await town.say("ada", "/autofix help", issue)
    assert times[0] > 1
    assert town.reactions(comment) == town.reactions(helped) == SEEN_AND_DONE
    assert len(town.replies(issue)) == 1
    assert len(town.store.incidents()) == 1


async def test_a_command_whose_retry_comes_after_its_incident_ended_opens_no_other(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    issue = town.issue(login="ada", body=LINK)
    comment = await town.say("wes", "/autofix run", issue)
    (row,) = town.store.incidents()
    town.end(row, Result.ESCALATED, Reason.NOVEL)
    monkeypatch.setattr(town.store.ledger, "answer_to", lambda _comment: None)  # lost in a crash
    body = next(one.body for one in reversed(town.github.deliveries) if one.event == "issue_comment")
    town.store.receive("again", "issue_comment", body + b" ")
    town.dispatcher.wake()
    await town.settle()
    assert [one.id for one in town.store.incidents()] == [row.id]
    assert town.reactions(comment) == SEEN_AND_DONE


@pytest.mark.parametrize("fault", [Refused("the issue is locked"), NotFound("the issue is gone")])
async def test_where_nobody_can_be_told_the_effect_still_happens_once(
    town: Town, monkeypatch: pytest.MonkeyPatch, fault: ClientError
) -> None:
    monkeypatch.setattr("app.store.RETRY_PAUSES", (0.0,) * 4)
    tries = []

    async def refuse(_client: Any, issue: int, *_: Any) -> None:
        tries.append(issue)
        raise fault

    monkeypatch.setattr(type(town.ours), "comment", refuse)
    issue = town.issue(login="ada", body="x")
    comment = await town.say("ada", "/autofix nonsense", issue)
    assert (town.reactions(comment), tries) == (["eyes"], [issue.number])
    assert town.store.ledger.answer_to(comment.id) is not None


# Telling ---------------------------------------------------------------------------------------------------------


async def test_help_names_every_command_and_what_it_needs(town: Town) -> None:
    issue = town.issue(login="ada", body="x")
    comment = await town.say("ada", "/autofix", issue)
    (reply,) = town.replies(issue)
    assert all(f"`{one.usage}`" in reply for one in COMMANDS)
    assert reply.endswith(f"<!-- autofix:reply:{comment.id} -->")
    assert town.reactions(comment) == SEEN_AND_DONE


@pytest.mark.parametrize(
    ("text", "says"),
    [("/autofix merge", "no command"), ("/autofix stop\n/autofix approve", "One command a comment")],
)
async def test_what_is_no_command_is_answered_with_help(town: Town, text: str, says: str) -> None:
    issue = town.issue(login="ada", body="x")
    comment = await town.say("ada", text, issue)
    (reply,) = town.replies(issue)
    assert says in reply
    assert "/autofix explain" in reply
    assert town.reactions(comment) == SEEN_AND_NOT_DONE


async def test_i14_a_reply_repeats_nothing_of_the_comment(town: Town) -> None:
    issue = town.issue(login="ada", body="x")
    await town.say("ada", "/autofix @dependabot merge @acme/everyone Closes #1", issue)
    (reply,) = town.replies(issue)
    assert not any(word in reply for word in ("dependabot", "everyone", "Closes"))


async def test_status_and_explain_know_nothing_where_nothing_happened(town: Town) -> None:
    issue = town.issue(login="ada", body="x")
    for text in ("/autofix status", "/autofix explain"):
        assert town.reactions(await town.say("ada", text, issue)) == SEEN_AND_NOT_DONE
    assert all("I know of no incident here" in reply for reply in town.replies(issue))


async def test_status_of_a_running_incident_without_a_pull_request(town: Town) -> None:
    issue = town.issue()
    await town.settle()
    await town.say("ada", "/autofix status", issue)
    (reply,) = town.replies(issue)
    assert "It is running." in reply


async def test_explain_says_why_this_fix_and_what_keeps_it_from_being_merged(town: Town) -> None:
    issue = town.issue(login="ada", body=LINK)
    held = Held(Stop(Stage.MERGE, Reason.NEEDS_REVIEW, "propose at most: null-safety is shadow here"))
    row, pull, _ = await town.propose(issue)
    town.keep(row, dataclasses.replace(given_case(town, row.id), armed=held))
    for place in (issue, pull):
        comment = await town.say("ada", "/autofix explain", place)
        assert town.reactions(comment) == SEEN_AND_DONE
        (reply,) = town.replies(place)
        for part in (
            "#### Why this fix",
            "Two callers already allow for an empty text.",
            "#### How far it may go",
            "The policy says null-safety: automerge.",
            "#### Why it is not merged",
            "Propose at most: null-safety is shadow here.",
            "`.github/autofix.yml` sets `null-safety` to propose",
            "`null-safety` is shadow here: 0 of 5 fixes in a row verified in production.",
            "`/autofix approve`",
            "#### Proof",
            PATCH.test.test_id,
        ):
            assert part.lower() in reply.lower(), part


async def test_i14_explain_shows_hostile_text_without_effect_and_no_secret(town: Town) -> None:
    issue = town.issue(login="ada", body=LINK)
    row, _, whole = await town.propose(issue)
    patch = dataclasses.replace(
        PATCH,
        why=("@dependabot merge", "Closes #1", f"password={SECRET}"),
        summary="<!-- hidden --> [x](https://evil.example)",
    )
    town.keep(row, dataclasses.replace(whole, patch=patch))
    await town.say("ada", "/autofix explain", issue)
    (reply,) = town.replies(issue)
    assert "@dependabot" not in reply
    assert "Closes #1" not in reply
    assert "<!-- hidden" not in reply
    assert "[x](" not in reply
    assert SECRET not in reply


async def test_category_tells_the_policy_and_what_was_earned(town: Town) -> None:
    issue = town.issue(login="ada", body=LINK)
    row, _, _ = await town.propose(issue)
    town.store.ledger.reverted(row.id)
    await town.say("ada", "/autofix category null-safety", issue)
    (reply,) = town.replies(issue)
    assert "| policy | propose |" in reply
    assert f"Lost by {row.id} (reverted)" in reply
    assert trust_level(town) is Level.SHADOW
    await town.say("mo", "/autofix category null-safety reset", issue)
    assert "0 of 5 fixes" in town.replies(issue)[-1]


async def test_category_without_a_policy_says_so(town: Town) -> None:
    town.push("main", {".github/autofix.yml": None})
    issue = town.issue(login="ada", body="x")
    await town.say("ada", "/autofix category wrong-type", issue)
    assert "There is no `.github/autofix.yml`" in town.replies(issue)[0]


# Starting and stopping -------------------------------------------------------------------------------------------


async def test_run_starts_an_incident_that_a_person_vouches_for(town: Town) -> None:
    issue = town.issue(login=STRANGER, body=f"It crashes!\n\n{LINK}")
    await town.settle()
    assert town.noted.started == []
    comment = await town.say("wes", "/autofix run", issue)
    (incident,) = town.noted.started
    assert (incident.vouched_by, incident.issue, incident.fingerprint) == ("wes", issue.number, "sentry:4711")
    assert town.reactions(comment) == SEEN_AND_DONE
    assert town.replies(issue) == []


@pytest.mark.parametrize(
    "body",
    [
        "nothing",
        "https://sentry.io.evil.example/organizations/acme/issues/4711/",
        "https://other.sentry.io/issues/4711/",
        "http://acme.sentry.io/issues/4711/",
    ],
)
async def test_i3_i4_who_vouches_does_not_make_a_link_trusted(town: Town, body: str) -> None:
    issue = town.issue(login=STRANGER, body=body)
    comment = await town.say("ada", "/autofix run", issue)
    assert town.noted.started == []
    assert town.reactions(comment) == SEEN_AND_NOT_DONE
    assert "names no issue of a tracker" in town.replies(issue)[0]


async def test_run_says_if_it_runs_or_ran(town: Town) -> None:
    issue = town.issue()
    await town.settle()
    (row,) = town.store.incidents()
    await town.say("ada", "/autofix run", issue)
    town.end(row, Result.ESCALATED, Reason.NOVEL)
    await town.say("ada", "/autofix run", issue)
    running, ended = town.replies(issue)
    assert "is running already" in running
    assert "`/autofix retry` starts another" in ended
    assert len(town.store.incidents()) == 1


async def test_run_on_a_second_issue_of_a_running_anomaly_names_the_first(town: Town) -> None:
    first, second = town.issue(), town.issue(login="ada", body=LINK)
    await town.say("ada", "/autofix run", second)
    assert f"for #&#8203;{first.number}" in town.replies(second)[0]


async def test_retry_starts_the_next_incident_after_one_has_ended(town: Town) -> None:
    issue = town.issue()
    await town.settle()
    (row,) = town.store.incidents()
    assert town.reactions(await town.say("ada", "/autofix retry", issue)) == SEEN_AND_NOT_DONE
    assert f"`{row.id}` is still running" in town.replies(issue)[0]
    town.end(row, Result.ESCALATED, Reason.STOPPED)
    assert town.reactions(await town.say("ada", "/autofix retry", issue)) == SEEN_AND_DONE
    assert town.noted.started[-1].id == f"{row.id}-2"
    assert town.noted.started[-1].vouched_by == "ada"


async def test_retry_on_a_pull_request_of_ours_looks_at_its_issue(town: Town) -> None:
    issue = town.issue(login="ada", body=LINK)
    row, pull, _ = await town.propose(issue)
    assert town.reactions(await town.say("ada", "/autofix retry", pull)) == SEEN_AND_DONE
    assert (town.noted.started[-1].id, town.noted.started[-1].issue) == (f"{row.id}-2", issue.number)


@pytest.mark.parametrize("text", ["/autofix run", "/autofix retry"])
@pytest.mark.parametrize("why", ["closed", "label", "paused", "policy", "no policy"])
async def test_nothing_starts_where_it_may_not(town: Town, text: str, why: str) -> None:
    issue = town.issue(login="ada", body=LINK)
    if text == "/autofix retry":
        town.end(town.open(issue), Result.ESCALATED, Reason.NOVEL)
    if why == "closed":
        issues.close(town.github.site, issue, town.github._actor("ada"))
    elif why == "label":
        town.label(issue, OFF_LABEL)
    elif why == "paused":
        town.store.ledger.pause(EVERYWHERE, "the operator")
    elif why == "policy":
        town.push("main", {".github/autofix.yml": POLICY + "enabled: false\n"})
    else:
        town.push("main", {".github/autofix.yml": None})
    comment = await town.say("ada", text, issue)
    assert town.noted.started == []
    assert town.reactions(comment) == SEEN_AND_NOT_DONE
    says = {
        "closed": "is closed",
        "label": "carries the label",
        "paused": "Paused by the operator",
        "policy": "says `enabled: false`",
        "no policy": "There is no `.github/autofix.yml`",
    }
    assert says[why] in town.replies(issue)[0]


async def test_stop_ends_the_running_incident_of_an_issue_or_its_pull_request(town: Town) -> None:
    issue = town.issue()
    await town.settle()
    (row,) = town.store.incidents()
    assert town.reactions(await town.say("tess", "/autofix stop", issue)) == SEEN_AND_DONE
    assert town.noted.stopped == [(row.id, "`tess`")]
    town.end(row, Result.ESCALATED, Reason.STOPPED)
    assert town.reactions(await town.say("tess", "/autofix stop", issue)) == SEEN_AND_NOT_DONE
    assert len(town.noted.stopped) == 1


async def test_m21_pause_wakes_the_running_incidents_and_resume_tells_what_it_ended(town: Town) -> None:
    issue = town.issue()
    await town.settle()
    (row,) = town.store.incidents()
    comment = await town.say("wes", "/autofix pause", issue)
    assert town.store.ledger.paused_by(town.repo.id) == "wes"
    assert (row.id, f"command-{comment.id}") in town.noted.woken
    town.end(row, Result.ESCALATED, Reason.PAUSED)
    assert town.reactions(await town.say("mo", "/autofix resume", issue)) == SEEN_AND_DONE
    assert town.store.ledger.paused_by(town.repo.id) is None
    assert f"#{issue.number}: `{row.id}`" in town.replies(issue)[-1]
    assert town.reactions(await town.say("mo", "/autofix resume", issue)) == SEEN_AND_NOT_DONE


async def test_m21_resume_does_not_lift_what_the_operator_or_the_policy_stopped(town: Town) -> None:
    issue = town.issue(login="ada", body="x")
    town.store.ledger.pause(EVERYWHERE, "the operator")
    await town.say("mo", "/autofix resume", issue)
    await town.say("mo", "/autofix pause", issue)
    await town.say("mo", "/autofix resume", issue)
    assert town.store.ledger.paused_by(town.repo.id) == "the operator"
    assert all("aused by the operator" in reply for reply in town.replies(issue))


# Approving -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["issue", "pull"])
async def test_a_verified_proposal_is_approved_once(town: Town, place: str) -> None:
    issue = town.issue(login="ada", body=LINK)
    row, pull, _ = await town.propose(issue)
    comment = await town.say("wes", "/autofix approve", issue if place == "issue" else pull)
    assert town.noted.landed == [(f"{row.id}+approved-{comment.id}", "wes", True)]
    assert town.reactions(comment) == SEEN_AND_DONE
    assert town.reactions(await town.say("ada", "/autofix approve", pull)) == SEEN_AND_NOT_DONE
    assert len(town.noted.landed) == 1


async def refused(town: Town, on: Any, says: str, login: str = "wes") -> None:
    comment = await town.say(login, "/autofix approve", on)
    assert town.noted.landed == []
    assert town.reactions(comment) == SEEN_AND_NOT_DONE
    assert says in town.replies(on)[-1], town.replies(on)


async def test_m1_a_head_that_was_not_proven_is_not_approved(town: Town) -> None:
    issue = town.issue(login="ada", body=LINK)
    row, pull, _ = await town.propose(issue)
    town.push(f"autofix/{row.id}", {"shop/receipts.py": "import os\n"})
    await refused(town, pull, "the pull request is theirs now")


async def test_m13_evidence_of_another_commit_is_none(town: Town) -> None:
    issue = town.issue(login="ada", body=LINK)
    row, pull, whole = await town.propose(issue)
    other = dataclasses.replace(given(whole.evidence), head_sha=HEAD)
    town.keep(row, dataclasses.replace(whole, evidence=other))
    await refused(town, pull, "was proven")


@pytest.mark.parametrize("what", ["nothing", "running", "unverified", "escalated", "merged", "closed"])
async def test_only_what_waits_verified_is_approved(town: Town, what: str) -> None:
    issue = town.issue(login="ada", body=LINK)
    if what == "nothing":
        await refused(town, issue, "no pull request of mine")
        return
    row, pull, whole = await town.propose(issue)
    if what == "running":
        town.store.resume_incident(row.id, "another", "ada")
    elif what == "unverified":
        town.keep(row, dataclasses.replace(whole, evidence=None))
    elif what == "escalated":
        town.end(row, Result.ESCALATED, Reason.CHECK_FAILED)
    elif what == "merged":
        town.keep(row, dataclasses.replace(whole, merged=given(case().merged)))
    else:
        issues.close(town.github.site, pull, town.github._actor("ada"))
    says = {
        "running": "still running",
        "unverified": "no verified proposal",
        "escalated": "no verified proposal",
        "merged": "no verified proposal",
        "closed": "not open any more",
    }
    await refused(town, pull, says[what])


async def test_m18_whoever_opened_the_pull_request_does_not_approve_it(town: Town) -> None:
    issue = town.issue(login="ada", body=LINK)
    _row, pull, _ = await town.propose(issue)
    pull.user = town.github.site.accounts["wes"]
    await refused(town, pull, "opened a pull request cannot approve it")


async def test_m17_while_changes_are_requested_nothing_is_approved(town: Town) -> None:
    issue = town.issue(login="ada", body=LINK)
    row, pull, _ = await town.propose(issue)
    path = f"/pulls/{pull.number}/reviews"
    await town.call("POST", path, STRANGER, {"event": "REQUEST_CHANGES", "body": "I do not like it"})
    review = await town.call("POST", path, "ada", {"event": "REQUEST_CHANGES", "body": "not like this"})
    await town.call("POST", path, "ada", {"event": "COMMENT", "body": "see above"})
    await refused(town, pull, "`ada` has requested changes")
    await town.call("PUT", f"{path}/{review['id']}/dismissals", "mo", {"message": "settled"})
    comment = await town.say("wes", "/autofix approve", pull)
    assert town.noted.landed == [(f"{row.id}+approved-{comment.id}", "wes", True)]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("paused", "Paused by mo"),
        ("enabled: false\n", "`enabled: false`"),
        ("null-safety: report", "no longer allows fixes of null-safety"),
        (None, "There is no"),
    ],
)
async def test_m21_what_was_switched_off_since_is_not_approved(
    town: Town, change: str | None, says: str
) -> None:
    issue = town.issue(login="ada", body=LINK)
    _row, pull, _ = await town.propose(issue)
    if change == "paused":
        town.store.ledger.pause(town.repo.id, "mo")
    elif change is None:
        town.push("main", {".github/autofix.yml": None})
    elif change.startswith("null"):
        town.push("main", {".github/autofix.yml": POLICY.replace("null-safety: propose", change)})
    else:
        town.push("main", {".github/autofix.yml": POLICY + change})
    await refused(town, pull, says)


# Taking back -----------------------------------------------------------------------------------------------------


async def test_revert_opens_one_pull_request_that_restores_both_files_and_costs_the_trust(town: Town) -> None:
    row, issue = await merged_fix(town)
    before = len(town.repo.pulls)
    for _ in range(2):
        assert town.reactions(await town.say("wes", "/autofix revert", issue)) == SEEN_AND_DONE
    (pull,) = list(town.repo.pulls.values())[before:]
    branch = f"autofix/revert-{row.id}"
    assert (pull.head_ref, pull.base_ref, pull.issue.user.login) == (branch, "main", BOT)
    assert pull.auto_merge is None
    assert pull.open
    assert town.text(PATCH.fix.path, branch) == PATCH.fix.before
    assert town.text(PATCH.test.change.path, branch) is None
    assert town.text("README.md", branch) == "shop\n"
    git = town.repo.git
    commit = git.commit(given(git.branch(branch)))
    assert list(commit.parents) == [git.branch("main")]
    assert f"This reverts commit {row.merge_sha}." in commit.message
    (attempt,) = town.store.ledger.attempts(town.repo.id)
    assert attempt.reverted_at is not None
    assert trust_level(town) is Level.SHADOW
    assert f"#{pull.number} takes the fix back" in town.replies(issue)[0]


async def test_m7_our_own_action_proves_the_revert_that_we_open(town: Town, tmp_path: Path) -> None:
    row, issue = await merged_fix(town)
    town.push("main", {"README.md": "moved on\n"})
    await town.say("wes", "/autofix revert", issue)
    pull = list(town.repo.pulls.values())[-1]
    folder = tmp_path / "action" / "shop"
    clone = ["git", "clone", "--quiet", str(town.repo.git_dir), str(folder)]
    await asyncio.to_thread(lambda: subprocess.run(clone, check=True))
    token = town.github.mint_token(
        app="github-actions",
        repository="acme/shop",
        permissions=dict.fromkeys(("contents", "pull_requests", "checks"), "read"),
    )
    event = {"number": pull.number, "pull_request": pull_request(town.github.site, pull, "clean")}
    inputs = {"AUTOFIX_TOKEN": token, "GITHUB_API_URL": town.github.base_url}
    verdict = await asyncio.to_thread(verify, folder, event, **inputs)
    assert (verdict.status, verdict.result) == (0, "verified"), verdict.log
    assert verdict.data["claim"] == {"reverts": row.merge_sha, "incident": row.id}


async def test_revert_while_production_is_watched_stops_the_watching_and_costs_the_trust(town: Town) -> None:
    row, issue = await merged_fix(town)
    town.store.resume_incident(row.id, "landing", "ada")
    with town.store._engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM track_record")
    await town.say("wes", "/autofix revert", issue)
    assert town.noted.stopped == [("landing", "`wes`, who takes the fix back")]
    town.end(given(town.store.incident(row.id)), Result.ESCALATED, Reason.STOPPED)
    assert trust_level(town) is Level.SHADOW
    (attempt,) = town.store.ledger.attempts(town.repo.id)
    assert attempt.reverted_at is not None


async def test_nothing_that_is_not_merged_by_us_is_taken_back(town: Town) -> None:
    issue = town.issue(login="ada", body=LINK)
    await town.propose(issue)
    comment = await town.say("wes", "/autofix revert", issue)
    assert town.reactions(comment) == SEEN_AND_NOT_DONE
    assert "No fix of mine is merged here" in town.replies(issue)[0]


# The record ------------------------------------------------------------------------------------------------------


async def test_who_asked_for_what_is_on_record_and_the_first_answer_stands(town: Town) -> None:
    comment = await town.say("wes", "/autofix pause", town.issue(login="ada", body="x"))
    town.store.ledger.keep_answer(
        comment.id, town.repo.id, "resume", "mallory", Answer(done=False, text="no")
    )
    assert town.store.ledger.answer_to(comment.id) == Answer(done=True)


def test_every_verb_has_its_act() -> None:
    assert set(acts.ACTS) == {one.verb for one in COMMANDS}
