"""Prove an Autofix pull request, or deny it.

The gates are in `app.verify.gates`, a table a phase. Here they are fed: with the event, with git objects read by id,
with what GitHub says now, and with what pytest did in throw-away checkouts. Nothing of a pull request is run before its
whole change was judged, and everything is bound to the commit ids of the event.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import report
from app.core.model import Stop
from app.core.policy import POLICY_PATH
from app.verify.gates import (
    CHANGE,
    ENTRY,
    JOBS,
    LIVE,
    PERSON,
    PROOF,
    REVERT,
    STILL,
    Gate,
    Result,
    Weight,
    denied,
    judge,
)
from app.verify.gates.claim import Claim, Revert
from app.verify.gates.coverage import MOST_BYTES, CoverageFault, Covered, covered_of, read_report
from app.verify.gates.entry import Entry
from app.verify.gates.gate import Facts
from app.verify.gates.live import Jobs, Live, Pull, is_bound, new_owner
from app.verify.gates.proof import Proof, Suite, Trial
from app.verify.gates.proposal import Proposal
from app.verify.gates.revert import Reversal
from event import Inputs, NothingToVerify, PullEvent, read_event, read_inputs
from evidence import Evidence
from github_api import GitHubApi
from refusal import Refused
from repository import Repository
from summary import summary_of
from trial import collect, run_test

# What nobody could look at stands in the summary only.
_LEVELS = {Weight.DENIES: "error", Weight.WARNS: "warning"}
_NO_TOKEN = "the workflow gives no token, so nobody asked GitHub"  # noqa: S105 - a sentence


@dataclass
class Verification:
    """One pull request on its way through the gates, phase by phase."""

    event: PullEvent
    inputs: Inputs
    repository: Repository
    scratch: Path
    found: Evidence = field(default_factory=Evidence)

    def run(self) -> None:
        """Every phase was asked, up to the first that denies."""
        entry = self._enter()
        pull = self._ask()
        if isinstance(pull, Pull) and (owner := new_owner(entry, pull, self.found.head)):
            self.found.handed_over_to = owner
            return
        live = self._live(entry, pull)
        claim, policy = entry.claim, entry.policy
        passed = [self._judge(ENTRY, entry), self._judge(LIVE, live)]
        if isinstance(claim, Revert):
            self.found.claim = claim
            passed += [self._judge(PERSON, live), self._judge(REVERT, self._reversal(claim))]
            if all(passed):
                self._judge(STILL, self._live(entry, self._ask()))
            return
        if not isinstance(claim, Claim) or isinstance(policy, Stop) or not entry.single:
            return
        self.found.claim = claim
        proposal = Proposal(
            claim=claim,
            policy=policy,
            changes=self.repository.changes(self.found.base, self.found.head),
            paths=self.repository.paths(self.found.base),
            before=self.repository.read(self.found.base, claim.fix),
            after=self.repository.read(self.found.head, claim.fix),
            test=self.repository.read(self.found.head, claim.test_file),
            sources=self.repository.sources(self.found.head, claim),
        )
        passed.append(self._judge(CHANGE, proposal))
        if all(passed) and self._judge(PROOF, self._prove(proposal)):
            others = tuple(name for name in policy.checks.required if name != policy.checks.verify)
            if self._judge(JOBS, self._wait(others)):
                self._judge(STILL, self._live(entry, self._ask()))

    def _judge(self, gates: Iterable[Gate[Facts]], facts: Facts) -> bool:
        results = judge(gates, facts)
        self.found.results += results
        return not denied(results)

    def _reversal(self, claim: Revert) -> Reversal:
        base, head, tip = self.found.base, self.found.head, self.found.policy_commit
        merged = self.repository.merged(claim.commit, base, tip)
        return Reversal(claim, merged, self.repository.changes(base, head))

    def _enter(self) -> Entry:
        repository, event, found = self.repository, self.event, self.found
        found.pull, found.repository = event.number, event.repository
        head = repository.commit(event.head, "head")
        tip = repository.commit(event.base, "base")
        bases = repository.merge_bases(tip, head)
        found.head, found.base = head, bases[0] if bases else tip
        found.head_tree, found.base_tree = repository.tree(head), repository.tree(found.base)
        found.policy_commit, found.policy_blob = tip, repository.blob_id(tip, POLICY_PATH)
        return Entry(
            author=event.author,
            bot_login=self.inputs.bot_login,
            bot_id=self.inputs.bot_id,
            base_ref=event.base_ref,
            default_branch=event.default_branch,
            merge_bases=bases,
            parents=repository.parents(head),
            commits=repository.count(found.base, head),
            trailers=repository.trailers(head),
            policy_text=repository.policy(tip),
            message=repository.message(head),
        )

    def _ask(self) -> Pull | str:
        """What GitHub says of the pull request now, or why nobody knows."""
        if not self.inputs.token:
            return _NO_TOKEN
        return self._api().pull(self.event.number, self.found.head, self.inputs.bot_login)

    def _api(self) -> GitHubApi:
        address = os.environ.get("GITHUB_API_URL") or "https://api.github.com"
        return GitHubApi(address, self.inputs.token, self.event.repository)

    def _live(self, entry: Entry, pull: Pull | str) -> Live:
        return Live(
            head=self.found.head,
            base_ref=self.event.base_ref,
            bot_id=self.inputs.bot_id,
            bound=is_bound(entry.claim),
            pull=pull,
        )

    def _wait(self, required: tuple[str, ...]) -> Jobs:
        head = self.found.head
        if not required:
            return Jobs(head, (), ())
        if not self.inputs.token:
            return Jobs(head, required, _NO_TOKEN)
        print(f"Waiting for {report.plain(', '.join(required))}", flush=True)
        return self._api().wait_for(required, head, self.inputs.jobs_seconds)

    def _prove(self, proposal: Proposal) -> Proof:
        """The runs of pytest: what it collects and what becomes of the test, on the base and on the head."""
        claim, tests, scratch = proposal.claim, self.inputs.tests, self.scratch
        print(
            f"Incident {claim.incident}: {claim.exception} at {claim.place}, fixed in {claim.fix}", flush=True
        )
        with self.repository.worktree(self.found.base, scratch / "before") as folder:
            suite_before = collect(folder, tests, scratch / "suite-before.json")
            Repository(folder).git("checkout", self.found.head, "--", claim.test_file)
            before = run_test(folder, claim.test, tests, scratch / "before.json", claim.fix)
        show("Before the fix", before)
        with self.repository.worktree(self.found.head, scratch / "after") as folder:
            suite_after = collect(folder, tests, scratch / "suite-after.json")
            after = run_test(folder, claim.test, tests, scratch / "after.json", claim.fix)
        show("After the fix", after)
        self._note(before, after, suite_before, suite_after)
        proof = Proof(proposal, before, after, suite_before, suite_after, self._coverage(proposal))
        self.found.changed = tuple(one.first for one in proof.changed())
        return proof

    def _note(self, before: Trial, after: Trial, suite_before: Suite, suite_after: Suite) -> None:
        self.found.before, self.found.after = before, after
        self.found.suite_before, self.found.suite_after = suite_before, suite_after

    def _coverage(self, proposal: Proposal) -> Covered | CoverageFault | None:
        """The suite's coverage of the fixed file, if the policy wants it and it is about this very text."""
        if not proposal.policy.checks.coverage or not self.inputs.coverage_file:
            return None
        workspace, fix = self.repository.folder, proposal.claim.fix
        file = (workspace / self.inputs.coverage_file).resolve()
        try:
            if not file.is_file() or file.stat().st_size > MOST_BYTES:
                return CoverageFault("the `coverage-file` is missing, or too large")
            if (workspace / fix).read_bytes() != proposal.after:
                return CoverageFault(f"{fix} of this checkout is not the head's, so the report is not either")
            return covered_of(
                read_report(file.read_bytes()),
                fix,
                not_before=self.repository.committed_at(self.found.head),
                modified_at=file.stat().st_mtime,
                now=time.time(),
            )
        except OSError as fault:
            return CoverageFault(f"the `coverage-file` cannot be read ({type(fault).__name__})")
        except CoverageFault as fault:
            return fault


