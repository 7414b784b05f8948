"""A shop with a bug, an honest fix that would be merged without a person, and what comes along with it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from proposed_fix import Checkout, message
from verification import LiveGitHub, Published, Verdict, require_denied, verify

BUGGY = '''\
"""Prices of the shop."""

import json

RATE = 0.2
LIMITS = {"gold": 10, "none": 0}


class PriceError(Exception):
    pass


def audit(order):
    json.dumps(order)


def discount(customer, subtotal=100):
    # guests have no membership
    if subtotal < 10:
        return 0
    level = customer["membership"].upper()
    audit(customer)
    return len(level)


def total(order):
    if order["net"] > 1000:
        raise PriceError("too much")
    return order["net"] * RATE
'''
GUARD = '    if customer["membership"] is None:\n        return 0\n'
FIXED = BUGGY.replace("    level =", f"{GUARD}    level =")
TEST = """\
from shop.prices import discount


def test_discount():
    assert discount({"membership": None}) == 0
"""
POLICY = """\
version: 1
sentry:
  organization: acme
  projects: [shop]
categories:
  null-safety: automerge
  missing-key: propose
  missing-error-handling: report
  wrong-type: ignore
limits:
  changed_lines: 20
  test_lines: 40
paths:
  protected: ["migrations/**"]
  sensitive: ["shop/vault.py"]
"""
FILES = {
    "shop/__init__.py": "",
    "shop/prices.py": BUGGY,
    "tests/test_prices.py": (
        "from shop.prices import total\n\n\ndef test_total():\n    assert abs(total({'net': 100}) - 20) < 0.01\n"
    ),
    "tests/__snapshots__/total.txt": "20.0\n",
    "README.md": "shop\n",
    ".github/autofix.yml": POLICY,
}
FIX, TEST_FILE = "shop/prices.py", "tests/test_discount.py"
CLAIM: Mapping[str, str | None] = {
    "test": f"{TEST_FILE}::test_discount",
    "place": f"{FIX}:{BUGGY[: BUGGY.index('    level =')].count(chr(10)) + 1}",
    "fix": FIX,
    "category": "null-safety",
    "action": "automerge",
}


@dataclass(frozen=True)
class Hostile:
    """One pull request that must be denied: by exactly these gates, one of which says these words.

    Without anything else it is the honest fix. `files` are written into its commit (None deletes), `base` into the
    commit before; `commit` makes the head in another way; `live` changes what GitHub says, `event` what the event says.
    """

    gates: str
    words: str
    files: Mapping[str, str | None] = field(default_factory=dict)
    claim: Mapping[str, str | None] = field(default_factory=dict)
    base: Mapping[str, str | None] = field(default_factory=dict)
    commit: Callable[[Checkout, str], str] | None = None
    live: Callable[[Published], object] | None = None
    event: Callable[[dict[str, object]], object] | None = None
    inputs: Mapping[str, str] = field(default_factory=dict)
    verified: bool = True
    by: str | None = None
    branch: str = "autofix/inc-42"


def write(checkout: Checkout, files: Mapping[str, str | None]) -> None:
    """The files are written; those without a text are gone."""
    checkout.write({name: text for name, text in files.items() if text is not None})
    for name, text in files.items():
        if text is None:
            (checkout.folder / name).unlink()


def propose(checkout: Checkout, case: Hostile) -> str:
    """The head of the case's branch."""
    if case.base:
        write(checkout, case.base)
        checkout.commit("Prepared")
    checkout.branch = case.branch
    checkout.git("checkout", "--quiet", "-b", case.branch)
    write(checkout, {FIX: FIXED, TEST_FILE: TEST, **case.files})
    text = message(**{**CLAIM, **case.claim})
    return case.commit(checkout, text) if case.commit else checkout.commit(text)


def run(case: Hostile, template: Path, folder: Path, live: LiveGitHub) -> Verdict:
    """The Action's verdict on the case, in a clone of its own and with a pull request on the stand-in."""
    shutil.copytree(template, folder)
    checkout = Checkout(folder)
    head = propose(checkout, case)
    published = live.publish(checkout, head, verified=case.verified, by=case.by)
    if case.live is not None:
        live.do(lambda: case.live(published) if case.live else None)
    if case.event is not None:
        case.event(published.event["pull_request"])
    return verify(folder, published.event, **{**published.inputs, **case.inputs})


def require(case: Hostile, verdict: Verdict) -> None:
    """The case is denied as it says."""
    require_denied(verdict, set(case.gates.split()), case.words)


def make_template(folder: Path) -> Path:
    """The shop's repository, with its first commit on `main`."""
    folder.mkdir(parents=True)
    checkout = Checkout(folder)
    checkout.git("init", "--quiet", "--initial-branch=main")
    checkout.write(FILES)
    checkout.commit("The shop")
    return folder
