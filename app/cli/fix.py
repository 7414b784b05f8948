"""`autofix fix`: one event or traceback, repaired on this machine."""

from __future__ import annotations

import argparse
from pathlib import Path

from app.cli.terms import Commands


def add(commands: Commands) -> None:
    """The command is known."""
    fix = commands.add_parser(
        "fix", help="repair what a Sentry event or a traceback reports, on this machine"
    )
    fix.add_argument(
        "event", metavar="EVENT", help="a file with the event's JSON or a traceback; - reads stdin"
    )
    fix.add_argument(
        "--repo", type=Path, required=True, metavar="DIR", help="the checkout of the failing code"
    )
    fix.add_argument("--apply", action="store_true", help="write the fix and its test into DIR")
    fix.add_argument("--json", type=Path, metavar="FILE", help="also write the result to FILE")
    fix.add_argument(
        "--python-path",
        type=Path,
        action="append",
        default=[],
        metavar="PATH",
        help="import the code's dependencies from here, not from this Python's packages; repeatable",
    )
    fix.add_argument(
        "--no-run", action="store_true", help="run nothing of the repository: find the fix by reading only"
    )
    fix.set_defaults(run=_fix)


def _fix(options: argparse.Namespace) -> int:
    from app.repair.command import fix

    return fix(
        options.event,
        options.repo,
        apply_it=options.apply,
        json_file=options.json,
        python_path=options.python_path,
        run=not options.no_run,
    )
