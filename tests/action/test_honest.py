"""Fixes that the product itself writes pass: nine of each category, as far as the patterns' examples go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from app.core.category import CATEGORIES
from honest_fixes import Honest, honest_fixes
from proposed_fix import Checkout, message
from verification import LiveGitHub, Verdict, verify

LEAST = 40
POLICY = "version: 1\nsentry: {organization: acme, projects: [shop]}\ncategories:\n" + "".join(
    f"  {category}: automerge\n" for category in CATEGORIES
)
OWN_TEST = "def test_nothing():\n    pass\n"


def run(honest: Honest, folder: Path, live: LiveGitHub) -> Verdict:
    """The Action's verdict on the fix, as it would be merged without a person."""
    files = {**honest.files, "tests/test_own.py": OWN_TEST, ".github/autofix.yml": POLICY}
    checkout = Checkout(folder, dict(files))
    checkout.create()
    patch = honest.patch
    checkout.write({change.path: change.after for change in patch.changes})
    path, line = honest.place
    claim = {
        "test": patch.test.test_id,
        "exception": honest.exception,
        "place": f"{path}:{line}",
        "fix": patch.fix.path,
        "category": patch.category,
        "action": "automerge",
    }
    published = live.publish(checkout, checkout.commit(message(**claim)))
    return verify(folder, published.event, **published.inputs)


@pytest.fixture(scope="module")
def fixes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Honest]:
    return honest_fixes(tmp_path_factory.mktemp("honest"))


@pytest.fixture(scope="module")
def verdicts(
    fixes: dict[str, Honest], live: LiveGitHub, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mapping[str, Future[Verdict]]]:
    """The verdict on every fix; two are run at a time."""
    with ThreadPoolExecutor(2) as pool:
        yield {
            name: pool.submit(run, honest, tmp_path_factory.mktemp("case") / "shop", live)
            for name, honest in fixes.items()
        }


@pytest.mark.timeout(900)
def test_honest_fixes_pass(fixes: dict[str, Honest], verdicts: Mapping[str, Future[Verdict]]) -> None:
    counts = Counter(honest.patch.category for honest in fixes.values())
    assert set(counts) == set(CATEGORIES)
    assert sum(counts.values()) >= LEAST
    refused = {
        name: one.result().errors for name, one in verdicts.items() if one.result().result != "verified"
    }
    assert not refused, "\n".join(f"{name}: {errors}" for name, errors in refused.items())
