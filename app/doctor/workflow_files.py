"""Workflow files as far as they decide which checks start: triggers, filters, jobs, and the actions they use.

The files are somebody else's, so only plain values are looked at and nothing in them is expanded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

MAX_BYTES = 512 * 1024
_OURS = re.compile(r"[\w.-]+/autofix(?:/[\w./-]+)?@(?P<ref>\S+)")
# Our reusable workflow, and the name of its one job: GitHub shows it behind the name of the job that calls it.
_CALLED = re.compile(r"[\w.-]+/autofix/\.github/workflows/verify\.yml@\S+")
_CALLED_JOB = "verify"
_PINNED = re.compile(r"[0-9a-f]{40}")
_EXPRESSION = re.compile(r"\$\{\{.*?\}\}")
_PULL_TYPES = {"opened", "synchronize"}
FIX_BRANCH = "autofix/0"  # stands for the branches that fixes are pushed to
# Each wildcard multiplies the time that a match may take.
MOST_WILDCARDS = 4
_WILD = re.compile(r"(\*\*|\*|\?)")
_NOTHING = re.compile(r"(?!)")


@dataclass(frozen=True, slots=True)
class Job:
    """One job. `check` matches the names under which it reports, `ours` are its uses of our action (`...@ref`).

    `calls` is true of a job that only calls a reusable workflow: no check has its own name.
    """

    name: str
    check: re.Pattern[str]
    calls: bool
    ours: tuple[str, ...]
    skippable: bool
    forgiving: bool

    @property
    def reports(self) -> str:
        """The name of the check in which our action runs, as the branch's rules and the policy must spell it."""
        return f"{self.name} / {_CALLED_JOB}" if self.calls else self.name

    @property
    def pinned(self) -> bool:
        """True if every use of our action names a full commit SHA."""
        refs = [_OURS.fullmatch(use) for use in self.ours]
        return all(ref is not None and _PINNED.fullmatch(ref["ref"]) for ref in refs)


@dataclass(frozen=True, slots=True)
class WorkflowFile:
    """One workflow; `fault` says why it cannot be read, and then it has neither triggers nor jobs."""

    path: str
    triggers: Mapping[str, Mapping[str, Any]]
    jobs: tuple[Job, ...]
    fault: str | None = None

    def obstacle(self, base: str) -> str | None:
        """What keeps it from starting on every fix pull request into `base`; None if nothing does."""
        reasons = [_pull_obstacle(self.triggers, base), _push_obstacle(self.triggers)]
        return None if None in reasons else reasons[0]

    @property
    def queues(self) -> bool:
        """True if it also starts for a merge queue."""
        return "merge_group" in self.triggers


def read_workflow(path: str, text: bytes) -> WorkflowFile:
    """The workflow that `text` spells; an unreadable one has a `fault`."""
    if len(text) > MAX_BYTES:
        return WorkflowFile(path, {}, (), f"larger than {MAX_BYTES // 1024} kB")
    try:
        content = yaml.safe_load(text.decode("utf-8"))
    except (ValueError, RecursionError, yaml.YAMLError) as fault:
        return WorkflowFile(path, {}, (), f"not YAML ({type(fault).__name__})")
    jobs = content.get("jobs") if isinstance(content, dict) else None
    if not isinstance(content, dict) or not isinstance(jobs, dict):
        return WorkflowFile(path, {}, (), "no workflow: it has no `jobs`")
    # YAML 1.1 reads the bare word `on` as true.
    triggers = _triggers(content.get("on", content.get(True)))
    read = [_job(_text(key), job) for key, job in jobs.items() if isinstance(job, dict)]
    return WorkflowFile(path, triggers, tuple(read))


def reporting(workflows: Sequence[WorkflowFile], check: str) -> list[tuple[WorkflowFile, Job]]:
    """The jobs that report under the name `check`."""
    return [(file, job) for file in workflows for job in file.jobs if job.check.fullmatch(check)]


def _triggers(on: Any) -> dict[str, Mapping[str, Any]]:
    if isinstance(on, str):
        return {on: {}}
    if isinstance(on, list):
        return {_text(event): {} for event in on}
    if isinstance(on, dict):
        return {_text(event): given if isinstance(given, dict) else {} for event, given in on.items()}
    return {}


