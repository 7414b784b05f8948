"""Who is calling: App JWTs, installation tokens and personal tokens, checked as GitHub checks them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import jwt

from app.demo.github.accounts import LEVELS, Actor, App, Installation, Token
from app.demo.github.errors import Refusal, bad_credentials, unprocessable
from app.demo.github.site import Site

TOKEN_LIFETIME = 3600
_LONGEST_JWT = 600
_JWT_DOTS = 2


@dataclass(frozen=True)
class Caller:
    """What the Authorization header proved: a token, an App itself, or nothing."""

    token: Token | None = None
    app: App | None = None

    @property
    def key(self) -> str:
        """What rate limits are counted by."""
        return self.token.value if self.token else f"app:{self.app.id}" if self.app else "anonymous"

    @property
    def name(self) -> str:
        """A name for the journal."""
        return self.token.actor.user.login if self.token else self.app.slug if self.app else "anonymous"


def identify(site: Site, authorization: str | None) -> Caller:
    """The caller behind an Authorization header, or a 401 in GitHub's words."""
    if not authorization:
        return Caller()
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() not in {"bearer", "token"}:
        raise bad_credentials()
    token = site.tokens.get(value)
    if token is not None:
        if site.clock() >= token.expires_at:
            raise bad_credentials()
        return Caller(token=token)
    if value.startswith("gh") or value.count(".") != _JWT_DOTS:
        raise bad_credentials()
    return Caller(app=_app_of(site, value))


def _unauthorized(text: str) -> Refusal:
    return Refusal(HTTPStatus.UNAUTHORIZED, text)


def _app_of(site: Site, value: str) -> App:
    undecodable = "A JSON web token could not be decoded"
    try:
        claims: dict[str, Any] = jwt.decode(value, options={"verify_signature": False})
    except jwt.InvalidTokenError as error:
        raise _unauthorized(undecodable) from error
    issuer = str(claims.get("iss", ""))
    found = (app for app in site.apps.values() if issuer in {str(app.id), app.client_id})
    app = next(found, None)
    if app is None or app.public_key_pem is None:
        raise _unauthorized(undecodable)
    # Times are checked below, by the stand-in's own clock.
    try:
        jwt.decode(
            value,
            app.public_key_pem,
            algorithms=["RS256"],
            options={"verify_exp": False, "verify_iat": False, "verify_nbf": False},
        )
    except jwt.InvalidTokenError as error:
        raise _unauthorized(undecodable) from error
    _check_times(claims, site.clock())
    return app


def _check_times(claims: Mapping[str, Any], now: float) -> None:
    issued, expires = claims.get("iat"), claims.get("exp")
    if not isinstance(expires, int) or expires <= now:
        raise _unauthorized(
            "'Expiration time' claim ('exp') must be a numeric value representing the future time at which "
            "the assertion expires"
        )
    if expires > now + _LONGEST_JWT:
        raise _unauthorized("'Expiration time' claim ('exp') is too far in the future")
    if not isinstance(issued, int) or issued > now:
        raise _unauthorized(
            "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued"
        )


def installation_token(site: Site, installation: Installation, wanted: Mapping[str, Any]) -> Token:
    """A new token of an installation, narrowed as asked; asking for more than was granted is a 422."""
    permissions = _narrowed(installation, wanted.get("permissions"))
    repositories = _selected(site, installation, wanted)
    app = installation.app
    token = Token(
        "",
        site.clock() + TOKEN_LIFETIME,
        Actor(app.bot, app),
        installation,
        permissions,
        repositories,
    )
    return site.issue_token(f"ghs_{app.id}_", token)


def _narrowed(installation: Installation, wanted: Any) -> dict[str, str]:
    granted = {"metadata": "read", **installation.permissions}
    if wanted is None:
        return granted
    for name, level in dict(wanted).items():
        if LEVELS[granted.get(name, "none")] < LEVELS.get(level, len(LEVELS)):
            raise unprocessable(
                "The permissions requested are not granted to this installation.",
            )
    return dict(wanted)


def _selected(site: Site, installation: Installation, wanted: Mapping[str, Any]) -> frozenset[int] | None:
    if "repositories" not in wanted and "repository_ids" not in wanted:
        return None
    covered = {
        repo.id: repo.name for repo in site.repositories.values() if installation.covers(repo.id, repo.owner)
    }
    names, ids = set(wanted.get("repositories") or ()), set(wanted.get("repository_ids") or ())
    chosen = {number for number, name in covered.items() if name in names or number in ids}
    if len(chosen) < len(names) or not ids <= chosen:
        raise unprocessable(
            "There is at least one repository that does not exist or is not accessible to the parent "
            "installation."
        )
    return frozenset(chosen)
