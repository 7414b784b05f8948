from __future__ import annotations

import contextlib
import json
import time
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

import app.core.policy
from app.core.category import CATEGORIES
from app.core.errors import PolicyError
from app.core.model import Action, Method, Reason, RolloutPlan, Stage, Stop
from app.core.policy import MAX_BYTES, Policy, granted, json_schema, parse_policy

SMALL = b"version: 1\nsentry: {organization: acme, projects: [shop]}\n"


def test_the_smallest_policy_leaves_every_category_at_its_default() -> None:
    policy = parse_policy(SMALL)
    assert {name: policy.action(name) for name in CATEGORIES} == {
        name: category.default for name, category in CATEGORIES.items()
    }
    assert (policy.checks.verify, policy.observe.environment) == ("autofix", "production")
    assert (policy.observe.looks, policy.observe.lag, policy.observe.method) == ((), 60, Method.EXACT_LOOKS)


DATADOG = b"datadog: {services: [shop]}\n"
BUGSINK = b"bugsink: {projects: ['1']}\n"
PEOPLE = b"intake: {people_only: true}\n"
SENTRY = SMALL.partition(b"\n")[2]


@pytest.mark.parametrize(
    ("sections", "listed"),
    [
        (SENTRY, {"sentry"}),
        (DATADOG, {"datadog"}),
        (BUGSINK, {"bugsink"}),
        (DATADOG + BUGSINK, {"datadog", "bugsink"}),
        (SENTRY + DATADOG + BUGSINK, {"sentry", "datadog", "bugsink"}),
        (PEOPLE, set()),
    ],
)
def test_only_whoever_is_listed_may_report(sections: bytes, listed: set[str]) -> None:
    policy = parse_policy(b"version: 1\n" + sections)
    asked = {"sentry": "shop", "datadog": "shop", "bugsink": "1", "traceback": "shop", "": "shop"}
    assert {source for source, project in asked.items() if policy.lists(source, "acme", project)} == listed
    assert not any(policy.lists(source, "acme", "other") for source in asked)
    assert not policy.lists("sentry", "other", "shop")
    validator = jsonschema.Draft202012Validator(json_schema())
    assert list(validator.iter_errors(yaml.safe_load(b"version: 1\n" + sections))) == []


@pytest.mark.parametrize(
    ("sections", "why"),
    [
        (b"", "name who reports: `sentry`, `datadog` or `bugsink`"),
        (b"sentry:\n", "name who reports"),
        (b"intake: {people_only: false}\n", "say `intake: {people_only: true}`"),
        (PEOPLE + SENTRY, "`intake.people_only` and `sentry` contradict each other"),
        (PEOPLE + DATADOG + BUGSINK, "`intake.people_only` and `datadog` contradict each other"),
        (b"intake: {people_only: 1}\n", "intake.people_only"),
        (b"datadog: {services: []}\n", "datadog.services"),
        (b"datadog: {services: shop}\n", "datadog.services"),
        (b"bugsink: {projects: [1]}\n", "bugsink.projects"),
        (b"sentry: {projects: [shop]}\n", "sentry.organization"),
        (b"sentri: {organization: acme, projects: [shop]}\n", "sentri"),
    ],
)
def test_a_policy_in_which_nobody_reports_is_a_mistake_unless_it_is_said(sections: bytes, why: str) -> None:
    assert why in _says(b"version: 1\n" + sections)
    validator = jsonschema.Draft202012Validator(json_schema())
    assert list(validator.iter_errors(yaml.safe_load(b"version: 1\n" + sections)))


def test_everything_can_be_said() -> None:
    policy = parse_policy(
        SMALL
        + b"categories: {null-safety: automerge, missing-key: ignore}\n"
        + b"checks: {verify: proof}\nobserve: {environment: live, looks: [60, 120]}\n"
        + b"paths: {protected: [billing/**]}\n"
    )
    assert policy.action("null-safety") is Action.AUTOMERGE
    assert policy.action("missing-key") is Action.IGNORE
    assert (policy.checks.verify, policy.observe.looks) == ("proof", (60, 120))
    assert policy.paths.protected == ("billing/**",)


def test_a_rollout_shows_itself_as_the_policy_says() -> None:
    assert parse_policy(SMALL).rollout.plan == RolloutPlan()
    said = b"rollout: {contexts: ['cd/*'], canary: cd/canary, reporters: ['argo[bot]'], start_seconds: 60}\n"
    plan = parse_policy(SMALL + said).rollout.plan
    assert plan == RolloutPlan(("cd/*",), None, "cd/canary", ("argo[bot]",), 60.0)
    assert parse_policy(SMALL + b"rollout: {workflow: cd.yaml}\n").rollout.plan.workflow == "cd.yaml"


def _says(text: bytes) -> str:
    with pytest.raises(PolicyError) as caught:
        parse_policy(text)
    assert "\n" not in str(caught.value)
    return str(caught.value)


