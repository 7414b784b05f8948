"""What the pull request is, read from git objects by id: never from names that somebody else may move."""

from __future__ import annotations

import contextlib
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from refusal import Refused

_GIT_SECONDS = 120
_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_PATH = r"[A-Za-z0-9_.][A-Za-z0-9_./+-]*"
_SHAPES = {
    "Autofix-Incident": re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/#-]{0,199}"),
    "Autofix-Test": re.compile(_PATH + r"\.py(::[A-Za-z_][A-Za-z0-9_]*)+"),
    "Autofix-Exception": re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*"),
    "Autofix-Place": re.compile(_PATH + r"\.py:[1-9][0-9]{0,6}"),
    "Autofix-Fix": re.compile(_PATH + r"\.py"),
}
_REGULAR = {"100644", "100755"}
_ZERO_MODE = "000000"


@dataclass(frozen=True)
class Claim:
    """What the head commit says of itself in its trailers."""

    incident: str
    test: str
    exception: str
    place_path: str
    place_line: int
    fix: str

    @property
    def test_file(self) -> str:
        """The file of the new test."""
        return self.test.split("::", 1)[0]

    @property
    def place(self) -> str:
        """`path:line` on the base."""
        return f"{self.place_path}:{self.place_line}"


@dataclass(frozen=True)
class Change:
    """One entry of the tree diff."""

    status: str
    old_mode: str
    new_mode: str
    path: str


class Repository:
    """The checkout of the workflow, read through git."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def git(self, *arguments: str, check: bool = True) -> str:
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
        return done.stdout.decode(errors="surrogateescape")

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

    def single_base(self, base: str, head: str) -> str:
        """The merge base, if exactly one commit lies on top of it."""
        bases = self.git("merge-base", "--all", base, head, check=False).split()
        if len(bases) != 1:
            raise Refused("one-commit", f"base and head have {len(bases)} merge bases, one is needed")
        parents = self.git("rev-list", "--parents", "-n", "1", head).split()[1:]
        if parents != bases:
            count = self.git("rev-list", "--count", f"{bases[0]}..{head}").strip()
            raise Refused(
                "one-commit", f"{count} commits lie on top of the merge base, exactly one is allowed"
            )
        return bases[0]

    def claim(self, head: str) -> Claim:
        """The trailers of the head commit, each present once and well formed."""
        text = self.git("show", "-s", "--format=%(trailers:only=true,unfold=true)", head)
        found: dict[str, list[str]] = {key: [] for key in _SHAPES}
        for line in text.splitlines():
            key, _, value = line.partition(":")
            if key in found:
                found[key].append(value.strip())
        for key, values in found.items():
            if len(values) != 1:
                raise Refused("trailers", f"the head commit has {len(values)} trailers {key}, one is needed")
            if not _SHAPES[key].fullmatch(values[0]) or ".." in values[0].split("::")[0].split("/"):
                raise Refused("trailers", f"the trailer {key} is malformed: {values[0]!r}")
        place, _, line_number = found["Autofix-Place"][0].rpartition(":")
        return Claim(
            incident=found["Autofix-Incident"][0],
            test=found["Autofix-Test"][0],
            exception=found["Autofix-Exception"][0],
            place_path=place,
            place_line=int(line_number),
            fix=found["Autofix-Fix"][0],
        )

    def changes(self, base: str, head: str) -> list[Change]:
        """The tree diff, without rename detection, so that nothing hides behind a similar name."""
        fields = self.git("diff-tree", "-r", "--raw", "-z", "--no-renames", "--full-index", base, head).split(
            "\0"
        )
        found = []
        for index in range(0, len(fields) - 1, 2):
            old_mode, new_mode, _old, _new, status = fields[index].lstrip(":").split(" ")
            found.append(Change(status, old_mode, new_mode, fields[index + 1]))
        return found

    def require_shape(self, claim: Claim, base: str, head: str) -> None:
        """The commit changes the one fix file and adds the one test file, and nothing else in any way."""
        if claim.fix == claim.test_file:
            raise Refused("diff", "the fix and the test are the same file")
        by_path = {change.path: change for change in self.changes(base, head)}
        extra = sorted(set(by_path) - {claim.fix, claim.test_file})
        if extra:
            raise Refused("diff", f"the commit also touches {len(extra)} other file(s), such as {extra[0]!r}")
        fix, test = by_path.get(claim.fix), by_path.get(claim.test_file)
        if fix is None or fix.status != "M" or fix.old_mode != fix.new_mode or fix.new_mode not in _REGULAR:
            raise Refused(
                "diff", f"{claim.fix} is not a plain file that was modified with its mode unchanged"
            )
        if test is None or (test.status, test.old_mode, test.new_mode) != ("A", _ZERO_MODE, "100644"):
            raise Refused("diff", f"{claim.test_file} is not a plain file that was added")

    @contextlib.contextmanager
    def worktree(self, sha: str, folder: Path, test_from: tuple[str, str] | None = None) -> Iterator[Path]:
        """A throw-away checkout of `sha`; with `test_from`, one file of another commit is added to it."""
        self.git("worktree", "add", "--detach", "--force", str(folder), sha)
        try:
            if test_from is not None:
                other, path = test_from
                Repository(folder).git("checkout", other, "--", path)
            yield folder
        finally:
            self.git("worktree", "remove", "--force", "--force", str(folder), check=False)
