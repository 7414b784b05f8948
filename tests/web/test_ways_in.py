"""The ways in, from what is sent to the incident that runs: GitHub's stand-in, the real server, no workflow."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.clients import Clients
from app.clients.sentry import Sentry
from app.core.errors import NotFound
from app.core.model import INGESTED, Finding, Outcome, Reason, Result, RootCause, Stage, Stop
from app.core.sentry_event import SentryIssue
from app.detect import detect, ingested
from app.investigate import investigate
from app.store import Received
from contracts.journal import violations
from samples import case
from town import BOT, LINK, STRANGER, Town, town_of

SECRET = "client-secret"
UUID = "2841440d-e0b4-4b5f-b3b5-6f5d8a1c2f10"
ERROR = f"https://app.datadoghq.eu/error-tracking/issue/{UUID}"
TRACEBACK = """I tried to pay:

```
Traceback (most recent call last):
  File "/srv/app/shop/receipts.py", line 12, in address_line
    return customer.address.city
           ^^^^^^^^^^^^^^^^^^^^^
AttributeError: 'NoneType' object has no attribute 'city'
```
"""
POLICY = """version: 1
sentry:
  organization: acme
  projects: [shop]
datadog:
  services: [shop]
"""
SETTINGS = {
    "sentry_webhook_secret": SECRET,
    "datadog_webhook_secret": SECRET,
    "datadog_hosts": "app.datadoghq.eu",
    "webhook_repositories": "sentry:acme/shop=acme/shop,sentry:acme/web=acme/shop,sentry:acme/lost=acme/gone,"
    "datadog:shop=acme/shop,datadog:web=acme/shop",
    "storm_reports": 4,
}


@pytest.fixture
async def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Town]:
    """A town whose server also takes trackers' webhooks."""
    async with town_of(tmp_path, monkeypatch, **SETTINGS) as town:
        town.push("main", {".github/autofix.yml": POLICY})
        await town.settle()
        yield town
        found = violations(town.github)
        assert not found, "\n".join(found)


def sentry_issue(**changed: Any) -> SentryIssue:
    known: dict[str, Any] = dict.fromkeys(SentryIssue.__slots__, "")
    known |= {"id": "4711", "short_id": "SHOP-1", "title": "AttributeError: @ops /merge", "type": "error"}
    known |= {"project": "shop", "events": 7, "users": 3, "url": "https://acme.sentry.io/issues/4711/"}
    return SentryIssue(**{**known, **changed})


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, SentryIssue]:
    """What Sentry answers, by the issue's number."""
    known = {"4711": sentry_issue()}

    async def issue(_self: Sentry, _org: str, number: str) -> SentryIssue:
        if number not in known:
            raise NotFound("no such issue")
        return known[number]

    monkeypatch.setattr(Sentry, "issue", issue)
    return known


def url_of(town: Town, path: str) -> str:
    return str(town.github.webhook_url).replace("/webhooks/github", path)


async def from_sentry(
    town: Town, payload: Any, resource: str = "issue", identity: str = "a" * 32
) -> httpx.Response:
    body = json.dumps(payload).encode()
    headers = {
        "Request-ID": identity,
        "Sentry-Hook-Resource": resource,
        "Sentry-Hook-Timestamp": str(int(time.time())),
        "Sentry-Hook-Signature": hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest(),
    }
    answer = await town.http.post(url_of(town, "/webhooks/sentry"), content=body, headers=headers)
    await town.settle()
    return answer


async def from_datadog(town: Town, **changed: str) -> httpx.Response:
    alarm = {
        "monitor_id": "93",
        "cycle": "7781",
        "transition": "Triggered",
        "title": "[Triggered on {service:shop}] Errors",
        "text": f"New error: {ERROR}",
        "link": "https://app.datadoghq.eu/monitors/93?event_id=7",
        "tags": "env:prod,service:shop",
        "scope": "service:shop",
        **changed,
    }
    headers = {"X-Autofix-Secret": SECRET}
    answer = await town.http.post(url_of(town, "/webhooks/datadog"), json=alarm, headers=headers)
    await town.settle()
    return answer


