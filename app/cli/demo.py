"""`autofix demo`: the whole loop on this machine."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from app.cli.terms import BAD_INPUT, Commands


def add(commands: Commands) -> None:
    """The command is known."""
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


def _demo(options: argparse.Namespace) -> int:
    try:
        from app.demo.run import demo
    except ModuleNotFoundError as fault:
        print(f'the demo needs {fault.name}: pip install "autofix-app[demo]"', file=sys.stderr)
        return BAD_INPUT
    return demo(
        options.scenario, json_file=options.json, keep=options.keep, shop=options.shop, seed=options.seed
    )
