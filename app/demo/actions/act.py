"""One run of one workflow file with `act`, as steps, logs and conclusions.

act runs the jobs for real, on this machine, in a copy of the checkout; everything it writes stays in `home`.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.demo.processes import Kept

_LINE_LIMIT = 2**22


class ActMissing(RuntimeError):
    """The program `act` is not installed."""


@dataclass(frozen=True)
class Invocation:
    """What act is to run: `secrets` and `variables` are what the workflow sees as such."""

    workflow: str
    event: str
    payload: Mapping[str, Any]
    checkout: Path
    home: Path
    actor: str
    secrets: Mapping[str, str]
    variables: Mapping[str, str]
    environment: Mapping[str, str]
    actions: Mapping[str, Path]


@dataclass(frozen=True)
class Line:
    """One thing that act reported about a job: a start, an end, a finished step, or a line of its log."""

    job: str
    text: str = ""
    step: str = ""
    started: bool = False
    step_started: bool = False
    step_conclusion: str | None = None
    conclusion: str | None = None
    summary: str | None = None


def program() -> Path:
    """The `act` beside this interpreter, or on the PATH."""
    found = shutil.which("act", path=search_path())
    if found is None:
        raise ActMissing("the program `act` is missing: install autofix-app[demo]")
    return Path(found)


def search_path() -> str:
    """This interpreter's folder first, so that `python` in a workflow is this very environment."""
    return os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])


async def start(invocation: Invocation, extra: Mapping[str, str]) -> Kept:
    """The run has begun, under the keeper; `extra` joins the environment of its steps."""
    arguments = await asyncio.to_thread(_prepare, invocation)
    environment = {
        "PATH": search_path(),
        "HOME": str(invocation.home),
        "XDG_CACHE_HOME": str(invocation.home / "cache"),
        "LANG": "C.UTF-8",
        # act gives the steps a terminal, GitHub's runners have none: no pager may wait, no colours.
        "TERM": "dumb",
        "PAGER": "cat",
        "GIT_PAGER": "cat",
        "PYTHONDONTWRITEBYTECODE": "1",
        **extra,
    }
    return await Kept.start(
        [program(), *arguments],
        folder=invocation.checkout,
        environment=environment,
        line_limit=_LINE_LIMIT,
    )


def _prepare(invocation: Invocation) -> Sequence[str]:
    home = invocation.home
    home.mkdir(parents=True)
    (home / "event.json").write_text(json.dumps(invocation.payload), encoding="utf-8")
    # Secrets go through a file, because other users of the machine can read command lines.
    secrets = home / "secrets"
    secrets.touch(mode=0o600)
    secrets.write_text("".join(f"{name}={value}\n" for name, value in invocation.secrets.items()))
    for name in ("env", "vars", "input"):
        (home / name).touch()
    return [
        invocation.event,
        *("--workflows", invocation.workflow),
        *("--eventpath", str(home / "event.json")),
        *("--actor", invocation.actor),
        *("--platform", "ubuntu-latest=-self-hosted"),
        *("--platform", "ubuntu-24.04=-self-hosted"),
        *("--platform", "ubuntu-22.04=-self-hosted"),
        *("--action-cache-path", str(home / "cache" / "act")),
        # The default files would be looked for in the checkout, which is not ours.
        *("--secret-file", str(secrets)),
        *("--env-file", str(home / "env")),
        *("--var-file", str(home / "vars")),
        *("--input-file", str(home / "input")),
        *("--concurrent-jobs", "1"),
        "--action-offline-mode",
        "--no-cache-server",
        "--json",
        *(f"--env={name}={value}" for name, value in invocation.environment.items()),
        *(f"--var={name}={value}" for name, value in invocation.variables.items()),
        *(f"--local-repository={name}={path}" for name, path in invocation.actions.items()),
    ]


async def lines(act: Kept) -> AsyncIterator[Line]:
    """What act reports, until it ends."""
    if act.process.stdout is None:
        return
    while True:
        try:
            raw = await act.process.stdout.readline()
        except ValueError:  # longer than any line should be
            continue
        if not raw:
            return
        line = parse(raw)
        if line is not None:
            yield line


def parse(raw: bytes) -> Line | None:
    """One line of `act --json`; None for what is about no job, or says nothing to people."""
    try:
        report = json.loads(raw)
    except ValueError:
        return None
    if not isinstance(report, dict) or not report.get("jobID"):
        return None
    return _of_job(report)


def _of_job(report: Mapping[str, Any]) -> Line | None:
    job, message = str(report["jobID"]), str(report.get("msg", ""))
    if "jobResult" in report:
        return Line(job, conclusion=str(report["jobResult"]))
    if "stepResult" in report or message.startswith("⭐ Run "):
        return _step(job, message, report)
    if report.get("raw_output"):
        return Line(job, text=message.rstrip("\r\n"))
    if "command" in report:
        return _command(job, report)
    return Line(job, text=f"##[error]{message.strip()}") if report.get("level") == "error" else None


def _is_of_the_job(report: Mapping[str, Any]) -> bool:
    """Whether a report is about a step of the job itself, not about one inside of an action."""
    return len(report.get("stepID") or report.get("stepid") or ()) == 1


def _step(job: str, message: str, report: Mapping[str, Any]) -> Line | None:
    """The start or the end of a step; what actions do before and after it is not shown."""
    if not _is_of_the_job(report) or report.get("stage", "Main") != "Main":
        return None
    step = str(report.get("step", ""))
    if "stepResult" in report:
        return Line(job, step=step, step_conclusion=str(report["stepResult"]))
    return Line(job, step=step, started=message == "⭐ Run Set up job", step_started=True)


def _command(job: str, report: Mapping[str, Any]) -> Line | None:
    """A workflow command, as GitHub's log shows it; setting outputs and masks shows nothing."""
    command, argument = report["command"], str(report.get("arg", ""))
    if command in {"error", "warning", "notice", "group", "endgroup"}:
        return Line(job, text=f"##[{command}]{argument}")
    if command == "summary" and _is_of_the_job(report):
        return Line(job, summary=str(report.get("content", "")))
    return None