CREATED = {"action": "created", "data": {"issue": {"web_url": "https://acme.sentry.io/issues/4711/"}}}
ALERT = {
    "action": "triggered",
    "data": {
        "event": {"web_url": "https://sentry.io/organizations/acme/issues/4711/events/" + "e" * 32 + "/"},
        "triggered_rule": "New issues",
    },
}


def open_issues(town: Town) -> list[Any]:
    return [one for one in town.repo.issues.values() if one.pull is None]


# Sentry's webhook ------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("asked")
@pytest.mark.parametrize(
    ("payload", "resource"),
    [(CREATED, "issue"), ({**CREATED, "action": "unresolved"}, "issue"), (ALERT, "event_alert")],
)
async def test_a_signed_webhook_opens_an_issue_that_reports_it_and_its_incident(
    town: Town, payload: Any, resource: str
) -> None:
    answer = await from_sentry(town, payload, resource)
    assert (answer.status_code, answer.json()) == (202, {"status": "stored"})
    (issue,) = open_issues(town)
    assert issue.user.login == BOT
    assert issue.body.startswith("Sentry Issue: [SHOP-1](https://acme.sentry.io/issues/4711/)\n")
    assert issue.title == "AttributeError: @ ops / merge"
    (incident,) = town.noted.started
    assert (incident.fingerprint, incident.issue, incident.vouched_by) == ("sentry:4711", issue.number, None)


@pytest.mark.usefixtures("asked")
async def test_w8_w10_a_webhook_that_comes_again_changes_nothing(town: Town) -> None:
    for identity in ("a" * 32, "a" * 32, "b" * 32):
        await from_sentry(town, CREATED, identity=identity)
    await from_sentry(town, ALERT, "event_alert", "c" * 32)
    assert len(open_issues(town)) == 1
    assert len(town.store.incidents()) == 1
    assert not open_issues(town)[0].comments


@pytest.mark.usefixtures("asked")
async def test_v12_an_event_after_a_fix_is_left_to_the_watch_that_holds_it_against_the_verdict(
    town: Town,
) -> None:
    await from_sentry(town, CREATED)
    (issue,) = open_issues(town)
    (row,) = town.store.incidents()
    town.keep(row, replace(case(), incident=row.identity))
    town.store.end_incident(row.id, Outcome(Result.FIXED, "fixed"))
    await town.ours.close_issue(issue.number)
    again = CREATED | {"action": "unresolved"}
    await from_sentry(town, again, identity="b" * 32)
    assert (len(open_issues(town)), issue.state, len(town.store.incidents())) == (1, "closed", 1)
    stop = Stop(Stage.OBSERVE, Reason.RECURRED, "it is back")
    town.store.end_incident(row.id, Outcome(Result.ESCALATED, "back", stop))
    await from_sentry(town, again | {"actor": {"type": "application"}}, identity="c" * 32)
    assert len(town.store.incidents()) == 2


@pytest.mark.usefixtures("asked")
async def test_an_issue_of_sentrys_own_account_is_used_and_nothing_is_written(town: Town) -> None:
    issue = town.issue()
    await town.settle()
    await from_sentry(town, CREATED)
    assert open_issues(town) == [issue]
    assert issue.comments == []
    assert {incident.issue for incident in town.noted.started} == {issue.number}


@pytest.mark.usefixtures("asked")
async def test_an_issue_of_a_person_that_reports_it_is_linked_once(town: Town) -> None:
    issue = town.issue(login=STRANGER, body=f"It crashes!\n\n{LINK}")
    await town.settle()
    assert town.noted.started == []
    await from_sentry(town, CREATED)
    await from_sentry(town, ALERT, "event_alert", "b" * 32)
    assert open_issues(town) == [issue]
    (comment,) = town.replies(issue)
    assert comment.startswith("Sentry Issue: [SHOP-1](https://acme.sentry.io/issues/4711/)\n")
    (incident,) = {one.id: one for one in town.noted.started}.values()
    assert (incident.issue, incident.fingerprint) == (issue.number, "sentry:4711")


