"""Leaving items out of a comprehension: the condition that a loop would write before its `continue`."""

from __future__ import annotations

import ast

from app.core.syntax import names_bound, names_in
from app.fix.edit import Replace
from app.fix.pattern import Proposal, Strength
from app.fix.site import Site


def filter_items(site: Site) -> Proposal | None:
    """The comprehension without the items that lack what its result needs; never safe, as readers may count on all."""
    found = _comprehension(site)
    if found is None or site.test is None or not site.is_plain or site.line != site.text(site.subject):
        return None
    generator = found.generators[-1]
    if not names_in(site.subject if site.none else site.node) & names_bound(generator.target):
        return None
    last = generator.ifs[-1] if generator.ifs else generator.iter
    code = _with_condition(site, found, last)
    if code is None:
        return None
    return Proposal(
        (Replace(found, code),),
        f"Leave out the items for which {site.missing}",
        ("The item has nothing for the result; the other items do not need it.",),
        "The condition leaves out only items that would have raised.",
        Strength.LAST,
        safe=False,
    )


def _comprehension(site: Site) -> ast.ListComp | ast.SetComp | ast.DictComp | None:
    """The innermost comprehension, if each of its items needs the failing expression."""
    for inner, above in site.between(site.node):
        match above:
            case ast.ListComp(elt=part) | ast.SetComp(elt=part) | ast.DictComp(value=part) if part is inner:
                return above if not _is_optional(site, part) else None
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp() | ast.Lambda():
                return None
            case _:
                pass
    return None


def _is_optional(site: Site, part: ast.expr) -> bool:
    return part is not site.node and site.lazy(site.node, part)


def _with_condition(site: Site, found: ast.expr, last: ast.expr) -> str | None:
    """The source of the comprehension with one more `if` after `last`."""
    text, tail = site.text(found), site.text(last)
    at = text.rfind(tail)
    if isinstance(last, ast.IfExp | ast.Lambda | ast.NamedExpr) or text[at + len(tail) :].strip(" \n)]},"):
        return None
    end = at + len(tail)
    while text[end:].lstrip().startswith(")"):
        end = text.index(")", end) + 1
    return f"{text[:end]} if {site.test}{text[end:]}"
