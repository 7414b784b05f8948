"""Every real format of an issue, and what it becomes: a report, a stated refusal, or nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from app.core.errors import BadInput
from app.core.event_text import read_event
from app.demo.sentry.issue_body import alert_body, manual_body, performance_body
from app.detect import RECOGNISERS, recognise
from app.detect.datadog_issue import DatadogLink, Kind, links
from app.detect.report import Report
from app.settings import Settings

FIXTURES = Path(__file__).parents[1] / "fixtures" / "sentry"
SENTRY, DATADOG, STRANGER = 39604003, 4711, 5
RULE = "https://acme.sentry.io/organizations/acme/issues/alerts/rules/shop/42/"
PERMALINK = "https://acme.sentry.io/issues/7332116922/"
UUID = "2841440d-e0b4-4b5f-b3b5-6f5d8a1c2f10"
BUGSINK = "https://bugs.example.com"
SITE = "https://app.datadoghq.eu"


def settings(**more: Any) -> Settings:
    given: dict[str, Any] = {
        "app_id": 1,
        "private_key": "none",
        "webhook_secret": "long enough",
        "sentry_token": "none",
        "sentry_organizations": "acme",
        "datadog_hosts": "app.datadoghq.eu",
        "datadog_author_ids": str(DATADOG),
        "bugsink_url": BUGSINK,
        "bugsink_token": "none",
        **more,
    }
    return Settings(**given)


def fixture(name: str) -> str:
    return (FIXTURES / name).read_text(encoding="utf-8")


def event(platform: str | None) -> dict[str, Any]:
    """An event of six frames, the newest last, as every SDK sends it."""
    frames = [
        {
            "filename": f"src/{name}",
            "abs_path": f"/srv/src/{name}",
            "module": f"com.acme.{name}",
            "function": name,
            "lineno": line,
            "colno": 7,
            "context_line": f"  {name}()",
            "in_app": name != "framework",
        }
        for line, name in enumerate(("framework", "main", "route", "checkout", "basket", "price", "rate"), 1)
    ]
    value = {"type": "KeyError", "value": "'zero'", "stacktrace": {"frames": frames}}
    return {"platform": platform, "exception": {"values": [value]}}


def alert(platform: str | None) -> str:
    return alert_body(event(platform), "SHOP-1", PERMALINK, rule="New issues to GitHub", rule_url=RULE)


REPORT = Report("sentry", "sentry:7332116922", "7332116922", "acme")
UNSUPPORTED = "only error issues are repaired"
MONITOR_BODY = f"""**errors** over **service:shop** was **> 70.0** on average during the **last 5m**.

<!-- datadog monitor_id=93 cycle=7781 transition=TRANSITION scope=service:shop,env:prod date=1764000000000 -->
Datadog monitor: {SITE}/monitors/93?group=service%3Ashop&from_ts=1&to_ts=2&event_id=7&link_source=monitor_notif"""
WORKFLOW_BODY = f"""Service shop, environment production.

