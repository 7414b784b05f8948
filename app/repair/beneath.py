"""Files beneath a folder, named by `/`-separated paths that others wrote: never outside of it, never by a symlink."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
# Without O_NONBLOCK, opening a named pipe waits for its writer.
_READ: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
_CREATE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
_CHUNK: Final = 1 << 20


def is_plain(path: str) -> bool:
    """True if `path` is relative and says nothing but names: no `..`, no empty part, no NUL."""
    return "\0" not in path and all(part not in {"", ".", ".."} for part in path.split("/"))


def read_file(root: Path, path: str, limit: int) -> bytes | None:
    """The bytes of a regular file beneath `root`; None if it is none, or holds more than `limit` bytes."""
    try:
        folder, name = _split(path)
        with _folder(root, folder) as descriptor:
            return _read(descriptor, name, limit)
    except OSError:
        return None


def write_file(root: Path, path: str, data: bytes, *, modified: int | None = None) -> None:
    """The file at `path` holds `data`, from one moment to the next; its permissions are kept.

    `modified` is the time to record for it, in seconds of the epoch, instead of now.

    Raises:
        OSError: if the path leaves `root`, passes a symlink, or is something else than a regular file.
    """
    folder, name = _split(path)
    with _folder(root, folder, create=True) as descriptor:
        _replace(descriptor, name, data, modified)


def remove_file(root: Path, path: str) -> None:
    """There is no file at `path`; its folders stay.

    Raises:
        OSError: if the path leaves `root` or passes a symlink.
    """
    folder, name = _split(path)
    with _folder(root, folder) as descriptor, suppress(FileNotFoundError):
        os.unlink(name, dir_fd=descriptor)


def copy_files(
    source: Path, target: Path, folder: str, names: Iterable[str], limit: int, *, modified: int
) -> int:
    """The regular files `names` of `folder` are in `target` too, but those with more than `limit` bytes.

    Returns how many bytes that were. What cannot be read is left out: the copy holds what there is.
    """
    copied = 0
    parts = folder.split("/") if folder else []
    with suppress(OSError), _folder(source, parts) as before, _folder(target, parts, create=True) as after:
        for name in names:
            with suppress(OSError):
                data = _read(before, name, limit)
                if data is not None:
                    _create(after, name, data, 0o644, modified)
                    copied += len(data)
    return copied


def _split(path: str) -> tuple[list[str], str]:
    if not is_plain(path):
        raise PermissionError(f"not a path beneath the folder: {path[:200]!r}")
    *folders, name = path.split("/")
    return folders, name


@contextmanager
def _folder(root: Path, folders: list[str], *, create: bool = False) -> Iterator[int]:
    """A descriptor of the folder, opened one name at a time so that no symlink is passed on the way."""
    descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for name in folders:
            if create:
                with suppress(FileExistsError):
                    os.mkdir(name, dir_fd=descriptor)
            below = os.open(name, _FOLDER, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = below
        yield descriptor
    finally:
        os.close(descriptor)


def _read(folder: int, name: str, limit: int) -> bytes | None:
    descriptor = os.open(name, _READ, dir_fd=folder)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        # One byte more than allowed: the size in the directory may be old, or a lie as in /proc.
        data = file.read(limit + 1)
    return data if len(data) <= limit else None


def _create(folder: int, name: str, data: bytes, mode: int, modified: int | None) -> None:
    descriptor = os.open(name, _CREATE, mode, dir_fd=folder)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        if modified is not None:
            os.utime(descriptor, (modified, modified))


def _replace(folder: int, name: str, data: bytes, modified: int | None) -> None:
    mode = 0o644
    with suppress(FileNotFoundError):
        found = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
        if not stat.S_ISREG(found):
            raise PermissionError(f"not a regular file: {name[:200]!r}")
        mode = stat.S_IMODE(found)
    aside = f".{name[:100]}.{os.getpid()}.autofix"
    _create(folder, aside, data, mode, modified)
    try:
        os.chmod(aside, mode, dir_fd=folder)
        os.rename(aside, name, src_dir_fd=folder, dst_dir_fd=folder)
    except OSError:
        os.unlink(aside, dir_fd=folder)
        raise
