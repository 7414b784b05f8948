"""Messages over HTTP to a receiver on this machine, in the forms of several services."""

from __future__ import annotations

import asyncio
import builtins
import logging
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from apprise.plugins.slack import NotifySlack

from app.clients.notify import BadTarget, Notifier, Receipt, Sent
from app.core.calling import Severity
from receiver import Receiver, receiving

KEY = "s3cr3tk3y"
TITLE = "acme/shop #3: needs a person (not fixed)"
TEXT = "anomaly detected at 14:32 in app/user_service.py\nWhy: @\u200beveryone \u2039b\u203a & x\nhttps://github.com/acme/shop/issues/3"


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as found:
        yield found


async def _send(*addresses: str, severity: Severity = Severity.WARNING, seconds: float = 15) -> Receipt:
    notifier = await asyncio.to_thread(Notifier, {"team": addresses}, answer_seconds=seconds)
    assert notifier.names == {"team"}
    return await notifier.send("team", TITLE, TEXT, severity)


async def test_a_receiver_of_json_gets_the_words_as_they_are(receiver: Receiver) -> None:
    assert await _send(f"json://{receiver.host}/hook") == Receipt(Sent.DELIVERED)
    ((path, body),) = receiver.got
    assert path == "/hook"
    assert (body["title"], body["message"], body["type"]) == (TITLE, TEXT, "warning")


async def test_a_form_gets_the_words_as_they_are(receiver: Receiver) -> None:
    await _send(f"form://{receiver.host}/hook")
    (body,) = receiver.bodies("/hook")
    assert (body["title"], body["message"]) == (TITLE, TEXT)


async def test_slack_gets_text_and_no_markup(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(NotifySlack, "webhook_url", f"http://{receiver.host}/services")
    token = "T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7"
    assert (await _send(f"slack://{token}/#oncall")).sent is Sent.DELIVERED
    ((path, body),) = receiver.got
    assert path == f"/services/{token}"
    (attachment,) = body["attachments"]
    assert body["mrkdwn"] is False
    assert attachment["title"] == TITLE
    assert attachment["text"] == TEXT.replace("&", "&amp;")
    assert "github.com/caronc" not in str(body)


async def test_mattermost_gets_the_words_as_they_are(receiver: Receiver) -> None:
    await _send(f"mmost://{receiver.host}/{'k' * 26}")
    (body,) = receiver.bodies("/hooks/")
    assert body["text"].split() == f"{TITLE} {TEXT}".split()


@pytest.mark.parametrize(
    ("severity", "word"),
    [(Severity.INFO, "info"), (Severity.WARNING, "warning"), (Severity.URGENT, "failure")],
)
async def test_the_receiver_learns_how_much_it_matters(
    receiver: Receiver, severity: Severity, word: str
) -> None:
    await _send(f"json://{receiver.host}/", severity=severity)
    assert receiver.got[0][1]["type"] == word


async def test_backslashes_and_colons_stay_what_they_are(receiver: Receiver) -> None:
    notifier = await asyncio.to_thread(Notifier, {"team": [f"json://{receiver.host}/?emojis=yes"]})
    await notifier.send("team", "t", "\\n \\x41 *a*", Severity.INFO)
    assert receiver.got[0][1]["message"] == "\\n \\x41 *a*"


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 503])
async def test_a_refusal_is_a_failure_with_the_receivers_word(receiver: Receiver, status: int) -> None:
    receiver.answers[f"/{KEY}"] = status
    receipt = await _send(f"json://{receiver.host}/{KEY}")
    assert receipt.sent is Sent.FAILED
    assert f"error={status}" in receipt.note


@pytest.mark.parametrize("status", [301, 302, 307, 308])
@pytest.mark.parametrize("suffix", ["", "?redirect=yes"])
async def test_no_redirect_is_followed(receiver: Receiver, status: int, suffix: str) -> None:
    receiver.answers["/hook"] = status
    assert (await _send(f"json://{receiver.host}/hook{suffix}")).sent is Sent.FAILED
    assert [path for path, _ in receiver.got] == ["/hook"]


async def test_nobody_there_is_a_failure() -> None:
    async with receiving() as gone:
        address = f"json://{gone.host}/{KEY}"
    receipt = await _send(address)
    assert receipt.sent is Sent.FAILED
    assert KEY not in receipt.note


async def test_an_answer_that_does_not_come_leaves_it_open(receiver: Receiver) -> None:
    receiver.held["/hook"] = asyncio.Event()
    receipt = await _send(f"json://{receiver.host}/hook?rto=0.05", seconds=0.3)
    assert receipt.sent is Sent.UNSURE
    assert len(receiver.got) == 1


async def test_a_target_of_two_addresses_is_reached_if_one_is(receiver: Receiver) -> None:
    receiver.answers["/bad"] = 500
    receipt = await _send(f"json://{receiver.host}/bad", f"json://{receiver.host}/good")
    assert receipt.sent is Sent.DELIVERED
    assert "error=500" in receipt.note
    assert [path for path, _ in receiver.got] == ["/bad", "/good"]


@pytest.fixture
def logged() -> Iterator[list[str]]:
    """Whatever reaches the root logger, debugging included; pytest's own handler would look behind it."""
    lines: list[str] = []

    class Lines(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(f"{record.name}: {record.getMessage()}")

    root, handler = logging.getLogger(), Lines()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield lines
    root.removeHandler(handler)
    root.setLevel(level)


async def test_nothing_that_is_shown_or_logged_holds_the_address(
    receiver: Receiver, logged: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    receiver.answers[f"/{KEY}"] = 503
    receipt = await _send(f"json://user:{KEY}@{receiver.host}/{KEY}?+X-Key={KEY}")
    assert receipt.sent is Sent.FAILED
    with pytest.raises(BadTarget) as caught:
        Notifier({"team": [f"bogus://{KEY}/{KEY}"]})
    captured = capsys.readouterr()
    assert KEY not in f"{receipt.note}{caught.value}{captured.out}{captured.err}"
    assert [line for line in logged if line.startswith("apprise")] == []


@pytest.mark.parametrize(
    ("address", "why"),
    [
        (f"bogus://{KEY}", "does not understand bogus://"),
        (f"slack://{KEY}", "does not understand slack://"),
        (f"json://chat.example/{KEY}", "not encrypted; use jsons://"),
        (f"JSON://chat.example/{KEY}", "not encrypted; use jsons://"),
        (f"form://chat.example/{KEY}", "not encrypted; use forms://"),
        (f"json://127.0.0.1.evil.example/{KEY}", "not encrypted"),
        (f"json://[::{KEY}", "no address"),
    ],
)
def test_an_address_that_cannot_be_used_is_named_by_its_target(address: str, why: str) -> None:
    with pytest.raises(BadTarget, match="target team, address 2") as caught:
        Notifier({"team": ["json://127.0.0.1/", address]})
    assert why in str(caught.value)
    assert KEY not in str(caught.value)


def test_without_targets_apprise_is_not_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.partition(".")[0] == "apprise":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    assert Notifier({}).names == frozenset()
    with pytest.raises(BadTarget, match=r"pip install 'autofix-app\[notify\]'"):
        Notifier({"team": ["json://127.0.0.1/"]})
