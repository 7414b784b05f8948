"""The text of an exception is `str(error)`: its first argument need not be a text.

What it fixes:
    `error.args[0] + " in line 3"` for an exception whose first argument is a number, or that has none.

Why it fails:
    Exceptions may carry anything as arguments; only `str()` says what they print.

Fix safety:
    Safe: where the first argument is a text and the only one, `str(error)` is that text.

References:
    Python Standard Library, `BaseException.args`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from app.core.model import Applicability, FailureKind
from app.core.syntax import own_nodes
from app.fix.edit import Replace
from app.fix.pattern import ANY, FixPattern, Proposal, Strength
from app.fix.site import Site


def codemod(site: Site) -> Iterator[Proposal]:
    """Writes `str(error)` for `error.args[0]`."""
    caught = {
        one.name for one in own_nodes(site.function) if isinstance(one, ast.ExceptHandler) and one.name
    } if site.function is not None else set()  # fmt: skip
    for node in ast.walk(site.statement):
        match node:
            case ast.Subscript(
                value=ast.Attribute(value=ast.Name(id=name), attr="args"), slice=ast.Constant(value=0)
            ) if name in caught and isinstance(site.parent(node), ast.BinOp | ast.FormattedValue | ast.Call):
                yield Proposal(
                    (Replace(node, f"str({name})"),),
                    f"Write the text of `{name}` itself",
                    (f"`{name}.args[0]` is used as a text, and may be anything.",),
                    "For an exception with one text as its argument both give the same.",
                    Strength.SIGNATURE,
                )
                return
            case _:
                pass


PATTERN = FixPattern(
    category="wrong-type",
    applicability=Applicability.SAFE,
    answers=ANY,
    kinds=frozenset({FailureKind.WRONG_TYPE, FailureKind.RAISED, FailureKind.BAD_INDEX}),
    codemod=codemod,
    examples=(),
    unchanged=(),
)
