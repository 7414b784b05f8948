from __future__ import annotations

import contextlib
from typing import Any, cast

import httpx
import pytest

from app.clients import Clients
from app.clients.bugsink import Bugsink
from app.clients.datadog import Datadog
from app.clients.sentry import Sentry
from app.clients.tracker import Tracker
from app.core.errors import Refused
from app.settings import read_settings
from app.web.process import _clients

NEEDED = {
    "AUTOFIX_APP_ID": "1",
    "AUTOFIX_PRIVATE_KEY": "none",
    "AUTOFIX_WEBHOOK_SECRET": "0123456789",
    "AUTOFIX_SENTRY_TOKEN": "canary",
    "AUTOFIX_SENTRY_ORGANIZATIONS": "acme",
}


def test_a_findings_source_picks_its_tracker(http: httpx.AsyncClient) -> None:
    sentry, datadog = Sentry(http, "https://sentry.io", "t"), Datadog(http, "datadoghq.eu", "a", "b")
    bugsink = Bugsink(http, "https://bugs.example", "t")
    clients = Clients(cast("Any", None), sentry, datadog, bugsink)
    trackers: list[Tracker] = [sentry, datadog, bugsink]
    assert [clients.tracker(source) for source in ("sentry", "datadog", "bugsink")] == trackers


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("sentry", "set AUTOFIX_SENTRY_TOKEN and AUTOFIX_SENTRY_ORGANIZATIONS"),
        ("datadog", "set AUTOFIX_DATADOG_API_KEY and AUTOFIX_DATADOG_APPLICATION_KEY"),
        ("bugsink", "set AUTOFIX_BUGSINK_URL and AUTOFIX_BUGSINK_TOKEN"),
        ("traceback", "'traceback' has no error tracker"),
        ("", "has no error tracker"),
    ],
)
def test_a_tracker_that_is_not_set_up_is_refused_with_what_to_set(source: str, said: str) -> None:
    with pytest.raises(Refused, match=said):
        Clients(cast("Any", None)).tracker(source)


def test_no_client_shows_its_secrets(http: httpx.AsyncClient) -> None:
    clients = Clients(
        cast("Any", None),
        Sentry(http, "https://sentry.io", "canary"),
        Datadog(http, "datadoghq.eu", "canary", "canary"),
        Bugsink(http, "https://bugs.example", "canary"),
    )
    assert "canary" not in f"{clients!r} {clients.sentry} {clients.datadog} {clients.bugsink}"


async def test_the_server_sets_up_what_its_settings_name() -> None:
    more = {
        "AUTOFIX_DATADOG_API_KEY": "canary",
        "AUTOFIX_DATADOG_APPLICATION_KEY": "canary",
        "AUTOFIX_BUGSINK_URL": "https://bugs.example",
        "AUTOFIX_BUGSINK_TOKEN": "canary",
    }
    async with contextlib.AsyncExitStack() as stack:
        few = await _clients(stack, read_settings(NEEDED))
        assert (few.datadog, few.bugsink) == (None, None)
        without = {name: value for name, value in NEEDED.items() if "SENTRY" not in name}
        other = await _clients(stack, read_settings(without | more))
        assert other.sentry is None
        assert other.tracker("datadog") is other.datadog is not None
        all_of_them = await _clients(stack, read_settings(NEEDED | more))
        assert all_of_them.tracker("datadog") is all_of_them.datadog is not None
        assert all_of_them.tracker("bugsink") is all_of_them.bugsink is not None
        assert "canary" not in repr(all_of_them)
