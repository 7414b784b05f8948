"""`autofix notify`: messages to chats, mails and pagers, tried out and looked at."""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import closing
from pathlib import Path

from app.cli.terms import BAD_INPUT, FAILED, Commands
from app.settings import PREFIX, MissingSettings, environment_of, targets_of


def add(commands: Commands) -> None:
    """The command is known."""
    notify = commands.add_parser("notify", help="try out where messages go, or show what was sent")
    orders = notify.add_subparsers(title="notify", required=True, metavar="COMMAND")
    test = orders.add_parser("test", help="send one test message to TARGET, and say what became of it")
    test.add_argument("target", metavar="TARGET", help=f"a name in {PREFIX}NOTIFY_TARGETS")
    test.add_argument(
        "--env-file",
        type=Path,
        metavar="FILE",
        help="more AUTOFIX_* variables (default: what `autofix setup` left in the data folder)",
    )
    test.set_defaults(run=_test)
    recent = orders.add_parser("recent", help="the newest messages, and what became of them")
    recent.set_defaults(run=_recent)


def _test(options: argparse.Namespace) -> int:
    import asyncio

    from app.clients.notify import BadTarget, Notifier, Sent
    from app.core.calling import Severity

    name: str = options.target
    try:
        text = environment_of(os.environ, options.env_file).get(f"{PREFIX}NOTIFY_TARGETS", "")
        targets = targets_of(text)
        if name not in targets:
            known = ", ".join(sorted(targets)) or "none"
            print(
                f"there is no target {name!r} in {PREFIX}NOTIFY_TARGETS; there are: {known}", file=sys.stderr
            )
            return BAD_INPUT
        notifier = Notifier({name: targets[name]})
    except (MissingSettings, BadTarget, ValueError) as fault:
        print(f"{PREFIX}NOTIFY_TARGETS: {fault}", file=sys.stderr)
        return BAD_INPUT
    said = "This is a test by autofix notify test. Nothing has happened."
    receipt = asyncio.run(notifier.send(name, "Autofix: a test message", said, Severity.INFO))
    note = f": {receipt.note}" if receipt.note else ""
    print(f"{name}: {receipt.sent}{note}", file=sys.stdout if receipt.sent is Sent.DELIVERED else sys.stderr)
    return 0 if receipt.sent is Sent.DELIVERED else FAILED


def _recent(_options: argparse.Namespace) -> int:
    from datetime import UTC, datetime

    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from app.cli.trust import open_store

    try:
        opened = open_store()
    except OSError as fault:
        print(str(fault), file=sys.stderr)
        return BAD_INPUT
    with closing(opened) as store:
        rows = store.outbox.recent()
    if not rows:
        print("No message yet.")
        return 0
    table = Table("created (UTC)", "target", "severity", "message", "state", "tries", "note")
    for row in rows:
        at = datetime.fromtimestamp(row.created_at, UTC).strftime("%Y-%m-%d %H:%M:%S")
        cells = (at, row.target, row.severity, row.title, row.state, str(row.attempts), row.note)
        table.add_row(*map(escape, cells))
    Console().print(table)
    return 0
