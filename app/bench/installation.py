"""What is installed for a case, which of its files are the package's own, and copies of it with a patch."""

from __future__ import annotations

import csv
import os
import re
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

from app.bench.cases import Case
from app.bench.processes import Processes

STAMP = ".installed"
INSTALL_SECONDS = 600.0


class NotInstalled(Exception):
    """The case's packages could not be installed; the message says why."""


@dataclass(frozen=True)
class Installation:
    """A folder with the package and everything it needs, as `pip install --target` leaves it."""

    folder: Path
    package: str

    @cached_property
    def own(self) -> frozenset[str]:
        """The package's own files, relative, as its RECORD lists them.

        Raises:
            NotInstalled: if the folder has no such package.
        """
        for info in sorted(self.folder.glob("*.dist-info")):
            if _normal(info.name.removesuffix(".dist-info").rpartition("-")[0]) == _normal(self.package):
                try:
                    text = (info / "RECORD").read_text(encoding="utf-8")
                except OSError as fault:
                    raise NotInstalled(f"{self.package} has no RECORD of its files") from fault
                names = [row[0] for row in csv.reader(text.splitlines()) if row]
                return frozenset(name for name in names if _inside(name) and (self.folder / name).is_file())
        raise NotInstalled(f"{self.package} is not among what was installed")

    @property
    def modules(self) -> tuple[str, ...]:
        """The package's own top-level modules."""
        tops = {
            PurePosixPath(name).parts[0].partition(".")[0]
            for name in self.own
            if name.endswith((".py", ".so", ".pyd"))
        }
        return tuple(sorted(top for top in tops if top.isidentifier()))


Install = Callable[[Case, Path, Processes], None]


def installed(case: Case, work: Path, processes: Processes, install: Install) -> Installation:
    """The case's installation below `work`, made now unless an earlier run has made the same.

    Raises:
        NotInstalled: if it cannot be made.
    """
    folder = work / case.id / "buggy"
    stamp, wanted = folder / STAMP, "\n".join(case.requirements)
    if not (stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted):
        if folder.is_symlink():
            folder.unlink()
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        install(case, folder, processes)
        stamp.write_text(wanted, encoding="utf-8")
    # Packages may resolve links in their own paths; the names must agree with what frames then say.
    return Installation(folder.resolve(), case.package)


def install_with_pip(case: Case, folder: Path, processes: Processes) -> None:
    """Exactly the case's requirements are in the folder.

    Raises:
        NotInstalled: if pip fails or takes too long.
    """
    options = (
        "--quiet",
        "--no-input",
        "--no-deps",
        "--disable-pip-version-check",
        "--root-user-action=ignore",
    )
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "pip",
        "install",
        *options,
        "--target",
        folder,
        *case.requirements,
    ]
    ended = processes.run(command, folder=folder, environment=os.environ, seconds=INSTALL_SECONDS)
    if ended.status is None:
        raise NotInstalled(f"pip has not finished within {INSTALL_SECONDS:.0f} s")
    if ended.status != 0:
        errors = [line for line in ended.stderr.splitlines() if line.startswith("ERROR")]
        raise NotInstalled(f"pip failed: {' '.join(errors) or ended.last_words}")


def split(installation: Installation, repo: Path, site: Path) -> None:
    """`repo` holds the package's own files and nothing else, `site` all the others."""
    repo.mkdir(parents=True)
    site.mkdir(parents=True)
    for name in _names(installation.folder):
        if name in installation.own:
            # A real copy: whoever works on the checkout may write to it.
            _place(installation.folder / name, repo / name, shutil.copy2)
        elif name != STAMP:
            _place(installation.folder / name, site / name, link_or_copy)


def copy_with(installation: Installation, files: Mapping[str, str], target: Path) -> None:
    """`target` is the installation with these files in place of its own; the installation is untouched."""
    target.mkdir(parents=True)
    for name in _names(installation.folder):
        if name not in files and name != STAMP:
            copy = shutil.copy2 if name in installation.own else link_or_copy
            _place(installation.folder / name, target / name, copy)
    for name, text in files.items():
        place = target / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8", newline="")
        # Its compiled form is trusted by size and whole seconds, which a quick patch may both keep.
        for compiled in (place.parent / "__pycache__").glob(f"{place.stem}.*.pyc"):
            compiled.unlink()


def link_or_copy(source: str | Path, target: str | Path) -> None:
    """`target` has the content of `source`, sharing its storage where the file system can."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _names(folder: Path) -> list[str]:
    return [
        (Path(root) / name).relative_to(folder).as_posix()
        for root, _, names in os.walk(folder)
        for name in names
    ]


def _place(source: Path, target: Path, copy: Callable[[Path, Path], object]) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    copy(source, target)


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name.partition("[")[0]).lower()


def _inside(name: str) -> bool:
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts
