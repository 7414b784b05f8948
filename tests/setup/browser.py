"""A real Chromium, driven over its DevTools protocol; nothing but aiohttp is needed."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import itertools
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
START_SECONDS = 30.0


def found() -> str | None:
    """The program, if this machine has it."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class Tab:
    """One tab."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)

    async def call(self, method: str, **parameters: Any) -> Any:
        number = next(self._numbers)
        await self._socket.send_json({"id": number, "method": method, "params": parameters})
        async for message in self._socket:
            answer = message.json()
            if answer.get("id") == number:
                assert "error" not in answer, answer
                return answer["result"]
        raise AssertionError("the browser has gone")

    async def evaluate(self, expression: str) -> Any:
        result = await self.call("Runtime.evaluate", expression=expression)
        return result["result"].get("value")

    async def wait(self, expression: str) -> None:
        """The expression has become true."""
        async with asyncio.timeout(START_SECONDS):
            while not await self.evaluate(expression):  # noqa: ASYNC110 - the page is asked
                await asyncio.sleep(0.02)

    async def picture(self) -> bytes:
        """A screenshot, as PNG."""
        shot = await self.call("Page.captureScreenshot")
        return base64.b64decode(shot["data"])


@contextlib.asynccontextmanager
async def open_tab(program: str, profile: Path, address: str) -> AsyncIterator[Tab]:
    """A tab that shows `address`."""
    options = [
        "--headless",
        "--disable-gpu",
        "--no-first-run",
        "--remote-debugging-port=0",
        f"--user-data-dir={profile}",
    ]
    if os.geteuid() == 0:
        options.append("--no-sandbox")
    process = await asyncio.create_subprocess_exec(
        program,
        *options,
        "--window-size=900,1150",
        "about:blank",
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(START_SECONDS):
            while (port := _port(profile)) is None:  # the browser has no other way to tell
                assert process.returncode is None, "the browser did not start"
                await asyncio.sleep(0.02)
        async with aiohttp.ClientSession() as http:
            async with http.get(f"http://127.0.0.1:{port}/json/list") as answer:
                pages = [one for one in await answer.json() if one["type"] == "page"]
            async with http.ws_connect(pages[0]["webSocketDebuggerUrl"], max_msg_size=0) as socket:
                tab = Tab(socket)
                await tab.call("Page.navigate", url=address)
                await tab.wait("document.readyState == 'complete' && location.href != 'about:blank'")
                yield tab
    finally:
        process.terminate()
        await process.wait()


def _port(profile: Path) -> int | None:
    """Where the browser listens, once it has said so."""
    file = profile / "DevToolsActivePort"
    said = file.read_text().split() if file.exists() else []
    return int(said[0]) if said else None
