"""What `autofix ingest` hands to the server: a delivery of our own, stored like every other one."""

from __future__ import annotations

import json
import re
from typing import Final

from app.core.event_text import read_event
from app.core.model import INGESTED
from app.detect.traceback_issue import identity

EVENT: Final = "autofix.ingest"
_REPOSITORY = re.compile(r"(?!\.{1,2}/)[A-Za-z0-9_.-]{1,100}/(?!\.{1,2}$)[A-Za-z0-9_.-]{1,100}")


def is_repository(name: str) -> bool:
    """True if `name` is a plain OWNER/REPO."""
    return _REPOSITORY.fullmatch(name) is not None


def word_of(text: str) -> str:
    """The identity of what the text reports.

    Raises:
        BadInput: if it reports no exception with a stack trace.
    """
    return identity(read_event(text).finding.chain)


def fingerprint(word: str) -> str:
    """The fingerprint of its incident."""
    return f"{INGESTED}:{word}"


def delivery(repository: str, issue: int | None, text: str) -> bytes:
    """The body of the delivery."""
    return json.dumps({"repository": repository, "issue": issue, "text": text}).encode()


def text_of(body: bytes | None) -> str | None:
    """The text of a stored delivery; None if there is none."""
    if body is None:
        return None
    try:
        text = json.loads(body).get("text")
    except (ValueError, AttributeError, RecursionError):
        return None
    return text if isinstance(text, str) else None
