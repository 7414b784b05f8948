"""The suite itself is tested: a product without one of these two gates must fail it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
CONTROLS = [
    pytest.param("guid_only", ["store/test_store.py", "web"], "w10", id="w10-dedupe-by-guid-only"),
    pytest.param("unbound_merge", ["merge"], "m2_a", id="m2-merge-without-the-sha"),
]


@pytest.mark.parametrize(("control", "where", "rows"), CONTROLS)
def test_a_product_that_is_broken_on_purpose_is_noticed(control: str, where: list[str], rows: str) -> None:
    paths = [str(TESTS / name) for name in where]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", rows, *paths]
    good = subprocess.run(command, cwd=TESTS.parent, capture_output=True, text=True, check=False)
    assert good.returncode == 0, good.stdout
    broken = subprocess.run(
        [*command, "-p", f"controls.{control}"], cwd=TESTS.parent, capture_output=True, text=True, check=False
    )
    assert broken.returncode == 1, broken.stdout
    assert "failed" in broken.stdout.splitlines()[-1]
