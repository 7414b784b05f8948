"""The bootstrap takes an interpreter that has what is needed, or makes one from exactly the files that are named."""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

from verification import ACTION, ROOT

_PIN = re.compile(r"(?m)^([\w-]+)==(\S+)(?: ; .*?)? \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)")


@pytest.fixture
def start() -> ModuleType:
    spec = importlib.util.spec_from_file_location("start", ACTION / "start.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def wheel(folder: Path, text: str = "") -> tuple[Path, str]:
    """A package of one module, and the hash of its file."""
    path = folder / "tiny-1.0-py3-none-any.whl"
    files = {
        "tiny.py": text,
        "tiny-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n",
        "tiny-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(
        f"{name},sha256={base64.urlsafe_b64encode(hashlib.sha256(body.encode()).digest()).decode().rstrip('=')},\n"
        for name, body in files.items()
    )
    with zipfile.ZipFile(path, "w") as archive:
        for name, body in {**files, "tiny-1.0.dist-info/RECORD": record}.items():
            archive.writestr(name, body)
    return path, hashlib.sha256(path.read_bytes()).hexdigest()


def require(start: ModuleType, monkeypatch: pytest.MonkeyPatch, folder: Path, digest: str) -> None:
    """The bootstrap needs `tiny`, from nowhere but the folder."""
    requirements = folder / "requirements.txt"
    requirements.write_text(f"--no-index\n--find-links {folder}\ntiny==1.0 --hash=sha256:{digest}\n")
    monkeypatch.setattr(start, "REQUIREMENTS", requirements)
    monkeypatch.delenv(start.PREPARED, raising=False)


def test_an_equipped_interpreter_is_used_as_it_is(start: ModuleType) -> None:
    assert start.is_equipped()


def test_another_major_version_or_an_older_one_is_not_good_enough(
    start: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    for version, fits in (
        ("2.10.0", True),
        ("2.99", True),
        ("2.9.9", False),
        ("3.0", False),
        ("next", False),
    ):
        monkeypatch.setattr(start.metadata, "version", lambda _, version=version: version)
        assert start._fits("pydantic", (2, 10)) is fits


def test_a_private_environment_is_made_from_files_with_the_right_hashes(
    start: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _, digest = wheel(tmp_path)
    require(start, monkeypatch, tmp_path, digest)
    python = start.prepare(tmp_path)
    assert tmp_path in python.parents
    found = subprocess.check_output([python, "-I", "-c", "import tiny; print(tiny.__file__)"], text=True)
    assert str(tmp_path) in found
    assert importlib.util.find_spec("tiny") is None  # nothing of it is here


def test_a5_a7_a_file_that_was_altered_is_refused(
    start: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _, digest = wheel(tmp_path)
    wheel(tmp_path, "print('altered')")
    require(start, monkeypatch, tmp_path, digest)
    with pytest.raises(start.NotReady, match="could not install"):
        start.prepare(tmp_path)


def test_an_environment_that_does_not_help_ends_the_step(
    start: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(start, "is_equipped", lambda: False)
    monkeypatch.setenv(start.PREPARED, "1")
    assert start.main() == 1
    assert "::error title=Autofix%3A setup::" in capsys.readouterr().out


def test_the_workspace_can_not_put_modules_in_our_way(tmp_path: Path) -> None:
    """The step runs in the checkout, whose files must not be taken for ours or for the library's."""
    for name in ("json.py", "report.py", "github.py", "app.py"):
        (tmp_path / name).write_text("raise SystemExit('here I am')\n")
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(tmp_path),
        "GITHUB_EVENT_NAME": "merge_group",
    }
    done = subprocess.run(
        [sys.executable, "-I", str(ACTION / "start.py")],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "a merge queue's commit" in done.stdout


def test_every_requirement_is_pinned_by_version_and_hash(start: ModuleType) -> None:
    text = (ACTION / "requirements.txt").read_text()
    pins = {name.lower(): version for name, version, _ in _PIN.findall(text)}
    stated = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]
    assert len(stated) == len(pins)
    for name, least in start.NEEDED.items():
        major, minor = map(int, pins[name.lower()].split(".")[:2])
        assert major == least[0]
        assert minor >= least[1]


def test_the_action_needs_no_other_versions_than_the_product(start: ModuleType) -> None:
    project = (ROOT / "pyproject.toml").read_text()
    wanted = (ACTION / "requirements.in").read_text()
    for name, (major, minor) in start.NEEDED.items():
        stated = re.search(rf'"{name}>=([\d.]+),<(\d+)"', project)
        assert stated is not None
        assert f"{name}>={stated[1]},<{stated[2]}" in wanted
        assert (f"{stated[1]}.0".split(".")[:2], stated[2]) == ([str(major), str(minor)], str(major + 1))
