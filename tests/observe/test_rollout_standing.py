"""How a rollout stands, by tables: what was seen, and what follows from it. No clock, no network."""

from __future__ import annotations

import random
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.model import Merged, Reason, RolloutPlan
from app.observe.rollout.sighting import Phase, Place, Relation, Sighting
from app.observe.rollout.standing import REASONS, Seen, State, standing

MERGE, LATER, OLDER, ASIDE, UNKNOWN = (letter * 40 for letter in "dabcf")
AT = 1_800_000_000.0
PLAN = RolloutPlan(start_seconds=300, progress_seconds=400, longest_seconds=2000)
RELATIONS = {
    MERGE: Relation.CONTAINS,
    LATER: Relation.CONTAINS,
    OLDER: Relation.OLDER,
    ASIDE: Relation.ELSEWHERE,
}


def at(
    began: float, phase: Phase, changed: float | None = None, *, sha: str = MERGE, live: float | None = None
) -> Sighting:
    """A rollout to production; times are seconds after the merge."""
    changed = began if changed is None else changed
    since = changed if live is None and phase is Phase.LIVE else live
    return Sighting(
        place=Place.PRODUCTION,
        sha=sha,
        phase=phase,
        began_at=AT + began,
        changed_at=AT + changed,
        name="deployment 31 to `production`",
        live_since=None if since is None else AT + since,
    )


def canary(began: float, phase: Phase, changed: float | None = None, sha: str = MERGE) -> Sighting:
    """A rollout to the canary."""
    seen = at(began, phase, changed, sha=sha)
    return replace(seen, place=Place.CANARY, name="deployment 30 to `canary`")


def seen(*sightings: Sighting, now: float = 100.0, plan: RolloutPlan = PLAN) -> Seen:
    return Seen(Merged(MERGE, AT), plan, "deployment to `production`", sightings, RELATIONS, AT + now)


QUEUED, RUNNING, LIVE = Phase.QUEUED, Phase.RUNNING, Phase.LIVE
FAILED, ENDED, CANCELLED = Phase.FAILED, Phase.ENDED, Phase.CANCELLED

