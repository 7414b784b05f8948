"""Runs one script inside the sandbox: the first thing in the new process, and standard library only.

`app.repair.sandbox` starts this file by its path with one argument, a JSON object. Before the script's first line it
sets the resource limits, lets the kernel refuse what a pure computation never needs (on Linux: seccomp for processes
and connections, Landlock for writing), and installs an audit hook that says the same in Python's words everywhere.
"""

from __future__ import annotations

import _posixsubprocess
import ctypes
import errno
import fcntl
import json
import os
import platform
import resource
import struct
import sys
import types
from collections.abc import Sequence
from typing import Final

_CONNECT: Final = frozenset(
    {
        "socket.bind",
        "socket.connect",
        "socket.getaddrinfo",
        "socket.gethostbyaddr",
        "socket.gethostbyname",
        "socket.getnameinfo",
        "socket.sendmsg",
        "socket.sendto",
        "socket.sethostname",
        "syslog.openlog",
        "syslog.syslog",
    }
)
_START: Final = frozenset(
    {
        "os.exec",
        "os.fork",
        "os.forkpty",
        "os.posix_spawn",
        "os.spawn",
        "os.system",
        "pty.spawn",
        "subprocess.Popen",
        "webbrowser.open",
    }
)
# Events that change files: for each path among its arguments, where it is and where its `dir_fd` is.
_CHANGE: Final = {
    "os.chmod": ((0, 2),),
    "os.chown": ((0, 3),),
    "os.link": ((0, 2), (1, 3)),
    "os.mkdir": ((0, 2),),
    "os.remove": ((0, 1),),
    "os.removexattr": ((0, None),),
    "os.rename": ((0, 2), (1, 3)),
    "os.rmdir": ((0, 1),),
    "os.setxattr": ((0, None),),
    "os.symlink": ((1, 2),),
    "os.truncate": ((0, None),),
    "os.utime": ((0, 3),),
}
_WATCHED: Final = _CONNECT | _START | _CHANGE.keys() | {"open", "os.kill", "os.killpg", "sqlite3.connect"}
_WRITES: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class _Gate:
    """An audit hook: connecting, starting processes and writing outside of `writable` raise PermissionError."""

    def __init__(self, writable: Sequence[str]) -> None:
        self._folders = tuple(os.path.realpath(one) + os.sep for one in writable)

    def __call__(self, event: str, arguments: tuple[object, ...]) -> None:
        if event in _WATCHED and not self._allows(event, arguments):
            raise PermissionError(errno.EPERM, f"the sandbox refuses {event}")

    def _allows(self, event: str, arguments: tuple[object, ...]) -> bool:
        if event == "open":
            return not _is_writing(*arguments[1:3]) or self._may_write(arguments[0])
        if event in _CHANGE:
            return all(
                self._may_write(arguments[at], arguments[folder] if folder is not None else -1)
                for at, folder in _CHANGE[event]
            )
        if event in {"os.kill", "os.killpg"}:
            return arguments[0] == os.getpid()
        if event == "sqlite3.connect":
            return str(arguments[0]) in {"", ":memory:"} or self._may_write(arguments[0])
        return False

    def _may_write(self, path: object, folder: object = -1) -> bool:
        if not isinstance(path, str | bytes):
            return True  # a file that is open already
        name = os.fsdecode(path)
        if isinstance(folder, int) and folder >= 0:
            name = os.path.join(_path_of(folder), name)  # noqa: PTH118
        return name == os.devnull or (os.path.realpath(name) + os.sep).startswith(self._folders)


def _path_of(folder: int) -> str:
    """The path of an open folder."""
    if sys.platform == "darwin":
        return os.fsdecode(fcntl.fcntl(folder, fcntl.F_GETPATH, bytes(1024)).rstrip(b"\0"))
    return os.readlink(f"/proc/self/fd/{folder}")  # noqa: PTH115


def _is_writing(mode: object, flags: object) -> bool:
    """True for what `open` (which gives a mode) or `os.open` (which gives flags) is asked for."""
    asked = bool(set(mode) & set("wax+")) if isinstance(mode, str) else False
    return asked or (isinstance(flags, int) and bool(flags & _WRITES))


def limit_resources(seconds: float, memory_mib: int, file_mib: int) -> None:
    """From now on, the kernel ends or refuses what goes over the limits."""
    # A second line: the parent counts wall time. Threads add up, so this is the most that all cores can do.
    processor = (int(seconds) + 1) * (os.cpu_count() or 1)
    limits = {
        resource.RLIMIT_AS: memory_mib << 20,
        resource.RLIMIT_CPU: processor,
        resource.RLIMIT_FSIZE: file_mib << 20,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: 256,
    }
    if sys.platform == "darwin":  # where it counts what is only reserved, and refuses
        del limits[resource.RLIMIT_AS]
    for name, wanted in limits.items():
        _, hard = resource.getrlimit(name)
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(name, (most, most))


# --- Linux: what the kernel refuses -------------------------------------------------------------------------------

_NO_NEW_PRIVILEGES, _SET_SECCOMP, _FILTER = 38, 22, 2
_LOAD, _JUMP_EQUAL, _JUMP_ABOVE, _JUMP_BITS, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_NUMBER_AT, _MACHINE_AT, _FIRST_ARGUMENT_AT, _FIFTH_ARGUMENT_AT = 0, 4, 16, 48
_CLONE_THREAD = 0x00010000
_X32 = 0x40000000

