"""Check runs, check suites and commit statuses."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from app.demo.github import checks, events
from app.demo.github.errors import Refusal, not_accessible, not_found, unprocessable
from app.demo.github.render import checks as render
from app.demo.github.render.repositories import minimal_repository, repository_url
from app.demo.github.reports import CheckRun, CheckSuite
from app.demo.github.rest.routing import Call, Reply, Route, created

_STATES = ("error", "failure", "pending", "success")
_CONCLUSIONS = {"success", "failure", "neutral", "cancelled", "skipped", "timed_out", "action_required"}
_MOST_CONTEXT = 140


def _run(call: Call) -> CheckRun:
    run = call.repo.check_runs.get(call.number("id"))
    if run is None:
        raise not_found()
    return run


def create_run(call: Call) -> Reply:
    """`POST check-runs`: apps only; a run without a known head is refused."""
    app = call.actor.app
    if app is None:
        raise Refusal(HTTPStatus.FORBIDDEN, "You must authenticate via a GitHub App.")
    name, sha = call.text("name"), call.text("head_sha")
    if call.repo.git.resolve(sha) != sha:
        raise unprocessable(f"No commit found for SHA: {sha}")
    _check(call)
    suite = checks.suite_for(call.site, call.repo, app, sha)
    run = checks.create_run(call.site, call.repo, call.actor, suite, name, call.body)
    return created(render.check_run(call.site, call.repo, run))


def _check(call: Call) -> None:
    conclusion = call.body.get("conclusion")
    if conclusion is not None and conclusion not in _CONCLUSIONS:
        raise unprocessable(f"Invalid request.\n\n{conclusion} is not a possible value of conclusion.")
    if call.body.get("status") == "completed" and conclusion is None:
        raise unprocessable(
            'Invalid request.\n\nNo subschema in "anyOf" matched.\n"conclusion" wasn\'t supplied.'
        )
    output = call.body.get("output")
    if output is not None and not {"title", "summary"} <= output.keys() and "summary" not in output:
        raise unprocessable('Invalid request.\n\n"summary" wasn\'t supplied.')


def update_run(call: Call) -> Any:
    """`PATCH check-runs/{id}`: only by the app that made it."""
    run = _run(call)
    if call.actor.app is not run.suite.app:
        raise not_accessible()
    _check(call)
    checks.update_run(call.site, call.repo, call.actor, run, call.body)
    return render.check_run(call.site, call.repo, run)


def get_run(call: Call) -> Any:
    """`GET check-runs/{id}`."""
    return render.check_run(call.site, call.repo, _run(call))


def list_annotations(call: Call) -> Reply:
    """`GET check-runs/{id}/annotations`."""
    run = _run(call)
    return call.page(run.annotations, lambda item: render.annotation(call.repo, run, item))


def rerequest_run(call: Call) -> Reply:
    """`POST check-runs/{id}/rerequest`: the owning app is told."""
    events.check_run(call.site, call.repo, _run(call), "rerequested", call.actor)
    return created({})


def _filtered(call: Call, suites: Iterable[CheckSuite]) -> Reply:
    query = call.query
    name, app, status = query.get("check_name"), query.get("app_id"), query.get("status")
    shown = [
        run
        for suite in suites
        if app in {None, str(suite.app.id)}
        for run in (suite.runs if query.get("filter") == "all" else suite.latest())
        if name in {None, run.name} and status in {None, run.status}
    ]
    shown.sort(key=lambda run: run.id, reverse=True)
    return call.page(shown, lambda run: render.check_run(call.site, call.repo, run), key="check_runs")


def _suites(call: Call) -> list[CheckSuite]:
    sha = call.commit(call.params["ref"])
    return [suite for suite in call.repo.check_suites.values() if suite.head_sha == sha]


def list_runs(call: Call) -> Reply:
    """`GET commits/{ref}/check-runs`."""
    return _filtered(call, _suites(call))


def list_suites(call: Call) -> Reply:
    """`GET commits/{ref}/check-suites`."""
    app, name = call.query.get("app_id"), call.query.get("check_name")
    shown = [
        suite
        for suite in _suites(call)
        if app in {None, str(suite.app.id)} and (name is None or any(run.name == name for run in suite.runs))
    ]
    return call.page(shown, lambda suite: render.check_suite(call.site, call.repo, suite), key="check_suites")


def _suite(call: Call) -> CheckSuite:
    suite = call.repo.check_suites.get(call.number("id"))
    if suite is None:
        raise not_found()
    return suite


def get_suite(call: Call) -> Any:
    """`GET check-suites/{id}`."""
    return render.check_suite(call.site, call.repo, _suite(call))


def list_suite_runs(call: Call) -> Reply:
    """`GET check-suites/{id}/check-runs`."""
    return _filtered(call, [_suite(call)])


def rerequest_suite(call: Call) -> Reply:
    """`POST check-suites/{id}/rerequest`: the owning app is told."""
    events.check_suite(call.site, call.repo, _suite(call), "rerequested", call.actor)
    return created({})


def create_status(call: Call) -> Reply:
    """`POST statuses/{sha}`."""
    sha = call.params["sha"]
    if call.repo.git.resolve(sha) != sha:
        raise unprocessable(f"No commit found for SHA: {sha}")
    description = call.optional_text("description")
    if description is not None and len(description) > _MOST_CONTEXT:
        raise unprocessable(
            "Validation Failed", errors=["description is too long (maximum is 140 characters)"]
        )
    record = checks.create_status(
        call.site,
        call.repo,
        call.actor,
        sha,
        context=call.text("context", "default"),
        state=call.text("state", choices=_STATES),
        description=description,
        target_url=call.optional_text("target_url"),
    )
    return created(render.status(call.site, call.repo, record))


def list_statuses(call: Call) -> Reply:
    """`GET commits/{ref}/statuses`, newest first."""
    sha = call.commit(call.params["ref"])
    shown = [status for status in reversed(call.repo.statuses) if status.sha == sha]
    return call.page(shown, lambda item: render.status(call.site, call.repo, item))


def combined_status(call: Call) -> Any:
    """`GET commits/{ref}/status`: the newest of every context, and their sum."""
    sha = call.commit(call.params["ref"])
    statuses = checks.latest_statuses(call.repo, sha)
    url = repository_url(call.site, call.repo)
    return {
        "state": checks.combined(statuses),
        "statuses": [render.simple_status(call.site, call.repo, item) for item in statuses],
        "sha": sha,
        "total_count": len(statuses),
        "repository": minimal_repository(call.site, call.repo),
        "commit_url": f"{url}/commits/{sha}",
        "url": f"{url}/commits/{sha}/status",
    }


_REPO = "/repos/{owner}/{repo}"
_COMMIT = f"{_REPO}/commits/{{ref*}}"
_RUN, _SUITE = f"{_REPO}/check-runs/{{id}}", f"{_REPO}/check-suites/{{id}}"
ROUTES = (
    Route("POST", f"{_REPO}/check-runs", create_run, "checks:write"),
    Route("GET", _RUN, get_run, "checks:read"),
    Route("PATCH", _RUN, update_run, "checks:write"),
    Route("GET", f"{_RUN}/annotations", list_annotations, "checks:read"),
    Route("POST", f"{_RUN}/rerequest", rerequest_run, "checks:write"),
    Route("GET", f"{_COMMIT}/check-runs", list_runs, "checks:read"),
    Route("GET", f"{_COMMIT}/check-suites", list_suites, "checks:read"),
    Route("GET", _SUITE, get_suite, "checks:read"),
    Route("GET", f"{_SUITE}/check-runs", list_suite_runs, "checks:read"),
    Route("POST", f"{_SUITE}/rerequest", rerequest_suite, "checks:write"),
    Route("POST", f"{_REPO}/statuses/{{sha}}", create_status, "statuses:write"),
    Route("GET", f"{_COMMIT}/statuses", list_statuses, "statuses:read"),
    Route("GET", f"{_COMMIT}/status", combined_status, "statuses:read"),
)
