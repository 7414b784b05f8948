"""How the checks of one head stand, read as GitHub reads them, and stricter where the check is our own. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum

from app.clients.github.answers import CheckRun, CommitStatus, RequiredCheck

SUCCESS = "success"
# GitHub lets a required check pass that ended in one of these.
PASSED = frozenset({SUCCESS, "neutral", "skipped"})


class Result(IntEnum):
    """Of several reports under one name the worst counts."""

    GREEN = 0
    PENDING = 1
    RED = 2


@dataclass(frozen=True, slots=True)
class Checks:
    """The required checks by how they stand: `red` in words, the others by name; and what else is on the head.

    `red_runs` are the check runs behind `red`; a red commit status has none. `unrequired` are the names of red checks
    that no rule requires. `running` is true while anything at all is under way.
    """

    red: tuple[str, ...] = ()
    red_runs: tuple[CheckRun, ...] = ()
    pending: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    unrequired: tuple[str, ...] = ()
    running: bool = False

    @property
    def all_green(self) -> bool:
        """True if every required check is there and passed."""
        return not (self.red or self.pending or self.missing)


def assess(
    required: Iterable[RequiredCheck],
    own: str,
    head_sha: str,
    runs: Iterable[CheckRun],
    statuses: Sequence[CommitStatus],
) -> Checks:
    """How the `required` checks stand on exactly `head_sha`.

    Our `own` check passes by a check run that ended in success and by nothing else. A commit status does not say
    which app reported it, so for the other checks GitHub's own refusal to merge is what holds it to its app.
    """
    runs = [run for run in runs if run.head_sha == head_sha]
    red: list[str] = []
    red_runs: list[CheckRun] = []
    pending: list[str] = []
    missing: list[str] = []
    for check in dict.fromkeys(required):
        its_runs = [run for run in runs if _reports(run, check)]
        its_statuses = [one for one in statuses if one.context == check.context and check.context != own]
        results = [result_of(run, own) for run in its_runs] + [_result_of(one) for one in its_statuses]
        if not results:
            missing.append(check.context)
        elif max(results) is Result.PENDING:
            pending.append(check.context)
        elif max(results) is Result.RED:
            failed = [run for run in its_runs if result_of(run, own) is Result.RED]
            red_runs += failed
            red += [_shown(run.name, run.conclusion, run.html_url) for run in failed]
            red += [
                _shown(one.context, one.state, one.target_url)
                for one in its_statuses
                if _result_of(one) is Result.RED
            ]
    names = {check.context for check in required}
    everything = [(run.name, result_of(run, own)) for run in runs] + [
        (one.context, _result_of(one)) for one in statuses
    ]
    return Checks(
        _once(red),
        tuple(red_runs),
        _once(pending),
        _once(missing),
        _once(name for name, result in everything if result is Result.RED and name not in names),
        any(result is Result.PENDING for _, result in everything),
    )


def result_of(run: CheckRun, own: str) -> Result:
    """How one check run stands; a conclusion that nobody knows is red."""
    if run.status != "completed":
        return Result.PENDING
    accepted = {SUCCESS} if run.name == own else PASSED
    return Result.GREEN if run.conclusion in accepted else Result.RED


def remarks(required: Iterable[RequiredCheck], runs: Sequence[CheckRun], own: str) -> tuple[str, ...]:
    """A sentence for each required check that passed in a way that deserves a look; `runs` hold earlier ones too."""
    said: list[str] = []
    for check in dict.fromkeys(required):
        its = sorted((run for run in runs if _reports(run, check)), key=lambda run: run.id)
        if not its or result_of(its[-1], own) is not Result.GREEN:
            continue
        if any(result_of(run, own) is Result.RED for run in its):
            said.append(f"`{check.context}` is flaky: red at first, green when it was run again")
        if its[-1].conclusion != SUCCESS:
            said.append(f"`{check.context}` ended {its[-1].conclusion}, which the rules accept")
    return _once(said)


def _reports(run: CheckRun, check: RequiredCheck) -> bool:
    app = run.app.id if run.app else None
    return run.name == check.context and check.integration_id in {None, app}


def _result_of(status: CommitStatus) -> Result:
    return {SUCCESS: Result.GREEN, "pending": Result.PENDING}.get(status.state, Result.RED)


def _shown(name: str, ended: str | None, url: str | None) -> str:
    return f"`{name}` ({ended}) {url or ''}".strip()


def _once(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))