LAUGHS = b"a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: [*c, *c]\n"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (LAUGHS, "aliases"),
        (b"a: &a [*a]\n", "aliases"),
        (b"version: &v 1\nsentry: *v\n", "aliases"),
        (b"#" * (MAX_BYTES + 1), "larger than 64 kB"),
        (b"[" * MAX_BYTES, "nested deeper"),
        (b"{a: " * 21, "nested deeper"),
    ],
)
def test_c1_bombs_are_refused_at_once(text: bytes, why: str) -> None:
    started = time.process_time()
    assert why in _says(text)
    assert time.process_time() - started < 2


@pytest.mark.parametrize(
    "tag",
    [
        b"!!python/object/apply:os.system [id]",
        b"!!python/name:os.system ''",
        b"!!python/object/new:type [x]",
        b"!include /etc/passwd",
    ],
)
def test_c2_tags_make_nothing(tag: bytes) -> None:
    assert "not valid YAML" in _says(SMALL + b"observe: " + tag + b"\n")


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"auto_merg: true", "auto_merg"),
        (b"version: 1", "given twice"),
        (b'"version": 1', "given twice"),
        (b"categories: {null-safety: propose, null-safety: automerge}", "given twice"),
        (b"categories: {null-safty: automerge}", "unknown category"),
        (b"categories: {null-safety: yes}", "categories.null-safety"),
        (b"categories: {null-safety: on}", "categories.null-safety"),
        (b"categories: {null-safety: no}", "categories.null-safety"),
        (b"categories: {null-safety: Automerge}", "categories.null-safety"),
        (b"categories: [null-safety]", "categories"),
        (b"observe: {looks: [1e9]}", "observe.looks"),
        (b"observe: {looks: [1.5e+3]}", "observe.looks"),
        (b"observe: {looks: [0120]}", "plain decimal"),
        (b"observe: {looks: [2:00]}", "in quotes"),
        (b"observe: {looks: [0x78]}", "plain decimal"),
        (b"observe: {looks: [1_20]}", "plain decimal"),
        (b"observe: {looks: ['120']}", "observe.looks"),
        (b"observe: {looks: [true]}", "observe.looks"),
        (b"observe: {looks: [0]}", "observe.looks"),
        (b"observe: {looks: [.nan]}", "observe.looks"),
        (b"observe: {looks: all}", "observe.looks"),
        (b"observe: {lag: -1}", "observe.lag"),
        (b"observe: {method: quiet}", "observe.method"),
        (b"observe: {looks: [300, 120]}", "ascending"),
        (b"observe: {looks: [120, 120]}", "ascending"),
        (b"observe: {looks: [" + b"9" * 5000 + b"]}", "plain decimal"),
        (b"enabled: 'false'", "enabled"),
        (b"enabled: 0", "enabled"),
        (b"shadow: maybe", "shadow"),
        (b"categories: {null-safety: {action: automerge, lines: 3}}", "lines"),
        (b"categories: {null-safety: {changed_lines: 3}}", "action"),
        (b"categories: {1: automerge}", "unknown category"),
        (b"limits: {changed_lines: 0}", "limits.changed_lines"),
        (b"budgets: {open_pull_requests: 0}", "budgets.open_pull_requests"),
        (b"budgets: {merges_per_day: -1}", "budgets.merges_per_day"),
        (b"checks: {required: e2e}", "checks.required"),
        (b"hours: {timezone: Berlin}", "no time zone"),
        (b"hours: {timezone: ../../etc/passwd}", "no time zone"),
        (b"hours: {start: 10:00}", "in quotes"),
        (b"hours: {start: '9:00'}", "hours.start"),
        (b"hours: {start: '25:00'}", "hours.start"),
        (b"hours: {start: '17:00', end: '09:00'}", "before"),
        (b"hours: {days: [monday]}", "hours.days"),
        (b"hours: {days: [mon, mon]}", "at most once"),
        (b"freeze: [{first: 2026-12-24}]", "last"),
        (b"freeze: [{first: 2026-12-24, last: 2026-12-23}]", "after"),
        (b"freeze: [{first: 24.12.2026, last: 2026-12-24}]", "first"),
        (b"freeze: [{first: 2026-12-24T00:00:00Z, last: 2026-12-25}]", "first"),
        (b"trust: {start: ignore}", "propose or automerge"),
        (b"trust: {earn: 0}", "trust.earn"),
        (b"rollout: {contexts: [a], workflow: deploy.yml}", "not both"),
        (b"rollout: {contexts: continuous-delivery/shop}", "rollout.contexts"),
        (b"rollout: {workflow: deploy}", "rollout.workflow"),
        (b"rollout: {workflow: ../../deploy.yml}", "rollout.workflow"),
        (b"rollout: {canary: ''}", "rollout.canary"),
        (b"rollout: {start_seconds: 0}", "rollout.start_seconds"),
        (b"rollout: {progress_seconds: 1e9}", "rollout.progress_seconds"),
        (b"rollout: {longest_seconds: 604801}", "rollout.longest_seconds"),
        (b"rollout: {patience: 5}", "patience"),
        (b"checks: {verify: ''}", "checks.verify"),
        (b"checks: {verify: 7}", "checks.verify"),
        (b"paths: {protected: billing}", "paths.protected"),
        (b"? [a, b]\n: 1", "not valid YAML"),
        (b"sentry", "not valid YAML"),
    ],
)
def test_c3_what_is_not_exactly_meant_switches_automation_off(line: bytes, why: str) -> None:
    assert why in _says(SMALL + line + b"\n")


