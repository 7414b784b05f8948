"""A small shop in a folder, and what was reported when a None reached it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

CHECKOUT = '''"""Prices."""

from shop.models import Customer

DISCOUNTS = {"gold": 10}


def loyalty_discount(customer: Customer, subtotal: int) -> int:
    """Cents off."""
    if subtotal < 100:
        return 0
    percent = DISCOUNTS.get(customer.membership.level, 0)
    return subtotal * percent // 100
'''
MODELS = """from dataclasses import dataclass


@dataclass
class Membership:
    level: str


@dataclass
class Customer:
    name: str
    membership: Membership | None
"""
TRACEBACK = """Traceback (most recent call last):
  File "/srv/app/shop/checkout.py", line 12, in loyalty_discount
    percent = DISCOUNTS.get(customer.membership.level, 0)
                            ^^^^^^^^^^^^^^^^^^^^^^^^^
AttributeError: 'NoneType' object has no attribute 'level'
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A checkout whose `loyalty_discount` fails for customers without a membership."""
    root = tmp_path / "shop-checkout"
    (root / "shop").mkdir(parents=True)
    (root / "shop/__init__.py").touch()
    (root / "shop/checkout.py").write_text(CHECKOUT, encoding="utf-8")
    (root / "shop/models.py").write_text(MODELS, encoding="utf-8")
    return root


@pytest.fixture
def event() -> dict[str, Any]:
    """The event that Sentry's SDK sends for it."""
    frame = {
        "filename": "shop/checkout.py",
        "abs_path": "/srv/app/shop/checkout.py",
        "function": "loyalty_discount",
        "module": "shop.checkout",
        "lineno": 12,
        "context_line": "    percent = DISCOUNTS.get(customer.membership.level, 0)",
        "in_app": True,
        "vars": {"customer": "Customer(name='Alex', membership=None)", "subtotal": "200"},
    }
    raised = {
        "type": "AttributeError",
        "value": "'NoneType' object has no attribute 'level'",
        "module": None,
        "stacktrace": {"frames": [frame]},
    }
    return {
        "event_id": "e" * 32,
        "platform": "python",
        "timestamp": "2026-11-03T10:00:00Z",
        "exception": {"values": [raised]},
    }


@pytest.fixture
def event_file(tmp_path: Path, event: dict[str, Any]) -> Path:
    """The event in a file."""
    file = tmp_path / "event.json"
    file.write_text(json.dumps(event), encoding="utf-8")
    return file


@pytest.fixture
def git_shop(shop: Path) -> Path:
    """The checkout as a git work tree."""
    subprocess.run(["git", "init", "--quiet", shop], check=True, timeout=60)
    subprocess.run(["git", "-C", shop, "add", "."], check=True, timeout=60)
    return shop


@pytest.fixture
def printed() -> str:
    """The same failure as the interpreter prints it."""
    return TRACEBACK
