"""`autofix setup`: the first run."""

from __future__ import annotations

import argparse
from pathlib import Path

from app.cli.terms import Commands


def add(commands: Commands) -> None:
    """The command is known."""
    setup = commands.add_parser(
        "setup", help="register the GitHub App in the browser, and keep its credentials"
    )
    setup.add_argument(
        "--organization", metavar="ORG", help="the organization that owns the App (default: you)"
    )
    setup.add_argument("--url", metavar="URL", help="public address of this server, which GitHub can reach")
    setup.add_argument("--name", metavar="NAME", help="name of the App, unique on GitHub")
    setup.add_argument("--data-dir", type=Path, metavar="DIR", help="where the credentials are kept")
    setup.add_argument(
        "--port", type=int, default=0, metavar="N", help="port of the page (default: a free one)"
    )
    setup.add_argument(
        "--github-url",
        default="https://github.com",
        metavar="URL",
        help="GitHub Enterprise Server: https://HOST",
    )
    setup.add_argument("--force", action="store_true", help="replace credentials that are there")
    setup.set_defaults(run=_setup)


def _setup(options: argparse.Namespace) -> int:
    from app.setup.setup_command import setup

    return setup(
        organization=options.organization,
        public_url=options.url,
        github_url=options.github_url,
        name=options.name,
        data_dir=options.data_dir,
        port=options.port,
        force=options.force,
    )
