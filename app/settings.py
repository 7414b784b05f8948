"""The environment, read once into `Settings`. Every variable starts with `AUTOFIX_`; `docs/settings.md` lists them."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)

PREFIX = "AUTOFIX_"
CREDENTIALS = "autofix.env"  # in the data folder, written by `autofix setup`
_TARGET = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,28}[a-z0-9])?")
_NAME = r"[A-Za-z0-9_.-]{1,100}"
_MAPPED = re.compile(rf"(?:sentry:{_NAME}/{_NAME}|datadog:{_NAME})={_NAME}/{_NAME}")
# What each error tracker needs; with both it is on.
TRACKERS = (
    ("sentry_token", "sentry_organizations"),
    ("datadog_api_key", "datadog_application_key"),
    ("bugsink_url", "bugsink_token"),
)
_NO_TRACKER = (
    "no error tracker is set up: set "
    + ", or ".join(f"{PREFIX}{one.upper()} and {PREFIX}{other.upper()}" for one, other in TRACKERS)
    + f"; or {PREFIX}PEOPLE_ONLY=true if only people report"
)
THIS_MACHINE = frozenset({"127.0.0.1", "localhost", "::1"})


class MissingSettings(Exception):
    """The environment is incomplete or wrong; the text lists every variable with what to set."""


class _Part(BaseModel):
    """A part of the settings. The description of a field is its documentation."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class AppSettings(_Part):
    """Who we are on GitHub."""

    app_id: Annotated[int, Field(gt=0, description="The GitHub App's numeric id")]
    private_key: Annotated[
        SecretStr, Field(description="The App's private key (PEM), or use AUTOFIX_PRIVATE_KEY_FILE")
    ]
    webhook_secret: Annotated[
        SecretStr, Field(min_length=8, description="The App's webhook secret, at least 8 characters")
    ]
    github_url: Annotated[
        str, Field(description="Base of GitHub's REST API; GitHub Enterprise Server: https://HOST/api/v3")
    ] = "https://api.github.com"

    @field_validator("github_url")
    @classmethod
    def _github(cls, url: str) -> str:
        return _checked(url)


