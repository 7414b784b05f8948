"""One running version of the service: a commit, checked out and started as a process of its own."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import socket
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from app.demo.processes import Kept

STARTUP_SECONDS = 30.0
_POLL_SECONDS = 0.05
_LOG_TAIL = 2000
_SHA = re.compile(r"[0-9a-f]{40}")


class StartFailed(Exception):
    """The version could not be checked out, or did not become healthy."""


@dataclass
class Version:
    """A running version of the service."""

    sha: str
    release: str
    port: int
    started_at: float
    process: Kept
    log: Path
    folder: Path
    weight: int = 0

    @property
    def url(self) -> str:
        """Where this version answers, and only this version."""
        return f"http://127.0.0.1:{self.port}"

    async def stop(self) -> None:
        """The process is gone and so is its checkout; its log stays."""
        await self.process.stop()
        await asyncio.to_thread(shutil.rmtree, self.folder, ignore_errors=True)


@dataclass
class Launcher:
    """Starts versions of the service out of a bare repository."""

    git_dir: Path
    work: Path
    python: Path
    variables: Mapping[str, str]
    session: aiohttp.ClientSession
    _count: int = field(default=0, init=False)

    async def launch(self, sha: str, started_at: float) -> Version:
        """The commit serves on a port of its own and is healthy; nothing is left behind if it is not."""
        if not _SHA.fullmatch(sha):
            raise StartFailed(f"{sha[:60]!r} is not a commit id of 40 hexadecimal digits")
        self._count += 1
        folder = self.work / "versions" / f"{sha[:12]}-{self._count}"
        try:
            await self._check_out(sha, folder)
            version = await self._spawn(sha, folder, started_at)
        except StartFailed:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        try:
            await asyncio.wait_for(self._healthy(version), STARTUP_SECONDS)
        except (TimeoutError, StartFailed, asyncio.CancelledError) as error:
            await version.stop()
            if isinstance(error, asyncio.CancelledError):
                raise
            raise StartFailed(f"{version.release} did not become healthy: {_tail(version.log)}") from error
        return version

    async def _check_out(self, sha: str, folder: Path) -> None:
        await asyncio.to_thread(folder.mkdir, parents=True)
        archive = folder.with_suffix(".tar")
        process = await asyncio.create_subprocess_exec(
            "git",
            f"--git-dir={self.git_dir}",
            "archive",
            f"--output={archive}",
            sha,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        _, errors = await process.communicate()
        if process.returncode != 0:
            raise StartFailed(
                f"commit {sha} cannot be checked out: {errors.decode(errors='replace').strip()}"
            )
        await asyncio.to_thread(_unpack, archive, folder)

    async def _spawn(self, sha: str, folder: Path, started_at: float) -> Version:
        port = _free_port()
        release = f"shop@{sha}"
        log = self.work / "logs" / f"{folder.name}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        environment = {
            "PATH": f"{self.python.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
            "HOME": str(self.work),
            "HOST": "127.0.0.1",
            "PORT": str(port),
            "RELEASE": release,
            "PYTHONUNBUFFERED": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            **self.variables,
        }
        with log.open("ab") as output:
            process = await Kept.start(
                [self.python, "-m", "shop"],
                folder=folder,
                environment=environment,
                stdout=output,
                stderr=output,
            )
        return Version(sha, release, port, started_at, process, log, folder)

    async def _healthy(self, version: Version) -> None:
        while True:
            if not version.process.running:
                raise StartFailed("the process ended")
            try:
                async with self.session.get(f"{version.url}/healthz") as answer:
                    # The release is compared so that no stranger on the port passes for the service.
                    if answer.ok and (await answer.json()).get("release") == version.release:
                        return
            except (aiohttp.ClientError, ValueError):
                pass
            await asyncio.sleep(_POLL_SECONDS)


def _unpack(archive: Path, folder: Path) -> None:
    try:
        with tarfile.open(archive) as tar:
            tar.extractall(folder, filter="data")
    finally:
        archive.unlink()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _tail(log: Path) -> str:
    return log.read_bytes()[-_LOG_TAIL:].decode(errors="replace").strip() or "it wrote nothing"
