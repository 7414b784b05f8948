"""The package's own tests as controls."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.bench.case import Patched
from app.bench.controls import control
from app.bench.controls.changes import changed_functions
from app.bench.controls.own_tests import compare_tests, nearby_tests
from app.bench.installation import Installation, copy_with, split
from app.bench.processes import Processes
from app.bench.verdict import Controls
from bench.shelf import BOOKS, MENDED, make_case

TESTS = """\
import pytest
from shelf.books import title


@pytest.mark.parametrize("text", ["Emma", " Emma", "Emma ", "  Emma  "])
def test_blanks_are_cut(text):
    assert title({"title": text}) == "Emma"


def test_there_is_a_default():
    assert title({"title": " "}) == "untitled"


def test_that_has_always_failed():
    assert title({"title": "Emma"}) == "Persuasion"


@pytest.mark.skip
def test_skipped():
    pass
"""


def patched(installation: Installation, tmp_path: Path, text: str) -> Patched:
    case, scratch = make_case(), tmp_path / "scratch"
    split(installation, scratch / "repo", scratch / "site")
    copy_with(installation, {"shelf/books.py": text}, scratch / "after")
    cache = tmp_path / "work" / case.id
    files = {"shelf/books.py": text}
    return Patched(case, installation, files, {}, scratch / "after", scratch / "site", scratch, cache)


def release(tmp_path: Path, files: dict[str, str]) -> None:
    """The source release that an earlier run has fetched."""
    folder = tmp_path / "work/shelf-none-title/source"
    for name, text in {**files, ".unpacked": "Shelf==1.0"}.items():
        place = folder / name if name == ".unpacked" else folder / "shelf-1.0" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")


@pytest.mark.parametrize("prefix", ["", "src/"])
def test_tests_that_pass_on_both_sides_are_counted(
    installation: Installation, tmp_path: Path, prefix: str
) -> None:
    release(
        tmp_path,
        {
            f"{prefix}shelf/books.py": "raise ImportError('the release is not to be run, the installation is')",
            "tests/test_books.py": TESTS,
            "tests/test_lamps.py": "def test_nothing_about_this(): pass",
            "setup.cfg": "[tool:pytest]\naddopts = --no-such-option",
        },
    )
    assert control(patched(installation, tmp_path, MENDED), Processes()) == Controls("5 tests", "", 5)


def test_a_test_that_only_passes_without_the_patch_is_a_difference(
    installation: Installation, tmp_path: Path
) -> None:
    release(tmp_path, {"tests/test_books.py": TESTS})
    worse = MENDED.replace(".strip()", ".lstrip()")
    found = control(patched(installation, tmp_path, worse), Processes())
    assert found.ran == "5 tests"
    assert found.difference == (
        "tests/test_books.py::test_blanks_are_cut[Emma ] passes without the patch and not with it"
    )


def test_a_patch_under_which_no_test_can_be_collected_is_a_difference(
    installation: Installation, tmp_path: Path
) -> None:
    release(tmp_path, {"tests/test_books.py": TESTS + "from shelf.books import clean\n"})
    broken = MENDED.replace("from inkwell import clean", "import inkwell").replace(
        "= clean(", "= inkwell.clean("
    )
    assert "passes without" in control(patched(installation, tmp_path, broken), Processes()).difference


def test_a_test_that_never_ends_with_the_patch_is_a_difference(
    installation: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.bench.controls.own_tests.TEST_SECONDS", 5.0)
    release(tmp_path, {"tests/test_books.py": TESTS})
    endless = MENDED.replace("    return (text", "    while not text.strip(): pass\n    return (text")
    found = control(patched(installation, tmp_path, endless), Processes())
    assert "test_there_is_a_default passes without the patch" in found.difference


def test_a_test_that_differs_by_chance_is_no_difference(installation: Installation, tmp_path: Path) -> None:
    counting = (
        "import pathlib\n"
        "def test_title_only_the_first_time():\n"
        "    seen = pathlib.Path(__file__).parents[2] / 'seen'\n"
        "    assert not seen.exists() or 'after' not in __file__\n"
        "    seen.with_name('no').exists()\n"
    )
    release(tmp_path, {"tests/test_books.py": TESTS + counting})
    assert control(patched(installation, tmp_path, MENDED), Processes()).difference == ""


def test_tests_inside_the_package_are_found_without_a_source_release(
    installation: Installation, tmp_path: Path
) -> None:
    release(tmp_path, {})
    (installation.folder / "shelf/test_books.py").write_text(TESTS, encoding="utf-8")
    record = next(installation.folder.glob("*.dist-info/RECORD"))
    record.write_text(record.read_text("utf-8") + "shelf/test_books.py,,\n", encoding="utf-8")
    assert control(patched(installation, tmp_path, MENDED), Processes()).ran == "5 tests"


def test_a_test_cannot_write_outside_or_reach_the_network(installation: Installation, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious", encoding="utf-8")
    naughty = f"""
import os, pathlib, socket, pytest
def test_title_writes_where_it_may(tmp_path):
    (tmp_path / "file").write_text("fine")
    pathlib.Path("here").write_text("fine")
    os.rename("here", "there")
@pytest.mark.parametrize("deed", [
    lambda: os.remove({str(victim)!r}),
    lambda: open({str(victim)!r}, "w"),
    lambda: socket.create_connection(("192.0.2.1", 80)),
    lambda: socket.getaddrinfo("host.invalid", 80),
])
def test_title_is_fenced(deed):
    with pytest.raises(PermissionError, match="the fence"):
        deed()
"""
    release(tmp_path, {"tests/test_books.py": naughty})
    changed = changed_functions(installation.folder, {"shelf/books.py": MENDED})
    found = compare_tests(patched(installation, tmp_path, MENDED), changed, Processes())
    assert found == Controls("5 tests", "", 5)
    assert victim.read_text("utf-8") == "precious"


def test_the_nearest_test_files_come_first(installation: Installation, tmp_path: Path) -> None:
    changed = changed_functions(installation.folder, {"shelf/books.py": MENDED})
    texts = {
        "tests/test_other.py": "def test_it(): pass",
        "tests/test_api.py": "from shelf import books",
        "tests/test_books.py": "from shelf.books import title",
        "tests/test_words.py": "import shelf.books",
        "docs/title.py": "title",
    }
    files = {}
    for name, text in texts.items():
        files[name] = tmp_path / name
        files[name].parent.mkdir(exist_ok=True)
        files[name].write_text(text, encoding="utf-8")
    assert nearby_tests(files, changed) == ["tests/test_books.py", "tests/test_words.py"]


def test_only_changed_functions_count(installation: Installation) -> None:
    text = BOOKS.replace("return len(self.books)", "return len(self.books) + 0")
    (changed,) = changed_functions(installation.folder, {"shelf/books.py": text})
    assert (changed.module, changed.qualname, changed.kind) == ("shelf.books", "Shelf.add", "method")
    assert [parameter.name for parameter in changed.parameters] == ["book"]
    assert changed_functions(installation.folder, {"shelf/books.py": BOOKS + "\n# a comment\n"}) == ()
    assert changed_functions(installation.folder, {"shelf/new.py": "def f(): pass"}) == ()
