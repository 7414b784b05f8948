"""A real Bugsink for the tests: installed into an environment of its own, started on loopback, ended.

Bugsink pins Django and much else, so it is no dependency of ours: `pip` puts `REQUIREMENT` into a virtual environment
under `TEST_CACHE_DIR` (by default the user's cache folder), once for each version and Python. It lives under the
PolyForm Shield licence, which allows to test with it; nothing of it is part of Autofix.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import venv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import httpx

REQUIREMENT = "bugsink==2.6.2"
INSTALL_SECONDS = 420
START_SECONDS = 120

# What Bugsink's own configuration for production says: the server only takes events in, workers digest them.
IN_PRODUCTION = """
SNAPPEA = {
    "TASK_ALWAYS_EAGER": False,
    "NUM_WORKERS": 4,
    "PID_FILE": None,
    "WAKEUP_CALLS_DIR": "snappea/wakeup",
    "STATS_RETENTION_MINUTES": 60 * 24 * 7,
}
"""
# Else both lie in folders that all Bugsinks of a machine share.
SETTINGS = """
BUGSINK["PHONEHOME"] = False
BUGSINK["INGEST_STORE_BASE_DIR"] = "ingestion"
"""

# Runs inside Bugsink: an empty database, one project, and tokens that may do everything or only read issues.
PREPARE = """
import json, django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
call_command("migrate", verbosity=0, database="snappea")
from bsmain.models import AuthToken
from projects.models import Project
from teams.models import Team
project = Project.objects.create(name="shop", team=Team.objects.create(name="acme"))
print(json.dumps({
    "dsn": project.dsn,
    "project": project.pk,
    "token": AuthToken.create_full_access().token,
    "reader": AuthToken.objects.create(issues_read=True).token,
    "deployer": AuthToken.objects.create(releases_create=True).token,
}))
"""


@dataclass(frozen=True, slots=True)
class Running:
    """A Bugsink that answers at `url`, with an empty project.

    `token` may do everything, `reader` may only read issues, `deployer` may only create releases.
    """

    url: str
    dsn: str
    project: str
    token: str
    reader: str
    deployer: str


class CannotInstall(Exception):
    """The package index did not give us Bugsink."""


def installed() -> Path:
    """The folder of Bugsink's programs.

    Raises:
        CannotInstall: if the index cannot be reached, or has nothing for this Python.
    """
    default = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "autofix-tests"
    cache = Path(os.environ.get("TEST_CACHE_DIR") or default)
    cache.mkdir(parents=True, exist_ok=True)
    home = cache / f"{REQUIREMENT.replace('==', '-')}-py{sys.version_info[0]}{sys.version_info[1]}"
    with (cache / f"{home.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # of several test processes one installs
        if not (home / "done").exists():
            shutil.rmtree(home, ignore_errors=True)
            _install(home)
            (home / "done").touch()
    return home / "bin"


def _install(home: Path) -> None:
    venv.create(home, with_pip=True)
    pip: list[str | Path] = [
        home / "bin" / "python",
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        REQUIREMENT,
    ]
    try:
        subprocess.run(pip, check=True, capture_output=True, timeout=INSTALL_SECONDS)
    except subprocess.TimeoutExpired as fault:
        raise CannotInstall(f"{REQUIREMENT} was not installed within {INSTALL_SECONDS} s") from fault
    except subprocess.CalledProcessError as fault:
        said = fault.stderr.decode("utf-8", "replace").strip().splitlines()
        raise CannotInstall(
            f"{REQUIREMENT} cannot be installed: {said[-1] if said else 'no reason'}"
        ) from fault


@contextlib.contextmanager
def running(programs: Path, folder: Path, *, in_production: bool = False) -> Iterator[Running]:
    """A Bugsink with its files in `folder`, which is there only inside the `with`.

    What it is sent, it holds as soon as it has answered; `in_production` a moment later, when a worker has digested it.
    """
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    create: list[str | Path] = [
        programs / "bugsink-create-conf",
        "--template=local",
        "--host=127.0.0.1",
        f"--port={port}",
    ]
    subprocess.run(create, check=True, cwd=folder, capture_output=True, timeout=START_SECONDS)
    with (folder / "bugsink_conf.py").open("a", encoding="utf-8") as settings:
        settings.write(SETTINGS + (IN_PRODUCTION if in_production else ""))
    environment = {"PATH": f"{programs}:{os.environ['PATH']}", "DJANGO_SETTINGS_MODULE": "bugsink_conf"}
    prepare: list[str | Path] = [programs / "python", "-c", PREPARE]
    made = subprocess.run(
        prepare, check=True, cwd=folder, env=environment, stdout=subprocess.PIPE, timeout=START_SECONDS
    )
    facts = json.loads(made.stdout.decode().strip().splitlines()[-1])
    serve: list[str | Path] = [
        programs / "gunicorn",
        f"--bind=127.0.0.1:{port}",
        "--graceful-timeout=1",
        "bugsink.wsgi",
    ]
    with contextlib.ExitStack() as stack:
        log = stack.enter_context((folder / "log.txt").open("wb"))
        server = stack.enter_context(_process(serve, folder, environment, log))
        if in_production:
            stack.enter_context(_process([programs / "bugsink-runsnappea"], folder, environment, log))
        _wait_for(url, server, folder / "log.txt")
        tokens = facts["token"], facts["reader"], facts["deployer"]
        yield Running(url, facts["dsn"], str(facts["project"]), *tokens)


@contextlib.contextmanager
def _process(
    command: list[str | Path], folder: Path, environment: dict[str, str], log: IO[bytes]
) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdout=log, stderr=log, start_new_session=True
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)  # with its workers
            process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and server.poll() is None:
        try:
            httpx.get(f"{url}/api/canonical/0/projects/", timeout=5, trust_env=False)
        except httpx.TransportError:
            time.sleep(0.1)
        else:  # it wants a token, so it is there
            return
    raise RuntimeError(f"Bugsink did not start: {log.read_text(encoding='utf-8', errors='replace')[-2000:]}")
