"""The `autofix` command line."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from app import __version__
from app.settings import MissingSettings, read_settings

FAILED = 1
BAD_INPUT = 2


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

    serve = commands.add_parser("serve", help="run the server; settings come from AUTOFIX_* variables")
    serve.set_defaults(run=_serve)

    demo = commands.add_parser("demo", help="watch a live service being repaired, on this machine only")
    demo.add_argument(
        "--scenario", default="fixed", metavar="NAME", help="what happens (default: fixed); `list` lists"
    )
    demo.add_argument("--json", type=Path, metavar="FILE", help="also write the result to FILE")
    demo.add_argument(
        "--keep", action="store_true", help="leave everything running until Ctrl-C, to look around"
    )
    demo.add_argument(
        "--shop", type=Path, metavar="DIR", help="use DIR as the sample repository instead of ours"
    )
    demo.add_argument("--seed", type=int, metavar="N", help="repeat the random choices of an earlier run")
    demo.set_defaults(run=_demo)
    return parser


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


def _demo(options: argparse.Namespace) -> int:
    try:
        from app.demo.run import demo
    except ModuleNotFoundError as fault:
        print(f'the demo needs {fault.name}: pip install "autofix-app[demo]"', file=sys.stderr)
        return BAD_INPUT
    return demo(
        options.scenario, json_file=options.json, keep=options.keep, shop=options.shop, seed=options.seed
    )