WEB = "https://acme.sentry.io/issues/4711/"
UNHEARD: dict[str, tuple[Any, str]] = {
    **{action: ({**CREATED, "action": action}, "issue") for action in ("resolved", "assigned", "archived")},
    "a metric's alert that is over": ({"action": "resolved", "data": {"metric_alert": {}}}, "metric_alert"),
    "an installation": (CREATED, "installation"),
    "a metric's alert": ({"action": "critical", "data": {"metric_alert": {}}}, "metric_alert"),
    "another organization": (
        {"action": "created", "data": {"issue": {"web_url": "https://evil.sentry.io/issues/4711/"}}},
        "issue",
    ),
    "another host": (
        {"action": "created", "data": {"issue": {"web_url": "https://sentry.io.evil.example/issues/4711/"}}},
        "issue",
    ),
    "an issue that is not there": (
        {"action": "created", "data": {"issue": {"web_url": "https://acme.sentry.io/issues/9/"}}},
        "issue",
    ),
    "no address": ({"action": "created", "data": {"issue": {}}}, "issue"),
    "no data": ({"action": "created"}, "issue"),
    "a list": ({"action": "created", "data": []}, "issue"),
}


@pytest.mark.usefixtures("asked")
@pytest.mark.parametrize("name", UNHEARD)
async def test_i3_i4_any_other_delivery_writes_nothing(town: Town, name: str) -> None:
    payload, resource = UNHEARD[name]
    assert (await from_sentry(town, payload, resource)).status_code == 202
    assert (open_issues(town), town.store.incidents(), town.store.waiting_deliveries()) == ([], [], [])


@pytest.mark.parametrize(
    "changed",
    [
        {"project": "unmapped"},
        {"project": "web"},  # mapped by the settings, and not listed by the policy
        {"project": "lost"},  # mapped to a repository without the App
        {"type": "performance_n_plus_one_db_queries"},
        {"url": "https://sentry.io.evil.example/issues/4711/"},
        {"url": "javascript:alert(1)"},
    ],
)
async def test_i4_what_belongs_elsewhere_is_not_written_here(
    town: Town, asked: dict[str, SentryIssue], changed: dict[str, str]
) -> None:
    asked["4711"] = sentry_issue(**changed)
    await from_sentry(town, CREATED)
    assert (open_issues(town), town.store.incidents()) == ([], [])


@pytest.mark.usefixtures("asked")
async def test_i4_where_only_datadog_reports_sentry_does_not(town: Town) -> None:
    town.push("main", {".github/autofix.yml": "version: 1\ndatadog: {services: [shop]}\n"})
    await from_sentry(town, CREATED)
    assert (open_issues(town), town.store.incidents()) == ([], [])
    await from_datadog(town)
    (incident,) = town.noted.started
    assert incident.fingerprint.startswith("datadog:")


@pytest.mark.usefixtures("asked")
async def test_i4_where_only_people_report_no_tracker_does(town: Town) -> None:
    town.push("main", {".github/autofix.yml": "version: 1\nintake: {people_only: true}\n"})
    await from_sentry(town, CREATED)
    await from_datadog(town)
    assert (open_issues(town), town.store.incidents()) == ([], [])


@pytest.mark.usefixtures("asked")
async def test_a_repository_without_a_valid_policy_gets_no_issue(town: Town) -> None:
    town.push("main", {".github/autofix.yml": None})
    await from_sentry(town, CREATED)
    assert open_issues(town) == []


@pytest.mark.usefixtures("asked")
async def test_the_label_that_keeps_us_away_does(town: Town) -> None:
    issue = town.issue(login="ada", body=LINK)
    town.label(issue, "autofix: off")
    await from_sentry(town, CREATED)
    assert (issue.comments, town.store.incidents()) == ([], [])


async def test_w1_an_unsigned_webhook_is_not_stored(town: Town) -> None:
    for path in ("/webhooks/sentry", "/webhooks/datadog"):
        assert (await town.http.post(url_of(town, path), json=CREATED)).status_code == 401
    assert town.store.waiting_deliveries() == []


# Datadog's webhook -----------------------------------------------------------------------------------------------


