"""Who acts on GitHub: users, organisations, bots, GitHub Apps, installations and tokens."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

# `triage` and `maintain` are roles of people only, and differ from the level below where nothing here asks.
LEVELS = {"none": 0, "read": 1, "triage": 1, "write": 2, "maintain": 2, "admin": 3}
# What GitHub calls a role where it knows only the old words.
OLD_WORDS = {"triage": "read", "maintain": "write"}


def node_id(prefix: str, number: int | str) -> str:
    """An opaque global id in the shape GitHub gives them."""
    return f"{prefix}_kwDO{base64.urlsafe_b64encode(str(number).encode()).decode().rstrip('=')}"


@dataclass(frozen=True)
class AppRegistration:
    """The GitHub App that the stand-in knows: what its settings page would say."""

    id: int
    slug: str
    name: str
    public_key_pem: str
    webhook_url: str | None
    webhook_secret: str
    client_id: str
    bot_user_id: int
    permissions: Mapping[str, str]
    events: Iterable[str]


@dataclass(eq=False)
class Account:
    """A user, an organisation or a bot."""

    id: int
    login: str
    type: str
    created_at: float
    name: str | None = None
    email: str | None = None
    members: dict[str, str] = field(default_factory=dict)

    @property
    def node_id(self) -> str:
        """The global id."""
        return node_id({"User": "U", "Organization": "O"}.get(self.type, "BOT"), self.id)

    @property
    def noreply(self) -> str:
        """The mail address that GitHub writes into commits made for this account."""
        return f"{self.id}+{self.login}@users.noreply.github.com"


@dataclass(eq=False)
class App:
    """A GitHub App. Where its webhooks go may change while the stand-in runs."""

    id: int
    slug: str
    name: str
    client_id: str
    owner: Account
    bot: Account
    created_at: float
    permissions: dict[str, str] = field(default_factory=dict)
    events: tuple[str, ...] = ()
    public_key_pem: str | None = None
    webhook_url: str | None = None
    webhook_secret: str = ""

    @property
    def node_id(self) -> str:
        """The global id."""
        return node_id("A", self.id)


@dataclass(eq=False)
class Installation:
    """A GitHub App on an account; `repository_ids` is None when all repositories were selected."""

    id: int
    app: App
    account: Account
    permissions: dict[str, str]
    created_at: float
    repository_ids: set[int] | None = None

    def covers(self, repository_id: int, owner: Account) -> bool:
        """Whether the installation was given that repository."""
        return owner is self.account and (self.repository_ids is None or repository_id in self.repository_ids)


@dataclass(frozen=True)
class Actor:
    """The account something is done as, and the app it is done through."""

    user: Account
    app: App | None = None
    starts_workflows: bool = True


@dataclass(eq=False)
class Token:
    """A bearer credential. `permissions` is None for a person's token: the role on a repository decides."""

    value: str
    expires_at: float
    actor: Actor
    installation: Installation | None = None
    permissions: dict[str, str] | None = None
    repository_ids: frozenset[int] | None = None
    limit: int = 5000

    def grants(self, permission: str, level: str) -> bool:
        """Whether an app's token carries that permission, at that level or above."""
        if self.permissions is None:
            return False
        if permission == "metadata":
            return level == "read"
        return LEVELS[self.permissions.get(permission, "none")] >= LEVELS[level]