TABLE: list[tuple[str, Seen, State, str]] = [
    # Nothing of ours is seen.
    ("nothing yet", seen(), State.WAITING, "no deployment to `production` has shown ddddddd yet"),
    ("nothing at the last second", seen(now=300), State.WAITING, "yet"),
    ("nothing in time", seen(now=301), State.NEVER_STARTED, "has shown ddddddd in the 5 minutes since it"),
    ("only an older commit", seen(at(5, LIVE, sha=OLDER)), State.WAITING, "yet"),
    (
        "only an older commit, in time",
        seen(at(5, LIVE, sha=OLDER), now=301),
        State.NEVER_STARTED,
        "Since then there was bbbbbbb .*, which does not contain ddddddd",
    ),
    ("only what nobody knows", seen(at(5, LIVE, sha=UNKNOWN), now=301), State.NEVER_STARTED, "merged$"),
    # On its way.
    ("in the queue", seen(at(5, QUEUED)), State.WAITING, "waits to begin"),
    ("in the queue for too long", seen(at(5, QUEUED), now=306), State.STALLED, "has waited for 5 minutes to"),
    ("under way", seen(at(5, RUNNING, 50)), State.ROLLING, r"the rollout of ddddddd \(deployment 31 to"),
    ("under way at the last second", seen(at(5, RUNNING, 50), now=450), State.ROLLING, "under way"),
    ("under way without news", seen(at(5, RUNNING, 50), now=451), State.STALLED, "no news for 7 minutes"),
    (
        "with news, and no end",
        seen(at(5, RUNNING, 1990), now=2001),
        State.STALLED,
        "under way, but it is not live 33 minutes after the merge",
    ),
    ("news from the future", seen(at(5, RUNNING, 10_000), now=2001), State.STALLED, "is not live 33 minutes"),
    ("in the queue for ever", seen(at(5000, QUEUED), now=2001), State.STALLED, "is not live"),
    # Live.
    ("live", seen(at(5, LIVE, 60)), State.LIVE, "is live"),
    ("live, however late", seen(at(5, LIVE, 60), now=10_000), State.LIVE, "is live"),
    (
        "live in a later commit",
        seen(at(5, LIVE, 60, sha=LATER)),
        State.LIVE,
        "the rollout of aaaaaaa, which contains ddddddd",
    ),
    ("live by another try", seen(at(5, FAILED), at(20, LIVE, 60)), State.LIVE, "is live"),
    ("live, and a later one failed", seen(at(5, LIVE, 60), at(70, FAILED, sha=LATER)), State.LIVE, "ddddddd"),
    (
        "live, and a later one is on its way",
        seen(at(5, LIVE, 60), at(70, RUNNING, sha=LATER)),
        State.LIVE,
        "d",
    ),
    ("ended by a later one", seen(at(5, ENDED, 90), at(70, LIVE, 90, sha=LATER)), State.LIVE, "aaaaaaa"),
    (
        "the older one was live before",
        seen(at(1, LIVE, 2, sha=OLDER), at(5, LIVE, 60)),
        State.LIVE,
        "ddddddd",
    ),
    # Failed, and what the CD does about it.
    ("failed", seen(at(5, FAILED, 60)), State.FAILED, r"the rollout of ddddddd .* failed$"),
    (
        "failed after it was live",
        seen(at(5, FAILED, 60, live=20)),
        State.ROLLED_BACK,
        "was live, and failed then",
    ),
    ("failed, and tried once more", seen(at(5, FAILED, 60), at(70, RUNNING)), State.ROLLING, "under way"),
    (
        "failed, and a later one waits",
        seen(at(5, FAILED), at(70, QUEUED, sha=LATER)),
        State.WAITING,
        "aaaaaaa",
    ),
    (
        "a later one failed",
        seen(at(5, ENDED), at(70, FAILED, sha=LATER)),
        State.FAILED,
        "aaaaaaa, which contains",
    ),
    (
        "failed, and the older one is back",
        seen(at(5, FAILED), at(70, LIVE, sha=OLDER)),
        State.ROLLED_BACK,
        "production went back from ddddddd to the older bbbbbbb",
    ),
    (
        "live, and the older one came back",
        seen(at(5, LIVE, 60), at(70, LIVE, 80, sha=OLDER)),
        State.ROLLED_BACK,
        "went back",
    ),
    # Replaced by what does not contain ours.
    (
        "live, and replaced",
        seen(at(5, LIVE, 60), at(70, LIVE, 80, sha=ASIDE)),
        State.REPLACED,
        "ddddddd was replaced by ccccccc .*, which does not contain ddddddd",
    ),
    (
        "live, and the other one later",
        seen(at(5, LIVE, 60), at(3, LIVE, 80, sha=ASIDE)),
        State.REPLACED,
        "ccccccc",
    ),
    (
        "live, and the other one earlier",
        seen(at(5, LIVE, 60), at(3, LIVE, 50, sha=ASIDE)),
        State.LIVE,
        "ddddddd",
    ),
    (
        "live, and the other one on its way",
        seen(at(5, LIVE), at(70, RUNNING, sha=ASIDE)),
        State.LIVE,
        "ddddddd",
    ),
    ("ended", seen(at(5, ENDED, 60)), State.REPLACED, "is not active any more, and none has followed"),
    ("ended for another one", seen(at(5, ENDED, 60), at(50, LIVE, sha=ASIDE)), State.REPLACED, "by ccccccc"),
    (
        "an older one goes live before ours, which is on its way: some CDs keep no order",
        seen(at(5, RUNNING, 50), at(7, LIVE, 70, sha=OLDER)),
        State.ROLLING,
        "under way",
    ),
    (
        "left hanging by the one that replaced it",
        seen(at(5, RUNNING, 50), at(70, LIVE, sha=ASIDE), now=451),
        State.REPLACED,
        "replaced by ccccccc",
    ),
    # Cancelled.
    ("cancelled", seen(at(5, CANCELLED, 60)), State.WAITING, "was cancelled"),
    ("cancelled for good", seen(at(5, CANCELLED, 60), now=361), State.STALLED, "cancelled 5 minutes ago"),
    ("cancelled for a later one", seen(at(5, CANCELLED, 60), at(61, RUNNING, sha=LATER)), State.ROLLING, "a"),
    # A canary comes first.
    ("the canary in the queue", seen(canary(5, QUEUED)), State.WAITING, "deployment 30 to `canary`"),
    ("the canary on its way", seen(canary(5, RUNNING)), State.ROLLING, "deployment 30 to `canary`"),
    ("the canary is live", seen(canary(5, LIVE)), State.CANARY_LIVE, "production has not followed yet"),
    ("the canary, production waits", seen(at(4, QUEUED), canary(5, LIVE)), State.CANARY_LIVE, "canary"),
    ("production has begun", seen(canary(5, LIVE), at(60, RUNNING)), State.ROLLING, "to `production`"),
    ("production is live", seen(canary(5, LIVE), at(60, LIVE)), State.LIVE, "to `production`"),
    (
        "production is live, the canary gone",
        seen(canary(5, ENDED, 70), at(60, LIVE)),
        State.LIVE,
        "production",
    ),
    ("the canary failed", seen(canary(5, FAILED, 50)), State.FAILED, "deployment 30 to `canary`"),
    ("the canary failed, production waits", seen(at(4, QUEUED), canary(5, FAILED)), State.FAILED, "canary"),
    ("production failed", seen(canary(5, LIVE), at(60, FAILED)), State.FAILED, "to `production`"),
    (
        "production was made first, and failed",
        seen(at(4, FAILED, 90), canary(5, LIVE)),
        State.FAILED,
        "production",
    ),
    (
        "production does not follow",
        seen(canary(5, LIVE), now=406),
        State.STALLED,
        "production has not followed",
    ),
    (
        "the canary of another one",
        seen(canary(5, LIVE, sha=ASIDE)),
        State.WAITING,
        "no deployment to `production`",
    ),
    (
        "another canary replaces nothing",
        seen(at(5, LIVE), canary(60, LIVE, sha=ASIDE)),
        State.LIVE,
        "ddddddd",
    ),
]


