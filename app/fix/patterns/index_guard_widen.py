"""A guard that lets only None out also lets out what is empty.

What it fixes:
    `if text is None: return None` in front of `text[0]`, for an empty text.

Why it fails:
    The guard knows one way of having nothing, and the input has another.

Fix safety:
    Safe where the next statement that uses the value is the failing one: then nothing else changes its way.

References:
    Python Standard Library, "Truth Value Testing".
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from app.core.model import Applicability, FailureKind
from app.fix.edit import Replace
from app.fix.pattern import INDEX_MISSING, FixPattern, Proposal, Strength
from app.fix.site import Site


def codemod(site: Site) -> Iterator[Proposal]:
    """Widens the test of the guard."""
    if site.failure.key not in {"0", "-1"} or site.function is None:
        return
    wanted = ast.dump(site.subject)
    for node in ast.walk(site.function):
        if isinstance(node, ast.If) and not node.orelse and node.lineno < site.statement.lineno:
            test = node.test
            match test:
                case ast.Compare(left=left, ops=[ast.Is()], comparators=[ast.Constant(value=None)]) if (
                    ast.dump(left) == wanted
                    and isinstance(node.body[-1], ast.Return | ast.Continue | ast.Raise)
                ):
                    yield Proposal(
                        (Replace(test, f"not {site.text(left)}"),),
                        f"Let the guard of line {node.lineno} also answer for an empty `{site.line}`",
                        (f"The guard of line {node.lineno} already answers for no `{site.line}`.",),
                        "What is empty would have raised at the next use.",
                        Strength.SIGNATURE,
                        safe=_is_next(site, node),
                    )
                case _:
                    pass


def _is_next(site: Site, guard: ast.If) -> bool:
    block = site.parent(guard)
    body = getattr(block, "body", [])
    return guard in body and site.statement in body and body.index(site.statement) == body.index(guard) + 1


PATTERN = FixPattern(
    category="missing-key",
    applicability=Applicability.SAFE,
    answers=INDEX_MISSING,
    kinds=frozenset({FailureKind.BAD_INDEX}),
    codemod=codemod,
    examples=(),
    unchanged=(),
)
