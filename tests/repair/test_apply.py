"""Writing a patch into a checkout: wholly, or not at all."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from app.core.model import FileChange, Fix, RegressionTest
from app.repair import apply as application
from app.repair.apply import apply
from app.repair.beneath import write_file
from app.repair.checkout import Checkout
from app.repair.fault import BadInput
from samples import DRAFT

TEST = RegressionTest(
    FileChange("tests/test_new.py", None, "def test(): ...\n"), "tests/test_new.py::test", "test"
)


def patch(tree: Checkout, path: str = "shop/models.py", test: RegressionTest | None = TEST) -> Fix:
    before = tree.read(path)
    return replace(DRAFT, fix=FileChange(path, before, f"{before}# fixed\n"), test=test)


def files(root: Path) -> dict[str, bytes]:
    return {str(one.relative_to(root)): one.read_bytes() for one in root.rglob("*") if one.is_file()}


def test_the_fix_and_its_test_are_written(shop: Path) -> None:
    tree = Checkout(shop)
    (shop / "shop/models.py").chmod(0o755)
    assert apply(patch(tree), tree) == ("shop/models.py", "tests/test_new.py")
    assert (shop / "shop/models.py").read_text(encoding="utf-8").endswith("# fixed\n")
    assert (shop / "shop/models.py").stat().st_mode & 0o777 == 0o755
    assert (shop / "tests/test_new.py").read_text(encoding="utf-8") == "def test(): ...\n"
    assert len(files(shop)) == 4
    assert apply(patch(Checkout(shop), test=None), Checkout(shop)) == ("shop/models.py",)


def test_encoding_mark_and_line_ends_are_kept(shop: Path) -> None:
    (shop / "latin.py").write_bytes("# coding: latin-1\r\nx = 'é'\r\n".encode("latin-1"))
    (shop / "mark.py").write_bytes(b"\xef\xbb\xbfx = 1\n")
    tree = Checkout(shop)
    apply(patch(tree, "latin.py"), tree)
    apply(patch(tree, "mark.py", test=None), tree)
    assert (shop / "latin.py").read_bytes() == "# coding: latin-1\r\nx = 'é'\r\n# fixed\n".encode("latin-1")
    assert (shop / "mark.py").read_bytes() == b"\xef\xbb\xbfx = 1\n# fixed\n"
    tree = Checkout(shop)
    text = tree.read("latin.py") or ""
    with pytest.raises(BadInput, match="encoding"):
        apply(replace(DRAFT, fix=FileChange("latin.py", text, text + "# €\n"), test=None), tree)


@pytest.mark.parametrize(
    "how", ["changed", "removed", "replaced by a link", "test exists", "folder is a link", "no folder"]
)
def test_nothing_is_written_where_something_has_changed(shop: Path, tmp_path: Path, how: str) -> None:
    tree = Checkout(shop)
    wanted = patch(tree)
    model, outside = shop / "shop/models.py", tmp_path / "outside"
    outside.mkdir()
    if how == "changed":
        model.write_text("other\n", encoding="utf-8")
    elif how == "removed":
        model.unlink()
    elif how == "replaced by a link":
        model.rename(outside / "models.py")
        model.symlink_to(outside / "models.py")
    elif how == "test exists":
        (shop / "tests").mkdir()
        (shop / "tests/test_new.py").touch()
    elif how == "folder is a link":
        (shop / "tests").symlink_to(outside)
    else:
        (shop / "tests").write_text("a file", encoding="utf-8")
    before, beyond = files(shop), files(outside)
    with pytest.raises(BadInput, match="Nothing was applied"):
        apply(wanted, tree)
    assert files(shop) == before
    assert files(outside) == beyond


def test_the_test_is_taken_back_if_the_fix_cannot_be_written(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(root: Path, path: str, data: bytes) -> None:
        if path == "shop/models.py":
            raise OSError(28, "No space left on device")
        write_file(root, path, data)

    monkeypatch.setattr(application, "write_file", full)
    tree = Checkout(shop)
    before = files(shop)
    with pytest.raises(BadInput, match="No space left"):
        apply(patch(tree), tree)
    assert files(shop) == before


@pytest.mark.parametrize("path", ["../x.py", "/tmp/x.py", "a//x.py", "shop/../../x.py"])  # noqa: S108 - never written
def test_no_path_leads_out(shop: Path, path: str) -> None:
    tree = Checkout(shop)
    test = replace(TEST, change=FileChange(path, None, ""))
    before = files(shop.parent)
    with pytest.raises(BadInput):
        apply(patch(tree, test=test), tree)
    assert files(shop.parent) == before
