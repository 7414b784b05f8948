"""The doctor over HTTP: PyGithub against the stand-in, every exchange held against GitHub's description."""

from __future__ import annotations

import asyncio
import json
import logging
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from app.core.errors import ClientError, NotFound
from app.demo.github import ACTIONS_APP_ID
from app.doctor.access import Access
from app.doctor.command import doctor
from app.doctor.examine import examine
from app.doctor.finding import Diagnosis, Level, Mark
from app.settings import MissingSettings, read_settings
from app.web.installations import Examinations

from .conftest import NAME, SAMPLE_FILES, SENTRY_TOKEN, Site


def blocked(diagnosis: Diagnosis) -> dict[str, Mark]:
    return {one.name: one.mark for one in diagnosis.findings if one.mark is not Mark.PASSED}


async def test_a_perfect_repository_has_nothing_to_change(site: Site) -> None:
    await site.make_perfect()
    diagnosis = await site.examine()
    assert blocked(diagnosis) == {}
    assert diagnosis.reach is Level.VERIFIED


async def test_an_empty_repository_is_told_to_begin(site: Site) -> None:
    diagnosis = await site.examine()
    marks = blocked(diagnosis)
    assert marks["app installed"] is marks["policy"] is marks["verification"] is Mark.FAILED
    assert marks["required checks"] is Mark.UNKNOWN  # GitHub has no branch to describe
    assert diagnosis.reach is Level.NOTHING
    assert "install the App" in diagnosis.next_step


async def test_classic_protection_counts_as_rules_do(site: Site) -> None:
    sha = await site.make_perfect()
    site.repo.rulesets.clear()
    checks = [{"context": name, "app_id": ACTIONS_APP_ID} for name in ("autofix", "tests")]
    protection = {
        "required_status_checks": {"strict": False, "checks": checks, "contexts": []},
        "enforce_admins": True,
        "required_pull_request_reviews": None,
        "restrictions": None,
    }
    await site.send("PUT", "/branches/main/protection", protection)
    assert blocked(await site.examine()) == {}
    protection["required_pull_request_reviews"] = {"required_approving_review_count": 2}
    await site.send("PUT", "/branches/main/protection", protection)
    found = await site.finding("approvals")
    assert (found.mark, found.where) == (Mark.FAILED, "https://github.com/acme/shop/settings/rules")
    assert "2 approval" in found.found
    # The App may not see it in full, and what it cannot see it does not believe.
    assert (await site.finding("approvals", person=None)).mark is Mark.UNKNOWN
    assert (await site.finding("required checks", person=None)).mark is Mark.PASSED
    assert sha


async def test_a_required_check_that_any_app_may_report_is_found(site: Site) -> None:
    await site.make_perfect()
    site.repo.rulesets.clear()
    await site.ruleset("autofix", "tests", app=None)
    diagnosis = await site.examine()
    assert blocked(diagnosis) == {"required checks": Mark.FAILED}
    assert diagnosis.reach is Level.PROPOSE
    assert diagnosis.next_step == "set the source of `autofix` to GitHub Actions"


async def test_a_missing_workflow_is_found(site: Site) -> None:
    await site.make_perfect()
    site.push({".github/workflows/autofix.yml": None})
    marks = blocked(await site.examine())
    assert marks["verification"] is marks["required checks start"] is Mark.FAILED
    assert marks["verification pinned"] is Mark.UNKNOWN
    site.push({path: None for path in SAMPLE_FILES if "/workflows/" in path and "autofix" not in path})
    assert (await site.finding("verification")).mark is Mark.FAILED


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ("allow_auto_merge", "auto-merge"),
        ("allow_squash_merge", "squash"),
    ],
)
async def test_settings_of_the_repository_are_found(site: Site, change: str, name: str) -> None:
    await site.make_perfect()
    setattr(site.repo, change, False)
    diagnosis = await site.examine()
    assert blocked(diagnosis) == {name: Mark.FAILED}
    assert diagnosis.findings[[one.name for one in diagnosis.findings].index(name)].where.endswith(
        "/settings"
    )


