"""A repository's bare git directory: objects and refs through dulwich, diffs and blame through git itself.

Object ids are hexadecimal strings everywhere outside this module.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dulwich.object_store import iter_tree_contents
from dulwich.objects import Blob, Commit, ObjectID, Tree, TreeEntry
from dulwich.refs import Ref
from dulwich.repo import Repo

from app.demo.github.git.history import ancestors, merge_bases, newest_first

ZERO = "0" * 40
EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
TREE_MODE = 0o40000
_HEX = re.compile(r"[0-9a-f]{4,40}")
_FULL = 40
_HEADER = re.compile(r"^diff --git ", re.MULTILINE)
_STATUSES = {"A": "added", "D": "removed", "M": "modified", "T": "changed", "R": "renamed", "C": "copied"}


@dataclass(frozen=True)
class Signature:
    """Who and when, as git stores it."""

    name: str
    email: str
    at: int
    offset: int = 0

    def line(self) -> bytes:
        """The identity as it stands in a commit object."""
        return f"{self.name} <{self.email}>".encode()


@dataclass(frozen=True)
class CommitObject:
    """A commit, decoded."""

    sha: str
    tree: str
    parents: tuple[str, ...]
    author: Signature
    committer: Signature
    message: str

    @property
    def headline(self) -> str:
        """The first line of the message."""
        return self.message.split("\n", 1)[0]


@dataclass(frozen=True)
class Entry:
    """One file of a tree: its mode and its blob."""

    mode: int
    sha: str


@dataclass(frozen=True)
class FileChange:
    """One file of a diff."""

    path: str
    status: str
    sha: str
    additions: int
    deletions: int
    patch: str | None
    previous: str | None = None


@dataclass
class BlameRange:
    """Consecutive lines last touched by one commit."""

    commit: str
    start: int
    end: int


@dataclass
class GitStore:
    """The objects and refs of one bare repository. `close` releases its files."""

    path: Path
    repo: Repo = field(init=False, repr=False)
    _known_parents: dict[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    _diffs: dict[tuple[str, str], list[FileChange]] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        self.repo = Repo(str(self.path))

    @classmethod
    def create(cls, path: Path, default_branch: str) -> GitStore:
        """A new bare repository at `path`, whose HEAD names `default_branch`."""
        path.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            ["git", "init", "--quiet", "--bare", f"--initial-branch={default_branch}", str(path)], check=True
        )
        store = cls(path)
        # Loose refs and objects stay where they are: this process reads them while others push.
        for key, value in (("gc.auto", "0"), ("receive.autogc", "false")):
            store.git("config", key, value)
        return store

    def close(self) -> None:
        """Release the files of the object store."""
        self.repo.close()

    def git(self, *arguments: str, stdin: bytes | None = None) -> str:
        """What `git` prints for `arguments` in this repository."""
        done = subprocess.run(
            ["git", "--git-dir", str(self.path), *arguments], check=True, capture_output=True, input=stdin
        )
        return done.stdout.decode(errors="replace")

    # Refs

    def ref(self, name: str) -> str | None:
        """The object that the full ref `name` points at."""
        try:
            return self.repo.refs[Ref(name.encode())].decode()
        except (KeyError, ValueError):
            return None

    def refs(self, prefix: str = "refs/") -> dict[str, str]:
        """Every ref whose full name starts with `prefix`, sorted."""
        names = sorted(name.decode() for name in self.repo.refs.allkeys())
        found = {name: self.ref(name) for name in names if name.startswith(prefix)}
        return {name: sha for name, sha in found.items() if sha is not None}

    def set_ref(self, name: str, sha: str | None) -> None:
        """Point `name` at `sha`, or delete it."""
        if sha is None:
            self.repo.refs.remove_if_equals(Ref(name.encode()), None)
        else:
            self.repo.refs.set_if_equals(Ref(name.encode()), None, ObjectID(sha.encode()))

    def branch(self, name: str) -> str | None:
        """The head of a branch."""
        return self.ref(f"refs/heads/{name}")

    def resolve(self, expression: str) -> str | None:
        """The commit that a branch, tag, full ref or (abbreviated) id names."""
        for name in (f"refs/heads/{expression}", f"refs/tags/{expression}", f"refs/{expression}", expression):
            sha = self.ref(name)
            if sha is not None:
                return self._peel(sha)
        if len(expression) == _FULL and self.has(expression):
            return self._peel(expression)
        if _HEX.fullmatch(expression):
            found = list(self.repo.object_store.iter_prefix(expression.encode()))
            if len(found) == 1:
                return self._peel(found[0].decode())
        return None

    def _peel(self, sha: str) -> str | None:
        item = self.repo.object_store[ObjectID(sha.encode())]
        while item.type_name == b"tag":
            item = self.repo.object_store[item.object[1]]  # type: ignore[attr-defined]
        return item.id.decode() if isinstance(item, Commit) else None

    # Objects

    def has(self, sha: str, kind: type[Blob | Tree | Commit] | None = None) -> bool:
        """Whether the object exists, and is of that kind."""
        if not re.fullmatch(r"[0-9a-f]{40}", sha) or ObjectID(sha.encode()) not in self.repo.object_store:
            return False
        return kind is None or isinstance(self.repo.object_store[ObjectID(sha.encode())], kind)

    def commit(self, sha: str) -> CommitObject:
        """The commit `sha`."""
        item = self.repo.object_store[ObjectID(sha.encode())]
        if not isinstance(item, Commit):
            raise KeyError(sha)
        return CommitObject(
            sha,
            item.tree.decode(),
            tuple(parent.decode() for parent in item.parents),
            _signature(item.author, item.author_time, item.author_timezone),
            _signature(item.committer, item.commit_time, item.commit_timezone),
            item.message.decode(errors="replace"),
        )

    def blob(self, sha: str) -> bytes:
        """The content of a blob."""
        item = self.repo.object_store[ObjectID(sha.encode())]
        if not isinstance(item, Blob):
            raise KeyError(sha)
        return item.data

    def tree(self, sha: str) -> list[tuple[str, Entry]]:
        """The direct entries of a tree, in git's order."""
        item = self.repo.object_store[ObjectID(sha.encode())]
        if not isinstance(item, Tree):
            raise KeyError(sha)
        return [(name.decode(), Entry(mode, child.decode())) for name, mode, child in item.iteritems()]

    def files(self, tree: str, *, trees: bool = False) -> dict[str, Entry]:
        """Every file of a tree by path; with `trees`, the directories too."""
        found: Iterator[TreeEntry] = iter_tree_contents(
            self.repo.object_store, ObjectID(tree.encode()), include_trees=trees
        )
        return {
            item.path.decode(): Entry(item.mode or 0, (item.sha or b"").decode())
            for item in found
            if item.path
        }

    def entry(self, tree: str, path: str) -> Entry | None:
        """The file or directory at `path`."""
        current = Entry(TREE_MODE, tree)
        for part in filter(None, path.split("/")):
            if current.mode != TREE_MODE:
                return None
            child = dict(self.tree(current.sha)).get(part)
            if child is None:
                return None
            current = child
        return current

    def write_blob(self, data: bytes) -> str:
        """Store a blob; the answer is its id."""
        blob = Blob.from_string(data)
        self.repo.object_store.add_object(blob)
        return blob.id.decode()

    def write_tree(self, files: Mapping[str, Entry]) -> str:
        """Store the tree of these files (a nested path makes directories); the answer is its id."""
        tree = Tree()
        directories: dict[str, dict[str, Entry]] = {}
        for path, entry in files.items():
            head, _, rest = path.partition("/")
            if rest:
                directories.setdefault(head, {})[rest] = entry
            else:
                tree.add(head.encode(), entry.mode, ObjectID(entry.sha.encode()))
        for name, inner in directories.items():
            tree.add(name.encode(), TREE_MODE, ObjectID(self.write_tree(inner).encode()))
        self.repo.object_store.add_object(tree)
        return tree.id.decode()

    def write_commit(
        self, tree: str, parents: Sequence[str], message: str, author: Signature, committer: Signature
    ) -> str:
        """Store a commit; the answer is its id."""
        commit = Commit()
        commit.tree = ObjectID(tree.encode())
        commit.parents = [ObjectID(parent.encode()) for parent in parents]
        commit.author, commit.committer = author.line(), committer.line()
        commit.author_time, commit.commit_time = author.at, committer.at
        commit.author_timezone, commit.commit_timezone = author.offset, committer.offset
        commit.encoding = b"UTF-8"
        commit.message = message.encode()
        self.repo.object_store.add_object(commit)
        return commit.id.decode()

    # History

    def _parents(self, sha: str) -> tuple[str, ...]:
        if sha not in self._known_parents:
            self._known_parents[sha] = self.commit(sha).parents
        return self._known_parents[sha]

    def contains(self, ancestor: str, descendant: str) -> bool:
        """Whether `ancestor` is reachable from `descendant`."""
        return ancestor in ancestors([descendant], self._parents)

    def merge_base(self, one: str, other: str) -> str | None:
        """A best common ancestor."""
        return next(iter(merge_bases(one, other, self._parents)), None)

    def log(self, include: str, exclude: Sequence[str] = (), path: str | None = None) -> list[str]:
        """Commits reachable from `include` and not from `exclude`, newest first; those that touch `path`."""
        wanted = ancestors([include], self._parents) - ancestors(exclude, self._parents)
        listed = newest_first(wanted, self._parents, lambda sha: self.commit(sha).committer.at)
        return listed if path is None else [sha for sha in listed if self._touches(sha, path)]

    def _touches(self, sha: str, path: str) -> bool:
        """Whether the commit's `path` is as in none of its parents."""
        here = self.entry(self.commit(sha).tree, path)
        before = [self.entry(self.commit(parent).tree, path) for parent in self._parents(sha)]
        return here not in before if before else here is not None

    def diff(self, base: str | None, head: str) -> list[FileChange]:
        """The files that differ between two commits; without `base`, all of `head` is new."""
        key = (base or EMPTY_TREE, head)
        if key not in self._diffs:
            # Quoting is switched off so that names come as they are.
            options = ("-r", "-M", "--no-commit-id", "--raw", "--no-abbrev", "--numstat", "-p")
            text = self.git("-c", "core.quotePath=false", "diff-tree", *options, *key)
            lists, _, patches = text.partition("\n\n")
            lines = lists.splitlines()
            half = len(lines) // 2
            # Where a file becomes a link, git writes two patches: the file's end, and the link's beginning.
            wholes = iter(_HEADER.split(patches)[1:])
            found = [(raw, next(wholes) + (next(wholes) if _is_turned(raw) else "")) for raw in lines[:half]]
            self._diffs[key] = [
                _change(raw, counts, patch) for (raw, patch), counts in zip(found, lines[half:], strict=True)
            ]
        return self._diffs[key]

    def blame(self, sha: str, path: str) -> list[BlameRange]:
        """The blame of a file at a commit, as ranges of lines."""
        ranges: list[BlameRange] = []
        for line in self.git("blame", "--porcelain", sha, "--", path).splitlines():
            match = re.match(r"([0-9a-f]{40}) \d+ (\d+)", line)
            if match is None:
                continue
            commit, number = match[1], int(match[2])
            if ranges and ranges[-1].commit == commit and ranges[-1].end == number - 1:
                ranges[-1].end = number
            else:
                ranges.append(BlameRange(commit, number, number))
        return ranges


def _signature(line: bytes, at: float, offset: int) -> Signature:
    name, _, email = line.decode(errors="replace").partition(" <")
    return Signature(name, email.rstrip(">"), int(at), offset)


def _is_turned(raw: str) -> bool:
    """True for a file that is of another type now."""
    return raw.partition("\t")[0].endswith(" T")


def _change(raw: str, counts: str, patch: str) -> FileChange:
    modes, *paths = raw.split("\t")
    fields = modes.split()
    status, old, new = fields[4][0], fields[2], fields[3]
    added, removed = counts.split("\t")[:2]
    hunks = re.search(r"^@@ ", patch, re.MULTILINE)
    return FileChange(
        path=paths[-1],
        status=_STATUSES[status],
        sha=old if status == "D" else new,
        additions=0 if added == "-" else int(added),
        deletions=0 if removed == "-" else int(removed),
        patch=patch[hunks.start() :].rstrip("\n") if hunks else None,
        previous=paths[0] if len(paths) > 1 else None,
    )
