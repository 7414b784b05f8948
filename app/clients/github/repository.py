"""The verbs of one repository. Writes look before they create, so that doing one twice is doing it once."""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import quote

from app.clients.github import documents
from app.clients.github.answers import (
    Account,
    BlameRange,
    CheckRun,
    Comment,
    CommitSha,
    CommitStatus,
    GitCommit,
    Issue,
    Permission,
    PullFacts,
    PullState,
    RepositoryFacts,
    RequiredCheck,
    Ruleset,
    Tree,
    WorkflowRun,
    dig,
)
from app.clients.github.history import History
from app.clients.github.people import People
from app.clients.github.rollouts import Rollouts
from app.clients.github.rules import BranchRules, gating_rulesets, read_rules
from app.clients.github.transport import InstallationTransport
from app.core.errors import Malformed, NotFound, Refused
from app.core.model import FileChange

MAX_BLOB_BYTES = 1_000_000
PARALLEL_READS = 8


class RepositoryClient:
    """One repository, seen and changed as the App's installation."""

    def __init__(self, transport: InstallationTransport, full_name: str) -> None:
        self.full_name = full_name
        self._owner, _, self._name = full_name.partition("/")
        self._api = transport
        self._root = f"/repos/{full_name}"
        self.people, self.history = People(transport, self._root), History(transport, self._root)

    # What is there ---------------------------------------------------------------------------------------------

    async def facts(self) -> RepositoryFacts:
        """The repository itself."""
        return RepositoryFacts.read(await self._api.get(self._root))

    async def issue(self, number: int) -> Issue:
        """One issue, as it stands now."""
        return Issue.read(await self._api.get(f"{self._root}/issues/{number}"))

    async def open_issues(self, limit: int = 300) -> list[Issue]:
        """The newest open issues; pull requests are among them."""
        path = self._root + "/issues?state=open&per_page=100"
        return [Issue.read(item) for item in await self._api.pages(path, limit=limit)]

    async def issue_comment(self, number: int) -> Comment | None:
        """A comment by its id, as it stands now; None if it is gone."""
        try:
            return Comment.read(await self._api.get(f"{self._root}/issues/comments/{number}"))
        except NotFound:
            return None

    async def permission(self, login: str) -> Permission | None:
        """What the account may do here; None if there is no such account."""
        try:
            answer = await self._api.get(f"{self._root}/collaborators/{_part(login)}/permission")
        except NotFound:
            return None
        return Permission.read(answer)

    async def resolve(self, ref: str) -> str | None:
        """The full SHA of the commit that `ref` (branch, tag or SHA) names; None if there is none."""
        try:
            answer = await self._api.get(f"{self._root}/commits/{_part(ref)}")
        except (NotFound, Refused):  # GitHub answers 422 to a SHA that names nothing
            return None
        return CommitSha.read(answer).sha

    async def git_commit(self, sha: str) -> GitCommit:
        """A commit object: its tree, parents and message."""
        return GitCommit.read(await self._api.get(f"{self._root}/git/commits/{sha}"))

    async def contains(self, branch: str, sha: str) -> bool:
        """True if `branch` contains commit `sha`."""
        answer = await self._api.get(f"{self._root}/compare/{_part(sha)}...{_part(branch)}")
        return isinstance(answer, dict) and answer.get("status") in {"ahead", "identical"}

    async def file(self, commit: str, path: str) -> str | None:
        """The text of `path` at `commit`; None if it is no regular UTF-8 file there."""
        return (await self.files(await self.tree(commit), [path])).get(path)

    async def text(self, path: str) -> str | None:
        """The text of `path` on the default branch now; None if there is no such file.

        Bytes that are not UTF-8 are kept as lone surrogates.
        """
        try:
            answer = await self._api.get(f"{self._root}/contents/{_part(path)}")
        except NotFound:
            return None
        if not isinstance(answer, dict) or answer.get("encoding") != "base64":
            return None
        with contextlib.suppress(binascii.Error):
            content = base64.b64decode(str(answer.get("content", "")))
            return content.decode("utf-8", errors="surrogateescape")
        return None

    async def tree(self, sha: str) -> Tree:
        """Every entry of the commit's tree.

        Raises:
            Malformed: if the repository is too large for one answer, because a partial listing proves nothing.
        """
        tree = Tree.read(
            await self._api.get(self._root + "/git/trees/{sha}{?recursive}", sha=sha, recursive="1")
        )
        if tree.truncated:
            raise Malformed("the repository's tree is too large to be listed in one answer")
        return tree

    async def blob(self, sha: str) -> bytes | None:
        """The bytes of a blob; None if it is above 1 MB."""
        answer = await self._api.get(f"{self._root}/git/blobs/{sha}")
        if not isinstance(answer, dict) or answer.get("encoding") != "base64":
            raise Malformed("GitHub's blob answer is not base64")
        if int(answer.get("size") or 0) > MAX_BLOB_BYTES:
            return None
        try:
            return base64.b64decode(str(answer.get("content", "")))
        except binascii.Error as fault:
            raise Malformed("GitHub's blob answer is not base64") from fault

    async def files(self, tree: Tree, paths: Iterable[str]) -> dict[str, str]:
        """The texts of those `paths` that are regular UTF-8 files of `tree`, read a few at a time."""
        regular = tree.files
        blobs = {entry.path: entry.sha for entry in tree.tree if entry.path in regular}
        wanted = [path for path in dict.fromkeys(paths) if path in blobs]
        gate = asyncio.Semaphore(PARALLEL_READS)

        async def read(path: str) -> bytes | None:
            async with gate:
                return await self.blob(str(blobs[path]))

        texts: dict[str, str] = {}
        for path, content in zip(wanted, await asyncio.gather(*map(read, wanted)), strict=True):
            with contextlib.suppress(UnicodeDecodeError):
                if content is not None:
                    texts[path] = content.decode("utf-8")
        return texts

    async def blame(self, commit: str, path: str) -> list[BlameRange]:
        """Who last touched each line of `path` at `commit`; empty if GitHub cannot tell."""
        data = await self._graphql(documents.BLAME, commit=commit, path=path)
        found = dig(data, "repository", "object", "blame", "ranges")
        return [BlameRange.read(item) for item in found] if isinstance(found, list) else []

    async def branch_rules(self, branch: str) -> BranchRules:
        """What `branch` demands of whatever reaches it: rulesets of repository and organization, classic protection."""
        rules = await self._api.pages(f"{self._root}/rules/branches/{_part(branch)}?per_page=100")
        described = await self._api.get(f"{self._root}/branches/{_part(branch)}")
        found = [await self._ruleset(number) for number in gating_rulesets(rules)]
        return read_rules(rules, described, [ruleset for ruleset in found if ruleset is not None])

    async def _ruleset(self, number: int) -> Ruleset | None:
        """A ruleset; None if we may not see it."""
        try:
            return Ruleset.read(await self._api.get(f"{self._root}/rulesets/{number}"))
        except NotFound:
            return None

    async def required_checks(self, branch: str) -> list[RequiredCheck]:
        """The checks that must pass before anything reaches `branch`."""
        return list((await self.branch_rules(branch)).checks)

    async def check_runs(self, sha: str, *, earlier: bool = False) -> list[CheckRun]:
        """The latest check run of each name and app on `sha`, or all of them with `earlier` ones."""
        path = self._root + "/commits/{sha}/check-runs?per_page=100{&filter}"
        which = "all" if earlier else "latest"
        found = await self._api.pages(path, key="check_runs", sha=sha, filter=which)
        return [CheckRun.read(run) for run in found]

    async def commit_statuses(self, sha: str) -> list[CommitStatus]:
        """The latest commit status of each context on `sha`."""
        path = self._root + "/commits/{sha}/status?per_page=100"
        return [CommitStatus.read(item) for item in await self._api.pages(path, key="statuses", sha=sha)]

    async def workflow_runs(self, sha: str) -> list[WorkflowRun]:
        """The runs of GitHub Actions on `sha`, in their latest attempt."""
        path = self._root + "/actions/runs?per_page=100{&head_sha}"
        found = await self._api.pages(path, key="workflow_runs", head_sha=sha)
        return [WorkflowRun.read(run) for run in found]

    async def account(self, login: str) -> Account:
        """The account of that login."""
        return Account.read(await self._api.get("/users/{login}", login=login))

    async def app_id(self, slug: str) -> int | None:
        """The number of the GitHub App of that name; None if this GitHub has none."""
        try:
            answer = await self._api.get("/apps/{slug}", slug=slug)
        except NotFound:
            return None
        number = dig(answer, "id")
        return number if isinstance(number, int) else None

    def github_time(self) -> float | None:
        """The time (epoch seconds) of GitHub's last answer, by GitHub's own clock."""
        return self._api.github_time

    @property
    def rollouts(self) -> Rollouts:
        """What the repository shows of its rollouts."""
        return Rollouts(self._api, self._root)

    async def find_pull(self, branch: str) -> PullFacts | None:
        """The newest pull request from our own `branch`, open or not."""
        path = self._root + "/pulls?state=all{&head}"
        found = await self._api.pages(path, limit=100, head=f"{self._owner}:{branch}")
        # The owner may have a fork of it, with a branch of the same name.
        return next((pull for pull in map(PullFacts.read, found) if pull.from_here), None)

    async def open_pulls(self) -> list[PullFacts]:
        """The open pull requests, newest first."""
        path = self._root + "/pulls?state=open&per_page=100"
        return [PullFacts.read(item) for item in await self._api.pages(path)]

    async def pull(self, number: int) -> PullFacts:
        """The pull request as REST shows it now: who opened it, and who merged it."""
        return PullFacts.read(await self._api.get(f"{self._root}/pulls/{number}"))

    async def pull_state(self, number: int) -> PullState:
        """The pull request as it stands now; the repository is found under its present name only."""
        data = await self._graphql(documents.PULL_STATE, number=number)
        found = dig(data, "repository", "pullRequest")
        whose = {"repository": dig(data, "repository", "id")}
        return PullState.read(found | whose if isinstance(found, dict) else found)

    # What changes ----------------------------------------------------------------------------------------------

    async def commit(
        self, parent: str, changes: Sequence[FileChange], message: str, *, removed: Sequence[str] = ()
    ) -> GitCommit:
        """A new commit on `parent` that makes the changes and drops the `removed` files, not yet on any branch.

        No author or committer is given: only then does GitHub sign it as the App's own (verified) commit.
        """
        base = await self.git_commit(parent)
        entries: list[dict[str, Any]] = []
        for change in changes:
            content = base64.b64encode(change.after.encode("utf-8")).decode("ascii")
            blob = await self._api.post(self._root + "/git/blobs", {"content": content, "encoding": "base64"})
            sha = CommitSha.read(blob).sha
            entries.append({"path": change.path, "mode": change.mode, "type": "blob", "sha": sha})
        entries += [{"path": path, "mode": "100644", "type": "blob", "sha": None} for path in removed]
        tree = await self._api.post(self._root + "/git/trees", {"base_tree": base.tree.sha, "tree": entries})
        commit = {"message": message, "tree": CommitSha.read(tree).sha, "parents": [parent]}
        return GitCommit.read(await self._api.post(self._root + "/git/commits", commit))

    async def branch_sha(self, branch: str) -> str | None:
        """The commit that `branch` points to; None if there is no such branch."""
        try:
            answer = await self._api.get(f"{self._root}/git/ref/heads/{_part(branch)}")
        except NotFound:
            return None
        found = dig(answer, "object", "sha")
        return str(found) if found else None

    async def create_branch(self, branch: str, sha: str) -> None:
        """`branch` exists and points to `sha`.

        Raises:
            Refused: if it exists already and points elsewhere.
        """
        await self._api.post(self._root + "/git/refs", {"ref": f"refs/heads/{branch}", "sha": sha})

    async def move_branch(self, branch: str, before: str, after: str) -> None:
        """`branch` points to `after`, if it pointed to `before` at that very moment: nobody's push is overwritten.

        Raises:
            Refused: if it points elsewhere.
        """
        repository, ref = (await self.facts()).node_id, f"refs/heads/{branch}"
        await self._api.graphql(
            documents.MOVE_BRANCH, repository=repository, branch=ref, before=before, after=after
        )

    async def open_pull(self, *, branch: str, base: str, title: str, body: str) -> PullFacts:
        """A new pull request from `branch` into `base`."""
        data = {"title": title, "head": branch, "base": base, "body": body, "maintainer_can_modify": True}
        return PullFacts.read(await self._api.post(self._root + "/pulls", data))

    async def enable_auto_merge(self, pull_node_id: str, head_sha: str, headline: str, body: str) -> None:
        """GitHub merges (squash) by itself once the branch's rules are met, and only this head.

        Raises:
            Refused: with GitHub's own text, for example that the pull request is in clean status.
        """
        await self._api.graphql(
            documents.ENABLE_AUTO_MERGE, pull=pull_node_id, head=head_sha, headline=headline, body=body
        )

    async def disable_auto_merge(self, pull_node_id: str) -> None:
        """GitHub no longer merges this pull request by itself."""
        await self._api.graphql(documents.DISABLE_AUTO_MERGE, pull=pull_node_id)

    async def merge(self, number: int, head_sha: str, headline: str, body: str) -> None:
        """The pull request is merged (squash), if its head still is `head_sha` and the branch's rules allow it."""
        data = {"sha": head_sha, "merge_method": "squash", "commit_title": headline, "commit_message": body}
        await self._api.put(f"{self._root}/pulls/{number}/merge", data)

    async def enqueue(self, pull_node_id: str, head_sha: str) -> None:
        """The pull request is in the merge queue of its base, with exactly this head.

        Raises:
            Refused: with GitHub's own text.
        """
        await self._api.graphql(documents.ENQUEUE, pull=pull_node_id, head=head_sha)

    async def dequeue(self, pull_node_id: str) -> None:
        """The pull request is in no merge queue."""
        await self._api.graphql(documents.DEQUEUE, pull=pull_node_id)

    async def rerun_failed_jobs(self, run_id: int) -> None:
        """The failed jobs of a workflow run start again, as its next attempt.

        Raises:
            Refused: without the permission `actions: write`, or while the run still runs.
        """
        await self._api.post(f"{self._root}/actions/runs/{run_id}/rerun-failed-jobs", {})

    async def comment(self, issue: int, marker: str, body: str, author: str) -> Comment:
        """The issue has exactly one comment by `author` that holds `marker`, and it reads `body` (marker added).

        The marker is an HTML comment, so people do not see it; a repeated call edits instead of adding.
        """
        text = f"{body}\n\n{marker}"
        for found in await self.comments(issue):
            if marker in (found.body or "") and found.user is not None and found.user.login == author:
                if found.body == text:
                    return found
                data = {"body": text}
                return Comment.read(await self._api.patch(f"{self._root}/issues/comments/{found.id}", data))
        return Comment.read(await self._api.post(f"{self._root}/issues/{issue}/comments", {"body": text}))

    async def comments(self, issue: int) -> list[Comment]:
        """The comments of an issue or pull request, oldest first."""
        path = f"{self._root}/issues/{issue}/comments?per_page=100"
        return [Comment.read(item) for item in await self._api.pages(path)]

    async def react(self, comment: int, content: str) -> None:
        """The comment carries our reaction, once."""
        await self._api.post(f"{self._root}/issues/comments/{comment}/reactions", {"content": content})

    async def open_issue(self, title: str, body: str) -> Issue:
        """A new issue of ours."""
        return Issue.read(await self._api.post(f"{self._root}/issues", {"title": title, "body": body}))

    async def close_issue(self, number: int) -> None:
        """The issue is closed as completed."""
        await self._api.patch(
            f"{self._root}/issues/{number}", {"state": "closed", "state_reason": "completed"}
        )

    async def reopen_issue(self, number: int) -> None:
        """The issue is open; nothing changes if it is already."""
        await self._api.patch(f"{self._root}/issues/{number}", {"state": "open"})

    async def _graphql(self, document: str, **variables: Any) -> Any:
        return await self._api.graphql(document, owner=self._owner, name=self._name, **variables)


def _part(name: str) -> str:
    """`name` as part of an address: its slashes stay, and nothing else in it means anything there.

    Raises:
        Refused: if the address would lead elsewhere.
    """
    if {"", ".", ".."} & set(name.split("/")):
        raise Refused(f"{name!r} is no name of a branch, tag or commit")
    return quote(name, safe="/", errors="replace")
