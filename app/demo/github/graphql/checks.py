"""Check runs and statuses of a commit, and their sum."""

from __future__ import annotations

from collections.abc import Callable

from app.demo.github.accounts import App, node_id
from app.demo.github.graphql.accounts import Node, account, connection
from app.demo.github.reports import CheckRun, Status
from app.demo.github.rules import check_state, requirements
from app.demo.github.state import Pull, Repository, RequiredCheck


def rollup(repo: Repository, sha: str, of: Pull | None = None) -> Node | None:
    """A `StatusCheckRollup`, or None when nothing was reported."""
    required = {check.context for check in requirements(repo, of.base_ref).checks} if of else set[str]()
    suites = [suite for suite in repo.check_suites.values() if suite.head_sha == sha]
    runs = [run for suite in suites for run in suite.latest()]
    statuses = list({item.context: item for item in repo.statuses if item.sha == sha}.values())
    names = {run.name for run in runs} | {status.context for status in statuses}
    if not names:
        return None
    states = {check_state(repo, sha, RequiredCheck(name)) for name in names}
    summed = "FAILURE" if "failing" in states else "PENDING" if "in progress" in states else "SUCCESS"
    nodes = [_check_run(run, required) for run in runs] + [_context(item, required) for item in statuses]
    return {"state": summed, "contexts": lambda _info, **_page: connection(nodes)}


def _is_required(name: str, required: set[str]) -> Callable[..., bool]:
    return lambda _info, **_of: name in required


def app_node(record: App) -> Node:
    """An `App`."""
    known = {"id": record.node_id, "databaseId": record.id, "name": record.name, "slug": record.slug}
    return {"__typename": "App", **known}


def _check_run(run: CheckRun, required: set[str]) -> Node:
    return {
        "__typename": "CheckRun",
        "id": node_id("CR", run.id),
        "databaseId": run.id % 2**31,
        "name": run.name,
        "status": run.status.upper(),
        "conclusion": run.conclusion.upper() if run.conclusion else None,
        "detailsUrl": run.details_url,
        "checkSuite": {"id": node_id("CS", run.suite.id), "app": app_node(run.suite.app)},
        "isRequired": _is_required(run.name, required),
    }


def _context(record: Status, required: set[str]) -> Node:
    return {
        "__typename": "StatusContext",
        "id": node_id("SC", record.id),
        "context": record.context,
        "state": record.state.upper(),
        "targetUrl": record.target_url,
        "description": record.description,
        "creator": account(record.creator.user),
        "isRequired": _is_required(record.context, required),
    }
