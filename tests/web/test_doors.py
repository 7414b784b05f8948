"""Who may deliver: signatures, secrets, times and names, before anything is stored."""

from __future__ import annotations

import hashlib
import hmac
import json
from http import HTTPStatus
from typing import Any

import pytest

from app.settings import Settings
from app.web.doors import SENTRY_WINDOW_SECONDS, Letter, TurnedAway, datadog, github, open_doors, sentry

NOW = 1_795_608_000.0
SECRET = "client-secret"
BODY = b'{"action": "created", "data": {}}'
GIVEN: dict[str, Any] = {
    "app_id": 1,
    "private_key": "none",
    "webhook_secret": "long enough",
    "sentry_token": "none",
    "sentry_organizations": "acme",
}
BOTH = Settings(**GIVEN, sentry_webhook_secret=SECRET, datadog_webhook_secret=SECRET)


def hook(body: bytes = BODY, **changed: str | None) -> dict[str, str]:
    """What a Sentry integration sends; None leaves a header out."""
    sent: dict[str, str | None] = {
        "Request-ID": "d8f1f2b4c3a24c3bb0d6d9f3c2a1e0f9",
        "Sentry-Hook-Resource": "issue",
        "Sentry-Hook-Timestamp": str(int(NOW)),
        "Sentry-Hook-Signature": hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest(),
    }
    sent.update({name.replace("_", "-"): value for name, value in changed.items()})
    return {name: value for name, value in sent.items() if value is not None}


def status(letter: Letter | TurnedAway) -> int:
    return letter.status if isinstance(letter, TurnedAway) else HTTPStatus.ACCEPTED


def test_a_signed_sentry_delivery_is_let_in_under_a_name_of_its_own() -> None:
    assert sentry(hook(), BODY, BOTH, NOW) == Letter(
        "sentry:d8f1f2b4c3a24c3bb0d6d9f3c2a1e0f9", "sentry.issue"
    )


GOOD = hook()["Sentry-Hook-Signature"]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"Sentry_Hook_Signature": None}, 401),
        ({"Sentry_Hook_Signature": ""}, 401),
        ({"Sentry_Hook_Signature": GOOD.upper()}, 401),
        ({"Sentry_Hook_Signature": GOOD[:-1]}, 401),
        ({"Sentry_Hook_Signature": GOOD[:-1] + ("0" if GOOD[-1] != "0" else "1")}, 401),
        ({"Sentry_Hook_Signature": f"sha256={GOOD}"}, 401),
        ({"Sentry_Hook_Signature": "é" * 64}, 401),
        ({"Sentry_Hook_Signature": "\udcff" * 64}, 401),
        ({"Sentry_Hook_Timestamp": None}, 401),
        ({"Sentry_Hook_Timestamp": "soon"}, 401),
        ({"Sentry_Hook_Timestamp": "-1"}, 401),
        ({"Sentry_Hook_Timestamp": "9" * 5000}, 401),
        ({"Sentry_Hook_Timestamp": "\u0661" * 10}, 401),
        ({"Sentry_Hook_Timestamp": str(int(NOW - SENTRY_WINDOW_SECONDS) - 1)}, 401),
        ({"Sentry_Hook_Timestamp": str(int(NOW + SENTRY_WINDOW_SECONDS) + 1)}, 401),
        ({"Sentry_Hook_Timestamp": str(int(NOW - SENTRY_WINDOW_SECONDS))}, 202),
        ({"Request_ID": None}, 400),
        ({"Request_ID": "a:b:c:d:e:f"}, 400),
        ({"Request_ID": "a" * 51}, 400),
        ({"Sentry_Hook_Resource": None}, 400),
        ({"Sentry_Hook_Resource": "../issue"}, 400),
        ({"Sentry_Hook_Resource": "event_alert"}, 202),
    ],
)
def test_w1_w2_w4_sentrys_headers_are_all_there_and_right(changed: dict[str, Any], code: int) -> None:
    assert status(sentry(hook(**changed), BODY, BOTH, NOW)) == code


@pytest.mark.parametrize(
    "body", [BODY + b" ", BODY[:-1], b"", json.dumps(json.loads(BODY), indent=1).encode()]
)
def test_w2_w5_only_the_very_bytes_that_were_signed_are_let_in(body: bytes) -> None:
    assert status(sentry(hook(), body, BOTH, NOW)) == 401
    assert status(sentry(hook(body), body, BOTH, NOW)) == 202


