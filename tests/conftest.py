"""How the tests are spread over the cores."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """A worker that has nothing left takes tests from another: a story takes as long as a thousand small tests."""
    from xdist.scheduler import (  # type: ignore[import-untyped]  # noqa: PLC0415 - only where xdist is at work
        WorkStealingScheduling,
    )

    return WorkStealingScheduling(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Each half of the tests begins with half of the stories, so that none of them is what everything waits for."""
    stories = [item for item in items if "tests/flows/" in item.nodeid]
    others = [item for item in items if "tests/flows/" not in item.nodeid]
    half = len(others) // 2
    items[:] = [*stories[::2], *others[:half], *stories[1::2], *others[half:]]
