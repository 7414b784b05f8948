"""A fresh clone of the bare repository, at one commit."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path


class CloneFailed(RuntimeError):
    """git could not clone or check out."""


async def clone(git_dir: Path, folder: Path, ref: str, commit: str) -> None:
    """`folder` is a clone at `commit`, on its branch if `ref` is one; `origin` is the bare repository."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    await _git(folder.parent, "clone", "--quiet", "--no-checkout", str(git_dir), str(folder))
    # Test merges of pull requests are on no branch, so a clone does not bring them.
    await _git(folder, "fetch", "--quiet", "origin", ref)
    where = ["-B", ref.removeprefix("refs/heads/")] if ref.startswith("refs/heads/") else ["--detach"]
    await _git(folder, "checkout", "--quiet", *where, commit)


async def _git(folder: Path, *arguments: str) -> None:
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(folder),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
    }
    process = await asyncio.create_subprocess_exec(
        "git",
        *arguments,
        cwd=folder,
        env=environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        _, errors = await process.communicate()
    except asyncio.CancelledError:
        process.kill()
        await process.wait()
        raise
    if process.returncode != 0:
        raise CloneFailed(f"git {arguments[0]}: {errors.decode(errors='replace').strip()}")
