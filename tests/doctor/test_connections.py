"""The doctor and what the server is connected to: trackers, webhooks, targets, people. Nothing of it is written to."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import respx

from app.doctor.finding import Diagnosis, Mark
from app.settings import Connections

from .conftest import NAME, Site

POLICY = ".github/autofix.yml"
DATADOG = "https://api.datadoghq.eu"
BUGSINK = "https://bugs.example"
KEYS = {"datadog_site": "datadoghq.eu", "datadog_api_key": "sesame-a", "datadog_application_key": "sesame-b"}
TOKEN = {"bugsink_url": BUGSINK, "bugsink_token": "sesame-c"}
WHEN = 1_790_000_000_000


@pytest.fixture
def outside() -> Iterator[respx.MockRouter]:
    """The trackers; the stand-ins on loopback answer for themselves."""
    with respx.mock(assert_all_called=False) as router:
        router.route(host="127.0.0.1").pass_through()
        yield router


async def diagnosis(site: Site, policy: str, **given: str) -> Diagnosis:
    site.push({POLICY: f"version: 1\n{policy}"})
    connections = Connections.model_validate(given)
    found = await site.examine(connections=connections)
    assert "sesame" not in repr(found) + repr(connections)
    return found


def said(found: Diagnosis, name: str) -> tuple[Mark, str]:
    one = next(one for one in found.findings if one.name == name)
    return one.mark, one.found


# Datadog ---------------------------------------------------------------------------------------------------------

ON_DATADOG = "datadog: {services: [shop]}\n"


def counted(number: int) -> dict[str, Any]:
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 1_800))
    compute = {"c0": [{"time": at, "value": number}]}
    return {"data": [{"type": "bucket", "attributes": {"by": {}, "compute": compute}}], "meta": {}}


def datadog(router: respx.MockRouter, version: str, *, requests: int = 9) -> dict[str, respx.Route]:
    """A Datadog with one error of the service, found in its spans."""
    issue = {
        "id": "c1726a66-1f64-11ee-b338-da7ad0900002",
        "type": "issue",
        "attributes": {"error_type": "KeyError", "last_seen": WHEN, "last_seen_version": version},
    }
    found = {"data": [{"id": issue["id"], "attributes": {"total_count": 3}}], "included": [issue]}
    return {
        "validate": router.get(f"{DATADOG}/api/v1/validate").respond(json={"valid": True}),
        "search": router.post(f"{DATADOG}/api/v2/error-tracking/issues/search").respond(json=found),
        "spans": router.post(f"{DATADOG}/api/v2/spans/analytics/aggregate").respond(json=counted(requests)),
        "logs": router.post(f"{DATADOG}/api/v2/logs/analytics/aggregate").respond(
            json={"data": {"buckets": []}, "meta": {}}
        ),
    }


async def test_a_repository_of_datadog_alone_is_ready(site: Site, outside: respx.MockRouter) -> None:
    sha = await site.make_perfect()
    routes = datadog(outside, f"shop@{sha}")
    found = await diagnosis(site, ON_DATADOG, **KEYS)
    assert {one.name for one in found.findings if one.mark is not Mark.PASSED} == {"datadog reports"}
    found = await diagnosis(site, ON_DATADOG, **KEYS, datadog_author_ids="4711")
    assert {one.name for one in found.findings if one.mark is not Mark.PASSED} == set()
    assert said(found, "datadog access")[1] == "datadoghq.eu: errors, spans and logs"
    assert said(found, "releases")[1] == f"`shop@{sha}` is {sha[:7]}"
    assert said(found, "sentry projects")[1].startswith("not asked for")
    asked = json.loads(routes["search"].calls.last.request.content)["data"]["attributes"]
    assert (asked["query"], asked["track"]) == ('service:"shop"', "logs")
    sent = {
        (call.request.method, call.request.url.path)
        for call in outside.calls
        if call.request.url.host != "127.0.0.1"
    }
    assert all(method == "GET" or "search" in path or "aggregate" in path for method, path in sent)


async def test_a_key_of_another_site_is_found(site: Site, outside: respx.MockRouter) -> None:
    await site.make_perfect()
    datadog(outside, "x")["validate"].respond(403, json={"errors": ["Forbidden"]})
    found = await diagnosis(site, ON_DATADOG, **KEYS)
    assert said(found, "datadog access") == (Mark.FAILED, "datadoghq.eu does not know the API key")
    assert said(found, "datadog services")[0] is Mark.UNKNOWN


async def test_what_the_application_key_may_not_do_is_named(site: Site, outside: respx.MockRouter) -> None:
    await site.make_perfect()
    routes = datadog(outside, "x")
    routes["search"].respond(403)
    mark, why = said(await diagnosis(site, ON_DATADOG, **KEYS), "datadog access")
    assert (mark, "they need error_tracking_read" in why) == (Mark.UNKNOWN, True)
    datadog(outside, "x")
    routes["spans"].respond(403)
    found = await diagnosis(site, ON_DATADOG, **KEYS)
    assert said(found, "datadog access") == (Mark.PASSED, "datadoghq.eu: errors, logs")
    assert said(found, "datadog requests")[0] is Mark.FAILED
    routes["logs"].respond(403)
    assert said(await diagnosis(site, ON_DATADOG, **KEYS), "datadog access")[0] is Mark.FAILED


async def test_a_service_that_datadog_never_saw_and_a_metric_that_counts_nothing_are_found(
    site: Site, outside: respx.MockRouter
) -> None:
    await site.make_perfect()
    routes = datadog(outside, "x", requests=0)
    outside.get(f"{DATADOG}/api/v1/query").respond(json={"status": "ok", "series": []})
    found = await diagnosis(site, ON_DATADOG, **KEYS, datadog_hits_metric="trace.flask.request.hits")
    assert said(found, "datadog requests")[0] is Mark.FAILED
    assert said(found, "datadog services")[0] is Mark.PASSED
    routes["search"].respond(json={"data": [], "included": []})
    assert said(await diagnosis(site, ON_DATADOG, **KEYS), "datadog services")[0] is Mark.FAILED


@pytest.mark.parametrize(
    ("policy", "name", "variable"),
    [
        (ON_DATADOG, "datadog access", "AUTOFIX_DATADOG_API_KEY"),
        ("bugsink: {projects: ['1']}\n", "bugsink projects", "AUTOFIX_BUGSINK_URL"),
        ("sentry: {organization: acme, projects: [shop]}\n", "sentry projects", "AUTOFIX_SENTRY_TOKEN"),
    ],
)
async def test_a_tracker_that_the_server_does_not_read_is_unknown_with_what_to_set(
    site: Site, policy: str, name: str, variable: str
) -> None:
    await site.make_perfect()
    mark, why = said(await diagnosis(site, policy), name)
    assert (mark, variable in why) == (Mark.UNKNOWN, True)


# Bugsink ---------------------------------------------------------------------------------------------------------

ON_BUGSINK = "bugsink: {projects: ['1', '2']}\n"


def bugsink(router: respx.MockRouter, version: str) -> dict[str, respx.Route]:
    """A Bugsink with two projects and no issue."""
    api = f"{BUGSINK}/api/canonical/0"
    none = httpx.Response(404, json={"detail": "Not found."})
    page: dict[str, Any] = {"next": None, "previous": None, "results": []}
    release = {"version": version, "project": 1}
    return {
        "issue": router.get(url__regex=rf"{api}/issues/0{{8}}-.*").mock(none),
        "event": router.get(url__regex=rf"{api}/events/0{{8}}-.*").mock(none),
        "first": router.get(f"{api}/releases/", params={"project": "1"}).respond(
            json={**page, "results": [release, {"version": "older"}]}
        ),
        "second": router.get(f"{api}/releases/", params={"project": "2"}).respond(json=page),
    }


async def test_a_repository_of_bugsink_alone_is_ready(site: Site, outside: respx.MockRouter) -> None:
    sha = await site.make_perfect()
    bugsink(outside, sha)
    found = await diagnosis(site, ON_BUGSINK, **TOKEN)
    assert {one.name for one in found.findings if one.mark is not Mark.PASSED} == set()
    assert said(found, "bugsink projects")[1] == "`1`, `2`"
    assert said(found, "releases")[1] == f"`{sha}` is {sha[:7]}"


async def test_a_project_that_bugsink_does_not_have_is_found(site: Site, outside: respx.MockRouter) -> None:
    await site.make_perfect()
    bugsink(outside, "x")["second"].respond(404)
    mark, why = said(await diagnosis(site, ON_BUGSINK, **TOKEN), "bugsink projects")
    assert (mark, why) == (Mark.FAILED, "Bugsink has no project `2`, or not for our token")


@pytest.mark.parametrize(
    ("route", "status", "why"),
    [
        ("issue", 401, "not valid here"),
        ("issue", 403, "they need issues:read"),
        ("event", 403, "they need events:read"),
        ("first", 403, "they need releases:read"),
        ("second", 404, "no project"),
        ("issue", 302, "a redirect"),
    ],
)
async def test_what_bugsink_does_not_answer_is_said(
    site: Site, outside: respx.MockRouter, route: str, status: int, why: str
) -> None:
    await site.make_perfect()
    bugsink(outside, "x")[route].respond(status)
    mark, found = said(await diagnosis(site, ON_BUGSINK, **TOKEN), "bugsink projects")
    assert mark is not Mark.PASSED
    assert why in found


# Webhooks, targets, people, runs ---------------------------------------------------------------------------------

ON_SENTRY = "sentry: {organization: acme, projects: [shop]}\n"


def connected(site: Site, **more: str) -> dict[str, str]:
    return {
        "sentry_url": site.sentry.base_url,
        "sentry_token": "sentry-canary-token",
        "sentry_organizations": "acme",
        **more,
    }


@pytest.mark.parametrize(
    ("mapped", "secret", "mark"),
    [
        (f"sentry:acme/shop={NAME}", "0123456789", Mark.PASSED),
        ("sentry:acme/shop=Acme/SHOP", "0123456789", Mark.PASSED),
        ("sentry:acme/other=acme/other", None, Mark.PASSED),
        (f"sentry:acme/shop={NAME}", None, Mark.FAILED),
        (f"sentry:acme/other={NAME}", "0123456789", Mark.FAILED),
        (f"datadog:shop={NAME}", "0123456789", Mark.FAILED),
    ],
)
async def test_webhooks_must_lead_to_what_the_policy_lists(
    site: Site, mapped: str, secret: str | None, mark: Mark
) -> None:
    await site.make_perfect()
    doors = {} if secret is None else {"sentry_webhook_secret": secret, "datadog_webhook_secret": secret}
    given = connected(site, webhook_repositories=mapped, **doors)
    assert said(await diagnosis(site, ON_SENTRY, **given), "webhooks")[0] is mark


async def test_without_the_servers_settings_webhooks_and_targets_are_unknown(site: Site) -> None:
    await site.make_perfect()
    found = await site.examine(sentry=False)
    for name in ("webhooks", "notifications"):
        mark, why = said(found, name)
        assert (mark, "the server's settings are not given here" in why) == (Mark.UNKNOWN, True)


async def test_targets_are_parsed_and_nothing_is_sent(site: Site, outside: respx.MockRouter) -> None:
    await site.make_perfect()
    policy = ON_SENTRY + "notify: {channels: [{to: chat, severity: info}]}\n"
    receiver = outside.route(host="chat.example").respond(200)
    chat = "chat=jsons://user:sesame@chat.example/hook"
    found = await diagnosis(site, policy, **connected(site, notify_targets=chat))
    assert said(found, "notifications") == (Mark.PASSED, "`chat` from info on")
    assert not receiver.called
    for wrong, why in (
        (chat.replace("chat=", "other="), "names `chat`"),
        ("chat=nonsense://sesame", "Apprise"),
    ):
        mark, text = said(
            await diagnosis(site, policy, **connected(site, notify_targets=wrong)), "notifications"
        )
        assert (mark, why in text) == (Mark.FAILED, True)


async def test_who_is_on_call_must_be_able_to_write(site: Site) -> None:
    await site.make_perfect()
    site.github.create_user("guest")
    for names, mark in (
        ("[ada]", Mark.PASSED),
        ("[ada, guest]", Mark.FAILED),
        ("[nobody-here]", Mark.FAILED),
    ):
        policy = f"{ON_SENTRY}escalation: {{on_call: {names}}}\n"
        assert said(await diagnosis(site, policy, **connected(site)), "on call")[0] is mark


async def test_a_workflow_that_never_ran_tells_of_no_rollout(site: Site) -> None:
    await site.make_perfect()
    policy = f"{ON_SENTRY}rollout: {{workflow: ci.yml}}\n"
    mark, why = said(await diagnosis(site, policy, **connected(site)), "rollout")
    assert mark is Mark.FAILED
    assert re.search(r"no run of `ci.yml` on `main` has succeeded lately", why)
