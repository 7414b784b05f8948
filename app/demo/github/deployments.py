"""Deployments and their statuses."""

from __future__ import annotations

from app.demo.github import events
from app.demo.github.accounts import Actor
from app.demo.github.reports import Deployment, DeploymentStatus, Environment
from app.demo.github.site import Site
from app.demo.github.state import Repository

STATES = ("error", "failure", "inactive", "in_progress", "queued", "pending", "success")


def announce(site: Site, repo: Repository, deployment: Deployment) -> Deployment:
    """Keep a new deployment, with its environment, and announce it."""
    name = deployment.environment
    repo.environments.setdefault(name, Environment(site.next_id(), name, site.clock()))
    repo.deployments[deployment.id] = deployment
    events.deployment(site, repo, deployment)
    return deployment


def report(
    site: Site, repo: Repository, status: DeploymentStatus, actor: Actor, *, auto_inactive: bool = True
) -> DeploymentStatus:
    """Keep a new deployment status and announce it; a success retires the earlier deployments."""
    deployment = status.deployment
    deployment.statuses.append(status)
    deployment.updated_at = site.clock()
    status.environment = status.environment or deployment.environment
    events.deployment_status(site, repo, status)
    if status.state == "success" and auto_inactive and not deployment.transient:
        _retire(site, repo, deployment, actor)
    return status


def _retire(site: Site, repo: Repository, successor: Deployment, actor: Actor) -> None:
    for deployment in repo.deployments.values():
        same = deployment.environment == successor.environment and deployment.id < successor.id
        # GitHub retires what succeeded and lasts; production of its own kind is left alone by `transient`.
        if same and deployment.statuses and deployment.statuses[-1].state == "success":
            status = DeploymentStatus(site.next_id(), deployment, "inactive", actor, site.clock())
            status.environment = deployment.environment
            deployment.statuses.append(status)
            events.deployment_status(site, repo, status)