async def test_a_triggered_monitor_that_names_an_error_opens_its_issue(town: Town) -> None:
    assert (await from_datadog(town)).status_code == 202
    (issue,) = open_issues(town)
    assert issue.body.startswith(f"Datadog Issue: [{UUID}]({ERROR})\n")
    (incident,) = town.noted.started
    assert incident.fingerprint == f"datadog:{UUID}"


async def test_a_cycle_is_one_alarm_and_its_recovery_none(town: Town) -> None:
    await from_datadog(town)
    await from_datadog(town, title="sent again later")
    for transition in ("Recovered", "Renotify", "Re-Triggered", "Warn", "No Data", "$ALERT_TRANSITION"):
        await from_datadog(town, transition=transition)
    assert len(open_issues(town)) == 1
    assert len(town.store.incidents()) == 1


async def test_datadogs_own_payload_says_too_little_and_writes_nothing(town: Town) -> None:
    """What Datadog sends where no payload is set."""
    own = {
        "id": "7",
        "title": "[Triggered] Errors",
        "body": f"%%%\n{ERROR}\n%%%",
        "last_updated": "1764000000000",
        "event_type": "query_alert_monitor",
        "date": "1764000000000",
        "org": {"id": "1", "name": "acme"},
    }
    headers = {"X-Autofix-Secret": SECRET}
    answer = await town.http.post(url_of(town, "/webhooks/datadog"), json=own, headers=headers)
    await town.settle()
    assert answer.status_code < 500
    assert (open_issues(town), town.store.incidents(), town.store.waiting_deliveries()) == ([], [], [])


@pytest.mark.parametrize(
    "changed",
    [
        {"tags": "env:prod", "scope": ""},
        {"tags": "service:shop,service:web"},
        {"tags": "service:web", "scope": "service:web"},  # not listed by the policy
        {"tags": "service:unknown", "scope": ""},
        {"text": "nothing", "link": "https://evil.example/monitors/93"},
    ],
)
async def test_i4_an_alarm_of_no_listed_service_writes_nothing(town: Town, changed: dict[str, str]) -> None:
    await from_datadog(town, **changed)
    assert (open_issues(town), town.store.incidents()) == ([], [])


# A comment that links --------------------------------------------------------------------------------------------


async def test_a_link_by_the_trackers_comment_starts_the_incident(town: Town) -> None:
    issue = town.issue(login="ada", body="The checkout is broken.")
    await town.say("sentry[bot]", LINK, issue)
    (incident,) = town.noted.started
    assert (incident.fingerprint, incident.issue, incident.vouched_by) == ("sentry:4711", issue.number, None)


@pytest.mark.parametrize(
    ("login", "text"),
    [
        ("ada", LINK),
        (STRANGER, LINK),
        ("sentry[bot]", f"Ada commented: see {LINK}"),
        ("sentry[bot]", "Sentry Issue: [SHOP-1](https://evil.sentry.io/issues/4711/)"),
        ("sentry[bot]", TRACEBACK),
    ],
)
async def test_i2_no_other_comment_starts_one(town: Town, login: str, text: str) -> None:
    issue = town.issue(login="ada", body="The checkout is broken.")
    await town.say(login, text, issue)
    assert town.noted.started == []


# The label, and the command, on a traceback ----------------------------------------------------------------------


@pytest.mark.parametrize("body", [TRACEBACK, f"It crashes\n\n{LINK}"])
async def test_the_label_of_a_person_with_write_access_starts_the_incident(town: Town, body: str) -> None:
    issue = town.issue(login=STRANGER, body=body)
    await town.settle()
    assert town.noted.started == []
    await town.call("POST", f"/issues/{issue.number}/labels", "wes", {"labels": ["autofix"]})
    (incident,) = town.noted.started
    assert (incident.vouched_by, incident.issue) == ("wes", issue.number)
    assert incident.fingerprint.partition(":")[0] in {"traceback", "sentry"}
    assert town.replies(issue) == []


async def test_i17_the_label_of_anybody_else_means_nothing(town: Town) -> None:
    issue = town.issue(login=STRANGER, body=TRACEBACK)
    for login in ("tess", "sentry[bot]"):
        town.label(issue, login=login)
        town.label(issue, "autofix", login=login)
        await town.settle()
    assert (town.noted.started, town.replies(issue)) == ([], [])


