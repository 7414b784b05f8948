"""Every check, passing and failing, over facts that are written down here."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest

from app.core.category import CATEGORIES
from app.doctor.checks import CHECKS, diagnose, people, trackers
from app.doctor.facts import (
    Branch,
    Bugsink,
    Datadog,
    Delivered,
    Facts,
    Installed,
    Mapped,
    Production,
    RequiredCheck,
    Sentry,
    Targets,
)
from app.doctor.finding import Level, Mark, Unread, answer
from app.doctor.workflow_files import MAX_BYTES, read_workflow

SHA = "5f0c1e6a9d3b47826e1fa0c95b7d24e8136fa9d2"
ACTIONS = 15368
POLICY = b"""\
version: 1
sentry: {organization: acme, projects: [shop]}
categories: {null-safety: automerge}
"""


def workflow(
    on: str = "{pull_request: }", *, name: str = "autofix", job: str = "", step: str = "", ref: str = SHA
) -> str:
    return f"""\
on: {on}
jobs:
  {name}:
    runs-on: ubuntu-latest
{job}
    steps:
      - uses: autofix-app/autofix/action@{ref}
{step}
"""


def ci(on: str = "[pull_request]", name: str = "tests", more: str = "") -> str:
    return f"on: {on}\njobs:\n  ci:\n    name: {name}\n{more}\n    steps: [{{run: pytest}}]\n"


def caller(uses: str = f"autofix-app/autofix/.github/workflows/verify.yml@{SHA}", more: str = "") -> str:
    """A job that calls our reusable workflow."""
    return f"on: pull_request\njobs:\n  autofix:\n    uses: {uses}\n{more}"


def verify_is(name: str) -> bytes:
    return POLICY + f"checks: {{verify: {name}}}\n".encode()


def files(*texts: str) -> Any:
    return tuple(
        read_workflow(f".github/workflows/{number}.yml", text.encode()) for number, text in enumerate(texts)
    )


PERMISSIONS = {"contents": "write", "checks": "read"}
INSTALLED = Installed(
    "autofix", suspended=False, permissions=PERMISSIONS, events=frozenset({"issues", "push"})
)
PERFECT = Facts(
    repository="acme/shop",
    page="https://github.com/acme/shop",
    default_branch="main",
    asked_permissions=PERMISSIONS,
    asked_events=frozenset({"issues", "push"}),
    squash=True,
    auto_merge=True,
    required=(
        RequiredCheck(context="autofix", integration_id=ACTIONS),
        RequiredCheck(context="tests", integration_id=ACTIONS),
    ),
    branch=Branch(),
    bypasses=False,
    workflows=files(workflow(), ci()),
    reporters={},
    actions_app=ACTIONS,
    policy_text=POLICY,
    code_owners=".github/CODEOWNERS",
    installed=INSTALLED,
    production=Production(30, (Delivered("production", "success"),)),
    sentry=Sentry(("acme",), "acme", {"shop": True}, f"shop@{SHA}", SHA),
    datadog=None,
    bugsink=None,
    webhooks=(),
    authors=frozenset({"sentry", "datadog"}),
    targets=Targets(frozenset()),
    on_call={},
    runs={},
)


def finding(name: str, facts: Facts) -> Any:
    return answer(next(check for check in CHECKS if check.name == name), facts)


def test_a_perfect_repository_reaches_everything_and_nothing_blocks() -> None:
    diagnosis = diagnose(PERFECT)
    assert {one.mark for one in diagnosis.findings} == {Mark.PASSED}
    assert (diagnosis.reach, diagnosis.blockers) == (Level.VERIFIED, ())
    assert diagnosis.next_step == "nothing: wait for the first anomaly"


def required(*names: str, app: int | None = ACTIONS) -> tuple[RequiredCheck, ...]:
    return tuple(RequiredCheck(context=name, integration_id=app) for name in names)


NOTIFY = (
    POLICY
    + b"""\
