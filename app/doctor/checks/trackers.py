"""Does whoever reports reach this repository, may the server read it, and can an anomaly be traced to a commit?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from app.doctor.facts import Bugsink, Datadog, Facts, Sentry, valid_policy
from app.doctor.finding import Check, Failed, Level, Passed, Unread, known

_POLICY: Final = "the policy"
_ELSEWHERE: Final = Passed("not asked for: the policy names another tracker, or only people")


def organization_believed(facts: Facts) -> Passed | Failed:
    """The server believes the Sentry organization that the policy names, if it names one."""
    source, sentry = valid_policy(facts).sentry, known(facts.sentry)
    if source is None or sentry is None:
        return _ELSEWHERE
    named = source.organization
    if named not in sentry.believed:
        believed = ", ".join(f"`{name}`" for name in sentry.believed) or "none"
        return Failed(
            f"the policy names `{named}`; the server believes {believed}",
            f"add {named} to AUTOFIX_SENTRY_ORGANIZATIONS, or correct `sentry.organization` in {_POLICY}",
        )
    return Passed(f"`{named}`")


def projects_exist(facts: Facts) -> Passed | Failed:
    """Sentry has every project that the policy names, and our token may read it."""
    source, sentry = valid_policy(facts).sentry, known(facts.sentry)
    if source is None or sentry is None:
        return _ELSEWHERE
    missing = [name for name in source.projects if not sentry.projects.get(name, False)]
    if missing:
        return Failed(
            f"Sentry has no project `{missing[0]}` in `{sentry.organization}`, or not for our token",
            f"correct `sentry.projects` in {_POLICY}, or give the integration project:read",
        )
    return Passed(", ".join(f"`{name}`" for name in source.projects))


def datadog_readable(facts: Facts) -> Passed | Failed:
    """Datadog's site knows our keys, and they may read errors and what holds their stack traces: spans or logs."""
    datadog = known(facts.datadog)
    if datadog is None:
        return _ELSEWHERE
    if not datadog.is_key:
        return Failed(
            f"{datadog.site} does not know the API key",
            "correct AUTOFIX_DATADOG_API_KEY, or AUTOFIX_DATADOG_SITE if the key is another site's",
        )
    if not datadog.tracks:
        return Failed(
            "the application key may read neither spans nor logs, so no error has a stack trace",
            "give the application key apm_read or logs_read_data, wherever your errors come from",
        )
    return Passed(f"{datadog.site}: errors, {' and '.join(datadog.tracks)}")


def services_report(facts: Facts) -> Passed | Failed:
    """Datadog has seen errors or requests of every service that the policy names."""
    datadog = _datadog(facts)
    if datadog is None:
        return _ELSEWHERE
    silent = [name for name, seen in datadog.services.items() if not seen]
    if silent:
        return Failed(
            f"Datadog has seen neither errors nor requests of `{silent[0]}` lately",
            f"correct `datadog.services` in {_POLICY}: it is the tag `service`, letter by letter",
        )
    return Passed(", ".join(f"`{name}`" for name in datadog.services))


def reports_arrive(facts: Facts) -> Passed | Failed:
    """What Datadog reports gets in: its account on GitHub is believed, or each service has its webhook. Advice only."""
    source = valid_policy(facts).datadog
    if source is None:
        return _ELSEWHERE
    if "datadog" in known(facts.authors):
        return Passed("issues on GitHub, by the account that opens them")
    mapped = {one.reporter for one in known(facts.webhooks) if one.is_open}
    silent = [name for name in source.services if f"datadog:{name}" not in mapped]
    if silent:
        return Failed(
            f"nothing lets a report of `{silent[0]}` in, unless a person asks for it",
            f"map `datadog:{silent[0]}={facts.repository}` in AUTOFIX_WEBHOOK_REPOSITORIES and set "
            "AUTOFIX_DATADOG_WEBHOOK_SECRET, or name in AUTOFIX_DATADOG_AUTHOR_IDS who opens its issues",
        )
    return Passed("by webhook")


