"""The real Autofix server as a process of its own, as an operator would run it."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Mapping
from pathlib import Path

import httpx

from app.demo.processes import Kept

START_SECONDS = 30.0
POLL_SECONDS = 0.1


class ServerFailed(Exception):
    """The server did not become ready; the text says where its log is."""


class AutofixServer:
    """`autofix serve` on a loopback port that stays the same over restarts."""

    def __init__(self, work: Path, settings: Mapping[str, str]) -> None:
        self.data_dir = work / "data"
        self.log = work / "autofix.log"
        self.starts = 0
        self._work = work
        self._port = _free_port()
        self._environment = {
            "PATH": os.environ.get("PATH", ""),
            "HOME": str(work),
            "AUTOFIX_PORT": str(self._port),
            "AUTOFIX_DATA_DIR": str(self.data_dir),
            **settings,
        }
        self._kept: Kept | None = None

    @property
    def url(self) -> str:
        """Where the server listens."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def store_url(self) -> str:
        """The server's database, for reading along."""
        return self._environment.get("AUTOFIX_DATABASE_URL", f"sqlite:///{self.data_dir / 'autofix.sqlite'}")

    async def start(self) -> None:
        """The server is ready to take deliveries.

        Raises:
            ServerFailed: if it ends or does not answer in time.
        """
        self._work.mkdir(parents=True, exist_ok=True)
        self.starts += 1
        with self.log.open("ab") as log:
            self._kept = await Kept.start(
                [sys.executable, "-m", "app", "serve"],
                folder=self._work,
                environment=self._environment,
                stdout=log,
                stderr=log,
            )
        async with httpx.AsyncClient(timeout=2.0, trust_env=False) as http:
            for _ in range(int(START_SECONDS / POLL_SECONDS)):
                if not self._kept.running:
                    break
                try:
                    if (await http.get(f"{self.url}/readyz")).is_success:
                        return
                except httpx.HTTPError:
                    pass
                await asyncio.sleep(POLL_SECONDS)
        raise ServerFailed(f"Autofix did not start; its log is {self.log}")

    async def kill(self) -> None:
        """The server got SIGKILL and is gone: no cleaning up, as in a power cut."""
        os.kill(int((self.data_dir / "engine.lock").read_text()), signal.SIGKILL)
        if self._kept is not None:
            await self._kept.process.wait()

    async def stop(self) -> None:
        """The server has ended in good order."""
        if self._kept is not None:
            await self._kept.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
