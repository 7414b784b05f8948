"""What Sentry knows of the policy's projects, and whether their newest release names a commit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import httpx

from app.clients.sentry import Sentry as SentryClient
from app.clients.sentry import SentryRelease
from app.core.errors import ClientError
from app.core.sources import SentrySource
from app.doctor.access import Access
from app.doctor.facts import Sentry
from app.doctor.finding import Unread
from app.investigate import named_by_sentry, named_by_tag, named_by_version

TIMEOUT_SECONDS = 20.0


def read_sentry(
    access: Access, source: SentrySource, resolve: Callable[[str], str | None]
) -> Sentry | Unread:
    """What Sentry says of the policy's `source`; `resolve` gives the commit that a name stands for."""
    if access.sentry_token is None:
        return Unread("AUTOFIX_SENTRY_TOKEN is not set")
    try:
        projects, newest = asyncio.run(_ask(access, source))
    except ClientError as fault:
        return Unread(str(fault))
    commit = _commit(newest, resolve) if newest else None
    version = newest.version if newest else None
    return Sentry(access.sentry_organizations, source.organization, projects, version, commit)


async def _ask(access: Access, source: SentrySource) -> tuple[dict[str, bool], SentryRelease | None]:
    async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS, follow_redirects=False) as http:
        sentry = SentryClient(http, access.sentry_url, access.sentry_token or "")
        numbers = {slug: await sentry.project_id(source.organization, slug) for slug in source.projects}
        known = [number for number in numbers.values() if number is not None]
        newest = await sentry.newest_release(source.organization, known) if known else None
        return {slug: number is not None for slug, number in numbers.items()}, newest


def _commit(release: SentryRelease, resolve: Callable[[str], str | None]) -> str | None:
    """The commit that the release runs, found in the same order as when an anomaly is investigated."""
    version = release.version
    names = (*named_by_version(version), *named_by_sentry(release.commit), *named_by_tag(version))
    return next((sha for sha in map(resolve, names) if sha is not None), None)
