from __future__ import annotations

from pathlib import Path

import pytest

from app.settings import Connections, MissingSettings, Settings, read_connections, read_settings

KEY = "-----BEGIN RSA PRIVATE KEY-----"
GIVEN = {
    "AUTOFIX_APP_ID": "4242",
    "AUTOFIX_PRIVATE_KEY": KEY,
    "AUTOFIX_WEBHOOK_SECRET": "0123456789",
    "AUTOFIX_SENTRY_TOKEN": "sntrys_secret",
    "AUTOFIX_SENTRY_ORGANIZATIONS": "acme, other ,",
    "PATH": "/bin",
}


def _refused(**changed: str) -> str:
    with pytest.raises(MissingSettings) as caught:
        read_settings(GIVEN | changed)
    return str(caught.value)


def test_the_environment_is_read() -> None:
    settings = read_settings(GIVEN | {"AUTOFIX_SENTRY_AUTHOR_IDS": "1,2", "AUTOFIX_PORT": "0"})
    assert (settings.app_id, settings.port) == (4242, 0)
    assert settings.sentry_organizations == ("acme", "other")
    assert settings.sentry_author_ids == (1, 2)
    assert settings.github_url == "https://api.github.com"


def test_every_missing_variable_is_named_in_one_go() -> None:
    with pytest.raises(MissingSettings) as caught:
        read_settings({})
    lines = str(caught.value).splitlines()
    required = {name for name, field in Settings.model_fields.items() if field.is_required()}
    assert {line.split()[0].removeprefix("AUTOFIX_").lower() for line in lines[:-1]} == required
    assert all("is not set" in line for line in lines[:-1])
    assert lines[-1] == NO_TRACKER


WITHOUT = {name: value for name, value in GIVEN.items() if "SENTRY" not in name}
NO_TRACKER = (
    "no error tracker is set up: set AUTOFIX_SENTRY_TOKEN and AUTOFIX_SENTRY_ORGANIZATIONS, or "
    "AUTOFIX_DATADOG_API_KEY and AUTOFIX_DATADOG_APPLICATION_KEY, or AUTOFIX_BUGSINK_URL and AUTOFIX_BUGSINK_TOKEN; "
    "or AUTOFIX_PEOPLE_ONLY=true if only people report"
)
DATADOG = {"AUTOFIX_DATADOG_API_KEY": "key", "AUTOFIX_DATADOG_APPLICATION_KEY": "key"}
BUGSINK = {"AUTOFIX_BUGSINK_URL": "https://bugs.example", "AUTOFIX_BUGSINK_TOKEN": "token"}


@pytest.mark.parametrize(
    ("given", "trackers"),
    [
        ({}, ("sentry",)),
        (DATADOG, ("sentry", "datadog")),
        (DATADOG | BUGSINK, ("sentry", "datadog", "bugsink")),
    ],
)
def test_trackers_are_on_by_their_pair(given: dict[str, str], trackers: tuple[str, ...]) -> None:
    assert read_settings(GIVEN | given).trackers == trackers
    if given:
        assert read_settings(WITHOUT | given).trackers == trackers[1:]


def test_people_alone_may_report_if_it_is_said() -> None:
    assert read_settings(WITHOUT | {"AUTOFIX_PEOPLE_ONLY": "true"}).trackers == ()
    for said in ({}, {"AUTOFIX_PEOPLE_ONLY": "false"}):
        with pytest.raises(MissingSettings) as caught:
            read_settings(WITHOUT | said)
        assert str(caught.value) == NO_TRACKER
    assert _refused(AUTOFIX_PEOPLE_ONLY="true") == "AUTOFIX_PEOPLE_ONLY contradicts the settings for Sentry"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("SENTRY_TOKEN", "SENTRY_ORGANIZATIONS"),
        ("DATADOG_API_KEY", "DATADOG_APPLICATION_KEY"),
        ("BUGSINK_URL", "BUGSINK_TOKEN"),
    ],
)
def test_half_a_tracker_is_refused(one: str, other: str) -> None:
    values = {
        **{name: GIVEN[name] for name in ("AUTOFIX_SENTRY_TOKEN", "AUTOFIX_SENTRY_ORGANIZATIONS")},
        **DATADOG,
        **BUGSINK,
    }
    for given, missing in ((one, other), (other, one)):
        name = f"AUTOFIX_{given}"
        with pytest.raises(MissingSettings, match=f"{name} is of no use without AUTOFIX_{missing}"):
            read_settings(WITHOUT | {name: values[name]})
        with pytest.raises(MissingSettings, match=f"{name} is of no use without AUTOFIX_{missing}"):
            read_connections({name: values[name], "AUTOFIX_APP_ID": "no number"})


