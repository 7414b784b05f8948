"""What the tests of ways in share: the growth of work."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest


@pytest.fixture
def linear() -> Callable[[Callable[[int], None], int], None]:
    """Fails if twice the size takes more than two and a half times the processor's time, by the best of three."""

    def seconds(work: Callable[[int], None], size: int) -> float:
        runs = []
        for _ in range(3):
            began = time.process_time()
            work(size)
            runs.append(time.process_time() - began)
        return min(runs)

    def check(work: Callable[[int], None], size: int) -> None:
        assert seconds(work, size) < 2.5 * seconds(work, size // 2) + 0.05

    return check
