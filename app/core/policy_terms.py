"""What the sections of the policy are made of."""

from __future__ import annotations

from datetime import date, time
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StrictStr, WithJsonSchema

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

Text = Annotated[StrictStr, Field(min_length=1, max_length=200)]


def _day(value: object) -> object:
    return date.fromisoformat(value) if isinstance(value, str) and len(value) == len("2026-12-24") else value


def _time_of_day(value: object) -> object:
    return time.fromisoformat(value) if isinstance(value, str) and len(value) == len("09:00") else value


Day = Annotated[
    date,
    Field(strict=True),
    BeforeValidator(_day),
    WithJsonSchema({"type": "string", "format": "date", "examples": ["2026-12-24"]}),
]
TimeOfDay = Annotated[
    time,
    Field(strict=True),
    BeforeValidator(_time_of_day),
    WithJsonSchema({"type": "string", "pattern": "^[0-2][0-9]:[0-5][0-9]$", "examples": ["09:00"]}),
]


class Strict(BaseModel):
    """A section of the policy: a key that it does not know is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _known(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as fault:
        raise ValueError(f"{name!r} is no time zone; write one such as Europe/Berlin") from fault
    return name


def _days(days: tuple[str, ...]) -> tuple[str, ...]:
    wrong = [day for day in days if day not in WEEKDAYS]
    if wrong or len(set(days)) != len(days):
        raise ValueError(f"each of {', '.join(WEEKDAYS)} at most once")
    return days


TimeZone = Annotated[Text, AfterValidator(_known)]
Weekdays = Annotated[tuple[Text, ...], AfterValidator(_days)]
