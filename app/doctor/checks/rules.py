"""Do the branch's own rules and the repository's settings let GitHub merge a proven fix, and nothing else?"""

from __future__ import annotations

from app.doctor.facts import BranchRules, Facts, verify_name
from app.doctor.finding import Check, Failed, Level, Passed, known
from app.merge.rules import unready

_ACTIONS = "GitHub Actions"


def required_checks(facts: Facts) -> Passed | Failed:
    """The branch requires our check, from GitHub Actions only, and the tests: as the merge itself demands."""
    required, verify = known(facts.required), verify_name(facts)
    rules = BranchRules(checks=required)
    refusal = unready(rules, verify, facts.default_branch, known(facts.actions_app))
    if refusal is None:
        names = sorted({check.context for check in required})
        return Passed(f"`{facts.default_branch}` requires " + ", ".join(f"`{name}`" for name in names))
    contexts = {check.context for check in required}
    if verify not in contexts:
        more = "" if contexts else " and the check that runs your tests"
        change = f"require the status check `{verify}` (source: {_ACTIONS}){more}"
    elif contexts == {verify}:
        change = "also require the check that runs your tests"
    else:
        change = f"set the source of `{verify}` to {_ACTIONS}"
    return Failed(refusal, change, facts.settings("rules"))


def auto_merge_allowed(facts: Facts) -> Passed | Failed:
    """The repository allows auto-merge."""
    if known(facts.auto_merge):
        return Passed("allowed")
    return Failed("the repository does not allow auto-merge", "tick *Allow auto-merge*", facts.settings())


def squash_allowed(facts: Facts) -> Passed | Failed:
    """A fix may be squashed: the repository and the branch's rules allow it."""
    if not known(facts.squash):
        found = "the repository does not allow squash merging"
        return Failed(found, "tick *Allow squash merging*", facts.settings())
    methods = known(facts.branch).merge_methods
    if methods is not None and "squash" not in methods:
        found = f"the branch's rules allow only {', '.join(sorted(methods)) or 'no method'}"
        return Failed(found, "add *Squash* to the allowed merge methods", facts.settings("rules"))
    return Passed("allowed")


def no_review_needed(facts: Facts) -> Passed | Failed:
    """No rule makes a fix wait for a person's approval."""
    branch, where = known(facts.branch), facts.settings("rules")
    if branch.locked:
        return Failed(
            "the branch is locked: nothing is merged", "unlock the branch", facts.settings("branches")
        )
    if branch.code_owner_review:
        found = "the rules require the review of code owners: a person approves every fix"
        return Failed(found, "leave it so, or require no code owners' review for this branch", where)
    if branch.approvals:
        found = f"the rules require {branch.approvals} approval(s): a person approves every fix"
        return Failed(found, "leave it so, or set the required approvals to 0", where)
    return Passed("none is required")


def no_bypass(facts: Facts) -> Passed | Failed:
    """The App is bound by the rules: no ruleset lets it bypass them."""
    if known(facts.bypasses):
        return Failed(
            "the App may bypass the branch's rules",
            "remove the App from the bypass list",
            facts.settings("rules"),
        )
    return Passed("the App is in no bypass list")


CHECKS = (
    Check("required checks", Level.AUTOMERGE, required_checks),
    Check("auto-merge", Level.AUTOMERGE, auto_merge_allowed),
    Check("squash", Level.AUTOMERGE, squash_allowed),
    Check("approvals", Level.AUTOMERGE, no_review_needed),
    Check("bypass", Level.AUTOMERGE, no_bypass),
)
