"""Recognises a link to an issue of the Bugsink that this server reads. Bugsink opens no issues on GitHub itself.

So nobody's account is believed for it: a person with write access vouches for the issue that holds the link.
"""

from __future__ import annotations

import re
from typing import Final

from app.detect.datadog_issue import MOST_CHARACTERS, spoken
from app.detect.report import Recogniser, Report
from app.settings import Settings

SOURCE: Final = "bugsink"
_URL = re.compile(r"(?<![\w@./:-])https?://[^\s<>()\"'`\\|{}^]{1,2000}")
_PATH = re.compile(
    r"/issues/issue/([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})/(?:[\w/-]{0,300})(?:[?#].*)?"
)


def report_of(_title: str, body: str, settings: Settings) -> Report | None:
    """The Bugsink issue that a text links to; None if it links to none, or to more than one."""
    if settings.bugsink_url is None:
        return None
    base = settings.bugsink_url.rstrip("/")
    found = {
        path[1]
        for url in _URL.finditer(spoken(body[:MOST_CHARACTERS]))
        if url[0].startswith(f"{base}/") and (path := _PATH.fullmatch(url[0][len(base) :])) is not None
    }
    if len(found) != 1:
        return None
    (issue,) = found
    return Report(SOURCE, f"{SOURCE}:{issue}", issue)


BUGSINK_ISSUE = Recogniser(SOURCE, report_of, lambda _settings: ())
