"""Is Autofix there, and may it do its work and no more?"""

from __future__ import annotations

from app.doctor.facts import Facts, Installed
from app.doctor.finding import Check, Failed, Level, Passed, Unread, known

_RANK = {"none": 0, "read": 1, "write": 2, "admin": 3}
# Whoever has one of these can change how fixes are judged.
_TOO_MUCH = ("administration", "workflows", "organization_administration")


def repository_open(facts: Facts) -> Passed | Failed:
    """The repository takes changes."""
    if facts.archived:
        return Failed("the repository is archived", "unarchive it", facts.settings())
    return Passed(f"{facts.repository}, default branch `{facts.default_branch}`")


def app_installed(facts: Facts) -> Passed | Failed:
    """The App is installed on the repository and not suspended."""
    found = known(facts.installed)
    if found is None:
        return Failed(
            "the App is not installed on this repository",
            "install the App and select this repository",
            facts.settings("installations"),
        )
    if found.suspended:
        return Failed("the installation is suspended", "unsuspend the App", _page(facts, found))
    return Passed(f"`{found.app}` is installed")


def app_permissions(facts: Facts) -> Passed | Failed:
    """The installation grants what app.yml asks for, and nothing that changes how fixes are judged."""
    found = _installation(facts)
    missing = [
        f"{name}: {level}"
        for name, level in sorted(facts.asked_permissions.items())
        if _RANK.get(found.permissions.get(name, "none"), 0) < _RANK.get(level, len(_RANK))
    ]
    if missing:
        change = f"grant {', '.join(missing)} in the App's settings, and accept it for the installation"
        return Failed(f"not granted: {', '.join(missing)}", change, _page(facts, found))
    excess = [name for name in _TOO_MUCH if _RANK.get(found.permissions.get(name, "none"), 0) > _RANK["read"]]
    if excess:
        listed = ", ".join(excess)
        return Failed(f"granted beyond app.yml: {listed}", f"set {listed} to no access", _page(facts, found))
    return Passed("as app.yml asks")


def app_events(facts: Facts) -> Passed | Failed:
    """The App is told of every event that app.yml asks for."""
    found = _installation(facts)
    missing = sorted(facts.asked_events - found.events)
    if missing:
        change = f"subscribe the App to {', '.join(missing)}"
        return Failed(f"not subscribed to {', '.join(missing)}", change, _page(facts, found))
    return Passed(f"subscribed to all {len(facts.asked_events)}")


def _installation(facts: Facts) -> Installed:
    found = known(facts.installed)
    return known(Unread("the App is not installed") if found is None else found)


def _page(facts: Facts, found: Installed) -> str:
    return found.page or facts.settings("installations")


CHECKS = (
    Check("repository", Level.REPORT, repository_open),
    Check("app installed", Level.REPORT, app_installed),
    Check("app permissions", Level.REPORT, app_permissions),
    Check("app events", Level.REPORT, app_events),
)
