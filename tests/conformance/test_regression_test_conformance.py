"""The new test file: what the engine writes is explained, and nothing else is (M10)."""

# ruff: noqa: E501 - one line per file reads best

from __future__ import annotations

import pytest

from app.verify.conformance import own_sources, unexplained_test

FILES = {
    "src/shop/checkout.py": (
        "import os\nimport subprocess\nfrom shop.models import Order\nlimits = {}\n\n\n"
        "def price(order, level=1):\n    return order.net\n\n\nasync def send(order):\n    pass\n\n\n"
        "class Cart:\n    def total(self):\n        return 0\n"
    ),
    "src/shop/models.py": "class Order:\n    pass\n\n\nclass State:\n    PAID = 1\n",
    "src/shop/__init__.py": "",
    "tests/test_other.py": "def test_other():\n    pass\n",
}
ID = "tests/test_regression_shop_1.py::test_price_when_order_is_none"
HEAD = '"""SHOP-1: `order` was None, and price raised AttributeError.\n\nThe arguments are those that production recorded.\n"""\n\n'
IMPORTS = "from shop.checkout import price\n"
DEF = "\n\ndef test_price_when_order_is_none() -> None:\n"
SETUP = "    order = None\n"
CALL = "    assert price(order) is None\n"
HONEST = HEAD + IMPORTS + DEF + SETUP + "\n" + CALL


def problems(text: str, test_id: str = ID) -> str:
    sources = own_sources(text, list(FILES), FILES.__getitem__)
    return " ".join(one.sentence for one in unexplained_test(text, test_id, sources))


def body(setup: str, call: str, imports: str = IMPORTS) -> str:
    return HEAD + imports + DEF + setup + call


EXPLAINED = {
    "plain": HONEST,
    "without-docstring": IMPORTS + DEF + SETUP + CALL,
    "no-arguments": body("", "    price()\n"),
    "only-called": body(SETUP, "    price(order)\n"),
    "compared": body(SETUP, '    assert price(order, level=2) == ({"error": "no such customer"}, 404)\n'),
    "negative": body("    order = {'net': -1.5, 'tags': [], 'at': (1,), 'set': {1}}\n", "    price(order)\n"),
    "stars": body("    args = (1, 2)\n    more = {'a': 1}\n", "    price(*args, **more)\n"),
    "own-class": body("    order = Order(id=7, customer=None)\n", "    price(order)\n", IMPORTS + "from shop.models import Order\n"),
    "member": body("    state = State.PAID\n", "    price(state)\n", IMPORTS + "from shop.models import State\n"),
    "async": body(SETUP, "    asyncio.run(send(order))\n", "import asyncio\n\nfrom shop.checkout import send\n"),
    "stand-in": body(
        "    request = SimpleNamespace(json=AsyncMock(return_value={'a': 1}), get=Mock(side_effect=[None, 1]))\n",
        "    price(request)\n",
        "from types import SimpleNamespace\nfrom unittest.mock import AsyncMock, Mock\n\n" + IMPORTS,
    ),
    "standard": body(
        "    net = Decimal('1.20')\n    day = datetime.date(2026, 1, 2)\n    zone = datetime.timezone.utc\n",
        "    price(net, day, zone)\n",
        "import datetime\nfrom decimal import Decimal\n\n" + IMPORTS,
    ),
    "method": body("    cart = Cart()\n", "    cart.total()\n", "from shop.checkout import Cart\n"),
    "class-method": body(SETUP, "    Cart.total(order)\n", "from shop.checkout import Cart\n"),
    "bare": body("    cart = object.__new__(Cart)\n    cart.lines = None\n", "    assert cart.total() == 0\n", "from shop.checkout import Cart\n"),
    "property": body("    cart = Cart()\n", "    assert cart.total is None\n", "from shop.checkout import Cart\n"),
    "generator": body(SETUP, "    list(price(order))\n"),
    "raises": body(SETUP, "    with pytest.raises(ValueError):\n        price(order)\n", "import pytest\n\n" + IMPORTS),
}  # fmt: skip

