"""GitHub as Autofix sees it: an App, its installations, and a repository's verbs."""

from __future__ import annotations

import time
from collections.abc import Callable

import httpx
from cachetools import LRUCache

from app.clients.github.repository import RepositoryClient
from app.clients.github.transport import API_VERSION, AppTransport, InstallationTransport
from app.core.errors import Malformed, NotFound

__all__ = ["GitHub", "RepositoryClient"]

USER_AGENT = "autofix-app"
INSTALLATIONS_KEPT = 256


class GitHub:
    """The registered App. `repository(...)` gives the verbs of one repository under its installation's token."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        *,
        app_id: int,
        private_key: str,
        base_url: str = "https://api.github.com",
        clock: Callable[[], float] = time.time,
    ) -> None:
        http.headers["X-GitHub-Api-Version"] = API_VERSION
        self._http = http
        self._app = AppTransport(
            http, USER_AGENT, app_id=str(app_id), private_key=private_key, base_url=base_url
        )
        self._clock = clock
        self._bot: str | None = None
        self._installations: LRUCache[int, InstallationTransport] = LRUCache(maxsize=INSTALLATIONS_KEPT)

    async def bot(self) -> str:
        """The login of the App's bot account, under which it comments. Also proves that the App's key is accepted."""
        if self._bot is None:
            answer = await self._app.get("/app")
            slug = answer.get("slug") if isinstance(answer, dict) else None
            if not slug:
                raise Malformed("GitHub's answer about the App has no slug")
            self._bot = f"{slug}[bot]"
        return self._bot

    async def installation(self, full_name: str) -> int | None:
        """The number of the installation that covers the repository; None if there is none."""
        try:
            answer = await self._app.get(f"/repos/{full_name}/installation")
        except NotFound:
            return None
        number = answer.get("id") if isinstance(answer, dict) else None
        if not isinstance(number, int):
            raise Malformed("GitHub's answer about the installation has no id")
        return number

    def repository(self, full_name: str, installation_id: int) -> RepositoryClient:
        """The verbs of `full_name`, done as the App with that installation's permissions."""
        transport = self._installations.get(installation_id)
        if transport is None:
            transport = InstallationTransport(
                self._http, USER_AGENT, self._app, installation_id, clock=self._clock
            )
            self._installations[installation_id] = transport
        return RepositoryClient(transport, full_name)
