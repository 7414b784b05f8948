"""Gates on what GitHub says at this very moment: the live head, the commit's signature, and the jobs of the policy.

Without a token nobody can look. For a proposal that is said to its reviewers; what is to be merged without a person, or
needs other jobs by the policy, is denied.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from app.core.model import Action
from app.verify.gates.claim import Claim, makes_a_claim
from app.verify.gates.entry import WEB_FLOW, Account, Entry
from app.verify.gates.gate import Gate, Objection, Weight

# Workflows report as this app; a check of the same name by anybody else proves nothing.
CHECK_APP = "github-actions"
_WITH_APP = re.compile(r"(?P<name>.+)@(?P<app>[a-z0-9][a-z0-9-]*)")


@dataclass(frozen=True, slots=True)
class Pull:
    """The pull request, and the commit that was evaluated, as the API has them now.

    `bot` is the account that the bot's login names; `commit_author` and `committer` are None where GitHub knows nobody
    of that mail address. `armed_by` is who switched auto-merge on, if that is known.
    """

    head: str
    base_ref: str
    is_open: bool
    armed: bool
    author: Account
    bot: Account
    commit_author: Account | None
    committer: Account | None
    verified: bool
    reason: str
    armed_by: Account | None = None

    @property
    def by_bot(self) -> bool:
        """True if the commit says that the bot made it. Anybody can say so: only `verified` shows it."""
        who = self.committer
        signed = who is not None and (who.id == self.bot.id or who.login == WEB_FLOW)
        return signed and self.commit_author is not None and self.commit_author.id == self.bot.id


@dataclass(frozen=True, slots=True)
class Live:
    """What was evaluated, and what GitHub says; `pull` is a sentence where GitHub was not asked or did not answer.

    `bound` tells that the answer decides: something is to happen without a person.
    """

    head: str
    base_ref: str
    bot_id: int
    bound: bool
    pull: Pull | str


@dataclass(frozen=True, slots=True)
class CheckRun:
    """One check run on a commit, the newest of its name and app."""

    name: str
    app: str
    head: str
    status: str
    conclusion: str | None

    @property
    def is_green(self) -> bool:
        """Only success is green: neutral, skipped and stale are not."""
        return self.status == "completed" and self.conclusion == "success"


@dataclass(frozen=True, slots=True)
class Jobs:
    """The jobs that the policy names, and the check runs of the head; a sentence where they could not be read."""

    head: str
    required: tuple[str, ...]
    runs: tuple[CheckRun, ...] | str


def is_bound(claim: Claim | object) -> bool:
    """True unless the claim is a fix that a person merges: a revert needs no less than an answer."""
    return not isinstance(claim, Claim) or claim.action is Action.AUTOMERGE


def new_owner(entry: Entry, pull: Pull, head: str) -> str | None:
    """Who has made the bot's branch their own, if a person has, and nothing merges it without a person.

    The head must certainly be no commit that Autofix pushed. One that only might be ours never counts, because nothing
    is proved of a person's branch.
    """
    if pull.armed or pull.head != head or pull.by_bot or pull.author.id != pull.bot.id:
        return None
    people = [who.login for who in (pull.committer, pull.commit_author) if who is not None and who.is_person]
    if not people and entry.single and makes_a_claim(entry.trailers):
        return None
    return people[0] if people else "somebody"


def live_head(live: Live) -> Iterator[Objection]:
    """The evaluated commit is the pull request's head now, on the same base."""
    pull = live.pull
    if isinstance(pull, str):
        yield _unknown(live, pull)
        return
    if pull.head != live.head:
        yield Objection(
            f"the pull request's head is {pull.head[:12]} by now: this run is about {live.head[:12]}"
        )
    if pull.base_ref != live.base_ref:
        yield Objection(f"the pull request goes to {pull.base_ref} by now, not to {live.base_ref}")
    if not pull.is_open:
        yield Objection("the pull request is closed")


def own_commit(live: Live) -> Iterator[Objection]:
    """GitHub itself made the commit for the bot that opened the pull request."""
    pull = live.pull
    if isinstance(pull, str):
        yield _unknown(live, pull)
        return
    if pull.author.id != pull.bot.id or (live.bot_id and pull.bot.id != live.bot_id):
        yield Objection(
            f"the pull request is of the account {pull.author.id}, the bot is {live.bot_id or pull.bot.id}"
        )
    if not pull.by_bot:
        armed = "; switch auto-merge off, and it is handed over" if pull.armed else ""
        yield Objection(f"the head commit was not made by {pull.bot.login}{armed}")
    elif not pull.verified:
        yield Objection(f"GitHub does not verify the head commit's signature ({pull.reason})")


def by_a_person(live: Live) -> Iterator[Objection]:
    """Nothing merges it unless a person says so: if auto-merge is on, a person has switched it on."""
    pull = live.pull
    if isinstance(pull, str):
        yield _unknown(live, pull)
    elif pull.armed and not (pull.armed_by and pull.armed_by.is_person):
        who = pull.armed_by.login if pull.armed_by else "nobody known"
        yield Objection(f"auto-merge was switched on by {who}: it is for a person to take a fix back")


def _unknown(live: Live, why: str) -> Objection:
    return Objection(why, weight=Weight.DENIES if live.bound else Weight.UNCHECKED)


def jobs(found: Jobs) -> Iterator[Objection]:
    """The jobs that the policy names are green on exactly this head."""
    if not found.required:
        return
    if isinstance(found.runs, str):
        yield Objection(f"the policy wants {', '.join(found.required)} to be green: {found.runs}")
        return
    for wanted in found.required:
        own = runs_of(wanted, found.head, found.runs)
        if not own:
            yield Objection(f"{wanted} never started on this head")
        for run in own:
            if not run.is_green:
                yield Objection(f"{wanted} is {run.conclusion or run.status} on this head")


def runs_of(wanted: str, head: str, runs: Iterable[CheckRun]) -> list[CheckRun]:
    """The check runs of a job as the policy names it: `name`, or `name@app` for another app than GitHub Actions."""
    named = _WITH_APP.fullmatch(wanted)
    name, app = (named["name"], named["app"]) if named else (wanted, CHECK_APP)
    return [run for run in runs if (run.name, run.app, run.head) == (name, app, head)]


def is_settled(found: Jobs) -> bool:
    """True if waiting changes nothing: every named job has ended, or one has ended otherwise than green."""
    if isinstance(found.runs, str):
        return True
    per_job = [runs_of(wanted, found.head, found.runs) for wanted in found.required]
    ended = [run for own in per_job for run in own if run.status == "completed"]
    if any(not run.is_green for run in ended):
        return True
    return all(own and all(run.status == "completed" for run in own) for own in per_job)


LIVE: tuple[Gate[Live], ...] = (
    Gate("own-commit", "GitHub signed the commit for the bot", own_commit),
    Gate("live-head", "It is the pull request's head at this moment", live_head),
)
PERSON: tuple[Gate[Live], ...] = (Gate("by-a-person", "No machine merges it by itself", by_a_person),)
JOBS: tuple[Gate[Jobs], ...] = (Gate("jobs", "The jobs that the policy names are green on this head", jobs),)
STILL: tuple[Gate[Live], ...] = (
    Gate("still-head", "It is still the head after everything was run", live_head),
)
