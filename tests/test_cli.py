"""`autofix serve` as an operator meets it: what it says when it cannot start, and how it stops."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

SETTINGS = {
    "AUTOFIX_APP_ID": "1",
    "AUTOFIX_PRIVATE_KEY": "not used before the first call",
    "AUTOFIX_WEBHOOK_SECRET": "a-long-secret",
    "AUTOFIX_SENTRY_TOKEN": "token",
    "AUTOFIX_SENTRY_ORGANIZATIONS": "acme",
}


def serve(settings: dict[str, str], folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "app", "serve"],
        env={"AUTOFIX_DATA_DIR": str(folder), **settings},
        cwd=folder,
        stderr=subprocess.PIPE,
        text=True,
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def port() -> int:
    return free_port()


def test_what_is_missing_is_named_with_what_it_is(tmp_path: Path) -> None:
    process = serve({key: value for key, value in SETTINGS.items() if "SECRET" not in key}, tmp_path)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "AUTOFIX_WEBHOOK_SECRET is not set. The App's webhook secret" in said
    assert "Traceback" not in said


def test_it_serves_stops_in_good_order_and_guards_its_folder(tmp_path: Path, port: int) -> None:
    first = serve({**SETTINGS, "AUTOFIX_PORT": str(port)}, tmp_path)
    assert first.stderr is not None
    try:
        for line in first.stderr:
            if "ready" in line:
                break
        assert httpx.get(f"http://127.0.0.1:{port}/readyz", trust_env=False).json() == {"status": "ready"}
        second = serve({**SETTINGS, "AUTOFIX_PORT": "0"}, tmp_path)
        _, said = second.communicate(timeout=60)
        assert second.returncode == 1
        assert f"another Autofix is running on {tmp_path}" in said
        assert "Traceback" not in said
    finally:
        first.send_signal(signal.SIGTERM)
        rest = first.stderr.read()
        first.stderr.close()
    assert first.wait(timeout=60) == 0, rest


def test_a_taken_port_is_said(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        number = taken.getsockname()[1]
        with serve({**SETTINGS, "AUTOFIX_PORT": str(number)}, tmp_path) as process:
            _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "autofix has ended" in said
    assert str(number) in said


def test_help_names_the_commands() -> None:
    told = subprocess.run(
        [sys.executable, "-m", "app", "--help"], capture_output=True, text=True, timeout=60, check=True
    )
    assert {"serve", "demo"} <= set(told.stdout.split())
