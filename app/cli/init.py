"""`autofix init`: the policy and the workflow, as a pull request."""

from __future__ import annotations

import argparse
from pathlib import Path

from app.cli.terms import Commands


def add(commands: Commands) -> None:
    """The command is known."""
    init = commands.add_parser(
        "init", help="propose the policy and the workflow to a repository, as a pull request"
    )
    init.add_argument("repository", metavar="OWNER/REPO", help="the repository to bring under Autofix")
    init.add_argument("--sentry-organization", metavar="SLUG", help="the Sentry organization")
    init.add_argument(
        "--sentry-project",
        action="append",
        default=[],
        metavar="SLUG",
        help="a Sentry project of this code; repeatable",
    )
    init.add_argument(
        "--datadog-service",
        action="append",
        default=[],
        metavar="NAME",
        help="a Datadog service of this code; repeatable",
    )
    init.add_argument(
        "--bugsink-project",
        action="append",
        default=[],
        metavar="NUMBER",
        help="a Bugsink project of this code; repeatable",
    )
    init.add_argument(
        "--people-only", action="store_true", help="no tracker reports: people do, by label, command or file"
    )
    init.add_argument("--dry-run", action="store_true", help="print the files, and change nothing")
    init.add_argument(
        "--api-url", metavar="URL", help="base of GitHub's REST API; Enterprise Server: https://HOST/api/v3"
    )
    init.add_argument("--env-file", type=Path, metavar="FILE", help="AUTOFIX_* variables")
    init.set_defaults(run=_init)


def _init(options: argparse.Namespace) -> int:
    from app.setup.files import Reporters
    from app.setup.init_command import init

    reporters = Reporters(
        options.sentry_organization,
        tuple(options.sentry_project),
        tuple(options.datadog_service),
        tuple(options.bugsink_project),
        options.people_only,
    )
    return init(
        options.repository,
        reporters=reporters,
        dry_run=options.dry_run,
        api_url=options.api_url,
        env_file=options.env_file,
    )
