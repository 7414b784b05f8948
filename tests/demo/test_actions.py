"""Workflow files are really run by act, and reported as GitHub Actions reports."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from app.demo.actions import ActionsRunner, JobView
from app.demo.actions.act import parse as parse_line
from app.demo.actions.workflow_file import Happening, WorkflowFile, WorkflowInvalid, parse
from app.demo.github.accounts import Actor, AppRegistration
from app.demo.github.pulls import open_pull
from app.demo.github.stand_in import GitHubStandIn
from app.demo.github.state import Repository, WorkflowRun
from app.demo.keeper import processes

TINY = """
name: tiny
on:
  push:
    branches: [main]
  pull_request:
permissions:
  contents: read
  deployments: write
jobs:
  look:
    name: Look around
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683
      - name: See
        run: |
          cat greeting.txt
          echo "repo $GITHUB_REPOSITORY sha $GITHUB_SHA ref $GITHUB_REF api $GITHUB_API_URL"
          echo "token <$TOKEN> platform $PLATFORM ambient <$GITHUB_TOKEN>"
          git fetch origin main && git log -1 --format=%s FETCH_HEAD
          echo "::error::something is odd"
          echo "## Seen" >> "$GITHUB_STEP_SUMMARY"
        env:
          TOKEN: ${{ github.token }}
          PLATFORM: ${{ vars.PLATFORM_URL }}
      - uses: acme/tools/greet@1111111111111111111111111111111111111111
        with: {name: world}
  never:
    runs-on: ubuntu-latest
    if: github.event_name == 'release'
    steps: [{run: "true"}]
"""
RED = """
name: red
on: push
jobs:
  broken:
    runs-on: ubuntu-latest
    steps: [{run: echo before}, {run: exit 3}, {run: echo never}]
  after:
    needs: broken
    runs-on: ubuntu-latest
    steps: [{run: "true"}]
"""
SLOW = """
name: slow
on: push
concurrency: production
jobs:
  slow:
    runs-on: ubuntu-latest
    steps: [{run: "echo $$ > \\"$PIDS/step\\"; sleep 60"}]
"""
GREET = """
name: greet
description: greets
inputs: {name: {description: who, required: true}}
runs:
  using: composite
  steps:
    - shell: bash
      env: {NAME: "${{ inputs.name }}"}
      run: echo "hello $NAME from $(basename "$GITHUB_ACTION_PATH")"
