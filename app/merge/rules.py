"""Whether a branch's own rules are worth relying on. Pure."""

from __future__ import annotations

from app.clients.github.rules import BranchRules

# Workflows report as this app; a check of the same name by anybody else proves nothing.
CHECK_APP = "github-actions"


def unready(rules: BranchRules, verify_check: str, branch: str, actions_id: int | None) -> str | None:
    """Why the branch's rules do not allow autonomy, with the setting to change; None if they do.

    They must require our check, bound to the app that reports it, and at least one other check (the repository's
    tests): without them auto-merge would merge something that nobody tested. And they must hold for us.
    """
    contexts = {check.context for check in rules.checks}
    if not contexts:
        return (
            f"`{branch}` has no required checks, so auto-merge would merge untested code. "
            f"Require `{verify_check}` and your tests in the branch's rules"
        )
    if verify_check not in contexts:
        return f"the rules of `{branch}` do not require the check `{verify_check}`"
    if contexts == {verify_check}:
        return f"the rules of `{branch}` require only `{verify_check}`; require the check that runs your tests too"
    if rules.bypassed:
        names = ", ".join(f"`{name}`" for name in rules.bypassed)
        return (
            f"Autofix may bypass the ruleset {names}; take it off the bypass list, or the rules hold nothing"
        )
    apps = {check.integration_id for check in rules.checks if check.context == verify_check}
    return _unbound(apps, verify_check, actions_id)


def _unbound(apps: set[int | None], verify_check: str, actions_id: int | None) -> str | None:
    if apps == {None}:
        return f"the required check `{verify_check}` accepts any app; bind it to GitHub Actions"
    if actions_id is None or actions_id not in apps:
        return f"the required check `{verify_check}` is bound to another app than GitHub Actions, which reports it"
    return None
