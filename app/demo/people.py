"""The people of the demo: what ada does in the stories in which a person steps in, at the moments she would."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from app.core.model import Reason
from app.demo.display import Display
from app.demo.forgery import forge
from app.demo.github import Event, Pull
from app.demo.github.git.objects import Entry, Signature
from app.demo.world import World
from app.store import Store

ADA = "ada"
POLL_SECONDS = 0.05
THEIR_FILE = "shop/receipts.py"


class Scene:
    """What a person sees of the demo, and can do in it."""

    def __init__(self, world: World, store: Store, display: Display) -> None:
        self.world = world
        self._store, self._display = store, display
        self._events: asyncio.Queue[Event] = asyncio.Queue()
        world.github.on_event(self._events.put_nowait)

    async def until(self, wanted: Callable[[Event], bool]) -> Event:
        """The next event of the repository that is wanted."""
        while True:
            event = await self._events.get()
            if wanted(event):
                return event

    async def until_ended(self, number: int, because: Reason | None = None) -> None:
        """So many incidents have ended, the last one for that reason.

        The database belongs to another process, so it is polled.
        """

        def ended() -> bool:
            rows = self._store.incidents()
            return len(rows) >= number and rows[0].ended_at is not None and because in {None, rows[0].reason}

        while not await asyncio.to_thread(ended):  # noqa: ASYNC110 - there is no event to wait for across processes
            await asyncio.sleep(POLL_SECONDS)

    def say(self, text: str) -> None:
        """Ada writes a comment on the issue."""
        self._display.line(f"ada writes: {text}", style="magenta")
        issue = next(one for one in self.world.repository.issues.values() if one.pull is None)
        self.world.github.comment(issue, login=ADA, body=text)

    def note(self, text: str) -> None:
        """Something happens that is not to be seen on GitHub."""
        self._display.line(text, style="magenta")

    def push(self, pull: Pull, path: str, line: str, message: str) -> str:
        """Ada pushes a commit to the pull request's branch, which adds a line to a file; its SHA."""
        repository, git = self.world.repository, self.world.repository.git
        entries = git.files(git.commit(pull.head_sha).tree)
        text = git.blob(entries[path].sha).decode() + line
        entries[path] = Entry(entries[path].mode, git.write_blob(text.encode()))
        by = Signature("Ada", "ada@example.com", int(self.world.github.site.clock()))
        before, ref = pull.head_sha, f"refs/heads/{pull.head_ref}"
        sha = git.write_commit(git.write_tree(entries), [before], message, by, by)
        git.set_ref(ref, sha)
        self._display.line(f"ada pushes {sha[:7]} to {pull.head_ref}: {message}", style="magenta")
        repository.after_push(ref, before, sha, self.world.github.site.accounts[ADA])
        return sha

    def undo_the_last_commit(self, message: str) -> None:
        """Ada, who may pass the branch's rules by, pushes to main what was there before its last commit."""
        repository, git = self.world.repository, self.world.repository.git
        last = git.branch("main") or ""
        before = git.commit(git.commit(last).parents[0])
        by = Signature("Ada", "ada@example.com", int(self.world.github.site.clock()))
        sha = git.write_commit(before.tree, [last], message, by, by)
        git.set_ref("refs/heads/main", sha)
        self._display.line(f"ada pushes {sha[:7]} to main: {message}", style="magenta")
        repository.after_push("refs/heads/main", last, sha, self.world.github.site.accounts[ADA])


def _pull(action: str) -> Callable[[Event], bool]:
    return lambda event: (event.name, event.action) == ("pull_request", action)


def _issue(action: str) -> Callable[[Event], bool]:
    return lambda event: (event.name, event.action) == ("issues", action)


def _reply(event: Event) -> bool:
    comment = event.payload.get("comment") or {}
    return event.name == "issue_comment" and "#### Why this fix" in comment.get("body", "")


async def tamper(scene: Scene) -> None:
    """A push of somebody else's, while the checks of our own commit are running."""
    event = await scene.until(_pull("auto_merge_enabled"))
    pull = scene.world.repository.pulls[event.payload["number"]]
    scene.push(pull, THEIR_FILE, "\nTHANKS = 'Thank you!'\n", "While we are at it")


async def command(scene: Scene) -> None:
    """Stop it, try again, ask why, and let it merge: by comments alone."""
    await scene.until(_pull("opened"))
    scene.say("/autofix stop")
    await scene.until_ended(1)
    scene.say("/autofix retry")
    await scene.until_ended(2)
    scene.say("/autofix explain")
    await scene.until(_reply)
    scene.say("/autofix approve")
    await scene.until(_pull("closed"))


async def tidy_up(scene: Scene) -> None:
    """Later, as it were: the guard and its test are in somebody's way, and the error is back."""
    await scene.until(_issue("closed"))
    await scene.until_ended(1)
    scene.undo_the_last_commit("Tidy up the checkout")
    await scene.until(_issue("reopened"))
    await scene.until_ended(1, because=Reason.RECURRED)


async def forgery(scene: Scene) -> None:
    """Nobody of the shop's: events that were made up."""
    await forge(scene.world, scene.note)


SCRIPTS: dict[str, Callable[[Scene], Awaitable[None]]] = {
    "tampered": tamper,
    "commands": command,
    "forged-event": forgery,
    "recurrence": tidy_up,
}


async def step_in(world: World, store: Store, display: Display) -> None:
    """The people of the scenario have done what they do in it, if there are any."""
    script = SCRIPTS.get(world.scenario.name)
    if script is not None:
        await script(Scene(world, store, display))
