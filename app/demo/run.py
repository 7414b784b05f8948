"""`autofix demo`: set the world up, let it happen, tell the story, leave nothing behind."""

from __future__ import annotations

import asyncio
import json
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from rich.console import Console

from app.demo.autofix import AutofixServer, ServerFailed
from app.demo.display import Display, list_scenarios
from app.demo.names import FULL_NAME
from app.demo.people import step_in
from app.demo.platform.traffic import MixUnreadable
from app.demo.scenario import SCENARIOS, Scenario
from app.demo.story import Story, tell
from app.demo.world import World, WorldFailed
from app.store import IncidentRow, Store

LONGEST_SECONDS = 280.0
POLL_SECONDS = 0.2
QUIET_SECONDS = 45.0
# The rate after the fix is counted over at least this time, so that the last table is worth reading.
AFTER_SECONDS = 8.0
# A kill comes up to this many seconds after one of these steps was seen, both at random.
KILL_DELAY_SECONDS = 1.5
KILLED_AFTER = ("detect", "investigate", "fix", "propose", "arm", "proven", "merged", "released")
DOWN_SECONDS = 1.0
FAILED = 1
BAD_INPUT = 2
INTERRUPTED = 130


class DemoFailed(Exception):
    """The demo did not come to an end in time."""


def demo(name: str, *, json_file: Path | None, keep: bool, shop: Path | None, seed: int | None) -> int:
    """0 if the scenario ended as it must, 1 if not, 2 for bad input; the story is printed and written."""
    console = Console(highlight=False)
    if name == "list":
        list_scenarios(console)
        return 0
    wrong = _wrong_input(name, json_file, shop)
    if wrong is not None:
        print(wrong, file=sys.stderr)
        return BAD_INPUT
    seed = random.SystemRandom().randrange(10_000) if seed is None else seed
    root = Path(tempfile.mkdtemp(prefix="autofix-demo-"))
    scenario, display = SCENARIOS[name], Display(console)

    def tell_story(story: Story, diff: str) -> None:
        display.story(story, diff)
        if json_file is not None:
            json_file.write_text(json.dumps(story.as_json(), indent=2) + "\n", encoding="utf-8")

    display.opening(scenario, seed, shop)
    keep_logs = False
    try:
        story = asyncio.run(
            _until_told(_play(scenario, root, display, tell_story, keep=keep, shop=shop, seed=seed))
        )
    except (WorldFailed, ServerFailed, DemoFailed, MixUnreadable) as fault:
        keep_logs = True
        console.print(f"[red]The demo failed:[/red] {fault}\nIts logs are kept in {root}")
        return FAILED
    except (asyncio.CancelledError, KeyboardInterrupt):
        print("stopped; nothing is left running", file=sys.stderr)
        return INTERRUPTED
    finally:
        if not keep_logs:
            shutil.rmtree(root, ignore_errors=True)
    if as_expected(scenario, story):
        return 0
    ended = f"{scenario.result}{f' ({scenario.reason})' if scenario.reason else ''}"
    console.print(f"[yellow]This scenario should have ended {ended}, so the exit status is 1.")
    return FAILED


def _wrong_input(name: str, json_file: Path | None, shop: Path | None) -> str | None:
    """What is wrong with the arguments and what to do instead; None if nothing is."""
    if name not in SCENARIOS:
        return f"there is no scenario {name!r}; known are: {', '.join(SCENARIOS)}"
    if shop is not None and not (shop / "shop").is_dir():
        return f"{shop} is no copy of the sample repository: it has no folder `shop`"
    if json_file is not None and not json_file.absolute().parent.is_dir():
        return f"{json_file} cannot be written: there is no such folder"
    return None


def as_expected(scenario: Scenario, story: Story) -> bool:
    """True if the story ended as the scenario says it must."""
    return story.outcome == scenario.result and story.reason == scenario.reason


