"""Gates on what was run: the new test without and with the fix, the whole suite's collection, and the coverage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from app.verify.gates.claim import Claim
from app.verify.gates.coverage import CoverageFault, Covered
from app.verify.gates.difference import Statement, changed_statements
from app.verify.gates.gate import Gate, Objection
from app.verify.gates.proposal import Proposal, text_of

_NAMED = 5


@dataclass(frozen=True, slots=True)
class Trial:
    """What became of the one test. `outcome` is passed, failed, or a word for why it is neither.

    `lines` are the lines of the fixed file that ran, `executable` those that can run, as the test's own Python has it.
    """

    outcome: str
    seconds: float
    output: str
    exception: str = ""
    qualified: str = ""
    message: str = ""
    places: tuple[Mapping[str, Any], ...] = ()
    lines: frozenset[int] = frozenset()
    executable: frozenset[int] = frozenset()

    @property
    def innermost(self) -> str:
        """The last traceback place inside of the checkout, as `path:line`."""
        for place in reversed(self.places):
            if place["path"] is not None:
                return f"{place['path']}:{place['line']}"
        return ""


@dataclass(frozen=True, slots=True)
class Suite:
    """What pytest collects in a checkout: the tests, what could not be collected, and why it is not known, if so."""

    tests: tuple[str, ...]
    errors: frozenset[str]
    seconds: float
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Proof:
    """Everything that was run. `report` is the suite's coverage of the fixed file, where the policy wants one."""

    proposal: Proposal
    before: Trial
    after: Trial
    suite_before: Suite
    suite_after: Suite
    report: Covered | CoverageFault | None = None

    @property
    def claim(self) -> Claim:
        """What the commit claims."""
        return self.proposal.claim

    def changed(self) -> tuple[Statement, ...]:
        """The changed statements of the fixed file that leave a trace when they run."""
        before, after = text_of(self.proposal.before), text_of(self.proposal.after)
        if before is None or after is None:
            return ()
        return tuple(one for one in changed_statements(before, after) if one.touches(self.after.executable))


def fails_before(proof: Proof) -> Iterator[Objection]:
    """The test fails on the base as production did."""
    claim, before = proof.claim, proof.before
    if before.outcome == "passed":
        yield Objection("the new test passes without the fix, so it proves nothing", claim.test_file)
    elif before.outcome != "failed":
        yield Objection(f"without the fix the new test was {before.outcome}", claim.test_file)
    else:
        if claim.exception not in (before.exception, before.qualified):
            yield Objection(f"without the fix: {before.exception}, recorded was {claim.exception}")
        if before.innermost != claim.place:
            found = before.innermost or "nowhere in this repository"
            yield Objection(f"without the fix it fails at {found}, recorded was {claim.place}")


def passes_after(proof: Proof) -> Iterator[Objection]:
    """The test passes on the head."""
    if proof.after.outcome != "passed":
        where = f" at {proof.after.innermost}" if proof.after.innermost else ""
        yield Objection(f"with the fix the new test was {proof.after.outcome}{where}", proof.claim.test_file)


def suite(proof: Proof) -> Iterator[Objection]:
    """The head has every test that the base has, and the claimed one; nothing that was collected breaks."""
    before, after = proof.suite_before, proof.suite_after
    for name, found in (("base", before), ("head", after)):
        if found.problem:
            yield Objection(f"the tests of the {name} cannot be counted: {found.problem}")
    if before.problem or after.problem:
        return
    old, new = Counter(before.tests), Counter(after.tests)
    gone, more = sorted((old - new).elements()), sorted((new - old).elements())
    if gone:
        yield Objection(f"{len(gone)} test(s) are gone: {_few(gone)}")
    if more != [proof.claim.test]:
        yield Objection(f"the new tests are not exactly {proof.claim.test}: {_few(more) or 'none'}")
    broken = sorted(after.errors - before.errors)
    if broken:
        yield Objection(f"the fix breaks the collection of {_few(broken)}")


def covered(proof: Proof) -> Iterator[Objection]:
    """The new test runs every changed statement."""
    if proof.after.outcome != "passed":
        return  # `passes-after` denies it
    changed = proof.changed()
    if not changed:
        yield Objection("no statement that can run is changed", proof.claim.fix)
    for one in changed:
        if not one.touches(proof.after.lines):
            yield Objection(
                f"line {one.first} is changed, and the new test does not run it", proof.claim.fix, one.first
            )


def coverage(proof: Proof) -> Iterator[Objection]:
    """Where the policy wants it, the suite's own report covers every changed statement too."""
    if not proof.proposal.policy.checks.coverage:
        return
    if not isinstance(proof.report, Covered):
        why = str(proof.report) if proof.report is not None else "there is no `coverage-file`"
        yield Objection(f"the policy wants a coverage report: {why}")
        return
    for one in proof.changed():
        if not one.touches(proof.report.ran):
            known = "does not run it" if one.touches(proof.report.listed) else "does not know it"
            yield Objection(
                f"line {one.first} is changed, and the coverage report {known}", proof.claim.fix, one.first
            )


def _few(names: list[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


PROOF: tuple[Gate[Proof], ...] = (
    Gate("fails-before", "Without the fix the new test fails as production did", fails_before),
    Gate("passes-after", "With the fix it passes", passes_after),
    Gate("suite", "No test is gone, skipped by a trick or broken; one is added", suite),
    Gate("covered", "The new test runs every changed statement", covered),
    Gate("coverage", "The suite's coverage report, where the policy wants one, covers them too", coverage),
)
