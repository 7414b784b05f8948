"""The first or last character of a text is compared with `startswith` or `endswith`, which an empty text answers too.

What it fixes:
    `text[0] == "."` for an empty text.

Why it fails:
    An empty text has no first character.

Fix safety:
    Safe. Both ways of asking give the same for every text that is not empty; the empty one starts with nothing.

References:
    Python Standard Library, `str.startswith`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from app.core.model import Applicability, FailureKind
from app.core.recorded import type_name
from app.fix.edit import Replace
from app.fix.pattern import INDEX_MISSING, FixPattern, Proposal, Strength
from app.fix.site import Site


def codemod(site: Site) -> Iterator[Proposal]:
    """Writes the comparison as a call."""
    above = site.parent(site.node)
    match above:
        case ast.Compare(
            left=left, ops=[ast.Eq() | ast.NotEq() as operator], comparators=[ast.Constant(value=str(text))]
        ) if left is site.node and len(text) == 1 and site.failure.key in {"0", "-1"} and _is_text(site):
            method = "startswith" if site.failure.key == "0" else "endswith"
            negation = "not " if isinstance(operator, ast.NotEq) else ""
            code = f"{negation}{site.text(site.subject)}.{method}({site.text(above.comparators[0])})"
            yield Proposal(
                (Replace(above, code),),
                f"Ask `{site.line}.{method}()`, which an empty text can answer",
                (f"`{site.text(above)}` asks how a text {'starts' if site.failure.key == '0' else 'ends'}.",),
                "For a text that is not empty both give the same.",
                Strength.SIGNATURE,
            )
        case _:
            pass


def _is_text(site: Site) -> bool:
    return site.trace.message.startswith("string ") or type_name(site.variables, site.subject) == "str"


PATTERN = FixPattern(
    category="missing-key",
    applicability=Applicability.SAFE,
    answers=INDEX_MISSING,
    kinds=frozenset({FailureKind.BAD_INDEX}),
    codemod=codemod,
    examples=(),
    unchanged=(),
)
