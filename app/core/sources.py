"""The policy's sections on what may report anomalies, and what an event must show before it is worked on."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StrictBool, StrictInt

from app.core.policy_terms import Strict, Text


class SentrySource(Strict):
    """Which Sentry projects may report anomalies of this repository."""

    organization: Annotated[Text, Field(description="Slug of the Sentry organization.")]
    projects: Annotated[
        tuple[Text, ...], Field(min_length=1, max_length=50, description="Slugs of its projects.")
    ]


class DatadogSource(Strict):
    """Which Datadog services may report anomalies of this repository."""

    services: Annotated[
        tuple[Text, ...],
        Field(min_length=1, max_length=50, description="Names of its services (the `service` tag)."),
    ]


class BugsinkSource(Strict):
    """Which Bugsink projects may report anomalies of this repository."""

    projects: Annotated[
        tuple[Text, ...],
        Field(min_length=1, max_length=50, description="Numbers of its projects, in quotes."),
    ]


class Intake(Strict):
    """What an event must show before it is worked on. Whoever knows a project's public key can send events.

    Nothing here binds a person with write access who asks for the incident.
    """

    events: Annotated[StrictInt, Field(ge=1, le=100_000, description="Events of the anomaly, at least.")] = 1
    users: Annotated[
        StrictInt, Field(ge=0, le=100_000, description="Users that it happened to, at least.")
    ] = 0
    hours: Annotated[
        StrictInt | None,
        Field(ge=1, le=8760, description="Hours since the last event, at most. Not given: any time."),
    ] = None
    deployed: Annotated[
        StrictBool,
        Field(
            description="The event's release must be a commit that GitHub's deployments show as live in "
            "`observe.environment` at some time."
        ),
    ] = False
    people_only: Annotated[
        StrictBool,
        Field(
            description="`true`: no error tracker reports here, on purpose; people do, by the label, by a command "
            "or from a file. Their fixes are proposed at most."
        ),
    ] = False
