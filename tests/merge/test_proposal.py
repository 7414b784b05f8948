from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest

from app.clients import Clients
from app.clients.github.answers import (
    CheckRun,
    Comment,
    CommitSha,
    GitCommit,
    PullFacts,
    PullState,
    RequiredCheck,
)
from app.core.errors import Refused
from app.core.model import Action, Armed, Evidence, Held, Merged, Pull, Reason, Stage, Stop
from app.merge import FAILED, arm, changed_by_others, failed_checks, merged, propose, unready
from app.verify.check import verified
from samples import BASE, DECISION, HEAD, MERGE, PULL, TREE, case

ACTIONS, OTHER_APP = 15368, 999
REQUIRED = [
    RequiredCheck(context="autofix", integration_id=ACTIONS),
    RequiredCheck(context="ci", integration_id=ACTIONS),
]


def state(**changed: Any) -> PullState:
    return PullState.model_validate(
        {
            "state": "OPEN",
            "isDraft": False,
            "merged": False,
            "mergedAt": None,
            "mergeStateStatus": "BLOCKED",
            "headRefOid": HEAD,
            "baseRefName": "main",
            "mergeCommit": None,
            "autoMergeRequest": {"enabledAt": "2026-11-03T10:00:00Z"},
            **changed,
        }
    )


DONE: dict[str, Any] = {
    "state": "MERGED",
    "merged": True,
    "mergedAt": "2026-11-03T10:00:00Z",
    "mergeCommit": {"oid": MERGE},
    "autoMergeRequest": None,
}


def run(name: str, conclusion: str | None, app: int | None = ACTIONS, **changed: Any) -> CheckRun:
    return CheckRun.model_validate(
        {
            "id": 1,
            "name": name,
            "status": "completed" if conclusion else "in_progress",
            "conclusion": conclusion,
            "head_sha": HEAD,
            "html_url": "https://github.com/acme/shop/runs/1",
            "app": {"id": app, "slug": "github-actions" if app == ACTIONS else "other"} if app else None,
            **changed,
        }
    )


def commit(sha: str, tree: str = TREE, parent: str = BASE, message: str = "ours") -> GitCommit:
    return GitCommit(sha=sha, message=message, tree=CommitSha(sha=tree), parents=(CommitSha(sha=parent),))


@dataclass
class Repo:
    """The verbs that merging uses, over one pull request; writes are noted."""

    pull: PullState = field(default_factory=state)
    required: list[RequiredCheck] = field(default_factory=lambda: list(REQUIRED))
    runs: list[CheckRun] = field(default_factory=list)
    refs: dict[str, str] = field(default_factory=dict)
    commits: dict[str, GitCommit] = field(default_factory=dict)
    found: PullFacts | None = None
    refuses: str | None = None
    writes: list[str] = field(default_factory=list)
    lose_answer: bool = False

    def repository(self, _name: str, _installation: int) -> Repo:
        return self

    async def pull_state(self, _number: int) -> PullState:
        return self.pull

    async def required_checks(self, _branch: str) -> list[RequiredCheck]:
        return self.required

    async def check_runs(self, _sha: str) -> list[CheckRun]:
        return self.runs

    async def git_commit(self, sha: str) -> GitCommit:
        return self.commits[sha]

    async def enable_auto_merge(self, _pull: str, head: str, *_texts: str) -> None:
        self.writes.append(f"arm {head}")
        if self.refuses:
            raise Refused(self.refuses)

    async def merge(self, number: int, head: str, *_texts: str) -> None:
        self.writes.append(f"merge {number} {head}")

    async def branch_sha(self, branch: str) -> str | None:
        return self.refs.get(branch)

    async def commit(self, parent: str, _changes: Any, message: str) -> GitCommit:
        made = commit(f"{len(self.commits):040x}", parent=parent, message=message)
        self.commits[made.sha] = made
        return made

    async def create_branch(self, branch: str, sha: str) -> None:
        if branch in self.refs:
            raise Refused("Reference already exists")
        self.refs[branch] = sha
        self.writes.append(f"branch {branch}")
        if self.lose_answer:
            raise Refused("Reference already exists")

    async def find_pull(self, _branch: str) -> PullFacts | None:
        return self.found

    async def open_pull(self, *, branch: str, base: str, title: str, body: str) -> PullFacts:
        assert title
        assert body
        self.writes.append(f"pull {branch} {base}")
        refs = {"head": {"ref": branch, "sha": self.refs[branch]}, "base": {"ref": base, "sha": BASE}}
        facts = {"number": 9, "node_id": "PR_9", "html_url": "u", "state": "open"}
        self.found = PullFacts.model_validate(facts | refs)
        return self.found

    async def comment(self, *_arguments: Any) -> Comment:
        raise AssertionError("merging does not comment")

    @property
    def clients(self) -> Clients:
        return Clients(cast("Any", self), cast("Any", None))


