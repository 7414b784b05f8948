"""The commands as an operator meets them: what they say, what they change, how the server starts and stops."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from app.cli import main
from app.core.calling import Severity
from app.core.model import Outcome, Result
from app.core.notice import Notice
from app.store import Store
from app.store.outbox import NoticeState
from receiver import receiving

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


# The policy, trust and the brake ---------------------------------------------------------------------------------

VALID = "version: 1\nsentry: {organization: acme, projects: [shop]}\ncategories: {null-safety: automerge}\n"


@pytest.mark.parametrize(
    ("text", "status", "says"),
    [
        (VALID, 0, "null-safety: automerge"),
        (VALID + "enabled: false\n", 0, "switches the automation off"),
        (VALID + "shadow: true\n", 0, "shadow mode"),
        (VALID + "auto_merg: true\n", 1, "auto_merg"),
        (None, 2, "cannot read"),
    ],
)
def test_a_policy_is_checked_before_it_is_pushed(
    text: str | None, status: int, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "autofix.yml"
    if text is not None:
        file.write_text(text)
    assert _status("policy", "check", str(file)) == status
    output = capsys.readouterr()
    assert says in output.out + output.err


def test_the_schema_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert _status("policy", "schema") == 0
    assert json.loads(capsys.readouterr().out)["title"] == "Autofix policy"


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    store = Store(f"sqlite:///{tmp_path / 'autofix.sqlite'}")
    store.migrate()
    incident, _ = store.open_incident(
        repository="acme/shop", repository_id=501, installation_id=7, issue=3, fingerprint="sentry:1"
    )
    store.ledger.remember(incident, "null-safety", "guard", Outcome(Result.FIXED, ""), would_merge=True)
    store.close()
    monkeypatch.setenv("AUTOFIX_DATA_DIR", str(tmp_path))
    monkeypatch.delenv("AUTOFIX_DATABASE_URL", raising=False)
    return tmp_path


def test_trust_is_shown_with_its_reasons_and_exported(
    data_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    policy, export = data_dir / "autofix.yml", data_dir / "trust.json"
    policy.write_text(VALID + "trust: {earn: 1}\n")
    assert _status("trust", "Acme/Shop", "--policy", str(policy), "--json", str(export)) == 0
    shown = capsys.readouterr().out
    assert "trusted" in shown
    assert "shadow" in shown
    data = json.loads(export.read_text())
    assert {one["category"]: one["level"] for one in data["levels"]}["null-safety"] == "trusted"
    (fix,) = data["fixes"]
    assert (fix["end"], fix["would_merge"], fix["pattern"]) == ("verified", True, "guard")


def test_without_data_there_is_nothing_to_show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AUTOFIX_DATABASE_URL", raising=False)
    monkeypatch.setenv("AUTOFIX_DATA_DIR", str(tmp_path / "no-such"))
    assert [_status("trust", "acme/shop"), _status("pause"), _status("resume")] == [2, 2, 2]


@pytest.mark.usefixtures("data_dir")
def test_trust_of_an_unknown_repository_is_not_invented() -> None:
    assert [_status("trust", "acme/other"), _status("pause", "acme/other")] == [1, 1]


def test_the_operator_pauses_one_repository_or_all(data_dir: Path) -> None:
    store = Store(f"sqlite:///{data_dir / 'autofix.sqlite'}")
    assert _status("pause", "acme/shop") == 0
    assert (store.ledger.paused_by(501), store.ledger.paused_by(502)) == ("the operator", None)
    assert (_status("pause"), _status("resume", "acme/shop")) == (0, 0)
    assert store.ledger.paused_by(501) == store.ledger.paused_by(502) == "the operator"
    assert _status("resume") == 0
    assert store.ledger.paused_by(501) is None
    store.close()


def _status(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    return int(ended.value.code or 0)


async def test_a_test_message_says_what_became_of_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("AUTOFIX_DATA_DIR", str(tmp_path))

    async def told(target: str, addresses: str) -> tuple[object, str]:
        monkeypatch.setenv("AUTOFIX_NOTIFY_TARGETS", addresses)
        with pytest.raises(SystemExit) as caught:
            await asyncio.to_thread(main, ["notify", "test", target])
        captured = capsys.readouterr()
        return caught.value.code, captured.out + captured.err

    async with receiving() as receiver:
        receiver.answers["/k3yk3y"] = 403
        good, bad = f"good=json://{receiver.host}/hook", f"bad=json://{receiver.host}/k3yk3y"
        assert await told("good", f"{good} {bad}") == (0, "good: delivered\n")
        code, said = await told("bad", f"{good} {bad}")
        assert (code, said.startswith("bad: failed: "), "error=403" in said) == (1, True, True)
        code, said = await told("other", f"{good} {bad}")
        assert (code, said.endswith("there are: bad, good\n")) == (2, True)
        code, wrong = await told("good", "good=bogus://k3yk3y")
        assert (code, "does not understand bogus://" in wrong) == (2, True)
        code, none = await told("good", "")
        assert (code, none.endswith("there are: none\n")) == (2, True)
    assert [body["title"] for body in receiver.bodies("/hook")] == ["Autofix: a test message"]
    assert "k3yk3y" not in said + wrong


def test_what_was_sent_is_listed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("AUTOFIX_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")

    def listed() -> tuple[object, str]:
        with pytest.raises(SystemExit) as caught:
            main(["notify", "recent"])
        captured = capsys.readouterr()
        return caught.value.code, captured.out + captured.err

    assert listed()[0] == 2
    store = Store(f"sqlite:///{tmp_path / 'autofix.sqlite'}")
    store.migrate()
    assert listed() == (0, "No message yet.\n")
    incident, _ = store.open_incident(
        repository="acme/shop", repository_id=1, installation_id=7, issue=3, fingerprint="sentry:1"
    )
    notice = Notice(incident.id, "fixed", Severity.INFO, "acme/shop #3: fixed [/red]", "text")
    store.outbox.put(notice, "chat", 1.0, NoticeState.UNKNOWN)
    store.close()
    code, said = listed()
    assert code == 0
    assert "acme/shop #3: fixed [/red]" in said
    assert "unknown target" in said


def test_the_server_does_not_start_with_a_target_that_it_cannot_reach_anybody_by(tmp_path: Path) -> None:
    process = serve(
        {**SETTINGS, "AUTOFIX_NOTIFY_TARGETS": "pager=bogus://k3yk3y", "AUTOFIX_PORT": "0"}, tmp_path
    )
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "target pager, address 1: Apprise does not understand bogus://" in said
    assert "k3yk3y" not in said
    assert "Traceback" not in said


# What an operator ingests ----------------------------------------------------------------------------------------

TRACEBACK = (
    'Traceback (most recent call last):\n  File "shop/a.py", line 1, in low\n    d["a"]\nKeyError: \'a\'\n'
)


def test_ingest_hands_an_event_to_the_server_once(
    data_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "crash.txt"
    file.write_text(TRACEBACK, encoding="utf-8")
    assert _status("ingest", str(file), "--repo", "acme/shop") == 0
    assert "Ingested: KeyError: 'a'" in capsys.readouterr().out
    assert _status("ingest", str(file), "--repo", "acme/shop") == 0
    assert "was ingested before" in capsys.readouterr().out
    store = Store(f"sqlite:///{data_dir / 'autofix.sqlite'}")
    (delivery,) = store.waiting_deliveries()
    store.close()
    assert (delivery.event, json.loads(delivery.body)["repository"]) == ("autofix.ingest", "acme/shop")


@pytest.mark.parametrize(
    ("text", "more", "why"),
    [
        ("", ("--repo", "acme/shop"), "is empty"),
        ("It crashed.", ("--repo", "acme/shop"), "This is no event"),
        ('{"type": "transaction", "spans": []}', ("--repo", "acme/shop"), "performance transaction"),
        (TRACEBACK.replace("KeyError: 'a'\n", ""), ("--repo", "acme/shop"), "cut off"),
        (TRACEBACK, ("--repo", "shop"), "--repo is OWNER/REPO"),
        (TRACEBACK, ("--repo", "../shop"), "--repo is OWNER/REPO"),
        (TRACEBACK, ("--repo", "acme/.."), "--repo is OWNER/REPO"),
        (TRACEBACK, ("--repo", "acme/shop", "--issue", "0"), "the number of an issue"),
        (None, ("--repo", "acme/shop"), "cannot be read"),
    ],
)
@pytest.mark.usefixtures("data_dir")
def test_ingest_says_what_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str | None, more: tuple[str, ...], why: str
) -> None:
    file = tmp_path / "given.json"
    if text is not None:
        file.write_text(text, encoding="utf-8")
    assert _status("ingest", str(file), *more) == 2
    assert why in capsys.readouterr().err


def test_ingest_without_a_server_says_where_to_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("AUTOFIX_DATABASE_URL", raising=False)
    monkeypatch.setenv("AUTOFIX_DATA_DIR", str(tmp_path / "no-such"))
    file = tmp_path / "crash.txt"
    file.write_text(TRACEBACK, encoding="utf-8")
    assert _status("ingest", str(file), "--repo", "acme/shop") == 2
    assert "run this where the server runs" in capsys.readouterr().err
