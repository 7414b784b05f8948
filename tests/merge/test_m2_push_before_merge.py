"""M2: a push lands between the last check and the merge. And the proof that these tests would notice a missing binding.

The negative controls are the same client with the binding to the head left out. They merge the foreign commit, so the
oracle of the real tests (`foreign_is_in`) is one that can fail. `tests/test_negative_controls.py` runs the real tests
against that client, and they fail.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from app.clients.github import RepositoryClient
from app.core.model import Held, Merged, Reason, Stop
from app.merge import disarm
from controls import unbound_merge
from samples import FIX

from .conftest import QUEUE, Fix, ruleset

EVIL = "evil.py"


async def slip_in(fix: Fix) -> str:
    """A push to our branch whose own workflows report everything green, under the names that the rules require."""
    sha = fix.world.push(fix.pull.branch, {EVIL: "import os\n"})
    await fix.green(sha=sha)
    return sha


def foreign_is_in(fix: Fix) -> bool:
    return fix.main(EVIL) is not None


def just_before(
    fix: Fix, verb: str, call: Callable[..., Awaitable[None]], patch: pytest.MonkeyPatch
) -> list[str]:
    """`call` is what the client does for `verb`, and the foreign push lands right before it, once."""
    pushed: list[str] = []

    async def late(self: RepositoryClient, *arguments: Any) -> None:
        if not pushed:
            pushed.append(await slip_in(fix))
        await call(self, *arguments)

    patch.setattr(RepositoryClient, verb, late)
    return pushed


async def test_m2_a_push_right_before_the_merge_is_not_merged(
    fix: Fix, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fix.green()
    pushed = just_before(fix, "merge", RepositoryClient.merge, monkeypatch)
    held = await fix.arm()
    assert isinstance(held, Held)
    assert (held.stop.reason, pushed[0][:7] in held.stop.detail) == (Reason.HANDED_OVER, True)
    assert not foreign_is_in(fix)
    (answer,) = [exchange for exchange in fix.world.github.journal if exchange.path.endswith("/merge")]
    assert answer.status == 409
    assert fix.record.head_sha == pushed[0]


async def test_m2_a_push_right_before_arming_is_not_armed(fix: Fix, monkeypatch: pytest.MonkeyPatch) -> None:
    just_before(fix, "enable_auto_merge", RepositoryClient.enable_auto_merge, monkeypatch)
    held = await fix.arm()
    assert isinstance(held, Held)
    assert held.stop.reason is Reason.HANDED_OVER
    assert fix.record.auto_merge is None
    assert not foreign_is_in(fix)


async def test_m2_a_push_right_before_the_queue_is_not_queued(
    fix: Fix, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fix.as_alice("POST", "/repos/acme/shop/rulesets", ruleset(QUEUE))
    await fix.green()
    pushed = just_before(fix, "enqueue", RepositoryClient.enqueue, monkeypatch)
    held = await fix.arm()
    assert isinstance(held, Held), held
    assert (held.stop.reason, fix.record.head_sha) == (Reason.HANDED_OVER, pushed[0])
    assert fix.record.queued is None
    assert not foreign_is_in(fix)


async def test_negative_control_a_merge_without_the_sha_merges_the_foreign_commit(
    fix: Fix, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fix.green()
    just_before(fix, "merge", unbound_merge.merge, monkeypatch)
    await fix.arm()
    assert foreign_is_in(fix)
    # Even then nothing is called merged, let alone verified: the head is not the one we pushed.
    stop = await fix.merged()
    assert isinstance(stop, Stop)
    assert stop.reason is Reason.HANDED_OVER


async def test_negative_control_arming_without_the_head_merges_the_foreign_commit(
    fix: Fix, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def push_only(self: RepositoryClient, *arguments: Any) -> None:
        sha = fix.world.push(fix.pull.branch, {EVIL: "import os\n"})
        await unbound_merge.enable_auto_merge(self, *arguments)
        await fix.green(sha=sha)

    monkeypatch.setattr(RepositoryClient, "enable_auto_merge", push_only)
    await fix.arm()
    assert foreign_is_in(fix)


async def test_without_a_foreign_push_the_same_steps_merge_ours(fix: Fix) -> None:
    await fix.green()
    await fix.arm()
    assert isinstance(await fix.merged(), Merged)
    assert fix.main(FIX.path) == FIX.after
    await disarm(fix.clients, fix.file)
    assert not foreign_is_in(fix)
