"""What is switched off when an incident ends: what we switched on for our open pull request, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest

from app.clients import Clients
from app.clients.github.answers import PullState
from app.merge import disarm
from merge_samples import ALICE, BOT_ACTOR, state
from samples import INCIDENT, PULL, case

AUTO, QUEUE = ["disable_auto_merge"], ["dequeue"]


def armed(by: dict[str, Any] | None) -> dict[str, Any]:
    return {"autoMergeRequest": {"enabledBy": by}}


def queued(by: dict[str, Any] | None) -> dict[str, Any]:
    entry = {"state": "QUEUED", "enqueuer": by}
    return {"isInMergeQueue": True, "autoMergeRequest": None, "mergeQueueEntry": entry}


@dataclass
class Repo:
    """A repository with one pull request; notes what is asked and done, and on which."""

    pull: PullState
    identity: int = INCIDENT.repository_id
    asked: list[str] = field(default_factory=list)
    done: list[str] = field(default_factory=list)

    def repository(self, _name: str, _installation: int) -> Repo:
        return self

    async def facts(self) -> Any:
        self.asked.append("facts")
        return SimpleNamespace(id=self.identity)

    async def pull_state(self, number: int) -> PullState:
        assert number == PULL.number
        self.asked.append("pull")
        return self.pull

    async def disable_auto_merge(self, node: str) -> None:
        assert node == PULL.node_id
        self.done += AUTO

    async def dequeue(self, node: str) -> None:
        assert node == PULL.node_id
        self.done += QUEUE

    @property
    def clients(self) -> Clients:
        return Clients(cast("Any", self), cast("Any", None))


@pytest.mark.parametrize(
    ("changed", "done"),
    [
        (armed(BOT_ACTOR), AUTO),
        (armed(ALICE), []),
        (armed(None), []),
        ({"autoMergeRequest": None}, []),
        (queued(BOT_ACTOR), QUEUE),
        (queued(ALICE), []),
        (queued(None), []),
        ({**queued(BOT_ACTOR), **armed(BOT_ACTOR)}, AUTO + QUEUE),
        ({**queued(ALICE), **armed(BOT_ACTOR)}, AUTO),
        ({**queued(BOT_ACTOR), **armed(ALICE)}, QUEUE),
        # GitHub goes on telling who switched it on; there is nothing left to switch off.
        ({**armed(BOT_ACTOR), "merged": True, "state": "MERGED"}, []),
        ({**armed(BOT_ACTOR), "state": "CLOSED"}, AUTO),
    ],
)
async def test_what_we_switched_on_is_off_and_what_others_did_stays(
    changed: dict[str, Any], done: list[str]
) -> None:
    repo = Repo(state(**changed))
    await disarm(repo.clients, case(merged=None))
    assert repo.done == done


@pytest.mark.parametrize("changed", [{"pull": None, "merged": None}, {}])
async def test_without_a_pull_request_that_may_still_merge_nothing_is_asked(changed: dict[str, Any]) -> None:
    repo = Repo(state(**armed(BOT_ACTOR)))
    await disarm(repo.clients, case(**changed))
    assert (repo.asked, repo.done) == ([], [])


async def test_m24_in_another_repository_of_that_name_nothing_is_switched_off() -> None:
    repo = Repo(state(**armed(BOT_ACTOR)), identity=INCIDENT.repository_id + 1)
    await disarm(repo.clients, case(merged=None))
    assert (repo.asked, repo.done) == (["facts"], [])
