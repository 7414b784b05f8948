"""Who belongs to a repository and its issues: the owners of its files, and the people who work on an issue."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from app.clients.github.answers import Account, Answer, dig
from app.clients.github.transport import InstallationTransport
from app.core import code_owners
from app.core.errors import Malformed, NotFound

INLINE = "base64"


class _Assigned(Answer):
    assignees: tuple[Account, ...] = ()


class People:
    """The people of one repository; `root` is its address in GitHub's API."""

    def __init__(self, transport: InstallationTransport, root: str) -> None:
        self._api, self._root = transport, root

    async def code_owners(self, commit: str) -> bytes | None:
        """The CODEOWNERS file that counts at `commit`; None if there is none, or if it is too large to count."""
        for place in code_owners.PLACES:
            try:
                found = await self._api.get(f"{self._root}/contents/{quote(place)}{{?ref}}", ref=commit)
            except NotFound:
                continue
            if isinstance(found, dict) and found.get("type") == "file":
                return await self._content(found)
        return None

    async def _content(self, found: dict[str, Any]) -> bytes | None:
        size = found.get("size")
        if not isinstance(size, int) or size > code_owners.MAX_BYTES:
            return None
        if found.get("encoding") != INLINE:  # above 1 MB the content is to be had as a blob only
            found = await self._api.get(self._root + "/git/blobs/{sha}", sha=str(found.get("sha")))
            if dig(found, "encoding") != INLINE:
                raise Malformed("GitHub's blob answer is not base64")
        try:
            return base64.b64decode(str(found.get("content", "")))
        except binascii.Error as fault:
            raise Malformed("GitHub's CODEOWNERS answer is not base64") from fault

    async def assigned(self, issue: int) -> tuple[str, ...]:
        """The logins of those who are assigned to the issue."""
        return _logins(await self._api.get(f"{self._root}/issues/{issue}"))

    async def assign(self, issue: int, logins: Sequence[str]) -> tuple[str, ...]:
        """They are assigned besides the others; GitHub leaves out whom it cannot assign. Who is assigned then."""
        data = {"assignees": list(logins)}
        return _logins(await self._api.post(f"{self._root}/issues/{issue}/assignees", data))


def _logins(answer: Any) -> tuple[str, ...]:
    return tuple(account.login for account in _Assigned.read(answer).assignees)
