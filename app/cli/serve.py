"""`autofix serve`: the server."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys

from app.cli.terms import BAD_INPUT, FAILED, Commands
from app.settings import MissingSettings, read_settings


def add(commands: Commands) -> None:
    """The command is known."""
    serve = commands.add_parser("serve", help="run the server; settings come from AUTOFIX_* variables")
    serve.set_defaults(run=_serve)


def _serve(_options: argparse.Namespace) -> int:
    from app.core.errors import AutofixError
    from app.logs import configure_logs
    from app.web.process import run

    try:
        settings = read_settings(os.environ)
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
