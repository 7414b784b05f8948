"""`autofix init OWNER/REPO`: the pull request that brings a repository under Autofix."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from app.core.errors import ClientError, PolicyError
from app.core.markdown import visible
from app.doctor.access import Access
from app.doctor.command import BAD_INPUT, is_repository
from app.settings import MissingSettings, environment_of
from app.setup.files import Reporters, files
from app.setup.pull_request import Complete, Declined, Opened, Plan, Proposal, Proposed

FAILED = 1


def init(
    name: str,
    *,
    reporters: Reporters | None = None,
    dry_run: bool = False,
    api_url: str | None = None,
    env_file: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> int:
    """The exit status: 0 if the files are there or proposed, 1 if they cannot be, 2 for bad input."""
    if not is_repository(name):
        return _say(f"{name!r} is not OWNER/REPO", BAD_INPUT)
    try:
        given = environment_of(os.environ if environment is None else environment, env_file)
        access = Access.of_person(given, api_url)
        wanted = files(reporters or Reporters(), name)
    except (MissingSettings, PolicyError) as fault:
        return _say(str(fault), BAD_INPUT)
    if access.token is None:
        return _say("set GITHUB_TOKEN: the App itself may not write workflows, on purpose", BAD_INPUT)
    proposal = Proposal(access.token, access.api_url, name)
    try:
        plan = proposal.plan(wanted)
        if dry_run:
            _show(plan)
            return 0
        return _tell(name, plan, proposal.open(plan))
    except ClientError as fault:
        return _say(str(fault), FAILED)


def _show(plan: Plan) -> None:
    """Prints what would be proposed."""
    _keep(plan)
    for path, text in plan.missing.items():
        print(f"# {path} would be added to `{plan.branch}`:\n\n{text}")


def _tell(name: str, plan: Plan, proposed: Proposed) -> int:
    _keep(plan)
    match proposed:
        case Complete():
            print(f"Nothing to do. See what is left: autofix doctor {name}")
        case Declined(why):
            return _say(f"Nothing was changed: {why}", FAILED)
        case Opened(url, paths, new):
            for path in paths:
                print(f"{path}: {'proposed' if new else 'proposed by an earlier run'}")
            print(f"Read and merge it: {visible(url)}")
    return 0


def _keep(plan: Plan) -> None:
    for path in plan.present:
        print(f"{path}: is there already and stays as it is")


def _say(text: str, status: int) -> int:
    print(visible(text), file=sys.stderr)
    return status
