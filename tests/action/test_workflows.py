"""Our own supply chain: what the workflow files and the Action may not do. The rows A1 to A7, C7 and C8."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from verification import ACTION, ROOT

SAMPLE = ROOT / "app" / "demo" / "sample" / ".github" / "workflows"
WORKFLOWS = sorted([*(ROOT / ".github" / "workflows").glob("*.yml"), *SAMPLE.glob("*.yml")])
FILES = [*WORKFLOWS, ACTION / "action.yml"]
RUN_BY_THE_ACTION = sorted([*ACTION.rglob("*.py"), *(ROOT / "app" / "verify").rglob("*.py")])


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _steps(path: Path) -> list[dict[str, Any]]:
    content = yaml.safe_load(path.read_text())
    parts = content["jobs"].values() if "jobs" in content else [content["runs"]]
    return [step for part in parts for step in part.get("steps", ())]


def test_there_is_something_to_check() -> None:
    assert {path.name for path in FILES} >= {
        "verify.yml",
        "release.yml",
        "ci.yml",
        "autofix.yml",
        "action.yml",
    }
    assert len(RUN_BY_THE_ACTION) > 20


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_a1_no_expression_reaches_a_shell(path: Path) -> None:
    assert [step["run"] for step in _steps(path) if "${{" in step.get("run", "")] == []


def test_a1_zizmor_has_nothing_to_say() -> None:
    beside = Path(sys.executable).with_name("zizmor")
    program = str(beside) if beside.exists() else shutil.which("zizmor")
    if program is None:
        pytest.skip("zizmor is not installed: it comes with autofix-app[dev]")
    done = subprocess.run(
        [program, "--offline", "--persona=auditor", "--no-progress", *(str(path) for path in FILES)],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "No findings to report" in done.stdout + done.stderr


@pytest.mark.parametrize("path", WORKFLOWS, ids=_name)
def test_a2_c8_no_workflow_runs_with_the_rights_of_the_base_or_takes_a_forks_artifact(path: Path) -> None:
    content = yaml.safe_load(path.read_text())
    triggers = content.get("on", content.get(True))
    assert not {"pull_request_target", "workflow_run"} & set(triggers)
    assert "download-artifact" not in path.read_text()


def test_a3_a_value_can_not_end_its_own_output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ACTION))
    import report  # noqa: PLC0415 - a script of the Action

    output, summary = tmp_path / "output", tmp_path / "summary"
    monkeypatch.setenv("GITHUB_OUTPUT", str(output))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    for _ in range(2):
        report.set_output("result", "denied\nautofix-0\nresult=verified\nEOF")
    delimiters = re.findall(r"(?m)^result<<(\S+)$", output.read_text())
    assert len(set(delimiters)) == 2
    assert all(output.read_text().count(one) == 2 for one in delimiters)
    report.set_output("evidence", "x" * 2_000_000)
    report.summarise("x" * 2_000_000)
    assert output.stat().st_size < 2**20
    assert summary.stat().st_size < 2**20


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_a4_nothing_is_cached(path: Path) -> None:
    for step in _steps(path):
        assert "cache" not in str(step.get("uses", ""))
        assert not {"cache", "cache-dependency-path", "enable-cache"} & set(step.get("with", {}))


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_a5_every_action_is_pinned_to_a_commit(path: Path) -> None:
    for step in _steps(path):
        assert re.fullmatch(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}", step.get("uses", f"a/b@{'0' * 40}"))


@pytest.mark.parametrize("path", WORKFLOWS, ids=_name)
def test_a_workflows_token_may_do_little_and_is_left_to_nobody(path: Path) -> None:
    content = yaml.safe_load(path.read_text())
    assert content["permissions"] in ({}, {"contents": "read"})
    for step in _steps(path):
        if str(step.get("uses", "")).startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


def test_the_verifications_token_only_reads() -> None:
    reads = {"contents": "read", "pull-requests": "read", "checks": "read"}
    for path, job in ((ROOT / ".github/workflows/verify.yml", "verify"), (SAMPLE / "autofix.yml", "autofix")):
        assert yaml.safe_load(path.read_text())["jobs"][job]["permissions"] == reads


def test_the_reusable_workflow_offers_what_the_action_offers() -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/verify.yml").read_text())
    action = yaml.safe_load((ACTION / "action.yml").read_text())
    (step,) = [
        one
        for one in _steps(ROOT / ".github/workflows/verify.yml")
        if "autofix/action@" in one.get("uses", "")
    ]
    # A report of the suite is made by the caller's own steps, which a reusable workflow has none of.
    assert set(step["with"]) == set(action["inputs"]) - {"token", "coverage-file"}
    given = workflow.get("on", workflow.get(True))["workflow_call"]["inputs"]
    for name in step["with"]:
        assert given[name]["default"] == action["inputs"][name]["default"]


def test_a7_what_is_released_is_attested_and_the_docs_say_how_to_verify_it() -> None:
    steps = _steps(ROOT / ".github" / "workflows" / "release.yml")
    order = [step["name"] for step in steps]
    attest = next(step for step in steps if "attest-build-provenance@" in step.get("uses", ""))
    attach = next(step for step in steps if "gh release upload" in step.get("run", ""))
    assert order.index(attest["name"]) < order.index(attach["name"])
    assert attest["with"]["subject-path"] == "dist/*"
    assert attach["run"].endswith("dist/*")
    assert "gh attestation verify" in (ROOT / "docs" / "action.md").read_text()


@pytest.mark.parametrize("path", RUN_BY_THE_ACTION, ids=_name)
def test_c7_the_action_opens_no_archive(path: Path) -> None:
    modules = {
        name.partition(".")[0]
        for node in ast.walk(ast.parse(path.read_text()))
        for name in (
            [one.name for one in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert not modules & {"zipfile", "tarfile", "gzip", "bz2", "lzma", "zlib", "pickle", "marshal", "shelve"}
    assert "unpack_archive" not in path.read_text()


@pytest.mark.parametrize("path", RUN_BY_THE_ACTION, ids=_name)
def test_the_action_uses_no_shell_and_evaluates_nothing(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            assert name not in {"eval", "exec", "system", "popen"}
            assert not any(keyword.arg == "shell" for keyword in node.keywords)
