"""What surrounds a failure: what happened before it, which deployments were near, what happened there earlier."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.model.terms import Result


@dataclass(frozen=True, slots=True)
class Breadcrumb:
    """One thing that the program did before it failed, as the tracker recorded it; `at` is ISO 8601 in UTC or empty."""

    at: str
    category: str
    level: str
    text: str


@dataclass(frozen=True, slots=True)
class Deploy:
    """A deployment that began near the first sight of the error; `at` is ISO 8601 in UTC."""

    at: str
    sha: str
    environment: str


@dataclass(frozen=True, slots=True)
class PastIncident:
    """An earlier incident of the same repository in which the same kind of error came out of the same file.

    `same_place` tells that it was the same function, too.
    """

    id: str
    issue: int
    opened_at: float
    result: Result | None
    reason: str | None
    summary: str
    pull_request: int | None
    same_place: bool


@dataclass(frozen=True, slots=True)
class RelatedIssue:
    """Another open issue of the repository that speaks of the failing place; `names` is what it names of it."""

    number: int
    title: str
    names: str


@dataclass(frozen=True, slots=True)
class Context:
    """Everything that was gathered around a finding. `missing` says, a sentence each, what could not be read."""

    first_release: str | None = None
    last_release: str | None = None
    breadcrumbs: tuple[Breadcrumb, ...] = ()
    deploys: tuple[Deploy, ...] = ()
    past: tuple[PastIncident, ...] = ()
    missing: tuple[str, ...] = ()
    related: tuple[RelatedIssue, ...] = ()
