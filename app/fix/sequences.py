"""What else the code reads of a sequence that is too short: one repaired lookup may only move the failure on."""

from __future__ import annotations

import ast

from app.core.syntax import Code
from app.fix.site import Site


def is_indexed_elsewhere(site: Site) -> bool:
    """True if what runs after the failing statement, or the next round of a `while`, reads another item unguarded."""
    wanted = ast.dump(site.subject)
    scopes: list[ast.stmt] = list(site.following)
    if isinstance(site.loop, ast.While):
        scopes += site.loop.body
    return any(
        isinstance(node, ast.Subscript)
        and not isinstance(node.slice, ast.Slice)
        and ast.dump(node.value) == wanted
        and site.statement not in [node, *site.code.ancestors(node)]
        and not site.is_tested(node, ast.dump(node))
        and not _is_tried(site.code, node)
        for scope in scopes
        for node in ast.walk(scope)
    )


def _is_tried(code: Code, node: ast.AST) -> bool:
    """True if a handler of an IndexError covers the node."""
    below = node
    for above in code.ancestors(node):
        if isinstance(above, ast.Try) and below in above.body:
            caught = {ast.unparse(one.type) if one.type is not None else "" for one in above.handlers}
            if any(name in one for one in caught for name in ("IndexError", "LookupError", "Exception")):
                return True
        below = above
    return False
