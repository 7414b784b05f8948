"""Registering a GitHub App from a manifest: the page that takes it, and the code that is exchanged once."""

from __future__ import annotations

import json
import re
import secrets
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, urlencode

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from app.demo.github.accounts import Account
from app.demo.github.errors import Refusal, not_found, unprocessable
from app.demo.github.render import accounts as render
from app.demo.github.rest.routing import Call, Reply, Route, created
from app.demo.github.site import Site

_LIFETIME = 3600


def take_manifest(call: Call) -> Reply:
    """`POST /settings/apps/new`: the person confirms at once, and is led back with a code."""
    form = parse_qs(call.raw.decode())
    try:
        manifest = json.loads(form["manifest"][0])
        manifest["url"], manifest["hook_attributes"]["url"]
        back = str(manifest["redirect_url"])
    except (KeyError, ValueError, TypeError) as error:
        raise unprocessable("Invalid GitHub App configuration") from error
    code = secrets.token_hex(20)
    owner = _owner(call)
    call.site.manifests[code] = (manifest, owner, call.site.clock() + _LIFETIME)
    answer = {"code": code} | ({"state": call.query["state"]} if "state" in call.query else {})
    return Reply(None, HTTPStatus.FOUND, {"Location": f"{back}?{urlencode(answer)}"})


def _owner(call: Call) -> Account:
    """The organisation of the path, or whoever is signed in: there is one person in this browser."""
    organization = call.params.get("organization")
    if organization is None:
        return call.site.create_account("signed-in")
    found = call.site.accounts.get(organization.lower())
    if found is None or found.type != "Organization":
        raise not_found()
    return found


def convert(call: Call) -> Reply:
    """`POST /app-manifests/{code}/conversions`: once, within an hour, and without a credential."""
    manifest, owner, until = call.site.manifests.pop(call.params["code"], ({}, None, 0.0))
    if owner is None or call.site.clock() >= until:
        raise not_found()
    slug = re.sub(r"[^a-z0-9]+", "-", str(manifest.get("name", "app")).lower()).strip("-")
    if any(app.slug == slug for app in call.site.apps.values()):
        raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, "Name has already been taken")
    return created(_register(call.site, owner, slug, manifest))


def _register(site: Site, owner: Account, slug: str, manifest: dict[str, Any]) -> dict[str, Any]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    app = site.create_app(
        site.next_id(), slug, str(manifest["name"]), owner=owner, bot_user_id=site.next_id()
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    app.public_key_pem, app.webhook_secret = public.decode(), secrets.token_hex(20)
    app.permissions = dict(manifest.get("default_permissions") or {})
    app.events = tuple(manifest.get("default_events") or ())
    hook = manifest["hook_attributes"]
    app.webhook_url = hook["url"] if hook.get("active", True) else None
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    return {
        **render.app(site, app),
        "client_secret": secrets.token_hex(20),
        "webhook_secret": app.webhook_secret,
        "pem": private.decode(),
    }


ROUTES = (
    Route("POST", "/settings/apps/new", take_manifest),
    Route("POST", "/organizations/{organization}/settings/apps/new", take_manifest),
    Route("POST", "/app-manifests/{code}/conversions", convert),
)
