"""A loop over the parts of something that is not there has no rounds.

What it fixes:
    `for part in text.split(";"):` where `text` is None.

Why it fails:
    None has no parts, and the loop asks for them before it is known that there is anything to take apart.

Fix safety:
    Safe: the condition leaves out only loops that would have raised at once. Where a name that the loop binds is used
    after it, nothing is changed.

References:
    Python Language Reference, "The for statement".
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from app.core.model import Applicability
from app.core.syntax import names_bound, names_in
from app.fix.edit import Wrap
from app.fix.pattern import NONE_USED, FixPattern, Proposal, Strength
from app.fix.site import Site


def codemod(site: Site) -> Iterator[Proposal]:
    """Puts the loop under a test for None."""
    loop = site.statement
    if not isinstance(loop, ast.For) or loop.orelse or site.test is None or not site.takes_guard:
        return
    if site.subject is loop.iter or site.used_again or not _is_part(site, loop.iter):
        return
    made_before = {
        name
        for one in ast.walk(site.function) if site.function is not None and isinstance(one, ast.Assign)
        and one.lineno < loop.lineno for name in names_bound(one)
    }  # fmt: skip
    bound = names_bound(loop) - made_before
    if any(names_in(one) & bound for one in site.following):
        return
    yield Proposal(
        (Wrap(loop, site.test),),
        f"Leave out the loop of line {loop.lineno} when {site.missing}",
        ("Without anything to take apart there are no rounds.",),
        "The condition leaves out only loops that would have raised at once.",
        Strength.SYNTAX,
    )


def _is_part(site: Site, iterable: ast.expr) -> bool:
    """True if the iterable is made by methods of the subject alone."""
    node: ast.AST = iterable
    while node is not site.subject:
        match node:
            case ast.Call(func=ast.Attribute() as func):
                node = func
            case ast.Attribute(value=value):
                node = value
            case _:
                return False
    return True


PATTERN = FixPattern(
    category="null-safety",
    applicability=Applicability.SAFE,
    answers=NONE_USED,
    codemod=codemod,
    examples=(),
    unchanged=(),
)
