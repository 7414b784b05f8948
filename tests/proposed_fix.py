"""A small repository with an Autofix commit on a branch, and the event of its pull request."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

BUGGY = "def level(customer):\n    # the None gets here\n    return customer['membership'].upper()\n"
FIXED = (
    "def level(customer):\n    # the None gets here\n    if customer['membership'] is None:\n"
    "        return ''\n    return customer['membership'].upper()\n"
)
TEST = (
    "from shop.checkout import level\n\n\ndef test_level():\n    assert level({'membership': None}) == ''\n"
)
TRAILERS = {
    "Autofix-Incident": "inc-42",
    "Autofix-Test": "tests/test_level.py::test_level",
    "Autofix-Exception": "AttributeError",
    "Autofix-Place": "shop/checkout.py:3",
    "Autofix-Fix": "shop/checkout.py",
    "Autofix-Category": "null-safety",
    "Autofix-Action": "propose",
}
POLICY = """version: 1
sentry:
  organization: acme
  projects: [shop]
categories:
  null-safety: automerge
  missing-key: automerge
  missing-error-handling: propose
  wrong-type: report
limits:
  changed_lines: 20
  test_lines: 60
paths:
  protected: ["migrations/**"]
"""
BOT: dict[str, Any] = {"id": 990, "login": "autofix[bot]", "type": "Bot"}


@dataclass
class Checkout:
    folder: Path
    files: dict[str, str] = field(
        default_factory=lambda: {
            "shop/__init__.py": "",
            "shop/checkout.py": BUGGY,
            "tests/test_other.py": "def test_other():\n    pass\n",
            "README.md": "shop\n",
            ".github/autofix.yml": POLICY,
        }
    )

    email: str = "990+autofix[bot]@users.noreply.github.com"
    branch: str = "autofix/inc-42"

    def git(self, *arguments: str) -> str:
        identity = (("NAME", "autofix[bot]"), ("EMAIL", self.email))
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder.parent),
            **{f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER") for what, value in identity},
        }
        return subprocess.run(
            ["git", *arguments], cwd=self.folder, env=environment, check=True, capture_output=True, text=True
        ).stdout.strip()

    def create(self) -> str:
        self.folder.mkdir()
        self.git("init", "--quiet", "--initial-branch=main")
        self.write(self.files)
        base = self.commit("The shop")
        self.git("checkout", "--quiet", "-b", self.branch)
        return base

    def write(self, files: Mapping[str, str]) -> None:
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())

    def commit(self, message: str, *, stage: bool = True) -> str:
        if stage:
            self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self.git("rev-parse", "HEAD")


def message(**changes: str | None) -> str:
    trailers = {**TRAILERS, **{f"Autofix-{key.capitalize()}": value for key, value in changes.items()}}
    lines = [f"{key}: {value}" for key, value in trailers.items() if value is not None]
    return "fix: guests have no membership\n\nFound in production.\n\n" + "\n".join(lines)


def event(base: str, head: str, **changes: Any) -> dict[str, Any]:
    pull = {
        "number": 7,
        "user": BOT,
        "base": {
            "ref": "main",
            "sha": base,
            "repo": {"id": 1, "full_name": "acme/shop", "default_branch": "main"},
        },
        "head": {"ref": "autofix/inc-42", "sha": head, "repo": {"id": 1}},
    }
    return {"number": 7, "pull_request": {**pull, **changes}}


def propose(
    checkout: Checkout, *, fix: str = FIXED, test: str = TEST, text: str | None = None
) -> tuple[str, str]:
    base = checkout.create()
    checkout.write({"shop/checkout.py": fix, "tests/test_level.py": test})
    return base, checkout.commit(text or message())
