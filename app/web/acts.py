"""What each command does, once its author may command it. Doing it twice is doing it once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from app import workflow
from app.clients.github import RepositoryClient
from app.clients.github.answers import Account, Issue, PullState, RepositoryFacts
from app.core import replies
from app.core.commands import Order, Role, Verb, role_of
from app.core.model import (
    INGESTED,
    Action,
    CaseFile,
    Incident,
    Reason,
    Result,
    Stage,
    Stop,
    Trust,
    given,
)
from app.core.policy import POLICY_PATH, Policy, granted
from app.detect import reports
from app.detect.report import Report
from app.learn import known, taken_back, trust_in
from app.revert import revert as open_revert
from app.store import IncidentRow
from app.store.ledger import Answer
from app.web.desk import OFF_LABEL, Desk
from app.web.opening import Place, Wish, open_incident

NOTHING_HERE = (
    "I know of no incident here. `/autofix run` starts one on an issue that links to the error tracker or holds "
    "a traceback."
)

NOTHING_TO_READ = (
    "the issue names no issue of a tracker that this server reads, and holds no Python traceback"
)


@dataclass(frozen=True, slots=True)
class Request:
    """An order: who gave it in which comment, and the issue or pull request where it stands."""

    desk: Desk
    repo: RepositoryClient
    repository: RepositoryFacts
    installation_id: int
    issue: Issue
    comment: int
    person: Account
    order: Order

    @property
    def key(self) -> str:
        """What makes a repeated effect of this comment one."""
        return f"command-{self.comment}"


Act = Callable[[Request], Awaitable[Answer]]


def _no(text: str) -> Answer:
    return Answer(done=False, text=replies.sentence(text))


async def role_in(repo: RepositoryClient, account: Account) -> Role:
    """What the account may do in the repository now; none if its login is somebody else's by now."""
    found = await repo.permission(account.login)
    if found is None or found.user is None or found.user.id != account.id:
        return Role.NONE
    return role_of(found.permission, found.role_name)


# What the commands look at ---------------------------------------------------------------------------------------


async def _incident(request: Request) -> IncidentRow | None:
    """The newest incident of the issue or pull request."""
    store = request.desk.store
    find = store.incident_of_issue if request.issue.pull_request is None else store.incident_of_pull
    return await asyncio.to_thread(find, request.repository.id, request.issue.number)


async def _policy(request: Request) -> Policy | Stop:
    return granted(await request.repo.text(POLICY_PATH), Stage.DECIDE)


async def _off(request: Request) -> str | None:
    """Why nothing is automated in the repository now; None if it is."""
    by = await asyncio.to_thread(request.desk.store.ledger.paused_by, request.repository.id)
    if by is not None:
        return f"paused by {by}"
    policy = await _policy(request)
    return policy.detail if isinstance(policy, Stop) else None


async def _earned(request: Request, category: str, policy: Policy | Stop) -> Trust | None:
    if isinstance(policy, Stop):
        return None
    return await asyncio.to_thread(trust_in, request.desk.store, request.repository.id, category, policy)


# Telling ---------------------------------------------------------------------------------------------------------


async def tell_help(_request: Request) -> Answer:
    """`help`."""
    return Answer(done=True, text=replies.help_text())


async def tell_status(request: Request) -> Answer:
    """`status`."""
    row = await _incident(request)
    if row is None:
        return _no(NOTHING_HERE)
    return Answer(done=True, text=replies.status(await known(request.desk.store, row), _ended(row)))


async def explain(request: Request) -> Answer:
    """`explain`."""
    row = await _incident(request)
    if row is None:
        return _no(NOTHING_HERE)
    case, policy = await known(request.desk.store, row), await _policy(request)
    earned = await _earned(request, case.patch.category, policy) if case.patch is not None else None
    return Answer(done=True, text=replies.explanation(case, _ended(row), policy, earned))


def _ended(row: IncidentRow) -> str | None:
    return None if row.ended_at is None else row.summary


