"""Gates at the door: whose pull request it is, on which base, and what its one commit says of itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from app.core.model import Reason, Stage, Stop
from app.core.policy import Policy, granted
from app.verify.gates.claim import Claim, Revert, read_claim, read_revert, takes_back
from app.verify.gates.gate import Gate, Objection


@dataclass(frozen=True, slots=True)
class Account:
    """A GitHub account. Only its id says who it is."""

    id: int
    login: str
    kind: str

    @property
    def is_person(self) -> bool:
        """True for people; GitHub signs what is made in its own pages as an account of its own."""
        return self.kind == "User" and self.login != WEB_FLOW


WEB_FLOW = "web-flow"


@dataclass(frozen=True, slots=True)
class Entry:
    """The pull request of the event, and its commits as git has them.

    `bot_id` is 0 where the workflow does not name it; then the login, which only an App can have, must be enough.
    `policy_text` is the file of the base commit of the event, None if there is none.
    """

    author: Account
    bot_login: str
    bot_id: int
    base_ref: str
    default_branch: str
    merge_bases: tuple[str, ...]
    parents: tuple[str, ...]
    commits: int
    trailers: tuple[str, ...]
    policy_text: str | None
    message: str = ""

    @property
    def single(self) -> bool:
        """True if the head is one commit on top of the one merge base."""
        return len(self.merge_bases) == 1 and self.parents == self.merge_bases

    @property
    def claim(self) -> Claim | Revert | tuple[Objection, ...]:
        """What the commit claims, or what is wrong with that."""
        if takes_back(self.trailers):
            return read_revert(self.trailers, self.message)
        return read_claim(self.trailers)

    @property
    def policy(self) -> Policy | Stop:
        """The policy of the base, or why it grants nothing."""
        return granted(self.policy_text, Stage.VERIFY)


def author(entry: Entry) -> Iterator[Objection]:
    """A branch named as ours proves nothing: the bot must have opened the pull request."""
    who = entry.author
    if who.kind != "Bot" or who.login != entry.bot_login:
        yield Objection(
            f"the pull request was opened by {who.login}, not by {entry.bot_login}; a branch of people is named "
            "otherwise than `autofix/...`, and another bot's login is given as `bot-login`"
        )
    elif entry.bot_id and who.id != entry.bot_id:
        yield Objection(f"the account {who.login} has the id {who.id}, not {entry.bot_id}: it is another one")


def base_branch(entry: Entry) -> Iterator[Objection]:
    """The policy is the default branch's, so fixes go nowhere else."""
    if not entry.default_branch or entry.base_ref != entry.default_branch:
        yield Objection(f"the pull request goes to {entry.base_ref}, not to the default branch")


def one_commit(entry: Entry) -> Iterator[Objection]:
    """One commit, so that no other one hides behind it."""
    if len(entry.merge_bases) != 1:
        yield Objection(f"base and head have {len(entry.merge_bases)} merge bases, one is needed")
    elif not entry.single:
        yield Objection(f"{entry.commits} commits lie on top of the merge base, exactly one is allowed")


def trailers(entry: Entry) -> Iterator[Objection]:
    """The claim is complete and well formed."""
    if isinstance(entry.claim, tuple):
        yield from entry.claim


def policy(entry: Entry) -> Iterator[Objection]:
    """The policy on the base is valid and lets Autofix work; a fix may be taken back while it is paused."""
    stop = entry.policy
    paused = isinstance(stop, Stop) and stop.reason is Reason.PAUSED
    if isinstance(stop, Stop) and not (paused and isinstance(entry.claim, Revert)):
        yield Objection(stop.detail)


ENTRY: tuple[Gate[Entry], ...] = (
    Gate("author", "Autofix opened the pull request, from this repository", author),
    Gate("base-branch", "It goes to the default branch", base_branch),
    Gate("one-commit", "It is one commit on top of the base", one_commit),
    Gate("trailers", "The commit says what it claims", trailers),
    Gate("policy", "The policy on the base is valid, and on unless a fix is taken back", policy),
)
