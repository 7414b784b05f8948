"""The files of a repository at one commit, as far as they were read. Nothing here touches a disk or a network."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Protocol


class SourceTree(Hashable, Protocol):
    """Read access to one commit's files. Two trees are the same only if they are one object."""

    @property
    def paths(self) -> Collection[str]:
        """Every regular file of the commit, with `/` separators; no symlinks, no submodules."""

    def read(self, path: str) -> str | None:
        """The text of `path`; None if the commit has no such file, or its text was not loaded."""


@dataclass(frozen=True, slots=True, eq=False)
class LoadedTree:
    """A commit whose listing is complete and of which some files were loaded."""

    listing: frozenset[str]
    texts: Mapping[str, str] = field(default_factory=dict)

    @property
    def paths(self) -> Collection[str]:
        """Every regular file of the commit."""
        return self.listing

    def read(self, path: str) -> str | None:
        """The text of `path`, or None if it is unknown or was not loaded."""
        return self.texts.get(path)
