"""From a text to a finding: a Sentry event in any of its shapes, or a plain Python traceback.

Whoever can raise an exception can write much of an event, so all of it is data, and nothing in it is opened.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from app.core.errors import BadInput
from app.core.model import TRACEBACK, Finding, Raised
from app.core.sentry_event import SentryIssue, finding_from_event, first_of, raised_chain, utc_time
from app.core.traceback_text import HEADER, Printed, read_traceback

WHAT: Final = "Give the JSON of a Sentry event, or a Python traceback as it was printed."

_LONGEST_TITLE: Final = 300
_MOST_LINES: Final = 1_000
_MOST_VALUES: Final = 100_000
_OUTERMOST: Final = 50
_INNERMOST: Final = 150
_WRAPPERS: Final = ("event", "data", "error", "latestEvent", "payload")
_SYNTAX: Final = re.compile(r"^(?:SyntaxError|IndentationError|TabError): ", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Given:
    """What was read. `marks` are the places that a traceback underlines, see `Printed`.

    `others` is how many further tracebacks the text holds.
    """

    finding: Finding
    marks: Mapping[tuple[int, str], tuple[int, int]] = field(default_factory=dict)
    others: int = 0


def read_event(text: str) -> Given:
    """The finding that the text reports.

    Raises:
        BadInput: if it holds no exception with a stack trace.
    """
    document, fault = _json(text)
    documents = _lines_of_json(text) if fault is not None else [document]
    for one in documents:
        found = _from_document(one)
        if found is not None:
            return found
    printed = read_traceback(text) if fault is not None else None
    if printed is None:
        raise BadInput(_why_not(text, document, fault))
    return Given(from_traceback(printed), printed.marks, printed.others)


def _json(text: str) -> tuple[object, str | None]:
    """The document, or why there is none."""
    try:
        return json.loads(text), None
    except json.JSONDecodeError as fault:
        return None, f"{fault.msg} at line {fault.lineno}, column {fault.colno}"
    except RecursionError:
        return None, "it is nested too deeply"
    except ValueError:
        return None, "it holds a number that is too long"


def _lines_of_json(text: str) -> list[object]:
    """The documents of an envelope or of a log, one a line, as far as they may report an exception."""
    lines = (line for line in text.split("\n") if line.startswith("{"))
    likely = [line for line in lines if '"exception"' in line or HEADER in line]
    return [document for line in likely[-_MOST_LINES:] if (document := _json(line)[0]) is not None]


def _from_document(document: object) -> Given | None:
    for event in _events(document):
        finding = _finding(event)
        if finding is not None:
            return Given(finding)
    for text in _strings(document):
        if HEADER in text and (printed := read_traceback(text)) is not None:
            return Given(from_traceback(printed), printed.marks, printed.others)
    return None


def _events(document: object) -> Iterator[Mapping[str, object]]:
    """What may be an event: the document, or what webhooks, APIs and exports wrap it into."""
    waiting = [document]
    for _ in range(_MOST_LINES):
        if not waiting:
            return
        one = waiting.pop(0)
        if isinstance(one, dict):
            yield one
            waiting += [one[name] for name in _WRAPPERS if isinstance(one.get(name), dict | list)]
        elif isinstance(one, list):
            waiting += one[:_MOST_LINES]


def _strings(document: object) -> Iterator[str]:
    """The strings of the document, in no order."""
    waiting = [document]
    for _ in range(_MOST_VALUES):
        if not waiting:
            return
        one = waiting.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one


def _finding(event: Mapping[str, object]) -> Finding | None:
    chain = raised_chain(event)
    found = finding_from_event(event, _issue(chain, event), organization="") if chain else None
    return replace(found, chain=tuple(map(_shortened, found.chain))) if found is not None else None


def _shortened(raised: Raised) -> Raised:
    """The exception with its outermost and its innermost frames: a recursion has thousands of the same."""
    frames = raised.frames
    if len(frames) <= _OUTERMOST + _INNERMOST:
        return raised
    return replace(raised, frames=(*frames[:_OUTERMOST], *frames[-_INNERMOST:]))


def from_traceback(printed: Printed, short_id: str | None = None) -> Finding:
    """The finding that a traceback is: it names no release, and holds no locals."""
    issue = _issue(printed.chain, {})
    return Finding(
        source=TRACEBACK,
        organization="",
        project=issue.project,
        group=issue.id,
        short_id=short_id or issue.short_id,
        url=issue.url,
        event_id="",
        title=issue.title,
        platform=issue.platform,
        release=None,
        environment=None,
        first_seen=issue.first_seen,
        last_seen=issue.last_seen,
        events=issue.events,
        users=issue.users,
        chain=tuple(map(_shortened, printed.chain)),
    )


def _issue(chain: Sequence[Raised], event: Mapping[str, object]) -> SentryIssue:
    """An issue that says no more than its one event does."""
    seen = utc_time(first_of(event, "timestamp", "dateCreated", "datetime"))
    name = chain[-1].type.rpartition(".")[2]
    return SentryIssue(
        id="",
        short_id=name,
        title=f"{chain[-1].type}: {chain[-1].message}"[:_LONGEST_TITLE],
        culprit="",
        url="",
        status="unresolved",
        substatus=None,
        level="error",
        platform="python",
        project="",
        project_id="",
        type="error",
        events=1,
        users=0,
        first_seen=seen,
        last_seen=seen,
        first_release=None,
        last_release=None,
        resolved_in=None,
    )


def _why_not(text: str, document: object, fault: str | None) -> str:
    """Why nothing was found, and what to do."""
    if HEADER in text:
        return (
            "The traceback has no exception at its end, or no frame: it may be cut off. Give all of it, from its first"
            " line to the line that names the exception."
        )
    if fault is not None and text.lstrip().startswith("{"):
        return f"This is no valid JSON: {fault}. Give the whole event as it was downloaded."
    if fault is not None:
        what = "A SyntaxError is mended where it stands" if _SYNTAX.search(text) else "This is no event"
        return f"{what}. {WHAT}"
    if any(event.get("type") == "transaction" or "spans" in event for event in _events(document)):
        return "This event is a performance transaction and reports no exception. Give an event of an error issue."
    return f"This JSON reports no exception. {WHAT}"