DENIED = {
    "skipped": (body(SETUP, CALL, "import pytest\n\n" + IMPORTS).replace("\n\ndef", "\n\n@pytest.mark.skip\ndef"), "decorator"),
    "expected-to-fail": (body(SETUP, CALL, "import pytest\n\n" + IMPORTS).replace("\n\ndef", "\n\n@pytest.mark.xfail(strict=False)\ndef"), "decorator"),
    "skip-inside": (body(SETUP + "    pytest.skip()\n", CALL, "import pytest\n\n" + IMPORTS), "something else"),
    "returns-first": (body(SETUP + "    return\n", CALL), "something else"),
    "nothing-tested": (body("", "    pass\n"), "does not end with one call"),
    "no-call": (body(SETUP, "    assert order is None\n"), "does not end with one call"),
    "assert-true": (body(SETUP, "    assert True\n"), "does not end with one call"),
    "weak-assertion": (body(SETUP, "    assert price(order) or True\n"), "does not end with one call"),
    "truthy-assertion": (body(SETUP, "    assert price(order)\n"), "does not end with one call"),
    "tolerance": (body(SETUP, "    assert price(order) == pytest.approx(1, abs=100)\n", "import pytest\n\n" + IMPORTS), "does not end with one call"),
    "inequality": (body(SETUP, "    assert price(order) != 1\n"), "does not end with one call"),
    "equal-to-itself": (body(SETUP, "    assert price(order) == price(order)\n"), "does not end with one call"),
    "equal-to-anything": (body(SETUP, "    assert price(order) == ANY\n", "from unittest.mock import ANY\n" + IMPORTS), "neither defined"),
    "swallowed": (body(SETUP, "    try:\n        price(order)\n    except Exception:\n        pass\n"), "does not end with one call"),
    "raises-anything": (body(SETUP, "    with pytest.raises(Exception):\n        price(order)\n", "import pytest\n\n" + IMPORTS), "does not end with one call"),
    "raises-around-more": (body(SETUP, "    with pytest.raises(ValueError):\n        price(order)\n        price(order)\n", "import pytest\n\n" + IMPORTS), "does not end with one call"),
    "looped": (body(SETUP, "    for one in []:\n        price(one)\n"), "does not end with one call"),
    "conditional": (body(SETUP, "    if order:\n        price(order)\n"), "does not end with one call"),
    "patched": (body(SETUP, "    with patch('shop.checkout.price'):\n        price(order)\n", "from unittest.mock import patch\n" + IMPORTS), "neither defined"),
    "replaced": (body(SETUP + "    price.real = 1\n", CALL), "something else"),
    "rebound": (body(SETUP + "    price = Mock()\n", CALL, "from unittest.mock import Mock\n" + IMPORTS), "something else"),
    "redefined": (body(SETUP, CALL).replace("\n\ndef", "\n\ndef price(order):\n    return None\n\n\ndef"), "defines something else"),
    "monkeypatched": (HONEST.replace("is_none() ->", "is_none(monkeypatch) ->"), "takes fixtures"),
    "fixture": (HONEST.replace("\n\ndef", "\n\n@pytest.fixture(autouse=True)\ndef fixed():\n    pass\n\n\ndef").replace(IMPORTS, "import pytest\n" + IMPORTS), "defines something else"),
    "hook": (HONEST + "\n\ndef pytest_runtest_makereport(item, call):\n    pass\n", "defines something else"),
    "plugin": (HONEST.replace(DEF, "\npytest_plugins = ['x']\n" + DEF), "when it is imported"),
    "mark-for-all": (HONEST.replace(DEF, "\npytestmark = 1\n" + DEF), "when it is imported"),
    "second-test": (HONEST + "\n\ndef test_more() -> None:\n    pass\n", "defines something else"),
    "twice": (HONEST + DEF + SETUP + "    price(order)\n", "defines something else"),
    "class": (HONEST + "\n\nclass TestMore:\n    pass\n", "defines something else"),
    "other-test": (HONEST.replace("def test_price_when", "def test_cost_when"), "does not hold the claimed test"),
    "made-async": (HONEST.replace("def test", "async def test"), "does not hold the claimed test"),
    "module-call": (HONEST.replace(DEF, "\nprice(1)\n" + DEF), "when it is imported"),
    "module-if": (HONEST + "\n\nif True:\n    pass\n", "when it is imported"),
    "second-docstring": (HONEST + '\n"""more"""\n', "when it is imported"),
    "default-argument": (HONEST.replace("is_none() ->", "is_none(x=price(1)) ->"), "takes fixtures"),
    "computed-annotation": (HONEST.replace("-> None", "-> price(1)"), "annotation"),
    "import-os": (HONEST.replace(IMPORTS, "import os\n" + IMPORTS), "neither defined"),
    "import-subprocess": (HONEST.replace(IMPORTS, "import subprocess\n" + IMPORTS), "neither defined"),
    "import-socket": (HONEST.replace(IMPORTS, "from socket import socket\n" + IMPORTS), "neither defined"),
    "import-third-party": (HONEST.replace(IMPORTS, "import requests\n" + IMPORTS), "neither defined"),
    "import-unlisted-name": (HONEST.replace(IMPORTS, "from unittest.mock import MagicMock\n" + IMPORTS), "neither defined"),
    "import-star": (HONEST.replace(IMPORTS, "from shop.checkout import *\n" + IMPORTS), "neither defined"),
    "import-relative": (HONEST.replace(IMPORTS, "from .conftest import price\n"), "no need of"),
    "import-renamed": (HONEST.replace(IMPORTS, "from shop.checkout import send as price\n"), "no need of"),
    "import-over-builtin": (HONEST.replace(IMPORTS, IMPORTS + "from shop.checkout import list\n"), "no need of"),
    "borrowed-module": (body(SETUP + "    os.system('id')\n", CALL, "from shop.checkout import os, price\n"), "neither defined"),
    "borrowed-variable": (body(SETUP, "    limits.clear()\n", "from shop.checkout import limits\n"), "neither defined"),
    "import-inside": (body(SETUP + "    import os\n", CALL), "something else"),
    "eval": (body("    order = eval('1')\n", CALL), "something else"),
    "exec": (body(SETUP + "    exec('1')\n", CALL), "something else"),
    "compile": (body("    order = compile('1', '', 'eval')\n", CALL), "something else"),
    "dunder-import": (body("    order = __import__('os')\n", CALL), "something else"),
    "getattr": (body("    order = getattr(price, '__globals__')\n", CALL), "something else"),
    "globals": (body("    order = price.__globals__\n", CALL), "something else"),
    "dunder-method": (body("    order = {}\n", "    order.__class__()\n"), "does not end with one call"),
    "dunder-set": (body("    order = {}\n    order.__class__ = 1\n", CALL), "something else"),
    "open": (body("    order = open('x')\n", CALL), "something else"),
    "path-read": (body("    order = Path('x').read_text()\n", CALL, "from pathlib import Path\n" + IMPORTS), "something else"),
    "environment": (body("    order = os.environ\n", CALL), "something else"),
    "argument-with-effect": (body(SETUP, "    price(open('x'))\n"), "does not end with one call"),
    "lambda": (body("    order = lambda: 1\n", CALL), "something else"),
    "comprehension": (body("    order = [one for one in (1, 2)]\n", CALL), "something else"),
    "f-string": (body("    order = f'{price(1)}'\n", CALL), "something else"),
    "await-something": (body(SETUP, "    asyncio.run(asyncio.sleep(99))\n", "import asyncio\n\n" + IMPORTS), "does not end with one call"),
    "asyncio-process": (body(SETUP, "    asyncio.create_subprocess_shell('id')\n", "import asyncio\n\n" + IMPORTS), "does not end with one call"),
    "mock-that-calls": (body("    order = Mock(side_effect=price)\n", CALL, "from unittest.mock import Mock\n" + IMPORTS), "something else"),
    "mock-of-a-class": (body("    order = Mock(spec=price)\n", CALL, "from unittest.mock import Mock\n" + IMPORTS), "something else"),
    "global": (body("    global order\n" + SETUP, CALL), "something else"),
    "comment": (HONEST.replace(SETUP, "    order = None  # noqa\n"), "comment"),
    "no-cover": (HONEST.replace(CALL, CALL.rstrip() + "  # pragma: no cover\n"), "comment"),
    "bidi": (HONEST.replace("was None", "was \u202eNone"), "invisible"),
    "homoglyph": (HONEST.replace("price(order)", "pri\u0441e(order)"), "ASCII"),
    "carriage-return": (HONEST.replace(SETUP, "    order = None\r"), "character"),
    "junk": ("def test(:\n", "no Python"),
    "empty": ("", "does not hold the claimed test"),
    "nested": ("(" * 1_000_000, "large"),
    "deep": ("x = " + "-" * 100_000 + "1\n", "deeply"),
    "nul": ("x = '\0'\n", "invisible"),
    "too-long": (body(SETUP * 100, CALL), "longer"),
}  # fmt: skip