async def tell_category(request: Request) -> Answer:
    """`category NAME`."""
    name, policy = given(request.order.category), await _policy(request)
    by = await asyncio.to_thread(request.desk.store.ledger.paused_by, request.repository.id)
    return Answer(done=True, text=replies.category(name, policy, await _earned(request, name, policy), by))


async def reset_category(request: Request) -> Answer:
    """`category NAME reset`."""
    ledger = request.desk.store.ledger
    name = given(request.order.category)
    await asyncio.to_thread(ledger.pardon, request.repository.id, name, request.person.login)
    return await tell_category(request)


# Starting and stopping -------------------------------------------------------------------------------------------


async def run(request: Request) -> Answer:
    """`run`."""
    if request.issue.pull_request is not None:
        return _no("`run` is for an issue; on a pull request of mine there is `retry`")
    return await begin(request, request.issue, again=False)


async def retry(request: Request) -> Answer:
    """`retry`."""
    row = await _incident(request)
    if row is None:
        return _no(NOTHING_HERE)
    if row.ended_at is None and row.asked_in != request.comment:
        return _no(f"`{row.id}` is still running")
    issue = request.issue if row.issue == request.issue.number else await request.repo.issue(row.issue)
    return await begin(request, issue, again=True, row=row)


async def begin(request: Request, issue: Issue, *, again: bool, row: IncidentRow | None = None) -> Answer:
    """The incident of the issue is on its way, because a person vouches for the issue; or why not."""
    unready = _unready(issue) or await _off(request)
    if unready is not None:
        return _no(unready)
    report = await _report(request, issue, row)
    if report is None or report.unsupported is not None:
        return _no(report.unsupported if report and report.unsupported else NOTHING_TO_READ)
    place = Place(request.repository.full_name, request.repository.id, request.installation_id, issue.number)
    wish = Wish(request.person.login, request.comment or None, again=again)
    opened = await open_incident(request.desk, place, report, wish)
    if opened.new or opened.row.asked_in == request.comment:
        return Answer(done=True)
    return _no(_already(opened.row, opened.incident))


def _unready(issue: Issue) -> str | None:
    if issue.state != "open":
        return f"#{issue.number} is closed; open it again first"
    if any(label.name == OFF_LABEL for label in issue.labels):
        return f"#{issue.number} carries the label `{OFF_LABEL}`; remove it first"
    return None


async def _report(request: Request, issue: Issue, row: IncidentRow | None) -> Report | None:
    """What the issue reports, if its author is believed or not: the person vouches. What was ingested stays it."""
    if row is not None and row.fingerprint.startswith(f"{INGESTED}:"):
        return Report(INGESTED, row.fingerprint, row.fingerprint.partition(":")[2])
    desk, by = request.desk, request.person.login
    async for report, _ in reports(desk.clients, request.repo, issue, desk.settings, vouched_by=by):
        return report
    return None


def _already(row: IncidentRow, incident: Incident) -> str:
    if row.ended_at is None:
        return f"`{incident.id}` is running already, for #{incident.issue}"
    return f"`{incident.id}` of this issue has ended; `/autofix retry` starts another"


async def stop(request: Request) -> Answer:
    """`stop`."""
    row = await _incident(request)
    if row is None or row.ended_at is not None:
        return _no("nothing of mine is running here")
    await workflow.stop(row.workflow_id, f"`{request.person.login}`", request.key)
    return Answer(done=True)


async def pause(request: Request) -> Answer:
    """`pause`: the running incidents are woken, so that each sees it at once."""
    store, repository = request.desk.store, request.repository.id
    await asyncio.to_thread(store.ledger.pause, repository, request.person.login)
    for row in await asyncio.to_thread(store.incidents, repository_id=repository, running=True):
        await workflow.wake(row.workflow_id, request.key)
    return Answer(done=True)


