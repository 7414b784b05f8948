from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.clients.github.answers import Tree
from app.core.model import Frame
from app.investigate.mapping import LONGEST_FILE, line_on_base, repository_path
from samples import FRAME

PATHS = frozenset(
    {
        "shop/receipts.py",
        "shop/cart.py",
        "lib/shop/cart.py",
        "cart.py",
        "tests/conftest.py",
        ".github/workflows/ci.yml",
        "admin/views.py",
        "blog/views.py",
    }
)


def frame(path: str, absolute: str | None = None) -> Frame:
    return replace(FRAME, path=path, absolute_path=absolute)


@pytest.mark.parametrize(
    ("path", "absolute", "found"),
    [
        ("shop/receipts.py", None, "shop/receipts.py"),
        ("shop/receipts.py", "/srv/app/shop/receipts.py", "shop/receipts.py"),
        ("receipts.py", "/srv/app/shop/receipts.py", "shop/receipts.py"),
        ("receipts.py", None, "shop/receipts.py"),
        ("/srv/app/shop/receipts.py", None, None),
        ("shop\\receipts.py", "C:\\srv\\shop\\receipts.py", "shop/receipts.py"),
        ("cart.py", None, "cart.py"),
        ("cart.py", "/srv/app/shop/cart.py", "shop/cart.py"),
        ("cart.py", "/srv/app/lib/shop/cart.py", "lib/shop/cart.py"),
        ("shop/cart.py", "/srv/lib/shop/cart.py", "lib/shop/cart.py"),
        ("shop/cart.py", "/somewhere/else.py", None),
        ("shop/cart.py", "shop/cart.py", "shop/cart.py"),
        ("shop/cart.py", "/srv/shop/cart.py", "shop/cart.py"),
        ("views.py", None, None),
        ("views.py", "/srv/blog/views.py", "blog/views.py"),
        ("eceipts.py", None, None),
        ("workshop/receipts.py", "/srv/workshop/receipts.py", None),
        ("", None, None),
        ("/", "/", None),
    ],
)
def test_a_frame_names_one_file_or_none(path: str, absolute: str | None, found: str | None) -> None:
    assert repository_path(frame(path, absolute), PATHS) == found


HOSTILE = [
    "../../etc/passwd",
    "/etc/passwd",
    "C:\\Windows\\system.ini",
    "%2e%2e/%2e%2e/etc/passwd",
    "shop/../.env",
    "./shop/none.py",
    "\\\\server\\share\\x.py",
    "shop/none.py\x00.txt",
    "\x00",
    "a/" * 50_000 + "x.py",
    ".git/config",
    ".env",
    "~/.ssh/id_rsa",
    "..",
    ".",
    "file:///etc/passwd",
    "\ud800.py",
    "*",
    "**/*.py",
]


@pytest.mark.parametrize("path", HOSTILE)
def test_i6_a_hostile_path_names_nothing(path: str) -> None:
    assert repository_path(frame(path), PATHS) is None
    assert repository_path(frame(path, path), PATHS) is None
    assert repository_path(frame("none.py", path), PATHS) is None


@given(
    st.text(max_size=60), st.none() | st.text(max_size=60), st.frozensets(st.text(min_size=1, max_size=20))
)
def test_i6_whatever_is_found_is_an_entry_of_the_tree(
    path: str, absolute: str | None, paths: frozenset[str]
) -> None:
    found = repository_path(frame(path, absolute), paths)
    assert found is None or found in paths


@given(
    st.lists(st.text("ab", min_size=1, max_size=2), min_size=1, max_size=4),
    st.lists(st.text("ab", min_size=1, max_size=2), max_size=3),
    st.frozensets(st.lists(st.text("ab", min_size=1, max_size=2), min_size=1, max_size=4).map("/".join)),
)
def test_a_deployment_adds_folders_in_front(file: list[str], root: list[str], others: frozenset[str]) -> None:
    """With the absolute path at hand the longest file that ends it is meant, on any machine."""
    path = "/".join(file)
    absolute = "/" + "/".join([*root, *file])
    found = repository_path(frame(file[-1], absolute), others | {path})
    assert found is not None
    assert absolute.endswith("/" + found)
    assert len(found) >= len(path)


# Lines -----------------------------------------------------------------------------------------------------------

lines = st.lists(st.sampled_from(["a", "b", "c", "x = 1", ""]), max_size=12)


def test_a_line_is_followed_past_what_was_added_above() -> None:
    assert line_on_base("a\nb\nc\n", "new\na\nb\nc\n", 3) == 4
    assert line_on_base("a\nb\nc\n", "b\nc\n", 2) == 1


@pytest.mark.parametrize("base", ["a\nB\nc\n", "a\nc\n", ""])
def test_a_changed_line_is_not_followed(base: str) -> None:
    assert line_on_base("a\nb\nc\n", base, 2) is None


def test_a_file_that_is_too_long_to_compare_is_not_followed() -> None:
    long = "x\n" * (LONGEST_FILE + 1)
    assert line_on_base(long, long, 7) == 7
    assert line_on_base(long, long + "y\n", 7) is None


@given(lines, lines, st.integers(-3, 20))
def test_a_followed_line_reads_the_same(old: list[str], new: list[str], line: int) -> None:
    found = line_on_base("\n".join(old), "\n".join(new), line)
    if found is not None:
        assert "\n".join(new).splitlines()[found - 1] == "\n".join(old).splitlines()[line - 1]


def test_i7_links_submodules_and_folders_are_no_files_and_colliding_names_stay_two() -> None:
    modes = {
        "shop/cart.py": "100644",
        "run.sh": "100755",
        "secret.py": "120000",
        "vendored": "160000",
        "shop": "040000",
        "Shop/Cart.py": "100644",
    }
    entries = [{"path": path, "mode": mode, "type": "blob", "sha": "a" * 40} for path, mode in modes.items()]
    files = Tree.read({"sha": "b" * 40, "tree": entries}).files
    assert files == {"shop/cart.py", "run.sh", "Shop/Cart.py"}
    for path in ("secret.py", "vendored", "shop"):
        assert repository_path(frame(path), files) is None
    assert repository_path(frame("shop/cart.py"), files) == "shop/cart.py"
    assert repository_path(frame("Shop/Cart.py"), files) == "Shop/Cart.py"
    assert repository_path(frame("SHOP/CART.PY"), files) is None