async def test_a_label_on_what_cannot_be_read_is_answered_with_the_reason(town: Town) -> None:
    issue = town.issue(
        login=STRANGER, body=TRACEBACK.replace("AttributeError:", "     ").replace("'NoneType'", "")
    )
    town.label(issue, "autofix", login="wes")
    await town.settle()
    assert town.noted.started == []
    assert "Its traceback is cut off" in town.replies(issue)[0]


async def test_run_on_a_traceback_starts_the_incident_and_retry_another(town: Town) -> None:
    issue = town.issue(login=STRANGER, body=TRACEBACK)
    await town.say("wes", "/autofix run", issue)
    (incident,) = town.noted.started
    assert incident.vouched_by == "wes"
    assert incident.fingerprint.startswith("traceback:")


async def test_i17_a_traceback_that_is_edited_after_it_was_vouched_for_is_not_believed(town: Town) -> None:
    issue = town.issue(login=STRANGER, body=TRACEBACK)
    await town.say("wes", "/autofix run", issue)
    (incident,) = town.noted.started
    clients = Clients(town.client, Sentry(town.http, "https://sentry.example", "none"))
    found = await detect(clients, town.store, town.settings, incident)
    assert isinstance(found, Finding)
    assert found.provenance[0].by.endswith("`wes` vouched for")
    issue.body = TRACEBACK.replace("receipts.py", "payments.py")
    stop = await detect(clients, town.store, town.settings, incident)
    assert isinstance(stop, Stop)
    assert stop.reason is Reason.UNTRUSTED


@pytest.mark.usefixtures("asked")
async def test_i1_i19_our_own_issues_and_comments_are_no_reports(town: Town) -> None:
    await from_sentry(town, CREATED)
    (issue,) = open_issues(town)
    count = len(town.noted.started)
    for _ in range(20):
        await town.say(BOT, LINK, issue)
    assert len(town.noted.started) == count
    assert len(town.store.incidents()) == 1


# Storms ----------------------------------------------------------------------------------------------------------


def link(number: int) -> str:
    return LINK.replace("4711", str(number)).replace("SHOP-1", f"SHOP-{number}")


async def test_i18_one_incident_for_each_anomaly_however_many_issues_report_it(town: Town) -> None:
    for _ in range(30):
        town.issue()
    await town.settle()
    assert len(town.store.incidents()) == 1
    assert len({incident.id for incident in town.noted.started}) == 1


async def test_i18_a_flood_of_anomalies_is_one_alarm_and_no_new_fix(town: Town) -> None:
    issues = [town.issue(body=link(number)) for number in range(100, 140)]
    await town.settle()
    assert len({incident.id for incident in town.noted.started}) == 4
    rows = town.store.incidents()
    held = [row for row in rows if row.reason == Reason.STORM]
    assert (len(rows), len(held)) == (40, 36)
    assert all(row.ended_at is not None for row in held)
    told = [reply for issue in issues for reply in town.replies(issue)]
    assert len(told) == 1
    assert "Autofix stands back: 5 new anomalies" in told[0]
    started = len(town.noted.started)
    await town.call("PATCH", f"/issues/{issues[-1].number}", "ada", {"title": "edited"})
    assert len(town.noted.started) == started
    comment = await town.say("wes", "/autofix retry", issues[-1])
    assert town.reactions(comment) == ["eyes", "rocket"]
    assert town.noted.started[-1].issue == issues[-1].number


# What an operator ingests ----------------------------------------------------------------------------------------

EVENT = (Path(__file__).parents[1] / "fixtures" / "sentry" / "sdk_event.json").read_text(encoding="utf-8")


async def ingest(town: Town, text: str, issue: int | None = None, repository: str = "acme/shop") -> Received:
    word = ingested.word_of(text)
    body = ingested.delivery(repository, issue, text)
    received = town.store.receive(f"ingest-{word}", ingested.EVENT, body)
    town.dispatcher.wake()
    await town.settle()
    return received


