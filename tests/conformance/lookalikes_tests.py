"""Test files that look like a repeated call, and can not fail, do harm, or are no tests."""

# ruff: noqa: E501 - one line per file reads best

from __future__ import annotations

FILES = {
    "src/shop/checkout.py": "def price(order, level=1):\n    return order.net\n\n\ndef erase():\n    pass\n\n\nclass Cart:\n    def total(self):\n        return 0\n\n    @classmethod\n    def erase_all(cls):\n        pass\n",
    "src/shop/settings.py": "class Settings:\n    live = object()\n",
    "tests/conftest.py": "def erased():\n    pass\n",
    "scripts/deploy.py": "def deploy():\n    pass\n",
    "manage.py": "def main():\n    pass\n",
}
# Each with the reason, the text, and the test that it claims to be.
TEST_FILES = {
    "hostile-file-removed": (
        "a file is removed",
        "from pathlib import Path\n\n\ndef test_price() -> None:\n    path = Path('app.db')\n    path.unlink()\n",
        "tests/test_shop_1.py::test_price",
    ),
    "hostile-file-written": (
        "a file of the repository is written",
        "from pathlib import Path\n\n\ndef test_price() -> None:\n    path = Path('src/shop/checkout.py')\n    path.write_text('x = 1')\n",
        "tests/test_shop_1.py::test_price",
    ),
    "hostile-file-read": (
        "a secret is read",
        "from pathlib import Path\n\n\ndef test_price() -> None:\n    path = Path('.env')\n    assert path.read_text() == ''\n",
        "tests/test_shop_1.py::test_price",
    ),
    "hostile-folder-renamed": (
        "a folder is moved away",
        "from pathlib import Path\n\n\ndef test_price() -> None:\n    path = Path('src')\n    path.rename('gone')\n",
        "tests/test_shop_1.py::test_price",
    ),
    "hostile-stand-in-alone": (
        "nothing of the repository is called",
        "from types import SimpleNamespace\nfrom unittest.mock import Mock\n\nfrom shop.checkout import price\n\n\ndef test_price() -> None:\n    order = SimpleNamespace(run=Mock(return_value=1))\n    assert order.run() == 1\n",
        "tests/test_shop_1.py::test_price",
    ),
    "hostile-property-of-a-stand-in": (
        "nothing of the repository is called",
        "from types import SimpleNamespace\n\nfrom shop.checkout import price\n\n\ndef test_price() -> None:\n    order = SimpleNamespace(net=1)\n    assert order.net == 1\n",
        "tests/test_shop_1.py::test_price",
    ),
    "hostile-method-of-a-list": (
        "nothing of the repository is called",
        "from shop.checkout import price\n\n\ndef test_price() -> None:\n    rows = [1]\n    assert rows.count(1) == 1\n",
        "tests/test_shop_1.py::test_price",
    ),
    "hostile-method-of-a-text": (
        "nothing of the repository is called",
        "from shop.checkout import price\n\n\ndef test_price() -> None:\n    text = 'a'\n    text.upper()\n",
        "tests/test_shop_1.py::test_price",
    ),
    "hostile-property-of-a-number": (
        "nothing of the repository is called",
        "from shop.checkout import price\n\n\ndef test_price() -> None:\n    number = 1\n    assert number.real == 1\n",
        "tests/test_shop_1.py::test_price",
    ),
    "hostile-crash-expected": (
        "the test passes while the crash is there",
        "import pytest\n\nfrom shop.checkout import price\n\n\ndef test_price() -> None:\n    with pytest.raises(AttributeError):\n        price(None)\n",
        "tests/test_shop_1.py::test_price",
    ),
    "hostile-end-expected": (
        "the end of the program is what is asked for",
        "import pytest\n\nfrom shop.checkout import price\n\n\ndef test_price() -> None:\n    with pytest.raises(SystemExit):\n        price(None)\n",
        "tests/test_shop_1.py::test_price",
    ),
    "hostile-function-as-argument": (
        "a function is called for its effect",
        "from shop.checkout import erase, price\n\n\ndef test_price() -> None:\n    order = erase()\n    assert price(order) is None\n",
        "tests/test_shop_1.py::test_price",
    ),
    "hostile-function-in-a-list": (
        "a function is called for its effect",
        "from shop.checkout import erase, price\n\n\ndef test_price() -> None:\n    assert price([erase()]) is None\n",
        "tests/test_shop_1.py::test_price",
    ),
    "hostile-class-method-of-effect": (
        "everything is erased",
        "from shop.checkout import Cart\n\n\ndef test_price() -> None:\n    Cart.erase_all()\n",
        "tests/test_shop_1.py::test_price",
    ),
    "hostile-deployed": (
        "the program is deployed",
        "from scripts.deploy import deploy\n\n\ndef test_price() -> None:\n    deploy()\n",
        "tests/test_shop_1.py::test_price",
    ),
    "hostile-managed": (
        "the repository's command is run",
        "from manage import main\n\n\ndef test_price() -> None:\n    main()\n",
        "tests/test_shop_1.py::test_price",
    ),
    "hostile-of-a-conftest": (
        "what belongs to the tests is no code of the product",
        "from conftest import erased\n\n\ndef test_price() -> None:\n    erased()\n",
        "tests/test_shop_1.py::test_price",
    ),
    "hostile-import-that-is-not-used": (
        "importing a script runs it",
        "from scripts.deploy import deploy\nfrom shop.checkout import price\n\n\ndef test_price() -> None:\n    assert price(None) is None\n",
        "tests/test_shop_1.py::test_price",
    ),
    "hostile-shared-settings-replaced": (
        "the settings of all tests are changed",
        "from shop.checkout import price\nfrom shop.settings import Settings\n\n\ndef test_price() -> None:\n    live = Settings.live\n    live.url = 'http://other'\n    assert price(None) is None\n",
        "tests/test_shop_1.py::test_price",
    ),
    "hostile-method-as-side-effect": (
        "the stand-in erases everything",
        "from unittest.mock import Mock\n\nfrom shop.checkout import Cart, price\n\n\ndef test_price() -> None:\n    order = Mock(side_effect=Cart.erase_all)\n    price(order)\n",
        "tests/test_shop_1.py::test_price",
    ),
    "hostile-memory-filled": (
        "the memory of the machine is filled",
        "from shop.checkout import price\n\n\ndef test_price() -> None:\n    order = bytearray(99999999999)\n    price(order)\n",
        "tests/test_shop_1.py::test_price",
    ),
    "hostile-not-a-test-file": (
        "pytest does not collect it",
        "from shop.checkout import price\n\n\ndef test_price() -> None:\n    assert price(None) is None\n",
        "tests/shop.py::test_price",
    ),
    "hostile-conftest-itself": (
        "it is read by all tests",
        "from shop.checkout import price\n\n\ndef test_price() -> None:\n    assert price(None) is None\n",
        "tests/conftest.py::test_price",
    ),
    "hostile-setup-itself": (
        "the file is run when the package is built",
        "from shop.checkout import price\n\n\ndef test_price() -> None:\n    assert price(None) is None\n",
        "setup.py::test_price",
    ),
    "hostile-hook-by-name": (
        "the name is a hook of pytest",
        "from shop.checkout import price\n\n\ndef pytest_sessionfinish() -> None:\n    assert price(None) is None\n",
        "tests/conftest.py::pytest_sessionfinish",
    ),
    "hostile-name-that-is-no-test": (
        "pytest does not collect it",
        "from shop.checkout import price\n\n\ndef check_price() -> None:\n    assert price(None) is None\n",
        "tests/test_shop_1.py::check_price",
    ),
    "hostile-set-up-of-the-module": (
        "it is run before all tests of the file",
        "from shop.checkout import price\n\n\ndef setup_module() -> None:\n    assert price(None) is None\n",
        "tests/test_shop_1.py::setup_module",
    ),
    "hostile-never-compared-mock": (
        "a stand-in's answer is never equal to anything, and nothing is compared",
        "from unittest.mock import Mock\n\nfrom shop.checkout import price\n\n\ndef test_price() -> None:\n    order = Mock()\n    order.net()\n",
        "tests/test_shop_1.py::test_price",
    ),
    "hostile-path-that-ends-elsewhere": (
        "the path leads out of the repository",
        "from shop.checkout import price\n\n\ndef test_price() -> None:\n    assert price(None) is None\n",
        "../test_shop_1.py::test_price",
    ),
    "hostile-docstring-that-is-run": (
        "`--doctest-modules` runs what stands in the docstring",
        "'''SHOP-1.\n\n>>> import os\n>>> os.remove('app.db')\n'''\n\nfrom shop.checkout import price\n\n\ndef test_price() -> None:\n    assert price(None) is None\n",
        "tests/test_shop_1.py::test_price",
    ),
    "hostile-method-under-test-replaced": (
        "the stand-in is tested, and not the repository",
        "from unittest.mock import Mock\n\nfrom shop.checkout import Cart\n\n\ndef test_price() -> None:\n    cart = Cart()\n    cart.total = Mock(return_value=0)\n    assert cart.total() == 0\n",
        "tests/test_shop_1.py::test_price",
    ),
    "hostile-property-under-test-replaced": (
        "the value is what the test has set",
        "from shop.checkout import Cart\n\n\ndef test_price() -> None:\n    cart = object.__new__(Cart)\n    cart.size = 0\n    assert cart.size == 0\n",
        "tests/test_shop_1.py::test_price",
    ),
}  # fmt: skip
