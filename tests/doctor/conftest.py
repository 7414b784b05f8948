"""A repository on the stand-in, for the commands that look at it and write to it over HTTP."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from app.demo.github import ACTIONS_APP_ID, AppRegistration, GitHubStandIn, Repository
from app.demo.github.git.objects import Entry, Signature
from app.demo.sentry import SentryStandIn
from app.doctor.access import Access
from app.doctor.examine import examine
from app.doctor.finding import Diagnosis, Finding
from app.packaged import SAMPLE, app_manifest
from app.settings import Connections
from contracts import load_contract

NAME = "acme/shop"
APP_ID = 4242
SENTRY_TOKEN = "sentry-canary-token"
CHECKS = ("autofix", "tests")
SAMPLE_FILES = {
    path.relative_to(SAMPLE).as_posix(): path.read_text(encoding="utf-8")
    for path in sorted((SAMPLE / ".github").rglob("*.yml"))
}


@dataclass
class Site:
    """The stand-ins, and what a person or the App needs to use them."""

    github: GitHubStandIn
    sentry: SentryStandIn
    private_key: str
    folder: Path

    @property
    def repo(self) -> Repository:
        return self.github.repository(NAME)

    def token(self, login: str = "ada") -> str:
        return self.github.mint_token(login=login)

    def access(
        self,
        *,
        person: str | None = "ada",
        app: bool = True,
        sentry: bool = True,
        connections: Connections | None = None,
    ) -> Access:
        return Access(
            api_url=self.github.base_url,
            token=self.token(person) if person else None,
            app_id=APP_ID if app else None,
            private_key=self.private_key if app else None,
            connections=connections or (self.connections() if sentry else Connections()),
        )

    def connections(self, **more: Any) -> Connections:
        """What the server's settings say of trackers."""
        given = {
            "sentry_url": self.sentry.base_url,
            "sentry_token": SENTRY_TOKEN,
            "sentry_organizations": "acme",
        }
        return Connections(**(given | more))

    def environment(self) -> dict[str, str]:
        """What the command line finds in its environment."""
        key = self.folder / "app.pem"
        key.write_text(self.private_key, encoding="utf-8")
        return {
            "GITHUB_TOKEN": self.token(),
            "AUTOFIX_DATA_DIR": str(self.folder / "data"),
            "AUTOFIX_APP_ID": str(APP_ID),
            "AUTOFIX_PRIVATE_KEY_FILE": str(key),
            "AUTOFIX_GITHUB_URL": self.github.base_url,
            "AUTOFIX_SENTRY_URL": self.sentry.base_url,
            "AUTOFIX_SENTRY_TOKEN": SENTRY_TOKEN,
            "AUTOFIX_SENTRY_ORGANIZATIONS": "acme",
        }

    async def examine(self, **how: Any) -> Diagnosis:
        access = self.access(**how)
        return await asyncio.to_thread(examine, access, NAME)

    async def finding(self, name: str, **how: Any) -> Finding:
        return next(one for one in (await self.examine(**how)).findings if one.name == name)

    def push(self, files: Mapping[str, str | None], branch: str = "main") -> str:
        git = self.repo.git
        before = git.branch(branch)
        entries = git.files(git.commit(before).tree) if before else {}
        for path, text in files.items():
            if text is None:
                del entries[path]
            else:
                entries[path] = Entry(0o100644, git.write_blob(text.encode()))
        by = Signature("ada", "ada@example.com", int(time.time()))
        sha = git.write_commit(git.write_tree(entries), [before] if before else [], "change", by, by)
        git.set_ref(f"refs/heads/{branch}", sha)
        self.repo.after_push(f"refs/heads/{branch}", before, sha, self.github.site.accounts["ada"])
        return sha

    async def send(self, method: str, path: str, body: Any, token: str | None = None) -> Any:
        headers = {"Authorization": f"Bearer {token or self.token()}"}
        async with httpx.AsyncClient(base_url=self.github.base_url, headers=headers, trust_env=False) as http:
            answer = await http.request(method, f"/repos/{NAME}{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json()

    async def ruleset(self, *checks: str, app: int | None = ACTIONS_APP_ID, **more: Any) -> None:
        listed = [{"context": name, **({"integration_id": app} if app else {})} for name in checks]
        parameters = {"required_status_checks": listed, "strict_required_status_checks_policy": False}
        await self.send(
            "POST",
            "/rulesets",
            {
                "name": "main",
                "enforcement": "active",
                "target": "branch",
                "conditions": {"ref_name": {"include": ["~DEFAULT_BRANCH"], "exclude": []}},
                "rules": [
                    {"type": "required_status_checks", "parameters": parameters},
                    *more.pop("rules", ()),
                ],
                **more,
            },
        )

    async def deploy(self, environment: str, state: str = "success") -> None:
        body = {"ref": "main", "environment": environment, "required_contexts": [], "auto_merge": False}
        made = await self.send("POST", "/deployments", body)
        await self.send("POST", f"/deployments/{made['id']}/statuses", {"state": state})

    def install(self) -> None:
        self.github.install("acme", installation_id=77, permissions=app_manifest()["default_permissions"])

    async def make_perfect(self) -> str:
        """Everything is as it should be; the head of main."""
        sha = self.push({**SAMPLE_FILES, ".github/CODEOWNERS": "/.github/ @acme/leads\n"})
        self.install()
        await self.ruleset(*CHECKS)
        await self.deploy("production")
        self.sentry.store.releases.known(f"shop@{sha}", time.time())
        return sha

    def violations(self) -> list[str]:
        """Where our calls or the stand-in's answers differ from GitHub's own description."""
        contract, found = load_contract(closed_answers=True), set[str]()
        for one in self.github.journal:
            if one.path.endswith("/settings/apps/new"):  # a page for people, not the API
                continue
            path = one.path.removeprefix("/api/v3")
            query = {name: [value] for name, value in one.query.items()}
            found.update(
                contract.check_request(one.method, path, query, one.request_headers, one.request_body)
            )
            if one.status != httpx.codes.NOT_FOUND:
                found.update(
                    contract.check_response(
                        one.method, path, one.status, one.response_headers, one.response_body
                    )
                )
        return sorted(found)


@pytest.fixture(scope="session")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
async def site(tmp_path: Path, key: rsa.RSAPrivateKey) -> AsyncIterator[Site]:
    described = app_manifest()
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    registration = AppRegistration(
        id=APP_ID,
        slug="autofix",
        name="Autofix",
        public_key_pem=public.decode(),
        webhook_url=None,
        webhook_secret="not-used-here",
        client_id="Iv1.autofix",
        bot_user_id=4_242_001,
        permissions=described["default_permissions"],
        events=described["default_events"],
    )
    github = GitHubStandIn(tmp_path / "github", app=registration)
    await github.start()

    async def no_issue(_: object) -> None:
        raise AssertionError

    sentry = SentryStandIn(organization="acme", project="shop", token=SENTRY_TOKEN, open_issue=no_issue)
    await sentry.start()
    github.create_user("ada")
    github.create_org("acme", members={"ada": "admin"})
    github.create_repository("acme", "shop")
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    site = Site(github, sentry, private.decode(), tmp_path)
    yield site
    await sentry.stop()
    await github.stop()
    assert site.violations() == []