@pytest.mark.parametrize("version", [b"true", b"2", b"'1'", b"1.0", b"", b"01"])
def test_c3_the_version_is_the_number_one(version: bytes) -> None:
    _says(SMALL.replace(b"version: 1", b"version: " + version))


@pytest.mark.parametrize(
    "text", [b"", b"[]", b"version", b"1", b"\xff\xfe", b"version: 1\x00", b"version: 1"]
)
def test_c3_what_is_no_policy_is_refused(text: bytes) -> None:
    _says(text)


@given(st.binary(max_size=400))
def test_any_bytes_are_a_policy_or_a_policy_error(text: bytes) -> None:
    with contextlib.suppress(PolicyError):
        assert parse_policy(text).version == 1


@given(st.text(alphabet=":[]{}&*!|>-? \n\"'#%@`,ab1", max_size=200))
def test_any_punctuation_after_a_policy_is_a_policy_or_a_policy_error(text: str) -> None:
    with contextlib.suppress(PolicyError):
        assert parse_policy(SMALL + text.encode()).version == 1


@pytest.mark.parametrize(
    "pattern", ["(a+)+$", "(a|a)*b", "*a*a*a*a*a*a*a*a*a*a*b", "[" * 200, "**/**/**/**/**/x"]
)
def test_c5_a_pattern_is_a_glob_and_is_answered_at_once(pattern: str) -> None:
    policy = parse_policy(SMALL + f"paths: {{protected: ['{pattern}']}}\n".encode())
    started = time.process_time()
    for _ in range(20):
        policy.outside("a" * 5000)
    assert time.process_time() - started < 2


# What else it says -----------------------------------------------------------------------------------------------

EXAMPLE = Path(app.core.policy.__file__).with_name("policy.example.yml").read_bytes()


def test_the_commented_example_is_valid_and_says_everything() -> None:
    policy = parse_policy(EXAMPLE)
    assert policy.action("null-safety") is Action.AUTOMERGE
    assert policy.changed_lines("missing-error-handling") == 20
    assert policy.changed_lines("null-safety") == policy.limits.changed_lines == 40
    written = yaml.safe_load(EXAMPLE)
    assert set(written) == set(Policy.model_fields)
    for name, field in Policy.model_fields.items():
        if isinstance(field.default, BaseModel):
            assert set(written[name]) == set(type(field.default).model_fields), name


def test_the_schema_for_editors_accepts_the_example_and_refuses_what_we_refuse() -> None:
    validator = jsonschema.Draft202012Validator(json_schema())
    validator.check_schema(json_schema())
    written = json.loads(json.dumps(yaml.safe_load(EXAMPLE), default=str))
    assert list(validator.iter_errors(written)) == []
    for wrong in ({"auto_merg": True}, {"enabled": "yes"}, {"limits": {"lines": 3}}, {"version": 2}):
        assert list(validator.iter_errors({**written, **wrong})), wrong


@pytest.mark.parametrize(
    ("local", "inside"),
    [
        ("2026-11-25 07:59:59", False),
        ("2026-11-25 08:00:00", True),
        ("2026-11-25 17:59:59", True),
        ("2026-11-25 18:00:00", False),
        ("2026-11-28 12:00:00", False),
        ("2026-12-18 12:00:00", True),
        ("2026-12-21 12:00:00", False),
        ("2027-01-04 12:00:00", True),
        ("2027-07-01 08:00:00", True),
        ("2027-07-01 07:59:00", False),
    ],
)
def test_the_hours_are_those_of_the_clocks_on_the_wall(local: str, *, inside: bool) -> None:
    moment = datetime.fromisoformat(local).replace(tzinfo=ZoneInfo("Europe/Berlin")).timestamp()
    assert (parse_policy(EXAMPLE).closed(moment) is None) is inside


def test_where_fixes_may_go() -> None:
    policy = parse_policy(SMALL + b"paths: {allowed: ['shop/**'], protected: ['shop/billing/']}\n")
    assert policy.outside("shop/cart.py") is None
    assert "outside of `paths.allowed`" in str(policy.outside("jobs/nightly.py"))
    assert "protected by `shop/billing/`" in str(policy.outside("shop/billing/x.py"))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, Reason.POLICY_MISSING),
        ("version: 1\n", Reason.POLICY_INVALID),
        ("\udcff", Reason.POLICY_INVALID),
        (SMALL.decode() + "enabled: false\n", Reason.PAUSED),
    ],
)
def test_without_a_valid_policy_nothing_is_granted(text: str | None, reason: Reason) -> None:
    refused = granted(text, Stage.MERGE)
    assert isinstance(refused, Stop)
    assert (refused.stage, refused.reason) == (Stage.MERGE, reason)
