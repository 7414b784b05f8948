"""A conversion in an f-string that slipped behind the colon moves in front of it.

What it fixes:
    `f"{items:!r}"`, where `!r` is taken for a format.

Why it fails:
    The conversion belongs before the colon; behind it, it is a format that no type knows.

Fix safety:
    Safe. The format `!r` is valid for no built-in type, so every evaluation would have raised.

References:
    Python Language Reference, "Formatted string literals".
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from app.core.model import Applicability, FailureKind
from app.fix.edit import Replace
from app.fix.pattern import ANY, FixPattern, Proposal, Strength
from app.fix.site import Site


def codemod(site: Site) -> Iterator[Proposal]:
    """Rewrites the f-strings of the statement."""
    for node in ast.walk(site.statement):
        if isinstance(node, ast.JoinedStr) and not isinstance(site.parent(node), ast.FormattedValue):
            text = site.text(node)
            better = text
            for letter in "rsa":
                better = better.replace(f":!{letter}}}", f"!{letter}}}")
            if better != text:
                yield Proposal(
                    (Replace(node, better),),
                    "Move the conversion of the f-string in front of the colon",
                    ("A format of `!r` exists for no value; the conversion `!r` was meant.",),
                    "Every evaluation of the old text would have raised.",
                    Strength.SIGNATURE,
                )
                return


PATTERN = FixPattern(
    category="wrong-type",
    applicability=Applicability.SAFE,
    answers=ANY,
    kinds=frozenset({FailureKind.WRONG_TYPE, FailureKind.RAISED}),
    codemod=codemod,
    examples=(),
    unchanged=(),
)
