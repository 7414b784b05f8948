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

    _add_fix(commands)

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

    _add_bench(commands)
    return parser


def _add_fix(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
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


def _add_bench(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    bench = commands.add_parser("bench", help="measure the engine on crashes that really happened")
    benches = bench.add_subparsers(title="benchmarks", required=True, metavar="BENCHMARK")
    crashes = benches.add_parser("crashes", help="crashes of released packages, judged by what a fix does")
    crashes.add_argument("--cases", type=Path, metavar="FILE", help="the cases (default: the project's own)")
    crashes.add_argument(
        "--only", action="append", default=[], metavar="ID", help="this case; repeatable, or with commas"
    )
    crashes.add_argument("-j", type=int, default=1, dest="jobs", metavar="N", help="run N cases at a time")
    crashes.add_argument("--json", type=Path, metavar="FILE", help="also write the result to FILE")
    crashes.add_argument(
        "--picture", type=Path, metavar="FILE", help="also draw the result into FILE, as SVG"
    )
    crashes.add_argument(
        "--work", type=Path, metavar="DIR", help="keep installations in DIR, not in the user's cache"
    )
    crashes.add_argument(
        "--no-controls", action="store_true", help="judge by the reproducer alone: quicker, and less strict"
    )
    crashes.set_defaults(run=_bench_crashes)


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


def _demo(options: argparse.Namespace) -> int:
    try:
        from app.demo.run import demo
    except ModuleNotFoundError as fault:
        print(f'the demo needs {fault.name}: pip install "autofix-app[demo]"', file=sys.stderr)
        return BAD_INPUT
    return demo(
        options.scenario, json_file=options.json, keep=options.keep, shop=options.shop, seed=options.seed
    )


def _bench_crashes(options: argparse.Namespace) -> int:
    from app.bench.run import bench

    only = [name.strip() for given in options.only for name in given.split(",") if name.strip()]
    return bench(
        options.cases,
        only=only,
        jobs=options.jobs,
        work=options.work,
        json_file=options.json,
        picture_file=options.picture,
        controls=not options.no_controls,
    )
