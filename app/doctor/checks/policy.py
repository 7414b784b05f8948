"""What the repository's own policy allows."""

from __future__ import annotations

from app.core.errors import PolicyError
from app.core.policy import POLICY_PATH, parse_policy
from app.doctor.facts import Facts
from app.doctor.finding import Check, Failed, Level, Passed, known


def policy_valid(facts: Facts) -> Passed | Failed:
    """The default branch has a policy, it is valid, and it does not switch the automation off."""
    text = known(facts.policy_text)
    where = f"{facts.page}/blob/{facts.default_branch}/{POLICY_PATH}"
    if text is None:
        change = f"run `autofix init {facts.repository}` and merge its pull request"
        return Failed(f"`{POLICY_PATH}` is not on `{facts.default_branch}`", change)
    try:
        rule = parse_policy(text)
    except PolicyError as fault:
        return Failed(f"invalid, so everything is off: {fault}", f"mend `{POLICY_PATH}`", where)
    if not rule.enabled:
        return Failed("`enabled: false`: everything is off", "set `enabled: true`", where)
    return Passed("valid, in shadow mode" if rule.shadow else "valid")


def code_owners(facts: Facts) -> Passed | Failed:
    """There is a CODEOWNERS file, in which the policy and the workflows can have owners. Advice only."""
    path = known(facts.code_owners)
    if path is None:
        return Failed(
            "there is no CODEOWNERS",
            "add `.github/CODEOWNERS` with `/.github/ @your-team`, so that the policy has owners",
        )
    return Passed(f"`{path}`")


CHECKS = (
    Check("policy", Level.REPORT, policy_valid),
    Check("code owners", None, code_owners),
)
