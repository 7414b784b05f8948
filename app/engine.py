"""The durable workflow engine (DBOS), behind the few verbs that the pipeline needs.

A workflow is a function whose steps are stored as they finish: after a crash it continues behind the last one.
A step's effect happens at least once, so every effect must be idempotent. Stored values are JSON, never pickles.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import fcntl
import os
import sqlite3
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import IO, Any, ParamSpec, TypeVar, cast

import psycopg
import sqlalchemy as sa
from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer, SetWorkflowID
from dbos import error as dbos_error
from pydantic import TypeAdapter

from app.core import model
from app.core.errors import AutofixError

P = ParamSpec("P")
T = TypeVar("T")

# Stored workflows are replayed by code of the same version only. Change it when old runs may be abandoned.
WORKFLOW_VERSION = "incident-4"
INBOX = "inbox"


class EngineLocked(AutofixError):
    """Another process already works with this data folder or database."""


class Engine:
    """The engine of one process: launched on the running event loop, stopped before it ends."""

    def __init__(
        self, data_dir: Path, *, database_url: str | None = None, wake_seconds: float = 0.25
    ) -> None:
        self._locks = contextlib.ExitStack()
        self._locks.callback(_lock_folder(data_dir).close)
        if database_url is not None:
            with contextlib.ExitStack() as on_failure:
                on_failure.push(self._locks)
                self._locks.callback(_lock_database(database_url).close)
                on_failure.pop_all()
        url = database_url or f"sqlite:///{data_dir / 'engine.sqlite'}"
        if url.startswith("sqlite"):
            _write_ahead(data_dir / "engine.sqlite")
        config: DBOSConfig = {
            "name": "autofix",
            "system_database_url": url,
            "application_version": WORKFLOW_VERSION,
            "executor_id": "local",
            "serializer": DBOSPortableJSONSerializer(),
            "sys_db_pool_size": 4,
            "max_executor_threads": 16,
            "notification_listener_polling_interval_sec": wake_seconds,
            "log_level": "WARNING",
        }
        DBOS(config=config)

    def launch(self) -> None:
        """Workflows run, and those that a crash interrupted go on. Call inside the running event loop."""
        DBOS.launch()

    async def stop(self) -> None:
        """Nothing runs any more; unfinished workflows stay stored and go on at the next launch."""
        await asyncio.to_thread(DBOS.destroy)
        self._locks.close()


def workflow(name: str) -> Callable[[Callable[P, Awaitable[T]]], Callable[P, Awaitable[T]]]:
    """A function that survives crashes. It is stored under `name`, and recovered as often as needed."""

    def decorate(function: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
        return cast(
            "Callable[P, Awaitable[T]]",
            DBOS.workflow(name=name, max_recovery_attempts=None)(cast("Any", function)),
        )

    return decorate


async def start(
    function: Callable[[dict[str, Any]], Awaitable[Any]], workflow_id: str, arguments: dict[str, Any]
) -> None:
    """The workflow `workflow_id` runs, or ran: starting it twice is starting it once."""
    with SetWorkflowID(workflow_id):
        await DBOS.start_workflow_async(cast("Any", function), arguments)


async def send(workflow_id: str, message: dict[str, str], *, key: str) -> None:
    """The message is in the workflow's inbox, once per `key`; nothing happens if there is no such workflow."""
    try:
        await DBOS.send_async(workflow_id, message, INBOX, idempotency_key=key)
    except dbos_error.DBOSNonExistentWorkflowError:
        return


async def receive(timeout_seconds: float) -> dict[str, str] | None:
    """The next message of this workflow's inbox, or None after `timeout_seconds`. Durable: a restart keeps waiting."""
    return cast(
        "dict[str, str] | None", await DBOS.recv_async(INBOX, timeout_seconds=max(0.01, timeout_seconds))
    )


async def step(name: str, function: Callable[[], Awaitable[T]]) -> T:
    """The result of `function`, stored: after a crash the stored one is given and `function` is not run again."""

    async def stored() -> Any:
        return encode(await function())

    return cast("T", decode(await DBOS.run_step_async({"name": name}, stored)))


async def now() -> float:
    """The time (epoch seconds) at which this line was first reached; the same after a crash."""
    return float(await DBOS.run_step_async({"name": "now"}, _clock))


async def _clock() -> float:
    return time.time()


_TYPES: dict[str, type] = {
    name: item
    for name, item in vars(model).items()
    if isinstance(item, type) and dataclasses.is_dataclass(item)
}
_ADAPTERS: dict[str, TypeAdapter[Any]] = {}


def encode(value: Any) -> Any:
    """`value` as JSON: a value of `core.model` with its type's name, plain JSON as it is."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        name = type(value).__name__
        return {"type": name, "value": _adapter(name).dump_python(value, mode="json")}
    return value


def decode(value: Any) -> Any:
    """What was given to `encode`."""
    if isinstance(value, dict) and set(value) == {"type", "value"} and value["type"] in _TYPES:
        return _adapter(value["type"]).validate_python(value["value"])
    return value


def _adapter(name: str) -> TypeAdapter[Any]:
    if name not in _ADAPTERS:
        _ADAPTERS[name] = TypeAdapter(_TYPES[name])
    return _ADAPTERS[name]


@sa.event.listens_for(sa.Pool, "connect")
def _know_subsec(connection: Any, _record: object) -> None:
    """SQLite before 3.42 learns `unixepoch('subsec')`, which DBOS's tables use on Python 3.12 and later."""
    if isinstance(connection, sqlite3.Connection) and sqlite3.sqlite_version_info < (3, 42):
        connection.create_function("unixepoch", 1, _unixepoch)


def _unixepoch(modifier: str) -> float:
    if modifier != "subsec":
        raise ValueError(f"unixepoch({modifier!r}) is not known to this stand-in")
    return time.time()


def _lock_folder(data_dir: Path) -> IO[str]:
    """The open lock file of the folder, with this process's id in it; it is free again when the file is closed."""
    # Opened without truncation: a second process must not wipe the first one's id.
    lock = (data_dir / "engine.lock").open("a+", encoding="ascii")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as fault:
        lock.close()
        raise EngineLocked(
            f"another Autofix is running on {data_dir}; stop it or use another folder"
        ) from fault
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock


def _lock_database(url: str) -> psycopg.Connection:
    """A connection that holds the one lock of Autofix in this database: two live processes would share workflows."""
    connection = psycopg.connect(url, autocommit=True)
    row = connection.execute("SELECT pg_try_advisory_lock(hashtext('autofix'))").fetchone()
    if row is None or row[0] is not True:
        connection.close()
        raise EngineLocked("another Autofix is running on this database; stop it or use another database")
    return connection


def _write_ahead(path: Path) -> None:
    """WAL is stored in the file; the engine does not set it, and is several times slower without."""
    connection = sqlite3.connect(path, timeout=30)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
    finally:
        connection.close()
