"""The stand-in with one repository and our client of it; every exchange is held against GitHub's descriptions."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from app.clients.github import GitHub, RepositoryClient
from app.core.model import FileChange
from app.demo.github import ACTIONS_APP_ID, AppRegistration, Exchange, GitHubStandIn
from app.demo.github.git.objects import Entry, Signature
from contracts import load_contract

APP_ID, INSTALLATION = 4242, 77
PERMISSIONS = {
    "actions": "read",
    "checks": "read",
    "contents": "write",
    "deployments": "read",
    "issues": "write",
    "metadata": "read",
    "pull_requests": "write",
    "statuses": "read",
}
FILES = {"shop/cart.py": "a = 1\nb = 2\n", "README.md": "shop\n"}
GENERATED_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class World:
    """The stand-in, and our client of its one repository."""

    github: GitHubStandIn
    client: GitHub
    http: httpx.AsyncClient
    allowed: set[str] = field(default_factory=set)
    checked: int = 0

    @property
    def repo(self) -> RepositoryClient:
        return self.client.repository("acme/shop", INSTALLATION)

    def push(
        self, branch: str, files: Mapping[str, str | bytes], mode: int = 0o100644, login: str = "alice"
    ) -> str:
        """A commit on `branch` (from main when new) that writes these files; its SHA."""
        repo, git = self.github.repository("acme/shop"), self.github.repository("acme/shop").git
        before = git.branch(branch)
        parent = before or git.branch("main")
        entries = git.files(git.commit(parent).tree) if parent else {}
        for path, content in files.items():
            raw = content if isinstance(content, bytes) else content.encode()
            entries[path] = Entry(mode, git.write_blob(raw))
        by = Signature(login, f"{login}@example.com", int(self.github.site.clock()))
        sha = git.write_commit(git.write_tree(entries), [parent] if parent else [], "change", by, by)
        git.set_ref(f"refs/heads/{branch}", sha)
        repo.after_push(f"refs/heads/{branch}", before, sha, self.github.create_user(login))
        return sha

    async def call(self, method: str, path: str, token: str, body: Any = None) -> Any:
        """What somebody else does."""
        headers = {"Authorization": f"Bearer {token}"}
        answer = await self.http.request(method, self.github.base_url + path, json=body, headers=headers)
        assert answer.is_success, answer.text
        return answer.json()

    def user(self) -> str:
        return self.github.mint_token(login="alice")

    async def require(self, *contexts: str) -> None:
        checks = [{"context": name, "integration_id": ACTIONS_APP_ID} for name in contexts]
        body = {
            "name": "main",
            "enforcement": "active",
            "target": "branch",
            "conditions": {"ref_name": {"include": ["~DEFAULT_BRANCH"], "exclude": []}},
            "rules": [
                {
                    "type": "required_status_checks",
                    "parameters": {
                        "required_status_checks": checks,
                        "strict_required_status_checks_policy": False,
                    },
                }
            ],
        }
        await self.call("POST", "/repos/acme/shop/rulesets", self.user(), body)

    async def check(self, sha: str, name: str, conclusion: str = "success") -> None:
        token = self.github.mint_token(
            app="github-actions", permissions={"checks": "write", "contents": "write"}
        )
        body = {"name": name, "head_sha": sha, "status": "completed", "conclusion": conclusion}
        await self.call("POST", "/repos/acme/shop/check-runs", token, body)
        await self.github.settle()

    async def propose(self, branch: str = "autofix/inc-1") -> Any:
        """Our commit on a branch of ours, with its pull request."""
        base = await self.repo.branch_sha("main")
        commit = await self.repo.commit(
            str(base), [FileChange("shop/cart.py", None, "a = 2\n")], "Fix it\n\nBody\n"
        )
        await self.repo.create_branch(branch, commit.sha)
        pull = await self.repo.open_pull(branch=branch, base="main", title="Fix it", body="Because")
        return commit, pull

    def hold_against_the_contract(self) -> None:
        contract = load_contract()
        for exchange in self.github.journal:
            if exchange.caller not in {"autofix[bot]", "autofix"}:
                continue
            self.checked += 1
            assert _violations(contract, exchange) == [], (exchange.method, exchange.path, exchange.sent)


def _violations(contract: Any, exchange: Exchange) -> list[str]:
    query = {name: [value] for name, value in exchange.query.items()}
    found: list[str] = contract.check_request(
        exchange.method, exchange.path, query, exchange.request_headers, exchange.request_body
    )
    found += contract.check_response(
        exchange.method, exchange.path, exchange.status, exchange.response_headers, exchange.response_body
    )
    if (
        exchange.path == "/graphql"
        and exchange.answer
        and exchange.answer.get("data")
        and not exchange.answer.get("errors")
    ):
        found += contract.check_graphql_answer(
            exchange.sent["query"], exchange.sent.get("variables", {}), exchange.answer["data"]
        )
    return found


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    public = GENERATED_KEY.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    private = GENERATED_KEY.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    registration = AppRegistration(
        APP_ID, "autofix", "Autofix", public.decode(), None, "s3cret", "Iv23li", 900_001, PERMISSIONS, ()
    )
    github = GitHubStandIn(tmp_path, app=registration)
    github.create_org("acme", members={"alice": "admin"})
    github.create_user("alice")
    github.create_repository("acme", "shop")
    url = await github.start()
    async with httpx.AsyncClient(trust_env=False) as http, httpx.AsyncClient(trust_env=False) as others:
        world = World(github, GitHub(http, app_id=APP_ID, private_key=private.decode(), base_url=url), others)
        world.push("main", FILES)
        github.install("acme", installation_id=INSTALLATION, permissions=PERMISSIONS)
        yield world
    await github.stop()
    world.hold_against_the_contract()
    assert world.checked
