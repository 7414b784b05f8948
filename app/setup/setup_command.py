"""`autofix setup`: registers the GitHub App in the browser and keeps its credentials."""

from __future__ import annotations

import asyncio
import os
import re
import sys
import webbrowser
from collections.abc import Callable, Mapping
from pathlib import Path

from app.settings import PREFIX, MissingSettings, Settings, http_address
from app.setup.credentials import Occupied, refuse_occupied
from app.setup.flow import Flow
from app.setup.registration import LIFETIME_SECONDS, Registered, Wanted

FAILED, BAD_INPUT = 1, 2
_ORGANIZATION = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})")
Browser = Callable[[str], object]


def setup(
    *,
    organization: str | None = None,
    public_url: str | None = None,
    github_url: str = "https://github.com",
    name: str | None = None,
    data_dir: Path | None = None,
    port: int = 0,
    force: bool = False,
    browser: Browser | None = None,
    environment: Mapping[str, str] | None = None,
) -> int:
    """The exit status: 0 once the credentials are stored, 1 if it did not come to that, 2 for bad input."""
    given = os.environ if environment is None else environment
    folder = data_dir or Path(given.get(f"{PREFIX}DATA_DIR") or Settings.model_fields["data_dir"].default)
    try:
        if organization is not None and _ORGANIZATION.fullmatch(organization) is None:
            return _say(f"{organization!r} is no name of an organization", BAD_INPUT)
        public = http_address(public_url) if public_url else None
        wanted = Wanted(http_address(github_url), organization, public, name)
        refuse_occupied(folder, force=force)
    except (MissingSettings, Occupied) as fault:
        return _say(str(fault), BAD_INPUT)
    try:
        return asyncio.run(_register(wanted, folder, port, force=force, browser=browser or open_browser))
    except OSError as fault:
        return _say(f"cannot listen on port {port} of this machine: {fault.strerror}", FAILED)


async def _register(wanted: Wanted, folder: Path, port: int, *, force: bool, browser: Browser) -> int:
    flow = Flow(wanted, folder, force=force)
    try:
        address = await flow.start(port)
        opened = await asyncio.to_thread(browser, address)
        print(
            f"{'Your browser shows' if opened else 'Open in a browser on this machine:'} {address}",
            flush=True,
        )
        async with asyncio.timeout(LIFETIME_SECONDS):
            app, file = await flow.registered
    except TimeoutError:
        return _say("nothing came back from GitHub within an hour; nothing was stored", FAILED)
    finally:
        await flow.stop()
    _next(app, file, hooked=wanted.public_url is not None)
    return 0


def open_browser(address: str) -> bool:
    """True if a browser with a window was opened; one that would take over the terminal is not."""
    windows = sys.platform in {"darwin", "win32"} or any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY")))
    return windows and webbrowser.open(address)


def _next(app: Registered, file: Path, *, hooked: bool) -> None:
    print(f"The App {app.slug} is registered. Its credentials are in {file}, for you only.")
    print("Next:")
    if not hooked:
        print(f"  set the webhook's address in its settings: {app.page}")
    print(f"  install it on a repository:  {app.install_page()}")
    print(f"  add a tracker's settings to  {file}")
    print("  run the server:              autofix serve --env-file " + str(file))
    print("  then, for each repository:   autofix init OWNER/REPO, and autofix doctor OWNER/REPO")


def _say(text: str, status: int) -> int:
    print(text, file=sys.stderr)
    return status
