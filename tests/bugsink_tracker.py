"""A real Bugsink as the tracker of the demo's world: nothing in it is ours but the person who reads it."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

import httpx
import yaml

from app.core.policy import POLICY_PATH
from app.demo.names import ALERT_AFTER, ENVIRONMENT, FULL_NAME
from app.demo.scenario import TEMPLATE
from app.demo.tracker import Reach
from app.web.desk import RUN_LABEL
from bugsink_server import Running

WAYS_IN = Path(__file__).parents[1] / "docs" / "ways-in.md"
DEPLOY = Path(".github/workflows/deploy.yml")
POLL_SECONDS = 0.5


class BugsinkTracker:
    """Bugsink opens no issues on GitHub: ada sees the error, pastes its link and asks for the fix by the label."""

    def __init__(self, server: Running) -> None:
        self.server = server
        self._ada: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """The server runs already."""

    async def stop(self) -> None:
        """Ada has stopped looking; what she could not do is raised here."""
        if self._ada is not None and not self._ada.cancel():
            self._ada.result()

    def shop_variables(self) -> Mapping[str, str]:
        """Where sentry-sdk reports to."""
        return {"SENTRY_DSN": self.server.dsn, "SENTRY_ENVIRONMENT": ENVIRONMENT}

    def server_settings(self) -> Mapping[str, str]:
        """Bugsink's address and a token."""
        return {
            "AUTOFIX_BUGSINK_URL": self.server.url,
            "AUTOFIX_BUGSINK_TOKEN": self.server.token,
        }

    def alert_through(self, reach: Reach) -> None:
        """Ada looks."""
        self._ada = asyncio.ensure_future(self._report(reach))

    async def issues(self) -> list[Mapping[str, object]]:
        """The issues, as Bugsink's own API shows them."""
        async with self.reader() as http:
            answer = await http.get("issues/", params={"project": self.server.project})
            found: list[Mapping[str, object]] = answer.raise_for_status().json()["results"]
            return found

    def reader(self) -> httpx.AsyncClient:
        """Requests to Bugsink's own API."""
        return httpx.AsyncClient(
            base_url=f"{self.server.url}/api/canonical/0/",
            headers={"Authorization": f"Bearer {self.server.token}"},
            trust_env=False,
        )

    async def _report(self, reach: Reach) -> None:
        while True:
            for found in await self.issues():
                if int(str(found["digested_event_count"])) >= ALERT_AFTER:
                    title = f"{found['calculated_type']}: {found['calculated_value']}"
                    link = f"{self.server.url}/issues/issue/{found['id']}/event/last/"
                    body = f"Customers see this since today: {link}"
                    github, tell = reach.github, reach.tell
                    issue = github.open_issue(
                        FULL_NAME, login="ada", title=title, body=body, labels=[RUN_LABEL]
                    )
                    tell(f"ada opened issue #{issue.number}: {title}")
                    return
            await asyncio.sleep(POLL_SECONDS)


def shop_with_bugsink(folder: Path, server: Running) -> Path:
    """The sample repository whose policy lists the Bugsink project and whose deployment tells it of the release."""
    shop = folder / "shop"
    shutil.copytree(TEMPLATE, shop, ignore=shutil.ignore_patterns("__pycache__"))
    policy = shop / POLICY_PATH
    observe = "  looks: [15, 30, 60, 90, 120, 150]\n  lag: 10\n"
    text, changed = re.subn(r"  looks: .*\n  lag: .*\n", observe, policy.read_text(encoding="utf-8"))
    assert changed == 1
    text, changed = re.subn(r"sentry:\n(?:  .*\n)+", "", text)
    assert changed == 1
    policy.write_text(f'{text}\nbugsink:\n  projects: ["{server.project}"]\n', encoding="utf-8")
    workflow = yaml.safe_load((shop / DEPLOY).read_text(encoding="utf-8"))
    names = ("BUGSINK_URL", "BUGSINK_PROJECT", "BUGSINK_TOKEN")
    step = {"run": documented_command(), "env": {name: f"${{{{ vars.{name} }}}}" for name in names}}
    workflow["jobs"]["deploy"]["steps"].append(step)
    # YAML 1.1 reads the key `on` as True.
    workflow["on"] = workflow.pop(True)
    (shop / DEPLOY).write_text(yaml.safe_dump(workflow, sort_keys=False), encoding="utf-8")
    return shop


def workflow_variables(server: Running) -> dict[str, str]:
    """What the deployment needs to know. A real repository keeps the token as a secret."""
    return {
        "BUGSINK_URL": server.url,
        "BUGSINK_PROJECT": server.project,
        "BUGSINK_TOKEN": server.deployer,
    }


def documented_command() -> str:
    """The command with which a deployment tells Bugsink of its release, as our documentation has it."""
    commands = re.findall(r"^curl (?:.*\\\n)*.*$", WAYS_IN.read_text(encoding="utf-8"), re.MULTILINE)
    (command,) = [str(one) for one in commands if "/api/canonical/0/releases/" in one]
    return command
