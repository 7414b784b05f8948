"""A conditional expression that already has an answer for "nothing there" also gives it for None.

What it fixes:
    `dict(row[1]) if with_content else {}` where `row[1]` is None.

Why it fails:
    The condition knows one way of having nothing, and the data has another.

Fix safety:
    Safe. The condition grows by a test that fails only where the expression would have raised.

References:
    Python Language Reference, "Conditional expressions".
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from app.core.model import Applicability, FailureKind
from app.fix.conventions import is_constant
from app.fix.edit import Replace
from app.fix.pattern import ANY, FixPattern, Proposal, Strength
from app.fix.site import Site


def codemod(site: Site) -> Iterator[Proposal]:
    """Adds the test to the condition."""
    test = site.test
    if test is None or not site.is_plain_enough:
        return
    for node, above in site.between(site.node):
        match above:
            case ast.IfExp(test=condition, body=body, orelse=other) if node is body and is_constant(other):
                text = site.text(condition)
                joined = f"({text})" if isinstance(condition, ast.BoolOp | ast.IfExp | ast.Lambda) else text
                yield Proposal(
                    (Replace(condition, f"{joined} and {test}"),),
                    f"Use `{site.text(other)}` also when {site.missing}",
                    (f"The expression is `{site.text(other)}` already where `{text}` does not hold.",),
                    "The condition changes only where the expression would have raised.",
                    Strength.SIGNATURE,
                )
                return
            case ast.Lambda() | ast.ListComp() | ast.GeneratorExp() | ast.SetComp() | ast.DictComp():
                return
            case _:
                pass


PATTERN = FixPattern(
    category="null-safety",
    applicability=Applicability.SAFE,
    answers=ANY,
    kinds=frozenset(
        {FailureKind.NONE_VALUE, FailureKind.MISSING_KEY, FailureKind.BAD_INDEX, FailureKind.WRONG_TYPE}
    ),
    codemod=codemod,
    examples=(),
    unchanged=(),
)
