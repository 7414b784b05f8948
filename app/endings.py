"""How an incident ends that does not end well: switched off, taken back if it is no help, told, and on record."""

from __future__ import annotations

from app.announce import announce
from app.brake import brake
from app.core import replies
from app.core.model import CaseFile, Held, Outcome, Reason, Stage, Stop, TakenBack, given
from app.escalate import escalate, outcome_of
from app.investigate import doubted
from app.journey import Journey, Stopped
from app.learn import count, keep, learn
from app.merge import arm, disarm, merged
from app.proof import proven
from app.report import reopen, report
from app.revert import may_merge, revert, turned_round

# What production says of a merged fix that is taken back for it.
TAKEN_BACK_FOR = {Reason.NOT_FIXED, Reason.REGRESSED}


async def came_back(journey: Journey, case: CaseFile, stop: Stop) -> Outcome:
    """The outcome of a fix whose error came back: its issue is open again, and a person has the whole history."""
    await journey.insist(Stage.ESCALATE, reopen, journey.clients, case)
    return await give_up(journey, case, stop)


async def give_up(journey: Journey, case: CaseFile, stop: Stop) -> Outcome:
    """The outcome of an incident that `stop` ended: a person has been told, and it is on record.

    A fix that production shows to be no help is taken back: a pull request is open for it before anybody is told, and
    it is merged where the policy allows that. Trust is lost before that is waited for: no other fix merges on it.
    """
    await journey.insist(Stage.ESCALATE, disarm, journey.clients, case)
    back = None
    if stop.reason in TAKEN_BACK_FOR and case.merged is not None:
        back = await begin_to_take_back(journey, case, stop)
    outcome = await _tell_the_end(journey, case, stop)
    if back is not None:
        await journey.step(Stage.ESCALATE, count, journey.store, case, outcome)
        await take_back(journey, case, back)
        outcome = outcome_of(case, stop)
        await journey.tell(Stage.ESCALATE, report, journey.clients, case, outcome)
        await journey.tell(Stage.ESCALATE, keep, journey.store, case)
    await journey.step(Stage.ESCALATE, learn, journey.store, case, outcome)
    return outcome


async def _tell_the_end(journey: Journey, case: CaseFile, stop: Stop) -> Outcome:
    outcome = outcome_of(case, stop)
    await journey.tell(Stage.ESCALATE, escalate, journey.clients, case, outcome)
    await journey.tell(Stage.ESCALATE, announce, *journey.desk, case, outcome)
    await journey.tell(Stage.ESCALATE, report, journey.clients, case, outcome)
    await journey.tell(Stage.ESCALATE, keep, journey.store, case)
    return outcome


async def begin_to_take_back(journey: Journey, case: CaseFile, stop: Stop) -> CaseFile | None:
    """The revert of the case's fix, with its pull request open; None if a person must do it, and then it says why."""
    because = replies.proven_useless(case, stop)
    try:
        pull = await journey.step(Stage.MERGE, revert, journey.clients, case, because)
    except Stopped as stopped:
        case.taken_back = TakenBack(held=stopped.stop)
        return None
    case.taken_back = TakenBack(pull)
    return turned_round(case, pull)


async def take_back(journey: Journey, case: CaseFile, back: CaseFile) -> None:
    """The revert is merged by the branch's rules once it is proven, or it is on record why a person must merge it."""
    clients, store = journey.clients, journey.store
    pull = given(back.pull)

    async def may_go_on(stage: Stage) -> Stop | None:
        return await brake(clients, store, back, stage)

    way = journey.under(may_go_on)
    try:
        doubt = await way.step(Stage.INVESTIGATE, doubted, clients, case)
        back.decision = await way.step(Stage.DECIDE, may_merge, clients, case, doubt, await way.now())
        back.armed = await way.step(Stage.MERGE, arm, clients, back)
        if isinstance(back.armed, Held):
            case.taken_back = TakenBack(pull, held=back.armed.stop)
            return
        back.evidence = await way.wait(Stage.VERIFY, proven, clients, back)
        back.merged = await way.wait(Stage.MERGE, merged, clients, back)
        case.taken_back = TakenBack(pull, merged=back.merged)
    except Stopped as stopped:
        await journey.insist(Stage.ESCALATE, disarm, clients, back)
        case.taken_back = TakenBack(pull, held=stopped.stop)
    except Exception:  # a bug, which ends at the edge of the process: nothing merges behind it
        await journey.insist(Stage.ESCALATE, disarm, clients, back)
        raise
