"""Do those who are to be called and told hear of it? Advice only: the incident itself does not depend on it."""

from __future__ import annotations

from app.core.calling import UNSAID
from app.doctor.facts import Facts, valid_policy
from app.doctor.finding import Check, Failed, Passed, known

_POLICY = "the policy"


def on_call_may_write(facts: Facts) -> Passed | Failed:
    """Whoever is on call by the policy can be called: people who may write here, and teams if they are mentioned."""
    named = valid_policy(facts).escalation
    writers = known(facts.on_call)
    owner = facts.repository.partition("/")[0]
    for name in named.on_call:
        organization = name.rpartition("/")[0]
        if organization and organization.casefold() != owner.casefold():
            return Failed(
                f"`{name}` is a team of another organization, and is never called",
                f"correct `escalation.on_call` in {_POLICY}",
            )
        if organization and not named.mention:
            return Failed(
                f"the team `{name}` is never called: teams can only be mentioned",
                f"set `escalation.mention: true` in {_POLICY}, or name people",
            )
        if not organization and not writers.get(name, False):
            return Failed(
                f"`{name}` may not write here, and is never called",
                f"give `{name}` write access, or correct `escalation.on_call` in {_POLICY}",
            )
    return Passed(", ".join(f"`{name}`" for name in named.on_call) or "nobody is named")


def targets_known(facts: Facts) -> Passed | Failed:
    """The server has every target that the policy's `notify` names, and understands its address. Nothing is sent."""
    notify, targets = valid_policy(facts).notify, known(facts.targets)
    if targets.wrong:
        return Failed(
            targets.wrong, "correct AUTOFIX_NOTIFY_TARGETS, then try it: `autofix notify test NAME`"
        )
    unknown = [one.to for one in notify.channels if one.to not in targets.names] if notify else []
    if unknown:
        others = ", ".join(f"`{name}`" for name in sorted(targets.names)) or "none"
        return Failed(
            f"the policy names `{unknown[0]}`, which the server does not know; it knows {others}",
            f"add it to AUTOFIX_NOTIFY_TARGETS, or correct `notify.channels` in {_POLICY}",
        )
    told = [one for one in (notify or UNSAID).channels if one.to in targets.names]
    if not told:
        return Passed("nobody is told besides GitHub")
    quiet = notify.quiet if notify else None
    hours = f"; quiet from {quiet.start:%H:%M} to {quiet.end:%H:%M} {quiet.timezone}" if quiet else ""
    return Passed(", ".join(f"`{one.to}` from {one.severity} on" for one in told) + hours)


CHECKS = (
    Check("on call", None, on_call_may_write),
    Check("notifications", None, targets_known),
)
