"""Programs that the demo starts: always ended with the demo, even if the demo is killed."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from app.demo import keeper

# A little longer than the keeper itself takes until it kills.
_PATIENCE_SECONDS = keeper.GRACE_SECONDS + 5
_CHUNK = 2**16


class Kept:
    """A program under the keeper. `start` it, and `stop` it; it also ends when this process does."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    @classmethod
    async def start(
        cls,
        command: Sequence[str | Path],
        *,
        folder: Path,
        environment: Mapping[str, str],
        stdout: int | IO[bytes] = asyncio.subprocess.PIPE,
        stderr: int | IO[bytes] = asyncio.subprocess.STDOUT,
        line_limit: int = 2**16,
    ) -> Kept:
        """The program runs in `folder` with exactly this environment."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-I",
            keeper.__file__,
            *map(str, command),
            stdin=asyncio.subprocess.PIPE,
            stdout=stdout,
            stderr=stderr,
            cwd=folder,
            env=dict(environment),
            start_new_session=True,
            limit=line_limit,
        )
        return cls(process)

    @property
    def running(self) -> bool:
        """Whether the program is still there."""
        return self.process.returncode is None

    async def stop(self) -> int:
        """The program and all it started are gone; the answer is its status."""
        if self.process.stdin is not None:
            self.process.stdin.close()
        try:
            return await asyncio.wait_for(self._ended(), _PATIENCE_SECONDS)
        except TimeoutError:
            self.process.kill()
            return await self._ended()

    async def _ended(self) -> int:
        # Output that nobody reads any more would keep the pipe, and with it the process, from ending.
        if self.process.stdout is not None:
            while await self.process.stdout.read(_CHUNK):
                pass
        return await self.process.wait()
