"""What handlers of webhooks work with, and the parts of the payloads that they read. A payload is a hint."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from app.clients import Clients
from app.settings import Settings
from app.store import Store
from app.web.installations import Examinations

# Put on an issue or pull request, it stops the incident, and no other starts while it is there.
OFF_LABEL = "autofix: off"
# Put on an issue by a person with write access, it asks for an incident, as `/autofix run` does.
RUN_LABEL = "autofix"
PERSON = "User"


@dataclass(frozen=True, slots=True)
class Desk:
    """What handlers work with. `handled` holds a note for each meaning that an event had for us."""

    store: Store
    settings: Settings
    clients: Clients
    handled: list[str]
    examinations: Examinations | None = None


class Payload(BaseModel):
    """A tolerant view of a delivery, or of a part of it."""

    model_config = ConfigDict(extra="ignore")


class Numbered(Payload):
    """Anything with a numeric id."""

    id: int


class Repository(Payload):
    """The repository that an event is about."""

    id: int
    # It becomes part of request addresses, so it must be nothing but a name.
    full_name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}$")]


class Account(Payload):
    """Who did something."""

    login: str
    type: str
    id: int = 0


class Label(Payload):
    """A label by its name."""

    name: str


class Issue(Payload):
    """The issue, or the issue half of a pull request."""

    number: int
    title: str = ""
    body: str | None = None
    user: Numbered | None = None
    pull_request: dict[str, Any] | None = None
    labels: tuple[Label, ...] = ()

    @property
    def is_off(self) -> bool:
        """True if it carries the label that keeps us away."""
        return any(label.name == OFF_LABEL for label in self.labels)


class RepositoryEvent(Payload):
    """The part of any repository's delivery that we read."""

    repository: Repository
    installation: Numbered


class IssueEvent(RepositoryEvent):
    """The part of an `issues` delivery that we read."""

    issue: Issue
    sender: Account | None = None
