"""Every real form of an issue: what stands in it, who wrote it, and what it becomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.demo.sentry.issue_body import alert_body, manual_body, performance_body
from app.detect.report import Report
from app.settings import Settings

FIXTURES = Path(__file__).parents[1] / "fixtures" / "sentry"
SENTRY, DATADOG, STRANGER = 39604003, 4711, 5
SEER = 6  # whatever its number is: not Sentry's
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


# Six frames, the newest last, as every SDK sends them.
FRAMES = tuple(
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
)


def event(platform: str | None) -> dict[str, Any]:
    """An error, as the SDKs of every platform send it."""
    value = {"type": "KeyError", "value": "'zero'", "stacktrace": {"frames": list(FRAMES)}}
    return {"platform": platform, "exception": {"values": [value]}}


def alert_of(changed: Mapping[str, Any]) -> str:
    """What an alert rule writes about an event of Python's that differs in that."""
    changes = {name: value for name, value in {**event("python"), **changed}.items() if value is not None}
    return alert_body(changes, "SHOP-1", PERMALINK, rule="New issues", rule_url=RULE)


def foreign() -> dict[str, Any]:
    """An error none of whose frames is the application's."""
    frames = [{**frame, "in_app": False} for frame in FRAMES]
    return {"type": "KeyError", "value": "'zero'", "stacktrace": {"frames": frames}}


def alert(platform: str | None) -> str:
    return alert_body(event(platform), "SHOP-1", PERMALINK, rule="New issues to GitHub", rule_url=RULE)


REPORT = Report("sentry", "sentry:7332116922", "7332116922", "acme")
UNSUPPORTED = "only error issues are repaired"
FIRST = f"Sentry Issue: [SHOP-1]({PERMALINK})"
REFERRED = f"Sentry Issue: [SHOP-1]({PERMALINK}?referrer=github_integration)"
# Where a footer leads: older and newer rules, and the workflows that are to replace them.
RULES = (
    "https://acme.sentry.io/organizations/acme/alerts/rules/shop/42/",
    "https://acme.sentry.io/organizations/acme/issues/alerts/rules/shop/42/",
    "https://acme.sentry.io/organizations/acme/monitors/alerts/42/",
)
# The titles of performance issues are generic.
PERFORMANCE = ("N+1 Query", "Slow DB Query", "Consecutive HTTP")
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


# Errors of Sentry that are not the usual list of exceptions with frames.
UNUSUAL: dict[str, Mapping[str, Any]] = {
    "a bare stack trace": {"exception": None, "stacktrace": {"frames": FRAMES}},
    "an error without frames": {"exception": {"values": [{"type": "KeyError", "value": "'zero'"}]}},
    "an error without a value": {"exception": {"values": [{"type": "KeyError"}]}},
    "an error outside of the application": {"exception": {"values": [foreign()]}},
    "a log entry": {"exception": None, "logentry": {"formatted": "Payment gateway is slow"}},
}
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
    **{
        f"sentry, alert, {kind}, footer {number}": Form(
            f"{text}\nThis issue was automatically created by Sentry via [New issues]({rule})", REPORT
        )
        for number, rule in enumerate(RULES)
        for kind, text in {"a text": f"{FIRST}\n\n```\nKeyError: 'zero'\n```", "no text": FIRST}.items()
    },
    **{f"sentry, {what}": Form(alert_of(changed), REPORT) for what, changed in UNUSUAL.items()},
    "sentry, an error of a template": Form(
        f"{FIRST}\n\n```\n  File \"shop/templates/cart.html\", line 7\n    {{% url 'pay' %}}\n```", REPORT
    ),
    "sentry, linked by a comment": Form(REFERRED, REPORT, title=""),
    "sentry, linked by a comment that was edited": Form(
        f"Same as last week, I think.\n\n{REFERRED}", REPORT, title=""
    ),
    "sentry, linked by a comment that was emptied": Form("", None, title=""),
    "sentry, by Seer's account": Form(alert("python"), None, author=SEER),
    "sentry, performance, titled by a machine": Form(
        "The page of authors asks the database for each book.\n\n"
        + performance_body([{"name": "Offending Spans", "value": "db - SELECT 1"}], "SHOP-9", PERMALINK),
        UNSUPPORTED,
        title="Slow page of authors",
    ),
    **{
        f"sentry, performance, {title}, {kind}": Form(text, UNSUPPORTED, title=title)
        for title in PERFORMANCE
        for kind, text in {
            "a table": performance_body(
                [
                    {
                        "name": "Offending Spans",
                        "value": 'db - SELECT "app_author"."id", "app_author"."name"',
                    },
                    {"name": "Parent Span", "value": "view.render - app.views.book_list"},
                ],
                "SHOP-9",
                PERMALINK,
            ),
            "a link": f"Sentry Issue: [SHOP-9]({PERMALINK}?referrer=github_integration)",
        }.items()
    },
    "sentry, feedback by its slug": Form(
        "Sentry Feedback: [SHOP-2](https://acme.sentry.io/issues/feedback/?feedbackSlug=shop%3A55&project=1)"
        "\n\nThe cart is empty\n\n|  |  |\n",
        UNSUPPORTED,
        title="User Feedback",
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
    **{
        f"datadog, a link under the title {title}": Form(
            WORKFLOW_BODY, datadog() if is_new else None, author=DATADOG, title=title
        )
        for title, is_new in {
            "Errors of the shop": True,
            "[Triggered] Errors": True,
            "[P2] [Triggered on {service:web}] Errors": True,
            "[TEST] [Triggered] Errors": True,
            "[Re-Triggered] Errors": False,
            "[P1] [Recovered on {service:web}] Errors": False,
            "[Warn] Errors": False,
            "[Re-Warn] Errors": False,
            "[No Data] Errors": False,
            "[Re-No Data] Errors": False,
            "[Renotify] Errors": False,
            "[TEST] [Recovered] Errors": False,
        }.items()
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
