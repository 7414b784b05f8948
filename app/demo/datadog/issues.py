"""Error Tracking: errors of the same kind from the same place are one issue."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, Final

from app.demo.datadog.records import Record

STATES: Final = frozenset({"OPEN", "ACKNOWLEDGED", "RESOLVED", "IGNORED", "EXCLUDED"})
_FRAME = re.compile(r'^ *File "([^"\n]{1,1000})", line [0-9]{1,9}, in (.{1,300})$', re.MULTILINE)
_LIBRARY = re.compile(r"/(?:site|dist)-packages/|/lib(?:64)?/python[0-9.]+/")


@dataclass(frozen=True, slots=True)
class Fault:
    """What makes a record an error of Error Tracking: its type, its message and its stack trace."""

    type: str
    message: str
    stack: str

    @classmethod
    def of(cls, custom: Mapping[str, Any]) -> Fault | None:
        """The fault that a record's attributes tell of; without a type or a stack it is none."""
        error = custom.get("error")
        if not isinstance(error, Mapping):
            return None
        kind, said = error.get("type") or error.get("kind"), error.get("message") or error.get("msg")
        stack = error.get("stack")
        if not (isinstance(kind, str) and kind and isinstance(stack, str) and stack):
            return None
        return cls(kind, said if isinstance(said, str) else "", stack)

    @property
    def place(self) -> tuple[str, str]:
        """The file and the function of the innermost frame of the program's own."""
        frames: list[tuple[str, str]] = _FRAME.findall(self.stack)
        own = [frame for frame in frames if not _LIBRARY.search(frame[0])]
        return (own or frames or [("", "")])[-1]

    def fingerprint(self, service: str) -> str:
        """The same for what is one issue: folders and lines change from version to version, and do not count."""
        frames = [f"{PurePosixPath(path).name}:{name}" for path, name in _FRAME.findall(self.stack)]
        text = "\n".join([service, self.type, *frames])
        return hashlib.sha256(text.encode(errors="replace")).hexdigest()


@dataclass(slots=True)
class Issue:
    """One issue. `versions` are those in which the error is known to occur; times are in Unix seconds."""

    id: str
    track: str
    fault: Fault
    service: str
    first_seen: float
    last_seen: float
    first_version: str | None = None
    last_version: str | None = None
    state: str = "OPEN"
    resolved_at: float | None = None
    regression: dict[str, Any] | None = None
    case: str | None = None
    total: int = 0
    versions: set[str] = field(default_factory=set)
    alerted: bool = False

    def add(self, record: Record) -> None:
        """The record is the newest error of the issue, which reopens if it regressed.

        It did if it was resolved and occurs in a version in which it was not known to occur, or in none.
        """
        version = record.value("version")
        if self.state == "RESOLVED" and (version is None or version not in self.versions):
            self.state, self.alerted = "OPEN", False
            self.regression = {
                "regressed_at": int(record.at * 1_000),
                "regressed_at_version": version or "",
                "resolved_at": int((self.resolved_at or record.at) * 1_000),
            }
        if not self.total:
            self.first_version = version
        self.total += 1
        self.last_seen, self.last_version = record.at, version
        if version is not None:
            self.versions.add(version)

    def set_state(self, state: str, at: float) -> None:
        """A person, or a program, has set the state."""
        self.state = state
        self.resolved_at = at if state == "RESOLVED" else None
