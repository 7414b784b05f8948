"""The customers: requests as `traffic.json` describes them, at a bounded rate."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from app.demo.platform.hosting import VERSION_HEADER

MIX = "traffic.json"
_RELOAD_SECONDS = 2.0
_REQUEST_SECONDS = 15.0


class MixUnreadable(ValueError):
    """`traffic.json` is not a list of weighted requests."""


@dataclass(frozen=True)
class Template:
    """One kind of request. A value `{"any": [...]}` in `body` stands for one of the list."""

    weight: float
    method: str
    path: str
    body: Any


@dataclass(frozen=True)
class Answered:
    """One request of a customer and what came back; `status` is 0 if nothing did."""

    method: str
    path: str
    status: int
    version: str | None


def parse_mix(text: str) -> list[Template]:
    """The request mix of a `traffic.json`."""
    try:
        entries = json.loads(text)["requests"]
        mix = [
            Template(float(entry["weight"]), str(entry["method"]), str(entry["path"]), entry.get("json"))
            for entry in entries
        ]
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise MixUnreadable(f"{MIX} is not a list of weighted requests: {error!r}") from error
    if not any(item.weight > 0 for item in mix) or any(not item.path.startswith("/") for item in mix):
        raise MixUnreadable(f"{MIX} needs a positive weight, and paths that start with /")
    return mix


def fill(body: Any, chance: random.Random) -> Any:
    """`body` with every `{"any": [...]}` replaced by one of its values."""
    if isinstance(body, Mapping):
        if set(body) == {"any"} and isinstance(body["any"], Sequence) and body["any"]:
            return fill(chance.choice(body["any"]), chance)
        return {key: fill(value, chance) for key, value in body.items()}
    if isinstance(body, list):
        return [fill(value, chance) for value in body]
    return body


def mix_in_repository(git_dir: Path, ref: str = "refs/heads/main") -> Callable[[], Awaitable[str]]:
    """Reads `traffic.json` as it is at `ref` of a bare repository now."""

    async def read() -> str:
        process = await asyncio.create_subprocess_exec(
            "git",
            f"--git-dir={git_dir}",
            "show",
            f"{ref}:{MIX}",
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        output, _ = await process.communicate()
        if process.returncode != 0:
            raise MixUnreadable(f"{ref} has no {MIX}")
        return output.decode(errors="replace")

    return read


class Traffic:
    """Sends the mix to `url` until stopped, or until `most_requests` or `most_seconds` are reached.

    The mix is read again every few seconds, so a request that somebody adds to the repository is sent soon;
    a mix that cannot be read leaves the one before in force. `answers` counts by status, 0 for none.
    """

    def __init__(
        self,
        url: str,
        read_mix: Callable[[], Awaitable[str]],
        *,
        rate: float = 12.0,
        concurrency: int = 16,
        most_seconds: float = 1800.0,
        most_requests: int = 50_000,
        seed: int = 11,
        on_answer: Callable[[Answered], None] | None = None,
    ) -> None:
        self.answers: Counter[int] = Counter()
        self.sent = 0
        self._url, self._read_mix = url, read_mix
        self._rate, self._most_seconds, self._most_requests = rate, most_seconds, most_requests
        self._free = asyncio.Semaphore(concurrency)
        self._chance = random.Random(seed)
        self._on_answer = on_answer
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Requests are being sent; raises `MixUnreadable` if there is nothing to send."""
        mix = parse_mix(await self._read_mix())
        self._task = asyncio.create_task(self._send_all(mix))

    async def stop(self) -> None:
        """No request is under way any more."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def finished(self) -> None:
        """Returns when the traffic has stopped by itself."""
        if self._task is not None:
            await self._task

    async def _send_all(self, mix: list[Template]) -> None:
        clock = asyncio.get_running_loop().time
        end, reload_at = clock() + self._most_seconds, clock() + _RELOAD_SECONDS
        due = clock()
        timeout = aiohttp.ClientTimeout(total=_REQUEST_SECONDS)
        async with aiohttp.ClientSession(timeout=timeout) as session, asyncio.TaskGroup() as group:
            while self.sent < self._most_requests and clock() < end:
                if clock() >= reload_at:
                    reload_at = clock() + _RELOAD_SECONDS
                    with suppress(MixUnreadable):
                        mix = parse_mix(await self._read_mix())
                await self._free.acquire()
                template = self._chance.choices(mix, [item.weight for item in mix])[0]
                group.create_task(self._send(session, template))
                self.sent += 1
                # After a stall the rate is kept, not caught up with: no customers come in a burst.
                due = max(due + 1 / self._rate, clock())
                await asyncio.sleep(due - clock())

    async def _send(self, session: aiohttp.ClientSession, template: Template) -> None:
        status, version = 0, None
        try:
            async with session.request(
                template.method, self._url + template.path, json=fill(template.body, self._chance)
            ) as answer:
                await answer.read()
                status, version = answer.status, answer.headers.get(VERSION_HEADER)
        except (aiohttp.ClientError, TimeoutError):
            pass
        finally:
            self._free.release()
        self.answers[status] += 1
        if self._on_answer is not None:
            self._on_answer(Answered(template.method, template.path, status, version))