def show(title: str, trial: Trial) -> None:
    """The run in the log, folded."""
    print(f"::group::{title}: {report.plain(trial.outcome)} in {trial.seconds:.1f} s")
    print(report.quote(trial.output))
    print("::endgroup::", flush=True)


def verify() -> Evidence:
    """What was found; nothing has been told to anybody yet."""
    found = Evidence()
    try:
        inputs = read_inputs()
        event = read_event(inputs)
        workspace = Path(os.environ.get("GITHUB_WORKSPACE") or ".").resolve()
        with tempfile.TemporaryDirectory(prefix="autofix-", dir=temporary()) as scratch:
            Verification(event, inputs, Repository(workspace), Path(scratch), found).run()
    except NothingToVerify as answer:
        found.nothing = str(answer)
    except Refused as refusal:
        found.results += (Result(refusal.gate, "The verification could look", (refusal.objection,)),)
    return found


def temporary() -> Path:
    """Where the runner wants what does not stay."""
    return Path(os.environ.get("RUNNER_TEMP") or tempfile.gettempdir()).resolve()


def tell(found: Evidence) -> None:
    """People see it as annotations and as the job's summary, later steps as outputs and as a file."""
    if found.nothing:
        print(found.nothing)
        report.summarise(f"{found.nothing}\n")
    for result in found.results:
        for one in result.objections:
            if one.weight in _LEVELS:
                report.annotate(_LEVELS[one.weight], result.gate, one.sentence, one.path, one.line)
    if found.verdict == "verified" and found.claim is not None:
        announce(found.claim)
    if not found.nothing:
        report.summarise(summary_of(found))
    report.set_output("result", found.verdict)
    report.set_output("evidence", str(report.write_evidence(found.data(), temporary())) if found.head else "")


def announce(claim: Claim | Revert) -> None:
    """What was proved, as a notice."""
    if isinstance(claim, Revert):
        message = f"the fix that was merged as {claim.commit} is taken back, and nothing else is changed"
        report.annotate("notice", "verified", message)
        return
    message = f"{claim.exception} was reproduced at {claim.place} without this fix, and is gone with it"
    report.annotate("notice", "verified", message, claim.fix, claim.place_line)


def main() -> int:
    """The exit status of the step: 1 if the pull request must not pass."""
    found = verify()
    tell(found)
    return 1 if found.verdict == "denied" else 0


if __name__ == "__main__":
    sys.exit(main())
