"""A coverage report of the user's suite: coverage.py's JSON, Cobertura's XML or LCOV, read as hostile data.

No document type, no entity, no key twice, nothing large. What cannot be read is a refusal, never a pass.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from xml.parsers import expat

MOST_BYTES = 32 * 1024 * 1024
_MOST_FILES = 100_000
_LATER_SECONDS = 24 * 3600
_NUMBER = re.compile(r"[0-9]{1,9}")


class CoverageFault(Exception):
    """The report says nothing that can be relied on; the message says why."""


@dataclass(frozen=True, slots=True)
class Covered:
    """The lines of one file that the report lists, and those of them that ran."""

    listed: frozenset[int]
    ran: frozenset[int]


@dataclass(frozen=True, slots=True)
class Report:
    """Hits by line for every file, and when the report was made (epoch seconds; None where the format does not say)."""

    files: Mapping[str, Mapping[int, int]]
    made_at: float | None


def read_report(content: bytes) -> Report:
    """The report in whichever of the three formats it is written.

    Raises:
        CoverageFault: if it is none of them.
    """
    if len(content) > MOST_BYTES:
        raise CoverageFault(f"it is larger than {MOST_BYTES // 1024 // 1024} MB")
    start = content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    try:
        if start == b"{":
            return _json(content)
        if start == b"<":
            return _Cobertura().read(content)
        return _lcov(content.decode("utf-8"))
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError, OverflowError) as fault:
        raise CoverageFault(f"it cannot be read ({type(fault).__name__})") from fault


def covered_of(report: Report, path: str, *, not_before: float, modified_at: float, now: float) -> Covered:
    """The lines of `path` (relative to the repository), from a report that was made after the commit.

    `not_before` is the commit's time, `modified_at` the report file's own, which counts where the report has none.

    Raises:
        CoverageFault: if the report is older than the commit, or does not know the file, or knows several of that name.
    """
    made_at = modified_at if report.made_at is None else report.made_at
    if not not_before <= made_at <= now + _LATER_SECONDS:
        raise CoverageFault("it was not made after the commit")
    names = [name for name in report.files if name == path] or [
        name for name in report.files if name.replace("\\", "/").endswith(f"/{path}")
    ]
    if len(names) != 1:
        raise CoverageFault(f"it lists {path} {len(names)} times, once is needed")
    hits = report.files[names[0]]
    return Covered(frozenset(hits), frozenset(line for line, count in hits.items() if count > 0))


def _json(content: bytes) -> Report:
    data = json.loads(content, object_pairs_hook=_once)
    files: dict[str, Mapping[int, int]] = {}
    for name, entry in data["files"].items():
        hits = dict.fromkeys(map(_line, entry["missing_lines"]), 0)
        files[name] = {**hits, **dict.fromkeys(map(_line, entry["executed_lines"]), 1)}
    made_at = datetime.fromisoformat(data["meta"]["timestamp"])
    # coverage.py writes the local time of the machine, without its zone.
    return _bounded(Report(files, made_at.timestamp()))


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is given twice")
    return found


def _line(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError("not a line number")
    return value


def _lcov(text: str) -> Report:
    files: dict[str, Mapping[int, int]] = {}
    name: str | None = None
    hits: dict[int, int] = {}
    for row in text.splitlines():
        kind, _, value = row.partition(":")
        if kind == "SF":
            name, hits = value, {}
        elif kind == "DA" and name is not None:
            number, count = value.split(",")[:2]
            hits[_whole(number)] = hits.get(_whole(number), 0) + _whole(count)
        elif row == "end_of_record":
            if name is None or name in files:
                raise ValueError("records are not closed, or a file is given twice")
            files[name], name = hits, None
    if name is not None or not files:
        raise ValueError("no record, or one that does not end")
    return _bounded(Report(files, None))


def _whole(text: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise ValueError("not a number")
    return int(text)


class _Cobertura:
    """Only elements and their attributes; the first document type or entity ends it."""

    def __init__(self) -> None:
        self.files: dict[str, dict[int, int]] = {}
        self.current: dict[int, int] | None = None
        self.made_at: float | None = None
        self.is_root = True

    def read(self, content: bytes) -> Report:
        parser = expat.ParserCreate()
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        for handler in ("StartDoctypeDeclHandler", "EntityDeclHandler", "ExternalEntityRefHandler"):
            setattr(parser, handler, _forbidden)
        try:
            parser.Parse(content, True)  # noqa: FBT003 - expat's signature: this is all of it
        except expat.ExpatError as fault:
            raise CoverageFault("it is no well-formed XML") from fault
        return _bounded(Report(self.files, self.made_at))

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if self.is_root:
            if tag != "coverage":
                raise CoverageFault("it is no Cobertura report")
            # coverage.py writes milliseconds, others seconds.
            stamp = float(_whole_long(attributes["timestamp"]))
            self.made_at = stamp / 1000 if stamp > _MILLISECONDS else stamp
            self.is_root = False
        elif tag == "class":
            self.current = self.files.setdefault(attributes["filename"], {})
        elif tag == "line" and self.current is not None:
            number = _whole(attributes["number"])
            self.current[number] = max(self.current.get(number, 0), _whole(attributes["hits"]))

    def _end(self, tag: str) -> None:
        if tag == "class":
            self.current = None


_MILLISECONDS = 1e11


def _whole_long(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,14}", text):
        raise ValueError("not a time")
    return int(text)


def _forbidden(*_: object) -> None:
    raise CoverageFault("it declares a document type or an entity")


def _bounded(report: Report) -> Report:
    if len(report.files) > _MOST_FILES:
        raise CoverageFault("it lists too many files")
    return report