"""


def git(folder: Path, *arguments: str) -> str:
    who = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in IDENTITY}
    return subprocess.run(
        ["git", *arguments],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), **who},
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()


IDENTITY = (("NAME", "ines"), ("EMAIL", "ines@example.com"))


@dataclass
class World:
    github: GitHubStandIn
    repository: Repository
    clone: Path
    work: Path
    tools: Path
    jobs: list[JobView]

    def commit(self, files: Mapping[str, str], branch: str = "main") -> str:
        """The files are pushed to the branch, and the stand-in knows."""
        git(self.clone, "checkout", "--quiet", "-B", branch)
        for name, text in files.items():
            path = self.clone / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        git(self.clone, "add", "--all")
        git(self.clone, "commit", "--quiet", "--message", "Change " + ", ".join(files))
        git(self.clone, "push", "--quiet", "origin", branch)
        self.repository.refresh_refs(self.github.site.accounts["ines"])
        return git(self.clone, "rev-parse", "HEAD")

    def runner(self, **options: Any) -> ActionsRunner:
        runner = ActionsRunner(
            self.github,
            self.work,
            api_url=self.github.base_url,
            variables={"PLATFORM_URL": "http://127.0.0.1:7"},
            action_repositories={"acme/tools": self.tools},
            **options,
        )
        runner.on_job(self.jobs.append)
        runner.start()
        return runner

    @property
    def runs(self) -> list[WorkflowRun]:
        return list(self.repository.workflow_runs.values())


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    registration = AppRegistration(
        id=4242,
        slug="autofix",
        name="Autofix",
        client_id="Iv23",
        bot_user_id=990,
        public_key_pem="",
        webhook_url=None,
        webhook_secret="s",
        permissions={},
        events=(),
    )
    github = GitHubStandIn(tmp_path / "github", app=registration)
    await github.start()
    github.create_org("acme", members={"ines": "write"})
    github.create_user("ines")
    repository = github.create_repository("acme", "shop")
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", str(repository.git_dir), str(clone))
    tools = tmp_path / "tools"
    (tools / "greet").mkdir(parents=True)
    (tools / "greet" / "action.yml").write_text(GREET)
    yield World(github, repository, clone, tmp_path / "actions", tools, [])
    await github.stop()


async def test_a_push_is_really_run_and_reported(world: World) -> None:
    runner = world.runner()
    sha = world.commit({".github/workflows/tiny.yml": TINY, "greeting.txt": "good morning\n"})
    await asyncio.wait_for(runner.idle(), 60)
    await runner.stop()
    (run,) = world.runs
    assert (run.event, run.head_sha, run.head_branch, run.conclusion) == ("push", sha, "main", "success")
    look, never = run.jobs
    assert (look.name, look.conclusion, look.check_run.conclusion) == ("Look around", "success", "success")
    assert (never.conclusion, never.check_run.conclusion) == ("skipped", "skipped")
    assert look.check_run.suite.app.id == 15368
    for expected in (
        "good morning",
        f"repo acme/shop sha {sha} ref refs/heads/main api {world.github.base_url}",
        "token <***> platform http://127.0.0.1:7 ambient <>",
        "Change .github/workflows/tiny.yml, greeting.txt",
        "##[error]something is odd",
        "hello world from greet",
    ):
        assert expected in look.log, look.log
    assert [step["name"] for step in look.steps] == [
        "Set up job",
        "Run actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683",
        "See",
        "Run acme/tools/greet@1111111111111111111111111111111111111111",
        "Complete job",
    ]
    seen = [(view.status, view.conclusion) for view in world.jobs if view.job == "Look around"]
    assert seen == [("queued", None), ("in_progress", None), ("completed", "success")]
    assert "## Seen" in world.jobs[-1].summary or any("## Seen" in view.summary for view in world.jobs)
    assert list(world.work.iterdir()) == []
    assert not [token for token in world.github.site.tokens.values() if token.limit == 1000]


async def test_a_pull_request_runs_on_its_test_merge(world: World) -> None:
    world.commit({"greeting.txt": "good morning\n"})
    runner = world.runner()
    head = world.commit({".github/workflows/tiny.yml": TINY}, branch="topic")
    await asyncio.wait_for(runner.idle(), 60)
    assert world.runs == []
    author = Actor(world.github.site.accounts["ines"])
    open_pull(world.github.site, world.repository, author, title="Topic", head="topic", base="main")
    await asyncio.wait_for(runner.idle(), 60)
    await runner.stop()
    (run,) = world.runs
    merge = world.repository.git.ref("refs/pull/1/merge")
    assert (run.event, run.head_sha, run.pull_numbers, run.conclusion) == (
        "pull_request",
        head,
        (1,),
        "success",
    )
    assert f"sha {merge} ref refs/pull/1/merge" in run.jobs[0].log
    assert run.jobs[0].check_run.suite.head_sha == head


async def test_a_failing_step_fails_the_job_and_skips_what_needs_it(world: World) -> None:
    runner = world.runner()
    world.commit({".github/workflows/red.yml": RED})
    await asyncio.wait_for(runner.idle(), 60)
    await runner.stop()
    (run,) = world.runs
    assert run.conclusion == "failure"
    assert [(job.name, job.conclusion) for job in run.jobs] == [("broken", "failure"), ("after", "skipped")]
    assert [step["conclusion"] for step in run.jobs[0].steps][:3] == ["success", "success", "failure"]
    assert "before" in run.jobs[0].log
    assert "\nnever" not in run.jobs[0].log


async def test_an_endless_run_is_ended_with_all_its_processes(world: World, tmp_path: Path) -> None:
    runner = world.runner(run_seconds=2.0, actor_environment={"PIDS": str(tmp_path)})
    world.commit({".github/workflows/slow.yml": SLOW})
    await asyncio.wait_for(runner.idle(), 60)
    await runner.stop()
    (run,) = world.runs
    assert (run.conclusion, run.jobs[0].conclusion) == ("timed_out", "timed_out")
    assert int((tmp_path / "step").read_text()) not in processes()
    assert list(world.work.iterdir()) == []


async def test_stopping_ends_what_runs_and_what_waits(world: World, tmp_path: Path) -> None:
    runner = world.runner(actor_environment={"PIDS": str(tmp_path)})
    world.commit({".github/workflows/slow.yml": SLOW})
    world.commit({"greeting.txt": "good night\n"})
    async with asyncio.timeout(30):
        while not (tmp_path / "step").exists():  # noqa: ASYNC110 - written by another program
            await asyncio.sleep(0.05)
    assert sorted(run.status for run in world.runs) == ["in_progress", "queued"]
    await asyncio.wait_for(runner.stop(), 30)
    assert [run.conclusion for run in world.runs] == ["cancelled", "cancelled"]
    assert int((tmp_path / "step").read_text()) not in processes()


def workflow(
    on: str = "push", job: str = "{runs-on: ubuntu-latest, steps: []}", more: str = ""
) -> WorkflowFile:
    text = f"on: {on}\n{more}\njobs:\n  one: {job}\n"
    return parse(".github/workflows/x.yml", text, ["acme/tools"])


@pytest.mark.parametrize(
    ("on", "happening", "expected"),
    [
        ("push", Happening("push", None, "main"), True),
        ("push", Happening("push", None, None), True),
        ("push", Happening("pull_request", "opened", "main"), False),
        ("[push, pull_request]", Happening("pull_request", "synchronize", "main"), True),
        ("{push: {branches: [main]}}", Happening("push", None, "topic"), False),
        ("{push: {branches: [main]}}", Happening("push", None, None), False),
        ("{push: {branches: main}}", Happening("push", None, "main"), True),
        ("{push: {branches: ['release/*']}}", Happening("push", None, "release/1"), True),
        ("{push: {branches: ['release/*']}}", Happening("push", None, "release/1/2"), False),
        ("{push: {branches: ['release/**']}}", Happening("push", None, "release/1/2"), True),
        ("{push: {branches-ignore: ['autofix/**']}}", Happening("push", None, "autofix/x"), False),
        ("{pull_request: {types: [opened]}}", Happening("pull_request", "synchronize", "main"), False),
        ("{pull_request: null}", Happening("pull_request", "reopened", "main"), True),
        ("{pull_request: {branches: [main]}}", Happening("pull_request", "opened", "next"), False),
        ("workflow_dispatch", Happening("push", None, "main"), False),
    ],
)
def test_what_a_workflow_runs_on(on: str, happening: Happening, expected: bool) -> None:  # noqa: FBT001
    assert workflow(on).runs_on(happening) is expected


@pytest.mark.parametrize(
    ("on", "job", "more", "words"),
    [
        ("{push: {paths: [x]}}", "{runs-on: ubuntu-latest}", "", "by paths"),
        ("{push: {branches: ['!x']}}", "{runs-on: ubuntu-latest}", "", "excludes"),
        ("push", "{runs-on: windows-latest}", "", "windows-latest"),
        ("push", "{runs-on: ubuntu-latest, container: x}", "", "container"),
        ("push", "{runs-on: ubuntu-latest, strategy: {matrix: {a: [1]}}}", "", "strategy"),
        ("push", "{uses: acme/other/.github/workflows/x.yml@main}", "", "uses"),
        ("push", "{runs-on: ubuntu-latest, steps: [{uses: actions/cache@v4}]}", "", "not at hand"),
        ("push", "{runs-on: ubuntu-latest, steps: [{uses: 'docker://x'}]}", "", "docker"),
        ("push", "{runs-on: ubuntu-latest}", "concurrency: '${{ github.actor }}'", "expression"),
        ("", "{runs-on: ubuntu-latest}", "", "runs on"),
        ("push", "{runs-on: ubuntu-latest, steps: 3}", "", "something else"),
        ("push", "{runs-on: ubuntu-latest, steps: [x]}", "", "something else"),
        ("push", "{runs-on: ubuntu-latest}", "permissions: 7", "something else"),
    ],
)
def test_what_cannot_be_run_is_refused_with_its_reason(on: str, job: str, more: str, words: str) -> None:
    with pytest.raises(WorkflowInvalid, match=words):
        workflow(on, job, more)


def test_the_token_may_do_what_the_workflow_asks_for() -> None:
    assert workflow().permissions == {"contents": "read"}
    assert workflow(more="permissions: {}").permissions == {}
    assert workflow(more="permissions: {pull-requests: write}").permissions == {"pull_requests": "write"}
    assert workflow(more="permissions: read-all").permissions["deployments"] == "read"


@pytest.mark.parametrize("raw", [b"", b"Error: x\n", b"[]\n", b'{"msg": "no job"}\n', b'{"jobID": "a"}\n'])
def test_lines_that_say_nothing_are_passed_over(raw: bytes) -> None:
    assert parse_line(raw) is None
