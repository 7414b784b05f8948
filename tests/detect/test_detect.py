"""What an incident's issue is believed for, with and without a person who vouches for it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, cast

import pytest

from app.clients import Clients
from app.clients.github.answers import Account, Issue
from app.core.errors import NotFound
from app.core.model import Finding, Outcome, Reason, Result, Stage, Stop, is_untold
from app.detect import detect
from app.settings import Settings
from samples import INCIDENT, case

SENTRY, STRANGER = 39604003, 5
LINK = "Sentry Issue: [SHOP-1](https://acme.sentry.io/issues/4711/)"


@dataclass
class Outside:
    """An issue, and a Sentry that knows nothing: whoever comes as far as asking it was believed."""

    author: int
    body: str

    def repository(self, _name: str, _installation: int) -> Outside:
        return self

    async def bot(self) -> str:
        return "autofix[bot]"

    async def comments(self, _issue: int) -> list[Any]:
        return []

    async def read(self, _organization: str, _issue: str) -> Finding | None:
        raise NotFound("Sentry has no such issue")

    async def issue(self, _number: int) -> Issue:
        return Issue(
            number=3, title="x", body=self.body, state="open", user=Account(login="x", id=self.author)
        )


async def reason(author: int, body: str, vouched_by: str | None) -> Reason:
    outside = cast("Any", Outside(author, body))
    settings: dict[str, Any] = {
        "app_id": 1,
        "private_key": "none",
        "webhook_secret": "long enough",
        "sentry_token": "none",
        "sentry_organizations": "acme",
    }
    incident = replace(INCIDENT, vouched_by=vouched_by)
    stop = await detect(Clients(outside, outside), outside, Settings(**settings), incident)
    assert isinstance(stop, Stop)
    return stop.reason


async def test_a_strangers_issue_is_believed_only_if_a_person_vouches() -> None:
    assert await reason(SENTRY, LINK, None) is Reason.EVENT_MISSING
    assert await reason(STRANGER, LINK, None) is Reason.UNTRUSTED
    assert await reason(STRANGER, LINK, "wes") is Reason.EVENT_MISSING


@pytest.mark.parametrize(
    "link",
    [
        "https://acme.sentry.io.evil.example/issues/4711/",
        "https://other.sentry.io/issues/4711/",
        "https://acme.sentry.io/issues/4712/",
        "nothing",
    ],
)
async def test_i3_i4_i17_who_vouches_does_not_vouch_for_another_link(link: str) -> None:
    assert await reason(STRANGER, link, "wes") is Reason.UNTRUSTED


def test_who_vouched_is_told_why_it_ended_and_nobody_else_is() -> None:
    stop = Stop(Stage.DETECT, Reason.UNTRUSTED, "another link")
    outcome = Outcome(Result.ESCALATED, "it ended", stop)
    unknown, vouched = case(), case()
    vouched.incident = replace(INCIDENT, vouched_by="wes")
    assert is_untold(unknown, outcome)
    assert not is_untold(vouched, outcome)
