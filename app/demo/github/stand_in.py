"""The stand-in itself: GitHub on a loopback address, for the demo and for end-to-end tests."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from app.demo.github import actions, auto_merge, graphql, issues, pushes
from app.demo.github.accounts import Account, Actor, App, AppRegistration, Installation, Token
from app.demo.github.faults import Faults
from app.demo.github.render import accounts as render
from app.demo.github.render.repositories import repository as render_repository
from app.demo.github.rest import accounts as rest_accounts
from app.demo.github.rest import actions as rest_actions
from app.demo.github.rest import checks as rest_checks
from app.demo.github.rest import commits as rest_commits
from app.demo.github.rest import deployments as rest_deployments
from app.demo.github.rest import git_data, hooks, manifests, repositories
from app.demo.github.rest import issues as rest_issues
from app.demo.github.rest import pulls as rest_pulls
from app.demo.github.rest import rules as rest_rules
from app.demo.github.rest.routing import Route
from app.demo.github.server import Exchange, Server
from app.demo.github.site import Event, Site
from app.demo.github.state import Comment, Issue, Job, Repository, WorkflowRun
from app.demo.github.webhooks import Delivery, Webhooks

Listener = Callable[[Event], Awaitable[None] | None]
_WORKFLOW_TOKEN_LIMIT = 1000
# Longer paths of the same beginning come first: the first route that matches answers.
_ROUTES: tuple[Route, ...] = (
    *rest_accounts.ROUTES,
    *manifests.ROUTES,
    *rest_rules.ROUTES,
    *rest_checks.ROUTES,
    *rest_commits.ROUTES,
    *git_data.ROUTES,
    *rest_issues.ROUTES,
    *rest_pulls.ROUTES,
    *rest_deployments.ROUTES,
    *rest_actions.ROUTES,
    *repositories.ROUTES,
    *graphql.ROUTES,
)


class GitHubStandIn:
    """A GitHub whose answers are derived from its state, over real bare git repositories below `root`.

    Everything runs on one event loop. The methods below the server's are plain calls that take effect at
    once, with all their events; `settle` returns when every listener and every webhook was told of them.
    """

    def __init__(self, root: Path, *, app: AppRegistration, clock: Callable[[], float] = time.time) -> None:
        self.site = Site(root, clock)
        self.faults = Faults()
        self.base_url = ""
        self._webhooks = Webhooks(self.site, self.faults)
        routes = (*hooks.routes(self._webhooks), *_ROUTES)
        self._server = Server(self.site, self.faults, routes)
        self._listeners: list[Listener] = []
        self._events: asyncio.Queue[Event] = asyncio.Queue()
        self._teller: asyncio.Task[None] | None = None
        self.app = self._register(app)
        self.site.watchers += [
            self._webhooks.notice,
            self._events.put_nowait,
            partial(auto_merge.watch, self.site),
        ]

    def _register(self, registration: AppRegistration) -> App:
        owner = self.site.create_account("autofix-owner", kind="Organization")
        app = self.site.create_app(
            registration.id,
            registration.slug,
            registration.name,
            owner=owner,
            bot_user_id=registration.bot_user_id,
            client_id=registration.client_id,
        )
        app.public_key_pem = registration.public_key_pem
        app.webhook_url, app.webhook_secret = registration.webhook_url, registration.webhook_secret
        app.permissions, app.events = dict(registration.permissions), tuple(registration.events)
        return app

    # The server

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> str:
        """Serve REST at / and GraphQL at /graphql; the answer is the base address."""
        self.base_url = self.site.api = await self._server.start(host, port)
        self._webhooks.start()
        self._teller = asyncio.create_task(self._tell(), name="event listeners")
        return self.base_url

    async def stop(self) -> None:
        """Close the server; deliveries that wait are lost, and no task is left."""
        await self._server.stop()
        await self._webhooks.stop()
        if self._teller is not None:
            self._teller.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._teller
        for repository in self.site.repositories.values():
            repository.git.close()

    async def settle(self) -> None:
        """Return once all events so far, and those they gave rise to, were told and delivered.

        What a listener does in tasks of its own is not waited for.
        """
        while True:
            await self._told()
            await self._webhooks.settle()
            if self._events.empty() and self._webhooks.idle:
                return

    async def _told(self) -> None:
        """Return when the listeners know all events; what one of them raised is raised here."""
        joined = asyncio.ensure_future(self._events.join())
        teller = self._teller
        if teller is None:
            raise RuntimeError("the stand-in is not started")
        await asyncio.wait({joined, teller}, return_when=asyncio.FIRST_COMPLETED)
        if teller.done():
            joined.cancel()
            self._teller = None
            teller.result()

    async def _tell(self) -> None:
        while True:
            event = await self._events.get()
            try:
                for listener in list(self._listeners):
                    answer = listener(event)
                    if inspect.isawaitable(answer):
                        await answer
            finally:
                self._events.task_done()

    def on_event(self, listener: Listener) -> None:
        """Call `listener` for every event, in order; it should start a task for whatever takes long."""
        self._listeners.append(listener)

    @property
    def journal(self) -> deque[Exchange]:
        """Every API call and its answer, oldest first."""
        return self._server.journal

    @property
    def deliveries(self) -> deque[Delivery]:
        """Every webhook delivery that was tried, oldest first."""
        return self._webhooks.deliveries

    def release(self, *, backwards: bool = False) -> None:
        """Deliver what `faults.hold` held."""
        self._webhooks.release(backwards=backwards)

    def redeliver(self, delivery: Delivery) -> None:
        """Try a past delivery again, as the "Redeliver" button does."""
        self._webhooks.redeliver(delivery)

    def limit(self, token: str, *, remaining: int) -> None:
        """Leave a credential only that many calls until its hour is over."""
        allowance = self._server.allowance_of(token)
        allowance.used = allowance.limit - remaining

    # Accounts and repositories

    @property
    def webhook_url(self) -> str | None:
        """Where the App's webhooks go; may be set at any time."""
        return self.app.webhook_url

    @webhook_url.setter
    def webhook_url(self, url: str | None) -> None:
        self.app.webhook_url = url

    def create_user(self, login: str, *, type: str = "User", id: int | None = None) -> Account:  # noqa: A002
        """A new user or bot, with GitHub's own names for what it is given."""
        return self.site.create_account(login, kind=type, number=id)

    def create_org(
        self,
        login: str,
        *,
        id: int | None = None,  # noqa: A002
        members: Mapping[str, str] | None = None,
    ) -> Account:
        """A new organisation; `members` says what each login may do in its repositories."""
        organization = self.site.create_account(login, kind="Organization", number=id)
        organization.members.update(members or {})
        return organization

    def create_repository(
        self,
        owner: str,
        name: str,
        *,
        default_branch: str = "main",
        allow_auto_merge: bool = True,
        private: bool = False,
        id: int | None = None,  # noqa: A002
    ) -> Repository:
        """A new repository with an empty bare git directory at `root/owner/name.git`."""
        account = self.site.create_account(owner)
        repository = self.site.create_repository(account, name, id, default_branch)
        repository.allow_auto_merge, repository.private = allow_auto_merge, private
        repository.pushed = self._pushed
        return repository

    def repository(self, full_name: str) -> Repository:
        """The repository `owner/name`."""
        return self.site.repositories[full_name.lower()]

    def _pushed(
        self, repo: Repository, ref: str, before: str | None, after: str | None, pusher: Account | None
    ) -> None:
        with self.site.operation():
            pushes.record(self.site, repo, ref, before, after, Actor(pusher or repo.owner))

    def install(
        self,
        account: str,
        *,
        installation_id: int,
        permissions: Mapping[str, str],
        repositories: Sequence[str] | None = None,
    ) -> Installation:
        """Install the App on an account, on all repositories or on those named; announced."""
        owner = self.site.create_account(account)
        installation = Installation(installation_id, self.app, owner, dict(permissions), self.site.clock())
        covered = [repo for repo in self.site.repositories.values() if repo.owner is owner]
        if repositories is not None:
            covered = [repo for repo in covered if repo.name in repositories]
            installation.repository_ids = {repo.id for repo in covered}
        self.site.installations[installation_id] = installation
        keys = ("id", "node_id", "name", "full_name", "private")
        payload: dict[str, Any] = {
            "action": "created",
            "installation": render.installation(self.site, installation),
            "repositories": [
                {key: render_repository(self.site, repo)[key] for key in keys} for repo in covered
            ],
            "requester": None,
            "sender": render.simple_user(self.site, owner),
        }
        self.site.emit(Event("installation", "created", None, payload, Actor(owner), only_app=self.app.id))
        return installation

    def uninstall(self, installation_id: int) -> None:
        """Remove an installation: announced, and its tokens are worthless from now on."""
        gone = self.site.installations[installation_id]
        actor = Actor(gone.account)
        payload: dict[str, Any] = {
            "action": "deleted",
            "installation": render.installation(self.site, gone),
            "repositories": [],
            "sender": render.simple_user(self.site, gone.account),
        }
        self.site.emit(Event("installation", "deleted", None, payload, actor, only_app=self.app.id))
        del self.site.installations[installation_id]
        for token in [token for token in self.site.tokens.values() if token.installation is gone]:
            del self.site.tokens[token.value]

    def mint_token(
        self,
        *,
        login: str | None = None,
        app: str | None = None,
        repository: str | None = None,
        permissions: Mapping[str, str] | None = None,
        ttl: float = 3600,
    ) -> str:
        """A person's token, or with `app` one that acts as that app's bot.

        "github-actions" gives a workflow's GITHUB_TOKEN, whose doings start no workflows; without
        `permissions` it may only read contents, and any other app's token may do nothing.
        """
        expires = self.site.clock() + ttl
        if app is None:
            user = self.site.accounts[(login or "").lower()]
            return self.site.issue_token("ghp_", Token("", expires, Actor(user))).value
        known = next((item for item in self.site.apps.values() if item.slug == app), None)
        if known is None:
            owner = self.site.create_account(f"{app}-owner")
            number = self.site.next_id()
            known = self.site.create_app(number, app, app, owner=owner, bot_user_id=number % 2**31)
        of_workflow = known is self.site.actions
        ids = None if repository is None else frozenset({self.repository(repository).id})
        actor = Actor(known.bot, known, starts_workflows=not of_workflow)
        granted = {"contents": "read"} if permissions is None and of_workflow else dict(permissions or {})
        token = Token("", expires, actor, None, granted, ids)
        token.limit = _WORKFLOW_TOKEN_LIMIT if of_workflow else token.limit
        return self.site.issue_token(f"ghs_{known.id}_", token).value

    # What others do on GitHub without calling its API here

    def _actor(self, login: str) -> Actor:
        account = self.site.accounts[login.lower()]
        app = next((item for item in self.site.apps.values() if item.bot is account), None)
        return Actor(account, app)

    def open_issue(
        self, full_name: str, *, login: str, title: str, body: str | None = None, labels: Sequence[str] = ()
    ) -> Issue:
        """An issue written by `login`, such as "sentry[bot]"."""
        actor = self._actor(login)
        repository = self.repository(full_name)
        with self.site.operation():
            return issues.open_issue(self.site, repository, actor, title, body, labels=list(labels))

    def comment(self, issue: Issue, *, login: str, body: str) -> Comment:
        """A comment written by `login`."""
        return issues.comment(self.site, issue, self._actor(login), body)

    def start_workflow_run(
        self,
        repository: str | Repository,
        *,
        name: str,
        path: str,
        event: str,
        head_sha: str,
        head_branch: str | None,
        pull_numbers: Sequence[int] = (),
        actor: Actor | None = None,
    ) -> WorkflowRun:
        """A queued run of a workflow, reported by GitHub Actions."""
        repo = self.repository(repository) if isinstance(repository, str) else repository
        return actions.start_run(
            self.site,
            repo,
            name=name,
            path=path,
            event=event,
            head_sha=head_sha,
            head_branch=head_branch,
            pull_numbers=pull_numbers,
            actor=actor or Actor(self.site.actions.bot, self.site.actions, starts_workflows=False),
        )

    def add_job(self, run: WorkflowRun, name: str) -> Job:
        """A queued job of a run, with its check run."""
        return actions.add_job(self.site, run, name)

    def update_job(
        self,
        job: Job,
        *,
        status: str,
        conclusion: str | None = None,
        steps: list[dict[str, Any]] | None = None,
        log: str | None = None,
    ) -> None:
        """Report how a job stands."""
        with self.site.operation():
            actions.update_job(self.site, job, status=status, conclusion=conclusion, steps=steps, log=log)

    def complete_run(self, run: WorkflowRun, conclusion: str) -> None:
        """Report that a run is over."""
        actions.complete_run(self.site, run, conclusion)
