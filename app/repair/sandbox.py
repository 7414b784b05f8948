"""Runs a script against a throw-away copy of a checkout: without a network, without other processes, within limits.

What is run is the repository's own code with recorded arguments, so this guards against accidents and careless code
first. Where Linux lets us, the kernel holds the limits: new user, network and process namespaces, seccomp, Landlock.
Everywhere an audit hook holds them too, which code that sets out to escape could get around.
"""

from __future__ import annotations

import functools
import json
import os
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count, groupby
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Final, Self

from app.repair.beneath import copy_files, is_plain, read_file, remove_file, write_file
from app.repair.source_text import encoded

MAX_FILE: Final = 5 << 20  # a larger file is copied only if Python reads it
MAX_COPY: Final = 1 << 30

_COPIED: Final = 1_000_000_000
_CONFINED: Final = Path(__file__).with_name("confined.py")
_CODE: Final = (".py", ".pyi", ".so", ".pyd")
_SOURCE_FOLDERS: Final = frozenset({"src", "lib", "python"})
_PROJECT_FILES: Final = frozenset(
    {"pyproject.toml", "setup.py", "setup.cfg", "manage.py", "requirements.txt"}
)
_ASIDE: Final = frozenset({"tests", "test", "testing", "docs", "doc", "examples", "example", "fixtures"})
_MOST_ROOTS: Final = 50
_PROGRAMS: Final = frozenset({"setpriv", "unshare"})
_NAMESPACES: Final = tuple(
    tuple(command.split())
    for command in (
        (
            "setpriv --pdeathsig KILL -- "
            "unshare --user --map-current-user --net --ipc --pid --fork --kill-child --"
        ),
        "unshare --user --map-current-user --net --",
        "unshare --user --map-root-user --net --",
        "unshare --net --",
        "",
    )
)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one run may use. `output_bytes` is for standard output and standard error each."""

    seconds: float = 10.0
    memory_mib: int = 2048
    output_bytes: int = 1_000_000
    file_mib: int = 64


@dataclass(frozen=True, slots=True)
class Finished:
    """How a run ended; `status` is None where a limit ended it: time, memory of the machine, or output."""

    status: int | None
    stdout: str
    stderr: str
    seconds: float


LIMITS: Final = Limits()
_NO_CHANGES: Final[Mapping[str, str]] = MappingProxyType({})


class Sandbox:
    """A throw-away copy of a checkout's listed files, made on entry and removed on exit, and runs against it.

    Imports look into the copy first, then into `python_path`, then into the standard library; without a
    `python_path` also into the packages of the running environment. A folder of `python_path` that lies in the
    checkout means the copy's folder. One run at a time.
    """

    def __init__(
        self,
        root: Path,
        listing: Collection[str],
        python_path: Sequence[Path] = (),
        limits: Limits = LIMITS,
    ) -> None:
        self._root = root.resolve()
        self._listing = frozenset(path for path in listing if is_plain(path))
        self._roots = import_roots(self._listing)
        self._python_path = python_path
        self._limits = limits
        self._home: Path | None = None
        # What Python compiled is kept beside each copied file. It goes by size and time of modification in seconds,
        # so every text that a file gets has a time of its own.
        self._times = count(_COPIED + 1)

    def __enter__(self) -> Self:
        self._home = Path(tempfile.mkdtemp(prefix="autofix-")).resolve()
        try:
            for name in ("copy", "scratch", "tmp"):
                (self._home / name).mkdir()
            _copy(self._root, self.copy, self._listing)
        except BaseException:
            _remove(self._home)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._home is not None:
            _remove(self._home)
            self._home = None

    @property
    def copy(self) -> Path:
        """The root of the throw-away copy."""
        return self._place / "copy"

    def run(
        self, script: str, *, changes: Mapping[str, str] = _NO_CHANGES, limits: Limits | None = None
    ) -> Finished:
        """How `script` ended, run as `__main__` where the files of `changes` had the given texts.

        The copy has its own texts again afterwards, and the process and its children are gone.

        Raises:
            OSError: if a change lies outside of the copy, or the process cannot be started.
        """
        limits = limits or self._limits
        program = self._place / "script.py"
        program.write_text(script, encoding="utf-8")
        scratch, temporary = self._place / "scratch", self._place / "tmp"
        for folder in (scratch, temporary):
            _remove(folder)
            folder.mkdir()
        with self._changed(changes):
            return _run(self._command(program, limits), _environment(scratch, temporary), limits)

    @property
    def _place(self) -> Path:
        if self._home is None:
            raise ValueError("a sandbox is used in a `with` statement")
        return self._home

    @contextmanager
    def _changed(self, changes: Mapping[str, str]) -> Iterator[None]:
        originals = {path: read_file(self.copy, path, MAX_COPY) for path in changes}
        try:
            for path, text in changes.items():
                data = encoded(path, text, errors="replace")
                write_file(self.copy, path, data, modified=next(self._times))
            yield
        finally:
            for path, original in originals.items():
                if original is None:
                    remove_file(self.copy, path)
                else:
                    write_file(self.copy, path, original, modified=_COPIED)

    def _command(self, program: Path, limits: Limits) -> list[str]:
        first, last = self._roots
        given = [self._mapped(path) for path in self._python_path]
        configuration = {
            "script": str(program),
            "first": list(dict.fromkeys([*(str(self.copy / one) for one in first), *given])),
            "last": [str(self.copy / one) for one in last],
            # An editable install in the running environment would lead back to the checkout.
            "never": [str(self._root / one) for one in (*first, *last)],
            "writable": [str(self._place / name) for name in ("scratch", "copy", "tmp")],
            "seconds": limits.seconds,
            "memory_mib": limits.memory_mib,
            "file_mib": limits.file_mib,
        }
        # -I would also ignore PYTHONHASHSEED; the environment is ours, so -s and -P leave nothing to ignore.
        options = ["-s", "-P", *(["-S"] if given else [])]
        return [*_namespaces(), sys.executable, *options, str(_CONFINED), json.dumps(configuration)]

    def _mapped(self, path: Path) -> str:
        path = path.resolve()
        if path.is_relative_to(self._root):
            copied = self.copy / path.relative_to(self._root)
            if copied.is_dir():
                return str(copied)
        return str(path)


def import_roots(listing: Collection[str]) -> tuple[list[str], list[str]]:
    """The folders of a repository from which its modules are imported: those to look at first, and those at last.

    Last are the folders of tests, documents and examples, whose modules may bear the names of real packages.
    """
    found = {""}
    for path in listing:
        *folders, name = path.split("/")
        if name in _PROJECT_FILES:
            found.add("/".join(folders))
        if name.endswith(".py"):
            found.add("/".join(folders[: _outside(folders, listing)]))
    ranked = sorted(found, key=lambda root: (root.count("/") + bool(root), root))[:_MOST_ROOTS]
    aside = [root for root in ranked if _ASIDE & set(root.split("/"))]
    return [root for root in ranked if root not in aside], aside


def _outside(folders: list[str], listing: Collection[str]) -> int:
    """How many of the folders of a module lie outside of its dotted name."""
    for at in range(len(folders)):
        if f"{'/'.join(folders[: at + 1])}/__init__.py" in listing:
            return at
    return next((at + 1 for at, folder in enumerate(folders) if folder in _SOURCE_FOLDERS), 0)


def _copy(root: Path, copy: Path, listing: Collection[str]) -> None:
    """Code first, so that a checkout beyond the limit lacks its data and not its modules."""
    left = MAX_COPY
    for is_code in (True, False):
        chosen = sorted(
            (path.rpartition("/")[::2] for path in listing if path.endswith(_CODE) is is_code),
        )
        for folder, files in groupby(chosen, key=lambda one: one[0]):
            if left <= 0:
                return
            names = [name for _, name in files]
            limit = left if is_code else min(left, MAX_FILE)
            left -= copy_files(root, copy, folder, names, limit, modified=_COPIED)


def _remove(folder: Path) -> None:
    """There is no such folder any more, even if a script withdrew the permission to look into it."""
    for place, folders, _ in os.walk(folder):
        for name in folders:
            below = Path(place, name)
            if not below.is_symlink():
                with suppress(OSError):
                    below.chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)


def _environment(home: Path, temporary: Path) -> dict[str, str]:
    """Nothing of the parent's environment: it may hold secrets."""
    return {
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "PATH": os.defpath,
        "PYTHONHASHSEED": "0",
        "TMPDIR": str(temporary),
        "TZ": "UTC",
    }


