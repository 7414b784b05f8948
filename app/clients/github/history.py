"""What happened in a repository before now."""

from __future__ import annotations

from app.clients.github.answers import Deployment
from app.clients.github.transport import InstallationTransport

NEWEST = 50


class History:
    """The past of one repository; `root` is its address in GitHub's API."""

    def __init__(self, transport: InstallationTransport, root: str) -> None:
        self._api, self._root = transport, root

    async def deployments(self, environment: str) -> list[Deployment]:
        """The newest deployments to `environment`, newest first, whatever their commit."""
        path = self._root + f"/deployments?per_page={NEWEST}{{&environment}}"
        return [
            Deployment.read(item)
            for item in await self._api.pages(path, limit=NEWEST, environment=environment)
        ]
