"""What the code does with one local name: where it may get a value, and which of its uses allow for None."""

from __future__ import annotations

import ast
from typing import TypeGuard

from app.core.syntax import Function, names_bound
from app.fix.conventions import is_missing_test
from app.fix.effects import COLLECTS
from app.fix.keys import is_only_tested
from app.fix.scope import leaves
from app.fix.site import Site


def first_binding(site: Site, name: str) -> ast.stmt | None:
    """The statement of the failing statement's own block, or of one around it, that may bind the name first."""
    below: ast.AST = site.statement
    for above in site.code.ancestors(site.statement):
        for _, value in ast.iter_fields(above):
            if isinstance(value, list) and below in value:
                for one in value[: value.index(below)]:
                    if isinstance(one, ast.stmt) and name in names_bound(one):
                        return one
        tried = above.body if isinstance(above, ast.Try) and below not in above.body else []
        if isinstance(above, ast.Try) and any(name in names_bound(one) for one in tried):
            return above
        if above is site.function:
            return None
        below = above
    return None


def allows_none(site: Site, use: ast.Name) -> bool:
    """True if the use asks whether there is a value, or compares it: None has an answer."""
    match site.parent(use):
        case ast.BoolOp(values=[*_, last]) if use is not last:
            return True
        case ast.Compare(ops=[ast.Eq() | ast.NotEq() | ast.Is() | ast.IsNot()]):
            return True
        case ast.Call(func=ast.Name(id="isinstance"), args=[first, _]):
            return first is use
        case _:
            return is_only_tested(site, use)


def is_guarded(site: Site, use: ast.Name) -> bool:
    """True if a test of the name keeps the use from being evaluated without a value."""
    below: ast.AST = use
    for above in site.code.ancestors(use):
        match above:
            case ast.BoolOp(op=ast.And(), values=values):
                earlier = values[: next(at for at, one in enumerate(values) if one is below)]
                if any(_asks(site, one, use.id) for one in earlier):
                    return True
            case ast.If(test=test) | ast.IfExp(test=test) | ast.While(test=test) if below is not test:
                inside = above.body if isinstance(above.body, list) else [above.body]
                missing = is_missing_test(test)
                loose = isinstance(test, ast.BoolOp) and isinstance(test.op, ast.Or) and not missing
                if _asks(site, test, use.id) and (below in inside) != missing and not loose:
                    return True
            case _:
                pass
        if any(_is_exit(site, one, use.id) for one in _ahead(above, below)):
            return True
        if isinstance(above, Function):
            return False
        below = above
    return False


def _ahead(block: ast.AST, node: ast.AST) -> list[ast.AST]:
    """The statements of the block that stand before the node."""
    lists = [value for _, value in ast.iter_fields(block) if isinstance(value, list) and node in value]
    return [one for value in lists for one in value[: value.index(node)]]


def _is_exit(site: Site, node: ast.AST, name: str) -> bool:
    """True for an early exit where the name has no value."""
    if not isinstance(node, ast.If) or not leaves(node.body):
        return False
    return is_missing_test(node.test) and _asks(site, node.test, name)


def _asks(site: Site, test: ast.expr, name: str) -> bool:
    """True if the test asks whether the name has a value."""
    return any(is_name(one, name) and allows_none(site, one) for one in ast.walk(test))


def is_name(node: ast.AST, name: str) -> TypeGuard[ast.Name]:
    """True for this plain name."""
    return isinstance(node, ast.Name) and node.id == name


def collecting_run(site: Site, name: str) -> list[ast.stmt]:
    """The failing statement and those right after it that do nothing but add the named value to a collection."""
    found: list[ast.stmt] = []
    for _, block in ast.iter_fields(site.parent(site.statement)):
        if not isinstance(block, list) or site.statement not in block:
            continue
        for one in block[block.index(site.statement) :]:
            match one:
                case ast.Expr(
                    value=ast.Call(func=ast.Attribute(attr=method), args=[ast.Name(id=given)], keywords=[])
                ) if given == name and method in COLLECTS:
                    found.append(one)
                case _:
                    return found
    return found
