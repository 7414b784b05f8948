"""Every real format, and what it becomes: a report, a finding, a stated refusal, or nothing."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from app.core.errors import BadInput
from app.core.event_text import read_event
from app.detect import RECOGNISERS, recognise
from app.detect.datadog_issue import DatadogLink, Kind, links
from detect.forms import (
    DATADOG,
    FIXTURES,
    FORMS,
    PERMALINK,
    SENTRY,
    SITE,
    STRANGER,
    UUID,
    WORKFLOW_BODY,
    alert,
    datadog,
    fixture,
    settings,
)


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


SITES = (
    "datadoghq.com",
    "datadoghq.eu",
    "us3.datadoghq.com",
    "us5.datadoghq.com",
    "ap1.datadoghq.com",
    "ap2.datadoghq.com",
    "uk1.datadoghq.com",
    "ddog-gov.com",
    "us2.ddog-gov.com",
)


@pytest.mark.parametrize("site", SITES)
def test_every_site_of_datadog_has_its_pages_and_no_other_site_has(site: str) -> None:
    read = settings(datadog_hosts="", datadog_site=site, datadog_api_key="k", datadog_application_key="k")
    for other in SITES:
        for host in (other, f"app.{other}", f"acme.{other}"):
            body = f"https://{host}/error-tracking/issue/{UUID}"
            believed = host in {site, f"app.{site}"}
            assert recognise(DATADOG, "x", body, read) == (datadog() if believed else None), host


def test_a_subdomain_of_ones_own_is_believed_if_it_is_named() -> None:
    body = f"https://acme.datadoghq.eu/error-tracking/issue/{UUID}"
    assert recognise(DATADOG, "x", body, settings()) is None
    assert recognise(DATADOG, "x", body, settings(datadog_hosts="acme.datadoghq.eu")) == datadog()


def test_a_sentry_of_ones_own_is_believed_by_its_address_and_its_account() -> None:
    """GitHub Enterprise Server and self-hosted Sentry: the App is the customer's own."""
    ours = settings(sentry_url="https://errors.example.com", sentry_author_ids="777")
    body = alert("python").replace(
        PERMALINK, "https://errors.example.com/organizations/acme/issues/7332116922/"
    )
    report = recognise(777, "KeyError: 'zero'", body, ours)
    assert report is not None
    assert (report.fingerprint, report.unsupported) == ("sentry:7332116922", None)
    assert recognise(SENTRY, "KeyError: 'zero'", body, ours) is None
    assert recognise(777, "KeyError: 'zero'", alert("python"), ours) is None


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

SHOP = ("PricingError", "basket_total", "KeyError", "rate_for")
BOOKS = ("ZeroDivisionError", "book_page", "ZeroDivisionError", "book_page")
FILES: dict[str, tuple[str, str, str, str] | str] = {
    "sdk_event.json": SHOP,
    "api_event.json": SHOP,
    "sdk_event_django.json": BOOKS,
    "api_event_django.json": BOOKS,
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
    raised, root = finding.raised, finding.root
    assert (raised.type, raised.frames[-1].function, root.type, root.frames[-1].function) == expected
    assert (finding.platform, finding.environment) == ("python", "production")
    assert finding.release
    assert any(frame.variables and frame.code for frame in root.frames)


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
