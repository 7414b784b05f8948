"""The source release of a package, where its tests are."""

from __future__ import annotations

import os
import shutil
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from app.bench.cases import Case
from app.bench.processes import Processes

DOWNLOAD_SECONDS = 120.0
MOST_BYTES = 200 * 2**20
_STAMP = ".unpacked"


def source_release(case: Case, cache: Path, processes: Processes) -> Path | None:
    """The unpacked source release, kept in `cache`; None if pip gets none, which is remembered too."""
    folder = cache / "source"
    stamp, wanted = folder / _STAMP, f"{case.package}=={case.buggy}"
    if not (stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        if _download(wanted, case.package, folder, processes):
            stamp.write_text(wanted, encoding="utf-8")
    return next((entry for entry in sorted(folder.iterdir()) if entry.is_dir()), None)


def _download(requirement: str, package: str, folder: Path, processes: Processes) -> bool:
    """The release is unpacked in the folder, if pip can get it; False if pip did not come to an end in time."""
    with tempfile.TemporaryDirectory(dir=folder) as place:
        options = ("--quiet", "--no-input", "--no-deps", "--disable-pip-version-check")
        command = [sys.executable, "-m", "pip", "download", *options, "--no-binary", package]
        ended = processes.run(
            [*command, "--dest", place, requirement],
            folder=Path(place),
            environment=os.environ,
            seconds=DOWNLOAD_SECONDS,
        )
        for archive in sorted(Path(place).iterdir()):
            _unpack(archive, folder)
    return ended.status is not None


def _unpack(archive: Path, folder: Path) -> None:
    """Plain files of the archive are in the folder; links, devices and paths that lead out of it are left out."""
    left = MOST_BYTES
    try:
        for name, content in _members(archive):
            path = PurePosixPath(name)
            left -= len(content)
            if path.is_absolute() or ".." in path.parts or left < 0:
                continue
            place = folder / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
    except (tarfile.TarError, zipfile.BadZipFile, OSError, EOFError):
        # Half a release has tests that fail on both sides, which says nothing; so it is none.
        for entry in folder.iterdir():
            if entry.is_dir() and entry != archive.parent:
                shutil.rmtree(entry, ignore_errors=True)


def _members(archive: Path) -> Iterator[tuple[str, bytes]]:
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as packed:
            for item in packed.infolist():
                if not item.is_dir():
                    yield item.filename, packed.read(item)
    elif tarfile.is_tarfile(archive):
        with tarfile.open(archive) as tar:
            for member in tar:
                content = tar.extractfile(member) if member.isfile() else None
                if content is not None:
                    yield member.name, content.read()
