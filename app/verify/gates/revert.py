"""Gates on a pull request that takes a merged fix back: by ids of git objects alone, so nothing has to be run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from app.verify.gates.claim import Claim, Revert, read_claim
from app.verify.gates.gate import Gate, Objection
from app.verify.gates.proposal import Change


@dataclass(frozen=True, slots=True)
class Merged:
    """The commit that is named as the merge of a fix.

    `messages` are its own and those of the commits that it merges; `changes` is the whole tree diff from its first
    parent, `since` every path that is not on the tip of the base branch as it left it.
    """

    on_base: bool
    messages: tuple[str, ...]
    changes: tuple[Change, ...]
    since: frozenset[str]

    @property
    def fix(self) -> Claim | None:
        """What it claims to have fixed; None if it is none of our merges."""
        claims = [read_claim(message.split("\n")) for message in self.messages]
        return next((one for one in claims if isinstance(one, Claim)), None)


@dataclass(frozen=True, slots=True)
class Reversal:
    """The claim, the commit that it names (None if there is none), and the whole tree diff of the head."""

    claim: Revert
    merged: Merged | None
    changes: tuple[Change, ...]


def merged_fix(reversal: Reversal) -> Iterator[Objection]:
    """What is taken back was merged into the base, is a fix of ours, and is that of the named incident."""
    claim, merged = reversal.claim, reversal.merged
    if merged is None or not merged.on_base:
        yield Objection(f"the commit {claim.commit} is not on the base")
        return
    fix = merged.fix
    if fix is None:
        yield Objection(f"the commit {claim.commit} is no merge of Autofix: its message does not say so")
        return
    if fix.incident != claim.incident:
        yield Objection(f"the commit {claim.commit} is of {fix.incident}, not of {claim.incident}")
    touched = {change.path for change in merged.changes}
    if touched != {fix.fix, fix.test_file}:
        yield Objection(f"the commit {claim.commit} changed other files than {fix.fix} and {fix.test_file}")


def unchanged_since(reversal: Reversal) -> Iterator[Objection]:
    """On the base the files still are as the fix left them, so nothing of anybody else is lost."""
    merged = reversal.merged
    if merged is None:
        return
    for change in merged.changes:
        if change.path in merged.since:
            yield Objection(f"{change.path} was changed since the fix was merged", change.path)


def exact(reversal: Reversal) -> Iterator[Objection]:
    """The head undoes the fix to the last bit and does nothing else: the same paths, modes and blobs, turned round."""
    if reversal.merged is None:
        return
    done, undone = _by_path(reversal.merged.changes), _by_path(reversal.changes)
    for path in sorted(undone.keys() - done.keys()):
        yield Objection(f"{path} is changed too, and the fix did not touch it", path)
    for path in sorted(done.keys() - undone.keys()):
        yield Objection(f"{path} is not taken back", path)
    for path in sorted(done.keys() & undone.keys()):
        (mode_before, before), after = done[path]
        (mode, blob), was = undone[path][1], undone[path][0]
        if was != after:
            yield Objection(f"{path} is not on the base as the fix left it", path)
        if mode != mode_before:
            yield Objection(f"{path} had the mode {mode_before} before the fix, not {mode}", path)
        if blob != before:
            yield Objection(f"{path} is not what it was before the fix", path)


_Entry = tuple[str, str]


def _by_path(changes: tuple[Change, ...]) -> Mapping[str, tuple[_Entry, _Entry]]:
    """Mode and blob of every path, before and after."""
    return {one.path: ((one.old_mode, one.old_id), (one.new_mode, one.new_id)) for one in changes}


REVERT: tuple[Gate[Reversal], ...] = (
    Gate("merged-fix", "What is taken back is a fix that Autofix merged", merged_fix),
    Gate("unchanged-since", "Nobody has changed its files since", unchanged_since),
    Gate("exact-revert", "It is undone to the last bit, and nothing else is changed", exact),
)
