"""Keeps code that is called with made-up arguments, and tests of strangers, away from the rest of this machine.

It is a guard against accidents, not against malice: a wrong path in an argument must not delete a file, and a test must
not depend on what the network says today.
"""

from __future__ import annotations

import contextlib
import os
import resource
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

# The audit events that change files, with the positions of their paths.
_CHANGES = {
    "os.chmod": (0,),
    "os.chown": (0,),
    "os.link": (0, 1),
    "os.mkdir": (0,),
    "os.remove": (0,),
    "os.rename": (0, 1),
    "os.rmdir": (0,),
    "os.symlink": (1,),
    "os.truncate": (0,),
    "os.utime": (0,),
    "shutil.copyfile": (1,),
    "shutil.move": (0, 1),
    "shutil.rmtree": (0,),
}
_PROGRAMS = {"os.exec", "os.fork", "os.forkpty", "os.kill", "os.killpg", "os.posix_spawn", "os.system"}
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_TRUNC
_LOCAL = ("127.", "::1", "localhost")
_FAMILIES_WITH_HOSTS = 2


def raise_fence(writable: Iterable[str], *, programs: bool) -> None:
    """Files change only below `writable`, no host but this one is reached, and programs start only if allowed."""
    roots = [Path(root).resolve() for root in writable]

    def check(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, _, flags = arguments
            if isinstance(flags, int) and flags & _WRITING:
                _must_be_below(path, roots)
        elif event in _CHANGES:
            for position in _CHANGES[event]:
                _must_be_below(arguments[position], roots)
        elif event in {"socket.connect", "socket.sendto"}:
            _must_be_local(arguments[1])
        elif event in {"socket.getaddrinfo", "socket.gethostbyname"}:
            _must_be_local((arguments[0], 0))
        elif not programs and (event in _PROGRAMS or event == "subprocess.Popen"):
            raise PermissionError(f"the fence: {event} is not allowed here")

    sys.addaudithook(check)


def limit_memory(most: int) -> None:
    """From now on this process cannot take more than `most` bytes, where the system can hold it to that."""
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _must_be_below(path: object, roots: list[Path]) -> None:
    if not isinstance(path, str | bytes | os.PathLike):
        return  # a descriptor, which was checked when it was opened
    place = Path(os.fsdecode(path))
    # Only the folder is resolved: it is the link that a removal removes, not what it points to.
    resolved = place.parent.resolve() / place.name
    if str(place) != os.devnull and not any(resolved.is_relative_to(root) for root in roots):
        raise PermissionError(f"the fence: {place.name} is outside the folders of this run")


def _must_be_local(address: object) -> None:
    if not isinstance(address, tuple) or len(address) < _FAMILIES_WITH_HOSTS:
        return  # a local socket has a path for an address
    host = address[0]
    name = host.decode(errors="replace") if isinstance(host, bytes) else host
    if isinstance(name, str) and name and not name.startswith(_LOCAL):
        raise PermissionError("the fence: the network is not reached from here")
