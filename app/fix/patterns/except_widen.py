"""An existing handler also takes the exception that got past it.

What it fixes:
    A `try` around the failing statement catches some of what it can raise, and not what it did raise.

Why it fails:
    Whoever wrote the handler knew that the input may be bad, and knew one of the exceptions for that.

Fix safety:
    Safe where the `try` covers nothing but the failing statement and its handler does not answer with an error of its
    own: then only executions that raised this exception here go another way. Otherwise a person reviews.

References:
    Python Language Reference, "The try statement".
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from app.core.model import Applicability, FailureKind
from app.fix.edit import Import, Replace
from app.fix.handlers import Attempt, attempts_around, is_caught_here, is_related, spelled
from app.fix.pattern import ANY, Example, FixPattern, Proposal, Strength, Unchanged
from app.fix.scope import is_reraise, raises_own
from app.fix.site import Site

_SMALL = 8
# Raised in a function of our own that was called, these are its slips, not news about the input.
_SLIPS = frozenset({"AttributeError", "TypeError", "LookupError", "UnboundLocalError", "ZeroDivisionError"})


def codemod(site: Site) -> Iterator[Proposal]:
    """Adds the exception to the `except` clause or to `suppress()`."""
    names, conventions = site.trace.names, site.conventions
    if site.trace.depth and set(names) & _SLIPS:
        return
    around = list(attempts_around(site))
    if is_caught_here(site):
        return
    related = [
        one
        for one in around
        if is_related(one.types, names, conventions) and not (one.handler and is_reraise(one.handler))
    ]
    how = spelled(site)
    if not related or how is None:
        return
    innermost = related[0].statement
    same = [one for one in related if one.statement is innermost]
    chosen = same[-1]
    alone = innermost.body == [site.statement] or _only_returns(innermost.body, site)
    own = chosen.handler is not None and raises_own(chosen.handler)
    line = innermost.lineno
    yield Proposal(
        (Replace(chosen.types, _widened(site, chosen, how.code)), *([Import(how.line)] if how.line else [])),
        f"Let the handler of line {line} also take {names[0]}",
        (f"The `try` in line {line} already answers bad input here with the same kind of exception.",),
        "Only executions that raised this exception inside the `try` go another way.",
        _strength(chosen),
        safe=alone and not own and site.trace.depth == 0,
        raises=own,
    )


def _only_returns(body: list[ast.stmt], site: Site) -> bool:
    return len(body) == 1 and body[0] is site.statement


def _strength(chosen: Attempt) -> Strength:
    return Strength.SIGNATURE if chosen.size <= _SMALL else Strength.TYPE


def _widened(site: Site, chosen: Attempt, name: str) -> str:
    match chosen.types:
        case ast.Call(func=func, args=arguments):
            inner = ", ".join([*(site.text(one) for one in arguments), name])
            return f"{site.text(func)}({inner})"
        case ast.Tuple(elts=elements):
            return f"({', '.join([*(site.text(one) for one in elements), name])})"
        case single:
            return f"({site.text(single)}, {name})"


PATTERN = FixPattern(
    category="missing-error-handling",
    applicability=Applicability.SAFE,
    answers=ANY,
    kinds=frozenset(FailureKind) - {FailureKind.UNBOUND},
    codemod=codemod,
    examples=(),
    unchanged=(),
)
