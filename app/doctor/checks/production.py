"""Can an anomaly be traced to a commit, and its fix followed into production?"""

from __future__ import annotations

from fnmatch import fnmatchcase

from app.doctor.facts import Facts, Production, Sentry, valid_policy
from app.doctor.finding import Check, Failed, Level, Passed, known

_POLICY = "the policy"


def organization_believed(facts: Facts) -> Passed | Failed:
    """The server believes the Sentry organization that the policy names."""
    sentry, named = known(facts.sentry), valid_policy(facts).sentry.organization
    if named not in sentry.believed:
        believed = ", ".join(f"`{name}`" for name in sentry.believed) or "none"
        return Failed(
            f"the policy names `{named}`; the server believes {believed}",
            f"add {named} to AUTOFIX_SENTRY_ORGANIZATIONS, or correct `sentry.organization` in {_POLICY}",
        )
    return Passed(f"`{named}`")


def projects_exist(facts: Facts) -> Passed | Failed:
    """Sentry has every project that the policy names, and our token may read it."""
    sentry, named = _of_policy(facts), valid_policy(facts).sentry.projects
    missing = [name for name in named if not sentry.projects.get(name, False)]
    if missing:
        return Failed(
            f"Sentry has no project `{missing[0]}` in `{sentry.organization}`, or not for our token",
            f"correct `sentry.projects` in {_POLICY}, or give the integration project:read",
        )
    return Passed(", ".join(f"`{name}`" for name in named))


def release_names_commit(facts: Facts) -> Passed | Failed:
    """The newest Sentry release names a commit of this repository: by its SHA, by its commits, or by a tag."""
    sentry = _of_policy(facts)
    if sentry.newest is None:
        return Failed(
            "Sentry knows no release of these projects",
            "set `release` in sentry_sdk.init to PROJECT@SHA, with the full SHA of the deployed commit",
        )
    if sentry.commit is None:
        return Failed(
            f"the release `{sentry.newest}` names no commit of this repository",
            "let the release end in the commit's SHA (`shop@<sha>`), report its commits to Sentry, or tag it",
        )
    return Passed(f"`{sentry.newest}` is {sentry.commit[:7]}")


def rollout_seen(facts: Facts) -> Passed | Failed:
    """What the policy names as the sign of a rollout was seen lately, so a fix can be followed into production."""
    policy = valid_policy(facts)
    if policy.rollout.workflow is not None:
        return _by_workflow(facts, policy.rollout.workflow)
    seen = known(facts.production)
    if policy.rollout.contexts:
        return _by_statuses(seen, policy.rollout.contexts)
    return _by_deployments(seen, policy.observe.environment)


def _by_workflow(facts: Facts, name: str) -> Passed | Failed:
    names = [one.path.rpartition("/")[2] for one in known(facts.workflows)]
    if name not in names:
        others = ", ".join(f"`{one}`" for one in names[:5]) or "none"
        return Failed(
            f"there is no workflow `{name}`; there are {others}", f"correct `rollout.workflow` in {_POLICY}"
        )
    return Passed(f"followed by the runs of `{name}`")


def _by_statuses(seen: Production, globs: tuple[str, ...]) -> Passed | Failed:
    missing = [glob for glob in globs if not any(fnmatchcase(one, glob) for one in seen.contexts)]
    if missing:
        others = ", ".join(f"`{one}`" for one in sorted(seen.contexts)[:5]) or "none"
        return Failed(
            f"no commit status like `{missing[0]}` on the newest commits; there are {others}",
            f"correct `rollout.contexts` in {_POLICY}, or let the CD report it",
        )
    return Passed("followed by the commit statuses " + ", ".join(f"`{glob}`" for glob in globs))


def _by_deployments(seen: Production, wanted: str) -> Passed | Failed:
    here = [one.state for one in seen.deployments if one.environment == wanted]
    if "success" in here or "inactive" in here:  # GitHub turns a success inactive when the next one succeeds
        return Passed(f"{len(here)} deployment(s) to `{wanted}` in the last {seen.days} days")
    if here:
        return Failed(
            f"{len(here)} deployment(s) to `{wanted}` in the last {seen.days} days, none reported success",
            "let the rollout report the deployment status `success` when the new version serves",
        )
    return _elsewhere(seen, wanted)


def _elsewhere(seen: Production, wanted: str) -> Failed:
    others = sorted({one.environment for one in seen.deployments})
    if others:
        return Failed(
            f"deployments go to {', '.join(f'`{name}`' for name in others[:5])}, none to `{wanted}`",
            f"set `observe.environment` in {_POLICY} to the one that is production",
        )
    tool = next((tool for context in sorted(seen.contexts) if (tool := _delivery_tool(context))), None)
    if tool:
        return Failed(f"{tool[0]} reports commit statuses only", tool[1])
    return Failed(
        f"no deployment in the last {seen.days} days",
        f"give the job that deploys `environment: {wanted}`, or create deployments and their statuses",
    )


def _delivery_tool(context: str) -> tuple[str, str] | None:
    """The tool that reports a commit status of this context, and how it reports deployments."""
    if context.startswith("continuous-delivery/"):
        change = "add `deployment:` with `environment` and `state` to its GitHub notification template"
        return "Argo CD", f"name `{context}` in `rollout.contexts` in {_POLICY}, or {change}"
    if context.startswith(("kustomization/", "helmrelease/")):
        kind, name, *_ = context.split("/")
        change = "let its `githubdispatch` provider start a workflow that reports the deployment"
        return "Flux", f"name `{kind}/{name}/*` in `rollout.contexts` in {_POLICY}, or {change}"
    return None


def _of_policy(facts: Facts) -> Sentry:
    valid_policy(facts)
    return known(facts.sentry)


SENTRY_CHECKS = (
    Check("sentry organization", Level.REPORT, organization_believed),
    Check("sentry projects", Level.REPORT, projects_exist),
    Check("releases", Level.PROPOSE, release_names_commit),
)
CHECKS = (Check("rollout", Level.VERIFIED, rollout_seen),)
