"""The brake: whoever pauses is obeyed at the next step, and nothing is believed that was read before."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import pytest

from app.brake import brake
from app.clients import Clients
from app.core.model import Held, Outcome, Reason, Result, Stage, Stop, is_untold
from app.store import Store
from app.store.ledger import EVERYWHERE
from samples import case

POLICY = "version: 1\nsentry: {organization: acme, projects: [shop]}\ncategories: {null-safety: automerge}\n"
STAGES = [stage for stage in Stage if stage is not Stage.ESCALATE]


@dataclass
class Repo:
    policy: str | None = POLICY
    reads: list[str] = field(default_factory=list)

    def repository(self, _name: str, _installation: int) -> Repo:
        return self

    async def text(self, path: str) -> str | None:
        self.reads.append(path)
        return self.policy

    @property
    def clients(self) -> Clients:
        return Clients(cast("Any", self), cast("Any", None))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(f"sqlite:///{tmp_path / 'autofix.sqlite'}")
    store.migrate()
    return store


Pause = Callable[[Repo, Store], None]
PAUSES: dict[str, Pause] = {
    "policy": lambda repo, _store: setattr(repo, "policy", POLICY + "enabled: false\n"),
    "repository": lambda _repo, store: store.ledger.pause(case().incident.repository_id, "ada"),
    "everywhere": lambda _repo, store: store.ledger.pause(EVERYWHERE, "the operator"),
}


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("pause", PAUSES)
async def test_m21_a_pause_stops_every_stage(store: Store, pause: str, stage: Stage) -> None:
    repo = Repo()
    assert await brake(repo.clients, store, case(), stage) is None
    PAUSES[pause](repo, store)
    stop = await brake(repo.clients, store, case(), stage)
    assert isinstance(stop, Stop)
    assert (stop.stage, stop.reason) == (stage, Reason.PAUSED)


@pytest.mark.parametrize("policy", [None, "version: 2\n", POLICY + "auto_merg: true\n"])
async def test_m21_a_policy_that_is_gone_or_broken_stops_what_runs(store: Store, policy: str | None) -> None:
    for stage in (Stage.FIX, Stage.MERGE, Stage.VERIFY, Stage.OBSERVE, Stage.LEARN):
        stop = await brake(Repo(policy).clients, store, case(), stage)
        assert isinstance(stop, Stop)
        assert stop.reason in {Reason.POLICY_MISSING, Reason.POLICY_INVALID}
    for stage in (Stage.DETECT, Stage.INVESTIGATE, Stage.DECIDE):
        assert await brake(Repo(policy).clients, store, case(), stage) is None, "decide tells it"


CLOSED = [
    "shadow: true\n",
    f"freeze: [{{first: {time.gmtime().tm_year - 1}-01-01, last: {time.gmtime().tm_year + 1}-12-31}}]\n",
]


@pytest.mark.parametrize("more", [*CLOSED, "replace"])
async def test_what_is_armed_is_held_when_the_policy_no_longer_lets_it_merge(store: Store, more: str) -> None:
    policy = POLICY.replace("automerge", "propose") if more == "replace" else POLICY + more
    waiting = case(merged=None)
    stop = await brake(Repo(policy).clients, store, waiting, Stage.MERGE)
    assert isinstance(stop, Stop)
    assert stop.reason is Reason.NEEDS_REVIEW
    for free in (
        case(),
        case(merged=None, approved_by="ada"),
        case(merged=None, armed=Held(stop)),
    ):
        assert await brake(Repo(policy).clients, store, free, Stage.MERGE) is None


def test_a_pause_before_anything_is_to_be_seen_is_not_told() -> None:
    paused = Outcome(Result.ESCALATED, "", Stop(Stage.FIX, Reason.PAUSED, "paused by ada"))
    assert is_untold(case(pull=None), paused)
    assert not is_untold(case(), paused)
    stranger = replace(paused, stop=Stop(Stage.DETECT, Reason.UNTRUSTED, ""))
    assert is_untold(case(), stranger)
    assert not is_untold(case(), Outcome(Result.FIXED, ""))