@pytest.mark.parametrize("name", EXPLAINED)
def test_a_repeated_call_is_explained(name: str) -> None:
    assert problems(EXPLAINED[name]) == ""


@pytest.mark.parametrize("name", DENIED)
def test_m10_anything_else_in_the_test_file_is_denied(name: str) -> None:
    text, because = DENIED[name]
    assert because in problems(text)


def test_m10_another_test_than_the_claimed_one_is_denied() -> None:
    assert "claimed test" in problems(HONEST, "tests/test_regression_shop_1.py::test_other")
    assert "claimed test" in problems(
        HONEST, "tests/test_regression_shop_1.py::TestCart::test_price_when_order_is_none"
    )
    assert "claimed test" in problems(HONEST, "tests/test_regression_shop_1.py")


def test_a_name_must_be_defined_in_every_file_that_the_module_may_be() -> None:
    files = {**FILES, "old/shop/checkout.py": "from subprocess import run as price\n"}
    sources = own_sources(HONEST, list(files), files.__getitem__)
    assert len(sources["shop.checkout"]) == 2
    assert "neither defined" in unexplained_test(HONEST, ID, sources)[0].sentence


def test_a_module_of_the_repository_that_can_not_be_read_denies() -> None:
    assert "no Python" in unexplained_test(HONEST, ID, {"shop.checkout": ("def f(:\n",)})[0].sentence
    assert unexplained_test(HONEST, ID, {})
