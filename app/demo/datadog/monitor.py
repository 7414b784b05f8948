"""A monitor of Error Tracking for new issues: it alerts once for each, and again if one regresses, by webhook.

The webhook's payload is the customer's own template: `$VARIABLES` in it are replaced, each escaped as JSON needs it.
Datadog signs nothing; what the receiver believes is a custom header.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import httpx

from app.demo.datadog.issues import Issue

TRIES: Final = 5
PATIENCE_SECONDS: Final = 15.0
FIRST_PAUSE: Final = 0.5
# In a monitor that is grouped by a facet with a dot in its name, the group's value stands in brackets.
GROUP: Final = "{{[@issue.id].name}}"
TYPE: Final = "{{issue.attributes.error.type}}"
MESSAGE: Final = "{{issue.attributes.error.message}}"
_VARIABLE = re.compile(r"\$[A-Z][A-Z_]*")


class NotDelivered(Exception):
    """The receiver took no notification; the text says what it answered."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """An entry of the webhooks integration: where it posts, with which headers, and the template of its payload."""

    url: str
    headers: Mapping[str, str]
    payload: str

    def filled(self, variables: Mapping[str, str]) -> str:
        """The payload; a variable that is not known stays as its name."""

        def value(found: re.Match[str]) -> str:
            return json.dumps(variables.get(found[0], found[0]))[1:-1]

        return _VARIABLE.sub(value, self.payload)

    async def deliver(self, variables: Mapping[str, str]) -> None:
        """The receiver has taken the notification; it is sent again only if the receiver fails.

        Raises:
            NotDelivered: if it was refused, or failed each time.
        """
        headers = {"Content-Type": "application/json", **self.headers}
        said = ""
        async with httpx.AsyncClient(timeout=PATIENCE_SECONDS, trust_env=False) as http:
            for attempt in range(TRIES):
                try:
                    answer = await http.post(self.url, content=self.filled(variables), headers=headers)
                except httpx.HTTPError as fault:
                    said = type(fault).__name__
                else:
                    if answer.is_success:
                        return
                    said = f"{answer.status_code} {answer.text[:200]}"
                    if not answer.is_server_error:
                        break
                await asyncio.sleep(FIRST_PAUSE * 2**attempt)
        raise NotDelivered(f"the webhook at {self.url} took no notification: {said}")


@dataclass(slots=True)
class ErrorMonitor:
    """A monitor for new issues of a service, grouped by issue: it alerts above so many `errors` of one issue.

    `triggered` is when each group alerted, in Unix seconds. The message may hold `GROUP`, `TYPE` and `MESSAGE`.
    """

    id: int
    name: str
    service: str
    message: str
    errors: int
    tags: tuple[str, ...] = ()
    triggered: dict[str, float] = field(default_factory=dict)

    @property
    def query(self) -> str:
        """The monitor's query."""
        found = f'error-tracking("service:{self.service}").source("backend").new()'
        return f'{found}.rollup("count").by("@issue.id").last("1d") > {self.errors}'

    def alerts_at(self, issue: Issue) -> bool:
        """True if the issue is to be reviewed, is above the threshold and has not alerted yet."""
        new = issue.state == "OPEN" and not issue.alerted
        return issue.service == self.service and new and issue.total > self.errors

    def text_about(self, issue: Issue) -> str:
        """The notification's text."""
        known = {GROUP: issue.id, TYPE: issue.fault.type, MESSAGE: issue.fault.message}
        text = self.message
        for variable, value in known.items():
            text = text.replace(variable, value)
        return text

    def title_about(self, issue: Issue) -> str:
        """The notification's title."""
        return f"[Triggered on {{{scope_of(issue)}}}] {self.name}"


def scope_of(issue: Issue) -> str:
    """The monitor's group of an issue."""
    return f"@issue.id:{issue.id}"
