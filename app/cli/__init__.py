"""The `autofix` command line: one module a command."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from app import __version__
from app.cli import bench, demo, doctor, fix, ingest, init, notify, policy, serve, setup, trust


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command that `arguments` (default: the process's) name, and exit with its status."""
    options = _parser().parse_args(arguments)
    try:
        status: int = options.run(options)
    except KeyboardInterrupt:
        status = 130
    sys.exit(status)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="autofix", description="Production anomalies that repair themselves."
    )
    parser.add_argument("--version", action="version", version=f"autofix {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    for command in (setup, init, doctor, serve, fix, ingest, demo, policy, notify, trust, bench):
        command.add(commands)
    return parser
