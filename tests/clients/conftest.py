from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest


class Naps(list[float]):
    """Remembers how long it was asked to sleep."""

    async def __call__(self, seconds: float) -> None:
        self.append(seconds)


@pytest.fixture
def naps() -> Naps:
    return Naps()


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False) as client:
        yield client
