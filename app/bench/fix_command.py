"""The engine, asked as a user asks it: `autofix fix`, in a process of its own."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from app.bench.processes import Processes

ENGINE_SECONDS = 60.0
# `autofix fix` ends with these when it has an answer: a fix, or a person is called.
ANSWERED = {0: "fix", 3: "escalate"}


class EngineFailed(Exception):
    """The engine crashed, hung, or answered with something that is no answer; `seconds` is how long that took."""

    def __init__(self, message: str, seconds: float) -> None:
        super().__init__(message)
        self.seconds = seconds


class Proposal(BaseModel):
    """The engine's answer. Fields that nothing here needs are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    outcome: Literal["fix", "escalate"]
    pattern: str | None = None
    category: str | None = None
    applicability: str | None = None
    auto_mergeable: bool = False
    reproduced: bool = False
    reason: str | None = None
    detail: str | None = None
    diff: str | None = None
    files: dict[str, str] = {}

    @field_validator("files")
    @classmethod
    def _stays_in_the_checkout(cls, files: dict[str, str]) -> dict[str, str]:
        for name in files:
            path = PurePosixPath(name)
            if path.is_absolute() or ".." in path.parts:
                raise ValueError(f"{name} is outside the checkout")
        return files

    @property
    def is_fix(self) -> bool:
        """True if it holds a patch to judge."""
        return self.outcome == "fix"

    def as_json(self) -> dict[str, Any]:
        """The answer without the whole texts of the files, which the diff says better."""
        return self.model_dump(exclude={"files", "pattern", "auto_mergeable"})


@dataclass(frozen=True, slots=True)
class FixCommand:
    """How to ask: the command before its options, and how long it may take."""

    command: tuple[str, ...] = (sys.executable, "-P", "-m", "app", "fix")
    seconds: float = ENGINE_SECONDS
    environment: dict[str, str] = field(default_factory=lambda: dict(os.environ))

    def ask(self, event: Path, repo: Path, site: Path, processes: Processes) -> tuple[Proposal, float]:
        """The answer, and the seconds it took.

        Raises:
            EngineFailed: if there is no answer.
        """
        answer = event.with_name("answer.json")
        options = ("--repo", repo, "--python-path", site, "--json", answer)
        ended = processes.run(
            (*self.command, event, *options),
            folder=event.parent,
            environment=self.environment,
            seconds=self.seconds,
        )
        if ended.status is None:
            raise EngineFailed(f"no answer within {self.seconds:.0f} s", ended.seconds)
        if ended.status not in ANSWERED:
            raise EngineFailed(f"it ended with status {ended.status}: {ended.last_words}", ended.seconds)
        try:
            proposal = Proposal.model_validate(json.loads(answer.read_text(encoding="utf-8")))
        except (OSError, ValueError, ValidationError) as fault:
            raise EngineFailed(f"its answer cannot be read: {fault}", ended.seconds) from fault
        if proposal.outcome != ANSWERED[ended.status]:
            raise EngineFailed(
                f"it ended with status {ended.status}, but says {proposal.outcome}", ended.seconds
            )
        if proposal.is_fix and not proposal.files:
            raise EngineFailed("it says fix, but changes no file", ended.seconds)
        return proposal, ended.seconds
