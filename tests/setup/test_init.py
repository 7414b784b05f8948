"""`autofix init`: against the stand-in, over HTTP, with every exchange held against GitHub's description."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.core.category import CATEGORIES
from app.core.errors import PolicyError
from app.core.model import Action
from app.core.policy import POLICY_PATH, TRACKERS, parse_policy
from app.demo.github.state import Pull
from app.doctor.finding import Mark
from app.merge.proposal import BRANCH_PREFIX
from app.setup.files import WORKFLOW_PATH, Reporters, files, guess, policy_text, workflow_text
from app.setup.init_command import init
from app.setup.pull_request import BRANCH, Plan, body
from doctor.conftest import NAME, SAMPLE_FILES, Site

SHOP = Reporters("acme", ("shop",))
OTHER = {"README.md": "hello\n"}


async def run(site: Site, **how: Any) -> int:
    return await asyncio.to_thread(init, NAME, environment=site.environment(), **how)


def only_pull(site: Site) -> Pull:
    (pull,) = site.repo.pulls.values()
    return pull


def texts(site: Site, sha: str) -> dict[str, str]:
    git = site.repo.git
    return {path: git.blob(entry.sha).decode() for path, entry in git.files(git.commit(sha).tree).items()}


async def test_one_commit_in_one_pull_request_brings_both_files(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    base = site.push(OTHER)
    assert await run(site, reporters=Reporters("acme", ("shop", "shop-api"))) == 0
    pull = only_pull(site)
    assert site.repo.git.log(pull.head_sha, [base]) == [pull.head_sha]
    found = texts(site, pull.head_sha)
    assert set(found) == {*OTHER, POLICY_PATH, WORKFLOW_PATH}
    assert found[WORKFLOW_PATH] == workflow_text() == SAMPLE_FILES[WORKFLOW_PATH]
    policy = parse_policy(found[POLICY_PATH].encode())
    assert policy.sentry is not None
    assert (policy.sentry.organization, policy.sentry.projects) == ("acme", ("shop", "shop-api"))
    said = capsys.readouterr().out
    assert f"https://github.com/{NAME}/pull/{pull.number}" in said
    assert site.environment()["GITHUB_TOKEN"] not in said
    assert site.repo.git.branch("main") == base


async def test_running_it_again_opens_no_second_pull_request(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    site.push(OTHER)
    assert await run(site) == 0
    writes = [one for one in site.github.journal if one.method != "GET"]
    assert await run(site) == 0
    assert "proposed by an earlier run" in capsys.readouterr().out
    assert len(site.repo.pulls) == 1
    assert [one for one in site.github.journal if one.method != "GET"] == writes


async def test_a_run_that_was_cut_off_before_its_pull_request_is_finished(site: Site) -> None:
    site.push(OTHER)
    site.github.faults.fail("POST", rf"/repos/{NAME}/pulls", status=502)
    assert await run(site) == 1
    assert site.repo.pulls == {}
    left = site.repo.git.branch(BRANCH)
    assert await run(site) == 0
    assert only_pull(site).head_sha == left


async def test_a_branch_of_somebody_else_is_left_alone(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    site.push(OTHER)
    theirs = site.push({"x": "1"}, branch=BRANCH)
    assert await run(site) == 1
    assert "holds something else" in capsys.readouterr().err
    assert site.repo.git.branch(BRANCH) == theirs
    assert site.repo.pulls == {}


async def test_a_pull_request_that_was_closed_is_not_opened_again(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    site.push(OTHER)
    assert await run(site) == 0
    await site.send("PATCH", f"/pulls/{only_pull(site).number}", {"state": "closed"})
    assert await run(site) == 1
    assert "was closed" in capsys.readouterr().err
    assert len(site.repo.pulls) == 1


async def test_what_exists_is_left_and_said(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    own = "version: 1\nenabled: false\nsentry: {organization: acme, projects: [x]}\n"
    site.push({**OTHER, POLICY_PATH: own})
    assert await run(site) == 0
    found = texts(site, only_pull(site).head_sha)
    assert found[POLICY_PATH] == own
    assert WORKFLOW_PATH in found
    assert f"{POLICY_PATH}: is there already and stays as it is" in capsys.readouterr().out
    assert "is there already" in (only_pull(site).issue.body or "")


async def test_with_both_files_there_is_nothing_to_do(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    site.push(SAMPLE_FILES)
    assert await run(site) == 0
    assert "Nothing to do" in capsys.readouterr().out
    assert site.repo.pulls == {}


async def test_a_dry_run_prints_the_files_and_writes_nothing(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    site.push(OTHER)
    assert await run(site, dry_run=True) == 0
    said = capsys.readouterr().out
    assert workflow_text() in said
    assert "shadow: true" in said
    assert {one.method for one in site.github.journal} == {"GET"}


async def test_once_merged_the_doctor_finds_the_files_good(site: Site) -> None:
    site.push({**OTHER, **{path: text for path, text in SAMPLE_FILES.items() if path.endswith("ci.yml")}})
    assert await run(site) == 0
    await site.send("PUT", f"/pulls/{only_pull(site).number}/merge", {"merge_method": "squash"})
    site.install()
    await site.ruleset("autofix", "tests")
    await site.deploy("production")
    sha = site.repo.git.branch("main")
    site.sentry.store.releases.known(f"shop@{sha}", 1.0)
    diagnosis = await site.examine()
    assert [one.name for one in diagnosis.findings if one.mark is not Mark.PASSED] == ["code owners"]
    assert str(diagnosis.reach) == "propose"


async def test_a_token_that_may_not_write_is_told_what_it_needs(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    site.push(OTHER)
    site.github.create_user("guest")
    environment = site.environment() | {"GITHUB_TOKEN": site.token("guest")}
    assert await asyncio.to_thread(init, NAME, environment=environment) == 1
    said = capsys.readouterr().err
    assert "403" in said
    assert "workflows (write)" in said


async def test_a_repository_that_is_not_there_is_said(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    assert await asyncio.to_thread(init, "acme/none", environment=site.environment()) == 1
    assert "acme/none: GitHub answered 404" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "how", "environment", "said"),
    [
        ("shop", {}, {"GITHUB_TOKEN": "t"}, "is not OWNER/REPO"),
        (NAME, {"reporters": Reporters("Not A Slug")}, {"GITHUB_TOKEN": "t"}, "no slug of Sentry"),
        (NAME, {"reporters": Reporters("")}, {"GITHUB_TOKEN": "t"}, "no slug of Sentry"),
        (NAME, {"reporters": Reporters(projects=("x: y",))}, {"GITHUB_TOKEN": "t"}, "no slug of Sentry"),
        (NAME, {"reporters": Reporters(services=("a b",))}, {"GITHUB_TOKEN": "t"}, "of a Datadog service"),
        (NAME, {"reporters": Reporters(bugsink=("shop",))}, {"GITHUB_TOKEN": "t"}, "of a Bugsink project"),
        (
            NAME,
            {"reporters": Reporters("acme", people_only=True)},
            {"GITHUB_TOKEN": "t"},
            "contradict each other",
        ),
        (NAME, {}, {}, "no credentials"),
        (
            NAME,
            {},
            {"AUTOFIX_APP_ID": "1", "AUTOFIX_PRIVATE_KEY": "k"},
            "may not write workflows, on purpose",
        ),
    ],
)
def test_bad_input_ends_with_2_and_a_sentence(
    name: str,
    how: dict[str, Any],
    environment: dict[str, str],
    said: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    assert init(name, environment={"AUTOFIX_DATA_DIR": str(tmp_path), **environment}, **how) == 2
    assert said in capsys.readouterr().err


# The files -------------------------------------------------------------------------------------------------------


def test_the_policy_merges_nothing_and_every_setting_is_explained() -> None:
    text = policy_text(SHOP, NAME)
    policy = parse_policy(text.encode())
    assert policy.enabled
    assert policy.shadow
    assert {policy.action(category) for category in CATEGORIES} == {Action.PROPOSE}
    for section in text.split("\n\n")[:-1]:
        assert section.startswith("# "), section


@pytest.mark.parametrize(
    ("reporters", "lists"),
    [
        (Reporters(services=("shop", "checkout.api")), [("datadog", "shop"), ("datadog", "checkout.api")]),
        (Reporters(bugsink=("1", "12")), [("bugsink", "1"), ("bugsink", "12")]),
        (
            Reporters("acme", ("shop",), ("shop",), ("1",)),
            [("sentry", "shop"), ("datadog", "shop"), ("bugsink", "1")],
        ),
        (Reporters(people_only=True), []),
    ],
)
def test_whoever_is_named_reports_and_nobody_else(reporters: Reporters, lists: list[tuple[str, str]]) -> None:
    text = files(reporters, NAME)[POLICY_PATH]
    policy = parse_policy(text.encode())
    asked = [(source, project) for source in TRACKERS for project in ("shop", "checkout.api", "1", "12")]
    assert [one for one in asked if policy.lists(one[0], "acme", one[1])] == lists
    assert policy.intake.people_only is not bool(lists)
    assert "guessed" not in text
    for section in text.split("\n\n")[:-1]:
        assert section.startswith("# "), section


@pytest.mark.parametrize("slug", ["null", "123", "no", "on", "0x1f", "1_000", "_", "2026-12-24"])
def test_a_slug_that_yaml_would_read_otherwise_stays_a_text(slug: str) -> None:
    policy = parse_policy(files(Reporters(slug, (slug,)), NAME)[POLICY_PATH].encode())
    assert policy.sentry is not None
    assert (policy.sentry.organization, policy.sentry.projects) == (slug, (slug,))


def test_a_guess_says_that_it_is_one() -> None:
    text = policy_text(Reporters(), "Acme.Inc/Shop_API.v2")
    assert yaml.safe_load(text)["sentry"] == {"organization": "acme-inc", "projects": ["shop_api-v2"]}
    assert text.count("# guessed from the repository's name") == 2
    assert "guessed" not in policy_text(SHOP, NAME)
    assert guess("...") == "unnamed"


def test_a_policy_that_our_parser_refuses_is_never_proposed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.setup.files.policy_text", lambda *_: "version: 1\nunknown: 2\n")
    with pytest.raises(PolicyError):
        files(SHOP, NAME)


def test_the_workflow_is_pinned_and_the_branch_is_none_of_a_fix() -> None:
    assert re.search(r"uses: \S+/autofix/\S+@[0-9a-f]{40}", workflow_text())
    assert not BRANCH.startswith(BRANCH_PREFIX)


def test_the_text_says_what_to_require_and_how_trust_grows() -> None:
    said = body(NAME, Plan("trunk", "0" * 40, files(Reporters(), NAME), ()))
    for phrase in (
        "`trunk`",
        "Require the status check `autofix`",
        "| shadow |",
        "| automerge |",
        f"doctor {NAME}",
    ):
        assert phrase in said
