"""A value that is formatted with `%` is put into a tuple of one, as it may be a tuple itself.

What it fixes:
    `"%s" % value` for a value that is a tuple.

Why it fails:
    `%` takes a tuple apart into its arguments; any other value is the one argument.

Fix safety:
    Unsafe: a tuple of one was written as its item, and is written as a tuple now. Mappings are left alone, because
    `%(name)s` reads them.

References:
    Python Standard Library, "printf-style String Formatting".
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from app.core.model import Applicability, FailureKind
from app.fix.edit import Replace
from app.fix.pattern import Example, FixPattern, Proposal, Raises, Strength, Unchanged
from app.fix.site import Site

_PLACE = re.compile(r"%[-#0 +]*(?:\d+)?(?:\.\d+)?[sdrifgxca]")


def codemod(site: Site) -> Iterator[Proposal]:
    """Writes `(value,)` for the value."""
    found = [one for one in ast.walk(site.statement) if _is_single(one)]
    if len(found) != 1 or not isinstance(found[0], ast.BinOp):
        return
    value = found[0].right
    yield Proposal(
        (Replace(value, f"({site.text(value)},)"),),
        f"Format `{site.text(value)}` as one value",
        ("The text has one place, and the value is a tuple.",),
        "Other values are written as before.",
        Strength.SIGNATURE,
    )


def _is_single(node: ast.AST) -> bool:
    match node:
        case ast.BinOp(left=ast.Constant(value=str(text)), op=ast.Mod(), right=right):
            places = _PLACE.findall(text.replace("%%", ""))
            return len(places) == 1 and "%(" not in text and not isinstance(right, ast.Tuple | ast.Dict)
        case _:
            return False


PATTERN = FixPattern(
    category="wrong-type",
    applicability=Applicability.UNSAFE,
    answers=(
        Raises("TypeError", r"^not all arguments converted during string formatting"),
        Raises("TypeError", r"^not enough arguments for format string"),
    ),
    kinds=frozenset({FailureKind.RAISED, FailureKind.WRONG_TYPE}),
    codemod=codemod,
    examples=(
        Example(
            """\
def label(leaf):
    return "leaf %s" % leaf


assert label(("a", 1)) == "leaf ('a', 1)"
""",
            """\
def label(leaf):
    return "leaf %s" % (leaf,)


assert label(("a", 1)) == "leaf ('a', 1)"
""",
        ),
    ),
    unchanged=(
        Unchanged(
            """\
def label(name, count):
    return "%s: %d of %d" % (name, count)


label("a", 1)
""",
            "An argument is missing.",
        ),
    ),
)
