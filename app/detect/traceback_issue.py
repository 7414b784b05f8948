"""Recognises an issue that holds a Python traceback, as people paste it. What cannot be read for sure is refused.

Anybody can write a traceback, so nobody is believed for it: a person with write access must vouch for the issue.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from typing import Final

from app.core.event_text import from_traceback
from app.core.model import TRACEBACK, Finding, Raised
from app.core.traceback_text import HEADER, Printed, read_traceback
from app.detect.report import Recogniser, Report
from app.settings import Settings

MOST_CHARACTERS: Final = 65_536
_FENCE = re.compile(r"^[ \t>]{0,40}(?:`{3,}[^`\n]*|~{3,}[^~^\n]*)$", re.MULTILINE)
_GROUP: Final = "Exception Group " + HEADER
# What people write in the place of lines that they left out; `...<3 lines>...` is the interpreter's own.
_LEFT_OUT = re.compile(
    r"^[ >\t|]*(?:\.\.\.|…|\[\.\.\.\]|\[…\]|<snip>|\[snip\]|\(\.\.\.\)|\(snip\)|\[truncated\])[ \t]*$",
    re.MULTILINE | re.IGNORECASE,
)
_OTHERS: Final = {
    name: re.compile(rf"^[ \t>]{{0,20}}{form}", re.MULTILINE)
    for name, form in {
        "JavaScript": r"at (?:[\w$.<> ]{1,200} )?\(?[^\s()]{1,500}:\d{1,7}:\d{1,7}\)?$",
        "Java": r"at [\w$.<>/]{1,300}\([\w$]{1,200}\.(?:java|kt|scala):\d{1,7}\)$",
        "Ruby": r"(?:from )?[^\s:]{1,500}\.rb:\d{1,7}:in ['`]",
        "Go": r"goroutine \d{1,9} \[",
        "C#": r"at [\w.<>`]{1,300}\([^()\n]{0,300}\) in [^\n]{1,500}:line \d{1,7}$",
        "PHP": r"#\d{1,4} [^\s()]{1,500}\.php\(\d{1,7}\): ",
    }.items()
}


def read_pasted(text: str) -> Printed | str | None:
    """The one traceback of a text; the sentence that refuses it; None if the text holds no stack trace at all."""
    text = _FENCE.sub("", text[:MOST_CHARACTERS].replace("\r\n", "\n"))
    if HEADER not in text:
        name = next((name for name, form in _OTHERS.items() if form.search(text)), None)
        return None if name is None else f"it holds a stack trace of {name}; only Python is repaired"
    printed = read_traceback(text)
    return _refusal(text, printed) or printed


def _refusal(text: str, printed: Printed | None) -> str | None:
    """Why the traceback of the text is not one to work with."""
    if _GROUP in text:
        return "it holds an exception group, of which nobody can tell the one exception that matters; paste that one"
    if _LEFT_OUT.search(text, text.find(HEADER)):
        return "lines are left out of its traceback; paste all of it"
    if printed is None or printed.unread:
        return (
            f"its traceback is cut off: paste all of it, from `{HEADER}` to the line that names the exception"
        )
    if printed.others:
        return f"it holds {printed.others + 1} tracebacks; leave the one that it is about"
    if not any(raised.frames for raised in printed.chain):
        return "its traceback has no frame"
    return None


def identity(chain: Sequence[Raised]) -> str:
    """What a traceback says, as one short word: an edited one has another."""
    said = [
        (
            raised.type,
            raised.message,
            [(frame.path, frame.function, frame.line, frame.code) for frame in raised.frames],
        )
        for raised in chain
    ]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:32]


def report_of(_title: str, body: str, _settings: Settings) -> Report | None:
    """The traceback that an issue holds; its own words are its identity."""
    printed = read_pasted(body)
    if printed is None:
        return None
    if isinstance(printed, str):
        word = hashlib.sha256(body[:MOST_CHARACTERS].encode("utf-8", "replace")).hexdigest()[:32]
        return Report(TRACEBACK, f"{TRACEBACK}:{word}", word, unsupported=printed)
    word = identity(printed.chain)
    return Report(TRACEBACK, f"{TRACEBACK}:{word}", word)


def finding_in(body: str, issue: int) -> Finding | None:
    """The finding that an issue's traceback is; None if there is none that can be read."""
    printed = read_pasted(body)
    return None if printed is None or isinstance(printed, str) else from_traceback(printed, f"ISSUE-{issue}")


TRACEBACK_ISSUE = Recogniser(TRACEBACK, report_of, lambda _settings: ())
