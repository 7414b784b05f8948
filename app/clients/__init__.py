"""Outgoing calls, in the domain's verbs: one client per outside system."""

from __future__ import annotations

from dataclasses import dataclass

from app.clients.github import GitHub
from app.clients.sentry import Sentry


@dataclass(frozen=True, slots=True)
class Clients:
    """The outside systems that the stages talk to."""

    github: GitHub
    sentry: Sentry
