"""The stand-in with people of every role, and the real server behind it: comments travel as they do on GitHub.

Only the workflows are missing: what would start, wake, stop or land one is noted.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from app import workflow
from app.clients import Clients
from app.clients.github import GitHub, RepositoryClient
from app.clients.sentry import Sentry
from app.core.case_file import dump_case
from app.core.messages import commit_message, merge_message, pull_title
from app.core.model import (
    Armed,
    CaseFile,
    FileChange,
    Incident,
    Merged,
    Outcome,
    Reason,
    Result,
    Stage,
    Stop,
    given,
)
from app.demo.github import AppRegistration, Comment, GitHubStandIn, Issue, Repository, issues
from app.demo.github.git.objects import Entry, Signature
from app.settings import Settings
from app.store import IncidentRow, Store
from app.web.dispatcher import Dispatcher
from app.web.server import create_app, serve
from samples import PATCH, case

SECRET = "it's a secret to everybody"
APP_ID, INSTALLATION, BOT = 4242, 77, "autofix[bot]"
PERMISSIONS = {
    "checks": "read",
    "contents": "write",
    "deployments": "read",
    "issues": "write",
    "metadata": "read",
    "pull_requests": "write",
    "statuses": "read",
    "actions": "read",
}
EVENTS = ("issues", "issue_comment", "pull_request", "push")
PEOPLE = {"ada": "admin", "mo": "maintain", "wes": "write", "tess": "triage", "rita": "read"}
STRANGER = "mallory"
LINK = "Sentry Issue: [SHOP-1](https://acme.sentry.io/issues/4711/?referrer=github_integration)"
POLICY = """version: 1
sentry:
  organization: acme
  projects: [shop]
categories:
  null-safety: propose
