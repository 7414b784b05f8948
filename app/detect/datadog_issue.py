"""Recognises GitHub issues that speak of Datadog. Datadog has no form of its own, so the links in the text decide.

Only an Error Tracking issue holds an exception with its stack trace. A monitor, an event, a search in the logs, a
trace and a case say that something is wrong and not where; each is refused with what to link to instead.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from app.detect.report import Recogniser, Report
from app.settings import Settings

SOURCE: Final = "datadog"
TRIGGERED: Final = "Triggered"
MOST_CHARACTERS: Final = 65_536

_URL = re.compile(r"(?<![\w@./:-])https://([A-Za-z0-9.-]{1,253})(?::443)?(/[^\s<>()\"'`\\|{}^]{0,2000})")
_FENCE = re.compile(r"[ ]{0,3}(`{3,}|~{3,})")
_MARKER = re.compile(r"<!-- datadog ([^<>]{0,1000}) -->")
_MARKED = re.compile(r"(?:^| )transition=([A-Za-z$_-]{1,30}(?: Data)?)(?: |$)")
_TITLE = re.compile(r"\[(Triggered|Re-Triggered|Recovered|Warn|Re-Warn|No Data|Re-No Data|Renotify)\b")
_UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


class Kind(StrEnum):
    """What a link leads to, the one that says most first."""

    ERROR = "Error Tracking issue"
    MONITOR = "monitor"
    EVENT = "event"
    TRACE = "trace"
    LOGS = "search in the logs"
    CASE = "case"


@dataclass(frozen=True, slots=True)
class DatadogLink:
    """A link to something in Datadog, by its kind and its id there."""

    kind: Kind
    id: str
    url: str = field(default="", compare=False)


_PATHS: Final = (
    (Kind.ERROR, re.compile(rf"/error-tracking/issue/({_UUID})/?(?:[?#].*)?", re.IGNORECASE)),
    (Kind.MONITOR, re.compile(r"/monitors(?:/|#)([0-9]{1,20})(?:/edit)?/?(?:[?#].*)?")),
    (Kind.EVENT, re.compile(r"/event/event\?(?:[^#]*&)?id=([0-9]{1,30})(?:[&#].*)?")),
    (Kind.EVENT, re.compile(r"/event/jump_to\?(?:[^#]*&)?event_id=([0-9]{1,30})(?:[&#].*)?")),
    (Kind.LOGS, re.compile(r"/logs/?\?(?:[^#]*&)?query=([^&#]{1,1000})(?:[&#].*)?")),
    (Kind.TRACE, re.compile(r"/apm/trace/([0-9A-Za-z]{1,40})/?(?:[?#].*)?")),
    (Kind.CASE, re.compile(r"/cases/([A-Za-z0-9-]{1,60})/?(?:[?#].*)?")),
)


def links(text: str, hosts: Collection[str]) -> tuple[DatadogLink, ...]:
    """What the text links to on the given hosts, outside of code blocks: there stands what the program reported."""
    allowed = {host.strip().lower() for host in hosts}
    found = [
        link
        for url in _URL.finditer(spoken(text[:MOST_CHARACTERS]))
        if url[1].lower() in allowed and (link := _link(url[1], url[2].rstrip(".,;:!]"))) is not None
    ]
    return tuple(dict.fromkeys(found))


def transition(title: str, body: str) -> str | None:
    """The monitor's transition that an issue of our template tells of; None if it does not say."""
    marker = _MARKER.search(body[:MOST_CHARACTERS])
    named = _TITLE.search(title[:300]) if marker is None else _MARKED.search(marker[1])
    return named[1] if named is not None else None


def is_new(told: str | None) -> bool:
    """True if a transition is a new alarm: it says so, or it says nothing."""
    return told in {TRIGGERED, None}


def hosts_of(settings: Settings) -> tuple[str, ...]:
    """The hosts whose links are believed: those that are set, else those of the site that the server reads."""
    site = settings.datadog_site
    known = (f"app.{site}", site) if settings.datadog_api_key is not None else ()
    return settings.datadog_hosts or known


def report_of(title: str, body: str, settings: Settings) -> Report | None:
    """What of Datadog an issue is about; None if it links to nothing there, or tells of anything but a new alarm."""
    found = links(body, hosts_of(settings))
    if not found or not is_new(transition(title, body)):
        return None
    kinds = list(Kind)
    first = min(found, key=lambda link: kinds.index(link.kind))
    return _report(first, sum(link.kind is Kind.ERROR for link in found))


def _report(link: DatadogLink, errors: int) -> Report:
    if errors > 1:
        why = (
            f"it links to {errors} Error Tracking issues of Datadog; let it link to the one that it is about"
        )
        return Report(SOURCE, f"{SOURCE}:{link.id.lower()}", link.id.lower(), unsupported=why)
    if link.kind is Kind.ERROR:
        return Report(SOURCE, f"{SOURCE}:{link.id.lower()}", link.id.lower())
    why = (
        f"a Datadog {link.kind} says that something is wrong, and not in which line; "
        "let the issue link to the Error Tracking issue (https://<site>/error-tracking/issue/<id>)"
    )
    identity = f"{SOURCE}:{link.kind.name.lower()}-{link.id}"[:200]
    return Report(SOURCE, identity, link.id, unsupported=why)


def _link(host: str, path: str) -> DatadogLink | None:
    for kind, form in _PATHS:
        found = form.fullmatch(path)
        if found is not None:
            return DatadogLink(kind, found[1], f"https://{host.lower()}{path}")
    return None


def spoken(text: str) -> str:
    """The text without its fenced blocks: there stands what the program reported."""
    return "\n".join(_outside(text.replace("\r\n", "\n").split("\n")))


def _outside(lines: list[str]) -> Iterator[str]:
    """The lines that stand in no fenced block."""
    fence = ""
    for line in lines:
        mark = _FENCE.match(line)
        if fence:
            closes = mark is not None and mark[1].startswith(fence) and not line.strip(" \t`~")
            fence = "" if closes else fence
        elif mark is not None:
            fence = mark[1]
        else:
            yield line


DATADOG_ISSUE = Recogniser(SOURCE, report_of, lambda settings: settings.datadog_author_ids)
