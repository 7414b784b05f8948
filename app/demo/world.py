"""The demo's world on loopback: GitHub, an error tracker, Actions, a platform, customers, the real Autofix server."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

import app
from app.demo.actions import ActionsRunner, JobView
from app.demo.autofix import AutofixServer
from app.demo.github import ACTIONS_APP_ID, AppRegistration, Event, GitHubStandIn, Repository
from app.demo.github.reports import DeploymentStatus
from app.demo.names import FULL_NAME, NAME, OWNER
from app.demo.platform import Platform, Traffic
from app.demo.platform.traffic import mix_in_repository
from app.demo.scenario import TEMPLATE, Scenario
from app.demo.sentry import SentryStandIn
from app.demo.tracker import Reach, Tracker
from app.demo.trackers import TRACKERS, SentryTracker
from app.packaged import app_manifest, packaged

INSTALLATION = 77
APP_ID = 4242
BOT_ID = 4_242_001
WEBHOOK_SECRET = "demo-webhook-secret"  # noqa: S105 - guards a server on loopback
ACTION_REPOSITORY = "autofix-app/autofix"
ACTION_NEEDS = ("core", "verify")
REQUIRED_CHECKS = ("autofix", "tests")
REQUESTS_PER_SECOND = 12.0
NOT_COMMITTED = shutil.ignore_patterns(".git", "__pycache__", ".pytest_cache", ".venv", "venv")
DEPLOY_SECONDS = 60.0
POLL_SECONDS = 0.1

Listener = Callable[[str], None]


class WorldFailed(Exception):
    """The demo's world could not be set up; the text says what is missing."""


@dataclass(frozen=True, slots=True)
class Rate:
    """Failed requests (5xx) among all requests that customers made in a stretch of time."""

    requests: int
    errors: int
    seconds: float

    @property
    def per_minute(self) -> float:
        """Errors per minute; 0 for an empty stretch."""
        return 60 * self.errors / self.seconds if self.seconds > 0 else 0.0


