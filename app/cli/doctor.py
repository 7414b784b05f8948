"""`autofix doctor`: what blocks autonomy in a repository."""

from __future__ import annotations

import argparse
from pathlib import Path

from app.cli.terms import Commands


def add(commands: Commands) -> None:
    """The command is known."""
    doctor = commands.add_parser(
        "doctor", help="say what blocks autonomy in a repository, and which setting to change"
    )
    doctor.add_argument("repository", metavar="OWNER/REPO", help="the repository to look at")
    doctor.add_argument(
        "--api-url", metavar="URL", help="base of GitHub's REST API; Enterprise Server: https://HOST/api/v3"
    )
    doctor.add_argument(
        "--env-file", type=Path, metavar="FILE", help="AUTOFIX_* variables, as `autofix setup` writes them"
    )
    doctor.add_argument(
        "--days", type=int, default=30, metavar="N", help="look at the deployments of the last N days (30)"
    )
    doctor.add_argument("--json", type=Path, metavar="FILE", help="also write the result to FILE")
    doctor.set_defaults(run=_doctor)


def _doctor(options: argparse.Namespace) -> int:
    from app.doctor.command import doctor

    return doctor(
        options.repository,
        api_url=options.api_url,
        env_file=options.env_file,
        days=options.days,
        json_file=options.json,
    )
