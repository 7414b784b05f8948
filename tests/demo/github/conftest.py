"""A small organisation on the stand-in, with the App installed, and clients for everyone in it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from aiohttp import web
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from app.demo.github import AppRegistration, GitHubStandIn, Repository
from app.demo.github.git.objects import Entry, Signature

APP_ID = 4242
INSTALLATION = 77
PERMISSIONS = {
    "actions": "read",
    "checks": "write",
    "contents": "write",
    "deployments": "read",
    "issues": "write",
    "metadata": "read",
    "pull_requests": "write",
    "statuses": "read",
}
EVENTS = (
    "issues",
    "issue_comment",
    "pull_request",
    "pull_request_review",
    "check_suite",
    "check_run",
    "status",
    "workflow_run",
    "deployment_status",
    "push",
)


@dataclass
class Clock:
    """A clock that moves only when told to."""

    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


@dataclass
class Received:
    """One webhook as the App's server got it."""

    headers: Mapping[str, str]
    body: bytes


@dataclass
class Receiver:
    """The App's server: keeps what it gets and answers as told."""

    url: str = ""
    status: int = 200
    received: list[Received] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.Response:
        self.received.append(Received(dict(request.headers), await request.read()))
        return web.Response(status=self.status)


@dataclass
class World:
    """The stand-in, its people and their clients."""

    github: GitHubStandIn
    clock: Clock
    key: rsa.RSAPrivateKey
    http: httpx.AsyncClient
    receiver: Receiver

    @property
    def repo(self) -> Repository:
        return self.github.repository("acme/shop")

    def jwt(self, key: rsa.RSAPrivateKey | None = None, **claims: Any) -> str:
        now = int(self.clock())
        payload = {"iat": now - 60, "exp": now + 540, "iss": str(APP_ID), **claims}
        return jwt.encode(payload, key or self.key, algorithm="RS256")

    async def call(
        self, method: str, path: str, token: str, body: Any = None, **headers: str
    ) -> httpx.Response:
        sent = {"Authorization": f"Bearer {token}", **{k.replace("_", "-"): v for k, v in headers.items()}}
        return await self.http.request(method, path, json=body, headers=sent)

    async def app_token(self, **wanted: Any) -> str:
        path = f"/app/installations/{INSTALLATION}/access_tokens"
        answer = await self.call("POST", path, self.jwt(), wanted)
        assert answer.status_code == 201, answer.text
        token: str = answer.json()["token"]
        return token

    def user(self, login: str) -> str:
        return self.github.mint_token(login=login)

    def push(
        self, branch: str, files: Mapping[str, str | None], *, login: str = "alice", message: str = "change"
    ) -> str:
        """A commit on `branch` (made from main when new) that writes these files; None deletes one."""
        repo, git = self.repo, self.repo.git
        before = git.branch(branch)
        parent = before or git.branch("main")
        entries = git.files(git.commit(parent).tree) if parent else {}
        for path, text in files.items():
            if text is None:
                del entries[path]
            else:
                entries[path] = Entry(0o100644, git.write_blob(text.encode()))
        by = Signature(login, f"{login}@example.com", int(self.clock()))
        sha = git.write_commit(git.write_tree(entries), [parent] if parent else [], message, by, by)
        git.set_ref(f"refs/heads/{branch}", sha)
        pusher = self.github.create_user(login)
        repo.after_push(f"refs/heads/{branch}", before, sha, pusher)
        return sha

    async def protect(self, *contexts: str, app_id: int | None = None, **more: Any) -> None:
        """A ruleset on main that requires these checks."""
        checks = [{"context": name, **({"integration_id": app_id} if app_id else {})} for name in contexts]
        parameters = {
            "required_status_checks": checks,
            "strict_required_status_checks_policy": more.pop("strict", False),
        }
        body = {
            "name": "main",
            "enforcement": "active",
            "target": "branch",
            "conditions": {"ref_name": {"include": ["~DEFAULT_BRANCH"], "exclude": []}},
            "rules": [{"type": "required_status_checks", "parameters": parameters}, *more.pop("rules", [])],
        }
        answer = await self.call("POST", "/repos/acme/shop/rulesets", self.user("alice"), body)
        assert answer.status_code == 201, answer.text

    async def open_pull(self, token: str, head: str = "fix", **more: Any) -> Any:
        body = {"title": "Fix it", "head": head, "base": "main", "body": "Details", **more}
        answer = await self.call("POST", "/repos/acme/shop/pulls", token, body)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def check(self, token: str, sha: str, name: str = "ci", conclusion: str = "success") -> Any:
        body = {"name": name, "head_sha": sha, "status": "completed", "conclusion": conclusion}
        answer = await self.call("POST", "/repos/acme/shop/check-runs", token, body)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def actions(self) -> str:
        """A workflow's GITHUB_TOKEN."""
        permissions = {"checks": "write", "statuses": "write", "contents": "write", "pull_requests": "write"}
        return self.github.mint_token(app="github-actions", permissions=permissions)

    async def graphql(self, token: str, query: str, **variables: Any) -> Any:
        answer = await self.call("POST", "/graphql", token, {"query": query, "variables": variables})
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def arm(self, token: str, pull: Any, **more: Any) -> Any:
        query = """mutation($input: EnablePullRequestAutoMergeInput!) {
          enablePullRequestAutoMerge(input: $input) {
            actor { login } pullRequest { number autoMergeRequest { enabledBy { login } mergeMethod } }
          }
        }"""
        return await self.graphql(token, query, input={"pullRequestId": pull["node_id"], **more})

    async def pull(self, token: str, number: int) -> Any:
        """The pull request once GitHub has computed it."""
        await self.call("GET", f"/repos/acme/shop/pulls/{number}", token)
        answer = await self.call("GET", f"/repos/acme/shop/pulls/{number}", token)
        return answer.json()


@pytest.fixture(scope="session")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    application = web.Application()
    application.router.add_post("/hook", receiver.handle)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield receiver
    await runner.cleanup()


@pytest.fixture
async def world(tmp_path: Path, key: rsa.RSAPrivateKey, receiver: Receiver) -> AsyncIterator[World]:
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    clock = Clock()
    registration = AppRegistration(
        APP_ID,
        "autofix",
        "Autofix",
        public.decode(),
        receiver.url,
        "s3cret",
        "Iv23liAutofix",
        900_001,
        PERMISSIONS,
        EVENTS,
    )
    github = GitHubStandIn(tmp_path, app=registration, clock=clock)
    github.create_org("acme", members={"alice": "admin", "bob": "write"})
    for login in ("alice", "bob", "mallory"):
        github.create_user(login)
    github.create_repository("acme", "shop")
    url = await github.start()
    async with httpx.AsyncClient(base_url=url, timeout=10) as http:
        world = World(github, clock, key, http, receiver)
        world.push("main", {"app.py": "a = 1\nb = 2\nc = 3\nd = 4\ne = 5\n", "README.md": "shop\n"})
        github.install("acme", installation_id=INSTALLATION, permissions=PERMISSIONS)
        yield world
    await github.stop()