class World:
    """Everything the demo needs, between `async with`. Nothing is left running, nothing lies outside `root`.

    The shop reports to `tracker`; if none is given, to a new one of the scenario's kind. The repository's workflows
    find `variables` besides those of the demo.
    """

    def __init__(
        self,
        root: Path,
        scenario: Scenario,
        *,
        shop: Path | None = None,
        tracker: Tracker | None = None,
        tell: Listener,
        settings: Mapping[str, str] | None = None,
        variables: Mapping[str, str] | None = None,
        rate: float = REQUESTS_PER_SECOND,
    ) -> None:
        self.root = root
        self.scenario = scenario
        self._template = shop or TEMPLATE
        self._more_settings, self._more_variables = settings or {}, variables or {}
        self._rate = scenario.rate or rate
        self._tell = tell
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._private_key = root / "app.pem"
        self._private_key.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        public = key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        self.github = GitHubStandIn(root / "github", app=_registration(public.decode()))
        self.tracker = tracker or TRACKERS[scenario.tracker]()
        self.server: AutofixServer
        self.platform: Platform
        self.traffic: Traffic
        self.actions: ActionsRunner
        self.repository: Repository
        self._stack = contextlib.AsyncExitStack()
        self._traffic_since = 0.0

    async def __aenter__(self) -> Self:
        """Everything runs: the first version serves customers, and Autofix waits."""
        async with self._stack:
            await self._start()
            self._stack = self._stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing runs any more."""
        await self._stack.aclose()

    async def _start(self) -> None:
        await self.github.start()
        self._stack.push_async_callback(self.github.stop)
        await self.tracker.start()
        self._stack.push_async_callback(self.tracker.stop)
        self._create_repository()
        self.server = AutofixServer(self.root / "autofix", self._settings())
        self.github.webhook_url = f"{self.server.url}/webhooks/github"
        self.tracker.alert_through(Reach(self.github, self.server.url, self._tell))
        self._stack.push_async_callback(self.server.stop)
        await self.server.start()
        self._tell(f"Autofix listens at {self.server.url}")
        git_dir = self.repository.git_dir
        self.platform = Platform(git_dir, self.root / "platform", variables=self.tracker.shop_variables())
        self._stack.push_async_callback(self.platform.stop)
        await self.platform.start()
        self.actions = ActionsRunner(
            self.github,
            self.root / "actions",
            api_url=self.github.base_url,
            variables={"PLATFORM_URL": self.platform.url, **self._more_variables},
            action_repositories={ACTION_REPOSITORY: self._action_repository()},
        )
        self.actions.on_job(self._tell_job)
        self.github.on_event(self._tell_rollout)
        self.actions.start()
        self._stack.push_async_callback(self.actions.stop)
        await self._first_push()
        self.traffic = Traffic(self.platform.proxy_url, mix_in_repository(git_dir), rate=self._rate)
        await self.traffic.start()
        self._traffic_since = time.time()
        self._stack.push_async_callback(self.traffic.stop)
        self._tell(f"customers use the shop at {self.platform.proxy_url}")

    @property
    def sentry(self) -> SentryStandIn:
        """The Sentry that the shop reports to.

        Raises:
            WorldFailed: if it reports to another tracker.
        """
        if not isinstance(self.tracker, SentryTracker):
            raise WorldFailed("the shop does not report to Sentry")
        return self.tracker.stand_in

    def rate(self, start: float | None = None, end: float | None = None) -> Rate:
        """What customers saw between two moments (epoch seconds), counted at the proxy."""
        since = max(start or 0.0, self._traffic_since)
        until = end or time.time()
        requests = errors = 0
        for counts in self.platform.metrics.since(since).values():
            requests, errors = requests + counts["requests"], errors + counts["errors"]
        if end is not None:
            for counts in self.platform.metrics.since(end).values():
                requests, errors = requests - counts["requests"], errors - counts["errors"]
        return Rate(requests, errors, max(0.0, until - since))

    # Setting up ------------------------------------------------------------------------------------------------

    def _create_repository(self) -> None:
        self.github.create_org(OWNER, members={"ada": "admin"})
        self.github.create_user("ada")
        self.repository = self.github.create_repository(OWNER, NAME)
        self.github.install(
            OWNER, installation_id=INSTALLATION, permissions=app_manifest()["default_permissions"]
        )

    async def _first_push(self) -> None:
        """The sample repository's first commit is pushed; its own deploy workflow brings it into production."""
        folder = self.root / "first-commit"
        shutil.copytree(self._template, folder, ignore=NOT_COMMITTED)
        for overlay in self.scenario.overlays:
            shutil.copytree(overlay, folder, dirs_exist_ok=True)
        await self._git(folder, "init", "--quiet", "--initial-branch=main")
        await self._git(folder, "add", "--all")
        await self._git(folder, "commit", "--quiet", "--message=The shop")
        await self._git(folder, "push", "--quiet", str(self.repository.git_dir), "main")
        after = await self._git(folder, "rev-parse", "HEAD")
        self.repository.after_push("refs/heads/main", None, after, self.github.site.accounts["ada"])
        if self.scenario.protected:
            await self._protect()
        for _ in range(int(DEPLOY_SECONDS / POLL_SECONDS)):
            if self.platform.traffic:
                self._tell(f"the shop's own CD has deployed {after[:7]}")
                return
            refused = [status for status in self._rollout() if status.state in {"failure", "error"}]
            if refused:
                raise WorldFailed(f"the shop cannot be deployed as it is: {refused[0].description}")
            await asyncio.sleep(POLL_SECONDS)
        raise WorldFailed("the first deployment did not finish in time")

    def _rollout(self) -> list[DeploymentStatus]:
        """What the shop's CD has reported of its deployments so far."""
        return [status for one in self.repository.deployments.values() for status in one.statuses]

    async def _protect(self) -> None:
        """`main` requires the tests and our verification, both reported by GitHub Actions: set as an admin would."""
        checks = [{"context": name, "integration_id": ACTIONS_APP_ID} for name in REQUIRED_CHECKS]
        ruleset = {
            "name": "main",
            "target": "branch",
            "enforcement": "active",
            "conditions": {"ref_name": {"include": ["~DEFAULT_BRANCH"], "exclude": []}},
            "rules": [
                {
                    "type": "required_status_checks",
                    "parameters": {
                        "required_status_checks": checks,
                        "strict_required_status_checks_policy": False,
                    },
                },
                {"type": "non_fast_forward"},
                {"type": "deletion"},
            ],
        }
        headers = {"Authorization": f"Bearer {self.github.mint_token(login='ada')}"}
        async with httpx.AsyncClient(base_url=self.github.base_url, headers=headers, trust_env=False) as http:
            (await http.post(f"/repos/{FULL_NAME}/rulesets", json=ruleset)).raise_for_status()
        self._tell("main requires the checks " + " and ".join(REQUIRED_CHECKS))

    def _action_repository(self) -> Path:
        """A folder that looks like our own repository to those who use the Action from it."""
        return publish_action(self.root / "autofix-repository")

    def _tell_job(self, job: JobView) -> None:
        if job.conclusion is not None and job.event == "pull_request":
            self._tell(f"  CI: the job `{job.job}` ended with {job.conclusion}")

    def _tell_rollout(self, event: Event) -> None:
        if event.name == "deployment_status":
            status = event.payload["deployment_status"]
            self._tell(f"  CD: {status['state']}: {status['description'] or 'no description'}")

    def _settings(self) -> dict[str, str]:
        return {
            "AUTOFIX_APP_ID": str(APP_ID),
            "AUTOFIX_PRIVATE_KEY_FILE": str(self._private_key),
            "AUTOFIX_WEBHOOK_SECRET": WEBHOOK_SECRET,
            "AUTOFIX_GITHUB_URL": self.github.base_url,
            "AUTOFIX_RECONCILE_SECONDS": "5",
            "AUTOFIX_LOG_FORMAT": "json",
            **self.tracker.server_settings(),
            **self._more_settings,
        }

    async def _git(self, folder: Path, *arguments: str) -> str:
        """What git printed.

        Raises:
            WorldFailed: if git failed, with its own words.
        """
        process = await asyncio.create_subprocess_exec(
            "git",
            *arguments,
            cwd=folder,
            env={
                "PATH": os.environ.get("PATH", ""),
                "HOME": str(self.root),
                "GIT_CONFIG_NOSYSTEM": "1",
                "GIT_AUTHOR_NAME": "Ada",
                "GIT_AUTHOR_EMAIL": "ada@example.com",
                "GIT_COMMITTER_NAME": "Ada",
                "GIT_COMMITTER_EMAIL": "ada@example.com",
            },
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        output, errors = await process.communicate()
        if process.returncode != 0:
            said = (errors or output).decode(errors="replace").strip()
            raise WorldFailed(f"git {arguments[0]} failed: {said}")
        return output.decode(errors="replace").strip()


def publish_action(folder: Path) -> Path:
    """`folder`, with the Action and the modules of Autofix that it runs."""
    ignored = shutil.ignore_patterns("__pycache__")
    package = Path(app.__file__).parent
    shutil.copytree(packaged("action"), folder / "action", ignore=ignored)
    (folder / "app").mkdir()
    shutil.copy(package / "__init__.py", folder / "app")
    for name in ACTION_NEEDS:
        shutil.copytree(package / name, folder / "app" / name, ignore=ignored)
    return folder


def _registration(public_key_pem: str) -> AppRegistration:
    described = app_manifest()
    return AppRegistration(
        id=APP_ID,
        slug=described["name"],
        name="Autofix",
        public_key_pem=public_key_pem,
        webhook_url=None,
        webhook_secret=WEBHOOK_SECRET,
        client_id="Iv1.autofixdemo",
        bot_user_id=BOT_ID,
        permissions=described["default_permissions"],
        events=described["default_events"],
    )
