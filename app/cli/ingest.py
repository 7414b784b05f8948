"""`autofix ingest`: one event or traceback from a file becomes an incident of the running server."""

from __future__ import annotations

import argparse
import sys
from contextlib import closing

from app.cli.terms import BAD_INPUT, Commands


def add(commands: Commands) -> None:
    """The command is known."""
    ingest = commands.add_parser(
        "ingest", help="give a Sentry event or a traceback to the server, which opens the incident"
    )
    ingest.add_argument(
        "event", metavar="FILE", help="a file with the event's JSON or a traceback; - reads stdin"
    )
    ingest.add_argument(
        "--repo", required=True, metavar="OWNER/REPO", help="the repository of the failing code"
    )
    ingest.add_argument(
        "--issue",
        type=int,
        metavar="N",
        help="the open issue that reports it (default: the server opens one)",
    )
    ingest.set_defaults(run=_ingest)


def _ingest(options: argparse.Namespace) -> int:
    from app.cli.trust import open_store
    from app.core.errors import BadInput, StoreUnavailable
    from app.core.event_text import read_event
    from app.detect import ingested
    from app.repair.event_file import read_input
    from app.store import Received

    if not ingested.is_repository(options.repo) or (options.issue is not None and options.issue < 1):
        print("--repo is OWNER/REPO, and --issue the number of an issue, from 1.", file=sys.stderr)
        return BAD_INPUT
    try:
        text = read_input(options.event)
        finding, word = read_event(text).finding, ingested.word_of(text)
        opened = open_store()
    except (BadInput, OSError) as fault:
        print(str(fault), file=sys.stderr)
        return BAD_INPUT
    body = ingested.delivery(options.repo, options.issue, text)
    with closing(opened) as store:
        try:
            received = store.receive(f"ingest-{word}", ingested.EVENT, body)
        except StoreUnavailable as fault:
            print(f"the store took nothing ({fault}); try again", file=sys.stderr)
            return BAD_INPUT
    if received is Received.STORED:
        print(
            f"Ingested: {finding.title}\nThe server reports it in {options.repo} and starts within seconds."
        )
        return 0
    print(
        f"This was ingested before: {finding.title}\n`/autofix retry` on its issue starts another incident."
    )
    return 0
