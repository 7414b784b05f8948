"""Classic branch protection, rulesets, and the rules of a branch."""

from __future__ import annotations

from typing import Any

from app.demo.github import events
from app.demo.github.errors import Refusal, not_found, unprocessable
from app.demo.github.render import rules as render
from app.demo.github.rest.routing import Call, Reply, Route, created, no_content
from app.demo.github.rules import applying
from app.demo.github.state import Protection, RequiredCheck, Ruleset

_ENFORCEMENTS = ("disabled", "active", "evaluate")
_REVIEW_DEFAULTS = {
    "allowed_merge_methods": ["merge", "squash", "rebase"],
    "dismiss_stale_reviews_on_push": False,
    "require_code_owner_review": False,
    "require_last_push_approval": False,
    "required_approving_review_count": 0,
    "required_review_thread_resolution": False,
}
_DEMANDED = ("required_status_checks", "enforce_admins", "required_pull_request_reviews", "restrictions")


def get_protection(call: Call) -> Any:
    """`GET branches/{branch}/protection`."""
    branch = call.params["branch"]
    record = call.repo.protection.get(branch)
    if record is None:
        raise Refusal(not_found().status, "Branch not protected")
    return render.protection(call.site, call.repo, branch, record)


def put_protection(call: Call) -> Any:
    """`PUT branches/{branch}/protection`: all four parts must be there, null or not."""
    branch, body = call.params["branch"], call.body
    if call.repo.git.branch(branch) is None:
        raise Refusal(not_found().status, "Branch not found")
    missing = [part for part in _DEMANDED if part not in body]
    if missing:
        listed = ", ".join(f'"{part}"' for part in missing)
        raise unprocessable(f"Invalid request.\n\n{listed} weren't supplied.")
    known = branch in call.repo.protection
    record = protection_from(body)
    call.repo.protection[branch] = record
    events.protection(call.site, call.repo, branch, "edited" if known else "created", call.actor)
    return render.protection(call.site, call.repo, branch, record)


def protection_from(body: dict[str, Any]) -> Protection:
    """Classic protection as the request describes it."""
    checks, reviews = body["required_status_checks"], body["required_pull_request_reviews"]
    record = Protection(
        enforce_admins=bool(body["enforce_admins"]),
        linear_history=bool(body.get("required_linear_history")),
        allow_force_pushes=bool(body.get("allow_force_pushes")),
        allow_deletions=bool(body.get("allow_deletions")),
    )
    if checks is not None:
        record.strict = bool(checks["strict"])
        listed = checks.get("checks") or [{"context": name} for name in checks.get("contexts", [])]
        # An app id of -1 means "any source", like none at all.
        apps = (None if item.get("app_id") == -1 else item.get("app_id") for item in listed)
        record.checks = [RequiredCheck(item["context"], app) for item, app in zip(listed, apps, strict=True)]
    if reviews is not None:
        record.approvals = int(reviews.get("required_approving_review_count", 1))
        record.dismiss_stale_reviews = bool(reviews.get("dismiss_stale_reviews"))
        record.code_owner_reviews = bool(reviews.get("require_code_owner_reviews"))
    return record


def delete_protection(call: Call) -> Reply:
    """`DELETE branches/{branch}/protection`."""
    branch = call.params["branch"]
    if call.repo.protection.pop(branch, None) is None:
        raise Refusal(not_found().status, "Branch not protected")
    events.protection(call.site, call.repo, branch, "deleted", call.actor)
    return no_content()


def list_rulesets(call: Call) -> Reply:
    """`GET rulesets`."""
    rulesets = list(call.repo.rulesets.values())
    return call.page(rulesets, lambda item: render.ruleset(call.site, call.repo, item, None, whole=False))


def _ruleset(call: Call) -> Ruleset:
    found = call.repo.rulesets.get(call.number("id"))
    if found is None:
        raise not_found()
    return found


def get_ruleset(call: Call) -> Any:
    """`GET rulesets/{id}`."""
    administers = call.allows("administration", "write")
    return render.ruleset(call.site, call.repo, _ruleset(call), call.actor, administers=administers)


def create_ruleset(call: Call) -> Reply:
    """`POST rulesets`."""
    now = call.site.clock()
    record = Ruleset(
        call.site.next_id(),
        call.text("name"),
        call.text("enforcement", choices=_ENFORCEMENTS),
        call.text("target", "branch"),
        call.body.get("conditions") or {},
        _rules(call),
        call.body.get("bypass_actors") or [],
        now,
        now,
    )
    call.repo.rulesets[record.id] = record
    events.ruleset(call.site, call.repo, record, "created", call.actor)
    return created(render.ruleset(call.site, call.repo, record, call.actor))


def _rules(call: Call) -> list[dict[str, Any]]:
    rules: list[dict[str, Any]] = call.body.get("rules") or []
    for rule in rules:
        if rule.get("type") == "required_status_checks" and "parameters" not in rule:
            raise unprocessable("Validation Failed", errors=["Invalid rule 'required_status_checks': "])
    return [_completed(rule) for rule in rules]


def _completed(rule: dict[str, Any]) -> dict[str, Any]:
    """The rule with the parameters that GitHub fills in."""
    if rule.get("type") != "pull_request":
        return rule
    return {**rule, "parameters": {**_REVIEW_DEFAULTS, **(rule.get("parameters") or {})}}


def update_ruleset(call: Call) -> Any:
    """`PUT rulesets/{id}`: what is not sent stays."""
    record, body = _ruleset(call), call.body
    record.name = call.text("name", record.name)
    record.enforcement = call.text("enforcement", record.enforcement, choices=_ENFORCEMENTS)
    record.conditions = body.get("conditions", record.conditions)
    record.rules = _rules(call) if "rules" in body else record.rules
    record.bypass_actors = body.get("bypass_actors", record.bypass_actors)
    record.updated_at = call.site.clock()
    events.ruleset(call.site, call.repo, record, "edited", call.actor)
    return render.ruleset(call.site, call.repo, record, call.actor)


def delete_ruleset(call: Call) -> Reply:
    """`DELETE rulesets/{id}`."""
    record = _ruleset(call)
    del call.repo.rulesets[record.id]
    events.ruleset(call.site, call.repo, record, "deleted", call.actor)
    return no_content()


def branch_rules(call: Call) -> Reply:
    """`GET rules/branches/{branch}`: active rules of rulesets, never classic protection."""
    listed = [
        (record, rule) for record in applying(call.repo, call.params["branch"]) for rule in record.rules
    ]
    return call.page(listed, lambda item: render.detailed_rule(call.repo, *item))


_REPO = "/repos/{owner}/{repo}"
_PROTECTION = f"{_REPO}/branches/{{branch*}}/protection"
_READ, _WRITE = "administration:read", "administration:write"
ROUTES = (
    Route("GET", _PROTECTION, get_protection, _READ),
    Route("PUT", _PROTECTION, put_protection, _WRITE),
    Route("DELETE", _PROTECTION, delete_protection, _WRITE),
    Route("GET", f"{_REPO}/rulesets", list_rulesets, "metadata:read"),
    Route("POST", f"{_REPO}/rulesets", create_ruleset, _WRITE),
    Route("GET", f"{_REPO}/rulesets/{{id}}", get_ruleset, "metadata:read"),
    Route("PUT", f"{_REPO}/rulesets/{{id}}", update_ruleset, _WRITE),
    Route("DELETE", f"{_REPO}/rulesets/{{id}}", delete_ruleset, _WRITE),
    Route("GET", f"{_REPO}/rules/branches/{{branch*}}", branch_rules, "metadata:read"),
)
