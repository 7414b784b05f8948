"""Walks through the graph of commits that trust parents only, never dates.

Commits made here carry the stand-in's clock and pushed ones the machine's, so a child may well be older than
its parent; walks that prune by date would go astray.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

Parents = Callable[[str], Sequence[str]]


def ancestors(starts: Iterable[str], parents: Parents) -> set[str]:
    """Everything reachable from `starts`, themselves included."""
    found: set[str] = set()
    waiting = list(starts)
    while waiting:
        sha = waiting.pop()
        if sha not in found:
            found.add(sha)
            waiting.extend(parents(sha))
    return found


def merge_bases(one: str, other: str, parents: Parents) -> list[str]:
    """The best common ancestors: those from which no other common one can be left out."""
    shared = ancestors([one], parents) & ancestors([other], parents)
    below = ancestors((parent for sha in shared for parent in parents(sha)), parents)
    return sorted(shared - below)


def newest_first(commits: set[str], parents: Parents, date: Callable[[str], int]) -> list[str]:
    """The commits with every child before its parents, and by date where that leaves a choice."""
    children = Counter(parent for sha in commits for parent in parents(sha) if parent in commits)
    ready = [(-date(sha), sha) for sha in commits if not children[sha]]
    heapq.heapify(ready)
    ordered: list[str] = []
    while ready:
        _, sha = heapq.heappop(ready)
        ordered.append(sha)
        for parent in parents(sha):
            if parent in commits:
                children[parent] -= 1
                if not children[parent]:
                    heapq.heappush(ready, (-date(parent), parent))
    return ordered
