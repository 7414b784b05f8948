from __future__ import annotations

import os
from pathlib import Path

import pytest

from app.bench.cases import Case
from app.bench.crash import run_reproducer
from app.bench.installation import STAMP, Installation, NotInstalled, copy_with, installed, split
from app.bench.processes import Processes
from bench.shelf import BOOKS, MENDED, OWN, fake_install, make_case


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_the_packages_own_files_are_those_of_its_record(installation: Installation) -> None:
    assert installation.own == {*OWN, "shelf-1.0.dist-info/RECORD"}
    assert installation.modules == ("shelf",)


def test_a_package_that_is_not_there_has_no_files(installation: Installation) -> None:
    with pytest.raises(NotInstalled, match="lamp is not among"):
        _ = Installation(installation.folder, "lamp").own


def test_the_checkout_holds_the_package_and_the_site_the_rest(
    installation: Installation, tmp_path: Path
) -> None:
    split(installation, tmp_path / "repo", tmp_path / "site")
    assert files(tmp_path / "repo") == installation.own
    assert files(tmp_path / "site") == {"inkwell.py"}


def test_a_patch_never_reaches_the_installation(installation: Installation, tmp_path: Path) -> None:
    copy_with(installation, {"shelf/books.py": MENDED, "shelf/new.py": "x = 1\n"}, tmp_path / "copy")
    (tmp_path / "copy/shelf/words.txt").write_text("changed", encoding="utf-8")
    assert (installation.folder / "shelf/books.py").read_text("utf-8") == BOOKS
    assert (installation.folder / "shelf/words.txt").read_text("utf-8") == "a an the\n"
    assert (tmp_path / "copy/shelf/books.py").read_text("utf-8") == MENDED
    assert (tmp_path / "copy/inkwell.py").samefile(installation.folder / "inkwell.py")
    assert not (installation.folder / "shelf/new.py").exists()


def test_a_patched_file_is_not_run_from_its_old_compiled_form(
    installation: Installation, tmp_path: Path
) -> None:
    source = installation.folder / "shelf/books.py"
    same_length = BOOKS.replace("'untitled'", "'no title'").replace('"untitled"', '"no title"')
    assert len(same_length) == len(BOOKS)
    compiled = compile_beside(source)
    record = next(installation.folder.glob("*.dist-info/RECORD"))
    record.write_text(f"{record.read_text('utf-8')}{compiled},,\n", encoding="utf-8")
    copy_with(installation, {"shelf/books.py": same_length}, tmp_path / "copy")
    stamp = source.stat()
    os.utime(tmp_path / "copy/shelf/books.py", (stamp.st_atime, stamp.st_mtime))
    case = make_case(reproducer="from shelf.books import title\nprint(title({'title': ' '}))")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    assert run_reproducer(case, tmp_path / "copy", Processes(), scratch).printed == "no title\n"


def compile_beside(source: Path) -> str:
    import py_compile  # noqa: PLC0415

    compiled = py_compile.compile(str(source))
    assert compiled is not None
    return Path(compiled).relative_to(source.parents[1]).as_posix()


def test_an_installation_is_made_once_and_again_when_it_must_differ(tmp_path: Path, case: Case) -> None:
    made: list[str] = []

    def install(case: Case, folder: Path, processes: Processes) -> None:
        assert not any(folder.iterdir())
        made.append(case.buggy)
        fake_install(case, folder, processes)

    for version in ("1.0", "1.0", "1.1"):
        there = installed(case.model_copy(update={"buggy": version}), tmp_path, Processes(), install)
        assert there.own
    assert made == ["1.0", "1.1"]
    assert (tmp_path / case.id / "buggy" / STAMP).read_text("utf-8") == "Shelf==1.1\ninkwell==2.0"


def test_a_failed_installation_is_tried_again(tmp_path: Path, case: Case) -> None:
    def fail(_case: Case, folder: Path, _processes: Processes) -> None:
        (folder / "half").write_text("", encoding="utf-8")
        raise NotInstalled("pip failed")

    with pytest.raises(NotInstalled):
        installed(case, tmp_path, Processes(), fail)
    assert installed(case, tmp_path, Processes(), fake_install).own
