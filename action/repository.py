"""What the pull request is, read from git objects by id: never from names that somebody else may move."""

from __future__ import annotations

import contextlib
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from app.core.policy import POLICY_PATH
from app.verify.conformance import own_sources
from app.verify.gates.claim import Claim
from app.verify.gates.proposal import Change, text_of
from app.verify.gates.revert import Merged
from refusal import Refused

_GIT_SECONDS = 120
_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


class Repository:
    """The checkout of the workflow, read through git."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def git(self, *arguments: str, check: bool = True) -> str:
        """What git prints, as text."""
        return self.raw(*arguments, check=check).decode(errors="surrogateescape")

    def raw(self, *arguments: str, check: bool = True) -> bytes:
        """What git prints; raises `Refused` if it fails."""
        # Hooks, file system monitors and the like of the checked-out repository must not run.
        quiet = ("-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "core.quotePath=false")
        try:
            done = subprocess.run(
                ["git", "--no-replace-objects", *quiet, *arguments],  # noqa: S607 - the runner's git, from PATH
                cwd=self.folder,
                check=False,
                capture_output=True,
                stdin=subprocess.DEVNULL,
                timeout=_GIT_SECONDS,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Refused("git", f"git {arguments[0]} did not run: {error}") from error
        if check and done.returncode != 0:
            reason = done.stderr.decode(errors="replace").strip()
            raise Refused("git", f"git {arguments[0]} failed: {reason}")
        return done.stdout

    def commit(self, sha: object, name: str) -> str:
        """`sha` if it is the full id of a commit that is here."""
        if not isinstance(sha, str) or not _SHA.fullmatch(sha):
            raise Refused("event", f"the event has no {name} commit id")
        if self.git("cat-file", "-t", sha, check=False).strip() != "commit":
            raise Refused(
                "checkout",
                f"the {name} commit {sha} is not here: check out with `fetch-depth: 0` before this step",
            )
        return sha

    def merge_bases(self, base: str, head: str) -> tuple[str, ...]:
        """The best common ancestors: one, unless the histories are unrelated or crossed."""
        return tuple(self.git("merge-base", "--all", base, head, check=False).split())

    def parents(self, sha: str) -> tuple[str, ...]:
        """The parents of a commit."""
        return tuple(self.git("rev-list", "--parents", "-n", "1", sha).split()[1:])

    def count(self, base: str, head: str) -> int:
        """How many commits the head has and the base has not."""
        return int(self.git("rev-list", "--count", f"{base}..{head}").strip())

    def trailers(self, sha: str) -> tuple[str, ...]:
        """The lines of the trailers of a commit's message."""
        text = self.git(
            "show", "-s", "--no-show-signature", "--format=%(trailers:only=true,unfold=true)", sha
        )
        return tuple(text.splitlines())

    def message(self, sha: str) -> str:
        """The message of a commit."""
        return self.git("show", "-s", "--no-show-signature", "--format=%B", sha)

    def merged(self, sha: str, base: str, tip: str) -> Merged | None:
        """The commit `sha` as the merge of a fix below `base`, and up to `tip`; None if there is no such commit."""
        if self.git("cat-file", "-t", sha, check=False).strip() != "commit":
            return None
        parents = self.parents(sha)
        return Merged(
            on_base=self.merge_bases(base, sha) == (sha,),
            # A merge commit says little of itself: the commit that it merges says what it is.
            messages=tuple(self.message(one) for one in (sha, *parents[1:])),
            changes=self.changes(parents[0], sha) if parents else (),
            since=frozenset(change.path for change in self.changes(sha, tip)),
        )

    def committed_at(self, sha: str) -> float:
        """The committer's time (epoch seconds)."""
        return float(self.git("show", "-s", "--no-show-signature", "--format=%ct", sha).strip())

    def tree(self, sha: str) -> str:
        """The id of a commit's tree."""
        return self.git("rev-parse", "--verify", f"{sha}^{{tree}}").strip()

    def blob_id(self, sha: str, path: str) -> str | None:
        """The id of the plain file at `path` of a commit, None if there is none."""
        entry = self.git("ls-tree", "-z", sha, "--", f":(top,literal){path}").rstrip("\0")
        facts, _, name = entry.partition("\t")
        mode, kind, sha_of_blob = [*facts.split(" "), "", "", ""][:3]
        return sha_of_blob if (kind, name) == ("blob", path) and mode != _LINK else None

    def read(self, sha: str, path: str) -> bytes:
        """The content of the plain file at `path` of a commit; empty if there is none."""
        blob = self.blob_id(sha, path)
        return b"" if blob is None else self.raw("cat-file", "blob", blob)

    def policy(self, base: str) -> str | None:
        """The policy file of the base commit, None if there is none."""
        blob = self.blob_id(base, POLICY_PATH)
        if blob is None:
            return None
        return self.raw("cat-file", "blob", blob).decode("utf-8", errors="surrogateescape")

    def paths(self, sha: str) -> frozenset[str]:
        """Every path of a commit's tree."""
        return frozenset(self.git("ls-tree", "-r", "-z", "--name-only", sha).split("\0")) - {""}

    def sources(self, head: str, claim: Claim) -> dict[str, tuple[str, ...]]:
        """The modules of the head that the new test imports from, each with its texts."""
        test = text_of(self.read(head, claim.test_file)) or ""

        def text(path: str) -> str:
            return text_of(self.read(head, path)) or ""

        return own_sources(test, self.paths(head), text)

    def changes(self, base: str, head: str) -> tuple[Change, ...]:
        """The tree diff, without rename detection, so that nothing hides behind a similar name."""
        options = (
            "-r",
            "--raw",
            "-z",
            "--no-renames",
            "--no-ext-diff",
            "--full-index",
            "--ignore-submodules=none",
        )
        fields = self.git("diff-tree", *options, base, head).split("\0")
        found = []
        for index in range(0, len(fields) - 1, 2):
            old_mode, new_mode, old_id, new_id, status = fields[index].lstrip(":").split(" ")
            found.append(Change(status, old_mode, new_mode, fields[index + 1], old_id, new_id))
        return tuple(found)

    @contextlib.contextmanager
    def worktree(self, sha: str, folder: Path) -> Iterator[Path]:
        """A throw-away checkout of `sha`."""
        self.git("worktree", "add", "--detach", "--force", str(folder), sha)
        try:
            yield folder
        finally:
            self.git("worktree", "remove", "--force", "--force", str(folder), check=False)


_LINK = "120000"
