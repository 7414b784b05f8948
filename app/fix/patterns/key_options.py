"""Options that are only tested for truth are read with `.get()`, all of them alike.

What it fixes:
    `if options["store"] or options["count"]:` where `**options` holds only what the caller gave.

Why it fails:
    One caller gives every option, another one only those that it needs.

Fix safety:
    Safe: a missing option is as false as None, and each test would have raised without it.

References:
    Python Standard Library, `dict.get`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from app.core.model import Applicability
from app.core.syntax import own_nodes
from app.fix.edit import Replace
from app.fix.keys import gets, is_misspelt
from app.fix.pattern import KEY_MISSING, FixPattern, Proposal, Strength
from app.fix.site import Site


def codemod(site: Site) -> Iterator[Proposal]:
    """Writes `.get()` for every lookup of the mapping whose truth alone is asked."""
    if site.function is None or not isinstance(site.node, ast.Subscript) or is_misspelt(site):
        return
    keywords = site.function.args.kwarg
    named = isinstance(site.subject, ast.Name) and keywords is not None and site.subject.id == keywords.arg
    if not named and not gets(site):
        return
    wanted = ast.dump(site.subject)
    found = [
        one
        for one in own_nodes(site.function)
        if isinstance(one, ast.Subscript)
        and ast.dump(one.value) == wanted
        and isinstance(one.slice, ast.Constant)
        and isinstance(one.ctx, ast.Load)
    ]
    tested = [one for one in found if _is_truth(site, one)]
    if site.node not in tested or len(tested) < 2 or (not named and len(tested) != len(found)):  # noqa: PLR2004
        return
    yield Proposal(
        tuple(Replace(one, f"{site.text(one.value)}.get({site.text(one.slice)})") for one in tested),
        f"Read the {len(tested)} options of `{site.line}` that are only tested with `.get()`",
        ("Their truth is all that is asked, and what was not given is not wanted.",),
        "A test gives another result only where it would have raised.",
        Strength.SIGNATURE,
    )


def _is_truth(site: Site, node: ast.expr) -> bool:
    above = site.parent(node)
    match above:
        case ast.If(test=test) | ast.While(test=test) | ast.IfExp(test=test):
            return test is node
        case ast.BoolOp() | ast.UnaryOp(op=ast.Not()):
            return _is_truth(site, above)
        case _:
            return False


PATTERN = FixPattern(
    category="missing-key",
    applicability=Applicability.SAFE,
    answers=KEY_MISSING,
    codemod=codemod,
    examples=(),
    unchanged=(),
)
