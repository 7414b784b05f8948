"""The sample repository and its scenarios do what the demo's story needs."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from app.demo.platform.traffic import fill, parse_mix

DEMO = Path(__file__).parents[2] / "app" / "demo"
SAMPLE = DEMO / "sample"
SCENARIOS = ("novel", "red-tests", "bad-canary", "datadog")
PLAIN_ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
}

# What an automatic guard amounts to, whichever way it is written.
GUARDS = {
    "early-return": (
        "    percent = ",
        "    if customer.membership is None:\n        return 0\n    percent = ",
    ),
    "conditional": (
        "customer.membership.level, 0",
        "customer.membership.level if customer.membership is not None else None, 0",
    ),
}

REQUESTS = """
import asyncio, json, sys
from aiohttp.test_utils import TestClient, TestServer
from shop.web import create_app

async def main():
    seen = {}
    async with TestClient(TestServer(create_app("shop@test"))) as client:
        for request in json.load(sys.stdin):
            answer = await client.request(request["method"], request["path"], json=request["json"])
            seen[answer.status] = seen.get(answer.status, 0) + 1
    print(json.dumps(seen))

asyncio.run(main())
"""


def checkout(folder: Path, scenario: str | None = None, guard: str | None = None) -> Path:
    shutil.copytree(SAMPLE, folder)
    if scenario is not None:
        shutil.copytree(DEMO / "scenarios" / scenario, folder, dirs_exist_ok=True)
    if guard is not None:
        failing = folder / "shop" / "checkout.py"
        before, after = GUARDS[guard]
        text = failing.read_text()
        assert text.count(before) == 1
        failing.write_text(text.replace(before, after))
    return folder


def run(folder: Path, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=PLAIN_ENVIRONMENT,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def suite(folder: Path) -> subprocess.CompletedProcess[str]:
    return run(folder, "-m", "pytest", "-q", "-p", "no:cacheprovider")


def answers(folder: Path) -> tuple[dict[str, int], str]:
    """How 300 requests of the live mix are answered by status, and what the service logged."""
    chance = random.Random(3)
    mix = parse_mix((folder / "traffic.json").read_text())
    chosen = chance.choices(mix, [item.weight for item in mix], k=300)
    requests = [
        {"method": item.method, "path": item.path, "json": fill(item.body, chance)} for item in chosen
    ]
    done = run(folder, "-c", REQUESTS, stdin=json.dumps(requests))
    assert done.returncode == 0, done.stderr
    counts: dict[str, int] = json.loads(done.stdout)
    return counts, done.stderr


def raised(log: str) -> set[str]:
    return {line.split(":")[0] for line in log.splitlines() if re.match(r"[\w.]*[A-Z]\w+(: |$)", line)} - {
        "Traceback (most recent call last)"
    }


@pytest.mark.parametrize("scenario", [None, *SCENARIOS])
def test_the_suite_passes_before_any_fix(tmp_path: Path, scenario: str | None) -> None:
    done = suite(checkout(tmp_path / "shop", scenario))
    assert done.returncode == 0, done.stdout


def test_a_fifth_of_the_live_traffic_fails_with_the_none(tmp_path: Path) -> None:
    counts, log = answers(checkout(tmp_path / "shop"))
    assert 0.14 < counts["500"] / 300 < 0.26
    assert set(counts) == {"200", "201", "404", "500"}
    assert raised(log) == {"AttributeError"}
    assert "'NoneType' object has no attribute 'level'" in log
    line = next(
        number
        for number, text in enumerate((SAMPLE / "shop" / "checkout.py").read_text().splitlines(), 1)
        if "customer.membership.level" in text
    )
    assert f'shop/checkout.py", line {line}, in loyalty_discount' in log


@pytest.mark.parametrize("guard", GUARDS)
def test_a_guard_repairs_the_sample(tmp_path: Path, guard: str) -> None:
    folder = checkout(tmp_path / "shop", guard=guard)
    assert suite(folder).returncode == 0
    assert "500" not in answers(folder)[0]


@pytest.mark.parametrize("guard", GUARDS)
def test_a_guard_turns_the_suite_of_red_tests_red(tmp_path: Path, guard: str) -> None:
    done = suite(checkout(tmp_path / "shop", "red-tests", guard))
    assert done.returncode == 1
    assert "test_nothing_is_sold_before_the_registration_is_complete" in done.stdout


@pytest.mark.parametrize("guard", GUARDS)
def test_a_guard_of_bad_canary_passes_the_suite_and_fails_live(tmp_path: Path, guard: str) -> None:
    folder = checkout(tmp_path / "shop", "bad-canary", guard)
    assert suite(folder).returncode == 0
    counts, log = answers(folder)
    assert 0.14 < counts["500"] / 300 < 0.26
    assert raised(log) == {"ValueError"}


def test_novel_fails_live_with_its_own_exception(tmp_path: Path) -> None:
    counts, log = answers(checkout(tmp_path / "shop", "novel"))
    assert 0.14 < counts["500"] / 300 < 0.26
    assert raised(log) == {"shop.shipping.TariffConflict"}


def test_datadog_fails_live_with_a_none_of_its_own(tmp_path: Path) -> None:
    counts, log = answers(checkout(tmp_path / "shop", "datadog"))
    assert 0.14 < counts["500"] / 300 < 0.26
    assert raised(log) == {"AttributeError"}
    assert "in level_line" in log
    assert "in loyalty_discount" not in log


def test_workflows_are_pinned_and_take_no_event_data_into_a_shell() -> None:
    workflows = {path.name: path.read_text() for path in (SAMPLE / ".github" / "workflows").glob("*.yml")}
    assert set(workflows) == {"ci.yml", "autofix.yml", "deploy.yml"}
    for text in workflows.values():
        workflow = yaml.safe_load(text)
        assert workflow["permissions"] in ({}, {"contents": "read"})
        for job in workflow["jobs"].values():
            assert job.get("permissions", workflow["permissions"])["contents"] == "read"
            for step in job["steps"]:
                assert "${{" not in step.get("run", "")
                assert re.search(r"@[0-9a-f]{40}$", step.get("uses", f"@{'0' * 40}"))
                if step.get("uses", "").startswith("actions/checkout@"):
                    assert step["with"]["persist-credentials"] is False
    assert {name for text in workflows.values() for name in yaml.safe_load(text)["jobs"]} == {
        "tests",
        "autofix",
        "deploy",
    }
