"""Starts the verification with an interpreter that has what it needs; standard library only.

If this interpreter has the packages, it is used. Otherwise a private environment is made below RUNNER_TEMP, and filled
with exactly the files whose hashes `requirements.txt` names. The user's environment is never touched.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import venv
from importlib import metadata
from pathlib import Path

ACTION = Path(__file__).resolve().parent
REQUIREMENTS = ACTION / "requirements.txt"
# What the verification imports: at least this version, and no later major one.
NEEDED = {"PyGithub": (2, 10), "pydantic": (2, 10), "PyYAML": (6, 0)}
OLDEST = (3, 11)
INSTALL_SECONDS = 600
PREPARED = "AUTOFIX_PREPARED"


class NotReady(Exception):
    """The verification cannot be started; the message says why."""


def is_equipped() -> bool:
    """True if this interpreter has the packages, in versions that fit."""
    return sys.version_info >= OLDEST and all(_fits(name, least) for name, least in NEEDED.items())


def _fits(name: str, least: tuple[int, int]) -> bool:
    try:
        major, minor = metadata.version(name).split(".")[:2]
        return int(major) == least[0] and int(minor) >= least[1]
    except (metadata.PackageNotFoundError, ValueError):
        return False


def prepare(temporary: Path) -> Path:
    """The Python of a new environment with the packages, verified by their hashes."""
    if os.environ.get(PREPARED):
        raise NotReady("the private environment lacks what it was made for")
    if sys.version_info < OLDEST:
        raise NotReady(
            f"Python {OLDEST[0]}.{OLDEST[1]} or newer is needed as `python3`: use actions/setup-python"
        )
    # New each time: what an earlier step may have left behind is not trusted.
    folder = Path(tempfile.mkdtemp(prefix="autofix-environment-", dir=temporary))
    try:
        venv.create(folder, with_pip=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise NotReady(f"no virtual environment can be made: {error}") from error
    python = folder / "bin" / "python"
    options = ("--require-hashes", "--only-binary", ":all:", "--no-deps", "--no-input", "--quiet")
    command = [
        str(python),
        "-I",
        "-m",
        "pip",
        "--isolated",
        "--disable-pip-version-check",
        "install",
        *options,
    ]
    try:
        done = subprocess.run([*command, "-r", str(REQUIREMENTS)], check=False, timeout=INSTALL_SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotReady(f"pip did not run: {error}") from error
    if done.returncode != 0:
        raise NotReady(f"pip could not install {REQUIREMENTS.name}")
    return python


def main() -> int:
    """The exit status of the verification; 1 if it cannot be started."""
    if is_equipped():
        sys.path[:0] = [str(ACTION), str(ACTION.parent)]
        from prove import main as prove  # noqa: PLC0415 - only now can it be imported

        return prove()
    try:
        python = prepare(Path(os.environ.get("RUNNER_TEMP") or tempfile.gettempdir()))
    except NotReady as error:
        print(f"::error title=Autofix%3A setup::{error}")
        return 1
    os.environ[PREPARED] = "1"
    sys.stdout.flush()
    return os.execv(python, [str(python), "-I", str(ACTION / "start.py")])  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    sys.exit(main())
