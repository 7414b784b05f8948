"""A stateful stand-in for GitHub over HTTP, backed by real bare git repositories."""

from app.demo.github.accounts import Account, Actor, App, AppRegistration, Installation
from app.demo.github.faults import Faults, named
from app.demo.github.server import Exchange
from app.demo.github.site import ACTIONS_APP_ID, SENTRY_BOT_ID, Event
from app.demo.github.stand_in import GitHubStandIn
from app.demo.github.state import Comment, Issue, Job, Pull, Repository, WorkflowRun
from app.demo.github.webhooks import Delivery

__all__ = [
    "ACTIONS_APP_ID",
    "SENTRY_BOT_ID",
    "Account",
    "Actor",
    "App",
    "AppRegistration",
    "Comment",
    "Delivery",
    "Event",
    "Exchange",
    "Faults",
    "GitHubStandIn",
    "Installation",
    "Issue",
    "Job",
    "Pull",
    "Repository",
    "WorkflowRun",
    "named",
]
