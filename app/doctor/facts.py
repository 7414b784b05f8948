"""What is known of a repository before anything is judged. A fact that could not be read is `Unread`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.clients.github.answers import RequiredCheck
from app.core.errors import PolicyError
from app.core.policy import Policy, parse_policy
from app.doctor.finding import Unread, known
from app.doctor.workflow_files import WorkflowFile

__all__ = ["Branch", "Delivered", "Facts", "Installed", "Production", "RequiredCheck", "Sentry", "verify_name"]

DEFAULT_VERIFY = Policy.model_fields["checks"].get_default().verify


@dataclass(frozen=True, slots=True)
class Branch:
    """What the default branch demands, by rulesets and by classic protection together."""

    approvals: int = 0
    code_owner_review: bool = False
    merge_queue: bool = False
    merge_methods: frozenset[str] | None = None
    locked: bool = False


@dataclass(frozen=True, slots=True)
class Installed:
    """The App's installation on the repository."""

    app: str
    suspended: bool
    permissions: Mapping[str, str]
    events: frozenset[str]
    page: str = ""


@dataclass(frozen=True, slots=True)
class Delivered:
    """One deployment that was reported lately: where, and its newest state (empty if none was reported)."""

    environment: str
    state: str


@dataclass(frozen=True, slots=True)
class Production:
    """How a rollout shows itself: deployments of the last days, newest first, and contexts of commit statuses."""

    days: int
    deployments: tuple[Delivered, ...] = ()
    contexts: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Sentry:
    """What Sentry knows of the policy's projects.

    `newest` is the newest release of the projects, `commit` the commit of this repository that it names.
    """

    believed: tuple[str, ...]
    organization: str
    projects: Mapping[str, bool]
    newest: str | None = None
    commit: str | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """One repository. `page` is its address for people, `asked` what app.yml asks for: permissions and events."""

    repository: str
    page: str
    default_branch: str
    asked_permissions: Mapping[str, str]
    asked_events: frozenset[str]
    archived: bool = False
    squash: bool | Unread = Unread("not read")
    auto_merge: bool | Unread = Unread("not read")
    required: tuple[RequiredCheck, ...] | Unread = Unread("not read")
    branch: Branch | Unread = Unread("not read")
    bypasses: bool | Unread = Unread("not read")
    workflows: tuple[WorkflowFile, ...] | Unread = Unread("not read")
    reporters: Mapping[str, frozenset[str]] | Unread = field(default_factory=lambda: Unread("not read"))
    actions_app: int | Unread = Unread("not read")
    policy_text: bytes | None | Unread = Unread("not read")
    code_owners: str | None | Unread = Unread("not read")
    installed: Installed | None | Unread = Unread("not read")
    production: Production | Unread = Unread("not read")
    sentry: Sentry | Unread = Unread("not read")

    def settings(self, page: str = "") -> str:
        """The address of a settings page of the repository."""
        return f"{self.page}/settings{'/' if page else ''}{page}"

    @property
    def policy(self) -> Policy | None | Unread:
        """The policy on the default branch; None if there is none, unread if it is invalid."""
        if self.policy_text is None or isinstance(self.policy_text, Unread):
            return self.policy_text
        try:
            return parse_policy(self.policy_text)
        except PolicyError as fault:
            return Unread(f"the policy is invalid: {fault}")


def verify_name(facts: Facts) -> str:
    """The name of the check that proves a fix: the policy's, or the default while there is no valid policy."""
    policy = facts.policy
    return DEFAULT_VERIFY if policy is None or isinstance(policy, Unread) else policy.checks.verify


def valid_policy(facts: Facts) -> Policy:
    """The policy.

    Raises:
        NotRead: if there is none, if it is invalid, or if it could not be read.
    """
    policy = known(facts.policy)
    return known(Unread("there is no policy yet") if policy is None else policy)
