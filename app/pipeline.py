"""The incident workflow, top to bottom: one line a stage. A refusal in any of them leads to `escalate`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from app.announce import announce
from app.core.model import (
    CaseFile,
    Held,
    Judgement,
    Merged,
    Outcome,
    Reason,
    Stage,
    Stop,
    Verdict,
    given,
)
from app.decide import by_approval, decide, settle
from app.detect import detect
from app.endings import give_up
from app.fix import fix
from app.gather import gather
from app.investigate import corroborate, investigate, read_policy
from app.journey import Journey, Stopped
from app.learn import keep, learn, recall
from app.merge import arm, merged, propose, rebuild
from app.observe import judge_release, patience, planned, released
from app.proof import proven
from app.report import conclude, inform_tracker, report
from app.verify.explain import unexplained_places

# A busy base moves while our checks run; each time the fix is put on top of it, so many times at most.
REBUILDS = 3
# So long after the last look at production, a metric source that gave no answer is asked again.
ASKED_AGAIN_SECONDS = (60.0, 120.0, 180.0)


async def repair(journey: Journey, case: CaseFile) -> Outcome:
    """The outcome of one incident, and `case` filled with everything that was found on the way."""
    return await _to_the_end(journey, case, travel)


async def approved(journey: Journey, case: CaseFile) -> Outcome:
    """The outcome of a proposal that a person approved: it is merged by the branch's rules, as any other."""
    return await _to_the_end(journey, case, merge_approved)


async def landed(journey: Journey, case: CaseFile) -> Outcome:
    """The outcome of a proposal that a person merged."""
    return await _to_the_end(journey, case, follow)


async def _to_the_end(
    journey: Journey, case: CaseFile, way: Callable[[Journey, CaseFile], Awaitable[Outcome]]
) -> Outcome:
    try:
        outcome = await way(journey, case)
    except Stopped as stopped:
        return await give_up(journey, case, stopped.stop)
    await journey.step(Stage.LEARN, learn, journey.store, case, outcome)
    await journey.tell(Stage.LEARN, announce, *journey.desk, case, outcome)
    return outcome


async def travel(journey: Journey, case: CaseFile) -> Outcome:
    """The way of an incident that nothing stops: from the tracker's issue to a verified fix in production.

    Raises:
        Stopped: as soon as a stage refuses.
    """
    clients, store, incident, step = journey.clients, journey.store, case.incident, journey.step
    case.finding = await step(Stage.DETECT, detect, clients, store, journey.settings, incident)
    case.context = await step(Stage.INVESTIGATE, gather, clients, store, incident, case.finding)
    case.cause = await step(Stage.INVESTIGATE, investigate, clients, incident, case.finding)
    await journey.tell(Stage.INVESTIGATE, announce, *journey.desk, case)
    policy = await step(Stage.DECIDE, read_policy, clients, incident, case.cause)
    case.finding = await step(Stage.INVESTIGATE, corroborate, clients, case, policy)
    case.decision = journey.rule(decide, policy, case.finding, case.cause)
    case.patch = await step(Stage.FIX, fix, clients, incident, case.finding, case.cause)
    standing = await step(Stage.DECIDE, recall, clients, store, incident, policy, case.patch)
    today, places = await journey.now(), unexplained_places(case.patch)
    case.decision = journey.rule(
        settle, policy, case.decision, case.cause, case.patch, standing, places, today
    )
    case.pull = await step(Stage.MERGE, propose, clients, case)
    case.merged = await prove_and_merge(journey, case)
    return await land(journey, case)


async def merge_approved(journey: Journey, case: CaseFile) -> Outcome:
    """The way of a proposal that a person approved: merged if exactly what was proven still stands there.

    Raises:
        Stopped: as soon as a stage refuses.
    """
    case.decision = by_approval(given(case.decision), given(case.approved_by))
    case.merged = await prove_and_merge(journey, case)
    return await land(journey, case)


async def follow(journey: Journey, case: CaseFile) -> Outcome:
    """The way of a proposal that a person merged.

    Raises:
        Stopped: as soon as a stage refuses.
    """
    case.merged = await journey.wait(Stage.MERGE, merged, journey.clients, case)
    return await land(journey, case)


async def prove_and_merge(journey: Journey, case: CaseFile) -> Merged:
    """The merge of exactly what was proven. Where the base moves on, the fix is rebuilt and proven anew, a few times.

    Raises:
        Stopped: if it cannot merge, or must not.
    """
    for left in reversed(range(REBUILDS + 1)):
        try:
            return await _proven_and_merged(journey, case)
        except Stopped as stopped:
            if stopped.stop.reason is not Reason.BEHIND or not left:
                raise
            case.pull = await journey.step(Stage.MERGE, rebuild, journey.clients, case)
            case.armed = case.evidence = None
    raise LookupError("the last try either merges or stops")


async def _proven_and_merged(journey: Journey, case: CaseFile) -> Merged:
    clients = journey.clients
    case.armed = await journey.step(Stage.MERGE, arm, clients, case)
    held = case.armed.stop if isinstance(case.armed, Held) else None
    if held is not None and held.reason is Reason.BEHIND:
        raise Stopped(held)
    await journey.tell(Stage.VERIFY, report, clients, case)
    await journey.tell(Stage.VERIFY, keep, journey.store, case)
    case.evidence = await journey.wait(Stage.VERIFY, proven, clients, case)
    if held is not None:
        raise Stopped(held)
    return await journey.wait(Stage.MERGE, merged, clients, case)


async def land(journey: Journey, case: CaseFile) -> Outcome:
    """The way of a merged fix: through the rollout to the verdict of production.

    Raises:
        Stopped: as soon as a stage refuses.
    """
    clients, store = journey.clients, journey.store
    await journey.tell(Stage.OBSERVE, keep, store, case)
    await journey.tell(Stage.OBSERVE, report, clients, case)
    await journey.tell(Stage.OBSERVE, announce, *journey.desk, case)
    case.release = await journey.wait_within(patience(case), Stage.OBSERVE, released, clients, case)
    case.verdict = await observe(journey, case, case.release.live_since)
    await journey.tell(Stage.LEARN, inform_tracker, clients, case)
    await journey.tell(Stage.LEARN, keep, store, case)
    return await journey.step(Stage.LEARN, conclude, clients, case)


async def observe(journey: Journey, case: CaseFile, live_since: float) -> Verdict:
    """The judge's "fixed", asked for at each planned look after the deployment.

    Raises:
        Stopped: if the judge says anything worse than inconclusive, or the last look still is.
    """
    looks, lag = await journey.step(Stage.OBSERVE, planned, journey.clients, case), given(case.decision).lag
    for seconds in (*looks, *(looks[-1] + pause for pause in ASKED_AGAIN_SECONDS)):
        await journey.until(Stage.OBSERVE, live_since + seconds + lag)
        verdict = await journey.step(Stage.OBSERVE, judge_release, journey.clients, case, looks)
        case.verdict = verdict
        if verdict.judgement is Judgement.FIXED:
            return verdict
        over = seconds >= looks[-1] and not verdict.faults
        if over or verdict.judgement is not Judgement.INCONCLUSIVE:
            raise Stopped(Stop(Stage.OBSERVE, Reason(verdict.judgement), verdict.explanation))
        await journey.tell(Stage.OBSERVE, report, journey.clients, case)
    raise LookupError("a source that gives no answer so often is an error")
