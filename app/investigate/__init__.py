"""Investigate: from a finding to the root cause, in the repository's own files at the deployed commit."""

from __future__ import annotations

import dataclasses
import re

from app.clients import Clients
from app.clients.github import RepositoryClient
from app.clients.github.answers import Tree
from app.core.model import (
    CodeFrame,
    Finding,
    Incident,
    Raised,
    Reason,
    RootCause,
    Stage,
    Stop,
    SuspectCommit,
)
from app.core.policy import POLICY_PATH
from app.investigate.corroborate import corroborate, doubted
from app.investigate.expression import find_failure
from app.investigate.frames import map_frames
from app.investigate.mapping import culprit_exception, function_below, line_on_base
from app.investigate.origin import origins

__all__ = ["corroborate", "deployed_commit", "doubted", "investigate", "read_policy"]

_COMMIT = re.compile(r"(?:^|[@+_-])([0-9a-f]{7,40})$")
# What may stand in the address of a request; the release is text from outside.
_SHA = re.compile(r"[0-9a-f]{7,40}")
_TAG = re.compile(r"[A-Za-z0-9_./-]{1,100}")


async def investigate(clients: Clients, incident: Incident, finding: Finding) -> RootCause | Stop:
    """The failing sub-expression of the culprit line, confirmed, and who last changed that line."""
    repo = clients.github.repository(incident.repository, incident.installation_id)
    branch = (await repo.facts()).default_branch
    base = await repo.resolve(branch)
    # A pasted traceback names no release: its lines must be those of the branch as it is.
    unnamed = not finding.is_tracked and not finding.release
    deployed = base if unnamed else await deployed_commit(repo, clients, finding)
    if deployed is None:
        return _stop(
            Reason.RELEASE_UNKNOWN,
            f"release {finding.release!r} names no commit of this repository; "
            "let the release end in the commit's SHA, or report commits to Sentry",
        )
    if base is None:
        return _stop(Reason.SOURCE_DIFFERS, f"the default branch {branch!r} has no commit")
    if not await repo.contains(branch, deployed):
        # A SHA alone proves little: GitHub also finds commits of forks.
        return _stop(Reason.RELEASE_UNKNOWN, f"the deployed commit {deployed[:7]} is not part of {branch}")
    before, after = await repo.tree(deployed), await repo.tree(base)
    raised = culprit_exception(finding.chain, before.files)
    frames = await map_frames(repo, raised.frames, before)
    if isinstance(frames, Stop):
        return frames
    return await _explain(repo, raised, frames, branch, (deployed, before), (base, after))


async def deployed_commit(repo: RepositoryClient, clients: Clients, finding: Finding) -> str | None:
    """The commit that the failing release runs: named by the release itself, by the tracker, or by a tag."""
    version = finding.release
    if not version:
        return None
    for name in named_by_version(version):
        if sha := await repo.resolve(name):
            return sha
    release = None
    if finding.is_tracked:
        release = await clients.tracker(finding.source).known_release(finding, version)
    for name in (*named_by_sentry(release.commit if release else None), *named_by_tag(version)):
        if sha := await repo.resolve(name):
            return sha
    return None


def named_by_version(version: str) -> tuple[str, ...]:
    """The commit that a release's name ends in, as in `shop@<sha>`."""
    named = _COMMIT.search(version)
    return (named.group(1),) if named else ()


def named_by_sentry(commit: str | None) -> tuple[str, ...]:
    """The newest commit that was reported to Sentry for a release, if it is one."""
    return (commit,) if commit and _SHA.fullmatch(commit) else ()


def named_by_tag(version: str) -> tuple[str, ...]:
    """The tags that may mark a release: `shop@1.2` is `1.2` or `v1.2`."""
    tag = version.rpartition("@")[2]
    names = (f"tags/{tag}", f"tags/v{tag}")
    return tuple(name for name in names if _TAG.fullmatch(name) and ".." not in name)


async def read_policy(clients: Clients, incident: Incident, cause: RootCause) -> str | None:
    """The policy file's text at the base commit of the default branch; None if there is none."""
    repo = clients.github.repository(incident.repository, incident.installation_id)
    return await repo.file(cause.base_sha, POLICY_PATH)


async def _explain(
    repo: RepositoryClient,
    raised: Raised,
    frames: tuple[CodeFrame, ...],
    branch: str,
    deployed: tuple[str, Tree],
    base: tuple[str, Tree],
) -> RootCause | Stop:
    """The cause on the base commit, or why there is none to be sure of."""
    culprit = frames[-1]
    old = (await repo.files(deployed[1], [culprit.path])).get(culprit.path, "")
    new = (await repo.files(base[1], [culprit.path])).get(culprit.path, "")
    line = line_on_base(old, new, culprit.line)
    if line is None:
        return _stop(
            Reason.ALREADY_CHANGED,
            f"{culprit.path}:{culprit.line} was changed on {branch} since the deployed commit",
        )
    failure = find_failure(
        new,
        line,
        culprit.function,
        raised.type,
        raised.message,
        culprit.variables,
        module=raised.module,
        below=function_below(raised, culprit.line, culprit.function),
    )
    if isinstance(failure, Stop):
        return failure
    texts = await repo.files(base[1], [frame.path for frame in frames])
    on_base = [frame for frame in frames[:-1] if _is_still_there(frame, texts.get(frame.path))]
    here = dataclasses.replace(culprit, line=line)
    return RootCause(
        exception=raised.type,
        message=raised.message,
        path=culprit.path,
        function=culprit.function,
        line=line,
        deployed_sha=deployed[0],
        base_sha=base[0],
        base_branch=branch,
        failure=failure,
        frames=frames,
        suspect=await _suspect(repo, deployed[0], culprit),
        module=raised.module,
        origins=origins([*on_base, here], texts.get, failure, raised.type, raised.message, raised.module),
    )


def _is_still_there(frame: CodeFrame, text: str | None) -> bool:
    """True if the base has the same code at the frame's line."""
    lines = (text or "").splitlines()
    return frame.line <= len(lines) and lines[frame.line - 1].strip() == frame.code


async def _suspect(repo: RepositoryClient, deployed: str, culprit: CodeFrame) -> SuspectCommit | None:
    for found in await repo.blame(deployed, culprit.path):
        if found.start <= culprit.line <= found.end:
            commit = found.commit
            author = commit.author
            login = author.user.login if author and author.user else None
            name = login or (author.name if author else None) or ""
            pulls = [pull.number for pull in (commit.pulls.nodes or ()) if pull] if commit.pulls else []
            pull = pulls[0] if pulls else None
            return SuspectCommit(commit.oid, commit.title, name, commit.date, pull, login)
    return None


def _stop(reason: Reason, detail: str) -> Stop:
    return Stop(Stage.INVESTIGATE, reason, detail)
