"""What a script in the sandbox can and cannot do: each limit is shown by a script that tries."""

from __future__ import annotations

import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.repair import confined, sandbox
from app.repair.sandbox import Finished, Limits, Sandbox, import_roots

QUICK = Limits(seconds=20)
LISTING = frozenset({"shop/__init__.py", "shop/checkout.py", "shop/models.py"})


@pytest.fixture
def box(shop: Path) -> Iterator[Sandbox]:
    with Sandbox(shop, LISTING, limits=QUICK) as entered:
        yield entered


def said(finished: Finished) -> str:
    """Standard output of a script that ended well."""
    assert finished.status == 0, finished.stderr
    return finished.stdout.strip()


def refusal(finished: Finished) -> str:
    """The last line of what a script that failed said."""
    assert finished.status == 1, finished
    return finished.stderr.strip().splitlines()[-1]


# --- what it is for ------------------------------------------------------------------------------------------------


def test_a_script_imports_the_copy_of_the_checkout(box: Sandbox, shop: Path) -> None:
    place = said(box.run("import shop.models; print(shop.models.__file__)"))
    assert place == str(box.copy / "shop/models.py")
    assert not place.startswith(str(shop))


def test_changes_last_for_one_run(box: Sandbox) -> None:
    script = "import shop.models as m; print(hasattr(m, 'NEW'))\nimport shop.added"
    changes = {"shop/models.py": "NEW = 1\n", "shop/added.py": "", "deep/er/x.py": ""}
    assert said(box.run(script, changes=changes)) == "True"
    assert "No module named 'shop.added'" in refusal(box.run(script))
    assert not (box.copy / "deep/er/x.py").exists()


def test_what_python_compiled_is_kept_and_never_stale(box: Sandbox) -> None:
    script = "import shop.models as m, os; print(m.NAME, os.path.exists(m.__cached__))"
    for name in ("1", "2", "3", "4", "1"):
        assert said(box.run(script, changes={"shop/models.py": f"NAME = {name}\n"})) == f"{name} True"
    assert said(box.run("import shop.models as m; print(hasattr(m, 'NAME'))")) == "False"


def test_a_change_is_written_in_the_encoding_that_it_declares(box: Sandbox) -> None:
    text = "# -*- coding: latin-1 -*-\nNAME = 'Zoë'\n"
    assert said(box.run("import m; print(ascii(m.NAME))", changes={"m.py": text})) == "'Zo\\xeb'"


def test_the_checkout_itself_stays_as_it_was(box: Sandbox, shop: Path) -> None:
    before = (shop / "shop/models.py").read_bytes()
    said(box.run("import shop.models as m; open(m.__file__, 'w').write('')"))
    box.run("print()", changes={"shop/models.py": "NEW = 1\n"})
    assert (shop / "shop/models.py").read_bytes() == before


def test_statuses_and_output_are_told(box: Sandbox) -> None:
    finished = box.run("import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)")
    assert (finished.status, finished.stdout, finished.stderr) == (3, "out\n", "err\n")
    assert 0 < finished.seconds < QUICK.seconds
    assert "ZeroDivisionError" in refusal(box.run("1 / 0"))
    assert said(box.run("print(__name__, repr(input() if False else ''))")) == "__main__ ''"
    assert said(box.run("import sys; print(repr(sys.stdin.read()))")) == "''"


