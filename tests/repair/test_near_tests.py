"""The repository's tests near a change: which they are, and what they say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from app.core.model import FileChange
from app.repair.checkout import Checkout
from app.repair.command import fix
from app.repair.near import changed, is_test_file, nearest
from app.repair.near_tests import Checked, NearTests
from app.repair.sandbox import Sandbox

TESTS = """import pytest
from shop.checkout import loyalty_discount
from shop.models import Customer, Membership


def test_gold_members_get_a_tenth():
    assert loyalty_discount(Customer("Kim", Membership("gold")), 200) == 20


def test_small_orders_get_nothing():
    assert loyalty_discount(Customer("Kim", None), 50) == 0


def test_that_has_always_failed():
    assert loyalty_discount(Customer("Kim", None), 50) == 1


@pytest.mark.skip
def test_skipped():
    pass
"""
COUNTS_ON_IT = """

def test_without_a_membership_it_is_a_mistake_of_the_caller():
    with pytest.raises(AttributeError):
        loyalty_discount(Customer("Kim", None), 200)
"""
MORE = "    return subtotal * percent // 100"


@pytest.fixture
def tested(shop: Path) -> Path:
    """The checkout with tests, and with settings that a plain pytest could not honour."""
    (shop / "tests").mkdir()
    (shop / "tests/test_checkout.py").write_text(TESTS, encoding="utf-8")
    (shop / "tests/test_words.py").write_text(
        "def test_words():\n    assert 'a' in 'abc'\n", encoding="utf-8"
    )
    (shop / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option\n", encoding="utf-8")
    return shop


def check(root: Path, old: str, new: str) -> Checked:
    """What the tests say of this change of the checkout."""
    tree = Checkout(root)
    before = tree.read("shop/checkout.py") or ""
    assert old in before
    with Sandbox(root, tree.paths) as sandbox:
        return NearTests(tree, sandbox).check(
            FileChange("shop/checkout.py", before, before.replace(old, new))
        )


def test_what_passes_is_counted(tested: Path) -> None:
    assert check(tested, MORE, "    return percent * subtotal // 100") == Checked(2)


def test_what_no_longer_passes_is_named(tested: Path) -> None:
    broken = check(tested, MORE, "    return subtotal * percent // 200").broken
    assert broken == "tests/test_checkout.py::test_gold_members_get_a_tenth"


def test_a_change_that_ends_the_process_breaks_the_test_it_ends(tested: Path) -> None:
    broken = check(tested, MORE, "    import os\n    os._exit(0)").broken
    assert broken == "tests/test_checkout.py::test_gold_members_get_a_tenth"


def test_without_tests_nothing_is_said(shop: Path) -> None:
    assert check(shop, MORE, "    return 0") == Checked()


def test_tests_of_something_else_do_not_run(tested: Path) -> None:
    (tested / "tests/test_checkout.py").unlink()
    assert check(tested, MORE, "    return 0") == Checked()


@pytest.mark.parametrize("counts_on_it", [False, True])
def test_a_fix_that_breaks_a_test_is_not_chosen(
    tested: Path, event_file: Path, capsys: pytest.CaptureFixture[str], *, counts_on_it: bool
) -> None:
    with (tested / "tests/test_checkout.py").open("a", encoding="utf-8") as file:
        file.write(COUNTS_ON_IT if counts_on_it else "")
    options: dict[str, Any] = {"apply_it": False, "json_file": None, "python_path": [], "run": True}
    status = fix(str(event_file), tested, **options)
    said = " ".join(capsys.readouterr().out.split())
    if counts_on_it:
        assert status == 3
        assert "test_without_a_membership_it_is_a_mistake_of_the_caller passes without the change" in said
    else:
        assert status == 0
        assert "the recorded call passes; near it 2 tests that passed still do" in said


def test_the_nearest_come_first() -> None:
    text = "class Shelf:\n    def add(self, book):\n        return {}\n"
    (target,) = changed("shelf/books.py", text.format(1), text.format(2))
    assert (target.module, target.owner, target.name) == ("shelf.books", "Shelf", "add")
    tests = [
        ("tests/test_words.py", "import shelf.words\n"),
        ("tests/test_shelf.py", "from shelf import Shelf\nShelf().add(1)\n"),
        ("tests/test_books.py", "from shelf.books import Shelf\nShelf().add(1)\n"),
    ]
    assert nearest(tests, [target], 5) == ["tests/test_books.py", "tests/test_shelf.py"]
    assert nearest(tests, [target], 1) == ["tests/test_books.py"]
    assert changed("shelf/books.py", text.format(1), text.format(1) + "# a comment\n") == ()
    assert changed("shelf/books.py", text.format(1), "def (") == ()


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        ("tests/test_books.py", True),
        ("books_test.py", True),
        ("shelf/tests.py", True),
        ("Tests/testBooks.py", True),
        ("tests/conftest.py", False),
        ("shelf/latest.py", False),
        ("tests/test_data.json", False),
    ],
)
def test_test_files_are_known_by_their_names(name: str, *, is_one: bool) -> None:
    assert is_test_file(name) is is_one
