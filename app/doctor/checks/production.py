"""Can a fix be followed into production?"""

from __future__ import annotations

from fnmatch import fnmatchcase

from app.doctor.facts import Facts, Production, valid_policy
from app.doctor.finding import Check, Failed, Level, Passed, known

_POLICY = "the policy"


def rollout_seen(facts: Facts) -> Passed | Failed:
    """What the policy names as the sign of a rollout was seen lately, so a fix can be followed into production."""
    policy = valid_policy(facts)
    if policy.rollout.workflow is not None:
        return _by_workflow(facts, policy.rollout.workflow)
    seen = known(facts.production)
    if policy.rollout.contexts:
        return _by_statuses(seen, policy.rollout.contexts)
    return _by_deployments(seen, policy.observe.environment)


def canary_seen(facts: Facts) -> Passed | Failed:
    """What the policy names as the canary was seen lately; without it no rollout would ever count as live."""
    rollout = valid_policy(facts).rollout
    if rollout.canary is None:
        return Passed("the policy names none")
    if rollout.workflow is not None:
        return _by_runs(facts, rollout.canary, "rollout.canary")
    seen = known(facts.production)
    if rollout.contexts:
        there = any(fnmatchcase(one, rollout.canary) for one in seen.contexts)
    else:
        there = any(one.environment == rollout.canary for one in seen.deployments)
    if not there:
        what = "commit status like" if rollout.contexts else "deployment to"
        return Failed(
            f"no {what} `{rollout.canary}` was seen lately",
            f"correct `rollout.canary` in {_POLICY}, or leave it out",
        )
    return Passed(f"`{rollout.canary}`")


def _by_workflow(facts: Facts, name: str) -> Passed | Failed:
    names = [one.path.rpartition("/")[2] for one in known(facts.workflows)]
    if name not in names:
        others = ", ".join(f"`{one}`" for one in names[:5]) or "none"
        return Failed(
            f"there is no workflow `{name}`; there are {others}", f"correct `rollout.workflow` in {_POLICY}"
        )
    return _by_runs(facts, name, "rollout.workflow")


def _by_runs(facts: Facts, name: str, key: str) -> Passed | Failed:
    succeeded = known(facts.runs).get(name, 0)
    if not succeeded:
        return Failed(
            f"no run of `{name}` on `{facts.default_branch}` has succeeded lately",
            f"let it run there and succeed once, or correct `{key}` in {_POLICY}",
        )
    return Passed(f"followed by the runs of `{name}`: {succeeded} of the newest succeeded")


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


CHECKS = (
    Check("rollout", Level.VERIFIED, rollout_seen),
    Check("canary", Level.VERIFIED, canary_seen),
)