"""
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class Noted:
    """What would have happened to workflows."""

    started: list[Incident] = field(default_factory=list)
    woken: list[tuple[str, str]] = field(default_factory=list)
    stopped: list[tuple[str, str]] = field(default_factory=list)
    landed: list[tuple[str, str, bool]] = field(default_factory=list)


@dataclass
class Town:
    """GitHub's stand-in, our server, and the store between them."""

    github: GitHubStandIn
    store: Store
    client: GitHub
    dispatcher: Dispatcher
    settings: Settings
    noted: Noted
    http: httpx.AsyncClient

    @property
    def repo(self) -> Repository:
        return self.github.repository("acme/shop")

    @property
    def ours(self) -> RepositoryClient:
        return self.client.repository("acme/shop", INSTALLATION)

    def issue(self, login: str = "sentry[bot]", body: str = LINK, **more: Any) -> Issue:
        return self.github.open_issue("acme/shop", login=login, title="AttributeError", body=body, **more)

    async def say(self, login: str, body: str, on: Issue) -> Comment:
        """The comment, once everything that follows from it has followed."""
        comment = self.github.comment(on, login=login, body=body)
        await self.settle()
        return comment

    async def settle(self) -> None:
        await self.github.settle()
        async with asyncio.timeout(20):
            while self.store.waiting_deliveries():  # noqa: ASYNC110 - the inbox is the sync point
                await asyncio.sleep(0.005)
        await self.github.settle()

    def push(
        self,
        branch: str,
        files: Mapping[str, str | None],
        *,
        login: str = "ada",
        message: str = "change",
        mode: int = 0o100644,
    ) -> str:
        """A commit on `branch` (from main when new) that writes these files, None deletes one; its SHA."""
        git = self.repo.git
        before = git.branch(branch)
        parent = before or git.branch("main")
        entries = git.files(git.commit(parent).tree) if parent else {}
        for path, text in files.items():
            if text is None:
                del entries[path]
            else:
                entries[path] = Entry(mode, git.write_blob(text.encode()))
        by = Signature(login, f"{login}@example.com", int(self.github.site.clock()))
        sha = git.write_commit(git.write_tree(entries), [parent] if parent else [], message, by, by)
        git.set_ref(f"refs/heads/{branch}", sha)
        self.repo.after_push(f"refs/heads/{branch}", before, sha, self.github.site.accounts[login])
        return sha

    def text(self, path: str, branch: str = "main") -> str | None:
        git = self.repo.git
        entry = git.files(git.commit(given(git.branch(branch))).tree).get(path)
        return None if entry is None else git.blob(entry.sha).decode()

    async def call(self, method: str, path: str, login: str, body: Any = None) -> Any:
        """What a person does through GitHub."""
        headers = {"Authorization": f"Bearer {self.github.mint_token(login=login)}"}
        url = f"{self.github.base_url}/repos/acme/shop{path}"
        answer = await self.http.request(method, url, json=body, headers=headers)
        assert answer.is_success, answer.text
        await self.settle()
        return answer.json() if answer.content else None

    def reactions(self, comment: Comment) -> list[str]:
        assert all(one.user.login == BOT for one in comment.reactions)
        return [one.content for one in comment.reactions]

    def replies(self, on: Issue) -> list[str]:
        return [one.body for one in on.comments if one.user.login == BOT]

    # Incidents

    def open(self, on: Issue, **more: Any) -> IncidentRow:
        incident, _ = self.store.open_incident(
            repository="acme/shop",
            repository_id=self.repo.id,
            installation_id=INSTALLATION,
            issue=on.number,
            fingerprint="sentry:4711",
            **more,
        )
        return given(self.store.incident(incident.id))

    def end(self, row: IncidentRow, result: Result, reason: Reason | None = None) -> IncidentRow:
        """The incident has ended as the pipeline ends one, with its record."""
        stop = None if reason is None else Stop(Stage.MERGE, reason, "a reason")
        pull = given(self.store.incident(row.id)).pull_request
        outcome = Outcome(result, f"it ended {result}", stop, pull)
        self.store.ledger.remember(row.identity, PATCH.category, PATCH.pattern, outcome, would_merge=True)
        self.store.end_incident(row.id, outcome)
        return given(self.store.incident(row.id))

    async def propose(self, on: Issue) -> tuple[IncidentRow, Issue, CaseFile]:
        """A verified proposal that waits for a person, with its real branch and pull request."""
        row = self.open(on)
        base = given(self.repo.git.branch("main"))
        bare = dataclasses.replace(case(merged=None, release=None, verdict=None), incident=row.identity)
        commit = await self.ours.commit(base, PATCH.changes, commit_message(bare))
        branch = f"autofix/{row.id}"
        await self.ours.create_branch(branch, commit.sha)
        facts = await self.ours.open_pull(branch=branch, base="main", title=pull_title(bare), body="why")
        pull = dataclasses.replace(
            given(bare.pull),
            number=facts.number,
            node_id=facts.node_id,
            branch=branch,
            head_sha=commit.sha,
            base_sha=base,
            tree_sha=commit.tree.sha,
        )
        evidence = dataclasses.replace(given(bare.evidence), head_sha=commit.sha)
        whole = dataclasses.replace(bare, pull=pull, evidence=evidence, armed=None)
        self.keep(row, whole)
        await self.settle()
        ended = self.end(row, Result.PROPOSED, Reason.NEEDS_REVIEW)
        return ended, self.repo.issues[facts.number], whole

    def keep(self, row: IncidentRow, whole: CaseFile) -> None:
        pull = whole.pull.number if whole.pull else None
        self.store.keep_case(row.id, dump_case(whole), pull, PATCH.fix.path)

    def label(self, issue: Issue, *names: str, login: str = "ada") -> None:
        issues.set_labels(self.github.site, issue, list(names), self.github._actor(login))


