"""The empty part that splitting an empty text gives is passed over.

What it fixes:
    `[int(part) for part in text.split(",")]` for an empty text, or for one that ends in a comma.

Why it fails:
    `"".split(",")` gives one empty part, not none.

Fix safety:
    Safe: the condition leaves out only empty parts, and such a part was recorded as what could not be converted.

References:
    Python Standard Library, `str.split`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from app.core.model import Applicability, FailureKind
from app.core.recorded import look_up
from app.fix.edit import Before, Replace
from app.fix.pattern import Example, FixPattern, Proposal, Raises, Strength, Unchanged
from app.fix.site import Site

_EMPTY = frozenset({"''", "b''", '""'})


def codemod(site: Site) -> Iterator[Proposal]:
    """Adds the condition to the comprehension, or `continue` to the loop."""
    for inner, above in site.between(site.node):
        match above:
            case (
                ast.ListComp(generators=[loop])
                | ast.SetComp(generators=[loop])
                | ast.GeneratorExp(generators=[loop])
            ) if inner is not loop and _is_split(loop.iter) and _is_empty(site, loop.target) and not loop.ifs:
                yield _proposal(site, Replace(above, _with_condition(site, above, loop)), loop.iter)
                return
            case _:
                pass
    around = site.loop
    if isinstance(around, ast.For) and _is_split(around.iter) and _is_empty(site, around.target):
        guard = Before(around.body[0], f"if not {site.text(around.target)}:\n    continue")
        yield _proposal(site, guard, around.iter)


def _is_split(node: ast.expr) -> bool:
    match node:
        case ast.Call(func=ast.Attribute(attr="split" | "rsplit"), args=[_, *_]):
            return True
        case _:
            return False


def _is_empty(site: Site, target: ast.expr) -> bool:
    """True if the part was recorded as an empty text."""
    found = look_up(site.variables, target) if isinstance(target, ast.Name) else None
    return found is not None and found.value in _EMPTY


def _with_condition(site: Site, above: ast.expr, loop: ast.comprehension) -> str:
    text, tail = site.text(above), site.text(loop.iter)
    at = text.rfind(tail) + len(tail)
    return f"{text[:at]} if {site.text(loop.target)}{text[at:]}"


def _proposal(site: Site, edit: Replace | Before, split: ast.expr) -> Proposal:
    return Proposal(
        (edit,),
        f"Pass over the empty parts of `{site.text(split)}`",
        ("The part that failed was recorded as empty: an empty text splits into one empty part.",),
        "Only empty parts are left out.",
        Strength.SYNTAX,
        safe=False,
    )


PATTERN = FixPattern(
    category="missing-error-handling",
    applicability=Applicability.UNSAFE,
    answers=(Raises("ValueError"), Raises("IndexError"), Raises("KeyError")),
    kinds=frozenset({FailureKind.RAISED, FailureKind.BAD_INDEX, FailureKind.MISSING_KEY}),
    codemod=codemod,
    examples=(
        Example(
            """\
def numbers(text):
    found = []
    for part in text.split(","):
        found.append(int(part))
    return found


assert numbers("1,2,") == [1, 2]
""",
            """\
def numbers(text):
    found = []
    for part in text.split(","):
        if not part:
            continue
        found.append(int(part))
    return found


assert numbers("1,2,") == [1, 2]
""",
        ),
    ),
    unchanged=(
        Unchanged(
            """\
def numbers(text):
    found = []
    for part in text.split(","):
        found.append(int(part))
    return found


numbers("1,two")
""",
            "The part is no number, and not empty.",
        ),
    ),
)
