"""Everything that the stand-in has received, in bounded memory."""

from __future__ import annotations

import uuid
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from app.demo.datadog.issues import Fault, Issue
from app.demo.datadog.records import Record, Track, nested

MAX_ISSUES: Final = 200
MAX_DEPLOYMENTS: Final = 1_000
LONGEST_SPAN: Final = 86_400 * 10**9  # nanoseconds
SPANS, LOGS, EVENTS = "spans", "logs", "events"


@dataclass(frozen=True, slots=True)
class Deployment:
    """A deployment that was reported; times are in Unix seconds."""

    id: str
    service: str
    environment: str | None
    version: str | None
    started_at: float
    finished_at: float
    repository_url: str
    commit_sha: str

    def value(self, facet: str) -> str | None:
        """What a search can ask for."""
        known = {"service": self.service, "env": self.environment, "version": self.version}
        return {**known, "@git.commit_sha": self.commit_sha}.get(facet)


@dataclass(slots=True)
class Case:
    """A case that people opened for an issue, with what was said about it."""

    id: str
    issue: str
    comments: list[str] = field(default_factory=list)


class Store:
    """The records, issues, deployments and cases of one organization.

    A record counts at the moment in which it was received, by `clock`, and can be queried `lag` seconds later. The
    issue exists at once. `on_error` is called with every issue that got an error.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.lag = 0.0
        self.tracks = {SPANS: Track(), LOGS: Track(), EVENTS: Track()}
        self.issues: dict[str, Issue] = {}
        self.deployments: deque[Deployment] = deque(maxlen=MAX_DEPLOYMENTS)
        self.cases: dict[str, Case] = {}
        self.on_error: Callable[[Issue], None] = lambda _issue: None
        self._by_fingerprint: dict[str, str] = {}

    def add_span(self, span: Mapping[str, Any], *, top_level: bool) -> None:
        """A span as a tracer sends it. A top-level span with an error belongs to an issue."""
        meta, metrics = _texts(span.get("meta")), _numbers(span.get("metrics"))
        custom = nested({**metrics, **meta, **({"_top_level": 1} if top_level else {})})
        duration = span.get("duration")
        custom["duration"] = duration if type(duration) is int and 0 <= duration < LONGEST_SPAN else 0
        error = isinstance(custom.get("error"), dict) or bool(span.get("error"))
        reserved = {
            "service": str(span.get("service", "")),
            "resource_name": str(span.get("resource", "")),
            "operation_name": str(span.get("name", "")),
            "trace_id": str(span.get("trace_id", "")),
            "span_id": str(span.get("span_id", "")),
            "type": str(span.get("type", "")),
            "status": "error" if error else "ok",
        }
        reserved |= {name: meta[name] for name in ("env", "version") if name in meta}
        self._add(SPANS, reserved, custom, (), "", tracked=bool(span.get("error")) and top_level)

    def add_log(self, log: Mapping[str, Any]) -> None:
        """A log as the Agent forwards it. One of status error that holds a stack trace belongs to an issue."""
        tags = tuple(part.strip() for part in str(log.get("ddtags", "")).split(",") if part.strip())
        known = {"service": log.get("service"), "host": log.get("hostname"), "source": log.get("ddsource")}
        status = str(log.get("status", "info")).lower()
        reserved = {name: str(value) for name, value in known.items() if value} | {"status": status}
        outer = {"ddtags", "service", "hostname", "ddsource", "status", "message"}
        custom = nested({name: value for name, value in log.items() if name not in outer})
        trace = custom.get("dd")
        if isinstance(trace, dict) and "trace_id" in trace:
            reserved["trace_id"] = str(trace["trace_id"])
        tracked = status in {"error", "critical", "alert", "emergency"}
        self._add(LOGS, reserved, custom, tags, str(log.get("message", "")), tracked=tracked)

    def add_event(self, custom: Mapping[str, Any], tags: tuple[str, ...], message: str) -> Record:
        """An event of the stand-in's own, as a monitor leaves one."""
        return self._add(EVENTS, {"source": "alert"}, custom, tags, message, tracked=False)

    def add_deployment(self, deployment: Deployment) -> None:
        """The deployment is the newest."""
        self.deployments.append(deployment)

    def open_case(self, issue: Issue) -> Case:
        """A person has opened a case for the issue."""
        case = Case(str(uuid.uuid4()), issue.id)
        self.cases[case.id] = case
        issue.case = case.id
        return case

    def _add(
        self,
        track: str,
        reserved: Mapping[str, str],
        custom: Mapping[str, Any],
        tags: tuple[str, ...],
        message: str,
        *,
        tracked: bool,
    ) -> Record:
        now = self.clock()
        fault = Fault.of(custom) if tracked else None
        issue = None
        if fault is not None:
            issue = self._issue_of(track, fault, reserved.get("service", ""), now)
            custom = {**custom, "issue": {"id": issue.id}}
        record = Record(uuid.uuid4().hex, now, now + self.lag, reserved, custom, tags, message)
        self.tracks[track].add(record)
        if issue is not None:
            issue.add(record)
            self.on_error(issue)
        return record

    def _issue_of(self, track: str, fault: Fault, service: str, now: float) -> Issue:
        fingerprint = fault.fingerprint(service)
        found = self.issues.get(self._by_fingerprint.get(fingerprint, ""))
        if found is not None:
            return found
        issue = Issue(str(uuid.uuid4()), track, fault, service, now, now)
        self.issues[issue.id] = issue
        self._by_fingerprint[fingerprint] = issue.id
        if len(self.issues) > MAX_ISSUES:
            oldest = self.issues.pop(min(self.issues, key=lambda key: self.issues[key].last_seen))
            del self._by_fingerprint[oldest.fault.fingerprint(oldest.service)]
        return issue


def _texts(given: object) -> dict[str, str]:
    known = given if isinstance(given, Mapping) else {}
    return {str(name): value for name, value in known.items() if isinstance(value, str)}


def _numbers(given: object) -> dict[str, float]:
    known = given if isinstance(given, Mapping) else {}
    return {
        str(name): value
        for name, value in known.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }
