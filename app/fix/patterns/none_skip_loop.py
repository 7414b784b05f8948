"""A loop over the parts of something that is not there has no rounds.

What it fixes:
    `for part in text.split(";"):` where `text` is None.

Why it fails:
    None has no parts, and the loop asks for them before it is known that there is anything to take apart.

Fix safety:
    Safe: the condition leaves out only loops that would have raised at once. Where a name that only the loop binds is
    used after it, or the value itself is, nothing is changed.

References:
    Python Language Reference, "The for statement".
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from app.core.model import Applicability
from app.core.syntax import names_bound, names_in
from app.fix.edit import Wrap
from app.fix.pattern import NONE_USED, Example, FixPattern, Proposal, Strength, Unchanged
from app.fix.scope import locals_before
from app.fix.site import Site


def codemod(site: Site) -> Iterator[Proposal]:
    """Puts the loop under a test for None."""
    loop = site.statement
    if not isinstance(loop, ast.For) or loop.orelse or site.test is None or not site.takes_guard:
        return
    if site.subject is loop.iter or site.used_again or not _is_part(site, loop.iter):
        return
    unset = names_bound(loop) - locals_before(site)
    if any(names_in(one) & unset for one in site.following):
        return
    yield Proposal(
        (Wrap(loop, site.test),),
        f"Leave out the loop of line {loop.lineno} when {site.missing}",
        ("Without anything to take apart there are no rounds.",),
        "The condition leaves out only loops that would have raised at once.",
        Strength.SYNTAX,
    )


def _is_part(site: Site, iterable: ast.expr) -> bool:
    """True if what the loop goes over is made from the subject alone, by its methods, attributes and items."""
    node: ast.expr = iterable
    while node is not site.subject:
        match node:
            case ast.Call(func=ast.Attribute(value=inner)):
                node = inner
            case ast.Call(
                func=ast.Name(id="enumerate" | "list" | "reversed" | "set" | "sorted"), args=[inner, *_]
            ):
                node = inner
            case ast.Attribute(value=inner) | ast.Subscript(value=inner):
                node = inner
            case _:
                return False
    return True


PATTERN = FixPattern(
    category="null-safety",
    applicability=Applicability.SAFE,
    answers=NONE_USED,
    codemod=codemod,
    examples=(
        Example(
            """\
def policies(header):
    found = {}
    for part in header.split(";"):
        name, _, value = part.strip().partition(" ")
        found[name] = value
    return found


assert policies(None) == {}
""",
            """\
def policies(header):
    found = {}
    if header is not None:
        for part in header.split(";"):
            name, _, value = part.strip().partition(" ")
            found[name] = value
    return found


assert policies(None) == {}
""",
        ),
        Example(
            """\
def numbered(order):
    lines = []
    for number, line in enumerate(order["lines"], 1):
        lines.append(f"{number}. {line}")
    return lines


assert numbered(None) == []
""",
            """\
def numbered(order):
    lines = []
    if order is not None:
        for number, line in enumerate(order["lines"], 1):
            lines.append(f"{number}. {line}")
    return lines


assert numbered(None) == []
""",
        ),
    ),
    unchanged=(
        Unchanged(
            """\
def last_word(text):
    for word in text.split():
        print(word)
    return word


last_word(None)
""",
            "What follows the loop uses a name that only the loop binds.",
        ),
        Unchanged(
            """\
def numbered(order):
    lines = []
    for line in order["lines"]:
        lines.append(line)
    lines.append(order["total"])
    return lines


numbered(None)
""",
            "What follows the loop needs the value as well.",
        ),
    ),
)
