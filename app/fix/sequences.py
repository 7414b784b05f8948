"""What the code shows of a collection that is too short: what else it reads of it, and whether it can be counted."""

from __future__ import annotations

import ast

from app.core.model import FailureKind
from app.core.syntax import Code, names_bound, names_in
from app.fix.conditions import lacks_too
from app.fix.forms import form_type, load_dump
from app.fix.site import Site

# What takes no empty text.
_STRICT = frozenset({"Decimal", "Fraction", "float", "int", "max", "min", "ord"})
_COUNTED = frozenset({"list", "tuple", "dict", "set", "frozenset", "str", "bytes"})


def is_indexed_elsewhere(site: Site) -> bool:
    """True if what runs after the failing statement, or the next round of a `while`, reads another item unguarded."""
    wanted = ast.dump(site.subject)
    scopes: list[ast.stmt] = list(site.following)
    if isinstance(site.loop, ast.While):
        scopes += site.loop.body
    return any(
        isinstance(node, ast.Subscript)
        and (not isinstance(node.slice, ast.Slice) or _is_empty_for_strict(site, node))
        and ast.dump(node.value) == wanted
        and site.statement not in [node, *site.code.ancestors(node)]
        and not site.is_tested(node, ast.dump(node))
        and not _is_tried(site.code, node)
        for scope in scopes
        for node in ast.walk(scope)
    )


def reads_of_lacking(site: Site) -> list[ast.Subscript]:
    """The reads, in the failing statement and in those after it, of items that cannot be there without the failing one.

    Nothing is told where the sequence may be another one by then.
    """
    missing, wanted = site.failure.key or "", ast.dump(site.subject)
    scopes = [site.statement, *site.following]
    if any(names_in(site.subject) & names_bound(one) for one in scopes):
        return []
    return [
        node
        for scope in scopes
        for node in ast.walk(scope)
        if isinstance(node, ast.Subscript)
        and ast.dump(node.value) == wanted
        and lacks_too(missing, ast.unparse(node.slice))
    ]


def _is_empty_for_strict(site: Site, node: ast.Subscript) -> bool:
    """True for `int(text[1:])` where item 1 is missing: the rest is empty, and an empty text is no number."""
    above = site.parent(node)
    start = node.slice.lower if isinstance(node.slice, ast.Slice) else None
    return (
        start is not None
        and lacks_too(site.failure.key or "", ast.unparse(start))
        and isinstance(above, ast.Call)
        and isinstance(above.func, ast.Name)
        and above.func.id in _STRICT
        and node in above.args[:1]
    )


def can_be_asked(site: Site) -> bool:
    """True if a condition can ask for what failed: an iterator, unlike a collection, does not say that it is empty."""
    return site.test is not None and (site.failure.kind is not FailureKind.EMPTY or _is_counted(site))


def _is_counted(site: Site) -> bool:
    """True if the record or the file shows that the subject is a collection: its form, its length or its truth."""
    if site.recorded_type(site.subject) in _COUNTED:
        return True
    own = isinstance(site.subject, ast.Name) and site.function is not None
    wanted = ast.dump(site.subject)
    for node in ast.walk(site.function if own and site.function is not None else site.code.tree):
        match node:
            case (
                ast.Assign(targets=[target], value=value)
                | ast.AnnAssign(target=target, value=ast.expr() as value)
            ) if load_dump(target) == wanted and form_type(value) in _COUNTED:
                return True
            case ast.Call(func=ast.Name(id="len"), args=[value]) if ast.dump(value) == wanted:
                return True
            case ast.If(test=test) | ast.While(test=test) | ast.IfExp(test=test) if ast.dump(test) == wanted:
                return True
            case _:
                pass
    return False


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
