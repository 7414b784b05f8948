"""Accounts, apps and installations as GitHub writes them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from app.demo.github.accounts import Account, App, Installation
from app.demo.github.site import Site

HTML = "https://github.com"


def iso(at: float) -> str:
    """A time as GitHub writes it, to the second."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def iso_or_none(at: float | None) -> str | None:
    """The same, for a time that may not have come."""
    return None if at is None else iso(at)


def simple_user(site: Site, account: Account) -> dict[str, Any]:
    """The shape `simple-user`."""
    url = f"{site.api}/users/{account.login}"
    html = f"{HTML}/apps/{account.login.removesuffix('[bot]')}" if account.type == "Bot" else None
    return {
        "login": account.login,
        "id": account.id,
        "node_id": account.node_id,
        "avatar_url": f"https://avatars.githubusercontent.com/u/{account.id}?v=4",
        "gravatar_id": "",
        "url": url,
        "html_url": html or f"{HTML}/{account.login}",
        "followers_url": f"{url}/followers",
        "following_url": f"{url}/following{{/other_user}}",
        "gists_url": f"{url}/gists{{/gist_id}}",
        "starred_url": f"{url}/starred{{/owner}}{{/repo}}",
        "subscriptions_url": f"{url}/subscriptions",
        "organizations_url": f"{url}/orgs",
        "repos_url": f"{url}/repos",
        "events_url": f"{url}/events{{/privacy}}",
        "received_events_url": f"{url}/received_events",
        "type": account.type,
        "user_view_type": "public",
        "site_admin": False,
    }


def organization(site: Site, account: Account) -> dict[str, Any]:
    """The shape `organization-simple`, which payloads carry for an organisation's repositories."""
    url = f"{site.api}/orgs/{account.login}"
    return {
        "login": account.login,
        "id": account.id,
        "node_id": account.node_id,
        "url": url,
        "repos_url": f"{url}/repos",
        "events_url": f"{url}/events",
        "hooks_url": f"{url}/hooks",
        "issues_url": f"{url}/issues",
        "members_url": f"{url}/members{{/member}}",
        "public_members_url": f"{url}/public_members{{/member}}",
        "avatar_url": f"https://avatars.githubusercontent.com/u/{account.id}?v=4",
        "description": None,
    }


def user_or_none(site: Site, account: Account | None) -> dict[str, Any] | None:
    """The shape `nullable-simple-user`."""
    return None if account is None else simple_user(site, account)


def public_user(site: Site, account: Account) -> dict[str, Any]:
    """The shape `public-user`."""
    return {
        **simple_user(site, account),
        "name": account.name,
        "company": None,
        "blog": "",
        "location": None,
        "email": account.email,
        "hireable": None,
        "bio": None,
        "public_repos": sum(repo.owner is account for repo in site.repositories.values()),
        "public_gists": 0,
        "followers": 0,
        "following": 0,
        "created_at": iso(account.created_at),
        "updated_at": iso(account.created_at),
    }


def app(site: Site, record: App) -> dict[str, Any]:
    """The shape `integration`, without what only the app itself may see."""
    return {
        "id": record.id,
        "client_id": record.client_id,
        "slug": record.slug,
        "node_id": record.node_id,
        "owner": simple_user(site, record.owner),
        "name": record.name,
        "description": "",
        "external_url": f"{HTML}/apps/{record.slug}",
        "html_url": f"{HTML}/apps/{record.slug}",
        "created_at": iso(record.created_at),
        "updated_at": iso(record.created_at),
        "permissions": dict(record.permissions),
        "events": list(record.events),
    }


def installation(site: Site, record: Installation) -> dict[str, Any]:
    """The shape `installation`."""
    return {
        "id": record.id,
        "account": simple_user(site, record.account),
        "repository_selection": "all" if record.repository_ids is None else "selected",
        "access_tokens_url": f"{site.api}/app/installations/{record.id}/access_tokens",
        "repositories_url": f"{site.api}/installation/repositories",
        "html_url": f"{HTML}/settings/installations/{record.id}",
        "app_id": record.app.id,
        "client_id": record.app.client_id,
        "app_slug": record.app.slug,
        "target_id": record.account.id,
        "target_type": record.account.type,
        "permissions": {"metadata": "read", **record.permissions},
        "events": list(record.app.events),
        "created_at": iso(record.created_at),
        "updated_at": iso(record.created_at),
        "single_file_name": None,
        "has_multiple_single_files": False,
        "single_file_paths": [],
        "suspended_by": None,
        "suspended_at": None,
    }
