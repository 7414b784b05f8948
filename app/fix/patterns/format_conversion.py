"""A conversion in an f-string that slipped behind the colon moves in front of it.

What it fixes:
    `f"{items:!r}"`, where `!r` is taken for a format.

Why it fails:
    The conversion belongs before the colon; behind it, it is a format that no type knows.

Fix safety:
    Safe. The format `!r` is valid for no built-in type, so every evaluation would have raised. Literal text that looks
    like it is left alone.

References:
    Python Language Reference, "Formatted string literals".
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from app.core.model import Applicability, FailureKind
from app.fix.edit import Replace
from app.fix.pattern import ANY, Example, FixPattern, Proposal, Strength, Unchanged
from app.fix.site import Site

_SLIPPED = frozenset({"!r", "!s", "!a"})
_WRITTEN = re.compile(r":(![rsa])\}")


def codemod(site: Site) -> Iterator[Proposal]:
    """Rewrites the f-strings of the statement."""
    edits = [
        Replace(node, better)
        for node in ast.walk(site.statement)
        if isinstance(node, ast.JoinedStr) and (better := _rewritten(site, node)) is not None
    ]
    if edits:
        yield Proposal(
            tuple(edits),
            "Move the conversion of the f-string in front of the colon",
            ("A format of `!r` exists for no value; the conversion `!r` was meant.",),
            "Every evaluation of the old text would have raised.",
            Strength.SIGNATURE,
        )


def _rewritten(site: Site, node: ast.JoinedStr) -> str | None:
    """The f-string with its conversions in place; None if it has no misplaced one, or text that looks like one."""
    text = site.text(node)
    misplaced = [
        one for one in node.values if isinstance(one, ast.FormattedValue) and _format(one) in _SLIPPED
    ]
    if not misplaced or len(_WRITTEN.findall(text)) != len(misplaced):
        return None
    return _WRITTEN.sub(r"\1}", text)


def _format(value: ast.FormattedValue) -> str | None:
    match value.format_spec:
        case ast.JoinedStr(values=[ast.Constant(value=str(text))]):
            return text
        case _:
            return None


PATTERN = FixPattern(
    category="wrong-type",
    applicability=Applicability.SAFE,
    answers=ANY,
    kinds=frozenset({FailureKind.WRONG_TYPE, FailureKind.RAISED}),
    codemod=codemod,
    examples=(
        Example(
            """\
def describe(items):
    return f"items: {items:!r}"


assert describe(["A"]) == "items: ['A']"
""",
            """\
def describe(items):
    return f"items: {items!r}"


assert describe(["A"]) == "items: ['A']"
""",
        ),
        Example(
            """\
def refusal(sku, known):
    return f"{sku:!r} is none of {len(known)} in stock: {known:!s}"


assert refusal("C", ["A", "B"]) == "'C' is none of 2 in stock: ['A', 'B']"
""",
            """\
def refusal(sku, known):
    return f"{sku!r} is none of {len(known)} in stock: {known!s}"


assert refusal("C", ["A", "B"]) == "'C' is none of 2 in stock: ['A', 'B']"
""",
        ),
    ),
    unchanged=(
        Unchanged(
            """\
def describe(items):
    return f"items: {items:>20}"


describe(["A"])
""",
            "A width is a format: how a list is to be filled up is not known.",
        ),
        Unchanged(
            """\
def template(fields):
    return f"{{name:!r}} of {fields:>20}"


template(["name"])
""",
            "The conversion stands in literal text, in which nothing is wrong.",
        ),
    ),
)
