"""The clients of the trackers that are set up, by the settings; those that are not are None."""

from __future__ import annotations

import httpx

from app.clients.bugsink import Bugsink
from app.clients.datadog import Datadog
from app.clients.sentry import Sentry
from app.settings import Connections


def sentry(http: httpx.AsyncClient, given: Connections) -> Sentry | None:
    """The Sentry of the settings."""
    if given.sentry_token is None:
        return None
    return Sentry(http, given.sentry_url, given.sentry_token.get_secret_value())


def datadog(http: httpx.AsyncClient, given: Connections) -> Datadog | None:
    """The organization of Datadog that the settings' keys belong to."""
    if given.datadog_api_key is None or given.datadog_application_key is None:
        return None
    return Datadog(
        http,
        given.datadog_site,
        given.datadog_api_key.get_secret_value(),
        given.datadog_application_key.get_secret_value(),
        base_url=given.datadog_url,
        hits_metric=given.datadog_hits_metric,
    )


def bugsink(http: httpx.AsyncClient, given: Connections) -> Bugsink | None:
    """The Bugsink of the settings."""
    if given.bugsink_url is None or given.bugsink_token is None:
        return None
    return Bugsink(http, given.bugsink_url, given.bugsink_token.get_secret_value())
