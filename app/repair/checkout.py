"""A folder on this machine as a source tree: listed by git where it can be, read lazily, never through a symlink."""

from __future__ import annotations

import os
import stat
import subprocess
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Final

from app.repair.beneath import is_plain, read_file
from app.repair.fault import BadInput
from app.repair.source_text import decoded

MAX_FILE: Final = 2 << 20
MAX_FILES: Final = 200_000
MAX_PATH: Final = 1_000

_DEEPEST: Final = 40
_SKIPPED: Final = frozenset({"__pycache__", "node_modules", "site-packages"})
# Files that only the root of an environment has.
_ENVIRONMENT: Final = frozenset({"pyvenv.cfg", "conda-meta"})
# Nothing that the checkout's own settings name is run, and nothing is fetched.
_LIST: Final = (
    "git",
    "-c",
    "core.fsmonitor=false",
    "-c",
    "core.hooksPath=/dev/null",
    "ls-files",
    "-z",
    "--cached",
    "--others",
    "--exclude-standard",
)


class Checkout:
    """The files of a folder. Satisfies `app.core.source.SourceTree`.

    Texts and the listing are read once, so what a fix is built on is one state of the folder.
    """

    def __init__(self, root: Path) -> None:
        """`root` is an existing folder.

        Raises:
            BadInput: if it is none.
        """
        if not root.is_dir():
            raise BadInput(f"{root} is not a folder: --repo takes the folder that holds the failing code.")
        self.root = root.resolve()
        self._read: dict[str, bytes | None] = {}
        self._texts: dict[str, str | None] = {}

    @cached_property
    def paths(self) -> frozenset[str]:
        """Every regular file: what git tracks or would, or all that is no environment and not hidden.

        Raises:
            BadInput: if there are too many to be a project.
        """
        listed = self._listed() or _walked(self.root)
        kept: set[str] = set()
        for path in listed:
            kept.add(path)
            if len(kept) > MAX_FILES:
                raise BadInput(
                    f"{self.root} holds more than {MAX_FILES:,} files: let --repo name the project's own folder."
                )
        return frozenset(kept)

    def read(self, path: str) -> str | None:
        """The text of a listed file; None if there is none, it is too large, or no text."""
        if path not in self._texts:
            data = self.read_bytes(path)
            self._texts[path] = decoded(path, data) if data is not None else None
        return self._texts[path]

    def read_bytes(self, path: str) -> bytes | None:
        """The bytes of a listed file as they were when it was first asked for."""
        if path not in self._read:
            self._read[path] = read_file(self.root, path, MAX_FILE) if path in self.paths else None
        return self._read[path]

    def now(self, path: str) -> bytes | None:
        """The bytes that a regular file at `path` holds at this moment, listed or not."""
        return read_file(self.root, path, MAX_FILE)

    def _listed(self) -> list[str]:
        """What git lists; empty where the folder is no work tree, git is missing, or it ignores the whole folder."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        quiet = {
            "GIT_ALLOW_PROTOCOL": "none",
            "GIT_NO_LAZY_FETCH": "1",
            "GIT_OPTIONAL_LOCKS": "0",
            "GIT_TERMINAL_PROMPT": "0",
        }
        try:
            done = subprocess.run(  # noqa: S603 - our own command
                _LIST, cwd=self.root, env=kept | quiet, capture_output=True, timeout=60, check=False
            )
        except (OSError, subprocess.TimeoutExpired):
            return []
        if done.returncode != 0:
            return []
        folders: dict[str, bool] = {"": True}
        names = (name.decode("utf-8", "replace") for name in done.stdout.split(b"\0") if name)
        return [name for name in _named(names) if self._is_regular(name, folders)]

    def _is_regular(self, path: str, folders: dict[str, bool]) -> bool:
        """True for a file that is there and is reached by folders only; git lists also what was removed."""
        folder = path.rpartition("/")[0]
        return self._is_folder(folder, folders) and _has(self.root / path, stat.S_ISREG)

    def _is_folder(self, path: str, folders: dict[str, bool]) -> bool:
        if path not in folders:
            above = path.rpartition("/")[0]
            folders[path] = self._is_folder(above, folders) and _has(self.root / path, stat.S_ISDIR)
        return folders[path]


def _has(path: Path, kind: Callable[[int], bool]) -> bool:
    try:
        mode = path.lstat().st_mode
    except OSError:
        return False
    return kind(mode)


def _named(paths: Iterable[str]) -> Iterator[str]:
    """The paths that a diff can name: not too long, no control characters, nothing that is not Unicode."""
    for path in paths:
        if (
            len(path) <= MAX_PATH
            and is_plain(path)
            and path.isprintable()
            and "\N{REPLACEMENT CHARACTER}" not in path
        ):
            yield path


def _walked(root: Path) -> Iterator[str]:
    yield from _named(_walk(root, "", _DEEPEST))


def _walk(folder: Path, prefix: str, depth: int) -> Iterator[str]:
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda one: one.name)
    except OSError:
        return
    if prefix and any(one.name in _ENVIRONMENT for one in entries):
        return
    for one in entries:
        name = os.fsencode(one.name).decode("utf-8", "replace")
        if one.is_file(follow_symlinks=False):
            yield prefix + name
        elif (
            depth and one.is_dir(follow_symlinks=False) and not name.startswith(".") and name not in _SKIPPED
        ):
            yield from _walk(Path(one.path), f"{prefix}{name}/", depth - 1)
