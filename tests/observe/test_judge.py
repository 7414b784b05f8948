"""What the judge says, and what it never says. The rows V1 to V12 are those of the threat catalogue."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest  # type: ignore[import-untyped]  # scipy ships no types

from app.bench.judge.incidents import Incident, Setting, incidents
from app.bench.judge.rules import WATCH, Answer, exact_looks, peeking, quiet, sequential
from app.core.model import Judgement, Method, Verdict, Window
from app.observe.judge import (
    ALPHA,
    Canary,
    Count,
    Distinct,
    NewIssues,
    Readings,
    Rule,
    recurred,
    unanswered,
    verdict_on,
)
from app.observe.judge.poisson import p_lower

FIVE = Rule((120.0, 300.0, 600.0, 1200.0, 1800.0))
ONE = Rule((600.0,))
AT_ANY_TIME = Rule((), Method.SEQUENTIAL)

counts = st.integers(0, 400)
rules = st.sampled_from([FIVE, ONE, Rule(), AT_ANY_TIME])


def hour(events: int, requests: float = 36_000.0) -> Window:
    return Window(events, requests, "requests", 3600.0)


def ten_minutes(events: int, requests: float = 6_000.0) -> Window:
    return Window(events, requests, "requests", 600.0)


def seconds(events: int, exposure: float) -> Window:
    return Window(events, exposure, "seconds", exposure)


def verdict(before: Window, after: Window, rule: Rule = FIVE, **more: Any) -> Verdict:
    return verdict_on(Readings(before, after, **more), rule, at=7.0)


def judged(before: Window, after: Window, rule: Rule = FIVE, **more: Any) -> Judgement:
    return verdict(before, after, rule, **more).judgement


# The five verdicts -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", [FIVE, Rule(), AT_ANY_TIME], ids=["five", "default", "sequential"])
def test_silence_where_there_was_noise_is_fixed(rule: Rule) -> None:
    said = verdict(hour(60), ten_minutes(0), rule)
    assert (said.judgement, said.at, said.method) == (Judgement.FIXED, 7.0, rule.method)
    assert said.p_value <= said.alpha <= ALPHA
    assert said.explanation.startswith("0 events where 10.0 were to be expected at the old rate (p = ")
    assert "with 95% confidence the new rate is at most 30.7% of the old one" in said.explanation
    assert said.needed is None


@pytest.mark.parametrize("rule", [FIVE, Rule(), AT_ANY_TIME], ids=["five", "default", "sequential"])
@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (600, 100, Judgement.NOT_FIXED),
        (600, 90, Judgement.NOT_FIXED),
        (600, 400, Judgement.REGRESSED),
        (0, 50, Judgement.REGRESSED),
        (12, 3, Judgement.INCONCLUSIVE),
        (600, 30, Judgement.FIXED),
    ],
)
def test_between_noise_and_more_noise(old: int, new: int, expected: Judgement, rule: Rule) -> None:
    assert judged(hour(old), ten_minutes(new), rule) is expected


def test_a_rate_that_fell_but_was_surely_not_halved_is_not_fixed() -> None:
    before, after = seconds(60_000, 3600.0), seconds(8_000, 600.0)
    said = verdict(before, after)
    assert (said.judgement, said.p_value < ALPHA) == (Judgement.NOT_FIXED, True)
    assert "not even halved" in said.explanation


@settings(deadline=None, max_examples=50)
@given(counts, st.floats(1.0, 1e6), counts, st.floats(0.1, 1e6), rules)
def test_fixed_is_never_said_where_one_test_with_all_of_alpha_would_not_say_it(
    old: int, exposure: float, new: int, longer: float, rule: Rule
) -> None:
    before, after = Window(old, exposure, "requests", 3600.0), Window(new, longer, "requests", 600.0)
    said = verdict(before, after, rule)
    if said.judgement is Judgement.FIXED:
        assert p_lower(Count(old, exposure), Count(new, longer)) <= ALPHA
        assert new * exposure < old * longer
    assert 0.0 <= said.p_value <= 1.0


@settings(deadline=None)
@given(counts, counts, st.sampled_from([FIVE, ONE, AT_ANY_TIME]))
def test_one_event_more_never_makes_a_fix(old: int, new: int, rule: Rule) -> None:
    if judged(hour(old), ten_minutes(new + 1), rule) is Judgement.FIXED:
        assert judged(hour(old), ten_minutes(new), rule) is Judgement.FIXED


@pytest.mark.parametrize("moment", [599.0, 600.0, 601.0])
def test_a_planned_look_may_be_a_second_off_and_no_more(moment: float) -> None:
    assert judged(seconds(60, 3600.0), seconds(0, moment)) is Judgement.FIXED
    said = verdict(seconds(60, 3600.0), seconds(0, moment + 5))
    assert (said.judgement, "no planned look" in said.explanation) == (Judgement.INCONCLUSIVE, True)


def test_the_traffic_at_earlier_looks_is_taken_into_account() -> None:
    alone, late = (
        verdict(hour(60), ten_minutes(1), ONE),
        verdict(hour(60), ten_minutes(1), earlier=(1.0, 2.0)),
    )
    early = verdict(hour(60), ten_minutes(1), earlier=(5_000.0, 5_500.0))
    assert alone.alpha == late.alpha > early.alpha > 0


def test_more_events_than_a_rate_needs_are_divided() -> None:
    said = verdict(hour(3_000_000), ten_minutes(0))
    assert said.judgement is Judgement.FIXED
    assert said.before.events == 3_000_000
    assert judged(seconds(3_000_000, 3600.0), seconds(500_000, 600.0)) is Judgement.NOT_FIXED


# The rows of the catalogue ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", [FIVE, AT_ANY_TIME], ids=["looks", "sequential"])
@pytest.mark.parametrize(
    "disturbance",
    [
        "another deployment took its place",
        "the sampling rate changed",
        "the issue was set to ignored",
        "a fingerprint rule changed",
    ],
)
@pytest.mark.parametrize("new", [0, 300])
def test_v2_v6_what_changed_during_the_watch_makes_every_count_inconclusive(
    disturbance: str, new: int, rule: Rule
) -> None:
    said = verdict(hour(60), ten_minutes(new), rule, disturbances=(disturbance,))
    assert (said.judgement, disturbance in said.explanation) == (Judgement.INCONCLUSIVE, True)


@pytest.mark.parametrize("new", range(60))
def test_v3_no_traffic_is_never_a_verdict(new: int) -> None:
    assert judged(hour(60), ten_minutes(new, 0.0)) is Judgement.INCONCLUSIVE
    assert judged(hour(new, 0.0), ten_minutes(0)) is Judgement.INCONCLUSIVE
    assert judged(hour(60), ten_minutes(new, -1.0)) is Judgement.INCONCLUSIVE


def test_v3_the_reason_says_which_side_is_empty_and_how_long_it_takes() -> None:
    empty = verdict(hour(60), Window(0, 0.0, "requests", 0.0))
    assert empty.explanation.startswith("no requests were seen on the new release; ")
    assert empty.needed == 10.0
    empty = verdict(hour(0, 0.0), ten_minutes(0))
    assert (empty.explanation, empty.needed) == ("no requests were seen before", None)


@pytest.mark.parametrize(("requests", "expected"), [(2_900.0, "inconclusive"), (3_100.0, "fixed")])
def test_v3_a_release_with_less_than_half_of_its_traffic_is_not_judged_by_silence(
    requests: float, expected: str
) -> None:
    said = verdict(hour(600), ten_minutes(0, requests))
    assert said.judgement == expected
    assert ("48% of the requests" in said.explanation) == (expected == "inconclusive")


def test_v3_a_canary_is_owed_its_share_of_the_traffic_only() -> None:
    assert judged(hour(600), ten_minutes(0, 1_000.0)) is Judgement.INCONCLUSIVE
    assert judged(hour(600), ten_minutes(0, 1_000.0), share=0.2) is Judgement.FIXED


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, -1.0])
@pytest.mark.parametrize("field", ["events", "exposure", "seconds"])
@pytest.mark.parametrize("rule", [FIVE, AT_ANY_TIME], ids=["looks", "sequential"])
def test_v4_what_is_no_number_is_no_verdict(bad: float, field: str, rule: Rule) -> None:
    broken = {field: bad}
    assert judged(hour(60), replace(ten_minutes(0), **broken), rule) is Judgement.INCONCLUSIVE  # type: ignore[arg-type]
    assert judged(replace(hour(60), **broken), ten_minutes(0), rule) is Judgement.INCONCLUSIVE  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "more",
    [
        {"dropped": math.nan},
        {"share": math.nan},
        {"share": 0.0},
        {"distinct": Distinct(math.nan, 0)},  # type: ignore[arg-type]
        {"canary": Canary(3, math.nan, 0.1)},  # type: ignore[arg-type]
        {"canary": Canary(0, 10, math.nan)},
        {"new_issues": NewIssues(math.nan, ())},  # type: ignore[arg-type]
    ],
)
def test_v4_neither_is_what_is_no_number_elsewhere(more: dict[str, Any]) -> None:
    assert judged(hour(60), ten_minutes(0), **more) is Judgement.INCONCLUSIVE


def test_v4_different_units_are_not_compared() -> None:
    assert judged(hour(60), seconds(0, 600.0)) is Judgement.INCONCLUSIVE


def test_v4_a_source_that_answers_nothing_four_times_in_a_row_is_an_error() -> None:
    last: Verdict | None = verdict(hour(12), ten_minutes(1))
    said = []
    for _ in range(4):
        last = unanswered(last, FIVE, at=9.0, why="Sentry answered 500")
        said.append(last.judgement)
    assert said == [Judgement.INCONCLUSIVE] * 3 + [Judgement.ERROR]
    assert last is not None
    assert last.explanation == "the metric source gave no answer, 4 times in a row: Sentry answered 500"
    assert last.before == hour(12)


def test_v4_an_answer_in_between_starts_the_count_again() -> None:
    thrice = unanswered(None, FIVE, at=1.0, why="timeout")
    assert (thrice.judgement, thrice.faults, thrice.p_value) == (Judgement.INCONCLUSIVE, 1, 1.0)
    assert verdict(hour(60), ten_minutes(0)).faults == 0


@pytest.mark.parametrize("new", [0, 300])
def test_v5_counts_of_a_tracker_that_drops_events_prove_nothing(new: int) -> None:
    said = verdict(hour(60), ten_minutes(new), dropped=0.02)
    assert said.judgement is Judgement.INCONCLUSIVE
    assert "2% of the events were dropped" in said.explanation
    assert judged(hour(60), ten_minutes(0), dropped=0.01) is Judgement.FIXED
    said = verdict(hour(60), ten_minutes(0), dropped=None)
    assert (said.judgement, "dropped is not known" in said.explanation) == (Judgement.FIXED, True)


def test_v5_more_errors_than_requests_do_not_speak_against_the_release() -> None:
    said = verdict(hour(60), ten_minutes(9_000))
    assert (said.judgement, "not all of them are the release's" in said.explanation) == (
        Judgement.INCONCLUSIVE,
        True,
    )
    assert judged(hour(60), ten_minutes(5_900)) is Judgement.REGRESSED


@pytest.mark.parametrize(
    ("events", "usual", "expected"),
    [
        (0, None, Judgement.FIXED),
        (4, None, Judgement.FIXED),
        (48, None, Judgement.INCONCLUSIVE),
        (75, None, Judgement.NOT_FIXED),
        (300, None, Judgement.REGRESSED),
        (60, Count(360, 36_000.0), Judgement.FIXED),
        (300, Count(360, 36_000.0), Judgement.REGRESSED),
    ],
)
@pytest.mark.parametrize("rule", [FIVE, AT_ANY_TIME], ids=["looks", "sequential"])
def test_v7_an_error_that_moved_to_a_new_issue_is_not_fixed(
    events: int, usual: Count | None, expected: Judgement, rule: Rule
) -> None:
    said = verdict(
        hour(400), ten_minutes(0), rule, new_issues=NewIssues(events, ("SHOP-12", "SHOP-13"), usual)
    )
    assert said.judgement is expected
    assert (expected is Judgement.FIXED) or "SHOP-12, SHOP-13" in said.explanation


def test_v7_new_issues_that_are_not_proven_to_be_more_than_usual_may_still_hold_the_error() -> None:
    before, usual = hour(60), Count(1, 6_000.0)
    said = verdict(before, ten_minutes(0), new_issues=NewIssues(6, ("SHOP-12",), usual))
    assert (said.judgement, "the error may have moved" in said.explanation) == (Judgement.INCONCLUSIVE, True)
    assert judged(before, ten_minutes(0), new_issues=NewIssues(1, ("SHOP-12",), usual)) is Judgement.FIXED


def test_v7_a_few_events_elsewhere_do_not_stand_against_a_proof_that_holds_all_of_them() -> None:
    moved = NewIssues(3, ("SHOP-12",))
    assert judged(hour(600), ten_minutes(0), new_issues=moved) is Judgement.FIXED


def test_v5_new_issues_that_outnumber_the_requests_do_not_speak_against_the_release() -> None:
    said = verdict(hour(60), ten_minutes(0), new_issues=NewIssues(6_001, ("SHOP-12",)))
    assert (said.judgement, "more than requests" in said.explanation) == (Judgement.INCONCLUSIVE, True)
    said = verdict(seconds(60, 3600.0), seconds(0, 600.0), new_issues=NewIssues(601, ("SHOP-12",)))
    assert said.judgement is Judgement.REGRESSED


def test_v8_few_events_before_are_not_enough_to_see_silence() -> None:
    said = verdict(seconds(3, 3600.0), seconds(0, 1800.0))
    assert said.judgement is Judgement.INCONCLUSIVE
    needed = 3600 * (ALPHA ** (-1 / 3) - 1)
    assert said.needed == math.ceil((needed - 1800) / 60)
    assert "hours more to be sure" in said.explanation
    assert judged(seconds(0, 3600.0), seconds(0, 1800.0)) is Judgement.INCONCLUSIVE


def test_v8_rare_errors_get_their_verdict_after_hours() -> None:
    rule = Rule((1980.0, 3600.0, 21_600.0, 86_400.0))
    said = [judged(seconds(3, 3600.0), seconds(0, look), rule) for look in rule.looks]
    assert said == [*[Judgement.INCONCLUSIVE] * 2, Judgement.FIXED, Judgement.FIXED]
    assert verdict(seconds(3, 3600.0), seconds(0, 1980.0), rule).needed == (21_600 - 1980) / 60


@settings(deadline=None)
@given(st.integers(1, 200), st.integers(0, 20), st.sampled_from([FIVE, Rule(), AT_ANY_TIME]))
def test_v8_after_the_minutes_that_are_needed_it_is_fixed(old: int, new: int, rule: Rule) -> None:
    said = verdict(seconds(old, 3600.0), seconds(new, 300.0), rule)
    if said.needed is None:
        return
    later = 300.0 + 60 * said.needed
    there = rule if later in rule.looks or rule is AT_ANY_TIME else Rule((later,), alpha=2 * ALPHA)
    assert judged(seconds(old, 3600.0), seconds(new, later), there) is Judgement.FIXED


def test_v9_one_client_that_retries_500_times_is_one_burst() -> None:
    retried = (0,) * 30 + (500,) + (0,) * 29
    assert judged(hour(500), ten_minutes(0)) is Judgement.FIXED
    said = verdict(hour(500), ten_minutes(0), minutes_before=retried)
    assert (said.judgement, "bursts of about 500" in said.explanation) == (Judgement.INCONCLUSIVE, True)
    assert judged(hour(500), ten_minutes(500), minutes_before=retried) is Judgement.INCONCLUSIVE


def test_v9_where_users_are_known_they_are_counted_if_events_come_in_bursts() -> None:
    retried = (0, 0, 8, 0, 17) * 12
    few, many = Distinct(3, 0), Distinct(80, 0, (1, 2, 1, 1, 2, 1) * 10)
    bursty: dict[str, Any] = {"minutes_before": retried}
    assert judged(hour(300), ten_minutes(0), distinct=few, **bursty) is Judgement.INCONCLUSIVE
    said = verdict(hour(300), ten_minutes(0), distinct=many, **bursty)
    assert (said.judgement, "users are counted" in said.explanation) == (Judgement.FIXED, True)
    # Without bursts users would only be fewer numbers.
    said = verdict(hour(300), ten_minutes(0), distinct=few)
    assert (said.judgement, "users" in said.explanation) == (Judgement.FIXED, False)


def test_v9_users_who_come_in_bursts_too_are_divided() -> None:
    outages = (0, 0, 0, 0, 16) * 12
    said = verdict(
        hour(300), ten_minutes(0), minutes_before=outages, distinct=Distinct(80, 0, (0, 0, 0, 0, 7) * 12)
    )
    assert said.judgement is Judgement.INCONCLUSIVE
    assert "users are counted, because events come in bursts, and users of about" in said.explanation


def test_v9_that_a_rate_is_high_is_never_seen_in_users() -> None:
    # Three users came again and again in the hour; the same three in ten minutes are the same rate, not six times it.
    retried = (0, 0, 8, 0, 17) * 12
    said = verdict(hour(300), ten_minutes(50), minutes_before=retried, distinct=Distinct(60, 60))
    assert said.judgement is Judgement.INCONCLUSIVE


def test_v9_independent_events_are_not_divided() -> None:
    evenly = (1, 0, 2, 1, 1, 0, 1, 2, 1, 1) * 6
    assert (
        verdict(hour(60), ten_minutes(0), minutes_before=evenly).p_value
        == verdict(hour(60), ten_minutes(0)).p_value
    )


@pytest.mark.parametrize(
    ("since", "back"),
    [
        (seconds(0, 86_400.0), False),
        (seconds(3, 86_400.0), False),
        (seconds(1_000, 86_400.0), True),
        (seconds(60, 3600.0), True),
        (seconds(1, 0.0), True),
        (hour(1), True),
    ],
)
def test_v12_an_error_that_comes_back_after_it_was_fixed_is_noticed(since: Window, *, back: bool) -> None:
    said = verdict(seconds(60, 3600.0), seconds(0, 600.0))
    assert said.judgement is Judgement.FIXED
    assert recurred(said, since) is back


# The canary ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", [FIVE, AT_ANY_TIME], ids=["looks", "sequential"])
@pytest.mark.parametrize(
    ("canary", "expected"),
    [
        (Canary(0, 0, 0.1), Judgement.FIXED),
        (Canary(10, 90, 0.1), Judgement.FIXED),
        (Canary(12, 8, 0.1), Judgement.REGRESSED),
        (Canary(60, 20, 0.5), Judgement.REGRESSED),
    ],
)
def test_a_canary_with_more_than_its_share_of_all_errors_is_a_regression(
    canary: Canary, expected: Judgement, rule: Rule
) -> None:
    assert judged(hour(60), ten_minutes(0), rule, canary=canary) is expected


# What is shown ---------------------------------------------------------------------------------------------------


def test_a_verdict_says_how_long_it_still_takes() -> None:
    said = verdict(seconds(30, 3600.0), seconds(0, 300.0), Rule())
    assert (said.judgement, said.needed) == (Judgement.INCONCLUSIVE, 8.0)
    assert said.explanation.endswith("without another event it takes 8 minutes more to be sure")


def test_a_verdict_has_a_picture() -> None:
    assert verdict(hour(60), ten_minutes(0)).picture.startswith("events per 1,000 requests\nbefore ███")
    shown = verdict_on(Readings(hour(60), ten_minutes(0)), Rule(), at=0.0, picture="▂▂│··")
    assert shown.picture == "▂▂│··"


# Over a whole watch -----------------------------------------------------------------------------------------------

# Fixed seeds; `autofix bench judge` does the same with more incidents, and other rules beside it.


def _outcomes(setting: Setting, decide: Callable[[Incident], Answer], runs: int) -> Counter[Judgement]:
    seconds = 86_400.0 if setting.per_minute < 0.5 else WATCH
    return Counter(decide(incident)[0] for incident in incidents(setting, runs, seconds, seed=20261130))


@pytest.mark.parametrize("burst", [1.0, 3.0])
@pytest.mark.parametrize("per_minute", [0.2, 1.0, 5.0])
def test_v11_an_unchanged_rate_is_called_fixed_less_often_than_alpha(per_minute: float, burst: float) -> None:
    runs = 250
    wrong = _outcomes(Setting(per_minute, 1.0, burst), exact_looks, runs)[Judgement.FIXED]
    assert binomtest(wrong, runs, ALPHA, alternative="greater").pvalue > 0.01


def test_v11_polled_all_the_time_the_sequential_test_keeps_its_word() -> None:
    wrong = _outcomes(Setting(1.0, 1.0), sequential, 100)[Judgement.FIXED]
    assert binomtest(wrong, 100, ALPHA, alternative="greater").pvalue > 0.01


def test_v11_the_naive_rules_do_not_so_the_simulation_can_tell() -> None:
    for decide, share in ((peeking, 0.02), (quiet, 0.1)):
        assert _outcomes(Setting(1.0, 1.0), decide, 300)[Judgement.FIXED] > share * 300


@pytest.mark.parametrize("per_minute", [0.2, 1.0, 5.0, 20.0])
def test_v11_a_fix_is_recognised_soon(per_minute: float) -> None:
    setting, limit = Setting(per_minute, 0.0), math.log(1 / ALPHA) / per_minute
    seconds = 86_400.0 if per_minute < 0.5 else WATCH
    taken = [exact_looks(incident) for incident in incidents(setting, 100, seconds, seed=20261130)]
    assert {judgement for judgement, _ in taken} == {Judgement.FIXED}
    assert statistics.median(moment for _, moment in taken) / 60 <= 1.5 * limit


def test_v11_a_fix_is_almost_never_called_not_fixed() -> None:
    outcomes = _outcomes(Setting(5.0, 0.25), exact_looks, 100)
    assert outcomes[Judgement.NOT_FIXED] + outcomes[Judgement.REGRESSED] <= 1