# The rules -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("required", "says"),
    [
        ([], "no required checks"),
        ([("ci", ACTIONS)], "do not require the check `autofix`"),
        ([("Autofix", ACTIONS), ("ci", ACTIONS)], "do not require the check `autofix`"),
        ([("autofix", None), ("ci", ACTIONS)], "accepts any app"),
        ([("autofix", ACTIONS)], "require only `autofix`"),
        ([("autofix", ACTIONS), ("autofix", OTHER_APP)], "require only `autofix`"),
    ],
)
def test_rules_that_prove_nothing_do_not_allow_autonomy(
    required: list[tuple[str, int | None]], says: str
) -> None:
    checks = [RequiredCheck(context=name, integration_id=app) for name, app in required]
    refusal = unready(checks, "autofix", "main")
    assert refusal is not None
    assert says in refusal
    assert "`main`" in refusal or "`autofix`" in refusal


def test_our_check_and_another_one_allow_it() -> None:
    assert unready(REQUIRED, "autofix", "main") is None


# Red checks ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("conclusion", sorted(FAILED))
def test_a_required_check_that_ended_badly_is_red(conclusion: str) -> None:
    assert failed_checks([run("ci", conclusion)], REQUIRED)


@pytest.mark.parametrize("conclusion", [None, "success", "neutral", "skipped"])
def test_a_check_that_may_pass_is_not_red(conclusion: str | None) -> None:
    assert failed_checks([run("ci", conclusion)], REQUIRED) == []


@pytest.mark.parametrize("app", [OTHER_APP, None])
def test_m12_a_check_of_that_name_by_another_app_is_not_the_required_one(app: int | None) -> None:
    assert failed_checks([run("ci", "failure", app)], REQUIRED) == []
    anybody = [RequiredCheck(context="ci")]
    assert len(failed_checks([run("ci", "failure", app)], anybody)) == 1


def test_a_check_that_is_not_required_may_be_red() -> None:
    assert failed_checks([run("lint", "failure")], REQUIRED) == []


# Whose it is -----------------------------------------------------------------------------------------------------

CHANGES: list[tuple[dict[str, Any], Reason]] = [
    ({"headRefOid": "f" * 40}, Reason.HANDED_OVER),
    ({"baseRefName": "release"}, Reason.HANDED_OVER),
    ({"isDraft": True}, Reason.HANDED_OVER),
    ({"state": "CLOSED"}, Reason.CLOSED),
]


def test_a_pull_request_as_we_left_it_is_ours() -> None:
    assert changed_by_others(state(), PULL, "main") is None


@pytest.mark.parametrize(("changed", "reason"), CHANGES)
async def test_m1_m11_what_others_changed_is_theirs(changed: dict[str, Any], reason: Reason) -> None:
    stop = changed_by_others(state(**changed), PULL, "main")
    assert stop is not None
    assert (stop.stage, stop.reason) == (Stage.MERGE, reason)
    repo = Repo(state(**changed, autoMergeRequest=None))
    armed = await arm(repo.clients, case())
    assert isinstance(armed, Held)
    assert (armed.stop.reason, repo.writes) == (reason, [])
    assert await merged(repo.clients, case()) == stop


