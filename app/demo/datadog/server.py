"""The stand-in itself: one organization on one site of Datadog, and its Agent, served on loopback."""

from __future__ import annotations

import itertools
import time
from collections import deque
from collections.abc import Callable
from math import inf
from typing import Final

from aiohttp import web

from app.demo.alerts import Alerts
from app.demo.datadog.gate import ApiCall, Gate
from app.demo.datadog.intake import MAX_BODY, Intake
from app.demo.datadog.issues import Issue
from app.demo.datadog.issues_api import IssuesApi
from app.demo.datadog.metrics_api import MetricsApi
from app.demo.datadog.monitor import ErrorMonitor, Webhook, scope_of
from app.demo.datadog.records import Record
from app.demo.datadog.records_api import RecordsApi
from app.demo.datadog.search import Period, parse
from app.demo.datadog.store import SPANS, Store

FIRST_CYCLE: Final = 7_150_000_000_000_000_001


class DatadogStandIn:
    """Takes what programs send, tells errors apart, answers the REST API, alerts through a webhook.

    Links to pages name `app_host`, as those of the real site do: nobody follows them. `permissions` are what the
    application key may do, `journal` the API requests so far, `store` everything that was received.
    """

    def __init__(
        self,
        *,
        api_key: str,
        application_key: str,
        app_host: str = "app.datadoghq.com",
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.base_url = ""
        self.store = Store(clock)
        self.store.on_error = self._received
        self.app_host = app_host
        self._gate = Gate(api_key, application_key)
        self._monitors: list[tuple[ErrorMonitor, Webhook, Callable[[str], None]]] = []
        self._cycles = itertools.count(FIRST_CYCLE)
        self._alerts = Alerts()
        self._runner: web.AppRunner | None = None

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> str:
        """The address at which the API and the Agent now answer."""
        application = web.Application(middlewares=[self._gate.middleware], client_max_size=MAX_BODY)
        application.add_routes(Intake(self.store).routes())
        application.add_routes(IssuesApi(self.store).routes())
        application.add_routes(RecordsApi(self.store).routes())
        application.add_routes(MetricsApi(self.store, self._known_monitors).routes())
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()
        self.base_url = f"http://{host}:{self._runner.addresses[0][1]}"
        return self.base_url

    async def stop(self) -> None:
        """Nothing runs any more. A notification that was not taken is raised here."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
        await self.settled()

    async def settled(self) -> None:
        """Every alert so far was delivered; the first that was not is raised."""
        await self._alerts.settled()

    def watch(
        self, monitor: ErrorMonitor, webhook: Webhook, alerted: Callable[[str], None] = lambda _title: None
    ) -> None:
        """From now on the monitor notifies the webhook; `alerted` is told the title of each notification."""
        self._monitors.append((monitor, webhook, alerted))

    @property
    def journal(self) -> deque[ApiCall]:
        """The latest API requests, oldest first."""
        return self._gate.journal

    @property
    def permissions(self) -> set[str]:
        """What the application key may do."""
        return self._gate.permissions

    @property
    def issues(self) -> tuple[Issue, ...]:
        """The issues in the order in which they were opened."""
        return tuple(self.store.issues.values())

    def spans(self, query: str = "*", since: float = -inf) -> list[Record]:
        """The spans that match, newest first, visible or not; `since` is in Unix seconds."""
        return list(self.store.tracks[SPANS].select(parse(query), Period(since, inf), now=inf))

    def _known_monitors(self) -> tuple[ErrorMonitor, ...]:
        return tuple(monitor for monitor, _, _ in self._monitors)

    def _received(self, issue: Issue) -> None:
        for monitor, webhook, alerted in self._monitors:
            if monitor.alerts_at(issue):
                issue.alerted = True
                alerted(monitor.title_about(issue))
                self._alerts.send(self._alert(monitor, webhook, issue))

    async def _alert(self, monitor: ErrorMonitor, webhook: Webhook, issue: Issue) -> None:
        """The monitor's group alerts: an event tells of it, and the webhook is notified."""
        now, scope, title = self.store.clock(), scope_of(issue), monitor.title_about(issue)
        monitor.triggered[scope] = now
        cycle, text = str(next(self._cycles)), monitor.text_about(issue)
        tags = ("monitor", f"service:{monitor.service}", *monitor.tags)
        told = {
            "monitor_id": monitor.id,
            "monitor_groups": [scope],
            "title": title,
            "status": "error",
            "evt": {"id": cycle, "name": monitor.name},
        }
        event = self.store.add_event(told, tags, text)
        link = (
            f"https://{self.app_host}/monitors/{monitor.id}?group={scope}&from_ts={int(now * 1_000) - 900_000}"
            f"&to_ts={int(now * 1_000)}&event_id={event.id}&link_source=monitor_notif"
        )
        await webhook.deliver(
            {
                "$ALERT_ID": str(monitor.id),
                "$ALERT_CYCLE_KEY": cycle,
                "$ALERT_TRANSITION": "Triggered",
                "$ALERT_SCOPE": scope,
                "$ALERT_TYPE": "error",
                "$ALERT_QUERY": monitor.query,
                "$EVENT_TITLE": title,
                "$EVENT_MSG": f"%%%\n{text}\n%%%",
                "$TEXT_ONLY_MSG": text,
                "$LINK": link,
                "$TAGS": ",".join(tags),
                "$DATE": str(int(now * 1_000)),
                "$ID": event.id,
                "$ORG_NAME": "acme",
            }
        )
