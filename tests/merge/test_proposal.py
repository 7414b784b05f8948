"""Our commit, our branch and our pull request, made once; what others made is left alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from app.clients import Clients
from app.clients.github.answers import Account, GitCommit, PullFacts, RepositoryFacts
from app.core.errors import Moved, Refused
from app.core.model import Pull, Reason, Stop
from app.merge import propose
from merge_samples import commit
from samples import BASE, BOT, INCIDENT, TREE, case

HERE, FORK = {"id": INCIDENT.repository_id}, {"id": 999}


def opened(branch: str, sha: str, base: str = "main", author: int = BOT, head_repo: Any = HERE) -> PullFacts:
    sides = {
        "head": {"ref": branch, "sha": sha, "repo": head_repo},
        "base": {"ref": base, "sha": BASE, "repo": HERE},
    }
    facts = {"number": 9, "node_id": "PR_9", "html_url": "u", "state": "open"}
    return PullFacts.model_validate(facts | sides | {"user": {"login": "autofix[bot]", "id": author}})


@dataclass
class Repo:
    """The verbs that proposing uses, over one repository; writes are noted."""

    refs: dict[str, str] = field(default_factory=dict)
    commits: dict[str, GitCommit] = field(default_factory=dict)
    found: PullFacts | None = None
    writes: list[str] = field(default_factory=list)
    lose_answer: bool = False
    number: int = INCIDENT.repository_id
    moved: bool = False

    def repository(self, _name: str, _installation: int) -> Repo:
        return self

    async def bot(self) -> str:
        return "autofix[bot]"

    async def account(self, login: str) -> Account:
        return Account(login=login, id=BOT, type="Bot")

    async def facts(self) -> RepositoryFacts:
        if self.moved:
            raise Moved("GitHub answered 301: Moved Permanently")
        return RepositoryFacts(id=self.number, node_id="R_1", full_name="acme/shop", default_branch="main")

    async def git_commit(self, sha: str) -> GitCommit:
        return self.commits[sha]

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
        self.found = opened(branch, self.refs[branch], base)
        return self.found

    @property
    def clients(self) -> Clients:
        return Clients(cast("Any", self), cast("Any", None))


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
        {"verification": {"verified": False}},
    ],
)
async def test_m3_m6_a_branch_that_holds_somebody_elses_commit_is_left_alone(foreign: dict[str, Any]) -> None:
    repo = Repo()
    await propose(repo.clients, case(pull=None))
    ours = repo.commits[repo.refs[BRANCH]]
    repo.refs[BRANCH] = "e" * 40
    repo.commits["e" * 40] = commit("e" * 40, **{"message": ours.message} | foreign)
    repo.writes.clear()
    stop = await propose(repo.clients, case(pull=None))
    assert isinstance(stop, Stop)
    assert (stop.reason, repo.writes) == (Reason.HANDED_OVER, [])


@pytest.mark.parametrize("changed", [{"author": BOT + 1}, {"head_repo": FORK}, {"head_repo": None}])
async def test_m4_m5_a_pull_request_that_somebody_else_opened_is_not_ours(changed: dict[str, Any]) -> None:
    repo = Repo(found=opened(BRANCH, "0" * 40, **changed))
    stop = await propose(repo.clients, case(pull=None))
    assert isinstance(stop, Stop)
    assert (stop.reason, repo.writes) == (Reason.HANDED_OVER, [f"branch {BRANCH}"])


@pytest.mark.parametrize("repo", [Repo(number=502), Repo(moved=True)])
async def test_m24_nothing_is_written_under_a_name_that_leads_elsewhere(repo: Repo) -> None:
    stop = await propose(repo.clients, case(pull=None))
    assert isinstance(stop, Stop)
    assert (stop.reason, repo.writes, repo.commits) == (Reason.MOVED, [], {})
