"""Releases, their commits and their deploys, in the order in which they became known."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

MAX_RELEASES: Final = 1_000
MAX_DEPLOYS: Final = 100


@dataclass(slots=True)
class Commit:
    """A commit of a release; `paths` are the files that it changed, if that was reported."""

    id: str
    message: str
    author: str
    email: str
    at: str
    repository: str | None = None
    paths: tuple[str, ...] = ()


@dataclass(slots=True)
class Deploy:
    """One deployment of a release to an environment."""

    id: int
    environment: str
    name: str | None
    url: str | None
    started: str | None
    finished: str


@dataclass(slots=True)
class Release:
    """One version; `number` grows with each release that becomes known, and orders them."""

    number: int
    version: str
    created: float
    ref: str | None = None
    url: str | None = None
    released: str | None = None
    first_event: float | None = None
    last_event: float | None = None
    new_groups: int = 0
    commits: tuple[Commit, ...] = ()
    deploys: deque[Deploy] = field(default_factory=lambda: deque(maxlen=MAX_DEPLOYS))


class Releases:
    """Every known release."""

    def __init__(self) -> None:
        self._by_version: dict[str, Release] = {}
        self._numbers = 0
        self._deploys = 0

    def __iter__(self) -> Iterator[Release]:
        """The releases, newest first."""
        return iter(sorted(self._by_version.values(), key=lambda release: -release.number))

    def get(self, version: str) -> Release | None:
        """The release, or None."""
        return self._by_version.get(version)

    def newest(self) -> Release | None:
        """The release that became known last."""
        return next(iter(self), None)

    def known(self, version: str, now: float) -> Release:
        """The release, which exists from now on at the latest."""
        release = self._by_version.get(version)
        if release is None:
            self._numbers += 1
            release = self._by_version[version] = Release(self._numbers, version, now)
            if len(self._by_version) > MAX_RELEASES:
                del self._by_version[min(self._by_version, key=lambda key: self._by_version[key].number)]
        return release

    def deploy(self, release: Release, body: Mapping[str, Any], finished: str) -> Deploy:
        """A new deploy of the release."""
        self._deploys += 1
        deploy = Deploy(
            id=self._deploys,
            environment=str(body["environment"]),
            name=body.get("name"),
            url=body.get("url"),
            started=body.get("dateStarted"),
            finished=body.get("dateFinished") or finished,
        )
        release.deploys.appendleft(deploy)
        return deploy

    def suspect(self, version: str | None, path: str | None) -> Commit | None:
        """The newest commit, of this release or an earlier one, that changed the file."""
        release = self.get(version) if version else None
        if release is None or not path:
            return None
        for earlier in self:
            for commit in earlier.commits if earlier.number <= release.number else ():
                if any(changed == path or changed.endswith(f"/{path}") for changed in commit.paths):
                    return commit
        return None


def commits(items: Sequence[Any], now: str) -> tuple[Commit, ...]:
    """The commits in the body of a request, newest first, as they were sent."""
    return tuple(
        Commit(
            id=str(item["id"]),
            message=str(item.get("message") or ""),
            author=str(item.get("author_name") or ""),
            email=str(item.get("author_email") or ""),
            at=str(item.get("timestamp") or now),
            repository=item.get("repository"),
            paths=tuple(
                str(patch.get("path")) for patch in item.get("patch_set") or () if isinstance(patch, dict)
            ),
        )
        for item in items
        if isinstance(item, dict) and item.get("id")
    )
