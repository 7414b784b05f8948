"""The stand-in itself: one project of one organization, served on loopback."""

from __future__ import annotations

import time
import uuid
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from math import inf
from typing import Final

from aiohttp import web

from app.demo.alerts import Alerts
from app.demo.sentry import issue_body
from app.demo.sentry.counts_api import CountsApi
from app.demo.sentry.envelope import MAX_BODY
from app.demo.sentry.gate import ApiCall, Faults, Gate
from app.demo.sentry.groups import Group
from app.demo.sentry.ingest import Ingest
from app.demo.sentry.issues_api import IssuesApi
from app.demo.sentry.releases_api import ReleasesApi
from app.demo.sentry.series import Selection
from app.demo.sentry.store import Store

SELF_HOSTED: Final = "self-hosted"
RULE: Final = "New issues to GitHub"
RULE_ID: Final = 42


@dataclass(frozen=True, slots=True)
class Alert:
    """The GitHub issue that Sentry's integration would open for a group."""

    title: str
    body: str
    group: str
    short_id: str
    permalink: str


class SentryStandIn:
    """Takes a real SDK's envelopes, groups them, answers the REST API, opens a GitHub issue per group.

    `open_issue` is called once per group, when it has `alert_after` events. Permalinks have the form of
    sentry.io unless `permalink_host` names another host, or is `SELF_HOSTED`: then they lead to this server.
    `scopes` are what the token may do, `faults` what goes wrong, `journal` the API requests so far.
    """

    def __init__(
        self,
        *,
        organization: str,
        project: str,
        token: str,
        project_id: int = 1,
        open_issue: Callable[[Alert], Awaitable[None]] | None = None,
        alert_after: int = 1,
        permalink_host: str | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.base_url = ""
        self.dsn = ""
        self.store = Store(organization=organization, project=project, project_id=project_id, clock=clock)
        self._gate = Gate(organization, project, token, clock)
        self._key = uuid.uuid4().hex
        self._open_issue = open_issue
        self._alert_after = alert_after
        self._permalink_host = permalink_host
        self._alerts = Alerts()
        self._runner: web.AppRunner | None = None

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> str:
        """The address at which the stand-in now answers."""
        application = web.Application(middlewares=[self._gate.middleware], client_max_size=MAX_BODY)
        application.add_routes(Ingest(self.store, self._key, self._received).routes())
        application.add_routes(IssuesApi(self.store, self.permalink).routes())
        application.add_routes(CountsApi(self.store).routes())
        application.add_routes(ReleasesApi(self.store).routes())
        # Bodies are inflated by our own code, which knows the limit.
        self._runner = web.AppRunner(
            application, auto_decompress=False, access_log=None, shutdown_timeout=1.0
        )
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()
        actual = self._runner.addresses[0][1]
        self.base_url = f"http://{host}:{actual}"
        self.dsn = f"http://{self._key}@{host}:{actual}/{self.store.project_id}"
        return self.base_url

    async def stop(self) -> None:
        """Nothing runs any more. A failure of `open_issue` is raised here."""
        self._gate.closing.set()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
        await self.settled()

    async def settled(self) -> None:
        """Every alert so far has opened its issue; the first failure of `open_issue` is raised."""
        await self._alerts.settled()

    @property
    def journal(self) -> deque[ApiCall]:
        """The latest API requests, oldest first."""
        return self._gate.journal

    @property
    def faults(self) -> Faults:
        """What shall go wrong."""
        return self._gate.faults

    @property
    def scopes(self) -> set[str]:
        """What the token may do."""
        return self._gate.scopes

    @property
    def groups(self) -> tuple[Group, ...]:
        """The groups in the order in which they were opened."""
        return tuple(self.store.groups.values())

    @property
    def lag(self) -> float:
        """How many seconds later new events and counts can be queried."""
        return self.store.lag

    @lag.setter
    def lag(self, seconds: float) -> None:
        self.store.lag = seconds

    def events(self, release: str | None = None, since: float | None = None, group: str | None = None) -> int:
        """How many error events were received, visible or not; `since` is in Unix seconds."""
        start = -inf if since is None else since
        return self.store.errors.count(Selection(start=start, release=release, name=group))

    def transactions(self, release: str | None = None, since: float | None = None) -> int:
        """How many transactions were received, visible or not; `since` is in Unix seconds."""
        return self.store.transactions.count(
            Selection(start=-inf if since is None else since, release=release)
        )

    def permalink(self, group: Group) -> str:
        """The address of the issue's page."""
        return f"{self._organization_url()}/issues/{group.id}/"

    def alert(self, group: Group) -> Alert:
        """The GitHub issue that the alert rule opens for a group."""
        link, root = self.permalink(group), self._organization_url(always_named=True)
        rule_url = f"{root}/issues/alerts/rules/{self.store.project}/{RULE_ID}/"
        raw = group.first_event.raw
        body = issue_body.alert_body(raw, group.short_id, link, rule=RULE, rule_url=rule_url)
        return Alert(group.title, body, group.id, group.short_id, link)

    def manual_issue(self, group: Group) -> Alert:
        """The GitHub issue that a person opens from the group's page."""
        link = self.permalink(group)
        body = issue_body.manual_body(group.events[-1].raw, group.short_id, link)
        return Alert(group.title, body, group.id, group.short_id, link)

    def _organization_url(self, *, always_named: bool = False) -> str:
        """Sentry names the organization in the host; a server of one's own names it in the path."""
        organization, host = self.store.organization, self._permalink_host
        if host is None:
            root = f"https://{organization}.sentry.io"
            return f"{root}/organizations/{organization}" if always_named else root
        root = self.base_url if host == SELF_HOSTED else host if "://" in host else f"https://{host}"
        return f"{root}/organizations/{organization}"

    def _received(self, group: Group) -> None:
        if self._open_issue is None or group.alerted or group.total < self._alert_after:
            return
        group.alerted = True
        self._alerts.send(self._open_issue(self.alert(group)))
