"""A generator that asks an iterator for more than it has ends, as it did before PEP 479.

What it fixes:
    `next(items)` in a generator, which fails with "generator raised StopIteration" where the items are used up.

Why it fails:
    A StopIteration that leaves a generator no longer ends it: the language makes a RuntimeError of it.

Fix safety:
    Unsafe: only executions that would have raised end here, and everything that was yielded before stays; whether a
    short input should end the generator in silence is for a person to confirm.

References:
    PEP 479, "Change StopIteration handling inside generators".
"""

from __future__ import annotations

from collections.abc import Iterator

from app.core.model import Applicability, FailureKind
from app.fix.edit import Around
from app.fix.handlers import is_caught_here, takes_try
from app.fix.pattern import Example, FixPattern, Proposal, Raises, Strength, Unchanged
from app.fix.site import Site


def codemod(site: Site) -> Iterator[Proposal]:
    """Puts the failing statement into a `try` that returns."""
    function, name = site.function, site.trace.names[0] if site.trace.names else ""
    if function is None or not site.is_generator or not takes_try(site.statement) or is_caught_here(site):
        return
    # What a decorator makes of the generator, such as a context manager, may count on its yield.
    if function.decorator_list:
        return
    yield Proposal(
        (Around((site.statement,), "try:", f"except {name}:\n    return"),),
        f"End {site.function_name} where line {site.statement.lineno} finds nothing more",
        ("PEP 479 asks for a `return` where a StopIteration was to end the generator.",),
        "Only executions that would have raised end here.",
        Strength.SYNTAX,
        safe=False,
    )


PATTERN = FixPattern(
    category="missing-error-handling",
    applicability=Applicability.UNSAFE,
    answers=(Raises("StopIteration"), Raises("StopAsyncIteration")),
    kinds=frozenset({FailureKind.RAISED, FailureKind.EMPTY}),
    codemod=codemod,
    examples=(
        Example(
            """\
def with_first(items):
    items = iter(items)
    first = next(items)
    for item in items:
        yield first, item


assert list(with_first([])) == []
""",
            """\
def with_first(items):
    items = iter(items)
    try:
        first = next(items)
    except StopIteration:
        return
    for item in items:
        yield first, item


assert list(with_first([])) == []
""",
        ),
        Example(
            """\
def pairs(items):
    items = iter(items)
    while True:
        yield next(items), next(items)


assert list(pairs("abcd")) == [("a", "b"), ("c", "d")]
""",
            """\
def pairs(items):
    items = iter(items)
    while True:
        try:
            yield next(items), next(items)
        except StopIteration:
            return


assert list(pairs("abcd")) == [("a", "b"), ("c", "d")]
""",
        ),
    ),
    unchanged=(
        Unchanged(
            """\
def first(items):
    return next(iter(items))


first([])
""",
            "The function is no generator: its caller gets the StopIteration.",
        ),
        Unchanged(
            """\
from contextlib import contextmanager


@contextmanager
def opened(files):
    yield next(files)


with opened(iter([])):
    pass
""",
            "A context manager has to yield once.",
        ),
    ),
)
