"""The whole of the stand-in's GitHub: accounts, apps, repositories, tokens, and the events that follow."""

from __future__ import annotations

import base64
import itertools
import json
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.demo.github.accounts import Account, Actor, App, Installation, Token
from app.demo.github.git.objects import GitStore
from app.demo.github.state import Issue, Label, Pull, Repository

ACTIONS_APP_ID = 15368
ACTIONS_BOT_ID = 41898282
SENTRY_BOT_ID = 39604003
_DEFAULT_LABELS = (("bug", "d73a4a"), ("documentation", "0075ca"), ("enhancement", "a2eeef"))


@dataclass(frozen=True)
class Event:
    """Something that happened, with the payload that a webhook carries.

    `starts_workflows` is false for what a workflow's own GITHUB_TOKEN caused. `only_app` names the one app
    that is told, for the events that GitHub does not send to the others.
    """

    name: str
    action: str | None
    repository: Repository | None
    payload: dict[str, Any]
    actor: Actor
    starts_workflows: bool = True
    only_app: int | None = None


@dataclass(eq=False)
class Site:
    """Everything GitHub knows. Every change happens on the event loop's thread, in one go."""

    root: Path
    clock: Callable[[], float]
    api: str = "http://127.0.0.1"
    accounts: dict[str, Account] = field(default_factory=dict)
    apps: dict[int, App] = field(default_factory=dict)
    installations: dict[int, Installation] = field(default_factory=dict)
    repositories: dict[str, Repository] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    # What was sent to register an App: by one-time code, with its owner and until when.
    manifests: dict[str, tuple[dict[str, Any], Account, float]] = field(default_factory=dict)
    watchers: list[Callable[[Event], None]] = field(default_factory=list)
    _depth: int = 0
    _deferred: dict[int, Callable[[], None]] = field(default_factory=dict)
    _ids: itertools.count[int] = field(default_factory=lambda: itertools.count(3_000_000_001))
    # GraphQL writes the numbers of accounts as 32 bits.
    _account_ids: itertools.count[int] = field(default_factory=lambda: itertools.count(200_000_001))

    def __post_init__(self) -> None:
        github = self.create_account("github", kind="Organization", number=9919)
        self.actions = self.create_app(
            ACTIONS_APP_ID,
            "github-actions",
            "GitHub Actions",
            owner=github,
            bot_user_id=ACTIONS_BOT_ID,
        )
        self.create_account("sentry[bot]", kind="Bot", number=SENTRY_BOT_ID)

    def next_id(self) -> int:
        """A number used for nothing else."""
        return next(self._ids)

    def create_account(self, login: str, *, kind: str = "User", number: int | None = None) -> Account:
        """A new user, organisation or bot; the same one if the login is taken."""
        known = self.accounts.get(login.lower())
        if known is not None:
            return known
        account = Account(number or next(self._account_ids), login, kind, self.clock())
        account.email = f"{login}@example.com" if kind == "User" else None
        account.name = login if kind == "User" else None
        self.accounts[login.lower()] = account
        return account

    def create_app(
        self, number: int, slug: str, name: str, *, owner: Account, bot_user_id: int, client_id: str = ""
    ) -> App:
        """A new GitHub App with its bot account."""
        bot = self.create_account(f"{slug}[bot]", kind="Bot", number=bot_user_id)
        self.apps[number] = App(number, slug, name, client_id or f"Iv23li{number}", owner, bot, self.clock())
        return self.apps[number]

    def create_repository(self, owner: Account, name: str, number: int | None, branch: str) -> Repository:
        """A new repository with GitHub's default labels and an empty bare git directory."""
        store = GitStore.create(self.root / owner.login / f"{name}.git", branch)
        repository = Repository(number or self.next_id(), owner, name, store, branch, self.clock())
        repository.pushed_at = repository.created_at
        for label, color in _DEFAULT_LABELS:
            repository.labels[label] = Label(self.next_id(), label, color)
        self.repositories[repository.full_name.lower()] = repository
        return repository

    def issue_token(self, prefix: str, token: Token) -> Token:
        """Make `token` a valid credential, under a value of GitHub's present form."""
        token.value = new_token(prefix)
        self.tokens[token.value] = token
        return token

    def node(self, wanted: str) -> Pull | Issue | Repository | Account | None:
        """What a global id names."""
        for repository in self.repositories.values():
            if repository.node_id == wanted:
                return repository
            pulls = (pull for pull in repository.pulls.values() if pull.node_id == wanted)
            issues = (issue for issue in repository.issues.values() if issue.node_id == wanted)
            found: Pull | Issue | None = next(pulls, None) or next(issues, None)
            if found is not None:
                return found
        return next((account for account in self.accounts.values() if account.node_id == wanted), None)

    def emit(self, event: Event) -> None:
        """Tell every watcher, in order."""
        for watcher in self.watchers:
            watcher(event)

    @contextmanager
    def operation(self) -> Iterator[None]:
        """One change with all its events; what was put off with `later` follows at its end."""
        self._depth += 1
        try:
            yield
        finally:
            # Still counted as inside, so that what follows from what follows is put off too.
            while self._depth == 1 and self._deferred:
                key = next(iter(self._deferred))
                self._deferred.pop(key)()
            self._depth -= 1

    def later(self, key: int, action: Callable[[], None]) -> None:
        """Do `action` once, when the present operation is complete; at once outside of any."""
        self._deferred[key] = action
        if self._depth == 0:
            with self.operation():
                pass


def new_token(prefix: str) -> str:
    """A fresh token value: for installations the long form with dots, for people the short one."""
    if not prefix.startswith("ghs_"):
        return f"{prefix}{secrets.token_hex(18)}"

    def part(data: bytes) -> str:
        return base64.urlsafe_b64encode(data).decode().rstrip("=")

    header = part(json.dumps({"alg": "RS256", "typ": "JWT"}).encode())
    return f"{prefix}{header}.{part(secrets.token_bytes(95))}.{part(secrets.token_bytes(256))}"
