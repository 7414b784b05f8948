from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import yaml

from app.core.policy import parse_policy
from app.demo.scenario import OVERLAYS, SCENARIOS, TEMPLATE

ROOT = Path(__file__).parents[1]


def test_generated_pages_are_what_the_code_says() -> None:
    for name, text in load_build().pages().items():
        written = (ROOT / "docs" / name).read_text(encoding="utf-8")
        assert written == text, f"docs/{name} has drifted: run `python docs/build.py`"


def load_build() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build", ROOT / "docs" / "build.py")
    assert spec is not None
    assert spec.loader is not None
    build = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(build)
    return build


def test_every_threat_has_a_test_by_its_number() -> None:
    build = load_build()
    rows = [row for group in build.threat_rows().values() for row in group]
    wanted = [
        *(f"M{n}" for n in range(1, 26)),
        *(f"I{n}" for n in range(1, 21)),
        *(f"C{n}" for n in range(1, 9)),
        *(f"A{n}" for n in range(1, 8)),
        *(f"V{n}" for n in range(1, 13)),
    ]
    assert rows == wanted
    assert [row for row in rows if not build.tests_by_row().get(row)] == []


def test_the_readme_names_every_scenario() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `([a-z-]+)` \|", readme, re.MULTILINE)) >= set(SCENARIOS)


def test_every_folder_of_the_scenarios_is_used_and_every_named_one_is_there() -> None:
    used = {folder.name for scenario in SCENARIOS.values() for folder in scenario.overlays}
    assert used == {folder.name for folder in OVERLAYS.iterdir() if folder.is_dir()}
    for scenario in SCENARIOS.values():
        assert set(scenario.with_files_of) <= {folder.name for folder in scenario.overlays}


def test_every_link_of_the_documentation_leads_somewhere() -> None:
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        for target in re.findall(r"\]\((?!https?://)([^)#]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_the_samples_policy_is_valid() -> None:
    policy = parse_policy((TEMPLATE / ".github" / "autofix.yml").read_bytes())
    assert policy.sentry is not None
    assert policy.sentry.projects == ("shop",)


def test_the_samples_workflows_pin_what_they_use() -> None:
    for workflow in (
        *(TEMPLATE / ".github" / "workflows").glob("*.yml"),
        *(ROOT / ".github" / "workflows").glob("*.yml"),
    ):
        text = workflow.read_text(encoding="utf-8")
        assert "permissions" in yaml.safe_load(text)
        for used in re.findall(r"^\s*(?:- )?uses: *([^\s#]+)", text, re.MULTILINE):
            assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", used), f"{workflow.name}: {used}"