async def test_m1_a_merge_of_another_head_is_not_our_fix() -> None:
    repo = Repo(state(**DONE | {"headRefOid": "f" * 40}))
    stop = await merged(repo.clients, case())
    assert isinstance(stop, Stop)
    assert stop.reason is Reason.HANDED_OVER


# Arming ----------------------------------------------------------------------------------------------------------


async def test_auto_merge_is_switched_on_for_our_head() -> None:
    repo = Repo(state(autoMergeRequest=None))
    assert await arm(repo.clients, case()) == Armed(HEAD, ("autofix", "ci"))
    assert repo.writes == [f"arm {HEAD}"]


@pytest.mark.parametrize("pull", [state(), state(**DONE)])
async def test_arming_twice_is_arming_once(pull: PullState) -> None:
    repo = Repo(pull)
    assert await arm(repo.clients, case()) == Armed(HEAD, ("autofix", "ci"))
    assert repo.writes == []


async def test_without_permission_nothing_is_armed() -> None:
    repo = Repo(state(autoMergeRequest=None))
    held = await arm(repo.clients, case(decision=replace(DECISION, action=Action.PROPOSE)))
    assert isinstance(held, Held)
    assert (held.stop.reason, repo.writes) == (Reason.NEEDS_REVIEW, [])


async def test_an_unprotected_branch_is_not_armed() -> None:
    repo = Repo(state(autoMergeRequest=None), required=[])
    held = await arm(repo.clients, case())
    assert isinstance(held, Held)
    assert (held.stop.reason, repo.writes) == (Reason.UNPROTECTED, [])


async def test_a_pull_request_that_waits_for_nothing_is_merged_at_our_head() -> None:
    repo = Repo(state(autoMergeRequest=None), refuses="Pull request Pull request is in clean status")
    assert isinstance(await arm(repo.clients, case()), Armed)
    assert repo.writes == [f"arm {HEAD}", f"merge 9 {HEAD}"]


@pytest.mark.parametrize(
    "text", ["Auto merge is not allowed for this repository", "... is in unstable status"]
)
async def test_a_refusal_of_github_is_passed_on(text: str) -> None:
    repo = Repo(state(autoMergeRequest=None), refuses=text)
    held = await arm(repo.clients, case())
    assert isinstance(held, Held)
    assert (held.stop.reason, text in held.stop.detail) == (Reason.AUTO_MERGE_REFUSED, True)
    assert repo.writes == [f"arm {HEAD}"]


# Waiting ---------------------------------------------------------------------------------------------------------


async def test_while_checks_run_there_is_nothing_to_say() -> None:
    assert await merged(Repo(runs=[run("ci", None), run("autofix", "success")]).clients, case()) is None


async def test_a_red_required_check_ends_the_wait() -> None:
    stop = await merged(Repo(runs=[run("ci", "failure")]).clients, case())
    assert isinstance(stop, Stop)
    assert stop.reason is Reason.CHECK_FAILED
    assert "`ci` (failure)" in stop.detail


async def test_somebody_who_switches_auto_merge_off_has_it() -> None:
    stop = await merged(Repo(state(autoMergeRequest=None)).clients, case())
    assert isinstance(stop, Stop)
    assert stop.reason is Reason.HANDED_OVER


@pytest.mark.parametrize(("tree", "matches"), [(TREE, True), ("8" * 40, False)])
async def test_m20_a_merge_says_whether_its_tree_was_tested(tree: str, *, matches: bool) -> None:
    repo = Repo(state(**DONE), commits={MERGE: commit(MERGE, tree)})
    found = await merged(repo.clients, case())
    assert isinstance(found, Merged)
    assert (found.sha, found.tree_matches) == (MERGE, matches)