async def test_a_bypass_is_seen_as_the_app_and_in_the_list(site: Site) -> None:
    await site.make_perfect()
    site.repo.rulesets.clear()
    entry = {"actor_id": 4242, "actor_type": "Integration", "bypass_mode": "always"}
    await site.ruleset("autofix", "tests", bypass_actors=[entry])
    assert (await site.finding("bypass")).mark is Mark.FAILED
    assert (await site.finding("bypass", person=None)).mark is Mark.FAILED
    # A person's token alone does not say which App it is about: unknown, never a pass.
    assert (await site.finding("bypass", app=False)).mark is Mark.UNKNOWN


async def test_what_a_reader_may_not_see_is_unknown(site: Site) -> None:
    await site.make_perfect()
    site.github.create_user("guest")
    diagnosis = await site.examine(person="guest", app=False, sentry=False)
    marks = blocked(diagnosis)
    assert marks["app installed"] is marks["bypass"] is marks["sentry projects"] is Mark.UNKNOWN
    assert Mark.FAILED not in marks.values()
    assert diagnosis.reach is Level.NOTHING


async def test_the_rollout_is_looked_for_where_the_policy_says(site: Site) -> None:
    await site.make_perfect()
    site.repo.deployments.clear()
    await site.deploy("prod")
    found = await site.finding("rollout")
    assert "go to `prod`, none to `production`" in found.found
    site.repo.deployments.clear()
    await site.send(
        "POST",
        f"/statuses/{site.repo.git.branch('main')}",
        {"state": "success", "context": "continuous-delivery/shop"},
    )
    assert "Argo CD" in (await site.finding("rollout")).found


async def test_a_release_must_name_a_commit_of_the_default_branch(site: Site) -> None:
    await site.make_perfect()
    other = site.push({"a.py": "1\n"}, branch="elsewhere")
    site.sentry.store.releases.known(f"shop@{other}", 2e9)
    assert (await site.finding("releases")).mark is Mark.FAILED
    site.sentry.store.releases.known("shop@1.2.0", 2e9)
    assert "`shop@1.2.0` names no commit" in (await site.finding("releases")).found
    site.repo.git.set_ref("refs/tags/v1.2.0", str(site.repo.git.branch("main")))
    assert (await site.finding("releases")).mark is Mark.PASSED


async def test_without_an_installation_and_a_token_the_rest_stays_unknown(site: Site) -> None:
    site.push(SAMPLE_FILES)
    marks = blocked(await site.examine(person=None))
    assert marks.pop("app installed") is Mark.FAILED
    assert marks.pop("repository", None) is None
    assert set(marks.values()) == {Mark.UNKNOWN}


async def test_what_cannot_be_read_at_all_is_an_error(site: Site) -> None:
    access = site.access()
    with pytest.raises(NotFound, match="acme/nothing cannot be read: GitHub answered 404"):
        await asyncio.to_thread(examine, access, "acme/nothing")
    refused = Access(api_url=site.github.base_url, token="wrong-canary")
    with pytest.raises(ClientError, match="401") as caught:
        await asyncio.to_thread(examine, refused, NAME)
    assert "canary" not in f"{caught.value}{caught.value.__cause__}{refused}"


async def test_a_private_key_that_is_none_is_said_and_not_shown(site: Site) -> None:
    await site.make_perfect()
    wrong = Access(api_url=site.github.base_url, token=site.token(), app_id=1, private_key="key-canary")
    diagnosis = await asyncio.to_thread(examine, wrong, NAME)
    found = next(one for one in diagnosis.findings if one.name == "app installed")
    assert (found.mark, found.found) == (Mark.UNKNOWN, "the App's private key cannot be used")
    assert "key-canary" not in repr(diagnosis)


