"""Deployments, deployment statuses and environments."""

from __future__ import annotations

from typing import Any

from app.demo.github import deployments
from app.demo.github.checks import latest_statuses
from app.demo.github.errors import conflict, not_found, unprocessable
from app.demo.github.render import deployments as render
from app.demo.github.reports import Deployment, DeploymentStatus
from app.demo.github.rest.routing import Call, Reply, Route, created, no_content
from app.demo.github.rules import check_state
from app.demo.github.state import RequiredCheck

_LONGEST_DESCRIPTION = 140


def list_deployments(call: Call) -> Reply:
    """`GET deployments`, newest first."""
    wanted = {key: call.query[key] for key in ("sha", "ref", "task", "environment") if key in call.query}
    shown = [
        item
        for item in reversed(call.repo.deployments.values())
        if all(getattr(item, key) == value for key, value in wanted.items())
    ]
    return call.page(shown, lambda item: render.deployment(call.site, call.repo, item))


def create_deployment(call: Call) -> Reply:
    """`POST deployments`: 409 unless the required contexts of the commit are green ([] asks for none)."""
    body, ref = call.body, call.text("ref")
    sha = call.repo.git.resolve(ref)
    if sha is None:
        raise unprocessable(f"No ref found for: {ref}")
    _refuse_unless_green(call, sha, body.get("required_contexts"))
    now = call.site.clock()
    environment = call.text("environment", "production")
    record = Deployment(
        call.site.next_id(),
        sha,
        ref,
        call.text("task", "deploy"),
        environment,
        body.get("payload", {}),
        call.optional_text("description"),
        call.actor,
        now,
        now,
        transient=bool(body.get("transient_environment")),
        production=bool(body.get("production_environment", environment == "production")),
    )
    deployments.announce(call.site, call.repo, record)
    return created(render.deployment(call.site, call.repo, record))


def _refuse_unless_green(call: Call, sha: str, wanted: list[str] | None) -> None:
    repo = call.repo
    if wanted is None:
        wanted = [status.context for status in latest_statuses(repo, sha)]
        suites = [suite for suite in repo.check_suites.values() if suite.head_sha == sha]
        wanted += [run.name for suite in suites for run in suite.latest()]
    if any(check_state(repo, sha, RequiredCheck(name)) != "success" for name in wanted):
        raise conflict(f"Conflict: Commit status checks failed for {sha[:7]}.")


def _deployment(call: Call) -> Deployment:
    found = call.repo.deployments.get(call.number("id"))
    if found is None:
        raise not_found()
    return found


def get_deployment(call: Call) -> Any:
    """`GET deployments/{id}`."""
    return render.deployment(call.site, call.repo, _deployment(call))


def delete_deployment(call: Call) -> Reply:
    """`DELETE deployments/{id}`: only what is not active."""
    record = _deployment(call)
    if record.statuses and record.statuses[-1].state != "inactive":
        raise unprocessable("We cannot delete an active deployment unless it is the only deployment.")
    del call.repo.deployments[record.id]
    return no_content()


def list_statuses(call: Call) -> Reply:
    """`GET deployments/{id}/statuses`, newest first."""
    statuses = _deployment(call).statuses[::-1]
    return call.page(statuses, lambda item: render.deployment_status(call.site, call.repo, item))


def get_status(call: Call) -> Any:
    """`GET deployments/{id}/statuses/{status}`."""
    for item in _deployment(call).statuses:
        if str(item.id) == call.params["status"]:
            return render.deployment_status(call.site, call.repo, item)
    raise not_found()


def create_status(call: Call) -> Reply:
    """`POST deployments/{id}/statuses`."""
    record = _deployment(call)
    description = call.text("description", "")
    if len(description) > _LONGEST_DESCRIPTION:
        raise unprocessable(
            "Validation Failed", errors=["description is too long (maximum is 140 characters)"]
        )
    status = DeploymentStatus(
        call.site.next_id(),
        record,
        call.text("state", choices=deployments.STATES),
        call.actor,
        call.site.clock(),
        description,
        call.text("environment", record.environment),
        call.text("environment_url", ""),
        call.text("log_url", ""),
        call.text("target_url", ""),
    )
    inactive = call.body.get("auto_inactive", True) is not False
    deployments.report(call.site, call.repo, status, call.actor, auto_inactive=inactive)
    return created(render.deployment_status(call.site, call.repo, status))


def list_environments(call: Call) -> Reply:
    """`GET environments`."""
    environments = list(call.repo.environments.values())
    return call.page(
        environments, lambda item: render.environment(call.site, call.repo, item), key="environments"
    )


def get_environment(call: Call) -> Any:
    """`GET environments/{name}`."""
    found = call.repo.environments.get(call.params["name"])
    if found is None:
        raise not_found()
    return render.environment(call.site, call.repo, found)


_REPO = "/repos/{owner}/{repo}"
_ONE = f"{_REPO}/deployments/{{id}}"
_READ, _WRITE = "deployments:read", "deployments:write"
ROUTES = (
    Route("GET", f"{_REPO}/deployments", list_deployments, _READ),
    Route("POST", f"{_REPO}/deployments", create_deployment, _WRITE),
    Route("GET", _ONE, get_deployment, _READ),
    Route("DELETE", _ONE, delete_deployment, _WRITE),
    Route("GET", f"{_ONE}/statuses", list_statuses, _READ),
    Route("GET", f"{_ONE}/statuses/{{status}}", get_status, _READ),
    Route("POST", f"{_ONE}/statuses", create_status, _WRITE),
    Route("GET", f"{_REPO}/environments", list_environments, "actions:read"),
    Route("GET", f"{_REPO}/environments/{{name}}", get_environment, "actions:read"),
)
