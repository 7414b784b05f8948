"""PyGithub for the commands that a person runs: who asks, for how long, and what its faults mean.

The server speaks through `app.clients.github`; here one thread asks one question after the other.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlsplit

from github import Auth, Github, GithubException, GithubIntegration
from github.GithubException import BadAttributeException
from jwt import PyJWTError

from app.core.markdown import visible

# requests raises subclasses of OSError; PyGithub asserts that addresses lead to the host that was asked.
FAULTS = (GithubException, BadAttributeException, PyJWTError, OSError, AssertionError, json.JSONDecodeError)
PER_PAGE = 100
_OPTIONS: dict[str, Any] = {
    "user_agent": "autofix-app",
    "timeout": 20,
    "retry": None,
    "per_page": PER_PAGE,
    "lazy": True,
    # A command asks some thirty questions in a row, far below GitHub's limits.
    "seconds_between_requests": None,
    "seconds_between_writes": None,
}
_LONGEST = 200


def as_person(token: str, api_url: str) -> Github:
    """GitHub under a person's token."""
    return Github(auth=Auth.Token(token), base_url=api_url, **_OPTIONS)


def as_app(app_id: int, private_key: str, api_url: str) -> GithubIntegration:
    """GitHub under the App's own key."""
    return GithubIntegration(auth=Auth.AppAuth(str(app_id), private_key), base_url=api_url, **_OPTIONS)


def get(github: Github, path: str, **query: Any) -> Any:
    """The decoded answer to a GET of `path`, which starts with a slash."""
    return github.requester.requestJsonAndCheck("GET", path, parameters=query)[1]


def pages(
    github: Github, path: str, *, key: str | None = None, limit: int = 1000, **query: Any
) -> Iterator[Any]:
    """The items of a list, page by page and `limit` at most; `key` names the list inside an object answer."""
    seen = 0
    for page in range(1, limit // PER_PAGE + 2):
        answer = get(github, path, per_page=min(limit, PER_PAGE), page=page, **query)
        items = answer.get(key) if key and isinstance(answer, dict) else answer
        for item in (items if isinstance(items, list) else [])[: limit - seen]:
            seen += 1
            yield item
        if not isinstance(items, list) or len(items) < PER_PAGE or seen >= limit:
            return


def part(name: str) -> str:
    """`name` as part of an address; its slashes stay."""
    return quote(name, safe="/")


def explained(fault: BaseException) -> str:
    """What went wrong, in one line that holds no credential."""
    if isinstance(fault, GithubException):
        said = fault.data.get("message") if isinstance(fault.data, dict) else None
        text = f"GitHub answered {fault.status}" + (f": {said}" if isinstance(said, str) else "")
    elif isinstance(fault, PyJWTError):
        text = "the App's private key cannot be used"
    elif isinstance(fault, OSError):
        text = f"GitHub cannot be reached ({type(fault).__name__})"
    else:
        text = f"GitHub's answer is not as documented ({type(fault).__name__})"
    return visible(" ".join(text.split()))[:_LONGEST]


def web_url(api_url: str) -> str:
    """The address of GitHub's pages for the address of its API."""
    parts = urlsplit(api_url)
    if parts.hostname == "api.github.com":
        return "https://github.com"
    return f"{parts.scheme}://{parts.netloc}"


def api_url(web: str) -> str:
    """The address of GitHub's API for the address of its pages; GitHub Enterprise Server's is below `/api/v3`."""
    return "https://api.github.com" if urlsplit(web).hostname == "github.com" else f"{web}/api/v3"
