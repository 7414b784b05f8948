"""Apps, installations, users, and the App's own webhook."""

from __future__ import annotations

from typing import Any

from app.demo.github.accounts import Installation
from app.demo.github.auth import installation_token
from app.demo.github.errors import not_accessible, not_found
from app.demo.github.render import accounts as render
from app.demo.github.render.repositories import repository
from app.demo.github.rest.routing import Call, Reply, Route, created, no_content


def get_app(call: Call) -> Any:
    """`GET /app`."""
    app = call.own_app
    count = sum(item.app is app for item in call.site.installations.values())
    return {**render.app(call.site, app), "installations_count": count}


def list_installations(call: Call) -> Reply:
    """`GET /app/installations`."""
    mine = [item for item in call.site.installations.values() if item.app is call.own_app]
    return call.page(mine, lambda item: render.installation(call.site, item))


def _installation(call: Call) -> Installation:
    found = call.site.installations.get(call.number("installation_id"))
    if found is None or found.app is not call.own_app:
        raise not_found()
    return found


def get_installation(call: Call) -> Any:
    """`GET /app/installations/{id}`."""
    return render.installation(call.site, _installation(call))


def create_token(call: Call) -> Reply:
    """`POST /app/installations/{id}/access_tokens`."""
    installation = _installation(call)
    token = installation_token(call.site, installation, call.body)
    body: dict[str, Any] = {
        "token": token.value,
        "expires_at": render.iso(token.expires_at),
        "permissions": token.permissions,
        "repository_selection": "all",
    }
    if token.repository_ids is not None or installation.repository_ids is not None:
        body["repository_selection"] = "selected"
    if token.repository_ids is not None:
        chosen = [repo for repo in call.site.repositories.values() if repo.id in token.repository_ids]
        body["repositories"] = [repository(call.site, repo) for repo in chosen]
    return created(body)


def revoke_token(call: Call) -> Reply:
    """`DELETE /installation/token`."""
    if call.token is None or call.token.installation is None:
        raise not_found()
    del call.site.tokens[call.token.value]
    return no_content()


def repository_installation(call: Call) -> Any:
    """`GET /repos/{owner}/{repo}/installation`."""
    repo = call.site.repositories.get(f"{call.params['owner']}/{call.params['name']}".lower())
    for item in call.site.installations.values():
        if item.app is call.own_app and repo is not None and item.covers(repo.id, repo.owner):
            return render.installation(call.site, item)
    raise not_found()


def account_installation(call: Call) -> Any:
    """`GET /orgs/{login}/installation` and `GET /users/{login}/installation`."""
    for item in call.site.installations.values():
        if item.app is call.own_app and item.account.login.lower() == call.params["login"].lower():
            return render.installation(call.site, item)
    raise not_found()


def installation_repositories(call: Call) -> Reply:
    """`GET /installation/repositories`."""
    token = call.token
    if token is None or token.installation is None:
        raise not_found()
    seen = [
        repo
        for repo in call.site.repositories.values()
        if token.installation.covers(repo.id, repo.owner)
        and (token.repository_ids is None or repo.id in token.repository_ids)
    ]
    return call.page(seen, lambda repo: repository(call.site, repo, call.viewer), key="repositories")


def get_public_app(call: Call) -> Any:
    """`GET /apps/{slug}`."""
    for app in call.site.apps.values():
        if app.slug == call.params["slug"]:
            return render.app(call.site, app)
    raise not_found()


def get_viewer(call: Call) -> Any:
    """`GET /user`: people have one, installations do not."""
    if call.token is not None and call.token.permissions is not None:
        raise not_accessible()
    return render.public_user(call.site, call.viewer)


def get_user(call: Call) -> Any:
    """`GET /users/{login}`."""
    account = call.site.accounts.get(call.params["login"].lower())
    if account is None:
        raise not_found()
    return render.public_user(call.site, account)


def meta(_call: Call) -> Any:
    """`GET /meta`, in outline."""
    return {"verifiable_password_authentication": False, "hooks": ["127.0.0.0/8"]}


ROUTES = (
    Route("GET", "/app", get_app, "app"),
    Route("GET", "/app/installations", list_installations, "app"),
    Route("GET", "/app/installations/{installation_id}", get_installation, "app"),
    Route("POST", "/app/installations/{installation_id}/access_tokens", create_token, "app"),
    Route("DELETE", "/installation/token", revoke_token),
    Route("GET", "/repos/{owner}/{name}/installation", repository_installation, "app"),
    Route("GET", "/orgs/{login}/installation", account_installation, "app"),
    Route("GET", "/users/{login}/installation", account_installation, "app"),
    Route("GET", "/installation/repositories", installation_repositories),
    Route("GET", "/apps/{slug}", get_public_app),
    Route("GET", "/user", get_viewer),
    Route("GET", "/users/{login}", get_user),
    Route("GET", "/meta", meta),
)