# Machine: its number, clone, clone3, sendto, and what is refused whatever its arguments: execve, execveat, fork,
# vfork, connect, bind, sendmsg, sendmmsg, ptrace, process_vm_writev, mount, unshare, setns, io_uring_setup.
_CALLS: Final = {
    "x86_64": (
        0xC000003E,
        (56, 435, 44),
        (59, 322, 57, 58, 42, 49, 46, 307, 101, 311, 165, 272, 308, 425),
    ),
    "aarch64": (0xC00000B7, (220, 435, 206), (221, 281, 203, 200, 211, 269, 117, 271, 40, 97, 268, 425)),
}

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_WRITE_FILE = 1 << 1
_CHANGES_1 = sum(1 << bit for bit in range(4, 13)) | _WRITE_FILE
_CHANGES_2 = _CHANGES_1 | 1 << 13  # moving between folders
_CHANGES_3 = _CHANGES_2 | 1 << 14  # truncating


def refuse_in_kernel(writable: Sequence[str]) -> None:
    """From now on, as far as this kernel can, no process is started, nothing connected, nothing written elsewhere."""
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_NO_NEW_PRIVILEGES, *map(ctypes.c_ulong, (1, 0, 0, 0))) != 0:
        return
    _restrict_writing(libc, writable)
    calls = _CALLS.get(platform.machine())
    if calls is not None and struct.calcsize("P") == 8:  # noqa: PLR2004 - a 64-bit process on a 64-bit kernel
        _restrict_calls(libc, *calls)


def _restrict_writing(libc: ctypes.CDLL, writable: Sequence[str]) -> None:
    version = libc.syscall(_CREATE_RULESET, None, 0, 1)
    if version < 1:
        return
    changes = {1: _CHANGES_1, 2: _CHANGES_2}.get(version, _CHANGES_3)
    rules = libc.syscall(_CREATE_RULESET, struct.pack("Q", changes), 8, 0)
    if rules < 0:
        return
    for path, allowed in [*((one, changes) for one in writable), (os.devnull, _WRITE_FILE)]:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
        libc.syscall(_ADD_RULE, rules, 1, struct.pack("=Qi", allowed, place), 0)
        os.close(place)
    libc.syscall(_RESTRICT_SELF, rules, 0)
    os.close(rules)


def _restrict_calls(
    libc: ctypes.CDLL, machine: int, special: tuple[int, int, int], refused: Sequence[int]
) -> None:
    clone, clone3, sendto = special
    program = [
        # Another instruction set would count its calls differently.
        (_LOAD, 0, 0, _MACHINE_AT),
        (_JUMP_EQUAL, 1, 0, machine),
        (_RETURN, 0, 0, _ERRNO | errno.EPERM),
        (_LOAD, 0, 0, _NUMBER_AT),
        (_JUMP_ABOVE, 0, 1, _X32),
        (_RETURN, 0, 0, _ERRNO | errno.EPERM),
    ]
    for number in refused:
        program += [(_JUMP_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ERRNO | errno.EPERM)]
    program += [
        # Its flags lie in memory; without it, the C library falls back on clone.
        (_JUMP_EQUAL, 0, 1, clone3),
        (_RETURN, 0, 0, _ERRNO | errno.ENOSYS),
        # A thread may be started, a process may not.
        (_JUMP_EQUAL, 0, 4, clone),
        (_LOAD, 0, 0, _FIRST_ARGUMENT_AT),
        (_JUMP_BITS, 1, 0, _CLONE_THREAD),
        (_RETURN, 0, 0, _ERRNO | errno.EPERM),
        (_RETURN, 0, 0, _ALLOW),
        # `send` is `sendto` without an address, and event loops wake themselves with it.
        (_JUMP_EQUAL, 0, 5, sendto),
        (_LOAD, 0, 0, _FIFTH_ARGUMENT_AT),
        (_JUMP_EQUAL, 0, 2, 0),
        (_LOAD, 0, 0, _FIFTH_ARGUMENT_AT + 4),
        (_JUMP_EQUAL, 1, 0, 0),
        (_RETURN, 0, 0, _ERRNO | errno.EPERM),
        (_RETURN, 0, 0, _ALLOW),
    ]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *one) for one in program))
    header = struct.pack("HxxxxxxP", len(program), ctypes.addressof(code))
    libc.prctl(
        _SET_SECCOMP, ctypes.c_ulong(_FILTER), ctypes.c_char_p(header), ctypes.c_ulong(0), ctypes.c_ulong(0)
    )


def _look_up_modules(first: Sequence[str], last: Sequence[str], never: Sequence[str]) -> None:
    """Imports look into `first`, then where this interpreter looks, then into `last`."""
    kept = [one for one in sys.path if one not in never and one not in first]
    sys.path[:] = [*first, *kept, *last]


def _no_process(*_arguments: object) -> int:
    raise PermissionError(errno.EPERM, "the sandbox refuses to start a process")


def main(configuration: str) -> None:
    """Run the script that the configuration names, confined."""
    given = json.loads(configuration)
    with open(given["script"], "rb") as file:  # noqa: PTH123 - the script shall find few modules loaded
        code = compile(file.read(), given["script"], "exec", dont_inherit=True)
    _look_up_modules(given["first"], given["last"], given["never"])
    limit_resources(given["seconds"], given["memory_mib"], given["file_mib"])
    # The one way to a process that has no audit event.
    _posixsubprocess.fork_exec = _no_process
    refuse_in_kernel(given["writable"])
    sys.addaudithook(_Gate(given["writable"]))
    script = types.ModuleType("__main__")
    script.__file__ = given["script"]
    sys.modules["__main__"] = script
    sys.argv[:] = [given["script"]]
    exec(code, script.__dict__)  # noqa: S102 - what this file is for


if __name__ == "__main__":
    main(sys.argv[1])
