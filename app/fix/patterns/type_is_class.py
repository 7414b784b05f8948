"""Only classes are asked whether they are subclasses.

What it fixes:
    `issubclass(item, Base)` for an item that is no class.

Why it fails:
    The value may be an instance, None or a type hint.

Fix safety:
    Safe. What is no class is no subclass; only calls that would have raised get another result.

References:
    Python Standard Library, `issubclass`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from app.core.model import Applicability, FailureKind
from app.fix.edit import Replace
from app.fix.forms import is_plain
from app.fix.pattern import FixPattern, Proposal, Raises, Strength
from app.fix.site import Site


def codemod(site: Site) -> Iterator[Proposal]:
    """Puts `isinstance(x, type) and` in front."""
    for node in ast.walk(site.statement):
        match node:
            case ast.Call(func=ast.Name(id="issubclass"), args=[item, _]) if is_plain(item):
                code = f"isinstance({site.text(item)}, type) and {site.text(node)}"
                above = site.parent(node)
                loose = isinstance(above, ast.BoolOp | ast.UnaryOp | ast.Compare)
                yield Proposal(
                    (Replace(node, f"({code})" if loose else code),),
                    f"Ask only a class whether it is a subclass: `{site.text(item)}` need not be one",
                    ("What is no class is no subclass.",),
                    "Only calls that would have raised get another result.",
                    Strength.SIGNATURE,
                )
                return
            case _:
                pass


PATTERN = FixPattern(
    category="wrong-type",
    applicability=Applicability.SAFE,
    answers=(Raises("TypeError", r"^issubclass\(\) arg 1 must be a class"),),
    kinds=frozenset({FailureKind.WRONG_TYPE, FailureKind.RAISED}),
    codemod=codemod,
    examples=(),
    unchanged=(),
)
