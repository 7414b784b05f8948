from __future__ import annotations

import datetime as dt
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue
from sentry_sdk.serializer import serialize

from app.core.source import LoadedTree
from app.fix.modules import Modules
from app.fix.values import Imports, Rebuilder

MODELS = """\
import enum
from dataclasses import dataclass, field
from typing import NamedTuple


class Color(enum.Enum):
    RED = 1


@dataclass
class Customer:
    id: int
    secret: str = field(default="", repr=False)


@dataclass
class Order:
    id: int
    customer: Customer | None
    color: Color = Color.RED
    total: int = field(init=False, default=0)


class Point(NamedTuple):
    x: int


class Plain:
    def __init__(self, a, b=2):
        self.a = a


class Service:
    def run(self):
        return 1
"""
FILES = {
    "src/shop/__init__.py": "",
    "src/shop/models.py": MODELS,
    "src/shop/orders.py": "from .models import Order, Plain, Point, Service\n",
}


def rebuilder(path: str = "src/shop/orders.py", *, number_keys: bool = False) -> Rebuilder:
    return Rebuilder(Modules(LoadedTree(frozenset(FILES), FILES)), path, Imports(), number_keys=number_keys)


leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20).filter(lambda text: "..." not in text and "<truncated>" not in text)
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.dates()
    | st.datetimes()
    | st.uuids()
    | st.timedeltas()
)
trees = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


def as_recorded(value: object) -> JsonValue:
    """The value as a Sentry client writes it into a frame's variables."""
    recorded: JsonValue = serialize({"value": value}, is_vars=True)["value"]
    return recorded


@given(trees)
def test_recorded_values_come_back(value: object) -> None:
    recorded = as_recorded(value)
    source = rebuilder().rebuild(recorded)
    if source is None:
        assert "..." in str(recorded) or "Decimal" in str(recorded)
        return
    names = {"Decimal": Decimal, "UUID": UUID, "datetime": dt}
    assert eval(source, names) == value  # noqa: S307


@given(st.text(max_size=80))
def test_never_crashes_on_any_repr(text: str) -> None:
    rebuilder().rebuild(text)


@pytest.mark.parametrize(
    ("recorded", "source"),
    [
        ("Order(id=1, customer=None)", "Order(id=1, customer=None)"),
        ("Order(id=1, customer=Customer(id=2))", "Order(id=1, customer=Customer(id=2))"),
        ("Order(id=1, customer=None, color=<Color.RED: 1>)", "Order(id=1, customer=None, color=Color.RED)"),
        ("Point(x=3)", "Point(x=3)"),
        ("Plain(a=1)", "Plain(a=1)"),
        ("<shop.models.Service object at 0x7f0a>", "Service()"),
        ("'<Color.RED: 1>'", '"<Color.RED: 1>"'),
        ("defaultdict(<class 'list'>, {'a': [1]})", '{"a": [1]}'),
        ("PosixPath('/a')", 'Path("/a")'),
        ("[Filtered]", '"removed"'),
    ],
)
def test_rebuilt(recorded: str, source: str | None) -> None:
    assert rebuilder().rebuild(recorded) == source


@pytest.mark.parametrize(
    "recorded",
    [
        "Order(id=1)",
        "Order(id=1, customer=None, total=3)",
        "Plain(b=1)",
        "<shop.models.Plain object at 0x7f0a>",
        "Unknown(id=1)",
        "__import__('os').system('true')",
        "open('/etc/passwd')",
        "Order(id=__import__('os'), customer=None)",
        "'long text...'",
        "<truncated>",
        "lambda: 1",
        "[x for x in ()]",
        "Color.BLUE",
    ],
)
def test_not_rebuilt(recorded: str) -> None:
    assert rebuilder().rebuild(recorded) is None


def test_number_keys_are_numbers_where_the_missing_key_is_one() -> None:
    assert rebuilder(number_keys=True).rebuild({"1": "'a'"}) == '{1: "a"}'
    assert rebuilder().rebuild({"1": "'a'"}) == '{"1": "a"}'


def test_imports_follow_the_layout() -> None:
    build = rebuilder()
    build.rebuild("Order(id=1, customer=Customer(id=2))")
    assert build.imports.names == {"shop.models": {"Order", "Customer"}}
