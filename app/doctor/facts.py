"""What is known of a repository before anything is judged. A fact that could not be read is `Unread`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.clients.github.answers import RequiredCheck
from app.clients.github.rules import BranchRules
from app.core.errors import PolicyError
from app.core.policy import Policy, parse_policy
from app.doctor.finding import Unread, known
from app.doctor.workflow_files import WorkflowFile

__all__ = [
    "Branch",
    "BranchRules",
    "Bugsink",
    "Datadog",
    "Delivered",
    "Facts",
    "Installed",
    "Mapped",
    "Production",
    "RequiredCheck",
    "Sentry",
    "Targets",
    "verify_name",
]

_NOT_YET = Unread("not read")
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
class Datadog:
    """What Datadog knows of the policy's services, of late.

    `is_key`: the site knows the API key. `tracks` are those of spans and logs that the application key may read;
    `traffic` says of each service whether its requests are counted, None where the key may not read that.
    `newest` is the version of the newest error, `commit` the commit of this repository that it names.
    """

    site: str
    is_key: bool
    tracks: tuple[str, ...] = ()
    services: Mapping[str, bool] = field(default_factory=dict)
    traffic: Mapping[str, bool | None] = field(default_factory=dict)
    hits_metric: str | None = None
    newest: str | None = None
    commit: str | None = None


@dataclass(frozen=True, slots=True)
class Bugsink:
    """What Bugsink knows of the policy's projects; `newest` and `commit` as for Sentry."""

    projects: Mapping[str, bool]
    newest: str | None = None
    commit: str | None = None


@dataclass(frozen=True, slots=True)
class Mapped:
    """A reporter whose webhooks the server's settings send to this repository.

    `reporter` is `sentry:ORGANIZATION/PROJECT` or `datadog:SERVICE`; `is_open` tells that its door has a secret.
    """

    reporter: str
    is_open: bool


@dataclass(frozen=True, slots=True)
class Targets:
    """The targets of the server's settings by name; `wrong` says which address cannot be used, if one cannot."""

    names: frozenset[str]
    wrong: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """One repository. `page` is its address for people, `asked` what app.yml asks for: permissions and events.

    A tracker is None if the policy does not name it; `authors` are those whose accounts on GitHub the server believes.
    `on_call` says of each login whether it may write, `runs` of each
    workflow file that tells of rollouts how many of its newest runs succeeded.
    """

    repository: str
    page: str
    default_branch: str
    asked_permissions: Mapping[str, str]
    asked_events: frozenset[str]
    archived: bool = False
    squash: bool | Unread = _NOT_YET
    auto_merge: bool | Unread = _NOT_YET
    required: tuple[RequiredCheck, ...] | Unread = _NOT_YET
    branch: Branch | Unread = _NOT_YET
    bypasses: bool | Unread = _NOT_YET
    workflows: tuple[WorkflowFile, ...] | Unread = _NOT_YET
    reporters: Mapping[str, frozenset[str]] | Unread = _NOT_YET
    actions_app: int | Unread = _NOT_YET
    policy_text: bytes | Unread | None = _NOT_YET
    code_owners: str | Unread | None = _NOT_YET
    installed: Installed | Unread | None = _NOT_YET
    production: Production | Unread = _NOT_YET
    sentry: Sentry | Unread | None = _NOT_YET
    datadog: Datadog | Unread | None = _NOT_YET
    bugsink: Bugsink | Unread | None = _NOT_YET
    webhooks: tuple[Mapped, ...] | Unread = _NOT_YET
    authors: frozenset[str] | Unread = _NOT_YET
    targets: Targets | Unread = _NOT_YET
    on_call: Mapping[str, bool] | Unread = _NOT_YET
    runs: Mapping[str, int] | Unread = _NOT_YET

    def settings(self, page: str = "") -> str:
        """The address of a settings page of the repository."""
        return f"{self.page}/settings{'/' if page else ''}{page}"

    @property
    def policy(self) -> Policy | Unread | None:
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