@pytest.mark.parametrize(("what", "before", "state", "says"), TABLE, ids=[row[0] for row in TABLE])
def test_the_state_and_its_sentence(what: str, before: Seen, state: State, says: str) -> None:
    found = standing(before)
    assert found.state is state, (what, found)
    assert re.search(says, found.detail), found.detail


def test_every_state_is_in_the_table() -> None:
    assert {row[2] for row in TABLE} == set(State)


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (State.NEVER_STARTED, Reason.ROLLOUT_MISSING),
        (State.STALLED, Reason.ROLLOUT_STALLED),
        (State.REPLACED, Reason.ROLLOUT_REPLACED),
        (State.FAILED, Reason.ROLLED_BACK),
        (State.ROLLED_BACK, Reason.ROLLED_BACK),
    ],
)
def test_an_end_is_a_refusal_with_its_reason(state: State, reason: Reason) -> None:
    rows = [row[1] for row in TABLE if row[2] is state]
    for row in rows:
        stop = standing(row).stop
        assert stop is not None
        assert (stop.reason, bool(stop.detail)) == (reason, True)


def test_what_may_still_become_live_is_no_refusal() -> None:
    for row in TABLE:
        assert (standing(row[1]).stop is None) == (row[2] not in REASONS)


def test_the_release_began_with_the_first_rollout_that_held_the_merge() -> None:
    found = standing(seen(canary(5, LIVE), at(60, LIVE, 90, sha=LATER), at(1, LIVE, 2, sha=OLDER)))
    assert (found.state, found.began_at) == (State.LIVE, AT + 5)
    assert found.sighting is not None
    assert (found.sighting.sha, found.sighting.live_since) == (LATER, AT + 90)


def test_v1_whatever_the_cd_says_of_itself_is_one_short_line() -> None:
    loud = replace(at(5, FAILED), note="canary  unhealthy\n\n" + "x" * 10_000)
    detail = standing(seen(loud)).detail
    assert "failed: canary unhealthy x" in detail
    assert "\n" not in detail
    assert len(detail) < 400


sightings = st.builds(
    at,
    st.floats(0, 3000),
    st.sampled_from(Phase),
    st.floats(0, 3000),
    sha=st.sampled_from([MERGE, LATER, OLDER, ASIDE, UNKNOWN]),
    live=st.none() | st.floats(0, 3000),
)


@given(st.lists(sightings, max_size=6), st.floats(0, 5000))
def test_v1_nothing_is_live_that_does_not_hold_the_merge(some: list[Sighting], now: float) -> None:
    found = standing(seen(*some, now=now))
    if found.state is State.LIVE:
        assert found.sighting is not None
        assert RELATIONS[found.sighting.sha] is Relation.CONTAINS
        assert found.sighting.phase is Phase.LIVE


@given(st.lists(sightings, max_size=6))
def test_no_rollout_is_waited_for_for_ever(some: list[Sighting]) -> None:
    found = standing(seen(*some, now=PLAN.longest_seconds + 1))
    assert found.state is State.LIVE or found.stop is not None


@given(st.lists(sightings, max_size=6), st.floats(0, 5000), st.randoms())
def test_the_order_in_which_things_are_listed_means_nothing(
    some: list[Sighting], now: float, chance: random.Random
) -> None:
    mixed = list(some)
    chance.shuffle(mixed)
    assert standing(seen(*some, now=now)).state is standing(seen(*mixed, now=now)).state
