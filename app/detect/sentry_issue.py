"""Recognises the GitHub issues that Sentry's integration writes. Nothing is fetched; the link is only parsed.

The link names an organization and an issue. Data is then read from the configured API address, whatever the
link says, so a look-alike host gains nothing; it is refused all the same, because its author means harm.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from app.detect.report import Recogniser, Report
from app.settings import Settings

HEAD_CHARACTERS: Final = 16_384
HEAD_LINES: Final = 60
SENTRY: Final = "sentry.io"
REGIONS: Final = frozenset({"us", "de", "www"})

_LABELLED = re.compile(r"Sentry (Issue|Feedback):[ \t]{0,8}\[([^\]\n]{0,200})\]\(([^()\s]{1,2000})\)")
_URL = re.compile(r"(?<![\w@./:-])https?://[^\s<>()\"'`\\|{}^]{1,2000}", re.IGNORECASE)
_PARTS = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9.-]{1,253}|\[[0-9a-f:.]{2,45}\])(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<path>/[A-Za-z0-9/_-]{0,500})(?:\?(?P<query>[^#\s]*))?(?:#\S*)?",
    re.IGNORECASE,
)
_PATH = re.compile(
    r"(?:/organizations/(?P<organization>[a-z0-9][a-z0-9_-]{0,63}))?"
    r"/issues/(?P<issue>[0-9]{1,20}|[A-Z0-9][A-Z0-9_-]{0,78}-[A-Z0-9]{1,16})"
    r"(?:/events/(?P<event>[0-9a-f]{32}|latest|oldest|recommended))?/?"
)
_FEEDBACK_PATH = re.compile(
    r"(?:/organizations/(?P<organization>[a-z0-9][a-z0-9_-]{0,63}))?(?:/issues)?/feedback/?"
)
_FEEDBACK_SLUG = re.compile(
    r"(?:^|&)feedbackSlug=[a-z0-9_-]{1,80}(?::|%3A)([0-9]{1,20})(?:&|$)", re.IGNORECASE
)
_SUBDOMAIN = re.compile(r"([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)\.sentry\.io")
_SHORT_ID = re.compile(r"[A-Z0-9][A-Z0-9_-]{0,78}-[A-Z0-9]{1,16}")
_FENCE = re.compile(r"^[ ]{0,3}(?:```|~~~)", re.MULTILINE)
_TABLE = re.compile(r"^\|  \|  \|[ \t]{0,8}$|^\| \*\*[^*\n]{1,80}\*\* \| ", re.MULTILINE)
# Titles of occurrences are generic, so they only decide where the body holds neither a fence nor a table.
_PERFORMANCE_TITLES = frozenset(
    {
        "n+1 query",
        "n+1 api call",
        "slow db query",
        "consecutive db queries",
        "consecutive http",
        "large http payload",
        "http/1.1 overhead",
        "uncompressed asset",
        "large render blocking asset",
        "file io on main thread",
        "db on main thread",
        "endpoint regression",
        "function regression",
    }
)
SOURCE: Final = "sentry"


UNSUPPORTED_KIND: Final = "only error issues are repaired so far; this one reports something else"


class IssueKind(StrEnum):
    """What Sentry wrote the issue about."""

    ERROR = "error"
    PERFORMANCE = "performance"
    FEEDBACK = "feedback"


@dataclass(frozen=True, slots=True)
class SentryLink:
    """A permalink: `issue_id` is the issue's number, or its short id where the address holds that.

    `short_id` is the link's label. `organization` is None where the address does not name it.
    """

    host: str
    organization: str | None
    issue_id: str
    short_id: str | None = None
    event_id: str | None = None


def trusted_link(body: str, settings: Settings) -> SentryLink | None:
    """The Sentry issue that a text links to, whoever wrote it; None unless the link leads to a trusted place."""
    link = parse_link(body, hosts=sentry_hosts(settings))
    if link is None or link.organization not in {*settings.sentry_organizations, None}:
        return None
    return link


def sentry_hosts(settings: Settings) -> tuple[str, ...]:
    """The hosts (with port, if any) whose links are believed; none if no Sentry is set up."""
    if not settings.sentry_organizations:
        return ()
    return (urlsplit(settings.sentry_url).netloc, *settings.sentry_hosts)


def report_of(title: str, body: str, settings: Settings) -> Report | None:
    """The Sentry issue that an issue or comment on GitHub is about; the tracker's own grouping is its identity."""
    link = trusted_link(body, settings)
    if link is None:
        return None
    unsupported = None if issue_kind(body, title) is IssueKind.ERROR else UNSUPPORTED_KIND
    return reported(link.issue_id, link.organization or settings.sentry_organizations[0], unsupported)


def reported(issue_id: str, organization: str, unsupported: str | None = None) -> Report:
    """The report of one Sentry issue."""
    return Report(SOURCE, f"{SOURCE}:{issue_id}", issue_id, organization, unsupported)