def test_a_door_for_a_sentry_that_is_not_read_is_refused() -> None:
    with pytest.raises(
        MissingSettings, match="SENTRY_WEBHOOK_SECRET is of no use without AUTOFIX_SENTRY_TOKEN"
    ):
        read_settings(WITHOUT | DATADOG | {"AUTOFIX_SENTRY_WEBHOOK_SECRET": "0123456789"})


def test_what_belongs_to_the_app_is_no_connection() -> None:
    found = read_connections(GIVEN | DATADOG | {"AUTOFIX_PORT": "x", "AUTOFIX_UNKNOWN": "y"})
    assert (found.trackers, found.sentry_organizations) == (("sentry", "datadog"), ("acme", "other"))
    assert read_connections({}) == Connections()


def test_an_empty_variable_is_not_set() -> None:
    assert "AUTOFIX_APP_ID is not set" in _refused(AUTOFIX_APP_ID="")


def test_a_misspelled_variable_is_no_setting() -> None:
    assert "AUTOFIX_GITHUB_ULR: not a setting" in _refused(AUTOFIX_GITHUB_ULR="https://x.example")


@pytest.mark.parametrize(
    "name", ["APP_ID", "PORT", "RECONCILE_SECONDS", "BUDGET_SECONDS", "SENTRY_AUTHOR_IDS", "LOG_FORMAT"]
)
def test_a_wrong_value_names_its_variable(name: str) -> None:
    assert f"AUTOFIX_{name}: " in _refused(**{f"AUTOFIX_{name}": "-1x"})


@pytest.mark.parametrize(
    "url",
    [
        "http://github.example",
        "http://127.0.0.1.evil.example",
        "http://localhost.evil.example/api",
        "http://localhost@evil.example",
        "http://[::2]:80",
        "ftp://127.0.0.1",
        "https://",
        "//api.github.com",
        "file:///etc/passwd",
    ],
)
def test_tokens_travel_encrypted_or_stay_on_this_machine(url: str) -> None:
    assert "must start with https://" in _refused(AUTOFIX_GITHUB_URL=url)
    assert "must start with https://" in _refused(AUTOFIX_SENTRY_URL=url)
    assert "must start with https://" in _refused(AUTOFIX_DATADOG_URL=url)
    assert "must start with https://" in _refused(AUTOFIX_BUGSINK_URL=url)


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://git.example/api/v3/", "https://git.example/api/v3"),
        ("http://127.0.0.1:4001", "http://127.0.0.1:4001"),
        ("http://localhost", "http://localhost"),
        ("http://[::1]:4001/", "http://[::1]:4001"),
    ],
)
def test_an_address_ends_without_a_slash(url: str, kept: str) -> None:
    assert read_settings(GIVEN | {"AUTOFIX_GITHUB_URL": url}).github_url == kept


def test_the_key_may_stand_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "app.pem"
    file.write_text(KEY, encoding="utf-8")
    given = {name: value for name, value in GIVEN.items() if name != "AUTOFIX_PRIVATE_KEY"}
    settings = read_settings(given | {"AUTOFIX_PRIVATE_KEY_FILE": str(file)})
    assert settings.private_key.get_secret_value() == KEY
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(MissingSettings, match=r"PRIVATE_KEY_FILE: cannot read .*: it is not text"):
        read_settings(given | {"AUTOFIX_PRIVATE_KEY_FILE": str(file)})
    with pytest.raises(MissingSettings, match=r"PRIVATE_KEY_FILE: cannot read .*: No such file"):
        read_settings(given | {"AUTOFIX_PRIVATE_KEY_FILE": str(tmp_path / "none.pem")})


