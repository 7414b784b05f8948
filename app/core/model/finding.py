"""What happened in production, and why: from the tracker's event to the root cause."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from app.core.model.provenance import Claim
from app.core.model.terms import FailureKind
from app.core.span import Span

# Where a finding may come from besides an error tracker: a traceback in an issue, and what an operator ingested.
TRACEBACK = "traceback"
INGESTED = "file"
UNTRACKED = frozenset({TRACEBACK, INGESTED})


@dataclass(frozen=True, slots=True)
class Incident:
    """The identity of one incident: an anomaly (fingerprint) of one repository, and the issue that reports it.

    `vouched_by` is the person with write access who asked for it; without one, only a trusted account's issue counts.
    """

    id: str
    repository: str
    repository_id: int
    installation_id: int
    issue: int
    fingerprint: str
    vouched_by: str | None = None


@dataclass(frozen=True, slots=True)
class Frame:
    """One stack frame as the error tracker recorded it.

    `variables` are the locals: leaves are `repr()` strings, containers are JSON (Sentry's convention).
    `path` is what the tracker calls the file, relative to a `sys.path` entry; it need not exist in a repository.
    """

    path: str
    function: str
    line: int
    code: str | None
    variables: Mapping[str, JsonValue]
    in_app: bool
    module: str | None = None
    absolute_path: str | None = None


@dataclass(frozen=True, slots=True)
class Raised:
    """One exception of a chain with its frames, oldest call first, the raising frame last."""

    type: str
    message: str
    frames: tuple[Frame, ...]
    module: str | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """What production reported: the newest event of one error-tracker issue, and how often it happens.

    `chain` holds the root exception first and the outermost last. Times are ISO 8601 in UTC. `provenance` tells who
    said each of these.
    """

    source: str
    organization: str
    project: str
    group: str
    short_id: str
    url: str
    event_id: str
    title: str
    platform: str
    release: str | None
    environment: str | None
    first_seen: str
    last_seen: str
    events: int
    users: int
    chain: tuple[Raised, ...]
    transaction: str | None = None
    provenance: tuple[Claim, ...] = ()

    @property
    def is_tracked(self) -> bool:
        """True if an error tracker counts the events, so that production can be asked whether a fix helped."""
        return self.source not in UNTRACKED

    @property
    def raised(self) -> Raised:
        """The exception that reached the error tracker: the outermost of the chain."""
        return self.chain[-1]

    @property
    def root(self) -> Raised:
        """The exception that began the chain."""
        return self.chain[0]


@dataclass(frozen=True, slots=True)
class Failure:
    """The failing sub-expression, confirmed from the message and the recorded locals.

    `subject` is the part of `expression` whose value was wrong: what was None, or the mapping that lacked `key`.
    `evidence` holds one plain sentence per fact that confirms it.
    """

    kind: FailureKind
    expression: str
    subject: str
    span: Span
    subject_span: Span
    key: str | None
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SuspectCommit:
    """The commit that last touched the failing line.

    `author` is what people read: a login, or what the commit itself says. `login` is an account of GitHub's, or None.
    """

    sha: str
    title: str
    author: str
    date: str
    pull_request: int | None = None
    login: str | None = None


@dataclass(frozen=True, slots=True)
class CodeFrame:
    """A stack frame mapped to a file of the repository at the deployed commit."""

    path: str
    function: str
    line: int
    code: str
    variables: Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True)
class Origin:
    """What a caller on the stack did: the failing value that it handed down, or the call that raised.

    `depth` counts the frames between it and the failing one (1: its direct caller). `is_lookup` tells that the
    failing frame is a container's own method, so that the lookup here is what failed.
    """

    frame: CodeFrame
    failure: Failure
    depth: int
    is_lookup: bool = False


@dataclass(frozen=True, slots=True)
class RootCause:
    """Where and why it failed, in the repository's own coordinates.

    `line`, the failure's spans and the origins are those of the base commit, on which the fix is built;
    `module` is the exception's own;
    `frames` are the repository's own frames at the deployed commit, outermost first, the culprit last.
    """

    exception: str
    message: str
    path: str
    function: str
    line: int
    deployed_sha: str
    base_sha: str
    base_branch: str
    failure: Failure
    frames: tuple[CodeFrame, ...]
    suspect: SuspectCommit | None
    ruled_out: tuple[str, ...] = ()
    module: str | None = None
    origins: tuple[Origin, ...] = ()

    @property
    def culprit(self) -> CodeFrame:
        """The repository's own innermost frame."""
        return self.frames[-1]

    @property
    def place(self) -> str:
        """`path:line`, as people and tools write it."""
        return f"{self.path}:{self.line}"