@functools.cache
def _namespaces() -> tuple[str, ...]:
    """The first of the commands that put a process into namespaces of its own and works on this machine."""
    for command in _NAMESPACES:
        # Found now: inside, PATH is another one.
        found = [shutil.which(word) if word in _PROGRAMS else word for word in command]
        words = [word for word in found if word is not None]
        with suppress(OSError, subprocess.TimeoutExpired):
            probe = subprocess.run(  # noqa: S603 - our own command
                [*words, sys.executable, "-I", "-S", "-c", ""],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=10,
                check=False,
            )
            if probe.returncode == 0 and len(words) == len(command):
                return tuple(words)
    return ()


def _run(command: list[str], environment: dict[str, str], limits: Limits) -> Finished:
    began = time.monotonic()
    with subprocess.Popen(  # noqa: S603 - our own command; the script is confined
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=environment["HOME"],
        env=environment,
        start_new_session=True,
    ) as process:
        try:
            in_time, output = _watch(process, began + limits.seconds, limits.output_bytes)
        finally:
            # Its whole group, whether it has ended or not: children may outlive it. A group of none is refused.
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            status = process.wait()
    ended = not in_time or status in {-signal.SIGKILL, -signal.SIGXCPU}
    stdout, stderr = (data.decode("utf-8", "replace") for data in output)
    return Finished(None if ended else status, stdout, stderr, time.monotonic() - began)


def _watch(
    process: subprocess.Popen[bytes], deadline: float, most: int
) -> tuple[bool, tuple[bytearray, bytearray]]:
    """Whether the process ended by itself, within `deadline` and `most` bytes, and what it wrote."""
    output = (bytearray(), bytearray())
    with selectors.DefaultSelector() as pipes:
        for pipe, data in zip((process.stdout, process.stderr), output, strict=True):
            if pipe is not None:
                os.set_blocking(pipe.fileno(), False)
                pipes.register(pipe, selectors.EVENT_READ, data)
        ended = False
        while (left := deadline - time.monotonic()) > 0:
            ready = pipes.select(min(0.05, left)) if pipes.get_map() else []
            for key, _ in ready:
                chunk = os.read(key.fd, 1 << 16)
                key.data.extend(chunk)
                if not chunk:
                    pipes.unregister(key.fileobj)
                if len(key.data) > most:
                    del key.data[most:]
                    return False, output
            # An ended process has written everything, although a child of it may still hold the pipe open.
            if not ready and ended:
                return True, output
            ended = process.poll() is not None
            if not pipes.get_map() and not ended:
                time.sleep(0.002)
    return False, output