@contextlib.asynccontextmanager
async def town_of(root: Path, monkeypatch: pytest.MonkeyPatch, **more: Any) -> AsyncIterator[Town]:
    """A town with the shop before its fix, and nothing going on; `more` are settings."""
    noted = _note(monkeypatch)
    store = Store(f"sqlite:///{root / 'autofix.sqlite'}")
    store.migrate()
    async with contextlib.AsyncExitStack() as stack:
        stack.callback(store.close)
        http = await stack.enter_async_context(httpx.AsyncClient(trust_env=False, timeout=20))
        api = await stack.enter_async_context(httpx.AsyncClient(trust_env=False, timeout=20))
        github = _github(root / "github")
        await github.start()
        stack.push_async_callback(github.stop)
        settings = _settings(github, more)
        client = GitHub(api, app_id=APP_ID, private_key=_pem(), base_url=github.base_url)
        clients = Clients(client, Sentry(http, "https://sentry.example", "none"))
        dispatcher = Dispatcher(store, settings, clients)
        dispatcher.start()
        stack.push_async_callback(dispatcher.stop)
        runner = await serve(create_app(store, settings, dispatcher), "127.0.0.1", 0)
        stack.push_async_callback(runner.cleanup)
        host, port = runner.addresses[0][:2]
        github.webhook_url = f"http://{host}:{port}/webhooks/github"
        town = Town(github, store, client, dispatcher, settings, noted, http)
        test = PATCH.test.change
        assert test.before is None
        town.push(
            "main",
            {PATCH.fix.path: given(PATCH.fix.before), ".github/autofix.yml": POLICY, "README.md": "shop\n"},
        )
        await town.settle()
        yield town


def merged_files() -> dict[str, str | None]:
    """What a merge of the sample's fix writes."""
    changes: tuple[FileChange, ...] = PATCH.changes
    return {change.path: change.after for change in changes}


async def merged_fix(town: Town) -> tuple[IncidentRow, Issue]:
    """A fix that was merged and verified, on its issue; its row and the issue."""
    issue = town.issue(login="ada", body=LINK)
    row, _pull, whole = await town.propose(issue)
    sha = town.push("main", merged_files(), message="\n\n".join(merge_message(whole)))
    await town.settle()
    merged = Merged(sha, 1_800_000_480.0)
    town.keep(row, dataclasses.replace(whole, merged=merged, armed=Armed(sha, ("autofix",))))
    town.store.note_merge(row.id, sha, merged.merged_at)
    return town.end(row, Result.FIXED), issue


def _pem() -> str:
    return KEY.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def _settings(github: GitHubStandIn, more: Mapping[str, Any]) -> Settings:
    given_: dict[str, Any] = {
        "app_id": APP_ID,
        "private_key": "none",
        "webhook_secret": SECRET,
        "github_url": github.base_url,
        "sentry_token": "none",
        "sentry_organizations": "acme",
        "sentry_author_ids": "39604003",
        **more,
    }
    return Settings(**given_)


def _github(root: Path) -> GitHubStandIn:
    public = KEY.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    registration = AppRegistration(
        id=APP_ID,
        slug="autofix",
        name="Autofix",
        public_key_pem=public.decode(),
        webhook_url=None,
        webhook_secret=SECRET,
        client_id="Iv1.autofix",
        bot_user_id=900_001,
        permissions=PERMISSIONS,
        events=EVENTS,
    )
    github = GitHubStandIn(root, app=registration)
    github.create_org("acme", members=PEOPLE)
    for login in (*PEOPLE, STRANGER):
        github.create_user(login)
    github.create_repository("acme", "shop")
    github.install("acme", installation_id=INSTALLATION, permissions=PERMISSIONS)
    return github


def _note(monkeypatch: pytest.MonkeyPatch) -> Noted:
    noted = Noted()

    async def start(incident: Incident) -> None:
        noted.started.append(incident)

    async def wake(workflow_id: str, key: str) -> None:
        noted.woken.append((workflow_id, key))

    async def stop(workflow_id: str, by: str, key: str) -> None:
        assert key
        noted.stopped.append((workflow_id, by))

    async def land(store: Store, incident: IncidentRow, *, by: str, approved: bool, key: str) -> None:
        store.resume_incident(incident.id, f"{incident.id}+{key}", by)
        noted.landed.append((f"{incident.id}+{key}", by, approved))

    for name, one in (("start", start), ("wake", wake), ("stop", stop), ("land", land)):
        monkeypatch.setattr(workflow, name, one)
    return noted
