"""How the rollout of our merge stands: one value, computed from everything that was seen in one look. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from app.core.model import Merged, Reason, RolloutPlan, Stage, Stop, given
from app.observe.rollout.sighting import Phase, Place, Relation, Sighting

ON_THE_WAY = {Phase.QUEUED, Phase.RUNNING, Phase.LIVE}
LONGEST_NOTE = 200
_MINUTE = 60


class State(StrEnum):
    """The states of a rollout. The first four may still become, or are, live; the others end the automation."""

    WAITING = "waiting"
    ROLLING = "rolling"
    CANARY_LIVE = "canary-live"
    LIVE = "live"
    FAILED = "failed"
    ROLLED_BACK = "rolled-back"
    REPLACED = "replaced"
    STALLED = "stalled"
    NEVER_STARTED = "never-started"


# A rollout that the CD gave up speaks against the change as one that was taken back does.
REASONS = {
    State.FAILED: Reason.ROLLED_BACK,
    State.ROLLED_BACK: Reason.ROLLED_BACK,
    State.REPLACED: Reason.ROLLOUT_REPLACED,
    State.STALLED: Reason.ROLLOUT_STALLED,
    State.NEVER_STARTED: Reason.ROLLOUT_MISSING,
}


@dataclass(frozen=True, slots=True)
class Standing:
    """A state with the sentence that people read, and the rollout it is about.

    `began_at` is when the first rollout with our merge began, `canary_since` when the same commit went live as canary.
    """

    state: State
    detail: str
    sighting: Sighting | None = None
    began_at: float | None = None
    canary_since: float | None = None

    @property
    def stop(self) -> Stop | None:
        """The refusal that the state means; None while the rollout may still become live, and when it is."""
        reason = REASONS.get(self.state)
        return None if reason is None else Stop(Stage.OBSERVE, reason, self.detail)


@dataclass(frozen=True, slots=True)
class Seen:
    """Everything that was seen in one look for `what`. A commit without an entry in `relations` is not counted."""

    merged: Merged
    plan: RolloutPlan
    what: str
    sightings: Sequence[Sighting]
    relations: Mapping[str, Relation]
    now: float

    @property
    def ours(self) -> list[Sighting]:
        """The rollouts that hold our merge, in the order in which they began."""
        return self._of({Relation.CONTAINS})

    @property
    def strange(self) -> list[Sighting]:
        """The rollouts that do not, in the order in which they began."""
        return self._of({Relation.OLDER, Relation.ELSEWHERE})

    def _of(self, wanted: set[Relation]) -> list[Sighting]:
        found = [one for one in self.sightings if self.relations.get(one.sha) in wanted]
        # The rest of the key gives what happened at once an order, so that a list's own order means nothing.
        return sorted(found, key=lambda one: (one.began_at, one.changed_at, one.place, one.sha, one.phase))

    @property
    def short(self) -> str:
        """Our merge in a few letters."""
        return self.merged.sha[:7]


def standing(seen: Seen) -> Standing:
    """How the rollout of our merge stands."""
    found = _live(seen) or _taken_away(seen) or _under_way(seen) or _gone(seen) or _unseen(seen)
    began = min((one.began_at for one in seen.ours), default=None)
    sha = found.sighting.sha if found.sighting is not None else None
    canaries = [
        one.live_since
        for one in seen.ours
        if one.place is Place.CANARY and one.sha == sha and one.live_since is not None
    ]
    return Standing(found.state, found.detail, found.sighting, began, min(canaries, default=None))


def interrupted(seen: Seen, sha: str, since: float) -> str | None:
    """What else went live in production since then, where `sha` is live again now; None if nothing did."""
    others = [
        one
        for one in seen.sightings
        if one.place is Place.PRODUCTION and one.sha != sha and one.live_since is not None
    ]
    between = [one for one in others if given(one.live_since) > since]
    if not between:
        return None
    last = max(between, key=_went_live)
    return f"{last.sha[:7]} ({last.name}) was live there in between"


def _live(seen: Seen) -> Standing | None:
    """Live in production, unless something without our merge went live there later."""
    live = [one for one in seen.ours if one.place is Place.PRODUCTION and one.phase is Phase.LIVE]
    if not live:
        return None
    newest = max(live, key=_went_live)
    after = [one for one in _strange_live(seen) if _went_live(one) > _went_live(newest)]
    if after:
        return _replaced(seen, max(after, key=_went_live))
    return Standing(State.LIVE, f"{_holding(seen, newest)} is live", newest)


def _taken_away(seen: Seen) -> Standing | None:
    """Ours has ended, and something without our merge went into production behind it."""
    current = _current(seen)
    if not seen.ours or (current is not None and current.phase is not Phase.FAILED):
        return None
    return _overtaken(seen)


def _overtaken(seen: Seen) -> Standing | None:
    began = max(one.began_at for one in seen.ours)
    after = [one for one in _strange_live(seen) if one.began_at > began]
    return _replaced(seen, after[-1]) if after else None


def _under_way(seen: Seen) -> Standing | None:
    """The rollout that is still on its way, or that failed on it.

    While it is, an older commit may still go live before it: some CDs keep no order.
    """
    current = _current(seen)
    if current is None:
        return None
    if current.phase is Phase.FAILED:
        return _failed(seen, current)
    found = _waiting(seen, current) if current.phase is Phase.QUEUED else _rolling(seen, current)
    return (_overtaken(seen) or found) if found.stop is not None else found


def _failed(seen: Seen, current: Sighting) -> Standing:
    what = _holding(seen, current)
    if current.live_since is not None:
        return Standing(State.ROLLED_BACK, f"{what} was live, and failed then{_note(current)}", current)
    return Standing(State.FAILED, f"{what} failed{_note(current)}", current)


def _waiting(seen: Seen, current: Sighting) -> Standing:
    what = _holding(seen, current)
    return _patient(
        seen,
        Standing(State.WAITING, f"{what} waits to begin", current),
        current.began_at + seen.plan.start_seconds,
        f"{what} has waited for {_span(seen.now - current.began_at)} to begin{_note(current)}",
    )


def _rolling(seen: Seen, current: Sighting) -> Standing:
    what = _holding(seen, current)
    news = max(one.changed_at for one in seen.ours if one.phase in ON_THE_WAY)
    quiet = f"there has been no news for {_span(seen.now - news)}{_note(current)}"
    if current.phase is Phase.LIVE:  # and so it is the canary
        going = Standing(State.CANARY_LIVE, f"{what} is live; production has not followed yet", current)
        late = f"{what} is live, production has not followed, and {quiet}"
    else:
        going = Standing(State.ROLLING, f"{what} is under way", current)
        late = f"{what} has not ended, and {quiet}"
    return _patient(seen, going, news + seen.plan.progress_seconds, late)


def _current(seen: Seen) -> Sighting | None:
    """The newest rollout with our merge that was not ended: the place with the latest news counts.

    Production may wait in the queue for its canary, and says nothing until then.
    """
    going = [one for one in seen.ours if one.phase not in {Phase.ENDED, Phase.CANCELLED}]
    newest = {one.place: one for one in going}
    canary, production = newest.get(Place.CANARY), newest.get(Place.PRODUCTION)
    if canary is None or production is None:
        return production or canary
    if production.phase is Phase.QUEUED or canary.changed_at > production.changed_at:
        return canary
    return production


def _gone(seen: Seen) -> Standing | None:
    """Every rollout with our merge was ended or cancelled."""
    if not seen.ours:
        return None
    last = max(seen.ours, key=lambda one: one.changed_at)
    what = _holding(seen, last)
    if last.phase is Phase.ENDED:
        return Standing(State.REPLACED, f"{what} is not active any more, and none has followed", last)
    return _patient(
        seen,
        Standing(State.WAITING, f"{what} was cancelled", last),
        last.changed_at + seen.plan.start_seconds,
        f"{what} was cancelled {_span(seen.now - last.changed_at)} ago, and none has followed",
    )


def _unseen(seen: Seen) -> Standing:
    """Nothing with our merge was seen."""
    waited = _span(seen.now - seen.merged.merged_at)
    strange = f". Since then there was {_without(seen, seen.strange[-1])}" if seen.strange else ""
    return _patient(
        seen,
        Standing(State.WAITING, f"no {seen.what} has shown {seen.short} yet"),
        seen.merged.merged_at + seen.plan.start_seconds,
        f"no {seen.what} has shown {seen.short} in the {waited} since it was merged{strange}",
        State.NEVER_STARTED,
    )


def _patient(seen: Seen, going: Standing, until: float, late: str, end: State = State.STALLED) -> Standing:
    """`going` while its time lasts, which no rollout can prolong for ever; then the `end`, with `late` to say."""
    if seen.now > until:
        return Standing(end, late, going.sighting)
    if seen.now > seen.merged.merged_at + seen.plan.longest_seconds:
        since = _span(seen.now - seen.merged.merged_at)
        detail = f"{going.detail}, but it is not live {since} after the merge"
        return Standing(State.STALLED, detail, going.sighting)
    return going


def _replaced(seen: Seen, by: Sighting) -> Standing:
    if seen.relations.get(by.sha) is Relation.OLDER:
        detail = f"production went back from {seen.short} to the older {by.sha[:7]} ({by.name}){_note(by)}"
        return Standing(State.ROLLED_BACK, detail, by)
    return Standing(State.REPLACED, f"{seen.short} was replaced by {_without(seen, by)}", by)


def _strange_live(seen: Seen) -> list[Sighting]:
    """What is live in production without our merge, in the order in which it went live."""
    found = [one for one in seen.strange if one.place is Place.PRODUCTION and one.phase is Phase.LIVE]
    return sorted(found, key=_went_live)


def _went_live(one: Sighting) -> float:
    return one.changed_at if one.live_since is None else one.live_since


def _holding(seen: Seen, one: Sighting) -> str:
    """The rollout of our merge, or of the later commit that holds it."""
    if one.sha == seen.merged.sha:
        return f"the rollout of {seen.short} ({one.name})"
    return f"the rollout of {one.sha[:7]}, which contains {seen.short} ({one.name})"


def _without(seen: Seen, one: Sighting) -> str:
    return f"{one.sha[:7]} ({one.name}), which does not contain {seen.short}"


def _note(one: Sighting) -> str:
    """What the CD itself says, if it says anything."""
    said = " ".join(one.note.split())[:LONGEST_NOTE]
    return f": {said}" if said else ""


def _span(seconds: float) -> str:
    """A stretch of time in words."""
    if seconds < 2 * _MINUTE:
        return f"{max(0.0, seconds):.0f} seconds"
    return f"{seconds / _MINUTE:.0f} minutes"
