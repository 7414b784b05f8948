"""Signal: commit statuses, as Argo CD's notifications and Flux's notification controller report them.

They stand on the deployed commit, so the commits that may be deployed are looked at: ours, the newest of the branch,
and the one that was in production before.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import takewhile

from app.clients.github.rollouts import ReportedStatus, Rollouts, epoch
from app.observe.rollout.sighting import Phase, Place, Sighting, Sought

NEWEST = 6
PHASES = {
    "success": Phase.LIVE,
    "failure": Phase.FAILED,
    "error": Phase.FAILED,
    "pending": Phase.RUNNING,
}
# The least of several contexts is what the commit has reached.
WORST_FIRST = (Phase.FAILED, Phase.RUNNING, Phase.LIVE)


@dataclass(frozen=True, slots=True)
class Statuses:
    """The commit statuses of all contexts that `globs` name."""

    globs: tuple[str, ...]

    @property
    def what(self) -> str:
        """What is looked for, in words."""
        return "commit status " + ", ".join(f"`{glob}`" for glob in self.globs)

    async def seen(self, cd: Rollouts, sought: Sought, place: Place) -> list[Sighting]:
        """What the contexts say of each commit that may be deployed."""
        newest = await cd.newest_commits(sought.branch, most=NEWEST)
        commits = list(dict.fromkeys((sought.merge, *newest, sought.before)))
        told = await asyncio.gather(*(cd.statuses(sha) for sha in commits))
        found = (
            _sighting(sha, _contexts(sha, statuses, sought, self.globs), place, self.globs)
            for sha, statuses in zip(commits, told, strict=True)
        )
        return [
            one for one in found if one and (one.sha == sought.merge or one.changed_at >= sought.merged_at)
        ]


@dataclass(frozen=True, slots=True)
class _Context:
    """What one context says of one commit: its phase now, when that began, and when it was reached."""

    name: str
    phase: Phase
    began_at: float
    reached_at: float
    changed_at: float
    live_before: float | None
    note: str


def _contexts(
    sha: str, statuses: list[ReportedStatus], sought: Sought, globs: tuple[str, ...]
) -> list[_Context]:
    """Every context that counts on one commit, from statuses that stand newest first."""
    told: dict[str, list[ReportedStatus]] = {}
    for one in statuses:
        believed = sought.believes(one.creator.login if one.creator else None)
        if believed and any(fnmatchcase(one.context, glob) for glob in globs):
            told.setdefault(one.context, []).append(one)
    return [_context(name, own, once=sha == sought.merge) for name, own in told.items()]


def _context(name: str, own: list[ReportedStatus], *, once: bool) -> _Context:
    """The newest rollout of a commit is what it says now, and the `pending` before: it may be rolled out again.

    Some CDs report no `pending`, so what is said of another commit than ours once more (not `once`) begins anew.
    """
    newest = own[0]
    same = list(takewhile(lambda one: one.state == newest.state, own)) if once else own[:1]
    before = list(takewhile(lambda one: one.state == "pending", own[len(same) :]))
    live = [epoch(one.created_at) for one in own if one.state == "success"]
    return _Context(
        name=name,
        phase=PHASES.get(newest.state, Phase.RUNNING),
        began_at=epoch((same + before)[-1].created_at),
        reached_at=epoch(same[-1].created_at),
        changed_at=epoch(newest.created_at),
        live_before=min(live, default=None),
        note=newest.description or "",
    )


def _sighting(sha: str, contexts: list[_Context], place: Place, globs: tuple[str, ...]) -> Sighting | None:
    """The sum of all contexts; None if none of them speaks of this commit."""
    if not contexts:
        return None
    missing = [glob for glob in globs if not any(fnmatchcase(one.name, glob) for one in contexts)]
    phases = {one.phase for one in contexts} | ({Phase.RUNNING} if missing else set())
    phase = next(one for one in WORST_FIRST if one in phases)
    telling = [one for one in contexts if one.phase is phase] or contexts
    last = max(telling, key=lambda one: one.changed_at)
    live = last.live_before if phase is Phase.FAILED else None
    return Sighting(
        place=place,
        sha=sha,
        phase=phase,
        began_at=min(one.began_at for one in contexts),
        changed_at=max(one.changed_at for one in contexts),
        name=f"commit status `{last.name}`" + (f", none like `{missing[0]}` yet" if missing else ""),
        live_since=max(one.reached_at for one in contexts) if phase is Phase.LIVE else live,
        note=last.note,
    )