# Proposing -------------------------------------------------------------------------------------------------------

BRANCH = "autofix/inc-1"


async def test_a_proposal_is_one_commit_one_branch_and_one_pull_request() -> None:
    repo = Repo()
    pull = await propose(repo.clients, case(pull=None))
    assert isinstance(pull, Pull)
    assert (pull.branch, pull.head_sha, pull.base_sha, pull.tree_sha) == (
        BRANCH,
        repo.refs[BRANCH],
        BASE,
        TREE,
    )
    assert repo.writes == [f"branch {BRANCH}", f"pull {BRANCH} main"]
    assert await propose(repo.clients, case(pull=None)) == pull
    assert len(repo.writes) == 2


async def test_a_branch_whose_making_was_not_answered_is_taken_up() -> None:
    repo = Repo(lose_answer=True)
    first = await propose(repo.clients, case(pull=None))
    assert isinstance(first, Pull)
    assert first.head_sha == repo.refs[BRANCH]


@pytest.mark.parametrize(
    "foreign",
    [
        {"tree": "8" * 40},
        {"parent": "9" * 40},
        {"message": "Fix it differently"},
    ],
)
async def test_m3_a_branch_that_holds_somebody_elses_commit_is_left_alone(foreign: dict[str, str]) -> None:
    repo = Repo()
    await propose(repo.clients, case(pull=None))
    ours = repo.commits[repo.refs[BRANCH]]
    repo.refs[BRANCH] = "e" * 40
    repo.commits["e" * 40] = commit("e" * 40, **{"message": ours.message} | foreign)
    repo.writes.clear()
    stop = await propose(repo.clients, case(pull=None))
    assert isinstance(stop, Stop)
    assert (stop.reason, repo.writes) == (Reason.HANDED_OVER, [])


# Proof -----------------------------------------------------------------------------------------------------------


async def test_our_check_on_our_head_is_evidence() -> None:
    found = await verified(Repo(runs=[run("autofix", "success"), run("ci", "failure")]).clients, case())
    assert isinstance(found, Evidence)
    assert found.head_sha == HEAD


@pytest.mark.parametrize(
    "runs",
    [
        [],
        [run("autofix", None)],
        [run("autofix", "success", OTHER_APP)],
        [run("autofix", "success", None)],
        [run("ci", "success")],
        [run("autofix", "success"), run("autofix", None)],
    ],
)
async def test_m12_without_it_the_wait_goes_on(runs: list[CheckRun]) -> None:
    assert await verified(Repo(runs=runs).clients, case()) is None


@pytest.mark.parametrize("conclusion", [*sorted(FAILED), "neutral", "skipped"])
async def test_m13_anything_but_success_is_a_failure(conclusion: str) -> None:
    for runs in ([run("autofix", conclusion)], [run("autofix", "success"), run("autofix", conclusion)]):
        stop = await verified(Repo(runs=runs).clients, case())
        assert isinstance(stop, Stop)
        assert stop.reason is Reason.CHECK_FAILED


async def test_m13_a_check_of_another_commit_is_a_failure() -> None:
    stop = await verified(Repo(runs=[run("autofix", "success", head_sha="f" * 40)]).clients, case())
    assert isinstance(stop, Stop)
    assert stop.reason is Reason.CHECK_FAILED


@pytest.mark.parametrize(
    ("changed", "reason"),
    [({"headRefOid": "f" * 40}, Reason.HANDED_OVER), ({"state": "CLOSED"}, Reason.CLOSED)],
)
async def test_a_pull_request_that_is_gone_is_not_waited_for(changed: dict[str, Any], reason: Reason) -> None:
    stop = await verified(Repo(state(**changed)).clients, case())
    assert isinstance(stop, Stop)
    assert stop.reason is reason