class Connections(_Part):
    """What reports to us, what we read, and whom we tell, besides GitHub. Nothing of it is needed by itself."""

    sentry_url: Annotated[
        str, Field(description="Base of Sentry's API; a region (https://de.sentry.io) or self-hosted")
    ] = "https://sentry.io"
    sentry_token: Annotated[SecretStr | None, Field(description="Token of a Sentry internal integration")] = (
        None
    )
    sentry_organizations: Annotated[
        tuple[str, ...],
        Field(description="Slugs of the Sentry organizations that are believed; with the token Sentry is on"),
    ] = ()
    sentry_hosts: Annotated[
        tuple[str, ...],
        Field(description="Hosts whose issue links are believed, besides the host of AUTOFIX_SENTRY_URL"),
    ] = ()
    sentry_author_ids: Annotated[
        tuple[int, ...], Field(description="Numeric ids of the GitHub accounts that Sentry opens issues as")
    ] = (39604003,)
    sentry_webhook_secret: Annotated[
        SecretStr | None,
        Field(
            min_length=8,
            description="Client secret of the Sentry integration whose webhooks are taken at `/webhooks/sentry`",
        ),
    ] = None
    datadog_hosts: Annotated[
        tuple[str, ...],
        Field(
            description="Hosts whose links to Datadog are believed; not given: those of the site that is read"
        ),
    ] = ()
    datadog_author_ids: Annotated[
        tuple[int, ...],
        Field(description="Numeric ids of the GitHub accounts that Datadog's issues are opened as"),
    ] = ()
    datadog_webhook_secret: Annotated[
        SecretStr | None,
        Field(
            min_length=8,
            description="Value of the header `X-Autofix-Secret` of Datadog's webhooks, taken at `/webhooks/datadog`",
        ),
    ] = None
    webhook_repositories: Annotated[
        tuple[str, ...],
        Field(
            description="Where trackers' webhooks go: `sentry:ORGANIZATION/PROJECT=OWNER/REPO`, "
            "`datadog:SERVICE=OWNER/REPO`"
        ),
    ] = ()
    datadog_site: Annotated[
        Literal[
            "datadoghq.com",
            "us3.datadoghq.com",
            "us5.datadoghq.com",
            "ap1.datadoghq.com",
            "ap2.datadoghq.com",
            "uk1.datadoghq.com",
            "datadoghq.eu",
            "ddog-gov.com",
            "us2.ddog-gov.com",
        ],
        Field(description="Datadog's site, as in DD_SITE"),
    ] = "datadoghq.com"
    datadog_api_key: Annotated[SecretStr | None, Field(description="Datadog's API key")] = None
    datadog_application_key: Annotated[
        SecretStr | None, Field(description="Datadog's application key; with the API key it turns Datadog on")
    ] = None
    datadog_hits_metric: Annotated[
        str | None,
        Field(
            pattern=r"^[A-Za-z][A-Za-z0-9_.]*$",
            description="Datadog metric that counts requests, as `trace.flask.request.hits`; else spans are counted",
        ),
    ] = None
    datadog_url: Annotated[
        str | None, Field(description="Base of Datadog's API, if it is not the one of the site")
    ] = None
    bugsink_url: Annotated[str | None, Field(description="Base of a Bugsink")] = None
    bugsink_token: Annotated[
        SecretStr | None, Field(description="Token of Bugsink; with the URL it turns Bugsink on")
    ] = None
    notify_targets: Annotated[
        dict[str, tuple[SecretStr, ...]],
        Field(
            description="Where messages go, as Apprise addresses them: NAME=URL, separated by white space. "
            "Policies use the names; see docs/notifications.md"
        ),
    ] = {}

    @field_validator("sentry_url", "datadog_url", "bugsink_url")
    @classmethod
    def _http(cls, url: str | None) -> str | None:
        return None if url is None else _checked(url)

    @field_validator("notify_targets", mode="before")
    @classmethod
    def _targets(cls, value: object) -> object:
        return targets_of(value) if isinstance(value, str) else value

    @field_validator(
        "sentry_organizations",
        "sentry_hosts",
        "sentry_author_ids",
        "datadog_hosts",
        "datadog_author_ids",
        "webhook_repositories",
        mode="before",
    )
    @classmethod
    def _comma_separated(cls, value: object) -> object:
        return list(listed(value)) if isinstance(value, str) else value

    @field_validator("webhook_repositories")
    @classmethod
    def _mapped(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        for one in given:
            if _MAPPED.fullmatch(one) is None:
                raise ValueError(
                    f"{one!r} is no sentry:ORGANIZATION/PROJECT=OWNER/REPO or datadog:SERVICE=OWNER/REPO"
                )
        names = [one.partition("=")[0] for one in given]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"{twice} is given twice")
        return given

    def repository_of(self, reporter: str) -> str | None:
        """The repository that `sentry:ORGANIZATION/PROJECT` or `datadog:SERVICE` reports to, if one is set."""
        given = dict(one.split("=", 1) for one in self.webhook_repositories)
        return given.get(reporter)

    @model_validator(mode="after")
    def _together(self) -> Self:
        """What needs two settings is never half set up."""
        both_ways = [pair for one, other in TRACKERS for pair in ((one, other), (other, one))]
        for one, other in (*both_ways, ("sentry_webhook_secret", "sentry_token")):
            if getattr(self, one) and not getattr(self, other):
                raise ValueError(f"{PREFIX}{one.upper()} is of no use without {PREFIX}{other.upper()}")
        return self

    @property
    def trackers(self) -> tuple[str, ...]:
        """The error trackers that are set up, by the names that findings have for them."""
        return tuple(one.partition("_")[0] for one, _ in TRACKERS if getattr(self, one))


class Settings(Connections, AppSettings):
    """All settings of one server process."""

    people_only: Annotated[
        bool, Field(description="`true`: no error tracker is set up, on purpose; only people report")
    ] = False
    storm_reports: Annotated[
        int,
        Field(
            ge=2, description="New anomalies of one repository in a minute that are too many to be repaired"
        ),
    ] = 30
    data_dir: Annotated[Path, Field(description="Folder of the embedded databases")] = Path("autofix-data")
    database_url: Annotated[
        str | None,
        Field(
            pattern="^postgresql://",
            description="PostgreSQL URL to use instead of SQLite in the data folder; one server process per database",
        ),
    ] = None
    host: Annotated[str, Field(description="Address to listen on")] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535, description="Port to listen on")] = 8080
    reconcile_seconds: Annotated[
        float,
        Field(gt=0, description="How often a waiting incident looks for itself, should a webhook get lost"),
    ] = 30.0
    budget_seconds: Annotated[
        float, Field(gt=0, description="Time from detection to verified fix before a person is called")
    ] = 900.0
    notify_messages: Annotated[
        int,
        Field(
            ge=4,
            le=1000,
            description="Messages that one target gets in ten minutes; what is more comes as one",
        ),
    ] = 10
    log_format: Annotated[str, Field(pattern="^(text|json)$", description="`text` or `json`")] = "text"

    @model_validator(mode="after")
    def _reported(self) -> Self:
        """Who reports is said, so that a variable that was forgotten is no silence."""
        if not self.trackers and not self.people_only:
            raise ValueError(_NO_TRACKER)
        if self.trackers and self.people_only:
            raise ValueError(
                f"{PREFIX}PEOPLE_ONLY contradicts the settings for {self.trackers[0].capitalize()}"
            )
        return self


