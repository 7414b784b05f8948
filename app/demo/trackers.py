"""The error trackers of the demo, each as a customer would set it up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from app.demo.datadog import DatadogStandIn, ErrorMonitor, Webhook
from app.demo.datadog.monitor import GROUP, MESSAGE, TYPE
from app.demo.github import SENTRY_BOT_ID
from app.demo.names import ALERT_AFTER, ENVIRONMENT, FULL_NAME, NAME, OWNER
from app.demo.sentry import SELF_HOSTED, Alert, SentryStandIn
from app.demo.tracker import Reach, Tracker

SENTRY_TOKEN = "demo-sentry-token"  # noqa: S105 - guards a stand-in on loopback
SENTRY_LOGIN: Final = "sentry[bot]"

DATADOG_SITE: Final = "datadoghq.com"
DATADOG_API_KEY = "demo-datadog-api-key"
DATADOG_APPLICATION_KEY = "demo-datadog-application-key"
DATADOG_SECRET = "demo-datadog-webhook-secret"  # noqa: S105 - likewise
# The template and the monitor's message of docs/ways-in.md, which a test holds against each other.
WEBHOOK_PAYLOAD: Final = """\
{"monitor_id": "$ALERT_ID", "cycle": "$ALERT_CYCLE_KEY", "transition": "$ALERT_TRANSITION", "title": "$EVENT_TITLE",
 "text": "$TEXT_ONLY_MSG", "link": "$LINK", "tags": "$TAGS", "scope": "$ALERT_SCOPE", "date": "$DATE"}
"""
MONITOR_MESSAGE: Final = f"""\
{TYPE}: {MESSAGE}
https://app.{DATADOG_SITE}/error-tracking/issue/{GROUP}
"""


class SentryTracker:
    """Sentry, whose GitHub integration opens an issue for every group under its own account."""

    def __init__(self) -> None:
        self.stand_in = SentryStandIn(
            organization=OWNER,
            project=NAME,
            token=SENTRY_TOKEN,
            open_issue=self._open_issue,
            alert_after=ALERT_AFTER,
            permalink_host=SELF_HOSTED,
        )
        self._reach: Reach

    async def start(self) -> None:
        """The stand-in listens."""
        await self.stand_in.start()

    async def stop(self) -> None:
        """The stand-in is gone."""
        await self.stand_in.stop()

    def shop_variables(self) -> Mapping[str, str]:
        """Where sentry-sdk reports to."""
        return {"SENTRY_DSN": self.stand_in.dsn, "SENTRY_ENVIRONMENT": ENVIRONMENT}

    def server_settings(self) -> Mapping[str, str]:
        """The token of an internal integration."""
        return {
            "AUTOFIX_SENTRY_URL": self.stand_in.base_url,
            "AUTOFIX_SENTRY_TOKEN": SENTRY_TOKEN,
            "AUTOFIX_SENTRY_ORGANIZATIONS": OWNER,
        }

    def alert_through(self, reach: Reach) -> None:
        """Sentry's account exists on GitHub."""
        reach.github.create_user(SENTRY_LOGIN, type="Bot", id=SENTRY_BOT_ID)
        self._reach = reach

    async def _open_issue(self, alert: Alert) -> None:
        github, tell = self._reach.github, self._reach.tell
        issue = github.open_issue(FULL_NAME, login=SENTRY_LOGIN, title=alert.title, body=alert.body)
        tell(f"Sentry opened issue #{issue.number}: {alert.title}")


class DatadogTracker:
    """Datadog, whose monitor for new issues notifies Autofix by the webhook of our template."""

    def __init__(self) -> None:
        self.stand_in = DatadogStandIn(
            api_key=DATADOG_API_KEY,
            application_key=DATADOG_APPLICATION_KEY,
            app_host=f"app.{DATADOG_SITE}",
        )

    async def start(self) -> None:
        """The API and the Agent listen."""
        await self.stand_in.start()

    async def stop(self) -> None:
        """The stand-in is gone."""
        await self.stand_in.stop()

    def shop_variables(self) -> Mapping[str, str]:
        """Where the Agent is, and what the service is called there."""
        return {
            "DD_TRACE_AGENT_URL": self.stand_in.base_url,
            "DD_SERVICE": NAME,
            "DD_ENV": ENVIRONMENT,
        }

    def server_settings(self) -> Mapping[str, str]:
        """The two keys, and the webhook's secret with the repository that its service belongs to."""
        return {
            "AUTOFIX_DATADOG_SITE": DATADOG_SITE,
            "AUTOFIX_DATADOG_URL": self.stand_in.base_url,
            "AUTOFIX_DATADOG_API_KEY": DATADOG_API_KEY,
            "AUTOFIX_DATADOG_APPLICATION_KEY": DATADOG_APPLICATION_KEY,
            "AUTOFIX_DATADOG_WEBHOOK_SECRET": DATADOG_SECRET,
            "AUTOFIX_WEBHOOK_REPOSITORIES": f"datadog:{NAME}={FULL_NAME}",
        }

    def alert_through(self, reach: Reach) -> None:
        """The monitor watches."""
        monitor = ErrorMonitor(
            id=4_711,
            name=f"New error in {NAME}",
            service=NAME,
            message=MONITOR_MESSAGE,
            errors=ALERT_AFTER - 1,
        )
        url = f"{reach.autofix_url}/webhooks/datadog"
        webhook = Webhook(url, {"X-Autofix-Secret": DATADOG_SECRET}, WEBHOOK_PAYLOAD)
        tell = reach.tell
        self.stand_in.watch(monitor, webhook, lambda title: tell(f"Datadog alerts: {title}"))


TRACKERS: Final[Mapping[str, Callable[[], Tracker]]] = MappingProxyType(
    {"sentry": SentryTracker, "datadog": DatadogTracker}
)
