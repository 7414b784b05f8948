"""One look at one repository: facts, then findings."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from github import Github, GithubException, GithubIntegration

from app.clients.notify import BadTarget, Notifier
from app.clients.pygithub import FAULTS, as_app, as_person, explained, part, web_url
from app.core.errors import ClientError, NotFound
from app.doctor.access import Access
from app.doctor.checks import diagnose
from app.doctor.facts import Facts, Installed, Mapped, Targets
from app.doctor.finding import Diagnosis, Unread
from app.doctor.reading import NOT_FOUND, Reader, attempt
from app.doctor.trackers import Window, read_bugsink, read_datadog, read_sentry
from app.packaged import app_manifest

Clock = Callable[[], float]
_NO_KEY = "only the App's own key shows this: set AUTOFIX_APP_ID and AUTOFIX_PRIVATE_KEY_FILE"
_NO_TOKEN = "the App is not installed, and GITHUB_TOKEN is not set"  # noqa: S105 - a sentence
_NO_SERVER = "the server's settings are not given here: use its environment, or --env-file"
_NAMED_BY_POLICY = ("sentry", "datadog", "bugsink", "webhooks", "authors", "targets", "on_call", "runs")
_READ_LATER = (
    "squash",
    "auto_merge",
    "required",
    "branch",
    "bypasses",
    "workflows",
    "reporters",
    "actions_app",
    "policy_text",
    "code_owners",
    "production",
    *_NAMED_BY_POLICY,
)


def examine(access: Access, name: str, clock: Clock = time.time) -> Diagnosis:
    """What blocks autonomy in the repository `name`, and how far it reaches.

    Raises:
        ClientError: if the repository itself cannot be read.
    """
    return diagnose(gather(access, name, clock))


def gather(access: Access, name: str, clock: Clock = time.time) -> Facts:
    """The facts of the repository `name`, as far as the credentials of `access` show them.

    Raises:
        ClientError: if the repository itself cannot be read.
    """
    installed, app = _as_installed(access, name)
    manifest = app_manifest()
    base = Facts(
        repository=name,
        page=f"{web_url(access.api_url)}/{name}",
        default_branch="the default branch",
        asked_permissions=manifest["default_permissions"],
        asked_events=frozenset(manifest["default_events"]),
        installed=installed,
    )
    github = as_person(access.token, access.api_url) if access.token else app
    if github is None:
        why = installed if isinstance(installed, Unread) else Unread(_NO_TOKEN)
        unread: dict[str, Any] = dict.fromkeys(_READ_LATER, why)
        return replace(base, **unread)
    reader = Reader(github, part(name), clock)
    own = Reader(app, part(name), clock) if app is not None else None
    return _with_policy(_read(base, access, reader, own), access, reader)


def _as_installed(access: Access, name: str) -> tuple[Installed | Unread | None, Github | None]:
    """The App's installation on the repository, and GitHub under it, for reading only."""
    if access.app_id is None or access.private_key is None:
        return Unread(_NO_KEY), None
    integration = as_app(access.app_id, access.private_key, access.api_url)
    found = attempt(lambda: _installation(integration, name))
    if found is None or isinstance(found, Unread):
        return found, None
    permissions: Mapping[str, str] = found.get("permissions") or {}
    installed = Installed(
        app=str(found.get("app_slug")),
        suspended=found.get("suspended_at") is not None,
        permissions=permissions,
        events=frozenset(found.get("events") or ()),
        page=str(found.get("html_url") or ""),
    )
    # Stated one by one: PyGithub asks for no permissions at all otherwise.
    reading = dict.fromkeys(permissions, "read")
    return installed, integration.get_github_for_installation(int(found["id"]), reading)


def _installation(integration: GithubIntegration, name: str) -> dict[str, Any] | None:
    owner, _, repository = name.partition("/")
    try:
        return integration.get_repo_installation(owner, repository).raw_data
    except GithubException as fault:
        if fault.status == NOT_FOUND:
            return None
        raise


