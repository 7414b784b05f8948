"""Fetching and unpacking a source release, without the network."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from app.bench.controls.source_release import source_release
from app.bench.processes import Ended, Processes
from bench.shelf import make_case


class Pip(Processes):
    """Delivers one archive, or none; counts how often it is asked."""

    def __init__(self, name: str = "", content: bytes = b"", status: int | None = 0) -> None:
        super().__init__()
        self.name, self.content, self.status = name, content, status
        self.commands: list[list[str]] = []

    def run(
        self, command: Sequence[str | Path], *, folder: Path, environment: Mapping[str, str], seconds: float
    ) -> Ended:
        assert environment
        assert 0 < seconds <= 120
        self.commands.append([str(part) for part in command])
        if self.name:
            (folder / self.name).write_bytes(self.content)
        return Ended(self.status, "", "", 0.1)


def tarball(files: dict[str, str]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
        link = tarfile.TarInfo("shelf-1.0/link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    return packed.getvalue()


def zipped(files: dict[str, str]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return packed.getvalue()


FILES = {"shelf-1.0/tests/test_it.py": "x", "../outside": "x", "/abs": "x"}


@pytest.mark.parametrize(
    ("name", "content"), [("shelf-1.0.tar.gz", tarball(FILES)), ("shelf-1.0.zip", zipped(FILES))]
)
def test_a_release_is_unpacked_once(tmp_path: Path, name: str, content: bytes) -> None:
    pip = Pip(name, content)
    folder = tmp_path / "source/shelf-1.0"
    assert [source_release(make_case(), tmp_path, pip) for _ in range(2)] == [folder, folder]
    assert {path.name for path in folder.rglob("*")} == {"tests", "test_it.py"}
    assert not (tmp_path / "outside").exists()
    (command,) = pip.commands
    assert command[1:4] == ["-m", "pip", "download"]
    assert {"--no-deps", "--no-binary", "Shelf", "Shelf==1.0"} <= set(command)


def test_that_there_is_none_is_remembered(tmp_path: Path) -> None:
    pip = Pip(status=1)
    assert [source_release(make_case(), tmp_path, pip) for _ in range(2)] == [None, None]
    assert len(pip.commands) == 1


def test_that_pip_took_too_long_is_not(tmp_path: Path) -> None:
    pip = Pip(status=None)
    assert [source_release(make_case(), tmp_path, pip) for _ in range(2)] == [None, None]
    assert len(pip.commands) == 2


def test_half_a_release_is_none(tmp_path: Path) -> None:
    whole = tarball({f"shelf-1.0/file{number}": "text" * number for number in range(500)})
    assert source_release(make_case(), tmp_path, Pip("shelf-1.0.tar.gz", whole[: len(whole) // 2])) is None
    assert source_release(make_case(), tmp_path / "other", Pip("shelf.tar.gz", b"nonsense")) is None
