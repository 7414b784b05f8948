"""With which credentials the doctor looks: a person's token, the App's key, or both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.settings import (
    PREFIX,
    Connections,
    MissingSettings,
    Settings,
    http_address,
    read_connections,
    read_key,
)

DAYS = 30


@dataclass(frozen=True, slots=True)
class Access:
    """Addresses and credentials. What is None is not used, and what needs it stays unknown."""

    api_url: str = "https://api.github.com"
    token: str | None = field(default=None, repr=False)
    app_id: int | None = None
    private_key: str | None = field(default=None, repr=False)
    connections: Connections = field(default_factory=Connections)
    days: int = DAYS

    @property
    def shows_server(self) -> bool:
        """True if anything of the server's trackers and targets is given, so that what is missing is not there."""
        return self.connections != Connections()

    @classmethod
    def of_server(cls, settings: Settings) -> Access:
        """The running server's own."""
        return cls(
            api_url=settings.github_url,
            app_id=settings.app_id,
            private_key=settings.private_key.get_secret_value(),
            connections=settings,
        )

    @classmethod
    def of_person(cls, environment: Mapping[str, str], api_url: str | None, days: int = DAYS) -> Access:
        """What the environment gives: GITHUB_TOKEN or GH_TOKEN, and the server's AUTOFIX_* variables.

        Raises:
            MissingSettings: if a value is wrong, or if there are no credentials at all.
        """

        def value(name: str) -> str | None:
            return environment.get(PREFIX + name) or None

        token = environment.get("GITHUB_TOKEN") or environment.get("GH_TOKEN") or None
        number, key = value("APP_ID"), value("PRIVATE_KEY")
        if key is None and (file := value("PRIVATE_KEY_FILE")):
            key = read_key(file)
        if number is not None and not number.isdecimal():
            raise MissingSettings(f"{PREFIX}APP_ID: {number!r} is no number")
        if token is None and (number is None or key is None):
            raise MissingSettings(
                "no credentials: set GITHUB_TOKEN, or AUTOFIX_APP_ID and AUTOFIX_PRIVATE_KEY_FILE"
            )
        return cls(
            api_url=http_address(
                api_url or value("GITHUB_URL") or Settings.model_fields["github_url"].default
            ),
            token=token,
            app_id=int(number) if number and key else None,
            private_key=key if number else None,
            connections=read_connections(environment),
            days=days,
        )
