from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from hostile_shop import make_template
from verification import LiveGitHub, Verdict

_AT_ONCE = 2


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveGitHub]:
    """A GitHub that answers, for every test that wants one."""
    with LiveGitHub(tmp_path_factory.mktemp("github")).running() as running:
        yield running


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shop's repository; to be copied, not to be written to."""
    return make_template(tmp_path_factory.mktemp("shop") / "shop")


@pytest.fixture(scope="module")
def verdict_on(
    request: pytest.FixtureRequest, shop: Path, live: LiveGitHub, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[Any], Verdict]]:
    """What the module's `run` gives for each case that is to be tested: two are run at a time, in the tests' order."""
    cases: list[Any] = []
    for item in request.session.items:
        given: Any = getattr(item, "callspec", None)
        if getattr(item, "module", None) is request.module and given and "case" in given.params:
            cases.append(given.params["case"])
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        verdicts = {
            id(case): pool.submit(
                request.module.run, case, shop, tmp_path_factory.mktemp("case") / "shop", live
            )
            for case in cases
        }
        yield lambda case: verdicts[id(case)].result()
        pool.shutdown(cancel_futures=True)
