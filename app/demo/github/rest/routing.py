"""One REST call: what was asked, by whom, and the answer. Knows GitHub's manners, not the web server."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import unquote, urlencode

from app.demo.github.accounts import LEVELS, Account, Actor, App, Token
from app.demo.github.errors import Refusal, invalid, not_accessible, not_found, unprocessable
from app.demo.github.site import Site
from app.demo.github.state import Repository

T = TypeVar("T")
_MOST_PER_PAGE = 100


@dataclass
class Reply:
    """An answer: JSON unless `content` says otherwise; None is an empty body."""

    body: Any = None
    status: HTTPStatus = HTTPStatus.OK
    headers: dict[str, str] = field(default_factory=dict)
    content: str = "application/json; charset=utf-8"


Handler = Callable[["Call"], Any]


@dataclass(frozen=True)
class Route:
    """A method and path (`{name}` is one segment, `{name*}` the rest), and what it takes to use it.

    `needs` is a permission such as "contents:read", "app" for an App's own JWT, or "" for any credential.
    """

    method: str
    path: str
    handler: Handler
    needs: str = ""

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The path as a regular expression over the raw, still quoted, address."""
        wide = re.sub(r"\{(\w+)\*\}", r"(?P<\1>.+?)", self.path)
        return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", wide))

    def match(self, method: str, path: str) -> dict[str, str] | None:
        """The parameters of the path, unquoted, if the route answers this request."""
        found = self.pattern.fullmatch(path) if method == self.method else None
        return {name: unquote(value) for name, value in found.groupdict().items()} if found else None


@dataclass
class Call:
    """One request, and the one who makes it."""

    site: Site
    route: Route
    params: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    raw: bytes
    path: str
    token: Token | None = None
    app: App | None = None

    @cached_property
    def repo(self) -> Repository:
        """The repository of the path, if the caller may see it."""
        name = f"{self.params['owner']}/{self.params['repo']}"
        return self.visible(self.site.repositories.get(name.lower()))

    def visible(self, repo: Repository | None) -> Repository:
        """The repository, or a 404 when the caller may not know that it exists."""
        if repo is None:
            raise not_found()
        token = self.token
        if token is None:
            seen = not repo.private
        elif token.installation is not None:
            chosen = token.repository_ids is None or repo.id in token.repository_ids
            seen = chosen and token.installation.covers(repo.id, repo.owner)
        elif token.permissions is not None:
            seen = token.repository_ids is None or repo.id in token.repository_ids
        else:
            seen = repo.role(token.actor.user) != "none"
        if not seen:
            raise not_found()
        return repo

    def require(self, needs: str) -> None:
        """Refuse a caller that lacks a permission such as "checks:write"."""
        permission, _, level = needs.partition(":")
        if self.allows(permission, level):
            return
        if self.token is None:
            raise Refusal(HTTPStatus.UNAUTHORIZED, "Requires authentication")
        if self.token.permissions is not None:
            raise not_accessible()
        if permission == "administration":
            raise not_found()
        raise Refusal(HTTPStatus.FORBIDDEN, "Must have push access to repository")

    def allows(self, permission: str, level: str) -> bool:
        """Whether the caller has a permission on the repository of the path."""
        if self.token is None:
            return level == "read" and permission != "administration"
        if self.token.permissions is not None:
            return self.token.grants(permission, level)
        # Anyone who may read may also write issues, comments and reviews.
        open_to_readers = permission in {"issues", "pull_requests"} or level == "read"
        wanted = "admin" if permission == "administration" else ("read" if open_to_readers else "write")
        return LEVELS[self.repo.role(self.token.actor.user)] >= LEVELS[wanted]

    @property
    def actor(self) -> Actor:
        """Whom the call acts as."""
        if self.token is None:
            raise Refusal(HTTPStatus.UNAUTHORIZED, "Requires authentication")
        return self.token.actor

    @property
    def own_app(self) -> App:
        """The App whose JWT signed the call."""
        if self.app is None:
            raise Refusal(HTTPStatus.UNAUTHORIZED, "A JSON web token could not be decoded")
        return self.app

    @property
    def viewer(self) -> Account:
        """The account the call acts as."""
        return self.actor.user

    @property
    def may_write_workflows(self) -> bool:
        """Whether the caller may change workflow files: people may, apps need the permission."""
        token = self.token
        return token is not None and (token.permissions is None or token.grants("workflows", "write"))

    @cached_property
    def body(self) -> dict[str, Any]:
        """The JSON object that was sent; nothing is an empty object."""
        if not self.raw.strip():
            return {}
        try:
            sent = json.loads(self.raw)
        except ValueError as error:
            raise Refusal(HTTPStatus.BAD_REQUEST, "Problems parsing JSON") from error
        if not isinstance(sent, dict):
            raise Refusal(HTTPStatus.BAD_REQUEST, "Body should be a JSON object")
        return sent

    def text(self, name: str, default: str | None = None, *, choices: Iterable[str] | None = None) -> str:
        """A string of the body; missing or of another type is a 422 as GitHub words it."""
        value = self.body.get(name, default)
        if value is None:
            raise unprocessable(f'Invalid request.\n\n"{name}" wasn\'t supplied.')
        if not isinstance(value, str):
            raise unprocessable(f"Invalid request.\n\nFor 'properties/{name}', {value!r} is not a string.")
        if choices is not None and value not in choices:
            raise invalid("Request", name, message=f"{value} is not a possible value of {name}.")
        return value

    def optional_text(self, name: str) -> str | None:
        """The same for what may be left out."""
        return None if self.body.get(name) is None else self.text(name)

    def names(self, name: str) -> list[str]:
        """A list of strings of the body."""
        value = self.body.get(name, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise unprocessable(f"Invalid request.\n\nFor 'properties/{name}', {value!r} is not an array.")
        return value

    def number(self, name: str) -> int:
        """A number of the path; anything else names nothing."""
        if not self.params[name].isdecimal():
            raise not_found()
        return int(self.params[name])

    def commit(self, expression: str) -> str:
        """The commit a branch, tag or id names."""
        sha = self.repo.git.resolve(expression.removeprefix("heads/"))
        if sha is None:
            raise unprocessable(f"No commit found for SHA: {expression}")
        return sha

    def page(self, items: Sequence[T], render: Callable[[T], Any], *, key: str | None = None) -> Reply:
        """One page of `items` with its `Link`; with a key, wrapped beside `total_count`."""
        size = min(self._positive("per_page", 30), _MOST_PER_PAGE)
        page = self._positive("page", 1)
        last = max(1, -(-len(items) // size))
        shown = [render(item) for item in items[(page - 1) * size : page * size]]
        links = {"prev": page - 1, "next": page + 1, "last": last, "first": 1}
        if page == 1:
            links = {name: links[name] for name in ("next", "last")}
        if page >= last:
            links = {name: number for name, number in links.items() if name in {"prev", "first"}}
        headers = {"Link": ", ".join(self._link(*link) for link in links.items())} if links else {}
        return Reply({"total_count": len(items), key: shown} if key else shown, headers=headers)

    def _positive(self, name: str, default: int) -> int:
        value = self.query.get(name, "")
        return max(1, int(value)) if value.isdecimal() else default

    def _link(self, rel: str, page: int) -> str:
        return f'<{self.site.api}{self.path}?{urlencode({**self.query, "page": page})}>; rel="{rel}"'


def created(body: Any) -> Reply:
    """A 201."""
    return Reply(body, HTTPStatus.CREATED)


def no_content() -> Reply:
    """A 204."""
    return Reply(None, HTTPStatus.NO_CONTENT)
