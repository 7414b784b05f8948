"""Fix: from a root cause to a bounded patch with a regression test. Deterministic; no code of the repository runs."""

from __future__ import annotations

from pathlib import PurePosixPath

from app.clients import Clients
from app.core.model import Finding, Incident, Patch, RootCause, Stop
from app.core.source import LoadedTree
from app.fix.engine import write_patch

MAX_FILES = 60
CONFIGURATION = ("pyproject.toml", "pytest.ini", "setup.cfg", "tox.ini")


async def fix(clients: Clients, incident: Incident, finding: Finding, cause: RootCause) -> Patch | Stop:
    """The best patch for the cause, built on the base commit."""
    repo = clients.github.repository(incident.repository, incident.installation_id)
    tree = await repo.tree(cause.base_sha)
    texts = await repo.files(tree, reading_list(cause, tree.files))
    return write_patch(finding, cause, LoadedTree(tree.files, texts))


def reading_list(cause: RootCause, paths: frozenset[str]) -> list[str]:
    """The files that a fix may need to be read, nearest first: the stack, its package, its tests, test settings."""
    stack = [frame.path for frame in reversed(cause.frames)]
    package = PurePosixPath(cause.path).parts[0]
    python = sorted(path for path in paths if path.endswith(".py"))
    near = [path for path in python if path.startswith(f"{package}/")]
    tests = [path for path in python if {"tests", "test"} & set(PurePosixPath(path).parts)]
    wanted = [*stack, *CONFIGURATION, *near, *tests, *python]
    return [path for path in dict.fromkeys(wanted) if path in paths][:MAX_FILES]
