"""Whom an incident calls, and when: the policy's sections `escalation` and `notify`. Pure."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import Field, StrictBool, StrictInt, StrictStr, field_validator, model_validator

from app.core.policy_terms import WEEKDAYS, Strict, TimeOfDay, TimeZone, Weekdays

# Names of targets: written in policies, and in the server's settings with the addresses that belong to them.
TARGET_NAME = r"^[a-z0-9](?:[a-z0-9-]{0,28}[a-z0-9])?$"
# The target of repositories whose policy has no `notify` section.
DEFAULT_TARGET = "default"
_ACCOUNT = r"^[A-Za-z0-9](?:[A-Za-z0-9_-]{0,98}[A-Za-z0-9])?(?:/[A-Za-z0-9_][A-Za-z0-9_.-]{0,99})?$"


class Severity(StrEnum):
    """How much a message matters, least first. URGENT ones also come in quiet hours."""

    INFO = "info"
    WARNING = "warning"
    URGENT = "urgent"

    @property
    def rank(self) -> int:
        """The position on the ladder, from 0."""
        return list(Severity).index(self)


class Escalation(Strict):
    """Who is called when a person is needed: on-call first, then who last changed the line, then the file's owners."""

    on_call: Annotated[
        tuple[Annotated[StrictStr, Field(pattern=_ACCOUNT)], ...],
        Field(max_length=10, description="GitHub logins, or teams as `organization/team`, to call first."),
    ] = ()
    suspect_author: Annotated[
        StrictBool, Field(description="Also call the author of the commit that last changed the line.")
    ] = True
    code_owners: Annotated[
        StrictBool, Field(description="Also call the owners of the failing file, by CODEOWNERS.")
    ] = True
    at_most: Annotated[
        StrictInt, Field(ge=0, le=10, description="People and teams called by one incident; 0 calls nobody.")
    ] = 3
    assign: Annotated[StrictBool, Field(description="Assign the issue to the people who are called.")] = True
    mention: Annotated[
        StrictBool,
        Field(description="Mention them in the comment. Teams can only be mentioned, never assigned."),
    ] = False


class Quiet(Strict):
    """When only urgent messages are sent. The others wait for its end; more than three then come as one."""

    timezone: Annotated[TimeZone, Field(description="IANA name, such as `Europe/Berlin`.")] = "UTC"
    start: Annotated[TimeOfDay, Field(description='When it begins, in quotes: `"20:00"`.')] = time(20, 0)
    end: Annotated[TimeOfDay, Field(description="When it ends, on the next day if that is earlier.")] = time(
        7, 0
    )
    days: Annotated[
        Weekdays, Field(max_length=6, description="Days that are quiet from midnight to midnight.")
    ] = ()

    @model_validator(mode="after")
    def _ends(self) -> Self:
        if self.start == self.end:
            raise ValueError("`start` and `end` must differ; for whole days use `days`")
        return self

    def holds(self, moment: float) -> bool:
        """True if `moment` (epoch seconds) is quiet, on the clocks of the time zone."""
        local = datetime.fromtimestamp(moment, ZoneInfo(self.timezone))
        now = local.time()
        after, before = now >= self.start, now < self.end
        nightly = (after and before) if self.start < self.end else (after or before)
        return nightly or WEEKDAYS[local.weekday()] in self.days

    def over(self, moment: float) -> float:
        """The first moment from `moment` on that is not quiet."""
        zone = ZoneInfo(self.timezone)
        while self.holds(moment):
            local = datetime.fromtimestamp(moment, zone)
            # It can end at `end` and, after a quiet day, at midnight. A clock that is put back shows an hour twice.
            ends = [
                datetime.combine(local.date() + timedelta(days=days), at, zone).timestamp()
                for days in (0, 1)
                for at in (time(0, 0), self.end)
            ]
            later = [end for end in ends if end > moment]
            moment = min(later)
        return moment


class Channel(Strict):
    """A target that the server knows by this name, and what it is told."""

    to: Annotated[
        StrictStr,
        Field(pattern=TARGET_NAME, description="Name of a target of the server (`AUTOFIX_NOTIFY_TARGETS`)."),
    ]
    severity: Annotated[
        Severity, Field(description="The least severity it is told: `info`, `warning` or `urgent`.")
    ] = Severity.WARNING


class Notify(Strict):
    """Who is told of an incident's changes, besides GitHub. Addresses are the server's; the policy only names them."""

    channels: Annotated[
        tuple[Channel, ...],
        Field(max_length=10, description="Targets of the server, and from which severity on they are told."),
    ] = ()
    quiet: Annotated[
        Quiet | None, Field(description="When only urgent messages are sent. Not given: never.")
    ] = None

    @field_validator("channels")
    @classmethod
    def _once(cls, channels: tuple[Channel, ...]) -> tuple[Channel, ...]:
        if len({channel.to for channel in channels}) != len(channels):
            raise ValueError("each target at most once")
        return channels


# What holds for a repository whose policy says nothing, or cannot be read.
UNSAID = Notify(channels=(Channel(to=DEFAULT_TARGET),))