async def resume(request: Request) -> Answer:
    """`resume`."""
    store, repository = request.desk.store, request.repository.id
    since = await asyncio.to_thread(store.ledger.paused_since, repository)
    if since is None:
        return _no(await _off(request) or "nothing is paused here")
    await asyncio.to_thread(store.ledger.resume, repository)
    ended = [
        (row.id, row.issue)
        for row in await asyncio.to_thread(store.incidents, repository_id=repository)
        if row.reason == Reason.PAUSED and (row.ended_at or 0.0) >= since
    ]
    return Answer(done=True, text=replies.resumed(ended, await _off(request)))


# Merging and taking back -----------------------------------------------------------------------------------------


async def approve(request: Request) -> Answer:
    """`approve`: what was proven is merged by the branch's rules; anything else is refused."""
    row = await _incident(request)
    if row is None or row.pull_request is None:
        return _no("there is no pull request of mine here to approve")
    if row.ended_at is None:
        return _no(f"#{row.pull_request} is not waiting for an approval: `{row.id}` is still running")
    case = await known(request.desk.store, row)
    if row.result != Result.PROPOSED or case.evidence is None or case.pull is None or case.merged is not None:
        return _no(f"#{row.pull_request} is no verified proposal that waits: {row.summary}")
    refusal = await _unapprovable(request, case)
    if refusal is not None:
        return _no(refusal)
    key = f"approved-{request.comment}"
    await workflow.land(request.desk.store, row, by=request.person.login, approved=True, key=key)
    return Answer(done=True)


async def _unapprovable(request: Request, case: CaseFile) -> str | None:
    """Why this person cannot approve this proposal as it stands now; None if they can."""
    off, policy = await _off(request), await _policy(request)
    if off is not None:
        return off
    category = given(case.patch).category
    if isinstance(policy, Stop) or not policy.action(category).allows(Action.PROPOSE):
        return f"the policy no longer allows fixes of {category}"
    return _objection(await request.repo.pull_state(given(case.pull).number), case, request.person)


def _objection(state: PullState, case: CaseFile, person: Account) -> str | None:
    """What about the pull request itself forbids that `person` approves it."""
    pull, evidence = given(case.pull), given(case.evidence)
    if state.author is None or state.author.id == person.id:
        return "whoever opened a pull request cannot approve it"
    if state.state != "OPEN":
        return f"#{pull.number} is not open any more"
    if not state.head_sha == pull.head_sha == evidence.head_sha:
        return (
            f"someone pushed {state.head_sha[:7]} to the branch after {pull.head_sha[:7]} was proven; "
            "the pull request is theirs now, and merging it is for people"
        )
    against = next((one for one in state.reviews if one.state == "CHANGES_REQUESTED"), None)
    if against is not None:
        who = against.author.login if against.author else "somebody"
        return f"`{who}` has requested changes; that must be settled first"
    return None


async def revert(request: Request) -> Answer:
    """`revert`: the trust is lost at once, whether or not the pull request is merged."""
    row = await _incident(request)
    case = None if row is None else await known(request.desk.store, row)
    if row is None or case is None or case.merged is None or case.patch is None:
        return _no("no fix of mine is merged here")
    await taken_back(request.desk.store, row)
    if row.ended_at is None:
        await workflow.stop(row.workflow_id, f"`{request.person.login}`, who takes the fix back", request.key)
    because = replies.asked_back(case, request.person.login)
    opened = await open_revert(request.desk.clients, case, because)
    if isinstance(opened, Stop):
        return _no(opened.detail)
    return Answer(done=True, text=replies.reverted(opened.number, case.patch.category))


ACTS: dict[Verb, Act] = {
    Verb.HELP: tell_help,
    Verb.STATUS: tell_status,
    Verb.EXPLAIN: explain,
    Verb.CATEGORY: tell_category,
    Verb.RESET: reset_category,
    Verb.RUN: run,
    Verb.RETRY: retry,
    Verb.STOP: stop,
    Verb.PAUSE: pause,
    Verb.RESUME: resume,
    Verb.APPROVE: approve,
    Verb.REVERT: revert,
}
