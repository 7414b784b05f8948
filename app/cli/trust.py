"""`autofix trust`, `autofix pause`, `autofix resume`: what was earned, and the brake, from the operator's shell."""

from __future__ import annotations

import argparse
import json
import os
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from app.cli.terms import BAD_INPUT, FAILED, Commands

if TYPE_CHECKING:
    from app.store import Store


def add(commands: Commands) -> None:
    """The commands are known."""
    trust = commands.add_parser("trust", help="what each category has earned in a repository, and why")
    trust.add_argument("repository", metavar="OWNER/REPO", help="a repository that had an incident")
    trust.add_argument(
        "--policy", type=Path, metavar="FILE", help="its policy file (default: what any policy grants)"
    )
    trust.add_argument("--json", type=Path, metavar="FILE", help="also write every fix and level to FILE")
    trust.set_defaults(run=_trust)
    for name, help_text in (
        ("pause", "stop all automation within a minute, in every repository or in one"),
        ("resume", "let the automation go on"),
    ):
        command = commands.add_parser(name, help=help_text)
        command.add_argument("repository", nargs="?", metavar="OWNER/REPO", help="only this repository")
        command.set_defaults(run=_pause if name == "pause" else _resume)


def open_store() -> Store:
    """The store that the server's environment names.

    Raises:
        FileNotFoundError: if there is none yet.
    """
    from app.store import Store

    url, folder = os.environ.get("AUTOFIX_DATABASE_URL"), os.environ.get("AUTOFIX_DATA_DIR", "autofix-data")
    if url is None:
        file = Path(folder) / "autofix.sqlite"
        if not file.is_file():
            raise FileNotFoundError(
                f"there is no {file}: run this where the server runs, with its AUTOFIX_DATA_DIR"
            )
        url = f"sqlite:///{file}"
    store = Store(url)
    store.migrate()
    return store


def _repository_id(store: Store, name: str) -> int | None:
    return next(
        (row.repository_id for row in store.incidents() if row.repository.lower() == name.lower()), None
    )


def _trust(options: argparse.Namespace) -> int:
    from rich.console import Console
    from rich.table import Table

    from app.core.category import CATEGORIES
    from app.core.errors import PolicyError
    from app.core.policy import Trust as TrustRules
    from app.core.policy import parse_policy
    from app.core.trust import trust

    try:
        rules = parse_policy(options.policy.read_bytes()).trust if options.policy else TrustRules()
        opened = open_store()
    except (OSError, PolicyError) as fault:
        print(str(fault), file=sys.stderr)
        return BAD_INPUT
    with closing(opened) as store:
        repository = _repository_id(store, options.repository)
        if repository is None:
            print(f"{options.repository} had no incident yet: nothing was earned or lost", file=sys.stderr)
            return FAILED
        attempts = store.ledger.attempts(repository)
        levels = [
            trust(
                category,
                attempts,
                start=rules.start,
                earn=rules.earn,
                since=store.ledger.pardoned_at(repository, category),
            )
            for category in CATEGORIES
        ]
    table = Table("category", "level", "why", "wanted", "unwanted", "shadow: people agreed")
    for one in levels:
        agreed = f"{one.agreed} of {one.compared}" if one.compared else "-"
        table.add_row(one.category, one.level, one.because, str(one.wanted), str(one.unwanted), agreed)
    Console().print(table)
    if options.json:
        exported = {
            "repository": options.repository,
            "levels": [_plain(one) for one in levels],
            "fixes": [{**_plain(one), "end": one.end} for one in attempts],
        }
        options.json.write_text(json.dumps(exported, indent=2) + "\n", encoding="utf-8")
    return 0


def _plain(value: object) -> dict[str, object]:
    from dataclasses import asdict

    return asdict(value)  # type: ignore[call-overload,no-any-return]  # a frozen dataclass of plain values


def _pause(options: argparse.Namespace) -> int:
    return _switch(options.repository, pause=True)


def _resume(options: argparse.Namespace) -> int:
    return _switch(options.repository, pause=False)


def _switch(name: str | None, *, pause: bool) -> int:
    from app.store.ledger import EVERYWHERE

    try:
        opened = open_store()
    except OSError as fault:
        print(str(fault), file=sys.stderr)
        return BAD_INPUT
    with closing(opened) as store:
        repository = EVERYWHERE if name is None else _repository_id(store, name)
        if repository is None:
            print(f"{name} had no incident yet; pause it in its policy: `enabled: false`", file=sys.stderr)
            return FAILED
        where = name or "every repository"
        if pause:
            store.ledger.pause(repository, "the operator")
            print(f"Paused in {where}: no running fix goes on, and none starts. `autofix resume` lets them.")
            return 0
        store.ledger.resume(repository)
        still = store.ledger.paused_by(repository)
        print(f"Resumed in {where}." if still is None else f"Still paused everywhere, by {still}.")
        return 0
