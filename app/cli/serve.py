"""`autofix serve`: the server."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from pathlib import Path

from app.cli.terms import BAD_INPUT, FAILED, Commands
from app.settings import MissingSettings, environment_of, read_settings


def add(commands: Commands) -> None:
    """The command is known."""
    serve = commands.add_parser("serve", help="run the server; settings come from AUTOFIX_* variables")
    serve.add_argument(
        "--env-file",
        type=Path,
        metavar="FILE",
        help="more AUTOFIX_* variables (default: what `autofix setup` left in the data folder)",
    )
    serve.set_defaults(run=_serve)


def _serve(options: argparse.Namespace) -> int:
    from app.core.errors import AutofixError
    from app.logs import configure_logs
    from app.web.process import run

    try:
        settings = read_settings(environment_of(os.environ, options.env_file))
    except MissingSettings as fault:
        print(f"autofix cannot start:\n{fault}", file=sys.stderr)
        return BAD_INPUT
    configure_logs(settings.log_format)
    try:
        asyncio.run(run(settings))
    except (AutofixError, OSError) as fault:
        print(f"autofix has ended: {fault}", file=sys.stderr)
        return FAILED
    return 0
