"""Prove an Autofix pull request, or fail.

The proof: on the base the new test fails with the exception and at the place that production reported, on the
head it passes, and the head commit changes nothing else than that one fix and that one test. Everything is
bound to the commit ids of the event. Needs the standard library only, no network and no token.
"""

from __future__ import annotations

import json
import os
import shlex
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import report
from refusal import Refused
from repository import Claim, Repository
from trial import Settings, Trial, run_test

BRANCH_PREFIX = "autofix/"
LONGEST_MINUTES = 60.0
# In these events a foreign pull request would run with the rights of the base repository.
DANGEROUS_EVENTS = ("pull_request_target", "workflow_run")


class NothingToVerify(Exception):
    """The event is not an Autofix pull request of this repository."""


@dataclass(frozen=True)
class Proof:
    """What was proved, about which commits."""

    base: str
    head: str
    claim: Claim
    before: Trial
    after: Trial


def read_event() -> dict[str, Any]:
    """The pull request of the event; refuses where the Action must not run."""
    name = os.environ.get("GITHUB_EVENT_NAME", "")
    if name in DANGEROUS_EVENTS:
        raise Refused("event", f"this Action does not run on {name}: use `on: pull_request`")
    if name == "merge_group":
        raise NothingToVerify("a merge queue's commit: each pull request in it was verified on its own head")
    if name != "pull_request":
        raise Refused("event", f"this Action runs on pull_request, not on {name!r}")
    try:
        event = json.loads(Path(os.environ["GITHUB_EVENT_PATH"]).read_text(encoding="utf-8"))
        pull: dict[str, Any] = event["pull_request"]
        base_id, head_repository = pull["base"]["repo"]["id"], pull["head"]["repo"]
        branch, login = str(pull["head"]["ref"]), str(pull["user"]["login"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Refused("event", f"the event cannot be read: {error!r}") from error
    if not isinstance(base_id, int) or base_id != (head_repository or {}).get("id"):
        raise NothingToVerify("a pull request from a fork is never an Autofix pull request: nothing was run")
    bot = os.environ.get("AUTOFIX_BOT_LOGIN", "")
    if not branch.startswith(BRANCH_PREFIX) and not (bot and login == bot):
        raise NothingToVerify("not an Autofix pull request: nothing to verify")
    return pull


def read_settings() -> Settings:
    """How to start the user's tests, from the inputs."""
    try:
        python = shlex.split(os.environ.get("AUTOFIX_PYTHON", "") or "python")
        arguments = shlex.split(os.environ.get("AUTOFIX_PYTEST_ARGS", ""))
        minutes = float(os.environ.get("AUTOFIX_TIMEOUT_MINUTES", "") or "5")
    except ValueError as error:
        raise Refused("setup", f"an input cannot be read: {error}") from error
    if not python or not 0 < minutes <= LONGEST_MINUTES:
        raise Refused(
            "setup", f"`timeout-minutes` is a number up to {LONGEST_MINUTES:.0f}, `python` a command"
        )
    return Settings(python, arguments, 60 * minutes)


def require_failure_before(claim: Claim, before: Trial) -> None:
    """The test fails on the base as production did."""
    if before.outcome == "passed":
        raise Refused("fails-before", "the new test passes without the fix, so it proves nothing")
    if before.outcome != "failed":
        raise Refused("fails-before", f"without the fix the new test was {before.outcome}")
    if claim.exception not in (before.exception, before.qualified):
        raise Refused("fails-before", f"without the fix: {before.exception}, recorded was {claim.exception}")
    if before.innermost != claim.place:
        found = before.innermost or "nowhere in this repository"
        raise Refused("fails-before", f"without the fix it fails at {found}, recorded was {claim.place}")


def prove(pull: dict[str, Any], workspace: Path, scratch: Path) -> Proof:
    """Every gate passed; raises `Refused` at the first that does not."""
    settings = read_settings()
    repository = Repository(workspace)
    head = repository.commit(pull["head"].get("sha"), "head")
    base = repository.single_base(repository.commit(pull["base"].get("sha"), "base"), head)
    claim = repository.claim(head)
    repository.require_shape(claim, base, head)
    print(f"Incident {claim.incident}: {claim.exception} at {claim.place}, fixed in {claim.fix}", flush=True)
    with repository.worktree(base, scratch / "before", (head, claim.test_file)) as folder:
        before = run_test(folder, claim.test, settings, scratch / "before.json")
    show("Before the fix", before)
    require_failure_before(claim, before)
    with repository.worktree(head, scratch / "after") as folder:
        after = run_test(folder, claim.test, settings, scratch / "after.json")
    show("After the fix", after)
    if after.outcome != "passed":
        raise Refused("passes-after", f"with the fix the new test was {after.outcome}")
    return Proof(base, head, claim, before, after)


def show(title: str, trial: Trial) -> None:
    """The run in the log, folded."""
    print(f"::group::{title}: {report.plain(trial.outcome)} in {trial.seconds:.1f} s")
    print(report.quote(trial.output))
    print("::endgroup::", flush=True)


def summary_of(proof: Proof) -> str:
    """The job summary of a proved pull request."""
    claim, before, after = proof.claim, proof.before, proof.after
    return f"""## ✅ Verified: the failure was reproduced, and it is gone

| | without the fix | with the fix |
|---|---|---|
| commit | {report.cell(proof.base[:12])} | {report.cell(proof.head[:12])} |
| the new test | ❌ {report.cell(before.exception)} | ✅ passed |
| where | {report.cell(before.innermost)} | |
| took | {before.seconds:.1f} s | {after.seconds:.1f} s |

- **Incident** {report.cell(claim.incident)}
- **Test** {report.cell(claim.test)}
- **Fix** {report.cell(claim.fix)}: the only file changed, next to the new test
- **Message** of the failure: {report.cell(before.message)}
"""


def evidence_of(proof: Proof) -> dict[str, Any]:
    """The evidence as data, without the output of the tests."""
    keys = ("outcome", "seconds", "exception", "message", "places")
    return {
        "version": 1,
        "verdict": "verified",
        "base": proof.base,
        "head": proof.head,
        "claim": asdict(proof.claim),
        "before": {key: value for key, value in asdict(proof.before).items() if key in keys},
        "after": {key: value for key, value in asdict(proof.after).items() if key in keys},
    }


def verify() -> tuple[str, str]:
    """The result and the path of the evidence, both already shown to people."""
    try:
        pull = read_event()
        temporary = Path(os.environ.get("RUNNER_TEMP") or tempfile.gettempdir()).resolve()
        with tempfile.TemporaryDirectory(prefix="autofix-", dir=temporary) as scratch:
            proof = prove(pull, Path(os.environ.get("GITHUB_WORKSPACE") or ".").resolve(), Path(scratch))
        path = report.write_evidence(evidence_of(proof), temporary)
    except NothingToVerify as answer:
        print(answer)
        report.summarise(f"{answer}\n")
        return "nothing-to-verify", ""
    except Refused as refusal:
        report.annotate("error", f"Autofix: {refusal.gate}", str(refusal))
        report.summarise(f"## ❌ Not verified\n\n**{refusal.gate}**: {report.cell(str(refusal))}\n")
        return "failed", ""
    claim = proof.claim
    message = f"{claim.exception} was reproduced at {claim.place} without this fix, and is gone with it"
    report.annotate("notice", "Autofix: verified", message, claim.fix, claim.place_line)
    report.summarise(summary_of(proof))
    return "verified", str(path)


def main() -> int:
    """The exit status of the step: 0 only if verified, or if there was nothing to verify."""
    result, evidence = verify()
    report.set_output("result", result)
    report.set_output("evidence", evidence)
    return 1 if result == "failed" else 0


if __name__ == "__main__":
    sys.exit(main())
