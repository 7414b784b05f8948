"""The App's credentials in the data folder, readable by their owner only; `autofix serve` finds them there."""

from __future__ import annotations

import os
from pathlib import Path

from app.clients.pygithub import api_url
from app.core.errors import AutofixError
from app.settings import CREDENTIALS, PREFIX
from app.setup.registration import Registered

KEY_FILE = "autofix.private-key.pem"
OWNER_ONLY = 0o600


class Occupied(AutofixError):
    """There are credentials already, or the folder takes none."""


def refuse_occupied(folder: Path, *, force: bool) -> None:
    """The folder exists, can be written to, and holds no credentials, unless they may be replaced.

    Raises:
        Occupied: otherwise.
    """
    taken = [name for name in (CREDENTIALS, KEY_FILE) if (folder / name).exists()]
    if taken and not force:
        raise Occupied(f"{folder / taken[0]} is there already; --force replaces it")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as fault:
        raise Occupied(f"cannot use {folder}: {fault.strerror}") from fault
    if not os.access(folder, os.W_OK | os.X_OK):
        raise Occupied(f"{folder} cannot be written to")


def store(app: Registered, folder: Path, github_url: str, *, force: bool) -> Path:
    """The file with the settings; the private key lies beside it.

    Raises:
        Occupied: if they cannot be written, or stand there already and may not be replaced.
    """
    folder = folder.resolve()
    refuse_occupied(folder, force=force)
    key, file = folder / KEY_FILE, folder / CREDENTIALS
    lines = [
        f"# The GitHub App {app.slug}: {app.page}",
        f"{PREFIX}APP_ID={app.id}",
        f"{PREFIX}PRIVATE_KEY_FILE={key}",
        f"{PREFIX}WEBHOOK_SECRET={app.webhook_secret}",
        f"{PREFIX}GITHUB_URL={api_url(github_url)}",
        f"{PREFIX}DATA_DIR={folder}",
        "# Still to be filled in, for at least one tracker:",
        f"# {PREFIX}SENTRY_TOKEN=",
        f"# {PREFIX}SENTRY_ORGANIZATIONS=",
        f"# {PREFIX}DATADOG_API_KEY=",
        f"# {PREFIX}DATADOG_APPLICATION_KEY=",
        f"# {PREFIX}BUGSINK_URL=",
        f"# {PREFIX}BUGSINK_TOKEN=",
    ]
    _write(key, app.private_key.strip() + "\n")
    _write(file, "\n".join(lines) + "\n")
    return file


def _write(file: Path, text: str) -> None:
    """The file holds `text` and was never readable by anybody else, nor half written."""
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, OWNER_ONLY)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        beside.replace(file)
    except OSError as fault:
        beside.unlink(missing_ok=True)
        raise Occupied(f"cannot write {file}: {fault.strerror}") from None
