"""The texts of issues and comments that Autofix writes about what came in, besides an incident's own."""

from __future__ import annotations

import re

from app.core.markdown import bullets, code, fence, visible
from app.core.model import Finding
from app.core.scrub import scrub_text
from app.core.storm import WINDOW_SECONDS

LONGEST_TITLE = 200
_PLAIN_LINK = re.compile(r"https?://[A-Za-z0-9.:\[\]-]{1,260}/[A-Za-z0-9_/?&=%#.:~+@-]{0,1500}")
_SHORT_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,100}")


def title(text: str) -> str:
    """A title from outside: one line, scrubbed, short, and commanding nobody."""
    plain = " ".join(visible(scrub_text(text[:2_000])).split())
    plain = re.sub(r"[@#/](?=\w)", lambda sign: f"{sign[0]} ", plain)
    return plain[:LONGEST_TITLE] or "An anomaly in production"


def link_line(tracker: str, short_id: str, url: str) -> str | None:
    """The line that links to the tracker's issue, in the form that is also read; None if its address is unusual."""
    if _PLAIN_LINK.fullmatch(url) is None:
        return None
    label = short_id if _SHORT_ID.fullmatch(short_id) else "issue"
    return f"{tracker} Issue: [{label}]({url})"


def opened_for(line: str, tracker: str) -> str:
    """The body of an issue that we open for a tracker's webhook."""
    return f"{line}\n\nOpened by Autofix, because a signed webhook of {tracker} reported it and no open issue did."


def linked_for(line: str, tracker: str) -> str:
    """The comment on an issue that reports already what a tracker's webhook reports."""
    return f"{line}\n\nA signed webhook of {tracker} reported this too."


def ingested(finding: Finding, word: str) -> str:
    """The body of an issue that we open for an event that an operator ingested: the stack, and no recorded value."""
    lines: list[str] = []
    for raised in finding.chain:
        own = [frame for frame in raised.frames if frame.in_app][-8:]
        lines += [f"{frame.path}:{frame.line} in {frame.function}" for frame in own]
        lines.append(f"{raised.type}: {raised.message[:1000]}")
    facts = [f"release {code(finding.release)}"] if finding.release else []
    parts = (
        "An operator gave this event to `autofix ingest`.",
        fence(scrub_text("\n".join(lines))),
        bullets(facts),
        ingested_marker(word),
    )
    return "\n\n".join(part for part in parts if part)


def ingested_marker(word: str) -> str:
    """What tells that an issue was opened for this event."""
    return f"<!-- autofix:ingested:{word} -->"


def storm(count: int) -> str:
    """The one alarm of a storm."""
    return (
        f"### Autofix stands back: {count} new anomalies in {WINDOW_SECONDS:.0f} seconds\n\n"
        "So many at once have one cause that is not in the code of each. Nothing new is repaired until this is over; "
        "what is running goes on. Five minutes after the last of them, the one that still fails most is taken up, if "
        "any does. The others are on record and stay open: `/autofix retry` on an issue takes it up."
    )