def requests_counted(facts: Facts) -> Passed | Failed:
    """Datadog counts the requests of every service, by the hits metric or by spans, so that silence can be judged."""
    datadog = _datadog(facts)
    if datadog is None:
        return _ELSEWHERE
    by = f"`{datadog.hits_metric}`" if datadog.hits_metric else "spans"
    for service, counted in datadog.traffic.items():
        if counted is None:
            scope = "timeseries_query" if datadog.hits_metric else "apm_read"
            return Failed(
                f"the application key may not read the requests of `{service}` ({by})",
                f"give the application key {scope}",
            )
        if not counted:
            return Failed(
                f"no requests of `{service}` were counted in the last day, by {by} in the policy's environment",
                "set AUTOFIX_DATADOG_HITS_METRIC to the metric that counts them, as trace.flask.request.hits, "
                "and `observe.environment` to the value of the tag `env`",
            )
    return Passed(f"counted by {by}")


def bugsink_projects(facts: Facts) -> Passed | Failed:
    """The Bugsink answers our token, and has every project that the policy names."""
    source, bugsink = valid_policy(facts).bugsink, known(facts.bugsink)
    if source is None or bugsink is None:
        return _ELSEWHERE
    missing = [number for number in source.projects if not bugsink.projects.get(number, False)]
    if missing:
        return Failed(
            f"Bugsink has no project `{missing[0]}`, or not for our token",
            f"correct `bugsink.projects` in {_POLICY}: the number stands in the address of the project's page",
        )
    return Passed(", ".join(f"`{number}`" for number in source.projects))


def release_names_commit(facts: Facts) -> Passed | Failed:
    """The newest release of each tracker names a commit of this repository: by its SHA, by its commits, or by a tag."""
    valid_policy(facts)
    said = []
    for tracker, how, seen in _newest(facts):
        if seen.newest is None:
            return Failed(
                f"{tracker} knows no release of what the policy names",
                f"{how} PROJECT@SHA, with the full SHA of the deployed commit",
            )
        if seen.commit is None:
            told = ", report its commits to Sentry," if tracker == "Sentry" else ""
            return Failed(
                f"the release `{seen.newest}` names no commit of this repository",
                f"let the release end in the commit's SHA (`shop@<sha>`){told} or tag it",
            )
        said.append(f"`{seen.newest}` is {seen.commit[:7]}")
    return Passed(", ".join(said)) if said else _ELSEWHERE


def _newest(facts: Facts) -> Iterator[tuple[str, str, Sentry | Datadog | Bugsink]]:
    sentry, datadog, bugsink = known(facts.sentry), known(facts.datadog), known(facts.bugsink)
    if sentry is not None:
        yield "Sentry", "set `release` in sentry_sdk.init to", sentry
    if datadog is not None:
        yield "Datadog", "set DD_VERSION to the full SHA, or to", datadog
    if bugsink is not None:
        yield "Bugsink", "set `release` in sentry_sdk.init to", bugsink


def _datadog(facts: Facts) -> Datadog | None:
    """What a key that is known shows.

    Raises:
        NotRead: if the key is not known.
    """
    datadog = known(facts.datadog)
    if datadog is not None and not datadog.is_key:
        known(Unread("the API key is not known"))
    return datadog


def webhooks_lead_here(facts: Facts) -> Passed | Failed:
    """Whatever the server's settings send here by webhook is listed by the policy, and its sender has a secret."""
    mapped, policy = known(facts.webhooks), valid_policy(facts)
    for one in mapped:
        source, _, name = one.reporter.partition(":")
        organization, _, project = name.rpartition("/")
        if not one.is_open:
            return Failed(
                f"`{one.reporter}` is sent here, but deliveries of {source.capitalize()} are turned away",
                f"set AUTOFIX_{source.upper()}_WEBHOOK_SECRET, or take the entry out of AUTOFIX_WEBHOOK_REPOSITORIES",
            )
        if not policy.lists(source, organization, project):
            return Failed(
                f"`{one.reporter}` is sent here, but the policy does not list it, so its reports are dropped",
                f"list it under `{source}` in {_POLICY}, or correct AUTOFIX_WEBHOOK_REPOSITORIES",
            )
    return Passed(", ".join(f"`{one.reporter}`" for one in mapped) or "none is sent here")


CHECKS = (
    Check("sentry organization", Level.REPORT, organization_believed),
    Check("sentry projects", Level.REPORT, projects_exist),
    Check("datadog access", Level.REPORT, datadog_readable),
    Check("datadog services", Level.REPORT, services_report),
    Check("datadog reports", None, reports_arrive),
    Check("datadog requests", Level.VERIFIED, requests_counted),
    Check("bugsink projects", Level.REPORT, bugsink_projects),
    Check("webhooks", Level.REPORT, webhooks_lead_here),
    Check("releases", Level.PROPOSE, release_names_commit),
)