def test_no_secret_is_printed_whatever_goes_wrong() -> None:
    settings = read_settings(GIVEN)
    with pytest.raises(MissingSettings) as caught:
        read_settings(GIVEN | {"AUTOFIX_WEBHOOK_SECRET": "hunt3r", "AUTOFIX_LOG_FORMAT": "xml"})
    shown = f"{settings!r} {settings} {caught.value} {caught.value.__cause__}"
    assert "AUTOFIX_WEBHOOK_SECRET" in str(caught.value)
    for secret in (KEY, "0123456789", "sntrys_secret", "hunt3r"):
        assert secret not in shown


def test_targets_have_names_and_keep_their_secrets() -> None:
    settings = read_settings(
        GIVEN | {"AUTOFIX_NOTIFY_TARGETS": " a=json://x/?k=v\n b-2=slack://t0ps3cret a=form://y "}
    )
    kept = {
        name: [one.get_secret_value() for one in found] for name, found in settings.notify_targets.items()
    }
    assert kept == {"a": ["json://x/?k=v", "form://y"], "b-2": ["slack://t0ps3cret"]}
    assert "t0ps3cret" not in f"{settings!r}{settings}"


@pytest.mark.parametrize(
    "entry",
    ["json://host/t0ps3cret", "A=json://t0ps3cret", "a=t0ps3cret", "=json://t0ps3cret", "a b=://t0ps3cret"],
)
def test_a_wrong_target_is_told_without_its_address(entry: str) -> None:
    said = _refused(AUTOFIX_NOTIFY_TARGETS=f"{entry} ok=json://x")
    assert "AUTOFIX_NOTIFY_TARGETS: " in said
    assert "is not NAME=URL" in said
    assert "t0ps3cret" not in said


TRACKERS = {
    "AUTOFIX_DATADOG_API_KEY": "dd_api_secret",
    "AUTOFIX_DATADOG_APPLICATION_KEY": "dd_application_secret",
    "AUTOFIX_BUGSINK_URL": "http://127.0.0.1:9100/",
    "AUTOFIX_BUGSINK_TOKEN": "bugsink_secret",
}


def test_further_trackers_are_off_until_they_are_set() -> None:
    settings = read_settings(GIVEN)
    assert (settings.datadog_api_key, settings.datadog_application_key) == (None, None)
    assert (settings.bugsink_url, settings.bugsink_token) == (None, None)
    assert settings.datadog_site == "datadoghq.com"


def test_further_trackers_are_read_and_their_secrets_hidden() -> None:
    settings = read_settings(GIVEN | TRACKERS | {"AUTOFIX_DATADOG_SITE": "us3.datadoghq.com"})
    assert settings.bugsink_url == "http://127.0.0.1:9100"
    assert settings.datadog_site == "us3.datadoghq.com"
    assert "secret" not in f"{settings!r} {settings}".replace("webhook_secret", "")


@pytest.mark.parametrize("missing", sorted(TRACKERS))
def test_half_a_tracker_is_refused_by_name(missing: str) -> None:
    with pytest.raises(MissingSettings, match=f"is of no use without {missing}$"):
        read_settings(GIVEN | {name: value for name, value in TRACKERS.items() if name != missing})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATADOG_SITE", "datadoghq.com.evil.example"),
        ("DATADOG_SITE", "https://app.datadoghq.com"),
        ("DATADOG_HITS_METRIC", "trace.flask.request.hits{*}"),
        ("DATADOG_HITS_METRIC", "a,b"),
    ],
)
def test_nothing_strange_becomes_part_of_an_address_or_a_query(name: str, value: str) -> None:
    assert f"AUTOFIX_{name}: " in _refused(**{f"AUTOFIX_{name}": value})
