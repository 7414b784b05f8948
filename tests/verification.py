"""Starts the Action as a workflow does: a process of its own, an event, and, where wanted, a GitHub that answers."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from app.demo.github import checks
from app.demo.github.accounts import Actor, AppRegistration
from app.demo.github.pulls import open_pull
from app.demo.github.render.pulls import pull_request
from app.demo.github.stand_in import GitHubStandIn
from app.demo.github.state import AutoMerge, Pull, Repository
from proposed_fix import BOT, Checkout

ROOT = Path(__file__).parents[1]
ACTION = ROOT / "action"
_T = TypeVar("_T")


@dataclass(frozen=True)
class Verdict:
    """How a run of the Action ended, and everything that it wrote."""

    status: int
    log: str
    result: str
    evidence: str
    summary: str

    @property
    def commands(self) -> list[str]:
        """The lines that a runner would take for workflow commands."""
        lines = re.split(r"[\r\n]", self.log)
        return [line.strip() for line in lines if line.strip().startswith("::") or "##[" in line]

    @property
    def errors(self) -> list[str]:
        return [line for line in self.commands if line.startswith("::error ")]

    @property
    def data(self) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads(Path(self.evidence).read_text())
        return loaded

    def sentences(self, state: str = "denied") -> dict[str, list[str]]:
        """What the gates in that state said, by gate."""
        return {
            gate["gate"]: [one["sentence"] for one in gate["objections"]]
            for gate in self.data["gates"]
            if gate["state"] == state
        }


def verify(folder: Path, payload: Mapping[str, Any], *, name: str = "pull_request", **inputs: str) -> Verdict:
    files = {key: folder.parent / key for key in ("event", "output", "summary")}
    files["event"].write_text(json.dumps(payload))
    for key in ("output", "summary"):
        files[key].write_text("")
    temporary = folder.parent / "temporary"
    temporary.mkdir(exist_ok=True)
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder.parent),
        "GITHUB_EVENT_NAME": name,
        "GITHUB_EVENT_PATH": str(files["event"]),
        "GITHUB_OUTPUT": str(files["output"]),
        "GITHUB_STEP_SUMMARY": str(files["summary"]),
        "GITHUB_WORKSPACE": str(folder),
        "RUNNER_TEMP": str(temporary),
        "AUTOFIX_PYTHON": sys.executable,
        "AUTOFIX_BOT_LOGIN": "autofix[bot]",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",  # the plugins of this test suite take longer than the test
        **inputs,
    }
    done = subprocess.run(
        [sys.executable, "-W", "error", "-I", str(ACTION / "start.py")],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.stderr == "", done.stderr
    outputs = dict(
        re.findall(r"(?m)^(\w+)<<(?:autofix-\w+)\n(.*)\nautofix-\w+$", files["output"].read_text())
    )
    leftovers = [path.name for path in temporary.iterdir() if not path.name.startswith("autofix-evidence-")]
    assert leftovers == []
    return Verdict(
        done.returncode, done.stdout, outputs["result"], outputs["evidence"], files["summary"].read_text()
    )


def require_denied(verdict: Verdict, gates: set[str], words: str) -> None:
    """Exactly these gates deny; one of them says `words`; and people see it."""
    assert (verdict.status, verdict.result) == (1, "denied"), verdict.log
    assert "Not verified" in verdict.summary
    told = {found[1] for line in verdict.errors if (found := re.search(r"title=Autofix%3A ([\w-]+)::", line))}
    assert told == gates, verdict.log
    assert any(words in line for line in verdict.errors), verdict.log
    if verdict.evidence:
        assert verdict.data["verdict"] == "denied"
        assert set(verdict.sentences()) == gates


@dataclass(frozen=True)
class Published:
    """A pull request on the stand-in, the event that GitHub sends for it, and the workflow's inputs."""

    github: GitHubStandIn
    repository: Repository
    pull: Pull
    event: dict[str, Any]
    inputs: dict[str, str]
    do: Callable[[Callable[[], Any]], Any]

    def arm(self) -> None:
        """Auto-merge is on, as the App switches it on."""
        self.pull.auto_merge = AutoMerge(self.app_actor, 0.0, "squash")

    @property
    def app_actor(self) -> Actor:
        return Actor(self.github.app.bot, self.github.app)

    def check(
        self, name: str, conclusion: str | None, *, app: str = "github-actions", sha: str | None = None
    ) -> None:
        """A check run of an app; it still runs where there is no conclusion."""
        known = next((one for one in self.github.site.apps.values() if one.slug == app), None)
        if known is None:
            owner, number = self.github.site.create_account(f"{app}-owner"), self.github.site.next_id()
            known = self.github.site.create_app(
                number, app, app, owner=owner, bot_user_id=self.github.site.next_id()
            )
        fields = {"status": "completed" if conclusion else "in_progress", "conclusion": conclusion}
        suite = checks.suite_for(self.github.site, self.repository, known, sha or self.pull.head_sha)
        checks.create_run(self.github.site, self.repository, Actor(known.bot, known), suite, name, fields)


class LiveGitHub:
    """The stand-in on a thread of its own, because the Action and the test wait for each other."""

    def __init__(self, root: Path) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        registration = AppRegistration(
            id=4242,
            slug="autofix",
            name="Autofix",
            public_key_pem="",
            webhook_url=None,
            webhook_secret="s",
            client_id="Iv23",
            bot_user_id=BOT["id"],
            permissions={},
            events=(),
        )
        self.github = GitHubStandIn(root, app=registration)
        self._count = 0

    @contextmanager
    def running(self) -> Iterator[LiveGitHub]:
        self._thread.start()
        self._wait(self.github.start())
        self.do(lambda: self.github.create_org("acme", members={"ines": "write"}))
        self.do(lambda: self.github.create_user("ines"))
        try:
            yield self
        finally:
            self._wait(self.github.stop())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(10)
            self._loop.close()

    def do(self, action: Callable[[], _T]) -> _T:
        """What `action` gives, done where the stand-in runs."""

        async def done() -> _T:
            return action()

        return self._wait(done())

    def _wait(self, awaitable: Coroutine[Any, Any, _T]) -> _T:
        return asyncio.run_coroutine_threadsafe(awaitable, self._loop).result(30)

    def publish(
        self, checkout: Checkout, head: str, *, verified: bool = True, by: str | None = None
    ) -> Published:
        """The branch is pushed, and the App (or `by`) has opened a pull request."""
        self._count += 1
        name = f"shop{self._count}"
        repository = self.do(lambda: self.github.create_repository("acme", name))
        branch = checkout.branch
        checkout.git("push", "--quiet", str(repository.git_dir), "main:main", f"+{head}:refs/heads/{branch}")

        def opened() -> tuple[Pull, dict[str, Any], str]:
            site = self.github.site
            repository.refresh_refs(site.accounts["ines"])
            if verified:
                repository.verified.add(head)
            actor = Actor(site.accounts[by]) if by else Actor(self.github.app.bot, self.github.app)
            pull = open_pull(site, repository, actor, title="Fix", head=branch, base="main")
            token = self.github.mint_token(
                app="github-actions",
                repository=f"acme/{name}",
                permissions=dict.fromkeys(("contents", "pull_requests", "checks"), "read"),
            )
            return pull, pull_request(site, pull, "clean"), token

        pull, shown, token = self.do(opened)
        event = {"action": "opened", "number": pull.number, "pull_request": shown}
        inputs = {"AUTOFIX_TOKEN": token, "GITHUB_API_URL": self.github.base_url}
        return Published(self.github, repository, pull, event, inputs, self.do)
