"""A loop that changes what it goes over goes over a copy.

What it fixes:
    `for key in cache:` with `del cache[key]` in its body, or in another thread.

Why it fails:
    Dicts, sets and deques refuse to be iterated while they grow or shrink.

Fix safety:
    Unsafe: items that are added during the loop are not visited, as a person should confirm.

References:
    Python Standard Library, "Dictionary view objects".
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from app.core.model import Applicability, FailureKind
from app.fix.edit import Replace
from app.fix.pattern import Example, FixPattern, Proposal, Raises, Strength, Unchanged
from app.fix.site import Site


def codemod(site: Site) -> Iterator[Proposal]:
    """Writes `list()` around what the loop goes over."""
    match site.statement:
        case ast.For(iter=iterable):
            pass
        case statement:
            found = [one for one in ast.walk(statement) if isinstance(one, ast.comprehension)]
            if len(found) != 1:
                return
            iterable = found[0].iter
    if isinstance(iterable, ast.Call) and isinstance(iterable.func, ast.Name):
        return
    yield Proposal(
        (Replace(iterable, f"list({site.text(iterable)})"),),
        f"Go over a copy of `{site.text(iterable)}`",
        ("It changes while the loop goes over it.",),
        "The copy holds what was there when the loop began.",
        Strength.SIGNATURE,
        safe=False,
    )


PATTERN = FixPattern(
    category="missing-error-handling",
    applicability=Applicability.UNSAFE,
    answers=(Raises("RuntimeError", r"(?:changed size|mutated|changed) during iteration"),),
    kinds=frozenset({FailureKind.RAISED}),
    codemod=codemod,
    examples=(
        Example(
            """\
def expire(cache, now):
    for key in cache:
        if cache[key] < now:
            del cache[key]
    return cache


assert expire({"a": 1, "b": 9}, 5) == {"b": 9}
""",
            """\
def expire(cache, now):
    for key in list(cache):
        if cache[key] < now:
            del cache[key]
    return cache


assert expire({"a": 1, "b": 9}, 5) == {"b": 9}
""",
        ),
    ),
    unchanged=(
        Unchanged(
            """\
def numbered(cache):
    for at, key in enumerate(cache):
        cache[f"{at}-{key}"] = at


numbered({"a": 1, "b": 2})
""",
            "What is inside of `enumerate()` is not the loop's to copy.",
        ),
    ),
)
