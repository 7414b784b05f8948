"""`autofix policy`: the policy file, checked before it is pushed."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from app.cli.terms import BAD_INPUT, FAILED, Commands


def add(commands: Commands) -> None:
    """The command is known."""
    policy = commands.add_parser("policy", help="check a policy file, or print its JSON Schema")
    policies = policy.add_subparsers(title="policy", required=True, metavar="COMMAND")
    check = policies.add_parser("check", help="say whether FILE is a valid policy, and what it allows")
    check.add_argument("file", type=Path, metavar="FILE", help="a policy, such as .github/autofix.yml")
    check.set_defaults(run=_check)
    schema = policies.add_parser("schema", help="print the JSON Schema, for editors")
    schema.set_defaults(run=_schema)


def _check(options: argparse.Namespace) -> int:
    from app.core.category import NAMED
    from app.core.errors import PolicyError
    from app.core.policy import parse_policy

    try:
        policy = parse_policy(options.file.read_bytes())
    except OSError as fault:
        print(f"cannot read {options.file}: {fault.strerror}", file=sys.stderr)
        return BAD_INPUT
    except PolicyError as fault:
        print(f"{options.file}: {fault}", file=sys.stderr)
        print("As it stands, it switches the automation off.", file=sys.stderr)
        return FAILED
    state = "valid" if policy.enabled else "valid, and switches the automation off (`enabled: false`)"
    print(f"{options.file}: {state}")
    for category in NAMED:
        print(f"  {category}: {policy.action(category)}{', shadow mode' if policy.shadow else ''}")
    return 0


def _schema(_options: argparse.Namespace) -> int:
    from app.core.policy import json_schema

    print(json.dumps(json_schema(), indent=2))
    return 0