def targets_of(text: str) -> dict[str, tuple[str, ...]]:
    """The addresses of each target's name, from NAME=URL entries that white space separates.

    Raises:
        ValueError: if an entry has another form; the text does not hold the entry, which may be a secret.
    """
    found: dict[str, tuple[str, ...]] = {}
    for number, entry in enumerate(text.split(), 1):
        name, _, address = entry.partition("=")
        if not _TARGET.fullmatch(name) or "://" not in address:
            raise ValueError(
                f"entry {number} is not NAME=URL, with a name of small letters, digits and hyphens"
            )
        found[name] = (*found.get(name, ()), address)
    return found


def listed(text: str) -> tuple[str, ...]:
    """The parts of a list that is separated by commas."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


def http_address(url: str) -> str:
    """`url` without a slash at its end.

    Raises:
        MissingSettings: if credentials would travel to it unencrypted and leave this machine.
    """
    try:
        return _checked(url)
    except ValueError as fault:
        raise MissingSettings(f"{url}: {fault}") from fault


def _checked(url: str) -> str:
    parts = urlsplit(url)
    local = parts.scheme == "http" and parts.hostname in THIS_MACHINE
    if not parts.hostname or not (parts.scheme == "https" or local):
        raise ValueError("must start with https:// (http:// only for this machine)")
    return url.rstrip("/")


def read_key(file: str) -> str:
    """The private key that AUTOFIX_PRIVATE_KEY_FILE names.

    Raises:
        MissingSettings: if the file cannot be read.
    """
    try:
        return Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        why = fault.strerror if isinstance(fault, OSError) else "it is not text"
        raise MissingSettings(f"{PREFIX}PRIVATE_KEY_FILE: cannot read {file}: {why}") from fault


def environment_of(process: Mapping[str, str], file: Path | None) -> dict[str, str]:
    """The variables of `process` over those of `file`; without one, over what `autofix setup` left in the data folder.

    Raises:
        MissingSettings: if the file cannot be read.
    """
    folder = process.get(f"{PREFIX}DATA_DIR") or Settings.model_fields["data_dir"].default
    left = Path(folder) / CREDENTIALS
    if file is None and not left.is_file():
        return dict(process)
    return with_file(process, file or left)


def with_file(environment: Mapping[str, str], file: Path) -> dict[str, str]:
    """`environment` over the AUTOFIX_* variables of `file`: NAME=VALUE lines, as `autofix setup` writes them.

    Raises:
        MissingSettings: if the file cannot be read, or has a line that is no such assignment.
    """
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as fault:
        why = fault.strerror if isinstance(fault, OSError) else "it is not text"
        raise MissingSettings(f"cannot read {file}: {why}") from fault
    given: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        name, assigned, value = line.partition("=")
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if not assigned or not name.strip().startswith(PREFIX):
            raise MissingSettings(f"{file}, line {number}: expected {PREFIX}NAME=VALUE")
        given[name.strip()] = value.strip()
    return given | dict(environment)


def read_settings(environment: Mapping[str, str]) -> Settings:
    """The settings that `environment` states.

    Raises:
        MissingSettings: with one line per variable that is missing, unknown or wrong.
    """
    given = _given(environment)
    key_file = given.pop("private_key_file", None)
    if key_file is not None and "private_key" not in given:
        given["private_key"] = read_key(key_file)
    try:
        return Settings.model_validate(given)
    except ValidationError as fault:
        said = [_explain(error) for error in fault.errors()]
        # Pydantic looks at what belongs together only once each variable is good by itself.
        if _NO_TRACKER not in said and not given.keys() & {"people_only", *itertools.chain(*TRACKERS)}:
            said.append(_NO_TRACKER)
        raise MissingSettings("\n".join(said)) from fault


def read_connections(environment: Mapping[str, str]) -> Connections:
    """What `environment` states of trackers and targets, whatever else it states or leaves out.

    Raises:
        MissingSettings: with one line per variable of these that is wrong.
    """
    given = {name: one for name, one in _given(environment).items() if name in Connections.model_fields}
    try:
        return Connections.model_validate(given)
    except ValidationError as fault:
        raise MissingSettings("\n".join(_explain(error) for error in fault.errors())) from fault


def _given(environment: Mapping[str, str]) -> dict[str, str]:
    return {
        name.removeprefix(PREFIX).lower(): value
        for name, value in environment.items()
        if name.startswith(PREFIX) and value
    }


def _explain(error: Mapping[str, object]) -> str:
    location = error["loc"]
    if not location:  # what two settings say together; it names them
        return str(error["msg"]).removeprefix("Value error, ")
    name = str(location[0]) if isinstance(location, tuple) and location else "settings"
    field = Settings.model_fields.get(name)
    if error["type"] == "extra_forbidden":
        return f"{PREFIX}{name.upper()}: not a setting of Autofix; check the spelling"
    if error["type"] == "missing":
        return f"{PREFIX}{name.upper()} is not set. {field.description if field else ''}"
    return f"{PREFIX}{name.upper()}: {error['msg']}. {field.description if field else ''}"