def parse_link(body: str, *, hosts: Collection[str]) -> SentryLink | None:
    """The Sentry issue that `body` is about; None if it names none, or more than one, or one of another host.

    `hosts` are exact: a host name or address with its port unless it is the default one. `sentry.io` stands
    for itself and its organization and region subdomains. Links must use https; an entry that begins with
    `http://` allows plain http for that host, and a loopback address may always use it.

    Only the lines before the first code fence are read, because the rest is what the program reported.
    """
    head = _head(body)
    allowed = frozenset(_entry(host) for host in hosts)
    labelled = _LABELLED.search(head)
    if labelled is not None:
        # The label says which link counts; if that one is not ours, no other link can stand in for it.
        link = _permalink(labelled[3], allowed)
        return None if link is None else _named(link, labelled[2])
    links = {link for link in (_permalink(url, allowed) for url in _urls(head)) if link is not None}
    if len({(link.organization, link.issue_id) for link in links}) != 1:
        return None
    return min(links, key=lambda link: (link.event_id is not None, link.host))


def issue_kind(body: str, title: str) -> IssueKind:
    """What the issue is about, from the form of its body; the title decides only for a bare link."""
    text = body[:HEAD_CHARACTERS].replace("\r\n", "\n")
    head = _head(body)
    labelled = _LABELLED.search(head)
    if labelled is not None and labelled[1] == "Feedback":
        return IssueKind.FEEDBACK
    fence, table = _FENCE.search(text), _TABLE.search(text)
    if table is not None and (fence is None or table.start() < fence.start()):
        return IssueKind.PERFORMANCE
    if fence is None and title[:100].strip().casefold() in _PERFORMANCE_TITLES:
        return IssueKind.PERFORMANCE
    return IssueKind.ERROR


def _head(body: str) -> str:
    """The first lines, up to the first code fence."""
    text = body[:HEAD_CHARACTERS].replace("\r\n", "\n")
    fence = _FENCE.search(text)
    if fence is not None:
        text = text[: fence.start()]
    return "\n".join(text.split("\n", HEAD_LINES)[:HEAD_LINES])


def _urls(head: str) -> Iterator[str]:
    for found in _URL.finditer(head):
        yield found[0].rstrip(".,;:!]")


def _entry(host: str) -> tuple[str, str]:
    """An allowed host as scheme and authority, the default port left out."""
    text = host.strip().lower().rstrip("/")
    scheme, separator, authority = text.rpartition("://")
    scheme = scheme if separator else "https"
    default = ":443" if scheme == "https" else ":80"
    return scheme, authority.removesuffix(default) if not authority.endswith("]") else authority


def _permalink(url: str, allowed: frozenset[tuple[str, str]]) -> SentryLink | None:
    parts = _PARTS.fullmatch(url)
    if parts is None:
        return None
    scheme, host, port = parts["scheme"].lower(), parts["host"].lower(), parts["port"]
    default = "443" if scheme == "https" else "80"
    authority = host if port in (None, default) else f"{host}:{port}"
    if not _is_allowed(scheme, host, authority, allowed):
        return None
    named = _path_parts(parts["path"], parts["query"] or "")
    if named is None:
        return None
    organization, issue, event = named
    subdomain = _SUBDOMAIN.fullmatch(authority)
    if subdomain is not None and subdomain[1] not in REGIONS:
        if organization not in (None, subdomain[1]):
            return None
        organization = subdomain[1]
    short_id = None if issue.isdigit() else issue
    return SentryLink(
        host=authority, organization=organization, issue_id=issue, short_id=short_id, event_id=event
    )


def _is_allowed(scheme: str, host: str, authority: str, allowed: frozenset[tuple[str, str]]) -> bool:
    if (scheme, authority) in allowed:
        return True
    if scheme == "http":
        return ("https", authority) in allowed and _is_loopback(host)
    return ("https", SENTRY) in allowed and _SUBDOMAIN.fullmatch(authority) is not None


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _path_parts(path: str, query: str) -> tuple[str | None, str, str | None] | None:
    """The organization, the issue and the event that a permalink's path names."""
    found = _PATH.fullmatch(path)
    if found is not None:
        return found["organization"], found["issue"], found["event"]
    found, slug = _FEEDBACK_PATH.fullmatch(path), _FEEDBACK_SLUG.search(query)
    if found is not None and slug is not None:
        return found["organization"], slug[1], None
    return None


def _named(link: SentryLink, label: str) -> SentryLink:
    label = label.strip()
    if link.short_id is not None or _SHORT_ID.fullmatch(label) is None:
        return link
    return SentryLink(link.host, link.organization, link.issue_id, label, link.event_id)


SENTRY_ISSUE = Recogniser(SOURCE, report_of, lambda settings: settings.sentry_author_ids)
