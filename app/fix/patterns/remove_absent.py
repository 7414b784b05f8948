"""Removing from a list what is not in it does nothing.

What it fixes:
    `items.remove(item)` for an item that was removed already.

Why it fails:
    The removal is repeated, or two parts of the program remove the same item.

Fix safety:
    Safe. Afterwards the item is gone in either case, and the removal gives nothing back.

References:
    Python Standard Library, "Mutable Sequence Types".
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from app.core.model import Applicability, FailureKind
from app.fix.edit import Wrap
from app.fix.forms import is_plain
from app.fix.pattern import FixPattern, Proposal, Raises, Strength
from app.fix.site import Site


def codemod(site: Site) -> Iterator[Proposal]:
    """Puts the removal under a test."""
    match site.statement:
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=owner, attr="remove"), args=[item])) if (
            is_plain(owner) and is_plain(item)
        ):
            test = f"{site.text(item)} in {site.text(owner)}"
            yield Proposal(
                (Wrap(site.statement, test),),
                f"Remove `{site.text(item)}` only if it is there",
                ("The statement only makes sure that the item is gone.",),
                "An item that is there is removed as before; without it the removal would have raised.",
                Strength.SYNTAX,
            )
        case _:
            pass


PATTERN = FixPattern(
    category="missing-error-handling",
    applicability=Applicability.SAFE,
    answers=(Raises("ValueError", r"not in (?:list|deque)"),),
    kinds=frozenset({FailureKind.RAISED}),
    codemod=codemod,
    examples=(),
    unchanged=(),
)
