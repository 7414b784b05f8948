"""The job summary: what was proved first, then every gate, then what nobody looked at."""

from __future__ import annotations

from app.verify.gates import CHANGE, ENTRY, JOBS, LIVE, PERSON, PROOF, REVERT, STILL, Result, Weight
from app.verify.gates.claim import Revert
from evidence import Evidence, state_of
from report import cell

_MARKS = {"passed": "✅", "denied": "❌", "warned": "👀", "unchecked": "▫️"}
_HEADINGS = {
    "verified": "## ✅ Verified: the failure was reproduced, and it is gone",
    "denied": "## ❌ Not verified",
    "handed-over": "## 🤝 Handed over: this branch is a person's now",
}
_REVERTED = "## ✅ Verified: a merged fix is taken back to the last bit"
_ALL = tuple((gate.id, gate.holds) for table in (ENTRY, LIVE, CHANGE, PROOF, JOBS, STILL) for gate in table)
_ALL_OF_A_REVERT = tuple(
    (gate.id, gate.holds) for table in (ENTRY, LIVE, PERSON, REVERT, STILL) for gate in table
)
_THEIRS = (
    "Autofix proves nothing here any more and will not touch it again: your ordinary rules of review apply."
)
_NOT_PROVED = (
    "That the fix is what its users want: the recorded call is repeated, other calls are your suite's matter.",
    "What happens in production: Autofix watches that after the deployment.",
)
_NOT_PROVED_OF_A_REVERT = (
    "That your suite passes: nothing was run here, its own required check tells.",
    "What happens in production: the error that was fixed can come back.",
)


def summary_of(found: Evidence) -> str:
    """The whole summary, as Markdown."""
    taken_back = found.verdict == "verified" and isinstance(found.claim, Revert)
    heading = _REVERTED if taken_back else _HEADINGS[found.verdict]
    parts = [heading, *_opening(found), _proof(found), _gates(found), _open_points(found)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _opening(found: Evidence) -> list[str]:
    if found.verdict == "handed-over":
        who = cell(found.handed_over_to)
        return [f"{who} pushed to it, and auto-merge is off. {_THEIRS}"]
    claim = found.claim
    lines = [
        f"- {_MARKS['denied']} **{result.gate}**: {cell(one.sentence)}"
        for result in found.results
        for one in result.objections
        if one.weight is Weight.DENIES
    ]
    if claim is None:
        return ["\n".join(lines)]
    if isinstance(claim, Revert):
        fix = f"the fix of incident {cell(claim.incident)}, merged as {cell(claim.commit)}"
        return [f"Takes back {fix}, to be merged by a person.", "\n".join(lines)]
    asked = "merged without a person" if claim.action == "automerge" else "merged by a person"
    story = (
        f"Incident {cell(claim.incident)}: {cell(claim.exception)} at {cell(claim.place)}, fixed in {cell(claim.fix)} "
        f"as {cell(claim.category)}, to be {asked}."
    )
    return [story, "\n".join(lines), _reading(found)]


def _reading(found: Evidence) -> str:
    """Which lines a person must read, where the category does not explain them."""
    warned = [one for result in found.results for one in result.objections if one.weight is Weight.WARNS]
    if not warned:
        return ""
    lines = (
        ", ".join(str(line) for line in sorted({one.line for one in warned if one.line})) or "removed ones"
    )
    told = "\n".join(f"- {cell(one.sentence)}" for one in warned)
    return f"### 👀 A person must read {cell(warned[0].path)}, lines {lines}\n\n{told}"


def _proof(found: Evidence) -> str:
    before, after = found.before, found.after
    if before is None or after is None:
        return ""
    old, new = found.suite_before, found.suite_after
    rows = [
        ("commit", cell(found.base[:12]), cell(found.head[:12])),
        (
            "the new test",
            _outcome(before.outcome, before.exception),
            _outcome(after.outcome, after.exception),
        ),
        (
            "where",
            cell(before.innermost) if before.innermost else "",
            cell(after.innermost) if after.innermost else "",
        ),
        ("took", f"{before.seconds:.1f} s", f"{after.seconds:.1f} s"),
    ]
    if old is not None and new is not None:
        rows.append(("tests collected", f"{len(old.tests)}", f"{len(new.tests)}"))
    if found.changed:
        ran = sum(line in after.lines for line in found.changed)
        rows.append(("changed statements that the test runs", "", f"{ran} of {len(found.changed)}"))
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    message = f"\n\nThe failure's message: {cell(before.message)}" if before.message else ""
    return f"| | without the fix | with the fix |\n|---|---|---|\n{table}{message}"


def _outcome(outcome: str, exception: str) -> str:
    if outcome == "passed":
        return f"{_MARKS['passed']} passed"
    return f"{_MARKS['denied']} {cell(exception or outcome)}"


def _gates(found: Evidence) -> str:
    if not found.results:
        return ""
    asked = {result.gate: result for result in found.results}
    gates = _ALL_OF_A_REVERT if isinstance(found.claim, Revert) else _ALL
    known = dict(gates)
    rows = [_row(gate, holds, asked.get(gate)) for gate, holds in gates]
    rows += [_row(result.gate, result.holds, result) for result in found.results if result.gate not in known]
    return "| | gate | what holds |\n|---|---|---|\n" + "\n".join(rows)


def _row(gate: str, holds: str, result: Result | None) -> str:
    if result is None:
        return f"| ⬜ | {gate} | {holds} (not reached) |"
    return f"| {_MARKS[state_of(result)]} | {gate} | {holds} |"


def _open_points(found: Evidence) -> str:
    if found.verdict != "verified":
        return ""
    unchecked: dict[str, list[str]] = {}
    for result in found.results:
        for one in result.objections:
            if one.weight is Weight.UNCHECKED:
                unchecked.setdefault(one.sentence, []).append(result.gate)
    lines = [f"- {', '.join(gates)}: {cell(sentence)}" for sentence, gates in unchecked.items()]
    not_proved = _NOT_PROVED_OF_A_REVERT if isinstance(found.claim, Revert) else _NOT_PROVED
    lines += [f"- {one}" for one in not_proved]
    return "<details><summary>What was not checked</summary>\n\n" + "\n".join(lines) + "\n\n</details>"