def _read(base: Facts, access: Access, reader: Reader, own: Reader | None) -> Facts:
    """The facts that GitHub shows; `own` sees the repository as the App's installation."""
    try:
        described = reader.repository()
    except FAULTS as fault:
        missing = isinstance(fault, GithubException) and fault.status == NOT_FOUND
        text = f"{base.repository} cannot be read: {explained(fault)}"
        raise (NotFound(text) if missing else ClientError(text)) from fault
    branch = str(described.get("default_branch"))
    return replace(
        base,
        repository=str(described.get("full_name")),
        page=str(described.get("html_url")),
        default_branch=branch,
        archived=bool(described.get("archived")),
        squash=_shown(described, "allow_squash_merge"),
        auto_merge=_shown(described, "allow_auto_merge"),
        required=attempt(lambda: reader.required(branch)),
        branch=attempt(lambda: reader.branch(branch)),
        bypasses=attempt(lambda: (own or reader).bypasses(branch, access.app_id, as_app=own is not None)),
        workflows=attempt(lambda: reader.workflows(branch)),
        reporters=attempt(lambda: reader.reporters(branch)),
        actions_app=attempt(reader.actions_app),
        policy_text=attempt(lambda: reader.policy(branch)),
        code_owners=attempt(lambda: reader.code_owners(branch)),
        production=attempt(lambda: reader.production(branch, access.days)),
    )


def _shown(described: Mapping[str, Any], key: str) -> bool | Unread:
    """A setting of the repository, which GitHub shows to those who may push only."""
    value = described.get(key)
    return value if isinstance(value, bool) else Unread(f"GitHub does not show `{key}` to this token")


def _with_policy(facts: Facts, access: Access, reader: Reader) -> Facts:
    """With the facts that can only be read where the policy says what to look for."""
    policy = facts.policy
    if policy is None or isinstance(policy, Unread):
        why = policy or Unread("there is no policy yet that says what to look for")
        unread: dict[str, Any] = dict.fromkeys(_NAMED_BY_POLICY, why)
        return replace(facts, **unread)
    branch, given = facts.default_branch, access.connections
    where = Window(policy.observe.environment, access.days)

    def resolve(ref: str) -> str | None:
        return reader.resolve(branch, ref)

    sentry, datadog, bugsink = policy.sentry, policy.datadog, policy.bugsink
    logins = [name for name in policy.escalation.on_call if "/" not in name]
    workflows = [policy.rollout.workflow, policy.rollout.canary] if policy.rollout.workflow else []
    return replace(
        facts,
        sentry=None if sentry is None else attempt(lambda: read_sentry(given, sentry, resolve)),
        datadog=None if datadog is None else attempt(lambda: read_datadog(given, datadog, where, resolve)),
        bugsink=None if bugsink is None else attempt(lambda: read_bugsink(given, bugsink, resolve)),
        webhooks=_webhooks(access, facts.repository),
        authors=_authors(access),
        targets=_targets(access),
        on_call=attempt(lambda: {login: reader.may_write(login) for login in logins}),
        runs=attempt(lambda: {name: reader.successes(name, branch) for name in filter(None, workflows)}),
    )


def _webhooks(access: Access, repository: str) -> tuple[Mapped, ...] | Unread:
    """Whose webhooks the server's settings send to the repository."""
    given = access.connections
    if not access.shows_server:
        return Unread(_NO_SERVER)
    doors = {"sentry": given.sentry_webhook_secret, "datadog": given.datadog_webhook_secret}
    mapped = [one.split("=", 1) for one in given.webhook_repositories]
    return tuple(
        Mapped(reporter, doors[reporter.partition(":")[0]] is not None)
        for reporter, name in mapped
        if name.casefold() == repository.casefold()
    )


def _authors(access: Access) -> frozenset[str] | Unread:
    """The trackers whose accounts on GitHub the server's settings name."""
    if not access.shows_server:
        return Unread(_NO_SERVER)
    named = {
        "sentry": access.connections.sentry_author_ids,
        "datadog": access.connections.datadog_author_ids,
    }
    return frozenset(name for name, ids in named.items() if ids)


def _targets(access: Access) -> Targets | Unread:
    """The server's targets. Their addresses are only parsed: nothing is sent."""
    if not access.shows_server:
        return Unread(_NO_SERVER)
    given = access.connections.notify_targets
    addresses = {name: [one.get_secret_value() for one in secrets] for name, secrets in given.items()}
    try:
        return Targets(Notifier(addresses).names)
    except BadTarget as fault:
        return Targets(frozenset(given), str(fault))
