"""Three-way merges of real trees: what "mergeable" is computed from, and what a merge writes."""

from __future__ import annotations

import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from app.demo.github.git.objects import Entry, GitStore


@dataclass(frozen=True)
class Merge:
    """The tree that joins two sides, and the paths on which they conflict."""

    tree: str
    conflicts: tuple[str, ...]


def merge(store: GitStore, ours: str, theirs: str, base: str | None = None) -> Merge:
    """The merge of commit `theirs` into commit `ours`; `base` is found when it is not given."""
    ancestor = base or store.merge_base(ours, theirs)
    before = store.files(store.commit(ancestor).tree) if ancestor else {}
    left = store.files(store.commit(ours).tree)
    right = store.files(store.commit(theirs).tree)
    merged: dict[str, Entry] = {}
    conflicts: list[str] = []
    for path in sorted(before.keys() | left.keys() | right.keys()):
        was, mine, yours = before.get(path), left.get(path), right.get(path)
        if yours in (mine, was):
            chosen = mine
        elif mine == was:
            chosen = yours
        else:
            chosen = _merge_file(store, was, mine, yours)
            if chosen is None:
                conflicts.append(path)
                chosen = mine or yours
        if chosen is not None:
            merged[path] = chosen
    return Merge(store.write_tree(merged), tuple(conflicts))


def _merge_file(store: GitStore, was: Entry | None, mine: Entry | None, yours: Entry | None) -> Entry | None:
    """The file both sides agree on line by line, or None for a conflict."""
    if was is None or mine is None or yours is None:
        return None
    mode = yours.mode if mine.mode == was.mode else mine.mode
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder, name) for name in ("mine", "was", "yours")]
        for path, entry in zip(paths, (mine, was, yours), strict=True):
            path.write_bytes(store.blob(entry.sha))
        done = subprocess.run(["git", "merge-file", "-p", *map(str, paths)], check=False, capture_output=True)
    return Entry(mode, store.write_blob(done.stdout)) if done.returncode == 0 else None