async def _until_told(story: Coroutine[Any, Any, Story]) -> Story:
    """The story; SIGTERM and a closed terminal end it as Ctrl-C does, with everything cleaned up."""
    task = asyncio.ensure_future(story)
    for number in (signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    return await task


async def _play(
    scenario: Scenario,
    root: Path,
    display: Display,
    tell_story: Callable[[Story, str], None],
    *,
    keep: bool,
    shop: Path | None,
    seed: int,
) -> Story:
    async with World(root, scenario, shop=shop, tell=display.line) as world:
        story, diff = await play(world, display, random.Random(seed))
        tell_story(story, diff)
        if keep:
            await _stay(world, display)
    return story


async def play(
    world: World, display: Display, chance: random.Random, *, after_seconds: float = AFTER_SECONDS
) -> tuple[Story, str]:
    """The story of the world's anomaly, and the diff of its last incident, once that has ended.

    Raises:
        DemoFailed: if it has not ended within the longest time a demo may take.
    """
    store = Store(world.server.store_url)
    assassin = asyncio.create_task(_kill(world.server, store, world.scenario.kills, display, chance))
    people = asyncio.create_task(step_in(world, store, display))
    try:
        incident = await _follow(world, store, display, people)
        deployed = _deployed_at(world)
        await asyncio.sleep(after_seconds)
        steps = await asyncio.to_thread(store.steps, incident.id)
    finally:
        assassin.cancel()
        people.cancel()
        await asyncio.gather(assassin, people, return_exceptions=True)
        store.close()
    if deployed is None:
        before, after = world.rate(None, incident.ended_at), world.rate(incident.ended_at)
    else:
        before, after = world.rate(None, deployed[0]), world.rate(deployed[1])
    return tell(world.scenario.name, incident, steps, before, after), await _diff(world, incident)


async def _follow(world: World, store: Store, display: Display, people: asyncio.Task[None]) -> IncidentRow:
    """The last incident of the first anomaly, once it has ended and nobody steps in any more; its steps are told.

    A bad fix may cause other anomalies.
    """
    start = time.monotonic()
    told: dict[str, int] = {}
    while time.monotonic() < start + LONGEST_SECONDS:
        if time.monotonic() > start + QUIET_SECONDS and world.rate().errors == 0:
            raise DemoFailed("no request of the customers has failed: does traffic.json reach the bug?")
        over = people.done()
        if over:
            people.result()
        incidents = await asyncio.to_thread(store.incidents)
        ours = [one for one in incidents if one.fingerprint == incidents[-1].fingerprint]
        for incident in reversed(ours):
            steps = await asyncio.to_thread(store.steps, incident.id)
            for step in steps[told.get(incident.id, 0) :]:
                display.step(step)
            told[incident.id] = len(steps)
        if over and ours and ours[0].ended_at is not None:
            return ours[0]
        await asyncio.sleep(POLL_SECONDS)
    raise DemoFailed(f"no incident has ended within {LONGEST_SECONDS:.0f} seconds")


async def _kill(
    server: AutofixServer, store: Store, times: int, display: Display, chance: random.Random
) -> None:
    """The server is killed `times` times, each at a random moment after a random step of the incident."""
    for step in sorted(chance.sample(range(len(KILLED_AFTER)), times)):
        name = KILLED_AFTER[step]
        await _until_seen(store, name)
        await asyncio.sleep(chance.uniform(0, KILL_DELAY_SECONDS))
        await server.kill()
        display.line(f"kill -9: the server is gone, some time after `{name}`", style="red")
        await asyncio.sleep(DOWN_SECONDS)
        await server.start()
        display.line("the server is back", style="red")


async def _until_seen(store: Store, name: str) -> None:
    """The first incident has finished the step `name`. The database belongs to another process, so it is polled."""

    def seen() -> bool:
        return any(step.name == name for row in store.incidents()[-1:] for step in store.steps(row.id))

    while not await asyncio.to_thread(seen):  # noqa: ASYNC110 - there is no event to wait for across processes
        await asyncio.sleep(POLL_SECONDS / 4)


def _deployed_at(world: World) -> tuple[float, float] | None:
    """When the rollout of the last merge began and when it was live; None if no merge is live."""
    deployments = sorted(world.repository.deployments.values(), key=lambda item: item.id)
    if len(deployments) < 2:  # noqa: PLR2004 - the first one brought the faulty version
        return None
    last = deployments[-1]
    live = [status.created_at for status in last.statuses if status.state == "success"]
    return (last.created_at, live[-1]) if live else None


async def _diff(world: World, incident: IncidentRow) -> str:
    """The change of the incident's pull request, by plain git."""
    pull = world.repository.pulls.get(incident.pull_request or 0)
    if pull is None:
        return ""
    command = ["git", f"--git-dir={world.repository.git_dir}", "diff", f"main...refs/pull/{pull.number}/head"]
    return await asyncio.to_thread(
        lambda: subprocess.run(command, check=False, capture_output=True, text=True).stdout
    )


async def _stay(world: World, display: Display) -> None:
    """Everything stays up until the user presses Ctrl-C, with commands to look around."""
    token = world.github.mint_token(login="ada")
    display.commands(
        f"git --git-dir={world.repository.git_dir} log --stat main",
        f"curl -s {world.platform.url}/status",
        f"curl -s {world.platform.proxy_url}/healthz",
        f"curl -s -H 'Authorization: Bearer {token}' '{world.github.base_url}/repos/{FULL_NAME}/issues?state=all'",
        f"curl -s -H 'Authorization: Bearer {token}' {world.github.base_url}/repos/{FULL_NAME}/issues/1/comments",
    )
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        display.line("stopping")