def _job(key: str, job: Mapping[str, Any]) -> Job:
    name = _text(job.get("name")) or key
    steps = job.get("steps") if isinstance(job.get("steps"), list) else []
    verifies = _CALLED.fullmatch(_text(job.get("uses"))) is not None
    ours: list[Mapping[str, Any]] = [job] if verifies else []
    ours += [step for step in steps or [] if isinstance(step, dict) and _is_ours(step)]
    calls = "uses" in job
    called = re.escape(_CALLED_JOB) if verifies else ".+" if calls else ""
    return Job(
        name=name,
        check=_check_names(name, matrix=isinstance(job.get("strategy"), dict), called=called),
        calls=calls,
        ours=tuple(_text(step.get("uses")) for step in ours),
        skippable="if" in job or any("if" in step for step in ours),
        forgiving=any(step.get("continue-on-error", False) is not False for step in [job, *ours]),
    )


def _check_names(name: str, *, matrix: bool, called: str) -> re.Pattern[str]:
    """The names under which a job called `name` reports; none if that takes too long to tell."""
    parts = [re.escape(part) for part in _EXPRESSION.split(name)]
    if len(parts) > MOST_WILDCARDS:
        return _NOTHING
    pattern = ".+".join(parts)
    if matrix:
        pattern += r"(?: \(.+\))?"
    if called:  # the jobs of a reusable workflow report behind the caller's name
        pattern += f" / {called}"
    return re.compile(pattern)


def _is_ours(step: Mapping[str, Any]) -> bool:
    return _OURS.fullmatch(_text(step.get("uses"))) is not None


def _pull_obstacle(triggers: Mapping[str, Mapping[str, Any]], base: str) -> str | None:
    filters = triggers.get("pull_request")
    if filters is None:
        return "it does not run on `pull_request`"
    types = set(_texts(filters.get("types"))) or _PULL_TYPES
    if not types >= _PULL_TYPES:
        return "`types:` leaves out opened or synchronize"
    return _paths_obstacle(filters) or _branch_obstacle(filters, base)


def _push_obstacle(triggers: Mapping[str, Mapping[str, Any]]) -> str | None:
    filters = triggers.get("push")
    if filters is None:
        return "it does not run on `push`"
    only_tags = ("tags" in filters or "tags-ignore" in filters) and not {"branches", "branches-ignore"} & set(
        filters
    )
    if only_tags:
        return "`tags:` leaves branches out"
    return _paths_obstacle(filters) or _branch_obstacle(filters, FIX_BRANCH)


def _paths_obstacle(filters: Mapping[str, Any]) -> str | None:
    given = [name for name in ("paths", "paths-ignore") if name in filters]
    return f"`{given[0]}:` keeps it from starting on some pull requests" if given else None


def _branch_obstacle(filters: Mapping[str, Any], branch: str) -> str | None:
    given = [pattern for key in ("branches", "branches-ignore") for pattern in _texts(filters.get(key))]
    if any(len(_WILD.findall(pattern)) > MOST_WILDCARDS for pattern in given):
        return "its filter on branches has too many wildcards to be followed"
    if "branches" in filters and not _matches(_texts(filters["branches"]), branch):
        return f"`branches:` leaves out `{branch}`"
    if _matches(_texts(filters.get("branches-ignore")), branch):
        return f"`branches-ignore:` leaves out `{branch}`"
    return None


def _matches(patterns: Iterator[str], branch: str) -> bool:
    """Whether the last pattern that fits `branch` lets it in; `!` before a pattern keeps it out."""
    within = False
    for pattern in patterns:
        pieces = _WILD.split(pattern.removeprefix("!"))
        wild = {"**": ".*", "*": "[^/]*", "?": "[^/]"}
        if re.fullmatch("".join(wild.get(piece, re.escape(piece)) for piece in pieces), branch):
            within = not pattern.startswith("!")
    return within


def _texts(value: Any) -> Iterator[str]:
    yield from map(_text, value if isinstance(value, list) else [] if value is None else [value])


def _text(value: Any) -> str:
    """A plain value as text; nothing of what is nested, which may be endless."""
    return str(value) if isinstance(value, str | int | float) else ""
