"""The REST calls about the project, its releases, their commits and their deploys."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from aiohttp import web

from app.demo.sentry.answers import bad_request, not_found, page
from app.demo.sentry.issue_shape import commit_json, deploy_json, project_json, release_json
from app.demo.sentry.issues_api import json_body
from app.demo.sentry.releases import Release, commits
from app.demo.sentry.store import Store
from app.demo.sentry.times import iso

PROJECT: Final = "/api/0/projects/{organization}/{project}/"
RELEASES: Final = "/api/0/organizations/{organization}/releases/"
RELEASE: Final = RELEASES + "{version}/"


class ReleasesApi:
    """Releases can be listed, read, created and deployed."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def routes(self) -> list[web.RouteDef]:
        """Every route of this part."""
        return [
            web.get(PROJECT, self.project),
            web.get(RELEASES, self.releases),
            web.post(RELEASES, self.create),
            web.get(RELEASE, self.release),
            web.put(RELEASE, self.update),
            web.get(RELEASE + "commits/", self.commits),
            web.get(RELEASE + "deploys/", self.deploys),
            web.post(RELEASE + "deploys/", self.deploy),
        ]

    async def project(self, _request: web.Request) -> web.Response:
        """The one project there is."""
        return web.json_response({**project_json(self._store, "python"), "status": "active"})

    async def releases(self, request: web.Request) -> web.Response:
        """The releases, newest first; `query` is a part of their version."""
        part = request.query.get("query", "")
        wanted = request.query.getall("project", [])
        if any(not number.isdecimal() for number in wanted):
            raise bad_request("Invalid project parameter. Values must be numbers.")
        here = not wanted or str(self._store.project_id) in wanted
        found = [release for release in self._store.releases if here and part in release.version]
        return page(request, [release_json(self._store, release) for release in found])

    async def create(self, request: web.Request) -> web.Response:
        """The release, which is new or was known before."""
        body = await json_body(request)
        version, projects = body.get("version"), body.get("projects")
        if not isinstance(version, str) or not version.strip() or version in (".", ".."):
            raise bad_request({"version": ["This field is required."]})
        if not isinstance(projects, list) or not projects:
            raise bad_request({"projects": ["This field is required."]})
        if projects != [self._store.project]:
            raise bad_request({"projects": ["Invalid project ids or slugs"]})
        was_known = self._store.releases.get(version) is not None
        release = self._store.releases.known(version, self._store.clock())
        self._apply(release, body)
        status = HTTPStatus.ALREADY_REPORTED if was_known else HTTPStatus.CREATED
        return web.json_response(release_json(self._store, release), status=status)

    async def release(self, request: web.Request) -> web.Response:
        """One release."""
        return web.json_response(release_json(self._store, self._known(request)))

    async def update(self, request: web.Request) -> web.Response:
        """The release after its commits or dates were set."""
        release = self._known(request)
        self._apply(release, await json_body(request))
        return web.json_response(release_json(self._store, release))

    async def commits(self, request: web.Request) -> web.Response:
        """The commits of the release, newest first."""
        return page(request, [commit_json(commit) for commit in self._known(request).commits])

    async def deploys(self, request: web.Request) -> web.Response:
        """The deploys of the release, newest first."""
        return page(request, [deploy_json(deploy) for deploy in self._known(request).deploys])

    async def deploy(self, request: web.Request) -> web.Response:
        """The new deploy."""
        release, body = self._known(request), await json_body(request)
        if not isinstance(body.get("environment"), str) or not body["environment"]:
            raise bad_request({"environment": ["This field is required."]})
        deploy = self._store.releases.deploy(release, body, iso(self._store.clock()))
        return web.json_response(deploy_json(deploy), status=HTTPStatus.CREATED)

    def _known(self, request: web.Request) -> Release:
        release = self._store.releases.get(request.match_info["version"])
        if release is None:
            raise not_found()
        return release

    def _apply(self, release: Release, body: Mapping[str, Any]) -> None:
        release.ref = body.get("ref", release.ref)
        release.url = body.get("url", release.url)
        release.released = body.get("dateReleased", release.released)
        if isinstance(body.get("commits"), list):
            release.commits = commits(body["commits"], iso(self._store.clock()))
