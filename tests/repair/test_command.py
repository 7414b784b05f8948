"""`autofix fix` as a user meets it: statuses, what it says, what it writes, and that nothing makes it fall over."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from app.core.model import Finding, Reason
from app.repair import command
from app.repair.command import fix

SENTRY = Path(__file__).parents[1] / "fixtures/sentry"
KEYS = {
    "outcome", "pattern", "category", "applicability", "auto_mergeable", "reproduced", "summary", "why", "why_safe",
    "diff", "files", "test", "stage", "reason", "detail", "cause", "exceptions", "not_repeated",
    "candidates", "rival", "seconds",
}  # fmt: skip


def autofix(*arguments: object, given: bytes = b"", timeout: float = 120) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "app", "fix", *map(str, arguments)],
        input=given,
        capture_output=True,
        timeout=timeout,
        check=False,
        env={"PATH": os.environ["PATH"]},
    )
    assert b"Traceback (most recent call last)" not in done.stderr, done.stderr
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


def run(event: object, repo: Path, **options: Any) -> int:
    """The command in this process."""
    given: dict[str, Any] = {"apply_it": False, "json_file": None, "python_path": [], "run": False, **options}
    return fix(str(event), repo, **given)


def test_a_fix_is_shown_and_told_and_nothing_is_written(event_file: Path, shop: Path, tmp_path: Path) -> None:
    before = (shop / "shop/checkout.py").read_bytes()
    done = autofix(event_file, "--repo", shop, "--json", tmp_path / "out.json")
    assert done.returncode == 0, done.stderr
    assert (
        "Root cause: `customer.membership` was None in loyalty_discount, shop/checkout.py:12" in done.stdout
    )
    assert "  +    if customer.membership is None:" in done.stdout
    assert "\x1b" not in done.stdout
    assert done.stderr == ""
    told = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert told.keys() == KEYS
    assert (told["outcome"], told["pattern"], told["reason"]) == ("fix", "none_return_guard", None)
    assert list(told["files"]) == ["shop/checkout.py"]
    assert told["files"]["shop/checkout.py"].startswith('"""Prices."""')
    assert told["cause"]["subject"] == "customer.membership"
    assert told["diff"].startswith("--- a/shop/checkout.py\n+++ b/shop/checkout.py\n@@ ")
    assert told["candidates"][0]["diff"] == told["diff"]
    assert told["candidates"][0]["trial"]["passed"]
    assert (told["reproduced"], told["auto_mergeable"], told["not_repeated"]) == (True, True, None)
    assert "the recorded failure was repeated" in done.stdout
    assert "fit to be merged without a person" in done.stdout
    assert (shop / "shop/checkout.py").read_bytes() == before


def test_it_is_applied_on_request(event_file: Path, git_shop: Path) -> None:
    done = autofix(event_file, "--repo", git_shop, "--apply")
    assert done.returncode == 0, done.stderr
    assert "Written: shop/checkout.py" in done.stdout
    tests = subprocess.run(
        [sys.executable, "-m", "pytest", "-q"],
        cwd=git_shop,
        capture_output=True,
        timeout=120,
        check=False,
        text=True,
    )
    assert "1 passed" in tests.stdout, tests.stdout
    program = "from shop.checkout import *; print(loyalty_discount(Customer('x', None), 200))"
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=git_shop, capture_output=True, timeout=60, check=True, text=True
    )
    assert ran.stdout == "0\n"


def test_a_traceback_on_standard_input_is_enough(shop: Path, printed: str) -> None:
    done = autofix("-", "--repo", shop, "--no-run", given=f"INFO up\n{printed}INFO\n{printed}".encode())
    assert done.returncode == 0, done.stderr
    assert "return 0" in done.stdout
    assert "The input holds 2 tracebacks" in done.stderr


def test_what_the_traceback_underlines_must_be_what_is_repaired(
    shop: Path, printed: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "log").write_text(printed.replace(" " * 28 + "^" * 25, "    ^^^^^^^"), encoding="utf-8")
    assert run(tmp_path / "log", shop) == 3
    assert "underlines `percent`" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "status", "told"),
    [
        ("api_event.json", 3, "frame-unmapped"),
        ("sdk_event.json", 3, "KeyError: 'zero'"),
        ("api_event_django.json", 3, "app/views.py:23, book_page"),
        ("sdk_event_django.json", 3, "size = 0"),
        ("api_event_n1.json", 2, "performance transaction"),
        ("body_alert.md", 2, "This is no event"),
    ],
)
def test_recorded_events_of_another_checkout(
    name: str, status: int, told: str, shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(SENTRY / name, shop) == status
    said = capsys.readouterr()
    assert told in said.out + said.err


@pytest.mark.parametrize(
    ("name", "cause"),
    [
        ("sdk_event.json", "`RATES` lacked the key in rate_for, shopdemo/pricing.py:12"),
        ("api_event.json", "`RATES` lacked the key in rate_for, shopdemo/pricing.py:12"),
        (
            "sdk_event_django.json",
            "`size` was zero, or outside of what the function takes in book_page, app/views.py:23",
        ),
        (
            "api_event_django.json",
            "`size` was zero, or outside of what the function takes in book_page, app/views.py:23",
        ),
    ],
)
def test_recorded_events_of_this_checkout(name: str, cause: str, capsys: pytest.CaptureFixture[str]) -> None:
    # A rate that is not in the table, and what a page of no books is, are for a person to say.
    assert run(SENTRY / name, SENTRY / "checkout") == 3
    said = capsys.readouterr().out
    assert f"Root cause: {cause}" in said
    assert "For a person: no-candidate" in said


def test_an_escalation_says_everything(event: dict[str, Any], shop: Path, tmp_path: Path) -> None:
    event["exception"]["values"][0] |= {"type": "PermissionError", "value": "no"}
    file, out = tmp_path / "event.json", tmp_path / "out.json"
    file.write_text(json.dumps(event), encoding="utf-8")
    done = autofix(file, "--repo", shop, "--no-run", "--json", out)
    assert done.returncode == 3
    for told in ("For a person:", "shop/checkout.py:12, loyalty_discount", "subtotal = 200"):
        assert told in done.stdout
    told = json.loads(out.read_text(encoding="utf-8"))
    assert told.keys() == KEYS
    assert (told["outcome"], told["files"], told["test"], told["auto_mergeable"]) == (
        "escalate",
        {},
        None,
        False,
    )
    assert told["reason"] in set(Reason)
    assert told["detail"]


def test_other_languages_go_to_a_person(
    event: dict[str, Any], shop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "event.json").write_text(json.dumps({**event, "platform": "ruby"}), encoding="utf-8")
    assert run(tmp_path / "event.json", shop) == 3
    assert "only Python is repaired" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"event": "/no/such/file"}, "/no/such/file cannot be read: No such file or directory."),
        ({"repo": Path("/no/such/folder")}, "--repo takes the folder"),
        ({"python_path": [Path("/no/such/folder")]}, "--python-path takes a folder"),
        ({"json_file": Path("/no/such/folder/out.json")}, "--json takes a file in an existing folder"),
        ({"json_file": Path("/")}, "--json takes a file in an existing folder"),
    ],
)
def test_wrong_options_are_told(
    options: dict[str, Any], told: str, event_file: Path, shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = {"event": event_file, "repo": shop, **options}
    assert run(given.pop("event"), given.pop("repo"), **given) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert told in said.err.replace("\n", " ")


def test_a_file_that_changed_meanwhile_is_not_overwritten(
    event_file: Path, shop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def meanwhile(*arguments: Any) -> None:
        del arguments
        (shop / "shop/checkout.py").write_text("# other\n", encoding="utf-8")

    monkeypatch.setattr(command, "show", meanwhile)
    assert run(event_file, shop, apply_it=True) == 2
    assert "has changed since it was read" in capsys.readouterr().err
    assert (shop / "shop/checkout.py").read_text(encoding="utf-8") == "# other\n"


def test_no_run_starts_nothing_of_the_repository(
    event_file: Path, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_arguments: object, **_options: object) -> None:
        raise AssertionError("started")

    monkeypatch.setattr(command, "Sandbox", never)
    assert run(event_file, shop) == 0


# --- hostile inputs ------------------------------------------------------------------------------------------------


def test_what_is_shown_has_no_effect_on_a_terminal(
    event: dict[str, Any], shop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    attack = "[bold red]x[/nonsense] \x1b]0;owned\x07 \x1b[2J \u202eevil \x9b31m :smile: \r\n\ud800"
    raised = event["exception"]["values"][0]
    raised["value"] += attack
    raised["type"] = f"E{attack}"
    frame = raised["stacktrace"]["frames"][0]
    frame |= {"function": attack, "filename": attack, "context_line": attack, "vars": {attack: attack}}
    (tmp_path / "event.json").write_text(json.dumps(event), encoding="utf-8")
    assert run(tmp_path / "event.json", shop) == 3
    said = capsys.readouterr().out
    assert not {"\x1b", "\x07", "\x9b", "\r", "\u202e"} & set(said)
    assert "[bold red]x[/nonsense] \\u001b]0;owned\\u0007" in said
    assert ":smile:" in said


@pytest.mark.parametrize(
    "path",
    [
        "../secret.py",
        "/etc/passwd",
        "shop/../../secret.py",
        "link.py",
        "shop",
        "a\0b",
        "x" * 5_000,
        "\\\\host\\x",
    ],
)
def test_no_path_of_an_event_is_opened(
    event: dict[str, Any], shop: Path, tmp_path: Path, path: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (shop.parent / "secret.py").write_text(
        "\n" * 11 + "    percent = DISCOUNTS.get(None.level)\n", encoding="utf-8"
    )
    (shop / "link.py").symlink_to(shop.parent / "secret.py")
    frame = event["exception"]["values"][0]["stacktrace"]["frames"][0]
    frame |= {"filename": path, "abs_path": path, "context_line": None}
    (tmp_path / "event.json").write_text(json.dumps(event), encoding="utf-8")
    assert run(tmp_path / "event.json", shop) == 3
    assert "frame-unmapped" in capsys.readouterr().out


HOSTILE: dict[str, bytes] = {
    "nothing": b"",
    "binary": bytes(range(256)),
    "no utf-8": b"\xff\xfe\xfd{",
    "deep": b'{"exception":' * 200_000,
    "deep lists": b"[" * 200_000 + b"]" * 200_000,
    "deep locals": b'{"exception":[{"type":"K","stacktrace":{"frames":[{"filename":"shop/models.py","lineno":1,"vars":'
    b'{"a":' + b"[" * 900 + b"]" * 900 + b"}}]}}]}",
    "not a number": b'{"exception":[{"type":NaN,"value":Infinity,"stacktrace":{"frames":[{"lineno":NaN}]}}]}',
    "types": b'{"exception":{"values":[{"type":[],"value":{},"stacktrace":{"frames":{"a":1}}},7,null,"x"]}}',
    "cut": b'{"exception": {"values": [{"type": "KeyError", "val',
    "cut traceback": b'Traceback (most recent call last):\n  File "shop/models.py", line 1, in f\n',
    "long traceback": b"Traceback (most recent call last):\n"
    + b'  File "/srv/app/shop/models.py", line 4, in f\n    @dataclass\n' * 50_000
    + b"RecursionError: maximum recursion depth exceeded\n",
    "syntax": b'Traceback (most recent call last):\n  File "shop/models.py", line 4, in f\n    exec("x")\n'
    b'  File "<string>", line 1\n    x ===\n        ^\nSyntaxError: invalid syntax\n',
    "large": b"x" * (21 << 20),
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
def test_hostile_inputs_end_in_words(
    data: bytes, shop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    status = run("-", shop)
    said = capsys.readouterr()
    if status == 2:
        assert said.err.startswith("autofix fix: ")
        assert len(said.err) < 500
    else:
        assert status == 3
        assert "For a person:" in said.out
        assert "a mistake of its own" not in said.out


def test_a_mistake_of_its_own_goes_to_a_person(
    event_file: Path, shop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(_finding: Finding, *_arguments: object, **_options: object) -> None:
        raise IndexError("list index out of range")

    monkeypatch.setattr(command, "repair", broken)
    assert run(event_file, shop) == 3
    assert "IndexError: list index out of range" in capsys.readouterr().out


def test_it_does_not_work_for_ever(
    event_file: Path, shop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def endless(_finding: Finding, *_arguments: object, **_options: object) -> None:
        while True:
            pass

    monkeypatch.setattr(command, "repair", endless)
    monkeypatch.setattr(command, "_LONGEST", 0.2)
    assert run(event_file, shop) == 3
    assert "overran" in capsys.readouterr().out


def test_a_request_to_end_leaves_no_copy_behind(event_file: Path, shop: Path, tmp_path: Path) -> None:
    (shop / "shop/models.py").write_text(
        "import time\nprint(flush=True)\ntime.sleep(1000)\n", encoding="utf-8"
    )
    (tmp_path / "tmp").mkdir()
    with subprocess.Popen(
        [sys.executable, "-m", "app", "fix", event_file, "--repo", shop],
        stdout=subprocess.DEVNULL,
        env={"PATH": os.environ["PATH"], "TMPDIR": str(tmp_path / "tmp")},
    ) as process:
        until = time.monotonic() + 30
        while not list((tmp_path / "tmp").glob("*/script.py")) and time.monotonic() < until:
            time.sleep(0.05)
        process.terminate()
        assert process.wait(timeout=30) == 143
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_reader_that_goes_away_is_no_fault(event_file: Path, shop: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "app", "fix", event_file, "--repo", shop, "--no-run"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""


def test_output_that_is_not_unicode_gets_escapes(event_file: Path, shop: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "app", "fix", event_file, "--repo", shop, "--no-run"],
        capture_output=True,
        timeout=60,
        check=False,
        env={"PATH": os.environ["PATH"], "PYTHONIOENCODING": "ascii"},
    )
    assert done.returncode == 0, done.stderr
