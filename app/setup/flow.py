"""The loopback server of `autofix setup`: to GitHub with a manifest, and back with a code for the credentials."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from http import HTTPStatus
from pathlib import Path

import httpx
from aiohttp import web
from aiohttp.typedefs import Handler

from app.core.errors import ClientError
from app.setup import page
from app.setup.credentials import Occupied, store
from app.setup.registration import Registered, Ticket, Wanted, convert, form_address

HOST = "127.0.0.1"
BACK = "/registered"


class Flow:
    """One registration, from `start` to `stop`. `registered` is the App and the file with its credentials."""

    def __init__(
        self, wanted: Wanted, folder: Path, *, force: bool = False, ticket: Ticket | None = None
    ) -> None:
        self._wanted, self._folder, self._force = wanted, folder, force
        self._ticket = ticket or Ticket()
        self._runner: web.AppRunner | None = None
        self._http = httpx.AsyncClient(follow_redirects=False)
        self._converting = asyncio.Lock()
        self.address = ""
        self.registered: asyncio.Future[tuple[Registered, Path]] = asyncio.get_running_loop().create_future()

    async def start(self, port: int = 0) -> str:
        """The address of the first page, on this machine only.

        Raises:
            OSError: if the port is taken.
        """
        app = web.Application(middlewares=[self._guarded])
        app.router.add_get("/", self._begin)
        app.router.add_get(BACK, self._return)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=5.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, HOST, port).start()
        self.address = f"http://{HOST}:{self._runner.addresses[0][1]}"
        return self.address + "/"

    async def stop(self) -> None:
        """The last answer is sent and nothing listens any more."""
        if self._runner is not None:
            await self._runner.cleanup()
        await self._http.aclose()

    @web.middleware
    async def _guarded(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Only a browser that was sent to this very address gets an answer, and pages that load nothing."""
        if request.host != self.address.removeprefix("http://"):
            return web.Response(status=HTTPStatus.MISDIRECTED_REQUEST)
        response = await handler(request)
        response.headers.update(
            {
                "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; "
                f"form-action {self._wanted.github_url} 'self'; frame-ancestors 'none'",
                "Cache-Control": "no-store",
                "Referrer-Policy": "no-referrer",
                "X-Content-Type-Options": "nosniff",
            }
        )
        return response

    async def _begin(self, _request: web.Request) -> web.Response:
        if self.registered.done():
            return _html(page.failed("the App is registered already", again=False), HTTPStatus.GONE)
        manifest = self._wanted.manifest(self.address + BACK)
        address = form_address(self._wanted, self._ticket.issue())
        return _html(page.start(self._wanted, manifest, address))

    async def _return(self, request: web.Request) -> web.Response:
        refusal = self._ticket.redeem(request.query.get("state", ""))
        if refusal is not None:
            return self._refused(refusal)
        async with self._converting:
            try:
                app = await convert(self._wanted, request.query.get("code", ""), self._http)
                file = await asyncio.to_thread(
                    store, app, self._folder, self._wanted.github_url, force=self._force
                )
            except ClientError as fault:
                return self._refused(str(fault))
            except Occupied as fault:
                return self._refused(f"{fault}. The App exists by now: delete it on GitHub, and start again")
            self.registered.set_result((app, file))
        return _html(page.done(app, str(file), hooked=self._wanted.public_url is not None))

    def _refused(self, why: str) -> web.Response:
        return _html(page.failed(why, again=not self.registered.done()), HTTPStatus.BAD_REQUEST)


def _html(text: str, status: HTTPStatus = HTTPStatus.OK) -> web.Response:
    return web.Response(text=text, content_type="text/html", status=status)


_STYLE_HASH = base64.b64encode(hashlib.sha256(page.style_source().encode()).digest()).decode()
