"""The values that travel through the workflow, from a finding to an outcome.

Every class is a frozen dataclass of plain data, so that the engine can store it and a person can read it.
A stage returns its value or a `Stop`: a refusal is a value, a fault is an exception.
"""

from app.core.model.context import Breadcrumb, Context, Deploy, PastIncident
from app.core.model.finding import (
    INGESTED,
    TRACEBACK,
    UNTRACKED,
    CodeFrame,
    Failure,
    Finding,
    Frame,
    Incident,
    Origin,
    Raised,
    RootCause,
    SuspectCommit,
)
from app.core.model.outcome import CaseFile, Outcome, Release, Verdict, Window, given, is_untold
from app.core.model.provenance import Claim
from app.core.model.repair import (
    Armed,
    Decision,
    Evidence,
    FileChange,
    Fix,
    Held,
    Merged,
    Patch,
    Pull,
    RegressionTest,
    RolloutPlan,
    Stop,
)
from app.core.model.terms import (
    Action,
    Applicability,
    FailureKind,
    Judgement,
    Method,
    Reason,
    Result,
    Stage,
)
from app.core.model.trust import Attempt, End, Handling, Level, Standing, TrackRecord, Trust
from app.core.span import Span

__all__ = [
    "INGESTED",
    "TRACEBACK",
    "UNTRACKED",
    "Action",
    "Applicability",
    "Armed",
    "Attempt",
    "Breadcrumb",
    "CaseFile",
    "Claim",
    "CodeFrame",
    "Context",
    "Decision",
    "Deploy",
    "End",
    "Evidence",
    "Failure",
    "FailureKind",
    "FileChange",
    "Finding",
    "Fix",
    "Frame",
    "Handling",
    "Held",
    "Incident",
    "Judgement",
    "Level",
    "Merged",
    "Method",
    "Origin",
    "Outcome",
    "PastIncident",
    "Patch",
    "Pull",
    "Raised",
    "Reason",
    "RegressionTest",
    "Release",
    "Result",
    "RolloutPlan",
    "RootCause",
    "Span",
    "Stage",
    "Standing",
    "Stop",
    "SuspectCommit",
    "TrackRecord",
    "Trust",
    "Verdict",
    "Window",
    "given",
    "is_untold",
]
