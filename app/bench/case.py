"""One case from beginning to end: install, reproduce, ask the engine, judge its fix, run the controls."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.bench.cases import Case
from app.bench.crash import NotReproduced, recorded_event, run_reproducer
from app.bench.fix_command import EngineFailed, FixCommand, Proposal
from app.bench.installation import (
    Install,
    Installation,
    NotInstalled,
    copy_with,
    install_with_pip,
    installed,
    split,
)
from app.bench.processes import Processes
from app.bench.verdict import NO_CONTROLS, Controls, Row, Verdict

TOLD_OUTPUT = 300


@dataclass(frozen=True, slots=True)
class Patched:
    """A proposed fix with all that a control needs.

    `before` is the installation as it was, `after` a copy of it with the patch, `site` what is not the package's own.
    Controls may write to `scratch`, and keep in `cache` what later runs can use again.
    """

    case: Case
    installation: Installation
    files: dict[str, str]
    event: dict[str, Any]
    after: Path
    site: Path
    scratch: Path
    cache: Path

    @property
    def before(self) -> Path:
        """The side without the patch."""
        return self.installation.folder


Control = Callable[[Patched, Processes], Controls]


@dataclass(frozen=True)
class Bench:
    """Where the bench works and with what. `control` None leaves the controls out."""

    work: Path
    processes: Processes = field(default_factory=Processes)
    install: Install = install_with_pip
    engine: FixCommand = field(default_factory=FixCommand)
    control: Control | None = None


def run_case(case: Case, bench: Bench) -> Row:
    """What came of the case; whatever goes wrong on the way is said in its row."""
    # The folder is beside the installations, so that files can be linked, and its name says nothing of the case.
    runs = bench.work / ".runs"
    try:
        installation = installed(case, bench.work, bench.processes, bench.install)
        runs.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=runs, ignore_cleanup_errors=True) as scratch:
            return _run(case, installation, bench, Path(scratch).resolve())
    except NotInstalled as fault:
        return Row(case, Verdict.ERROR, f"not installed: {fault}", 0.0, failed="installation")
    except NotReproduced as fault:
        return Row(case, Verdict.ERROR, f"not reproduced: {fault}", 0.0, failed="reproduction")
    except EngineFailed as fault:
        return Row(case, Verdict.WRONG, f"the engine failed: {fault}", fault.seconds, failed="engine")
    except OSError as fault:
        return Row(case, Verdict.ERROR, f"this machine: {fault}", 0.0, failed="machine")


def _run(case: Case, installation: Installation, bench: Bench, scratch: Path) -> Row:
    event = recorded_event(case, installation, bench.processes, scratch)
    event_file, repo, site = scratch / "event.json", scratch / "repo", scratch / "site"
    event_file.write_text(json.dumps(event, indent=1), encoding="utf-8")
    split(installation, repo, site)
    proposal, seconds = bench.engine.ask(event_file, repo, site, bench.processes)
    if not proposal.is_fix:
        return Row(case, Verdict.ESCALATED, proposal.reason or "no reason given", seconds, proposal)
    refused = _refused(case, installation, proposal)
    if refused is not None:
        return Row(case, Verdict.WRONG, refused, seconds, proposal)
    after = scratch / "patched"
    copy_with(installation, proposal.files, after)
    cache = bench.work / case.id
    patched = Patched(case, installation, proposal.files, event, after, site, scratch, cache)
    verdict, reason, controls = judged(patched, bench)
    return Row(case, verdict, reason, seconds, proposal, controls)


def _refused(case: Case, installation: Installation, proposal: Proposal) -> str | None:
    """Why a fix is wrong before it is tried; None if it has to be tried."""
    if case.kind == "no_fix":
        return "this must not be fixed"
    if not installation.own.intersection(proposal.files):
        return "the patch changes no file of the package"
    return None


def judged(patched: Patched, bench: Bench) -> tuple[Verdict, str, Controls]:
    """What the patched package does, by the reproducer and then by the controls."""
    outcome = run_reproducer(patched.case, patched.after, bench.processes, patched.scratch)
    if outcome.raised is not None:
        return Verdict.WRONG, f"still raises {outcome.raised}"[:TOLD_OUTPUT], NO_CONTROLS
    verdict, reason = Verdict.CORRECT, "prints what the mended release prints"
    if outcome.printed != patched.case.expected_on_fixed:
        told = outcome.printed.strip()[-TOLD_OUTPUT:]
        verdict, reason = Verdict.PLAUSIBLE, f"no crash, but prints {told!r}"
    if bench.control is None:
        return verdict, reason, NO_CONTROLS
    controls = bench.control(patched, bench.processes)
    if controls.difference:
        return Verdict.WRONG, f"a control differs: {controls.difference}", controls
    return verdict, reason, controls
