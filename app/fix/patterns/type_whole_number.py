"""A quotient that has to be a whole number is divided as one.

What it fixes:
    `range(count / 2)` and `items[len(items) / 2]`.

Why it fails:
    `/` gives a float, and counts and indexes are whole numbers.

Fix safety:
    Unsafe: a float would have raised for every input, but another class may give a whole number for `/`.

References:
    PEP 238, "Changing the Division Operator".
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from app.core.model import Applicability, FailureKind
from app.fix.edit import Replace
from app.fix.pattern import Example, FixPattern, Proposal, Raises, Strength, Unchanged
from app.fix.site import Site


def codemod(site: Site) -> Iterator[Proposal]:
    """Writes `//` for the one `/` of the failing line."""
    quotients = [
        one for one in ast.walk(site.statement) if isinstance(one, ast.BinOp) and isinstance(one.op, ast.Div)
    ]
    if len(quotients) != 1 or not _is_index(site, quotients[0]):
        return
    quotient = quotients[0]
    yield Proposal(
        (Replace(quotient, f"{site.text(quotient.left)} // {site.text(quotient.right)}"),),
        f"Divide `{site.text(quotient)}` as whole numbers",
        ("The quotient is used as a count or an index.",),
        "A float there would have raised for every input.",
        Strength.SIGNATURE,
    )


def _is_index(site: Site, quotient: ast.BinOp) -> bool:
    match site.parent(quotient):
        case ast.Call(func=ast.Name(id="range")):
            return True
        case ast.Subscript(slice=index):
            return index is quotient
        case ast.Slice():
            return True
        case _:
            return False


PATTERN = FixPattern(
    category="wrong-type",
    applicability=Applicability.UNSAFE,
    answers=(
        Raises("TypeError", r"^'float' object cannot be interpreted as an integer"),
        Raises("TypeError", r"^\w+ indices must be integers"),
        Raises("TypeError", r"^slice indices must be integers"),
    ),
    kinds=frozenset({FailureKind.WRONG_TYPE, FailureKind.RAISED}),
    codemod=codemod,
    examples=(
        Example(
            """\
def half(items):
    return [items[at] for at in range(len(items) / 2)]


assert half([1, 2, 3, 4]) == [1, 2]
""",
            """\
def half(items):
    return [items[at] for at in range(len(items) // 2)]


assert half([1, 2, 3, 4]) == [1, 2]
""",
        ),
    ),
    unchanged=(
        Unchanged(
            """\
def rows(width):
    return list(range(width))


rows(2.5)
""",
            "Whether to round 2.5 up or down is not for a repair to say.",
        ),
    ),
)
