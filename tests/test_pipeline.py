"""The order of the stages: what must not merge is switched off before anybody is told, and every end is on record."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest

from app.core.model import (
    Armed,
    CaseFile,
    Evidence,
    Held,
    Judgement,
    Merged,
    Outcome,
    Pull,
    Reason,
    Result,
    Stage,
    Stop,
    TakenBack,
    given,
)
from app.endings import TAKEN_BACK_FOR, came_back, give_up
from app.journey import Brake, Journey, Stopped
from app.pipeline import REBUILDS, approved, landed, prove_and_merge, repair
from app.proof import proven
from samples import DECISION, HEAD, MERGE, PULL, RELEASE, VERDICT, case

ENDING = ["insist disarm", "tell escalate", "tell announce", "tell report", "tell keep", "step learn"]
EVIDENCE = given(case().evidence)
MERGED = Merged(MERGE, 1_800_000_480.0)
ARMED = Armed(HEAD, ("autofix", "ci"))
FIXED = Outcome(Result.FIXED, "fixed", pull_request=9)


def refusal(reason: Reason) -> Stop:
    return Stop(Stage.MERGE, reason, "a reason")


@dataclass
class Noted:
    """A journey on which nothing is done: notes each way and each stage, and gives what a stage is said to give."""

    gives: dict[str, list[Any]] = field(default_factory=dict)
    went: list[str] = field(default_factory=list)
    waited: list[float] = field(default_factory=list)
    clients: Any = None
    store: Any = None
    settings: Any = None
    brake: Brake | None = None

    def _give(self, way: str, name: str) -> Any:
        self.went.append(f"{way} {name}")
        values = self.gives.get(name, [(120.0, 300.0)] if name == "planned" else [None])
        value = values.pop(0) if len(values) > 1 else values[0]
        if isinstance(value, Stop) and way != "tell":
            raise Stopped(value)
        if isinstance(value, Exception):
            raise value
        return value

    @property
    def desk(self) -> tuple[Any, Any, Any]:
        return self.clients, self.store, self.settings

    async def now(self) -> float:
        return 0.0

    async def step(self, _stage: Stage, function: Callable[..., Any], *_: Any) -> Any:
        return self._give("step", function.__name__)

    async def tell(self, _stage: Stage, function: Callable[..., Any], *_: Any) -> None:
        self._give("tell", function.__name__)

    async def insist(self, _stage: Stage, function: Callable[..., Any], *_: Any) -> None:
        self._give("insist", function.__name__)

    async def wait(self, _stage: Stage, function: Callable[..., Any], *_: Any) -> Any:
        return self._give("wait", function.__name__)

    async def wait_within(self, _seconds: float, _stage: Stage, function: Callable[..., Any], *_: Any) -> Any:
        return self._give("wait", function.__name__)

    async def until(self, _stage: Stage, moment: float) -> None:
        self.went.append("until")
        self.waited.append(moment)

    def under(self, brake: Brake) -> Journey:
        self.went.append("under")
        self.brake = brake
        return self.journey

    def rule(self, judge: Callable[..., Any], *_: Any) -> Any:
        return self._give("rule", judge.__name__)

    @property
    def journey(self) -> Journey:
        return cast("Journey", self)


def proposal(**changed: object) -> CaseFile:
    """A fix that was proposed and no more."""
    unknown = {"armed": None, "evidence": None, "merged": None, "release": None, "verdict": None}
    return case(**(unknown | changed))


# Every end -------------------------------------------------------------------------------------------------------


async def test_what_is_given_up_is_switched_off_first_and_then_told_and_on_record() -> None:
    noted = Noted()
    outcome = await give_up(noted.journey, proposal(), refusal(Reason.PAUSED))
    assert noted.went == ENDING
    assert given(outcome.stop).reason is Reason.PAUSED


WAYS: dict[str, tuple[Callable[[Journey, CaseFile], Awaitable[Outcome]], str]] = {
    "repair": (repair, "detect"),
    "approved": (approved, "merged"),
    "landed": (landed, "merged"),
}


@pytest.mark.parametrize("name", WAYS)
async def test_a_refusal_on_any_way_ends_it_so(name: str) -> None:
    way, stage = WAYS[name]
    noted = Noted({"arm": [ARMED], "proven": [EVIDENCE], stage: [refusal(Reason.CLOSED)]})
    outcome = await way(noted.journey, proposal(approved_by="ada"))
    assert given(outcome.stop).reason is Reason.CLOSED
    assert noted.went[-len(ENDING) :] == ENDING


async def test_a_good_end_is_on_record_and_switches_nothing_off() -> None:
    noted = Noted(
        {"merged": [MERGED], "released": [RELEASE], "judge_release": [VERDICT], "conclude": [FIXED]}
    )
    assert await landed(noted.journey, proposal()) is FIXED
    assert noted.went[-3:] == ["step conclude", "step learn", "tell announce"]
    assert "insist disarm" not in noted.went


# The proof and the merge -----------------------------------------------------------------------------------------


async def test_without_the_proof_no_merge_is_called_one() -> None:
    noted = Noted({"arm": [ARMED], "proven": [refusal(Reason.CHECK_FAILED)], "merged": [MERGED]})
    with pytest.raises(Stopped) as stopped:
        await prove_and_merge(noted.journey, proposal())
    assert stopped.value.stop.reason is Reason.CHECK_FAILED
    assert noted.went == ["step arm", "tell report", "tell keep", "wait proven"]


async def test_what_waits_for_a_person_is_proven_and_not_merged() -> None:
    noted = Noted({"arm": [Held(refusal(Reason.NEEDS_REVIEW))], "proven": [EVIDENCE], "merged": [MERGED]})
    file = proposal()
    with pytest.raises(Stopped) as stopped:
        await prove_and_merge(noted.journey, file)
    assert stopped.value.stop.reason is Reason.NEEDS_REVIEW
    assert file.evidence is EVIDENCE
    assert noted.went[-1] == "wait proven"


async def test_m20_a_fix_is_rebuilt_on_a_base_that_moved_and_its_old_proof_is_void() -> None:
    noted = Noted(
        {
            "arm": [ARMED],
            "proven": [EVIDENCE, refusal(Reason.CHECK_FAILED)],
            "merged": [refusal(Reason.BEHIND)],
            "rebuild": [PULL],
        }
    )
    file = proposal()
    with pytest.raises(Stopped) as stopped:
        await prove_and_merge(noted.journey, file)
    assert stopped.value.stop.reason is Reason.CHECK_FAILED
    assert file.evidence is None
    assert noted.went.count("step rebuild") == 1
    assert noted.went.count("wait proven") == 2


async def test_m20_what_is_behind_before_it_is_armed_is_rebuilt_a_few_times_and_then_left() -> None:
    noted = Noted({"arm": [Held(refusal(Reason.BEHIND))], "rebuild": [PULL]})
    with pytest.raises(Stopped) as stopped:
        await prove_and_merge(noted.journey, proposal())
    assert stopped.value.stop.reason is Reason.BEHIND
    assert noted.went == ["step arm", "step rebuild"] * REBUILDS + ["step arm"]


@pytest.mark.parametrize("found", [refusal(Reason.BEHIND), None])
async def test_a_base_that_moved_on_counts_before_the_proof(
    monkeypatch: pytest.MonkeyPatch, found: Stop | None
) -> None:
    async def overtaken(*_: Any) -> Stop | None:
        return found

    async def verified(*_: Any) -> Evidence:
        return EVIDENCE

    monkeypatch.setattr("app.proof.overtaken", overtaken)
    monkeypatch.setattr("app.proof.verified", verified)
    assert await proven(cast("Any", None), proposal()) is (found or EVIDENCE)


# Production ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("judged", "reason", "looks"),
    [
        ([Judgement.NOT_FIXED, Judgement.FIXED], Reason.NOT_FIXED, 1),
        ([Judgement.INCONCLUSIVE, Judgement.NOT_FIXED], Reason.NOT_FIXED, 2),
        ([Judgement.INCONCLUSIVE, Judgement.INCONCLUSIVE, Judgement.FIXED], Reason.INCONCLUSIVE, 2),
        ([Judgement.INCONCLUSIVE, Judgement.FIXED], None, 2),
        ([Judgement.FIXED, Judgement.NOT_FIXED], None, 1),
    ],
)
async def test_only_the_judges_fixed_at_a_planned_look_is_a_good_end(
    judged: list[Judgement], reason: Reason | None, looks: int
) -> None:
    verdicts = [replace(VERDICT, judgement=one) for one in judged]
    noted = Noted(
        {
            "merged": [MERGED],
            "released": [RELEASE],
            "judge_release": verdicts,
            "conclude": [FIXED],
            "revert": [refusal(Reason.HANDED_OVER)],
        }
    )
    outcome = await landed(noted.journey, proposal())
    assert (outcome.stop.reason if outcome.stop else None) is reason
    assert noted.went.count("until") == looks


@pytest.mark.parametrize(
    ("said", "reason", "asked"),
    [
        # Each look is asked for again while not everything was counted, and the next one comes in time.
        (["pending", "fixed"], None, [120, 180]),
        (["pending", "open", "fixed"], None, [120, 180, 300]),
        (["pending", "pending", "pending", "fixed"], None, [120, 180, 240, 300]),
        (["open", "pending", "pending", "open"], Reason.INCONCLUSIVE, [120, 300, 360, 420]),
        (["pending"] * 8, Reason.INCONCLUSIVE, [120, 180, 240, 300, 360, 420, 480]),
        # A source that gives no answer is asked again only when there is no other look.
        (["silent", "silent", "silent", "error"], Reason.UNMEASURED, [120, 300, 360, 420]),
        (["silent", "open"], Reason.INCONCLUSIVE, [120, 300]),
    ],
)
async def test_v10_a_look_that_is_not_complete_is_asked_for_again(
    said: list[str], reason: Reason | None, asked: list[float]
) -> None:
    verdicts = {
        "fixed": VERDICT,
        "open": replace(VERDICT, judgement=Judgement.INCONCLUSIVE),
        "pending": replace(VERDICT, judgement=Judgement.INCONCLUSIVE, pending=True),
        "silent": replace(VERDICT, judgement=Judgement.INCONCLUSIVE, faults=1),
        "error": replace(VERDICT, judgement=Judgement.ERROR, faults=4),
    }
    gives = [verdicts[one] for one in said]
    noted = Noted({"merged": [MERGED], "released": [RELEASE], "judge_release": gives, "conclude": [FIXED]})
    outcome = await landed(noted.journey, proposal())
    assert (outcome.stop.reason if outcome.stop else None) is reason
    lag = given(proposal().decision).lag
    assert [moment - RELEASE.live_since - lag for moment in noted.waited] == asked


# What is taken back ----------------------------------------------------------------------------------------------

REVERTED = Pull(
    12, "PR_12", PULL.url, "autofix/revert-inc-1", "1" * 40, MERGE, "2" * 40, PULL.author_id, "message"
)
TELLING = ["tell escalate", "tell announce", "tell report", "tell keep"]
# Trust is lost before the revert's checks are waited for, so that nothing else merges on it meanwhile.
TO_THE_REVERT = [
    *("insist disarm", "step revert", *TELLING, "step count", "under", "step doubted", "step may_merge")
]


def no_help(reason: Reason = Reason.REGRESSED) -> Stop:
    return Stop(Stage.OBSERVE, reason, "3 events more")


async def test_what_is_no_help_is_taken_back_by_the_branchs_rules_where_the_policy_allows_it() -> None:
    back = replace(MERGED, sha="3" * 40)
    noted = Noted(
        {
            "revert": [REVERTED],
            "may_merge": [DECISION],
            "arm": [ARMED],
            "proven": [EVIDENCE],
            "merged": [back],
        }
    )
    file = case()
    outcome = await give_up(noted.journey, file, no_help())
    assert noted.went == [
        *TO_THE_REVERT,
        "step arm",
        "wait proven",
        "wait merged",
        "tell report",
        "tell keep",
        "step learn",
    ]
    assert file.taken_back == TakenBack(REVERTED, merged=back)
    assert file.merged == case().merged
    assert file.pull == PULL
    assert "taken back by #12" in outcome.summary
    assert given(outcome.stop).reason is Reason.REGRESSED


@pytest.mark.parametrize("name", ["doubted", "may_merge", "arm", "proven", "merged"])
async def test_a_revert_that_is_stopped_on_its_way_is_switched_off_and_waits_for_a_person(name: str) -> None:
    gives: dict[str, list[Any]] = {
        "may_merge": [DECISION],
        "arm": [ARMED],
        "proven": [EVIDENCE],
        "merged": [MERGED],
    }
    noted = Noted({"revert": [REVERTED], **gives, name: [refusal(Reason.CHECK_FAILED)]})
    file = case()
    outcome = await give_up(noted.journey, file, no_help(Reason.NOT_FIXED))
    assert file.taken_back == TakenBack(REVERTED, held=refusal(Reason.CHECK_FAILED))
    assert noted.went[-4:] == ["insist disarm", "tell report", "tell keep", "step learn"]
    assert "#12 takes it back" in outcome.summary


async def test_a_bug_of_ours_leaves_no_revert_armed() -> None:
    noted = Noted(
        {"revert": [REVERTED], "may_merge": [DECISION], "arm": [ARMED], "proven": [KeyError("a bug")]}
    )
    with pytest.raises(KeyError):
        await give_up(noted.journey, case(), no_help())
    assert noted.went[-2:] == ["wait proven", "insist disarm"]


async def test_a_revert_that_the_policy_leaves_to_people_is_not_waited_for() -> None:
    held = refusal(Reason.NEEDS_REVIEW)
    noted = Noted({"revert": [REVERTED], "may_merge": [DECISION], "arm": [Held(held)]})
    file = case()
    await give_up(noted.journey, file, no_help())
    assert file.taken_back == TakenBack(REVERTED, held=held)
    assert noted.went == [*TO_THE_REVERT, "step arm", "tell report", "tell keep", "step learn"]


async def test_where_no_revert_can_be_opened_a_person_is_told_why() -> None:
    noted = Noted({"revert": [refusal(Reason.HANDED_OVER)]})
    file = case()
    await give_up(noted.journey, file, no_help())
    assert file.taken_back == TakenBack(held=refusal(Reason.HANDED_OVER))
    assert noted.went == ["insist disarm", "step revert", *TELLING, "step learn"]


@pytest.mark.parametrize("reason", sorted(set(Reason) - TAKEN_BACK_FOR))
async def test_nothing_else_is_taken_back(reason: Reason) -> None:
    noted = Noted({"revert": [REVERTED]})
    await give_up(noted.journey, case(), no_help(reason))
    assert "step revert" not in noted.went


async def test_what_was_never_merged_is_not_taken_back() -> None:
    noted = Noted({"revert": [REVERTED]})
    await give_up(noted.journey, proposal(), no_help())
    assert "step revert" not in noted.went


async def test_v12_an_error_that_came_back_opens_its_issue_again_before_a_person_is_called() -> None:
    noted = Noted()
    outcome = await came_back(noted.journey, case(), no_help(Reason.RECURRED))
    assert noted.went == ["insist reopen", *ENDING]
    assert given(outcome.stop).reason is Reason.RECURRED
    assert outcome.result is Result.ESCALATED