def test_the_environment_is_the_same_everywhere_and_holds_no_secret(
    box: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2")
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    names = "import os, time; print(*sorted(os.environ), time.tzname[0], os.listdir())"
    assert said(box.run(names)) == "HOME LANG PATH PYTHONHASHSEED TMPDIR TZ UTC []"
    assert said(box.run("print(hash('x'))")) == said(box.run("print(hash('x'))"))
    assert said(box.run("import os; print(os.getcwd() == os.environ['HOME'])")) == "True"


def test_without_a_python_path_the_packages_of_this_python_can_be_imported(box: Sandbox) -> None:
    assert said(box.run("import libcst; print('yes')")) == "yes"


def test_with_a_python_path_only_its_packages_can_be_imported(shop: Path, tmp_path: Path) -> None:
    (tmp_path / "packages").mkdir()
    (tmp_path / "packages/dependency.py").write_text("WHERE = 'path'\n", encoding="utf-8")
    with Sandbox(shop, LISTING, [tmp_path / "packages"], QUICK) as box:
        assert said(box.run("import dependency, shop; print(dependency.WHERE)")) == "path"
        assert "No module named 'libcst'" in refusal(box.run("import libcst"))


def test_a_python_path_in_the_checkout_means_the_copy(shop: Path) -> None:
    (shop / "parts/inner").mkdir(parents=True)
    (shop / "parts/inner/part.py").write_text("", encoding="utf-8")
    listing = {*LISTING, "parts/inner/part.py"}
    with Sandbox(shop, listing, [shop / "parts/inner"], QUICK) as box:
        assert said(box.run("import part; print(part.__file__)")) == str(box.copy / "parts/inner/part.py")


def test_scratch_files_temporary_files_threads_and_event_loops_work(box: Sandbox) -> None:
    script = """
import asyncio, os, pathlib, shutil, sqlite3, tempfile, threading
pathlib.Path("a/b").mkdir(parents=True)
pathlib.Path("a/b/c").write_text("x")
os.rename("a/b/c", "a/c"); os.remove("a/c"); shutil.rmtree("a")
with tempfile.TemporaryDirectory() as folder:
    pathlib.Path(folder, "x").touch()
open(os.devnull, "w").close()
sqlite3.connect("x.db").execute("create table t (x)")
thread = threading.Thread(target=print, args=("thread",)); thread.start(); thread.join()
asyncio.run(asyncio.to_thread(print, "loop"))
"""
    assert said(box.run(script)).split() == ["thread", "loop"]
    assert said(box.run("import os; print(os.listdir('.'))")) == "[]"


# --- the copy ------------------------------------------------------------------------------------------------------


def test_the_copy_is_made_once_and_quickly_and_is_gone_afterwards(tmp_path: Path) -> None:
    root = tmp_path / "large"
    listing = {f"package/p{folder}/m{number}.py" for folder in range(50) for number in range(60)}
    for path in listing:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(b"#" * 16_000)
    began = time.monotonic()
    with Sandbox(root, listing) as box:
        assert time.monotonic() - began < 30
        assert len(list(box.copy.rglob("*.py"))) == 3_000
        copy = box.copy
    assert not copy.parent.exists()
    with pytest.raises(ValueError, match="with"):
        box.run("")


def test_large_data_is_left_out_and_large_code_is_not(shop: Path) -> None:
    for name in ("data.bin", "table.py"):
        (shop / name).write_bytes(b"#" * (sandbox.MAX_FILE + 1))
    with Sandbox(shop, {"data.bin", "table.py", "shop/models.py"}) as box:
        assert sorted(one.name for one in box.copy.iterdir()) == ["shop", "table.py"]


def test_nothing_but_regular_files_of_the_checkout_is_copied(shop: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.py").write_text("SECRET = 1\n", encoding="utf-8")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/deep.py").touch()
    (shop / "link.py").symlink_to(tmp_path / "secret.py")
    (shop / "folder").symlink_to(tmp_path / "outside")
    fifo = ["../secret.py", "link.py", "folder/deep.py", f"{tmp_path}/secret.py", "shop", "gone.py", "a\0b"]
    with Sandbox(shop, fifo) as box:
        assert [one for one in box.copy.rglob("*") if one.is_file()] == []


def test_a_script_cannot_lead_a_change_out_of_the_copy(box: Sandbox, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "models.py").write_text("mine\n", encoding="utf-8")
    box.run(
        "import os, shop; folder = os.path.dirname(shop.__file__);"
        f"os.rename(folder, folder + '2'); os.symlink({str(outside)!r}, folder)"
    )
    with pytest.raises(OSError, match=r"\S"):
        box.run("print()", changes={"shop/models.py": "theirs\n"})
    for path in ("../x.py", "/x.py", "a/../../x.py", ""):
        with pytest.raises(PermissionError):
            box.run("print()", changes={path: "theirs\n"})
    assert (outside / "models.py").read_text(encoding="utf-8") == "mine\n"


def test_the_copy_goes_away_even_if_a_script_locked_it(shop: Path) -> None:
    with Sandbox(shop, LISTING, limits=QUICK) as box:
        said(box.run("import os; os.makedirs('a/b'); os.chmod('a/b', 0); os.chmod('a', 0)"))
        place = box.copy.parent
        assert said(box.run("import os; print(os.listdir())")) == "[]"
        said(box.run("import os; os.makedirs('a/b'); os.chmod('a/b', 0); os.chmod('a', 0)"))
    assert not place.exists()


def test_import_roots_are_where_packages_lie() -> None:
    listing = {
        "pkg/__init__.py", "pkg/sub/__init__.py", "pkg/sub/m.py", "src/other/m.py", "service/setup.py",
        "service/lib/inner/__init__.py", "tests/yaml/__init__.py", "tests/test_x.py", "README.md",
    }  # fmt: skip
    assert import_roots(listing) == (["", "service", "src", "service/lib"], ["tests"])


# --- the network ---------------------------------------------------------------------------------------------------

CONNECTS = {
    "connect": "s = socket.socket(); s.connect(('127.0.0.1', PORT))",
    "connect_ex": "s = socket.socket(); print(s.connect_ex(('127.0.0.1', PORT)))",
    "create_connection": "socket.create_connection(('127.0.0.1', PORT))",
    "name": "socket.getaddrinfo('localhost', PORT)",
    "bind": "socket.socket().bind(('127.0.0.1', 0))",
    "datagram": "socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', PORT))",
    "urlopen": "import urllib.request; urllib.request.urlopen('http://127.0.0.1:PORT')",
    "unix": "socket.socket(socket.AF_UNIX).connect('/tmp/x')",
}


@pytest.mark.parametrize("attempt", CONNECTS.values(), ids=CONNECTS)
def test_nothing_can_be_connected(box: Sandbox, attempt: str) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        listener.setblocking(False)  # noqa: FBT003 - its only argument
        port = listener.getsockname()[1]
        finished = box.run("import socket\n" + attempt.replace("PORT", str(port)))
        assert "sandbox refuses socket." in refusal(finished)
        with pytest.raises(BlockingIOError):
            listener.accept()


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's part")
def test_the_kernel_refuses_a_connection_that_python_does_not_see(box: Sandbox) -> None:
    script = """
import ctypes, socket, struct
libc = ctypes.CDLL(None, use_errno=True)
with socket.socket() as one:
    address = struct.pack("=HH4s8x", socket.AF_INET, socket.htons({port}), socket.inet_aton("127.0.0.1"))
    print(libc.connect(one.fileno(), address, 16), ctypes.get_errno() != 111)
"""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        assert said(box.run(script.format(port=listener.getsockname()[1]))) == "-1 True"


# --- processes -----------------------------------------------------------------------------------------------------

STARTS = {
    "fork": "import os\nwhile True: os.fork()",
    "system": "import os; os.system('true')",
    "exec": "import os, sys; os.execv(sys.executable, ['python', '-c', ''])",
    "spawn": "import os, sys; os.posix_spawn(sys.executable, ['python'], {})",
    "subprocess": "import subprocess; subprocess.run(['true'])",
    "shell": "import subprocess; subprocess.run('true', shell=True)",
    "multiprocessing": "import multiprocessing as m; m.get_context('spawn').Process(target=print).start()",
    "forking": "import multiprocessing as m; m.get_context('fork').Process(target=print).start()",
    "below": "import _posixsubprocess; _posixsubprocess.fork_exec()",
    "kill": "import os; os.kill(os.getppid(), 15)",
    "terminal": "import os; os.forkpty()",
}


@pytest.mark.parametrize("attempt", STARTS.values(), ids=STARTS)
def test_no_process_can_be_started_or_ended(box: Sandbox, attempt: str) -> None:
    assert "sandbox refuses" in refusal(box.run(attempt))


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's part")
def test_the_kernel_refuses_a_process_that_python_does_not_see(box: Sandbox) -> None:
    script = "import ctypes; libc = ctypes.CDLL(None)\nprint([libc.fork() for _ in range(100)] == [-1] * 100)"
    assert said(box.run(script)) == "True"


# --- files ---------------------------------------------------------------------------------------------------------

WRITES = {
    "open": "open(PATH, 'w')",
    "append": "open(PATH, 'ab')",
    "update": "open(PATH, 'r+')",
    "bytes": "open(PATH.encode(), 'w')",
    "os.open": "os.open(PATH, os.O_WRONLY)",
    "create": "os.open(PATH + '.new', os.O_RDONLY | os.O_CREAT)",
    "pathlib": "pathlib.Path(PATH).write_text('')",
    "remove": "os.remove(PATH)",
    "rename": "os.rename(PATH, 'here')",
    "rename over": "open('here', 'w').close(); os.replace('here', PATH)",
    "truncate": "os.truncate(PATH, 0)",
    "chmod": "os.chmod(PATH, 0)",
    "touch": "os.utime(PATH)",
    "link": "os.link(PATH, 'here')",
    "mkdir": "os.mkdir(PATH + '.folder')",
    "rmtree": "shutil.rmtree(os.path.dirname(PATH))",
    "symlink": "os.symlink(PATH, 'here'); open('here', 'w')",
    "folder symlink": "os.symlink(os.path.dirname(PATH), 'there'); open('there/precious.txt', 'w')",
    "dots": "open(os.path.relpath(PATH), 'w')",
    "sqlite": "import sqlite3; sqlite3.connect(PATH)",
    "descriptor": "d = os.open(os.path.dirname(PATH), os.O_RDONLY); os.unlink('precious.txt', dir_fd=d)",
}


@pytest.mark.parametrize("attempt", WRITES.values(), ids=WRITES)
def test_nothing_outside_can_be_written(box: Sandbox, tmp_path: Path, attempt: str) -> None:
    precious = tmp_path / "elsewhere/precious.txt"
    precious.parent.mkdir()
    precious.write_text("as it was", encoding="utf-8")
    mode = precious.stat().st_mode
    finished = box.run(f"import os, pathlib, shutil\nPATH = {str(precious)!r}\n{attempt}")
    assert "sandbox refuses" in refusal(finished)
    assert precious.read_text(encoding="utf-8") == "as it was"
    assert precious.stat().st_mode == mode
    assert list(precious.parent.iterdir()) == [precious]


def test_reading_is_allowed(box: Sandbox) -> None:
    assert said(box.run("print(len(open('/proc/self/status').read()) > 0)")) == "True"


# --- limits --------------------------------------------------------------------------------------------------------

ENDLESS = {
    "sleep": "import time; time.sleep(1000)",
    "loop": "while True: pass",
    "stubborn": "import signal\nfor one in (2, 15, 24): signal.signal(one, signal.SIG_IGN)\nwhile True: pass",
    "silent": "import os, time; os.close(1); os.close(2); time.sleep(1000)",
    "threads": "import threading, time\n[threading.Thread(target=time.sleep, args=(1e3,)).start() for _ in '123']",
}


@pytest.mark.parametrize("script", ENDLESS.values(), ids=ENDLESS)
def test_time_ends(box: Sandbox, script: str) -> None:
    finished = box.run(script, limits=Limits(seconds=1))
    assert finished.status is None
    assert 0.9 < finished.seconds < 5


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_endless_output_is_bounded(box: Sandbox, stream: str) -> None:
    script = f"import sys\nwhile True: print('x' * 1000, file=sys.{stream})"
    finished = box.run(script, limits=Limits(seconds=20, output_bytes=100_000))
    assert finished.status is None
    assert len(getattr(finished, stream)) == 100_000
    assert finished.seconds < 15


def test_output_up_to_the_limit_is_whole(box: Sandbox) -> None:
    finished = box.run("print('x' * 99_998)", limits=Limits(seconds=20, output_bytes=100_000))
    assert (finished.status, len(finished.stdout)) == (0, 99_999)


def test_memory_is_bounded(box: Sandbox) -> None:
    finished = box.run("data = bytearray(600 << 20)", limits=Limits(seconds=20, memory_mib=512))
    assert "MemoryError" in refusal(finished)


def test_files_are_bounded(box: Sandbox) -> None:
    script = "open('big', 'wb').write(b'x' * (3 << 20))"
    assert "File too large" in refusal(box.run(script, limits=Limits(seconds=20, file_mib=2)))
    assert "Too many open files" in refusal(box.run("files = [open('/dev/null') for _ in range(1000)]"))


def test_limits_cannot_be_raised(box: Sandbox) -> None:
    script = """
import resource
for name in (resource.RLIMIT_AS, resource.RLIMIT_CPU, resource.RLIMIT_FSIZE):
    try:
        resource.setrlimit(name, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    except (ValueError, PermissionError):
        print("no")
"""
    assert said(box.run(script)).split() == ["no"] * 3


# --- the audit hook alone ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "attempt",
    [
        "socket.socket().connect(('127.0.0.1', 9))",
        "os.fork()",
        "open('../outside', 'w')",
        "os.mkdir('/var/tmp/autofix-never')",
    ],
)
def test_the_audit_hook_holds_where_the_kernel_does_not_help(
    box: Sandbox, attempt: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    text = Path(confined.__file__).read_text(encoding="utf-8")
    alone = tmp_path / "confined.py"
    alone.write_text(text.replace('    refuse_in_kernel(given["writable"])\n', ""), encoding="utf-8")
    monkeypatch.setattr(sandbox, "_CONFINED", alone)
    monkeypatch.setattr(sandbox, "_namespaces", tuple)
    assert "sandbox refuses" in refusal(box.run(f"import os, socket\n{attempt}"))