ALARM = {"monitor_id": "93", "cycle": "7781", "transition": "Triggered", "date": "1764000000000"}


def knock(body: Any = ALARM, secret: str | None = SECRET) -> Letter | TurnedAway:
    headers = {} if secret is None else {"X-Autofix-Secret": secret}
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    return datadog(headers, sent, BOTH, NOW)


@pytest.mark.parametrize("secret", [None, "", SECRET[:-1], SECRET + "x", SECRET.upper(), "é", "\udcff"])
def test_datadog_shows_the_secret_or_stays_outside(secret: str | None) -> None:
    assert status(knock(secret=secret)) == 401


def guid(body: Any) -> str:
    letter = knock(body)
    assert isinstance(letter, Letter)
    assert letter.event == "datadog.monitor"
    assert len(letter.guid) <= 64
    return letter.guid


def test_w8_one_alarms_transition_is_one_delivery_whenever_it_is_sent() -> None:
    assert guid(ALARM) == guid({**ALARM, "date": "1764000060000"})
    for name, other in (("cycle", "7782"), ("transition", "Recovered"), ("monitor_id", "94")):
        assert guid(ALARM) != guid({**ALARM, name: other})


@pytest.mark.parametrize(
    "body",
    [
        {**ALARM, "cycle": "$ALERT_CYCLE_KEY"},
        {**ALARM, "cycle": ""},
        {**ALARM, "cycle": 7},
        {"title": "x"},
        b"not json",
        b"[" * 100_000,
        b'"text"',
        b'{"monitor_id": ' + b"9" * 5000 + b"}",
    ],
)
def test_w18_w19_a_body_that_names_no_cycle_is_one_by_its_bytes(body: Any) -> None:
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    assert guid(sent) == guid(sent)
    assert guid(sent) != guid(sent + b" ")


def test_w11_no_header_makes_a_trackers_delivery_of_githubs() -> None:
    def knocked(event: str, identity: str = "72d3162e-cc78-11e3-81ab-4c9367dc0958") -> int:
        signature = "sha256=" + hmac.new(b"long enough", BODY, hashlib.sha256).hexdigest()
        headers = {"X-Hub-Signature-256": signature, "X-GitHub-Event": event, "X-GitHub-Delivery": identity}
        return status(github(headers, BODY, BOTH, NOW))

    assert knocked("issues") == 202
    for event in ("sentry.issue", "datadog.monitor", "autofix.ingest", "Issues", ""):
        assert knocked(event) == 400
    assert knocked("issues", "sentry:d8f1f2b4c3a24c3bb0d6d9f3c2a1e0f9") == 400


def test_a_trackers_door_is_shut_unless_its_secret_is_set() -> None:
    assert set(open_doors(Settings(**GIVEN))) == {"/webhooks/github"}
    assert set(open_doors(BOTH)) == {"/webhooks/github", "/webhooks/sentry", "/webhooks/datadog"}
    unset = Settings(**GIVEN)
    empty = hmac.new(b"", BODY, hashlib.sha256).hexdigest()
    assert status(sentry(hook(Sentry_Hook_Signature=empty), BODY, unset, NOW)) == 401
    assert status(datadog({"X-Autofix-Secret": ""}, BODY, unset, NOW)) == 401


@pytest.mark.parametrize(
    "wrong",
    [
        "acme/shop",
        "sentry:acme/shop",
        "sentry:acme=acme/shop",
        "sentry:acme/shop=acme",
        "jira:x=acme/shop",
        "datadog:shop=acme/shop/x",
        "datadog:shop=acme/shop,datadog:shop=acme/web",
    ],
)
def test_a_map_of_repositories_that_says_nothing_clear_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"is no sentry:|is given twice"):
        Settings(**GIVEN, webhook_repositories=wrong)


def test_reporters_are_mapped_exactly() -> None:
    mapped = Settings(**GIVEN, webhook_repositories="sentry:acme/shop=acme/shop, datadog:shop=acme/web")
    assert mapped.repository_of("sentry:acme/shop") == "acme/shop"
    assert mapped.repository_of("datadog:shop") == "acme/web"
    assert mapped.repository_of("sentry:acme/shop=acme") is None
    assert mapped.repository_of("sentry:acme/web") is None