async def test_an_unreachable_github_is_said_in_a_sentence() -> None:
    with pytest.raises(ClientError, match="GitHub cannot be reached"):
        await asyncio.to_thread(examine, Access(api_url="http://127.0.0.1:9", token="t"), NAME)


async def test_one_failing_call_leaves_the_other_findings(site: Site) -> None:
    await site.make_perfect()
    site.github.faults.fail("GET", rf"/repos/{NAME}/deployments", status=403)
    diagnosis = await site.examine()
    assert blocked(diagnosis) == {"rollout": Mark.UNKNOWN}
    assert diagnosis.reach is Level.AUTOMERGE


async def test_the_command_prints_writes_and_ends_with_a_status(
    site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await site.make_perfect()
    environment, out = site.environment(), tmp_path / "out.json"
    assert await asyncio.to_thread(doctor, NAME, environment=environment, json_file=out) == 0
    said = capsys.readouterr()
    assert "✓" in said.out
    assert "Autonomy reaches: verified. Next: nothing: wait for the first anomaly." in said.out
    assert json.loads(out.read_text())["reaches"] == "verified"
    site.repo.allow_auto_merge = False
    site.push({".github/workflows/x.yml": 'on: pull_request\njobs: {"\\e[31mred": {steps: []}}\n'})
    await site.ruleset("\x1b[2Jboo")
    assert await asyncio.to_thread(doctor, NAME, environment=environment, json_file=out) == 1
    said = capsys.readouterr()
    assert "✗ auto-merge (blocks auto-merge)" in said.out
    assert "https://github.com/acme/shop/settings\n" in said.out
    assert "\x1b" not in said.out
    shown = said.out + said.err + out.read_text() + caplog.text
    for secret in (SENTRY_TOKEN, environment["GITHUB_TOKEN"], site.private_key.splitlines()[1]):
        assert secret not in shown


@pytest.mark.parametrize(
    ("name", "environment", "said"),
    [
        ("shop", {"GITHUB_TOKEN": "t"}, "'shop' is not OWNER/REPO"),
        ("acme/..", {"GITHUB_TOKEN": "t"}, "is not OWNER/REPO"),
        ("acme/shop?x=1", {"GITHUB_TOKEN": "t"}, "is not OWNER/REPO"),
        (NAME, {}, "no credentials: set GITHUB_TOKEN"),
        (NAME, {"GITHUB_TOKEN": "t", "AUTOFIX_APP_ID": "x"}, "AUTOFIX_APP_ID: 'x' is no number"),
        (NAME, {"GITHUB_TOKEN": "t", "AUTOFIX_GITHUB_URL": "http://git.example"}, "must start with https://"),
        (NAME, {"GITHUB_TOKEN": "t", "AUTOFIX_PRIVATE_KEY_FILE": "/none"}, "cannot read /none"),
    ],
)
def test_bad_input_ends_with_2_and_a_sentence(
    name: str, environment: dict[str, str], said: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert doctor(name, environment={"AUTOFIX_DATA_DIR": str(tmp_path), **environment}) == 2
    assert said in capsys.readouterr().err


def test_an_address_given_by_hand_must_be_safe_too() -> None:
    with pytest.raises(MissingSettings, match="must start with https://"):
        Access.of_person({"GITHUB_TOKEN": "t"}, "http://git.example/api/v3")


async def test_the_server_looks_at_a_repository_as_the_app(site: Site) -> None:
    await site.make_perfect()
    environment = {name: value for name, value in site.environment().items() if name != "GITHUB_TOKEN"}
    settings = read_settings(environment | {"AUTOFIX_WEBHOOK_SECRET": "not-used-here"})
    examinations = Examinations(settings)
    with capture_logs() as logs:
        examinations.start()
        assert examinations.ask(NAME)
        await examinations.done()
        await examinations.stop()
    (line,) = logs
    assert (line["event"], line["reaches"]) == ("installed, and nothing blocks", "verified")
