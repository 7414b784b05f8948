"""Deployments, their statuses and environments as GitHub writes them."""

from __future__ import annotations

from typing import Any

from app.demo.github.accounts import node_id
from app.demo.github.render.accounts import HTML, app, iso, simple_user
from app.demo.github.render.repositories import repository_url
from app.demo.github.reports import Deployment, DeploymentStatus, Environment
from app.demo.github.site import Site
from app.demo.github.state import Repository


def deployment(site: Site, repo: Repository, record: Deployment) -> dict[str, Any]:
    """The shape `deployment`."""
    url = f"{repository_url(site, repo)}/deployments/{record.id}"
    return {
        "url": url,
        "id": record.id,
        "node_id": node_id("DE", record.id),
        "sha": record.sha,
        "ref": record.ref,
        "task": record.task,
        "payload": record.payload,
        "original_environment": record.environment,
        "environment": record.environment,
        "description": record.description,
        "creator": simple_user(site, record.creator.user),
        "created_at": iso(record.created_at),
        "updated_at": iso(record.updated_at),
        "statuses_url": f"{url}/statuses",
        "repository_url": repository_url(site, repo),
        "transient_environment": record.transient,
        "production_environment": record.production,
        "performed_via_github_app": app(site, record.creator.app) if record.creator.app else None,
    }


def deployment_status(site: Site, repo: Repository, record: DeploymentStatus) -> dict[str, Any]:
    """The shape `deployment-status`."""
    url = f"{repository_url(site, repo)}/deployments/{record.deployment.id}"
    return {
        "url": f"{url}/statuses/{record.id}",
        "id": record.id,
        "node_id": node_id("DES", record.id),
        "state": record.state,
        "creator": simple_user(site, record.creator.user),
        "description": record.description,
        "environment": record.environment,
        "target_url": record.target_url or record.log_url,
        "created_at": iso(record.created_at),
        "updated_at": iso(record.created_at),
        "deployment_url": url,
        "repository_url": repository_url(site, repo),
        "environment_url": record.environment_url,
        "log_url": record.log_url,
        "performed_via_github_app": app(site, record.creator.app) if record.creator.app else None,
    }


def environment(site: Site, repo: Repository, record: Environment) -> dict[str, Any]:
    """The shape `environment`, without protection rules."""
    return {
        "id": record.id,
        "node_id": node_id("EN", record.id),
        "name": record.name,
        "url": f"{repository_url(site, repo)}/environments/{record.name}",
        "html_url": f"{HTML}/{repo.full_name}/deployments/activity_log?environments_filter={record.name}",
        "created_at": iso(record.created_at),
        "updated_at": iso(record.created_at),
        "protection_rules": [],
        "deployment_branch_policy": None,
    }
