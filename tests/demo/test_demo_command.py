"""`autofix demo` as a user types it: what it prints, writes, and leaves behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.demo import keeper

KEYS = {
    "scenario",
    "outcome",
    "reason",
    "mttr_seconds",
    "own_seconds",
    "stages",
    "pull_request",
    "errors_before",
    "errors_after",
    "summary",
}


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "app", "demo", *arguments]


def environment(temporary: Path) -> dict[str, str]:
    temporary.mkdir()
    return {**os.environ, "TMPDIR": str(temporary), "COLUMNS": "100"}


def test_a_scenario_ends_as_told_writes_json_and_leaves_nothing(tmp_path: Path) -> None:
    told = subprocess.run(
        command("--scenario", "novel", "--json", str(tmp_path / "story.json"), "--seed", "3"),
        env=environment(tmp_path / "temporary"),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert told.returncode == 0, told.stdout + told.stderr
    story = json.loads((tmp_path / "story.json").read_text())
    assert set(story) == KEYS
    assert (story["scenario"], story["outcome"], story["pull_request"]) == ("novel", "escalated", None)
    assert [stage["stage"] for stage in story["stages"]][:2] == ["detect", "investigate"]
    assert story["summary"] in " ".join(told.stdout.replace("│", " ").split())
    assert list((tmp_path / "temporary").iterdir()) == []


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for processes in /proc")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_an_interrupted_demo_leaves_no_process_and_no_file(tmp_path: Path, number: signal.Signals) -> None:
    demo = subprocess.Popen(
        command("--seed", "3"),
        env=environment(tmp_path / "temporary"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert demo.stdout is not None
    for line in demo.stdout:
        if "customers use the shop" in line:
            break
    started = descendants(demo.pid)
    assert len(started) > 1
    demo.send_signal(number)
    rest = demo.stdout.read()
    demo.stdout.close()
    assert demo.wait(timeout=60) == (-number if number is signal.SIGKILL else 130), rest
    deadline = time.monotonic() + 2 * keeper.GRACE_SECONDS
    while any(alive(process) for process in started) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert [process for process in started if alive(process)] == []
    if number is not signal.SIGKILL:
        assert list((tmp_path / "temporary").iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--scenario", "nope"), "there is no scenario 'nope'; known are: fixed, novel"),
        (("--json", "/no/such/folder/x.json"), "there is no such folder"),
        (("--shop", "/no/such/folder"), "is no copy of the sample repository"),
    ],
)
def test_bad_input_is_told_at_once(arguments: tuple[str, ...], said: str) -> None:
    told = subprocess.run(command(*arguments), capture_output=True, text=True, timeout=60, check=False)
    assert told.returncode == 2
    assert said in told.stderr


def descendants(process: int) -> set[int]:
    """All living processes that `process` started, directly or not."""
    parents = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents[int(folder.name)] = int(fields[1])
    found = {process}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {process}


def alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