@pytest.mark.parametrize("text", [EVENT, TRACEBACK])
async def test_an_ingested_event_gets_its_issue_and_is_read_with_its_locals(town: Town, text: str) -> None:
    assert await ingest(town, text) is Received.STORED
    assert await ingest(town, text) is Received.DUPLICATE
    (issue,) = open_issues(town)
    (incident,) = town.noted.started
    assert (incident.issue, incident.vouched_by) == (issue.number, "the operator")
    clients = Clients(town.client, Sentry(town.http, "https://sentry.example", "none"))
    found = await detect(clients, town.store, town.settings, incident)
    assert isinstance(found, Finding)
    assert (found.source, found.is_tracked) == (INGESTED, False)
    assert any(frame.variables for frame in found.raised.frames) == (text == EVENT)


async def test_i13_the_issue_of_an_ingested_event_shows_no_recorded_value(town: Town) -> None:
    await ingest(town, EVENT)
    (issue,) = open_issues(town)
    assert "basket_total" in issue.body
    for secret in ("hunter2", "tok_live", "s3cret", "sku"):
        assert secret not in issue.body


async def test_an_ingested_event_may_belong_to_an_open_issue(town: Town) -> None:
    issue = town.issue(login="ada", body="The checkout is broken.")
    await ingest(town, EVENT, issue=issue.number)
    assert open_issues(town) == [issue]
    (incident,) = town.noted.started
    assert incident.issue == issue.number


async def test_retry_takes_up_what_was_ingested(town: Town) -> None:
    await ingest(town, EVENT)
    (issue,) = open_issues(town)
    (row,) = town.store.incidents()
    town.end(row, Result.ESCALATED, Reason.NOVEL)
    await town.say("wes", "/autofix retry", issue)
    assert town.noted.started[-1].fingerprint == row.fingerprint
    assert len(town.store.incidents()) == 2


async def test_what_is_ingested_for_a_repository_without_the_app_goes_nowhere(town: Town) -> None:
    await ingest(town, EVENT, repository="acme/gone")
    assert (open_issues(town), town.store.incidents()) == ([], [])


# From a pasted traceback to its cause ----------------------------------------------------------------------------

RATIO = "def ratio(total: int, count: int) -> float:\n    return total / count\n"
DIVIDED = """```
Traceback (most recent call last):
  File "/srv/app/shop/ratio.py", line 2, in ratio
    return total / count
           ~~~~~~^~~~~~~
ZeroDivisionError: division by zero
```
"""


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (DIVIDED, None),
        (DIVIDED.replace("return total / count", "return total / number"), Reason.SOURCE_DIFFERS),
        (DIVIDED.replace("line 2", "line 20"), Reason.SOURCE_DIFFERS),
        (DIVIDED.replace("/srv/app/shop/ratio.py", "/srv/app/other.py"), Reason.FRAME_UNMAPPED),
        (DIVIDED.replace("/srv/app/shop/ratio.py", "../../etc/passwd"), Reason.FRAME_UNMAPPED),
    ],
)
async def test_i6_a_tracebacks_line_is_the_branchs_own_line_or_nothing(
    town: Town, body: str, reason: Reason | None
) -> None:
    town.push("main", {"shop/ratio.py": RATIO})
    issue = town.issue(login=STRANGER, body=body)
    await town.say("wes", "/autofix run", issue)
    (incident,) = town.noted.started
    clients = Clients(town.client, Sentry(town.http, "https://sentry.example", "none"))
    finding = await detect(clients, town.store, town.settings, incident)
    assert isinstance(finding, Finding)
    cause = await investigate(clients, incident, finding)
    if reason is None:
        assert isinstance(cause, RootCause)
        assert (cause.path, cause.line, cause.deployed_sha) == ("shop/ratio.py", 2, cause.base_sha)
    else:
        assert isinstance(cause, Stop)
        assert cause.reason is reason


@pytest.mark.usefixtures("asked")
async def test_i12_what_our_own_comments_quote_is_no_link_of_ours(town: Town) -> None:
    issue = town.issue(login="ada", body="The checkout is broken.")
    quoted = f"### Autofix needs a person\n\n`see https://acme.sentry.io/issues/9999/`\n\n{link(9999)}"
    await town.say(BOT, quoted, issue)
    await town.say("wes", "/autofix run", issue)
    assert town.noted.started == []
