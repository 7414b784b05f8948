"""`autofix doctor OWNER/REPO`: looks, tells, and ends with 0 only if nothing blocks."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console

from app.core.errors import ClientError
from app.core.markdown import visible
from app.doctor.access import DAYS, Access
from app.doctor.examine import examine
from app.doctor.show import as_json, show
from app.settings import MissingSettings, environment_of

BLOCKED, BAD_INPUT = 1, 2
REPOSITORY = re.compile(r"[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}")


def doctor(
    name: str,
    *,
    api_url: str | None = None,
    env_file: Path | None = None,
    days: int = DAYS,
    json_file: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> int:
    """The exit status: 0 if nothing blocks, 1 if something does or could not be read, 2 for bad input."""
    if not is_repository(name):
        return _refuse(f"{name!r} is not OWNER/REPO")
    try:
        given = environment_of(os.environ if environment is None else environment, env_file)
        access = Access.of_person(given, api_url, days)
    except MissingSettings as fault:
        return _refuse(str(fault))
    try:
        diagnosis = examine(access, name)
    except ClientError as fault:
        print(visible(str(fault)), file=sys.stderr)
        return BLOCKED
    show(diagnosis, Console(highlight=False, markup=False, emoji=False))
    if json_file is not None:
        try:
            json_file.write_text(json.dumps(as_json(diagnosis), indent=2) + "\n", encoding="utf-8")
        except OSError as fault:
            return _refuse(f"cannot write {json_file}: {fault.strerror}")
    return BLOCKED if diagnosis.blockers else 0


def is_repository(name: str) -> bool:
    """True if `name` can be the name of a repository and nothing else."""
    return REPOSITORY.fullmatch(name) is not None and not {".", ".."} & set(name.split("/"))


def _refuse(text: str) -> int:
    print(visible(text), file=sys.stderr)
    return BAD_INPUT
