"""The effects of statements: what collects, and what of a call would be lost if it ended at the failing one."""

from __future__ import annotations

import ast

from app.core.syntax import own_nodes
from app.fix.forms import form_type
from app.fix.site import Site

# Methods that put something into a collection, or take it out.
COLLECTS = frozenset(
    {"append", "appendleft", "add", "extend", "insert", "update", "setdefault", "remove", "discard", "write"}
)


def is_all_it_does(site: Site) -> bool:
    """True if the failing statement is the one effect of the function: without it nothing would be left of the call."""
    effects = [
        one
        for one in own_nodes(site.function)
        if isinstance(one, ast.For | ast.While | ast.With | ast.Delete | ast.AugAssign)
        or (isinstance(one, ast.Expr) and isinstance(one.value, ast.Call | ast.Await))
        or (isinstance(one, ast.Assign) and not all(isinstance(target, ast.Name) for target in one.targets))
    ] if site.function is not None else []  # fmt: skip
    return effects == [site.statement]


def sets_state(site: Site) -> bool:
    """True if the rest of the function sets attributes of its object: callers may count on them."""
    return any(
        isinstance(one, ast.Attribute)
        and isinstance(one.ctx, ast.Store)
        and isinstance(one.value, ast.Name)
        and one.value.id == "self"
        for statement in [site.statement, *site.following]
        for one in ast.walk(statement)
    )


def is_part_of_text(site: Site) -> bool:
    """True if the value is only an ingredient of a text, which says other things as well."""
    return any(
        isinstance(above, ast.JoinedStr)
        or (isinstance(above, ast.BinOp) and form_type(above) == "str")
        or (
            isinstance(above, ast.Call)
            and isinstance(above.func, ast.Attribute)
            and above.func.attr == "format"
        )
        for _, above in site.between(site.node)
    )
