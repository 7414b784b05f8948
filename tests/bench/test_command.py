"""`autofix bench crashes` as a person runs it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from app.bench.installation import Installation
from app.bench.run import default_work
from bench.shelf import make_case, without_source_release


def crashes(*options: str | Path, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "app", "bench", "crashes", *map(str, options)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture
def cases(tmp_path: Path, installation: Installation) -> Path:
    """Two cases: one whose package is installed, and one whose installation is no package."""
    without_source_release(tmp_path / "work", make_case())
    empty = make_case(id="empty", extra_requirements=[])
    folder = tmp_path / "work/empty/buggy"
    folder.mkdir(parents=True)
    (folder / ".installed").write_text("Shelf==1.0", encoding="utf-8")
    file = tmp_path / "cases.yaml"
    entries = [{**case.model_dump(mode="json"), "surprise": 1} for case in (make_case(), empty)]
    file.write_text(yaml.safe_dump(entries), encoding="utf-8")
    assert installation.own
    return file


def test_every_case_has_a_row(cases: Path, tmp_path: Path) -> None:
    answer, drawing = tmp_path / "result.json", tmp_path / "result.svg"
    options = (
        "--cases",
        cases,
        "--work",
        tmp_path / "work",
        "--json",
        answer,
        "--picture",
        drawing,
        "-j",
        "2",
    )
    done = crashes(*options, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    first, second = json.loads(answer.read_text("utf-8"))["cases"]
    assert (first["id"], first["category"]) == ("shelf-none-title", "null_safety")
    assert first["verdict"] in {"correct", "plausible", "wrong", "escalated"}
    assert first["failed"] is None, first["reason"]
    assert (second["id"], second["verdict"], second["failed"]) == ("empty", "error", "installation")
    assert "Shelf is not among what was installed" in second["reason"]
    assert drawing.read_text("utf-8").startswith("<svg")
    assert "shelf-none-title" in done.stdout
    assert "strict core" in done.stdout


def test_some_cases_can_be_chosen(cases: Path, tmp_path: Path) -> None:
    done = crashes("--cases", cases, "--work", tmp_path / "work", "--only", "empty", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "shelf-none-title" not in done.stdout


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--cases", "nowhere.yaml"), "nowhere.yaml cannot be read"),
        (("--only", "a, b"), "there is no case a, b"),
        (("-j", "0"), "at least one case must run at a time"),
        (("--json", "no/such/folder.json"), "cannot be written"),
        (("--picture", "."), "cannot be written"),
    ],
)
def test_bad_input_is_said_in_one_line(options: tuple[str, ...], said: str, tmp_path: Path) -> None:
    done = crashes("--work", tmp_path / "work", *options, folder=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_early_end_leaves_nothing_running(number: int, cases: Path, tmp_path: Path) -> None:
    beat = tmp_path / "beat"
    entries = yaml.safe_load(cases.read_text("utf-8"))[:1]
    entries[0]["reproducer"] = (
        f"import time\nwhile True:\n    open({str(beat)!r}, 'a').write('.')\n    time.sleep(0.05)\n"
    )
    cases.write_text(yaml.safe_dump(entries), encoding="utf-8")
    options = ("--cases", str(cases), "--work", str(tmp_path / "work"))
    command = [sys.executable, "-m", "app", "bench", "crashes", *options]
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        while not beat.exists():
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(number)
        assert process.wait(timeout=30) == 130
    size = beat.stat().st_size
    time.sleep(0.3)
    assert beat.stat().st_size == size
    assert list((tmp_path / "work/.runs").iterdir()) == []


def test_installations_are_kept_in_the_users_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_work() == tmp_path / "autofix/bench"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert default_work() == tmp_path / ".cache/autofix/bench"
