"""The App-manifest flow, without its pages: what is sent to GitHub, what comes back, and what it is exchanged for.

https://docs.github.com/apps/sharing-github-apps/registering-a-github-app-from-a-manifest
"""

from __future__ import annotations

import hmac
import json
import re
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

import httpx

from app.clients.pygithub import api_url
from app.core.errors import ClientError, Malformed, Refused, Unavailable
from app.packaged import app_manifest

WEBHOOK_PATH = "/webhooks/github"
LIFETIME_SECONDS = 3600.0  # GitHub keeps a code for an hour
TIMEOUT_SECONDS = 20.0
_CODE = re.compile(r"[A-Za-z0-9_-]{1,200}")
_PAGE = re.compile(r"https?://[\w.-]+(?::\d+)?/[\w./-]{1,200}")
_SLUG = re.compile(r"[A-Za-z0-9-]{1,100}")


@dataclass(frozen=True, slots=True)
class Wanted:
    """The App to register: whose it is, where its webhooks go, and at which GitHub."""

    github_url: str = "https://github.com"
    organization: str | None = None
    public_url: str | None = None
    name: str | None = None

    @property
    def form_url(self) -> str:
        """Where GitHub takes a manifest."""
        owner = f"/organizations/{self.organization}" if self.organization else ""
        return f"{self.github_url}{owner}/settings/apps/new"

    def manifest(self, redirect_url: str) -> dict[str, Any]:
        """app.yml with this App's own addresses. Without a public address, no webhooks are sent until there is one."""
        described = app_manifest()
        hook = described["hook_attributes"]
        if self.public_url:
            hook = {"url": self.public_url.rstrip("/") + WEBHOOK_PATH, "active": True}
        else:
            hook = {**hook, "active": False}
        suffix = f"-{self.organization}" if self.organization else ""
        name = self.name or f"{described['name']}{suffix}"
        return {**described, "name": name[:34], "hook_attributes": hook, "redirect_url": redirect_url}


@dataclass(frozen=True, slots=True)
class Registered:
    """The App that GitHub made. Its secrets are in no text form of it."""

    id: int
    slug: str
    page: str
    private_key: str = field(repr=False)
    webhook_secret: str = field(repr=False)

    def install_page(self) -> str:
        """Where people install it."""
        return f"{self.page}/installations/new"


class Ticket:
    """The `state` of one way to GitHub and back: unguessable, good for one return, and for an hour."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._value: str | None = None
        self._until = 0.0

    def issue(self) -> str:
        """The state to send along; the one before is worthless from now on."""
        self._value, self._until = secrets.token_urlsafe(32), self._clock() + LIFETIME_SECONDS
        return self._value

    def redeem(self, given: str) -> str | None:
        """Why `given` does not count; None if it did, and from now on it does not any more."""
        expected = self._value
        if expected is None:
            return "this registration is finished already, or was never begun"
        if self._clock() >= self._until:
            return "more than an hour has passed"
        if not hmac.compare_digest(given.encode(), expected.encode()):
            return "the answer does not belong to this registration"
        self._value = None
        return None


def form_address(wanted: Wanted, state: str) -> str:
    """Where the form with the manifest is sent to."""
    return f"{wanted.form_url}?{urlencode({'state': state})}"


async def convert(wanted: Wanted, code: str, http: httpx.AsyncClient) -> Registered:
    """The App behind GitHub's one-time `code`.

    Raises:
        ClientError: if GitHub does not give it; no text of it holds anything of the answer or the code.
    """
    if _CODE.fullmatch(code) is None:
        raise Refused("what came back is no code of GitHub")
    address = f"{api_url(wanted.github_url)}/app-manifests/{code}/conversions"
    try:
        answer = await http.post(
            address, headers={"Accept": "application/vnd.github+json"}, timeout=TIMEOUT_SECONDS
        )
    except httpx.HTTPError as fault:
        raise Unavailable(f"GitHub cannot be reached: {type(fault).__name__}") from None
    if answer.status_code == HTTPStatus.NOT_FOUND:
        raise Refused("GitHub does not know the code: it is used up, or older than an hour")
    if answer.status_code != HTTPStatus.CREATED:
        raise _failure(answer.status_code)
    try:
        return _registered(json.loads(answer.content))
    except (ValueError, KeyError, TypeError):
        raise Malformed("GitHub's answer is not as documented; the App may exist all the same") from None


def _failure(status: int) -> ClientError:
    text = f"GitHub answered {status}"
    return Unavailable(text) if status >= HTTPStatus.INTERNAL_SERVER_ERROR else Refused(text)


def _registered(answer: Mapping[str, Any]) -> Registered:
    key, secret, slug, page = (
        str(answer[name] or "") for name in ("pem", "webhook_secret", "slug", "html_url")
    )
    if "PRIVATE KEY" not in key or not secret or "\n" in secret or _SLUG.fullmatch(slug) is None:
        raise ValueError("incomplete")
    if _PAGE.fullmatch(page) is None:
        raise ValueError("no address")
    return Registered(int(answer["id"]), slug, page, key, secret)
