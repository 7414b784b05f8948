"""The repository's policy file, `.github/autofix.yml`, read from the default branch only.

Strict on purpose: an unknown key, a duplicate key, an alias, a custom tag or a file above 64 kB makes the whole
policy invalid, and an invalid policy switches the automation off. Every description below is the documentation:
`docs/policy.md` and the JSON Schema are written from it.
"""

from __future__ import annotations

from datetime import datetime, time
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo

from pydantic import (
    Field,
    GetJsonSchemaHandler,
    StrictBool,
    StrictInt,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from app.core.calling import Escalation, Notify
from app.core.category import NAMED
from app.core.errors import PolicyError
from app.core.model import Action, Method, Reason, Stage, Stop
from app.core.paths import protecting_pattern
from app.core.policy_rollout import Rollout
from app.core.policy_terms import WEEKDAYS, Day, Strict, Text, TimeOfDay, TimeZone, Weekdays
from app.core.sources import BugsinkSource, DatadogSource, Intake, SentrySource
from app.core.strict_yaml import MAX_BYTES, MAX_DEPTH, read_yaml

__all__ = ["MAX_BYTES", "MAX_DEPTH", "POLICY_PATH", "Policy", "granted", "json_schema", "parse_policy"]

POLICY_PATH = ".github/autofix.yml"
SCHEMA_ADDRESS = "https://raw.githubusercontent.com/autofix-app/autofix/main/docs/policy.schema.json"


class CategoryRule(Strict):
    """How far one kind of fix may go, and how large it may be. The action alone may stand for the whole."""

    action: Annotated[
        Action, Field(description="`ignore`, `report`, `propose` (a pull request) or `automerge`.")
    ]
    changed_lines: Annotated[
        StrictInt | None,
        Field(gt=0, le=500, description="Limit for this category, instead of `limits.changed_lines`."),
    ] = None

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: object) -> object:
        return {"action": value} if isinstance(value, str) else value

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        whole = handler(core_schema)
        action = handler.resolve_ref_schema(whole)["properties"]["action"]
        return {"anyOf": [action, whole]}


class Limits(Strict):
    """How large a fix may be. A larger one is refused by the verification."""

    changed_lines: Annotated[
        StrictInt, Field(gt=0, le=500, description="Lines added and removed in the fixed file.")
    ] = 40
    test_lines: Annotated[StrictInt, Field(gt=0, le=2000, description="Lines of the regression test.")] = 300


class Checks(Strict):
    """What must be green on exactly the fix's commit before it may be merged."""

    verify: Annotated[Text, Field(description="Name of the required check that our Action reports.")] = (
        "autofix"
    )
    required: Annotated[
        tuple[Text, ...],
        Field(
            max_length=20,
            description="More checks that must be green, such as integration and end-to-end jobs. "
            "The verification waits for them. `name@app` is one of another app than GitHub Actions.",
        ),
    ] = ()
    coverage: Annotated[
        StrictBool,
        Field(description="The test suite's coverage report must cover every changed line (see the Action)."),
    ] = False


class Paths(Strict):
    """Where fixes may go. Patterns are globs; `**/` matches any depth, a folder covers what is in it."""

    protected: Annotated[
        tuple[Text, ...],
        Field(max_length=200, description="Never touched, besides what always is protected."),
    ] = ()
    allowed: Annotated[
        tuple[Text, ...], Field(max_length=200, description="If given, fixes go nowhere else.")
    ] = ()
    sensitive: Annotated[
        tuple[Text, ...],
        Field(
            max_length=200,
            description="Fixed only by proposal: a person merges. Besides what the built-in words catch.",
        ),
    ] = ()


class Observe(Strict):
    """How the production effect is judged."""

    environment: Annotated[
        Text, Field(description="Name of the deployment environment that is production.")
    ] = "production"
    looks: Annotated[
        tuple[Annotated[StrictInt, Field(gt=0, le=86_400)], ...],
        Field(
            max_length=24,
            description="When to look, in seconds after the deployment. "
            "Empty: planned from how often the error came before.",
        ),
    ] = ()
    lag: Annotated[
        StrictInt,
        Field(
            ge=0,
            le=3600,
            description="Seconds that events may take to be counted; newer ones are not looked at.",
        ),
    ] = 60
    method: Annotated[
        Method,
        Field(
            description="How it is tested that the error is gone: exact-looks, or sequential for any moment."
        ),
    ] = Method.EXACT_LOOKS

    @field_validator("looks")
    @classmethod
    def _ascending(cls, looks: tuple[int, ...]) -> tuple[int, ...]:
        if list(looks) != sorted(set(looks)):
            raise ValueError("the looks must be distinct and ascending, for example [120, 300, 600]")
        return looks