Datadog Error Tracking Issue: {SITE}/error-tracking/issue/{UUID}"""


def monitor(transition: str) -> str:
    return MONITOR_BODY.replace("TRANSITION", transition)


@dataclass(frozen=True)
class Form:
    """One real form of an issue: its text, its author, and the words or the report that it becomes."""

    body: str
    becomes: Report | str | None
    author: int = SENTRY
    title: str = "KeyError: 'zero'"
    vouched: bool = False


def datadog(word: str = UUID) -> Report:
    return Report("datadog", f"datadog:{word}", word)


FORMS: dict[str, Form] = {
    # Sentry writes all of these; the order of frames depends on the platform, the link does not.
    **{
        f"sentry, alert, {platform}": Form(alert(platform), REPORT)
        for platform in (
            "python",
            "node",
            "javascript",
            "java",
            "ruby",
            "csharp",
            "php",
            "go",
            "native",
            None,
        )
    },
    **{
        f"sentry, manual, {platform}": Form(manual_body(event(platform), "SHOP-1", PERMALINK), REPORT)
        for platform in ("python", "javascript", "java", "ruby")
    },
    "sentry, alert of a chained error": Form(fixture("body_alert.md"), REPORT),
    "sentry, manual of a chained error": Form(fixture("body_manual.md"), REPORT),
    "sentry, older footer": Form(
        fixture("body_alert.md").replace("This issue was automatically", "This work item was automatically"),
        REPORT,
    ),
    "sentry, titled and introduced by a machine": Form(
        "Baskets with a zero VAT band cannot be priced. It began with the last release.\n\n"
        + fixture("body_manual.md"),
        REPORT,
        title="Zero VAT band breaks basket pricing",
    ),
    "sentry, message only": Form(
        f"Sentry Issue: [SHOP-1]({PERMALINK})\n\n```\nPayment gateway is slow\n```", REPORT
    ),
    "sentry, link only": Form(f"Sentry Issue: [SHOP-1]({PERMALINK}?referrer=github_integration)", REPORT),
    "sentry, edited by a person before it was created": Form(
        f"We saw this again @ops.\n\nSentry Issue: [SHOP-1]({PERMALINK})\n",
        REPORT,
        title="Checkout is broken",
    ),
    "sentry, performance": Form(
        performance_body([{"name": "Offending Spans", "value": "db - SELECT 1"}], "SHOP-9", PERMALINK),
        UNSUPPORTED,
        title="N+1 Query",
    ),
    "sentry, performance with a link only": Form(
        f"Sentry Issue: [SHOP-9]({PERMALINK})", UNSUPPORTED, title="Slow DB Query"
    ),
    "sentry, feedback": Form(
        f"Sentry Feedback: [SHOP-2]({PERMALINK})\n\nThe cart is empty\n\n|  |  |\n",
        UNSUPPORTED,
        title="User Feedback",
    ),
    "sentry, another organization": Form(alert("python").replace("acme.sentry.io", "evil.sentry.io"), None),
    "sentry, by a stranger": Form(alert("python"), None, author=STRANGER),
    "sentry, by a stranger, vouched": Form(alert("python"), REPORT, author=STRANGER, vouched=True),
    "sentry, by Datadog's account": Form(alert("python"), None, author=DATADOG),
    # Datadog has no form of its own: our templates, and whatever links there.
    "datadog, our monitor template": Form(
        monitor("Triggered"), "a Datadog monitor says that", author=DATADOG
    ),
    "datadog, our monitor template that names the error": Form(
        f"{monitor('Triggered')}\n{SITE}/error-tracking/issue/{UUID}", datadog(), author=DATADOG
    ),
    **{
        f"datadog, our monitor template, {transition}": Form(
            monitor(transition), None, author=DATADOG, title=f"[{transition}] Errors"
        )
        for transition in (
            "Re-Triggered",
            "Recovered",
            "Warn",
            "Re-Warn",
            "No Data",
            "Re-No Data",
            "Renotify",
            "$ALERT_TRANSITION",
        )
    },
    "datadog, our workflow template": Form(WORKFLOW_BODY, datadog(), author=DATADOG),
    "datadog, the event's own text": Form(
        f"%%%\n**errors** over **service:shop** was **> 70.0**\n\n- - -\n\n[[Monitor Status]({SITE}/monitors/93)] "
        f"· [[Edit Monitor]({SITE}/monitors/93/edit)]\n%%%",
        "a Datadog monitor says that",
        author=DATADOG,
        title="[P2] [Triggered on {service:web}] Errors",
    ),
    "datadog, the event's own text, recovered": Form(
        f"[[Monitor Status]({SITE}/monitors/93)]",
        None,
        author=DATADOG,
        title="[Recovered on {service:web}] Errors",
    ),
    "datadog, an event": Form(f"see {SITE}/event/event?id=77.", "a Datadog event says", author=DATADOG),
    "datadog, an event's jump": Form(
        f"<{SITE}/event/jump_to?event_id=77>", "a Datadog event says", author=DATADOG
    ),
    "datadog, logs": Form(
        f"{SITE}/logs?query=service%3Ashop&from_ts=1&to_ts=2",
        "a Datadog search in the logs says",
        author=DATADOG,
    ),
    "datadog, a trace": Form(f"{SITE}/apm/trace/{'a1' * 16}", "a Datadog trace says", author=DATADOG),
    "datadog, a case": Form(f"{SITE}/cases/SHOP-12", "a Datadog case says", author=DATADOG),
    "datadog, old monitor": Form(f"{SITE}/monitors#93", "a Datadog monitor says", author=DATADOG),
    "datadog, two errors": Form(
        f"{SITE}/error-tracking/issue/{UUID} {SITE}/error-tracking/issue/{UUID.replace('2', '3')}",
        "links to 2 Error Tracking issues",
        author=DATADOG,
    ),
    "datadog, only in what the program reported": Form(
        f"```\n{SITE}/error-tracking/issue/{UUID}\n```", None, author=DATADOG
    ),
    "datadog, another host": Form(
        f"https://app.datadoghq.eu.evil.example/error-tracking/issue/{UUID}", None, author=DATADOG
    ),
    "datadog, another site": Form(WORKFLOW_BODY.replace(".eu/", ".com/"), None, author=DATADOG),
    "datadog, a host as a name": Form(
        f"https://app.datadoghq.eu@evil.example/error-tracking/issue/{UUID}", None, author=DATADOG
    ),
    "datadog, by a stranger": Form(WORKFLOW_BODY, None, author=STRANGER),
    "datadog, by a stranger, vouched": Form(WORKFLOW_BODY, datadog(), author=STRANGER, vouched=True),
    "bugsink, by a stranger": Form(f"{BUGSINK}/issues/issue/{UUID}/event/last/", None, author=STRANGER),
    "bugsink, vouched": Form(
        f"Bugsink Issue: [SHOP-1]({BUGSINK}/issues/issue/{UUID}/event/last/)",
        Report("bugsink", f"bugsink:{UUID}", UUID),
        author=STRANGER,
        vouched=True,
    ),
    "bugsink, another host": Form(
        f"{BUGSINK}.evil.example/issues/issue/{UUID}/", None, author=STRANGER, vouched=True
    ),
    "bugsink, two issues": Form(
        f"{BUGSINK}/issues/issue/{UUID}/ {BUGSINK}/issues/issue/{UUID.replace('2', '3')}/",
        None,
        author=STRANGER,
        vouched=True,
    ),
    "nothing": Form("It is broken!", None, author=STRANGER, vouched=True),
}


@pytest.mark.parametrize("name", FORMS)
def test_every_form_becomes_its_report_or_its_refusal(name: str) -> None:
    form = FORMS[name]
    report = recognise(form.author, form.title, form.body, settings(), vouched=form.vouched)
    if isinstance(form.becomes, str):
        assert report is not None
        assert report.unsupported is not None
        assert form.becomes in report.unsupported
    else:
        assert report == form.becomes


@pytest.mark.parametrize("name", FORMS)
def test_i1_i2_nobody_but_the_sources_own_accounts_is_believed(name: str) -> None:
    form = FORMS[name]
    claims = f"Reported-by: sentry[bot] (id {SENTRY})\n\n> From: sentry[bot]\n\n"
    for author in (None, 0, -SENTRY, STRANGER, SENTRY + 1):
        assert recognise(author, form.title, claims + form.body, settings()) is None


def test_what_is_not_set_up_is_not_read() -> None:
    bare = settings(datadog_hosts="", datadog_author_ids="", bugsink_url=None, bugsink_token=None)
    assert recognise(DATADOG, "x", WORKFLOW_BODY, bare) is None
    assert recognise(STRANGER, "x", WORKFLOW_BODY, bare, vouched=True) is None


@pytest.mark.parametrize("name", [name for name in FORMS if name.startswith("sentry")])
def test_without_a_sentry_no_link_to_one_is_read_whoever_vouches(name: str) -> None:
    form = FORMS[name]
    without = settings(sentry_token=None, sentry_organizations="")
    for link in (form.body, f"Sentry Issue: [X-1]({PERMALINK})", "https://sentry.io/issues/7332116922/"):
        for vouched in (False, True):
            report = recognise(SENTRY, form.title, link, without, vouched=vouched)
            assert report is None or report.source != "sentry"


def test_the_hosts_of_the_site_that_is_read_are_believed() -> None:
    read = {"datadog_hosts": "", "datadog_api_key": "k", "datadog_application_key": "k"}
    assert recognise(DATADOG, "x", WORKFLOW_BODY, settings(**read)) is None
    assert recognise(DATADOG, "x", WORKFLOW_BODY, settings(**read, datadog_site="datadoghq.eu")) == datadog()


def test_the_accounts_of_a_traceback_are_nobody() -> None:
    authors = {one.source: set(one.authors(settings())) for one in RECOGNISERS}
    assert authors == {"sentry": {SENTRY}, "datadog": {DATADOG}, "bugsink": set(), "traceback": set()}


@pytest.mark.parametrize(
    ("path", "link"),
    [
        (f"/error-tracking/issue/{UUID.upper()}?x=1", DatadogLink(Kind.ERROR, UUID.upper())),
        ("/monitors/93/edit", DatadogLink(Kind.MONITOR, "93")),
        ("/monitors/93?group=a", DatadogLink(Kind.MONITOR, "93")),
        ("/monitors#93/edit", DatadogLink(Kind.MONITOR, "93")),
        ("/monitors/abc", None),
        ("/error-tracking/issue/../../x", None),
        (f"/error-tracking/issue/{UUID}/../x", None),
        ("/dashboard/abc", None),
    ],
)
def test_a_path_is_a_link_of_one_kind(path: str, link: DatadogLink | None) -> None:
    assert links(f"{SITE}{path}", ["app.datadoghq.eu"]) == (() if link is None else (link,))


# Files -----------------------------------------------------------------------------------------------------------

FILES: dict[str, tuple[str, str] | str] = {
    "sdk_event.json": ("PricingError", "basket_total"),
    "api_event.json": ("PricingError", "basket_total"),
    "sdk_event_django.json": ("ZeroDivisionError", "book_page"),
    "api_event_django.json": ("ZeroDivisionError", "book_page"),
    "api_event_n1.json": "performance transaction",
    "sdk_n1_transaction.json": "performance transaction",
    "sdk_n1_with_source.json": "performance transaction",
    "sdk_transaction_500.json": "performance transaction",
    "sdk_sessions.json": "reports no exception",
}


@pytest.mark.parametrize("name", FILES)
def test_every_recorded_event_becomes_its_finding_or_its_refusal(name: str) -> None:
    expected = FILES[name]
    if isinstance(expected, str):
        with pytest.raises(BadInput, match=expected):
            read_event(fixture(name))
        return
    finding = read_event(fixture(name)).finding
    assert (finding.raised.type, finding.raised.frames[-1].function) == expected


def test_every_recorded_event_is_looked_at() -> None:
    assert {path.name for path in FIXTURES.glob("*.json")} == set(FILES)


def test_the_two_shapes_of_an_event_are_one_finding() -> None:
    for one, other in (
        ("sdk_event.json", "api_event.json"),
        ("sdk_event_django.json", "api_event_django.json"),
    ):
        assert read_event(fixture(one)).finding.chain == read_event(fixture(other)).finding.chain


# Time ------------------------------------------------------------------------------------------------------------

PIECES = (
    "https://app.datadoghq.eu/",
    f"https://app.datadoghq.eu/error-tracking/issue/{UUID} ",
    "<!-- datadog ",
    "<!-- datadog a=b c=d ",
    "transition=",
    "```\n",
    "at a b c ",
    "at " + "a " * 99 + "\n",
    "at " + "a" * 500 + ":1\n",
    "#1 " + "a" * 400 + ".php(\n",
    '  File "a", line 1, in f\n',
    "Traceback (most recent call last):\n",
    'Traceback (most recent call last):\n  File "a", line 1, in f\n    x\nKeyError: 1\n',
    "> ```\n",
    "...\n",
)


@pytest.mark.parametrize("piece", PIECES)
def test_i10_the_work_grows_no_faster_than_the_text(piece: str, linear: Callable[..., None]) -> None:
    def read(size: int) -> None:
        text = piece * (size // len(piece))
        recognise(STRANGER, text, text, settings(), vouched=True)

    linear(read, 1_000_000)


def test_json_in_an_issue_is_no_traceback() -> None:
    body = json.dumps({"traceback": "Traceback (most recent call last):"})
    report = recognise(STRANGER, "x", body, settings(), vouched=True)
    assert report is None or report.unsupported is not None
