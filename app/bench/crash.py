"""The crash of a case, reproduced, and the event with which production would have reported it."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from app.bench.cases import Case
from app.bench.installation import Installation
from app.bench.isolation import NoAnswer, ask
from app.bench.processes import Processes

REPRODUCE_SECONDS = 90.0
# Which of two values fails first may depend on where objects lie in memory.
ATTEMPTS = 6
# sentry-sdk and what it needs; nothing else of this environment is shown to the code under test.
SDK = ("sentry_sdk", "urllib3", "certifi")
CHECKOUT = "/srv/app"
SITE = "/srv/venv/lib/python{}.{}/site-packages".format(*sys.version_info)


class NotReproduced(Exception):
    """The crash does not happen here as the case describes it; the message says how it differs."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the reproducer did: what it printed, and what it raised, if it did, as one line."""

    printed: str
    raised: str | None


def sdk_folders() -> dict[str, str]:
    """Where the running environment has the SDK.

    Raises:
        ModuleNotFoundError: if it has none.
    """
    folders = {}
    for name in SDK:
        spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None:
            raise ModuleNotFoundError(f"no module named {name!r}", name=name)
        folders[name] = str(Path(spec.origin).parents[1])
    return folders


def recorded_event(
    case: Case, installation: Installation, processes: Processes, scratch: Path
) -> dict[str, Any]:
    """The event of the case's crash, as a deployment of the package would have sent it.

    Raises:
        NotReproduced: if the reproducer does not crash as described, or no event came of it.
    """
    order = {
        "path": [str(installation.folder)],
        "program": case.reproducer,
        "sdk": sdk_folders(),
        "in_app": installation.modules,
    }
    differs: NotReproduced | None = None
    for _ in range(ATTEMPTS):
        try:
            answer = ask(processes, "reproduce", order, scratch=scratch, seconds=REPRODUCE_SECONDS)
            _must_be_the_crash(case, installation, answer)
        except NoAnswer as fault:
            raise NotReproduced(f"the reproducer gave no answer: {fault}") from fault
        except NotReproduced as fault:
            differs = fault
        else:
            event = as_deployed(answer["event"], installation, scratch)
            if not any(frame["in_app"] for frame in _frames(event)):
                raise NotReproduced("the SDK reported no frame of the package")
            return event
    raise differs or NotReproduced("it was never tried")


def run_reproducer(case: Case, folder: Path, processes: Processes, scratch: Path) -> Outcome:
    """What the reproducer does with the packages of `folder`; a run without an answer counts as raised."""
    order = {"path": [str(folder)], "program": case.reproducer}
    try:
        answer = ask(processes, "reproduce", order, scratch=scratch, seconds=REPRODUCE_SECONDS)
    except NoAnswer as fault:
        return Outcome("", str(fault))
    raised = answer["raised"]
    return Outcome(answer["stdout"], None if raised is None else f"{raised['type']}: {raised['message']}")


def _must_be_the_crash(case: Case, installation: Installation, answer: dict[str, Any]) -> None:
    raised = answer["raised"]
    if raised is None:
        raise NotReproduced("the reproducer raised nothing")
    said = f"{raised['type']}: {raised['message']}"
    if raised["type"] != case.exception:
        raise NotReproduced(f"raised {said}, not {case.exception}")
    if case.message_regex and not re.search(case.message_regex, raised["message"], re.DOTALL):
        raise NotReproduced(f"raised {said}, which is not {case.message_regex}")
    places = [(_relative(file, installation), name, line) for file, name, line in raised["frames"]]
    own = [place for place in places if place[0] in installation.own]
    if not own:
        raise NotReproduced(f"raised {said}, but no frame is the package's own")
    file, name, line = own[-1]
    wanted = (case.crash_file, case.crash_function, case.crash_line)
    if any(want not in {None, got} for want, got in zip(wanted, own[-1], strict=True)):
        raise NotReproduced(f"crashed at {file}:{line} in {name}, not where the case says")
    if not answer["event"]:
        raise NotReproduced(f"raised {said}, but the SDK reported nothing")


def as_deployed(event: dict[str, Any], installation: Installation, scratch: Path) -> dict[str, Any]:
    """The event with the paths of a deployment, the package in its checkout and the rest in a site folder."""
    for frame in _frames(event):
        name = _relative(str(frame.get("abs_path")), installation)
        if name is None:
            frame["in_app"] = False
            continue
        frame["filename"] = name
        frame["in_app"] = name in installation.own
        root = CHECKOUT if frame["in_app"] else SITE
        frame["abs_path"] = str(PurePosixPath(root) / name)
    # Values may repeat paths. The folder's name would tell the engine which case it has before it.
    deployed = _replaced(event, ((str(installation.folder), CHECKOUT), (str(scratch), "/srv/run")))
    return dict(deployed)


def _frames(event: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for value in event.get("exception", {}).get("values", []):
        yield from (value.get("stacktrace") or {}).get("frames") or []


def _relative(file: str, installation: Installation) -> str | None:
    path = Path(file)
    if not path.is_relative_to(installation.folder):
        return None
    return path.relative_to(installation.folder).as_posix()


def _replaced(value: Any, paths: tuple[tuple[str, str], ...]) -> Any:
    if isinstance(value, str):
        for real, deployed in paths:
            value = value.replace(real, deployed)
        return value
    if isinstance(value, list):
        return [_replaced(item, paths) for item in value]
    if isinstance(value, dict):
        return {_replaced(key, paths): _replaced(item, paths) for key, item in value.items()}
    return value
