"""Looks that come by themselves: one that fails is not the last one, and none comes after the stop."""

from __future__ import annotations

import asyncio

from app.web.rounds import Rounds


class Looker:
    """Fails at its first look, and notes all of them."""

    name = "a looker"

    def __init__(self) -> None:
        self.looks = 0
        self.again = asyncio.Event()

    async def look(self) -> None:
        self.looks += 1
        if self.looks == 1:
            raise RuntimeError("the database is away")
        self.again.set()


async def test_a_look_that_fails_is_not_the_last_one_and_a_stop_is_the_end() -> None:
    looker = Looker()
    rounds = Rounds(looker, 0.0)
    rounds.start()
    async with asyncio.timeout(20):
        await looker.again.wait()
        await rounds.stop()
    seen = looker.looks
    await asyncio.sleep(0.05)
    assert looker.looks == seen


async def test_what_was_never_started_is_stopped_at_once() -> None:
    looker = Looker()
    await Rounds(looker, 0.0).stop()
    assert looker.looks == 0
