"""A folder as a source tree: what is listed, what is read, and what is not."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from app.repair import checkout
from app.repair.checkout import Checkout
from app.repair.fault import BadInput

SHOP = {"shop/__init__.py", "shop/checkout.py", "shop/models.py"}


def git(root: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", root, *arguments], check=True, timeout=60, capture_output=True)


def test_git_says_what_is_listed(git_shop: Path) -> None:
    (git_shop / ".gitignore").write_text("ignored/\n", encoding="utf-8")
    (git_shop / "ignored").mkdir()
    (git_shop / "ignored/x.py").touch()
    (git_shop / "new.py").touch()
    (git_shop / "shop/models.py").unlink()
    assert Checkout(git_shop).paths == {*SHOP - {"shop/models.py"}, "new.py", ".gitignore"}
    assert Checkout(git_shop / "shop").paths == {"__init__.py", "checkout.py"}


def test_a_folder_that_git_ignores_is_listed_by_itself(git_shop: Path) -> None:
    (git_shop / ".gitignore").write_text("installed/\n", encoding="utf-8")
    (git_shop / "installed").mkdir()
    (git_shop / "installed/x.py").touch()
    assert Checkout(git_shop / "installed").paths == {"x.py"}


def test_without_git_environments_and_hidden_folders_are_left_out(shop: Path) -> None:
    for folder in (
        ".hidden",
        "venv/lib",
        "node_modules/x",
        "shop/__pycache__",
        "lib/site-packages/y",
        "conda/bin",
    ):
        (shop / folder).mkdir(parents=True)
        (shop / folder / "x.py").touch()
    (shop / "venv/pyvenv.cfg").touch()
    (shop / "conda/conda-meta").mkdir()
    (shop / "lib/own.py").touch()
    assert Checkout(shop).paths == {*SHOP, "lib/own.py"}


@pytest.mark.parametrize("is_git", [True, False])
def test_symlinks_and_special_files_are_not_followed(shop: Path, tmp_path: Path, *, is_git: bool) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/secret.py").write_text("SECRET = 1\n", encoding="utf-8")
    (shop / "link.py").symlink_to(tmp_path / "outside/secret.py")
    (shop / "folder").symlink_to(tmp_path / "outside")
    os.mkfifo(shop / "pipe.py")
    (shop / "real").mkdir()
    (shop / "real/secret.py").touch()
    if is_git:
        git(shop, "init", "--quiet")
        git(shop, "add", ".")
    (shop / "real/secret.py").unlink()
    (shop / "real").rmdir()
    (shop / "real").symlink_to(tmp_path / "outside")
    tree = Checkout(shop)
    assert tree.paths == SHOP
    for path in ("link.py", "folder/secret.py", "real/secret.py", "pipe.py", "../outside/secret.py"):
        assert tree.read(path) is None


def test_the_settings_of_a_hostile_checkout_run_nothing(git_shop: Path, tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    hook = tmp_path / "hook"
    hook.write_text(f"#!/bin/sh\ntouch {mark}\n", encoding="utf-8")
    hook.chmod(0o755)
    git(git_shop, "config", "core.fsmonitor", str(hook))
    git(git_shop, "config", "core.pager", str(hook))
    git(git_shop, "config", "core.hooksPath", str(tmp_path))
    assert Checkout(git_shop).paths == SHOP
    assert not mark.exists()


def test_only_listed_files_are_read(shop: Path) -> None:
    (shop / ".env").mkdir()
    (shop / ".env/token.py").touch()
    tree = Checkout(shop)
    assert tree.read("shop/models.py") == (shop / "shop/models.py").read_text(encoding="utf-8")
    assert tree.read(".env/token.py") is None
    assert tree.read("/etc/passwd") is None
    assert tree.read(f"{shop}/shop/models.py") is None


def test_a_text_is_read_once(shop: Path) -> None:
    tree = Checkout(shop)
    before = tree.read("shop/models.py")
    (shop / "shop/models.py").write_text("changed", encoding="utf-8")
    assert tree.read("shop/models.py") == before
    assert tree.now("shop/models.py") == b"changed"


def test_encodings_sizes_and_line_ends(shop: Path) -> None:
    files = {
        "latin.py": ("# coding: latin-1\nx = 'é'\n".encode("latin-1"), "# coding: latin-1\nx = 'é'\n"),
        "mark.py": (b"\xef\xbb\xbfx = 1\r\n", "x = 1\r\n"),
        "broken.py": (b"x = '\xff'\n", None),
        "unknown.py": (b"# coding: nonsense\n", None),
        "no_text.py": (b"# coding: hex\n", None),
        "null.py": (b"x = 1\0\n", None),
        "data.bin": (b"\xff\xfe", None),
        "notes.md": ("é".encode(), "é"),
        "large.py": (b"#" * (checkout.MAX_FILE + 1), None),
    }
    for name, (data, _) in files.items():
        (shop / name).write_bytes(data)
    tree = Checkout(shop)
    assert {name: tree.read(name) for name in files} == {name: text for name, (_, text) in files.items()}


def test_names_that_a_diff_cannot_hold_are_left_out(shop: Path) -> None:
    for name in ("new\nline.py", "\x1b[31m.py", "right\u202eleft.py"):
        (shop / name).touch()
    with (Path(os.fsdecode(os.fsencode(shop) + b"/\xff.py"))).open("w"):
        pass
    (shop / "größe.py").touch()
    assert Checkout(shop).paths == {*SHOP, "größe.py"}
    git(shop, "init", "--quiet")
    assert Checkout(shop).paths == {*SHOP, "größe.py"}


def test_what_is_no_project_is_told(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadInput, match="is not a folder"):
        Checkout(shop / "shop/models.py")
    monkeypatch.setattr(checkout, "MAX_FILES", 2)
    with pytest.raises(BadInput, match="more than 2 files"):
        _ = Checkout(shop).paths


def test_without_git_on_this_machine_the_folder_is_walked(
    git_shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert Checkout(git_shop).paths == SHOP
