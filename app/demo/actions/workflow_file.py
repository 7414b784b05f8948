"""Workflow files: what they run on, their jobs, their token, and what cannot be run on this machine."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

FOLDER = ".github/workflows"
_DEFAULT_TYPES = ("opened", "synchronize", "reopened")
_DEFAULT_PERMISSIONS = {"contents": "read"}
_SCOPES = ("actions", "checks", "contents", "deployments", "issues", "pull-requests", "statuses")
# act itself stands in for this one.
CHECKOUT = "actions/checkout"
# The one expression that a concurrency group may hold.
OF_THE_REF = "${{ github.ref }}"


class WorkflowInvalid(ValueError):
    """The file is no workflow, or needs something that is not offered here; the message says what."""


@dataclass(frozen=True)
class Happening:
    """What a workflow may run on: a push to `branch` (None for a tag), or a pull request whose base it is."""

    event: str
    action: str | None
    branch: str | None


@dataclass(frozen=True)
class WorkflowFile:
    """One workflow. `jobs` maps ids to names; `actions` are the `owner/name@ref` of the actions it uses."""

    path: str
    name: str
    triggers: Mapping[str, Mapping[str, Any]]
    jobs: Mapping[str, str]
    step_names: Mapping[str, Collection[str]]
    permissions: Mapping[str, str]
    group: str | None
    actions: Collection[str]

    def runs_on(self, happening: Happening) -> bool:
        """Whether the happening starts this workflow."""
        filters = self.triggers.get(happening.event)
        if filters is None:
            return False
        if happening.event == "pull_request" and happening.action not in filters.get("types", _DEFAULT_TYPES):
            return False
        if happening.branch is None:  # a tag: only workflows without a filter on branches run
            return not {"branches", "branches-ignore"} & set(filters)
        if "branches" in filters and not _matches(filters["branches"], happening.branch):
            return False
        return not _matches(filters.get("branches-ignore", ()), happening.branch)


def parse(path: str, text: str, offered: Collection[str]) -> WorkflowFile:
    """The workflow of a file; `offered` names the action repositories that are at hand."""
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise WorkflowInvalid(f"{path} is not YAML: {error}") from error
    jobs = content.get("jobs") if isinstance(content, dict) else None
    if not isinstance(jobs, dict) or not jobs or not all(isinstance(job, dict) for job in jobs.values()):
        raise WorkflowInvalid(f"{path} has no jobs")
    try:
        return _read(path, content, jobs, offered)
    except (TypeError, AttributeError) as error:
        raise WorkflowInvalid(
            f"{path} has something else where a list or a mapping belongs: {error}"
        ) from error


def _read(
    path: str, content: Mapping[Any, Any], jobs: Mapping[str, Any], offered: Collection[str]
) -> WorkflowFile:
    # YAML 1.1 reads the bare word `on` as true.
    triggers = _triggers(path, content.get("on", content.get(True)))
    uses = [use for job_id, job in jobs.items() for use in _check_job(path, job_id, job)]
    foreign = sorted(use for use in uses if use.split("@")[0] not in {CHECKOUT, *offered})
    if foreign:
        raise WorkflowInvalid(f"{path} uses {foreign[0]}, which is not at hand: nothing is downloaded here")
    return WorkflowFile(
        path=path,
        name=str(content.get("name") or path),
        triggers=triggers,
        jobs={job_id: str(job.get("name") or job_id) for job_id, job in jobs.items()},
        step_names={
            job_id: frozenset(str(step["name"]) for step in job.get("steps", ()) if "name" in step)
            for job_id, job in jobs.items()
        },
        permissions=_permissions([content, *jobs.values()]),
        group=_group(path, content.get("concurrency")),
        actions=frozenset(use for use in uses if not use.startswith(CHECKOUT)),
    )


def _triggers(path: str, on: Any) -> dict[str, dict[str, Any]]:
    if isinstance(on, str):
        on = [on]
    if isinstance(on, list):
        on = dict.fromkeys(on)
    if not isinstance(on, dict):
        raise WorkflowInvalid(f"{path} does not say what it runs on")
    triggers = {}
    for event, filters in on.items():
        known = dict(filters) if isinstance(filters, dict) else {}
        for kind in ("branches", "branches-ignore", "types"):
            if isinstance(known.get(kind), str):
                known[kind] = [known[kind]]
        unknown = sorted(set(known) - {"branches", "branches-ignore", "types"})
        if event in {"push", "pull_request"} and unknown:
            raise WorkflowInvalid(f"{path} filters {event} by {unknown[0]}, which is not done here")
        for pattern in (*known.get("branches", ()), *known.get("branches-ignore", ())):
            _expression(pattern)  # refused now rather than when somebody pushes
        triggers[str(event)] = known
    return triggers


def _matches(patterns: Collection[str], branch: str) -> bool:
    return any(re.fullmatch(_expression(pattern), branch) for pattern in patterns)


def _expression(pattern: str) -> str:
    if pattern.startswith("!"):
        raise WorkflowInvalid(f"the branch pattern {pattern!r} excludes, which is not done here")
    parts = re.split(r"(\*\*|\*)", pattern)
    return "".join({"**": ".*", "*": "[^/]*"}.get(part, re.escape(part)) for part in parts)


def _check_job(path: str, job_id: str, job: Mapping[str, Any]) -> list[str]:
    """The remote actions of a job; refuses what only GitHub's own runners can do."""
    for key in ("container", "services", "uses", "strategy"):
        if key in job:
            raise WorkflowInvalid(f"{path}: job {job_id} has `{key}`, which cannot be run on this machine")
    if not str(job.get("runs-on", "")).startswith("ubuntu-"):
        raise WorkflowInvalid(
            f"{path}: job {job_id} runs on {job.get('runs-on')!r}, only ubuntu-* is offered"
        )
    remote = []
    for step in job.get("steps", ()):
        use = str(step.get("uses", ""))
        if use.startswith("docker://"):
            raise WorkflowInvalid(f"{path}: job {job_id} uses {use}, and there are no containers here")
        if use and not use.startswith("./"):
            owner_and_name, _, ref = use.partition("@")
            remote.append("/".join(owner_and_name.split("/")[:2]) + f"@{ref}")
    return remote


def _permissions(levels: Collection[Mapping[str, Any]]) -> dict[str, str]:
    """What the token may do: all that the workflow or any of its jobs asks for, in the API's spelling."""
    stated = [level["permissions"] for level in levels if "permissions" in level]
    if not stated:
        return dict(_DEFAULT_PERMISSIONS)
    granted: dict[str, str] = {}
    for asked in stated:
        if asked in ("read-all", "write-all"):
            asked = dict.fromkeys(_SCOPES, asked.partition("-")[0])  # noqa: PLW2901 - the long form of the same
        for scope, level in (asked or {}).items():
            name = str(scope).replace("-", "_")
            if level in {"read", "write"} and granted.get(name) != "write":
                granted[name] = level
    return granted


def _group(path: str, concurrency: Any) -> str | None:
    if concurrency is None:
        return None
    options = concurrency if isinstance(concurrency, dict) else {"group": concurrency}
    group = str(options.get("group", ""))
    if "${{" in group.replace(OF_THE_REF, "") or options.get("cancel-in-progress", False) is not False:
        raise WorkflowInvalid(
            f"{path}: in a concurrency group no cancellation, and no expression but {OF_THE_REF}, is done here"
        )
    return group
