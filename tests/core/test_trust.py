"""The trust ladder: what is earned slowly is lost at once."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.model import Action, Attempt, End, Handling, Level, Reason, Result, Trust
from app.core.trust import FEWEST, MAY, UNWANTED_SHARE, WINDOW, trust

EARN = 3
GOOD = Attempt("inc", "null-safety", "guard", Result.FIXED, None, 0.0)
ENDS: dict[End, Attempt] = {
    End.VERIFIED: GOOD,
    End.ACCEPTED: replace(GOOD, result=Result.PROPOSED, handling=Handling.MERGED),
    End.CHANGED: replace(GOOD, result=Result.PROPOSED, handling=Handling.CHANGED),
    End.REJECTED: replace(GOOD, result=Result.PROPOSED, handling=Handling.REJECTED),
    End.RED_CANARY: replace(GOOD, result=Result.ESCALATED, reason=Reason.ROLLED_BACK),
    End.RECURRED: replace(GOOD, result=Result.ESCALATED, reason=Reason.RECURRED),
    End.REVERTED: replace(GOOD, reverted_at=9.0),
    End.OPEN: replace(GOOD, result=Result.PROPOSED, reason=Reason.NEEDS_REVIEW),
}
BAD = [end for end in End if end.unwanted]


def history(*ends: End) -> list[Attempt]:
    return [replace(ENDS[end], incident=f"inc-{at}", at=float(at)) for at, end in enumerate(ends)]


def level(*ends: End, start: Action = Action.PROPOSE, since: float = 0.0) -> Trust:
    return trust("null-safety", history(*ends), start=start, earn=EARN, since=since)


@pytest.mark.parametrize("end", End)
def test_every_end_is_read_from_the_record(end: End) -> None:
    assert ENDS[end].end is end


@pytest.mark.parametrize(
    ("attempt", "end"),
    [
        (replace(GOOD, result=Result.ESCALATED, reason=Reason.NOT_FIXED), End.RED_CANARY),
        (replace(GOOD, result=Result.ESCALATED, reason=Reason.CLOSED), End.REJECTED),
        (replace(GOOD, result=Result.ESCALATED, reason=Reason.HANDED_OVER), End.CHANGED),
        (replace(GOOD, result=Result.ESCALATED, reason=Reason.INCONCLUSIVE), End.OPEN),
        (replace(GOOD, result=Result.ESCALATED, reason=Reason.CHECK_FAILED), End.OPEN),
        (replace(ENDS[End.RED_CANARY], reverted_at=1.0), End.REVERTED),
        (replace(ENDS[End.ACCEPTED], result=Result.FIXED), End.VERIFIED),
    ],
)
def test_what_else_can_be_on_record(attempt: Attempt, end: End) -> None:
    assert attempt.end is end


def test_a_new_category_is_in_shadow_until_it_has_earned_the_merge() -> None:
    assert level().level is Level.SHADOW
    assert level(*[End.VERIFIED] * (EARN - 1)).level is Level.SHADOW
    found = level(*[End.VERIFIED] * EARN)
    assert (found.level, found.streak) == (Level.TRUSTED, EARN)
    assert "3 fixes in a row were verified" in found.because


@pytest.mark.parametrize("end", [End.ACCEPTED, End.CHANGED, End.OPEN])
def test_only_production_earns(end: End) -> None:
    assert level(*[end] * 10).level is Level.SHADOW
    assert level(End.VERIFIED, end, End.VERIFIED, end, End.VERIFIED).level is Level.TRUSTED


@pytest.mark.parametrize("end", BAD)
@pytest.mark.parametrize("start", [Action.PROPOSE, Action.AUTOMERGE])
def test_one_unwanted_fix_costs_all_that_was_earned(end: End, start: Action) -> None:
    found = level(*[End.VERIFIED] * 40, end, start=start)
    assert (found.level, found.streak) == (Level.SHADOW, 0)
    assert f"lost by inc-40 ({end}); 0 of 3" in found.because
    assert level(*[End.VERIFIED] * 40, end, *[End.VERIFIED] * EARN, start=start).level is Level.TRUSTED


def test_a_policy_may_trust_from_the_start() -> None:
    assert level(start=Action.AUTOMERGE).level is Level.TRUSTED


@pytest.mark.parametrize("end", BAD)
def test_more_than_a_tenth_unwanted_switches_the_category_off(end: End) -> None:
    good = WINDOW - 3
    found = level(end, *[End.VERIFIED] * good, end, end)
    assert (found.level, found.unwanted) == (Level.OFF, 3)
    assert 3 / WINDOW > UNWANTED_SHARE
    assert MAY[found.level] is Action.REPORT
    at_the_limit = level(end, end, *[End.VERIFIED] * (WINDOW - 2))
    assert (at_the_limit.level, 2 / WINDOW) == (Level.TRUSTED, UNWANTED_SHARE)


def test_too_few_fixes_say_nothing_of_a_share() -> None:
    assert level(*[End.REJECTED] * (FEWEST - 1)).level is Level.SHADOW
    assert level(*[End.REJECTED] * FEWEST).level is Level.OFF


def test_a_person_may_forgive() -> None:
    assert level(*[End.REVERTED] * 9, since=9.0).level is Level.SHADOW
    assert level(*[End.REVERTED] * 9, start=Action.AUTOMERGE, since=9.0).level is Level.TRUSTED


def test_other_categories_neither_help_nor_hurt() -> None:
    others = [replace(one, category="wrong-type") for one in history(*[End.REVERTED] * 9)]
    found = trust("null-safety", others, start=Action.PROPOSE, earn=EARN)
    assert (found.level, found.unwanted) == (Level.SHADOW, 0)


def test_shadow_mode_is_compared_with_what_people_did() -> None:
    attempts = [
        replace(one, would_merge=would)
        for one, would in zip(
            history(End.ACCEPTED, End.ACCEPTED, End.REJECTED, End.CHANGED, End.ACCEPTED, End.OPEN),
            (True, True, True, True, False, True),
            strict=True,
        )
    ]
    attempts.append(replace(attempts[0], incident="inc-7", reverted_at=8.0))
    found = trust("null-safety", attempts, start=Action.PROPOSE, earn=EARN)
    assert (found.agreed, found.compared) == (2, 5)


@given(st.lists(st.sampled_from(list(End)), max_size=60), st.sampled_from(BAD))
def test_no_unwanted_fix_ever_raises_the_level(ends: list[End], bad: End) -> None:
    before, after = level(*ends), level(*ends, bad)
    assert after.level is not Level.TRUSTED
    assert MAY[before.level].allows(MAY[after.level])


@given(st.lists(st.sampled_from(list(End)), max_size=60))
def test_whoever_is_trusted_has_nothing_unwanted_in_the_last_fixes(ends: list[End]) -> None:
    if level(*ends).level is Level.TRUSTED:
        told = [end for end in ends if end in {End.VERIFIED, End.ACCEPTED} or end.unwanted]
        assert [end for end in told if end is not End.ACCEPTED][-EARN:] == [End.VERIFIED] * EARN