class Budgets(Strict):
    """How much may happen. What is above a budget is left to a person."""

    open_pull_requests: Annotated[
        StrictInt, Field(ge=1, le=100, description="Our pull requests that may be open at the same time.")
    ] = 5
    merges_per_day: Annotated[
        StrictInt, Field(ge=0, le=1000, description="Fixes merged without a person in 24 hours.")
    ] = 10
    attempts: Annotated[
        StrictInt, Field(ge=1, le=20, description="Fixes for the same anomaly, before people take over.")
    ] = 2
    same_file_hours: Annotated[
        StrictInt,
        Field(ge=0, le=720, description="Hours before a file that was fixed may be merged to again."),
    ] = 24


class Hours(Strict):
    """When fixes may be merged without a person. Outside they are proposed, and a person may approve them."""

    timezone: Annotated[TimeZone, Field(description="IANA name, such as `Europe/Berlin`.")] = "UTC"
    days: Annotated[
        Weekdays,
        Field(min_length=1, max_length=7, description="Days of the week: `mon` to `sun`."),
    ] = WEEKDAYS
    start: Annotated[TimeOfDay, Field(description='First minute, in quotes: `"09:00"`.')] = time(0, 0)
    end: Annotated[TimeOfDay, Field(description='Last minute, in quotes: `"16:59"`.')] = time(23, 59)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.start >= self.end:
            raise ValueError("`start` must be before `end`; hours over midnight are not supported")
        return self

    def contain(self, moment: float) -> bool:
        """True if `moment` (epoch seconds) lies within the hours, on the clocks of the time zone."""
        local = datetime.fromtimestamp(moment, ZoneInfo(self.timezone))
        minute = local.time().replace(second=0, microsecond=0)
        return WEEKDAYS[local.weekday()] in self.days and self.start <= minute <= self.end

    def __str__(self) -> str:
        return f"{', '.join(self.days)} {self.start:%H:%M} to {self.end:%H:%M} {self.timezone}"


class Freeze(Strict):
    """Days on which nothing is merged without a person, both included (UTC)."""

    first: Annotated[Day, Field(description="The first day: `2026-12-20`.")]
    last: Annotated[Day, Field(description="The last day.")]
    why: Annotated[Text, Field(description="What people read.")] = "freeze"

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.first > self.last:
            raise ValueError("`first` must not be after `last`")
        return self

    def contains(self, moment: float) -> bool:
        """True if `moment` (epoch seconds) is on one of the days."""
        return self.first <= datetime.fromtimestamp(moment, ZoneInfo("UTC")).date() <= self.last


class Trust(Strict):
    """How a category earns the right to merge without a person in this repository."""

    start: Annotated[
        Action,
        Field(description="`propose`: earn it first. `automerge`: trusted until the first loss."),
    ] = Action.PROPOSE
    earn: Annotated[
        StrictInt,
        Field(ge=1, le=100, description="Fixes in a row that production verified, to be trusted (again)."),
    ] = 5

    @field_validator("start")
    @classmethod
    def _either(cls, start: Action) -> Action:
        if start not in {Action.PROPOSE, Action.AUTOMERGE}:
            raise ValueError("`start` is propose or automerge")
        return start


