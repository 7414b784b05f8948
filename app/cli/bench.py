"""`autofix bench`: what the engine and the judge are worth, measured."""

from __future__ import annotations

import argparse
from pathlib import Path

from app.cli.terms import Commands


def add(commands: Commands) -> None:
    """The command is known."""
    bench = commands.add_parser("bench", help="measure the engine and the judge")
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
    judge = benches.add_parser("judge", help="the judge of production, on simulated incidents")
    judge.add_argument(
        "--runs", type=int, default=500, metavar="N", help="incidents of each kind (default: 500)"
    )
    judge.add_argument("--json", type=Path, metavar="FILE", help="also write the result to FILE")
    judge.set_defaults(run=_bench_judge)


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


def _bench_judge(options: argparse.Namespace) -> int:
    from app.bench.judge.command import bench

    return bench(options.runs, options.json)
