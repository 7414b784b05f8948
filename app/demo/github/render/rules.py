"""Branch protection and rulesets as GitHub writes them."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from app.demo.github.accounts import Actor, node_id
from app.demo.github.render.accounts import HTML, iso
from app.demo.github.render.repositories import repository_url
from app.demo.github.rules import bypasses
from app.demo.github.site import Site
from app.demo.github.state import Protection, Repository, RequiredCheck, Ruleset


def required_checks(checks: list[RequiredCheck]) -> dict[str, Any]:
    """Contexts and checks, the two ways in which GitHub names the same thing."""
    return {
        "contexts": [check.context for check in checks],
        "checks": [{"context": check.context, "app_id": check.app_id} for check in checks],
    }


def protection(site: Site, repo: Repository, branch: str, record: Protection) -> dict[str, Any]:
    """The shape `branch-protection`, for those who may administer it."""
    url = f"{repository_url(site, repo)}/branches/{quote(branch, safe='')}/protection"
    body: dict[str, Any] = {
        "url": url,
        "required_signatures": {"url": f"{url}/required_signatures", "enabled": False},
        "enforce_admins": {"url": f"{url}/enforce_admins", "enabled": record.enforce_admins},
        "required_linear_history": {"enabled": record.linear_history},
        "allow_force_pushes": {"enabled": record.allow_force_pushes},
        "allow_deletions": {"enabled": record.allow_deletions},
        "block_creations": {"enabled": False},
        "required_conversation_resolution": {"enabled": False},
        "lock_branch": {"enabled": False},
        "allow_fork_syncing": {"enabled": False},
    }
    if record.checks is not None:
        checks = f"{url}/required_status_checks"
        body["required_status_checks"] = {
            "url": checks,
            "strict": record.strict,
            "contexts_url": f"{checks}/contexts",
            **required_checks(record.checks),
        }
    if record.approvals is not None:
        body["required_pull_request_reviews"] = {
            "url": f"{url}/required_pull_request_reviews",
            "dismiss_stale_reviews": record.dismiss_stale_reviews,
            "require_code_owner_reviews": record.code_owner_reviews,
            "require_last_push_approval": False,
            "required_approving_review_count": record.approvals,
        }
    return body


def protection_summary(record: Protection | None) -> dict[str, Any]:
    """What a branch says of its protection to anyone who may read it."""
    if record is None or record.checks is None:
        return {
            "enabled": record is not None,
            "required_status_checks": {"enforcement_level": "off", "contexts": [], "checks": []},
        }
    level = "everyone" if record.enforce_admins else "non_admins"
    return {
        "enabled": True,
        "required_status_checks": {"enforcement_level": level, **required_checks(record.checks)},
    }


def ruleset(
    site: Site,
    repo: Repository,
    record: Ruleset,
    viewer: Actor | None,
    *,
    whole: bool = True,
    administers: bool = True,
) -> dict[str, Any]:
    """The shape `repository-ruleset`, as `viewer` sees it; lists leave out what `whole` adds.

    Who may bypass it is shown to those only who administer the repository.
    """
    body: dict[str, Any] = {
        "id": record.id,
        "name": record.name,
        "target": record.target,
        "source_type": "Repository",
        "source": repo.full_name,
        "enforcement": record.enforcement,
        "node_id": node_id("RRS", record.id),
        "_links": {
            "self": {"href": f"{repository_url(site, repo)}/rulesets/{record.id}"},
            "html": {"href": f"{HTML}/{repo.full_name}/rules/{record.id}"},
        },
        "created_at": iso(record.created_at),
        "updated_at": iso(record.updated_at),
    }
    if whole:
        body |= {
            "conditions": record.conditions,
            "rules": record.rules,
            "current_user_can_bypass": "always" if viewer and bypasses(repo, record, viewer) else "never",
        }
    if whole and administers:
        body["bypass_actors"] = record.bypass_actors
    return body


def detailed_rule(repo: Repository, record: Ruleset, rule: dict[str, Any]) -> dict[str, Any]:
    """The shape `repository-rule-detailed`: one active rule and the ruleset it comes from."""
    return {
        **rule,
        "ruleset_source_type": "Repository",
        "ruleset_source": repo.full_name,
        "ruleset_id": record.id,
    }