notify:
  channels: [{to: chat, severity: info}, {to: pager, severity: urgent}]
  quiet: {timezone: Europe/Berlin, start: "20:00", end: "07:00"}
"""
)
DATADOG = Datadog(
    "datadoghq.eu",
    is_key=True,
    tracks=("spans", "logs"),
    services={"shop": True},
    traffic={"shop": True},
    newest=SHA,
    commit=SHA,
)
BUGSINK = Bugsink({"1": True}, f"shop@{SHA}", SHA)


def seen_by(tracker: Datadog | Bugsink, **changed: Any) -> dict[str, Any]:
    """The facts of a repository for which only that tracker reports."""
    name, section = (
        ("datadog", b"datadog: {services: [shop]}")
        if isinstance(tracker, Datadog)
        else ("bugsink", b"bugsink: {projects: ['1']}")
    )
    text = b"version: 1\ncategories: {null-safety: automerge}\n" + section
    return {"policy_text": text, "sentry": None, name: replace(tracker, **changed)}


FAILURES: list[tuple[str, dict[str, Any], str, str]] = [
    ("repository", {"archived": True}, "archived", "unarchive"),
    ("app installed", {"installed": None}, "not installed", "install the App"),
    ("app installed", {"installed": replace(INSTALLED, suspended=True)}, "suspended", "unsuspend"),
    (
        "app permissions",
        {"installed": replace(INSTALLED, permissions={"contents": "read", "checks": "read"})},
        "not granted: contents: write",
        "grant contents: write",
    ),
    (
        "app permissions",
        {"installed": replace(INSTALLED, permissions={})},
        "checks: read, contents: write",
        "",
    ),
    (
        "app permissions",
        {"installed": replace(INSTALLED, permissions={**PERMISSIONS, "workflows": "write"})},
        "beyond app.yml: workflows",
        "set workflows to no access",
    ),
    (
        "app permissions",
        {"installed": replace(INSTALLED, permissions={**PERMISSIONS, "administration": "write"})},
        "administration",
        "no access",
    ),
    (
        "app events",
        {"installed": replace(INSTALLED, events=frozenset({"push"}))},
        "issues",
        "subscribe the App",
    ),
    ("policy", {"policy_text": None}, "is not on `main`", "autofix init acme/shop"),
    ("policy", {"policy_text": b"version: 2"}, "invalid, so everything is off", "mend"),
    ("policy", {"policy_text": b"\xff\xfe"}, "not UTF-8", "mend"),
    ("policy", {"policy_text": POLICY + b"enabled: false\n"}, "everything is off", "set `enabled: true`"),
    ("code owners", {"code_owners": None}, "no CODEOWNERS", "/.github/ @your-team"),
    (
        "sentry organization",
        {"sentry": Sentry(("other",), "acme", {"shop": True})},
        "names `acme`; the server believes `other`",
        "AUTOFIX_SENTRY_ORGANIZATIONS",
    ),
    ("sentry projects", {"sentry": Sentry(("acme",), "acme", {"shop": False})}, "`shop`", "sentry.projects"),
    ("releases", {"sentry": Sentry(("acme",), "acme", {"shop": True})}, "no release", "sentry_sdk.init"),
    (
        "releases",
        {"sentry": Sentry(("acme",), "acme", {"shop": True}, "1.2", None)},
        "`1.2` names no commit",
        "commit's SHA",
    ),
    ("releases", seen_by(DATADOG, newest=None), "Datadog knows no release", "DD_VERSION"),
    ("releases", seen_by(DATADOG, commit=None), f"`{SHA}` names no commit", "or tag it"),
    ("releases", seen_by(BUGSINK, newest=None), "Bugsink knows no release", "sentry_sdk.init"),
    ("releases", seen_by(BUGSINK, newest="1.2", commit=None), "`1.2` names no commit", "commit's SHA"),
    (
        "datadog access",
        seen_by(Datadog("datadoghq.eu", is_key=False)),
        "datadoghq.eu does not know the API key",
        "AUTOFIX_DATADOG_SITE",
    ),
    ("datadog access", seen_by(DATADOG, tracks=()), "neither spans nor logs", "apm_read or logs_read_data"),
    (
        "datadog services",
        seen_by(DATADOG, services={"shop": False}),
        "neither errors nor requests of `shop`",
        "correct `datadog.services`",
    ),
    (
        "datadog reports",
        seen_by(DATADOG) | {"authors": frozenset({"sentry"})},
        "nothing lets a report of `shop` in",
        "map `datadog:shop=acme/shop`",
    ),
    (
        "datadog reports",
        seen_by(DATADOG)
        | {
            "policy_text": b"version: 1\ncategories: {null-safety: automerge}\n"
            b"datadog: {services: [shop, web]}\n",
            "authors": frozenset(),
            "webhooks": (Mapped("datadog:shop", is_open=True),),
        },
        "nothing lets a report of `web` in",
        "AUTOFIX_DATADOG_WEBHOOK_SECRET",
    ),
    ("datadog requests", seen_by(DATADOG, traffic={"shop": None}), "(spans)", "apm_read"),
    (
        "datadog requests",
        seen_by(DATADOG, traffic={"shop": None}, hits_metric="trace.flask.request.hits"),
        "(`trace.flask.request.hits`)",
        "timeseries_query",
    ),
    (
        "datadog requests",
        seen_by(DATADOG, traffic={"shop": False}, hits_metric="trace.flsk.request.hits"),
        "no requests of `shop` were counted in the last day, by `trace.flsk.request.hits`",
        "AUTOFIX_DATADOG_HITS_METRIC",
    ),
    ("bugsink projects", seen_by(BUGSINK, projects={"1": False}), "no project `1`", "bugsink.projects"),
    (
        "webhooks",
        {"webhooks": (Mapped("sentry:acme/shop", is_open=False),)},
        "deliveries of Sentry are turned away",
        "set AUTOFIX_SENTRY_WEBHOOK_SECRET",
    ),
    (
        "webhooks",
        {"webhooks": (Mapped("sentry:other/shop", is_open=True),)},
        "the policy does not list it",
        "list it under `sentry`",
    ),
    (
        "webhooks",
        {"webhooks": (Mapped("sentry:acme/shop", is_open=True), Mapped("datadog:shop", is_open=True))},
        "`datadog:shop` is sent here",
        "list it under `datadog`",
    ),
    (
        "on call",
        {"policy_text": POLICY + b"escalation: {on_call: [ada, bob]}\n", "on_call": {"ada": True}},
        "`bob` may not write here",
        "give `bob` write access",
    ),
    (
        "on call",
        {"policy_text": POLICY + b"escalation: {on_call: [other/leads], mention: true}\n"},
        "a team of another organization",
        "escalation.on_call",
    ),
    (
        "on call",
        {"policy_text": POLICY + b"escalation: {on_call: [Acme/leads]}\n"},
        "the team `Acme/leads` is never called",
        "escalation.mention: true",
    ),
    (
        "notifications",
        {"targets": Targets(frozenset(), "target chat, address 1: it is no address")},
        "target chat, address 1: it is no address",
        "autofix notify test",
    ),
    (
        "notifications",
        {"policy_text": NOTIFY, "targets": Targets(frozenset({"chat"}))},
        "names `pager`, which the server does not know; it knows `chat`",
        "AUTOFIX_NOTIFY_TARGETS",
    ),
    (
        "canary",
        {"policy_text": POLICY + b"rollout: {canary: canary}\n"},
        "no deployment to `canary` was seen lately",
        "correct `rollout.canary`",
    ),
    (
        "canary",
        {
            "policy_text": POLICY + b"rollout: {contexts: [cd/shop], canary: 'cd/canary-*'}\n",
            "production": Production(30, (), frozenset({"cd/shop"})),
        },
        "no commit status like `cd/canary-*`",
        "correct `rollout.canary`",
    ),
    (
        "canary",
        {"policy_text": POLICY + b"rollout: {workflow: 1.yml, canary: 0.yml}\n", "runs": {"1.yml": 3}},
        "no run of `0.yml` on `main` has succeeded lately",
        "correct `rollout.canary`",
    ),
    (
        "rollout",
        {"policy_text": POLICY + b"rollout: {workflow: 1.yml}\n", "runs": {"1.yml": 0}},
        "no run of `1.yml` on `main` has succeeded lately",
        "correct `rollout.workflow`",
    ),
    ("verification", {"workflows": ()}, "no workflow", "autofix init acme/shop"),
    ("verification", {"workflows": files(ci())}, "uses our action", "autofix init"),
    ("verification", {"workflows": files("jobs: [")}, "cannot be read: not YAML", "autofix init"),
    (
        "verification",
        {"workflows": files(workflow(name="proof"))},
        "in the job `proof`",
        "`checks.verify: proof`",
    ),
    (
        "verification",
        {"workflows": files(caller())},
        "the job `autofix` calls our workflow, so its check is `autofix / verify`, but the policy's is `autofix`",
        "set `checks.verify: autofix / verify` in the policy",
    ),
    (
        "verification",
        {"workflows": files(caller(more="    name: proof\n")), "policy_text": verify_is("autofix / verify")},
        "its check is `proof / verify`",
        "set `checks.verify: proof / verify`",
    ),
    (
        "verification",
        {"workflows": files(caller()), "policy_text": verify_is("autofix / proof")},
        "its check is `autofix / verify`",
        "set `checks.verify: autofix / verify`",
    ),
    (
        "verification",
        {
            "workflows": files(caller(f"autofix-app/autofix/.github/workflows/ci.yml@{SHA}")),
            "policy_text": verify_is("autofix / verify"),
        },
        "no workflow in",
        "autofix init",
    ),
    (
        "verification pinned",
        {
            "workflows": files(caller("autofix-app/autofix/.github/workflows/verify.yml@main")),
            "policy_text": verify_is("autofix / verify"),
        },
        "verify.yml@main` can move",
        "full commit SHA",
    ),
    (
        "verification strict",
        {
            "workflows": files(caller(more="    if: github.actor != 'x'\n")),
            "policy_text": verify_is("autofix / verify"),
        },
        "skipped job counts",
        "remove `if:`",
    ),
    (
        "verification pinned",
        {"workflows": files(workflow(ref="v1"))},
        "action@v1` can move",
        "full commit SHA",
    ),
    ("verification pinned", {"workflows": files(workflow(ref=SHA[:12]))}, "can move", "full commit SHA"),
    (
        "verification strict",
        {"workflows": files(workflow(job="    if: true"))},
        "skipped job counts",
        "remove `if:`",
    ),
    (
        "verification strict",
        {"workflows": files(workflow(step="        if: true"))},
        "skipped",
        "remove `if:`",
    ),
    (
        "verification strict",
        {"workflows": files(workflow(job="    continue-on-error: true"))},
        "turns a refusal green",
        "remove `continue-on-error`",
    ),
    (
        "verification strict",
        {"workflows": files(workflow(step="        continue-on-error: ${{ true }}"))},
        "turns a refusal green",
        "remove",
    ),
    (
        "verification starts",
        {"workflows": files(workflow("pull_request_target"))},
        "secrets",
        "`pull_request` instead",
    ),
    (
        "verification starts",
        {"workflows": files(workflow("{pull_request: {paths: [src/**]}}"))},
        "`paths:` keeps it from starting",
        "without filters",
    ),
    (
        "verification starts",
        {"workflows": files(workflow("{pull_request: {branches: [release/*]}}"))},
        "leaves out `main`",
        "without filters",
    ),
    (
        "verification starts",
        {"workflows": files(workflow("{pull_request: {types: [opened]}}"))},
        "synchronize",
        "",
    ),
    (
        "verification starts",
        {"workflows": files(workflow("workflow_dispatch"))},
        "does not run on `pull_request`",
        "",
    ),
    (
        "required checks start",
        {"workflows": files(workflow(), ci("{pull_request: {paths-ignore: [docs/**]}}"))},
        "`tests` (.github/workflows/1.yml): `paths-ignore:`",
        "without filters",
    ),
    (
        "required checks start",
        {"workflows": files(workflow(), ci("{push: {branches: [main]}}"))},
        "does not run on `pull_request`",
        "",
    ),
    (
        "required checks start",
        {"required": required("autofix", "unit")},
        "nothing reports `unit`",
        "name that its job has",
    ),
    (
        "required checks start",
        {"required": required("autofix", "unit"), "reporters": {"unit": frozenset({"github-actions"})}},
        "nothing reports `unit`",
        "",
    ),
    (
        "required checks start",
        {"policy_text": POLICY + b"checks: {required: [e2e]}\n"},
        "nothing reports `e2e`",
        "",
    ),
    (
        "required checks start",
        {"workflows": files(caller(), ci()), "policy_text": verify_is("autofix / verify")},
        "nothing reports `autofix`: that job calls our workflow, so its check is `autofix / verify`",
        "require the status check `autofix / verify` instead of `autofix`",
    ),
    (
        "merge queue",
        {"branch": Branch(merge_queue=True)},
        "does not run on `merge_group`",
        "add `merge_group:`",
    ),
    ("required checks", {"required": ()}, "no required checks", "require the status check `autofix`"),
    (
        "required checks",
        {"required": required("tests")},
        "do not require the check `autofix`",
        "source: GitHub Actions",
    ),
    (
        "required checks",
        {"workflows": files(caller(), ci()), "policy_text": verify_is("autofix / verify")},
        "do not require the check `autofix / verify`",
        "require the status check `autofix / verify` (source: GitHub Actions)",
    ),
    (
        "required checks",
        {"required": required("autofix")},
        "require only `autofix`",
        "the check that runs your tests",
    ),
    (
        "required checks",
        {"required": required("autofix", "tests", app=None)},
        "accepts any app",
        "set the source",
    ),
    (
        "required checks",
        {"required": required("autofix", "tests", app=7)},
        "another app than GitHub Actions",
        "set the source",
    ),
    ("auto-merge", {"auto_merge": False}, "does not allow auto-merge", "*Allow auto-merge*"),
    ("squash", {"squash": False}, "does not allow squash", "*Allow squash merging*"),
    ("squash", {"branch": Branch(merge_methods=frozenset({"merge"}))}, "allow only merge", "*Squash*"),
    ("approvals", {"branch": Branch(approvals=2)}, "2 approval(s)", "to 0"),
    ("approvals", {"branch": Branch(code_owner_review=True)}, "code owners", "leave it so"),
    ("approvals", {"branch": Branch(locked=True)}, "locked", "unlock"),
    ("bypass", {"bypasses": True}, "may bypass", "remove the App from the bypass list"),
    (
        "rollout",
        {"production": Production(30)},
        "no deployment in the last 30 days",
        "`environment: production`",
    ),
    (
        "rollout",
        {"production": Production(30, (Delivered("prod", "success"), Delivered("staging", "success")))},
        "go to `prod`, `staging`, none to `production`",
        "`observe.environment`",
    ),
    (
        "rollout",
        {"production": Production(30, (Delivered("production", "in_progress"), Delivered("production", "")))},
        "none reported success",
        "deployment status `success`",
    ),
    (
        "rollout",
        {"production": Production(30, (), frozenset({"continuous-delivery/shop"}))},
        "Argo CD reports commit statuses only",
        "notification template",
    ),
    (
        "rollout",
        {"production": Production(30, (), frozenset({"kustomization/shop/9b1c"}))},
        "Flux",
        "name `kustomization/shop/*` in `rollout.contexts`",
    ),
    (
        "rollout",
        {
            "policy_text": POLICY + b"rollout: {contexts: [continuous-delivery/shop]}\n",
            "production": Production(30, (), frozenset({"continuous-delivery/web"})),
        },
        "no commit status like `continuous-delivery/shop` on the newest commits; there are `continuous-d",
        "correct `rollout.contexts`",
    ),
    (
        "rollout",
        {"policy_text": POLICY + b"rollout: {workflow: cd.yml}\n"},
        "there is no workflow `cd.yml`; there are `0.yml`, `1.yml`",
        "correct `rollout.workflow`",
    ),
]


@pytest.mark.parametrize(("name", "changed", "found", "change"), FAILURES)
def test_a_check_fails_and_names_the_change(
    name: str, changed: dict[str, Any], found: str, change: str
) -> None:
    facts = replace(PERFECT, **changed)
    failed = finding(name, facts)
    assert failed.mark is Mark.FAILED
    assert found in failed.found
    assert failed.change
    assert change in failed.change
    blocks = failed.blocks
    assert diagnose(facts).reach == (
        Level.VERIFIED if blocks is None else min(blocks - 1, diagnose(facts).reach)
    )


def test_every_check_has_a_failing_case_and_says_what_is_true() -> None:
    assert {check.name for check in CHECKS} == {name for name, *_ in FAILURES}
    assert all(check.judge.__doc__ for check in CHECKS)
    assert len({check.name for check in CHECKS}) == len(CHECKS)


CALLED = {"policy_text": verify_is("autofix / verify"), "workflows": files(caller(), ci())}
PASSES: list[tuple[str, dict[str, Any]]] = [
    ("required checks start", {"workflows": files(workflow(), ci("push"))}),
    ("required checks start", {"workflows": files(workflow(), ci("{push: {branches: ['**']}}"))}),
    (
        "required checks start",
        {"required": required("autofix", "ci/other"), "reporters": {"ci/other": frozenset({"status"})}},
    ),
    (
        "required checks start",
        {
            "required": required("autofix", "tests (3.11, linux)"),
            "workflows": files(workflow(), ci(more="    strategy: {matrix: {python: [3.11]}}")),
        },
    ),
    (
        "required checks start",
        {
            "required": required("autofix", "py 3.11"),
            "workflows": files(workflow(), ci(name="py ${{ matrix.python }}")),
        },
    ),
    ("verification starts", {"workflows": files(workflow("{pull_request: {branches: ['ma*', '!mast*']}}"))}),
    ("verification starts", {"workflows": files(workflow("[push, pull_request]"))}),
    *(
        (check, {**CALLED, "required": required("autofix / verify", "tests")})
        for check in (
            "verification",
            "verification pinned",
            "verification strict",
            "verification starts",
            "required checks start",
            "required checks",
        )
    ),
    (
        "verification",
        {"policy_text": verify_is("proof / verify"), "workflows": files(caller(more="    name: proof\n"))},
    ),
    (
        "required checks start",
        {
            "required": required("autofix", "shared / unit"),
            "workflows": files(
                workflow(),
                f"on: pull_request\njobs:\n  shared: {{uses: acme/ci/.github/workflows/x.yml@{SHA}}}\n",
            ),
        },
    ),
    (
        "merge queue",
        {
            "branch": Branch(merge_queue=True),
            "workflows": files(workflow("[pull_request, merge_group]"), ci("[pull_request, merge_group]")),
        },
    ),
    ("squash", {"branch": Branch(merge_methods=frozenset({"squash", "rebase"}))}),
    ("rollout", {"production": Production(30, (Delivered("production", "inactive"),))}),
    (
        "rollout",
        {
            "policy_text": POLICY + b"rollout: {contexts: [continuous-delivery/*]}\n",
            "production": Production(30, (), frozenset({"continuous-delivery/shop"})),
        },
    ),
    (
        "rollout",
        {
            "policy_text": POLICY + b"rollout: {workflow: 1.yml}\n",
            "production": Production(30),
            "runs": {"1.yml": 2},
        },
    ),
    *(
        (check.name, seen_by(tracker))
        for tracker in (DATADOG, BUGSINK, replace(DATADOG, hits_metric="trace.flask.request.hits"))
        for check in trackers.CHECKS
    ),
    ("releases", seen_by(DATADOG) | {"sentry": PERFECT.sentry}),
    (
        "datadog reports",
        seen_by(DATADOG) | {"authors": frozenset(), "webhooks": (Mapped("datadog:shop", is_open=True),)},
    ),
    ("webhooks", {"webhooks": (Mapped("sentry:acme/shop", is_open=True),)}),
    ("webhooks", seen_by(DATADOG) | {"webhooks": (Mapped("datadog:shop", is_open=True),)}),
    ("notifications", {"policy_text": NOTIFY, "targets": Targets(frozenset({"chat", "pager", "other"}))}),
    ("notifications", {"targets": Targets(frozenset({"default"}))}),
    (
        "on call",
        {
            "policy_text": POLICY + b"escalation: {on_call: [ada, acme/leads], mention: true}\n",
            "on_call": {"ada": True},
        },
    ),
    (
        "canary",
        {
            "policy_text": POLICY + b"rollout: {canary: canary}\n",
            "production": Production(30, (Delivered("canary", "inactive"),)),
        },
    ),
    (
        "canary",
        {
            "policy_text": POLICY + b"rollout: {contexts: [cd/shop], canary: 'cd/canary-*'}\n",
            "production": Production(30, (), frozenset({"cd/canary-eu"})),
        },
    ),
    (
        "canary",
        {"policy_text": POLICY + b"rollout: {workflow: 1.yml, canary: 0.yml}\n", "runs": {"0.yml": 1}},
    ),
    (
        "rollout",
        {
            "policy_text": POLICY + b"observe: {environment: prod}\n",
            "production": Production(30, (Delivered("prod", "success"),)),
        },
    ),
]


@pytest.mark.parametrize(("name", "changed"), PASSES)
def test_a_check_passes(name: str, changed: dict[str, Any]) -> None:
    assert finding(name, replace(PERFECT, **changed)).mark is Mark.PASSED


UNREADABLE = [field.name for field in fields(Facts) if "Unread" in str(field.type)]


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_fact_that_cannot_be_read_is_never_a_pass(name: str) -> None:
    diagnosis = diagnose(replace(PERFECT, **{name: Unread("GitHub answered 403: no")}))  # type: ignore[arg-type]
    unknown = [one for one in diagnosis.findings if one.mark is Mark.UNKNOWN]
    assert all(one.found == "GitHub answered 403: no" for one in unknown)
    if name == "reporters":  # needed only for what no workflow job reports
        assert not unknown
        facts = replace(PERFECT, required=required("autofix", "unit"), reporters=Unread("no"))
        unknown = [finding("required checks start", facts)]
    if name == "authors":  # needed only where Datadog reports
        assert not unknown
        unknown = [finding("datadog reports", replace(PERFECT, **seen_by(DATADOG), authors=Unread("no")))]
    if name == "runs":  # needed only where the policy names a workflow
        assert not unknown
        facts = replace(PERFECT, policy_text=POLICY + b"rollout: {workflow: 1.yml}\n", runs=Unread("no"))
        unknown = [finding("rollout", facts)]
    assert unknown
    assert {one.mark for one in unknown} == {Mark.UNKNOWN}
    if name not in {"code_owners", "targets", "on_call"}:  # advice
        assert all(one.blocking is one.blocks for one in unknown)
        assert name == "authors" or any(one.blocking is not None for one in unknown)


def test_what_a_wrong_key_cannot_show_is_unknown() -> None:
    facts = replace(PERFECT, **seen_by(Datadog("datadoghq.eu", is_key=False)))
    marks = {name: finding(name, facts).mark for name in ("datadog services", "datadog requests")}
    assert set(marks.values()) == {Mark.UNKNOWN}
    assert diagnose(facts).next_step.startswith("correct AUTOFIX_DATADOG_API_KEY")


@pytest.mark.parametrize("tracker", [DATADOG, BUGSINK])
def test_one_tracker_is_enough(tracker: Datadog | Bugsink) -> None:
    diagnosis = diagnose(replace(PERFECT, **seen_by(tracker)))
    assert {one.mark for one in diagnosis.findings} == {Mark.PASSED}
    assert diagnosis.reach is Level.VERIFIED


def test_whom_a_channel_tells_and_when_it_is_quiet_is_said() -> None:
    facts = replace(PERFECT, policy_text=NOTIFY, targets=Targets(frozenset({"chat", "pager"})))
    said = "`chat` from info on, `pager` from urgent on; quiet from 20:00 to 07:00 Europe/Berlin"
    assert finding("notifications", facts).found == said
    assert {finding(check.name, PERFECT).blocks for check in people.CHECKS} == {None}


def test_nothing_read_means_that_autonomy_reaches_nothing() -> None:
    bare = Facts("a/b", "https://github.com/a/b", "main", PERMISSIONS, frozenset())
    assert diagnose(bare).reach is Level.NOTHING


@pytest.mark.parametrize(
    ("policy", "reach", "then"),
    [
        (b"shadow: true\ncategories: {null-safety: automerge}\n", Level.PROPOSE, "shadow: false"),
        (
            b"shadow: true\ncategories: {null-safety: propose}\n",
            Level.PROPOSE,
            "set a category to `automerge`",
        ),
        (b"categories: {null-safety: propose}\n", Level.PROPOSE, "when the proposals convince you"),
        (
            "categories: {{{}}}\n".format(", ".join(f"{name}: report" for name in CATEGORIES)).encode(),
            Level.REPORT,
            "set a category to `propose`",
        ),
        (b"categories: {wrong-type: automerge}\n", Level.VERIFIED, "nothing"),
        (
            b"intake: {people_only: true}\ncategories: {wrong-type: automerge}\n",
            Level.PROPOSE,
            "name a tracker",
        ),
    ],
)
def test_the_policy_itself_may_stop_before_the_settings_do(policy: bytes, reach: Level, then: str) -> None:
    named = b"" if b"people_only" in policy else b"sentry: {organization: acme, projects: [shop]}\n"
    text = b"version: 1\n" + named + policy
    diagnosis = diagnose(replace(PERFECT, policy_text=text))
    assert (diagnosis.reach, diagnosis.blockers) == (reach, ())
    assert then in diagnosis.next_step


def test_the_next_step_is_for_what_blocks_most() -> None:
    diagnosis = diagnose(replace(PERFECT, production=Production(30), auto_merge=False, policy_text=None))
    levels = [one.blocking or 0 for one in diagnosis.blockers]
    assert levels == sorted(levels)
    assert "autofix init" in diagnosis.next_step


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\xff",
        b"a: &a [*a]",
        b"jobs: 3\non: push",
        b"[" * 5000,
        b"x" * (MAX_BYTES + 1),
        (
            b"on: {push: {branches: {a: b}}, 3: 4}\n"
            b"jobs: {a: {steps: 3, name: [x]}, 4: [], b: {steps: [3, {uses: {a: 1}}]}}"
        ),
        b"a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\non: *c\njobs: {a: {name: *c, steps: *c}}",
    ],
)
def test_a_hostile_workflow_file_is_read_without_harm_and_passes_nothing(text: bytes) -> None:
    facts = replace(PERFECT, workflows=(read_workflow(".github/workflows/x.yml", text),))
    assert finding("verification", facts).mark is Mark.FAILED


@pytest.mark.timeout(10)
def test_names_and_filters_with_many_wildcards_match_nothing() -> None:
    name = "${{ a }}".join("a" * 30)
    text = f"on: {{pull_request: {{branches: ['{'*a' * 40}b']}}}}\njobs: {{x: {{name: '{name}'}}}}"
    file = read_workflow("w.yml", text.encode())
    assert file.jobs[0].check.fullmatch("a" * 200) is None
    assert "too many wildcards" in (file.obstacle("a" * 200) or "")
