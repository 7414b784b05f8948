"""The event that the workflow runs on, and the inputs: what is to be verified, and how."""

from __future__ import annotations

import json
import os
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.verify.gates.entry import Account
from refusal import Refused
from trial import Settings

BRANCH_PREFIX = "autofix/"
LONGEST_MINUTES = 60.0
LONGEST_JOBS_MINUTES = 300.0
# In these events a foreign pull request would run with the rights of the base repository.
DANGEROUS_EVENTS = ("pull_request_target", "workflow_run")


class NothingToVerify(Exception):
    """The event is not an Autofix pull request of this repository."""


@dataclass(frozen=True)
class PullEvent:
    """The pull request of the event, as GitHub describes it there."""

    number: int
    repository: str
    author: Account
    base_ref: str
    default_branch: str
    base: object
    head: object


@dataclass(frozen=True)
class Inputs:
    """The inputs of the action, and the token if there is one."""

    tests: Settings
    jobs_seconds: float
    coverage_file: str
    bot_login: str
    bot_id: int
    token: str


def read_event(inputs: Inputs) -> PullEvent:
    """The pull request of the event; refuses where the Action must not run."""
    name = os.environ.get("GITHUB_EVENT_NAME", "")
    if name in DANGEROUS_EVENTS:
        raise Refused("event", f"this Action does not run on {name}: use `on: pull_request`")
    if name == "merge_group":
        raise NothingToVerify("a merge queue's commit: each pull request in it was verified on its own head")
    if name != "pull_request":
        raise Refused("event", f"this Action runs on pull_request, not on {name!r}")
    try:
        event = json.loads(Path(os.environ["GITHUB_EVENT_PATH"]).read_text(encoding="utf-8"))
        pull: dict[str, Any] = event["pull_request"]
        own, other = pull["base"]["repo"], pull["head"]["repo"]
        if not isinstance(own["id"], int) or own["id"] != (other or {}).get("id"):
            raise NothingToVerify(
                "a pull request from a fork is never an Autofix pull request: nothing was run"
            )
        who = pull["user"]
        author = Account(int(who["id"]), str(who["login"]), str(who["type"]))
        if not str(pull["head"]["ref"]).startswith(BRANCH_PREFIX) and not _is_bot(author, inputs):
            raise NothingToVerify("not an Autofix pull request: nothing to verify")
        return PullEvent(
            number=int(pull["number"]),
            repository=str(own["full_name"]),
            author=author,
            base_ref=str(pull["base"]["ref"]),
            default_branch=str(own["default_branch"]),
            base=pull["base"].get("sha"),
            head=pull["head"].get("sha"),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Refused("event", f"the event cannot be read: {error!r}") from error


def _is_bot(author: Account, inputs: Inputs) -> bool:
    """True if it might be our bot: by either name, so that nothing of its own slips by."""
    return author.login == inputs.bot_login or (inputs.bot_id != 0 and author.id == inputs.bot_id)


def read_inputs() -> Inputs:
    """The inputs, each as what it is meant to be."""
    try:
        python = shlex.split(_input("PYTHON") or "python")
        arguments = shlex.split(_input("PYTEST_ARGS"))
        minutes = float(_input("TIMEOUT_MINUTES") or "5")
        jobs_minutes = float(_input("JOBS_TIMEOUT_MINUTES") or "30")
        bot_id = int(_input("BOT_ID") or "0")
    except ValueError as error:
        raise Refused("setup", f"an input cannot be read: {error}") from error
    if not python or not 0 < minutes <= LONGEST_MINUTES:
        raise Refused(
            "setup", f"`timeout-minutes` is a number up to {LONGEST_MINUTES:.0f}, `python` a command"
        )
    if not 0 < jobs_minutes <= LONGEST_JOBS_MINUTES:
        raise Refused("setup", f"`jobs-timeout-minutes` is a number up to {LONGEST_JOBS_MINUTES:.0f}")
    return Inputs(
        tests=Settings(python, arguments, 60 * minutes),
        jobs_seconds=60 * jobs_minutes,
        coverage_file=_input("COVERAGE_FILE"),
        bot_login=_input("BOT_LOGIN") or "autofix[bot]",
        bot_id=bot_id,
        token=_input("TOKEN"),
    )


def _input(name: str) -> str:
    return os.environ.get(f"AUTOFIX_{name}", "").strip()