class Policy(Strict):
    """A valid policy: what Autofix may do in one repository."""

    version: Annotated[StrictInt, Field(ge=1, le=1, description="Version of this format: 1.")]
    enabled: Annotated[
        StrictBool, Field(description="`false` stops everything within a minute, running fixes included.")
    ] = True
    shadow: Annotated[
        StrictBool,
        Field(description="`true`: merge nothing, but record what would have been merged, to compare."),
    ] = False
    sentry: SentrySource
    datadog: Annotated[
        DatadogSource | None, Field(description="Which Datadog services report for this code, if any do.")
    ] = None
    bugsink: Annotated[
        BugsinkSource | None, Field(description="Which Bugsink projects report for this code, if any do.")
    ] = None
    intake: Intake = Intake()
    categories: Annotated[
        dict[str, CategoryRule],
        Field(
            default_factory=dict,
            description="How far each kind of fix may go, and `revert`, which takes one back; "
            "what is not named is proposed at most.",
        ),
    ]
    limits: Limits = Limits()
    checks: Checks = Checks()
    paths: Paths = Paths()
    budgets: Budgets = Budgets()
    hours: Annotated[
        Hours | None, Field(description="When fixes may be merged without a person. Not given: always.")
    ] = None
    freeze: Annotated[
        tuple[Freeze, ...], Field(max_length=50, description="Days on which a person merges.")
    ] = ()
    trust: Trust = Trust()
    observe: Observe = Observe()
    rollout: Rollout = Rollout()
    escalation: Escalation = Escalation()
    notify: Annotated[
        Notify | None,
        Field(
            description="Who is told besides GitHub. Not given: the server's target `default`, if it has one."
        ),
    ] = None

    @field_validator("categories", mode="before")
    @classmethod
    def _known(cls, categories: object) -> object:
        if isinstance(categories, dict):
            unknown = sorted(str(name) for name in set(categories) - set(NAMED))
            if unknown:
                raise ValueError(f"unknown category {unknown[0]!r}; known are {', '.join(sorted(NAMED))}")
        return categories

    def action(self, category: str) -> Action:
        """The level that this policy gives to `category`; the category's own default where it says nothing."""
        rule = self.categories.get(category)
        return NAMED[category].default if rule is None else rule.action

    def changed_lines(self, category: str) -> int:
        """The most lines that a fix of `category` may add and remove."""
        rule = self.categories.get(category)
        return (rule and rule.changed_lines) or self.limits.changed_lines

    def outside(self, path: str) -> str | None:
        """Why `path` is not for Autofix to change by the policy's own lists; None if it may."""
        protected = protecting_pattern(path, self.paths.protected)
        if protected is not None:
            return f"`{path}` is protected by `{protected}`"
        if self.paths.allowed and protecting_pattern(path, self.paths.allowed) is None:
            return f"`{path}` is outside of `paths.allowed`"
        return None

    def closed(self, moment: float) -> str | None:
        """Why nothing may be merged without a person at `moment` (epoch seconds); None if it may."""
        for freeze in self.freeze:
            if freeze.contains(moment):
                return f"{freeze.why}: {freeze.first} to {freeze.last}"
        if self.hours is not None and not self.hours.contain(moment):
            return f"outside of the hours for merging ({self.hours})"
        return None


def parse_policy(text: bytes) -> Policy:
    """The policy that `text` states.

    Raises:
        PolicyError: with one sentence that says where and what to change.
    """
    try:
        return Policy.model_validate(read_yaml(text))
    except ValidationError as fault:
        first = fault.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise PolicyError(f"{where}: {first['msg'].removeprefix('Value error, ')}") from fault


def granted(text: str | None, stage: Stage) -> Policy | Stop:
    """The policy; a Stop if there is none, if it is wrong, or if it says that nothing is automated."""
    if text is None:
        return Stop(
            stage,
            Reason.POLICY_MISSING,
            f"there is no `{POLICY_PATH}` on the default branch, so nothing is automated",
        )
    try:
        policy = parse_policy(text.encode("utf-8", errors="surrogateescape"))
    except PolicyError as fault:
        why = f"`{POLICY_PATH}`: {fault}. Automation is off until it is mended"
        return Stop(stage, Reason.POLICY_INVALID, why)
    if not policy.enabled:
        return Stop(stage, Reason.PAUSED, f"`{POLICY_PATH}` says `enabled: false`")
    return policy


def json_schema() -> dict[str, Any]:
    """The JSON Schema of the policy, for editors."""
    schema = Policy.model_json_schema()
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": SCHEMA_ADDRESS}
    return {**head, **schema, "title": "Autofix policy"}
