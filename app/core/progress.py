"""How far an incident has come, and what production showed: the tables that several comments share."""

from __future__ import annotations

import re

from app.core.category import NAMED
from app.core.markdown import clock, code, prose, table
from app.core.model import Armed, CaseFile, Finding, Held, Method, Stage, TakenBack, Verdict, given
from app.core.scrub import scrub_text

_ADDRESS = re.compile(r"https?://[\w.:/?&=%~+-]{1,500}", re.ASCII)


def progress(case: CaseFile, *, over: bool = False) -> str:
    """One row for each stage that has something to tell; `over` tells that nothing more is done."""
    rows: list[tuple[str, str]] = []
    if case.finding is not None:
        rows.append((Stage.DETECT, f"{tracker_link(case.finding)} {counts(case.finding)}"))
    if case.cause is not None:
        rows.append((Stage.INVESTIGATE, f"{code(case.cause.failure.subject)} at {code(case.cause.place)}"))
    if case.decision is not None:
        rows.append((Stage.DECIDE, f"{NAMED[case.decision.category].title}: {case.decision.action}"))
    if case.patch is not None:
        what = prose(case.patch.summary).replace("|", "\\|")
        rows.append((Stage.FIX, f"{what} ({code(case.patch.pattern)})"))
    if case.evidence is not None:
        rows.append(
            (Stage.VERIFY, f"[{code(case.evidence.check)}]({case.evidence.url}): {case.evidence.summary}")
        )
    if case.pull is not None:
        rows.append((Stage.MERGE, _merge_state(case, over=over)))
    if case.release is not None:
        live = f"live in {code(case.release.environment)} since {clock(case.release.live_since)}"
        said = f"; {_said(case.verdict)}" if case.verdict is not None else ""
        rows.append((Stage.OBSERVE, live + said))
    if case.taken_back is not None:
        rows.append(("revert", taken_back(case.taken_back)))
    return table(("stage", "result"), rows)


def _said(verdict: Verdict) -> str:
    """What the judge says now, in a cell of a table."""
    told = f"{verdict.judgement} at {clock(verdict.at)}: {prose(verdict.explanation)}"
    return told.replace("|", "\\|")


def taken_back(back: TakenBack) -> str:
    """What became of taking the fix back, in a cell of a table."""
    if back.merged is not None:
        told = f"#{given(back.pull).number} merged as {back.merged.sha}, which takes the fix back"
    elif back.pull is None:
        told = prose(given(back.held).detail)
    elif back.held is not None:
        told = f"#{back.pull.number} takes the fix back; not merged by Autofix: {prose(back.held.detail)}"
    else:
        told = f"#{back.pull.number} takes the fix back"
    return told.replace("|", "\\|")


def _merge_state(case: CaseFile, *, over: bool) -> str:
    pull = given(case.pull)
    if case.merged is not None:
        said = (f"#{pull.number} merged as {case.merged.sha}", *map(prose, case.merged.remarks))
        return "; ".join(said).replace("|", "\\|")
    if over or isinstance(case.armed, Held):
        return f"#{pull.number} is open; not merged by Autofix"
    if isinstance(case.armed, Armed):
        return f"#{pull.number} merges when these are green: {', '.join(map(code, case.armed.rules))}"
    return f"#{pull.number} is open"


def rates(verdict: Verdict) -> str:
    """What the judge was shown and what it says, with its chart."""
    rows = [
        (title, str(window.events), f"{window.exposure:.0f} {window.unit}", f"{window.per_minute:.1f}")
        for title, window in (("before", verdict.before), ("after", verdict.after))
    ]
    figures = table(("", "errors", "exposure", "errors per minute"), rows)
    test = {
        Method.EXACT_LOOKS: "exact Poisson test at planned looks",
        Method.SEQUENTIAL: "sequential test, at any moment",
    }[verdict.method]
    told = f"{prose(verdict.explanation)} Judged by the {test}; its limit now is {verdict.alpha:.2g}."
    picture = f"```text\n{verdict.picture.replace('`', ' ')}\n```" if verdict.picture else ""
    return "\n\n".join(part for part in (figures, told, picture) if part)


def tracker_link(finding: Finding) -> str:
    """The link to the tracker's issue; its address comes from the tracker's own API."""
    safe = _ADDRESS.fullmatch(scrub_text(finding.url)) is not None
    return f"[{code(finding.short_id)}]({finding.url})" if safe else code(finding.short_id)


def counts(finding: Finding) -> str:
    """How often it happened, and to how many."""
    events = f"{finding.events} event{'' if finding.events == 1 else 's'}"
    return f"{events}, {finding.users} user{'' if finding.users == 1 else 's'}"
