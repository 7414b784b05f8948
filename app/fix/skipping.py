"""What shows that a loop may pass over an item: tests, guards and handlers of its own, and nothing half done."""

from __future__ import annotations

import ast

from app.core.exceptions import DATA, OUTSIDE
from app.core.syntax import names_bound, names_in
from app.fix.handlers import is_about
from app.fix.logs import is_log
from app.fix.returns import says_nothing
from app.fix.scope import locals_before, statements_before
from app.fix.site import Site


def is_listed_attribute(site: Site) -> bool:
    """True for `getattr(thing, name)` in a loop over `dir(thing)`."""
    match site.loop, site.node:
        case (
            ast.For(target=ast.Name(id=target), iter=iterable),
            ast.Call(func=ast.Name(id="getattr"), args=[thing, ast.Name(id=name)], keywords=[]),
        ) if name == target and "AttributeError" in site.trace.names:
            listed = [one for one in ast.walk(iterable) if isinstance(one, ast.Call)]
            return any(
                isinstance(one.func, ast.Name)
                and one.func.id == "dir"
                and [ast.dump(given) for given in one.args] == [ast.dump(thing)]
                for one in listed
            )
        case _:
            return False


def chosen_by_value(site: Site) -> int | None:
    """The line of an `if` without `else` that asks about the value, if the rest of the round is such tests only."""
    rest = site.following_in_loop
    direct = site.loop is site.parent(site.statement) and DATA & set(site.trace.names)
    match site.statement:
        case ast.Assign(targets=[ast.Name() | ast.Tuple()]) if rest and direct:
            made = names_bound(site.statement)
        case _:
            return None
    return rest[0].lineno if all(_chooses(one, made) for one in rest) else None


def _chooses(statement: ast.stmt, made: set[str]) -> bool:
    """True for an `if` about one of the names, or a chain of such, that refuses nothing and has no last `else`."""
    match statement:
        case ast.If(test=test, body=body, orelse=other) if names_in(test) & made and not _is_negative(test):
            refuses = any(_refuses(one) for part in body for one in ast.walk(part))
            return not refuses and (not other or (len(other) == 1 and _chooses(other[0], made)))
        case _:
            return False


def _refuses(node: ast.AST) -> bool:
    return isinstance(node, ast.Raise) or (isinstance(node, ast.Return) and says_nothing(node.value))


def _is_negative(test: ast.expr) -> bool:
    """True for a test that a value which lacks something meets: what could not be made might meet it as well."""
    match test:
        case ast.UnaryOp(op=ast.Not()) | ast.Compare(ops=[ast.NotIn() | ast.NotEq() | ast.Is()]):
            return True
        case ast.BoolOp(values=values):
            return any(_is_negative(one) for one in values)
        case _:
            return False


def skips(site: Site) -> int | None:
    """A line of the loop that passes over an item: a guard before the failing statement, or a handler that goes on.

    A guard against an empty item, or one that was there before, says nothing about a bad one, unless it reports it.
    """
    if not _is_whole(site):
        return None
    own = names_bound(site.loop) if site.loop is not None else set()
    outside = OUTSIDE & set(site.trace.names)
    for node in ast.walk(site.loop) if site.loop is not None else ():
        match node:
            case ast.If(test=test, body=body, orelse=[]) if (
                node.lineno < site.statement.lineno
                and not outside
                and names_in(test) & own
                and _only_skips(body)
            ):
                reports = len(body) > 1
                if reports or not (_asks_for_repetition(site, test) or _asks_for_nothing(test)):
                    return node.lineno
            case ast.ExceptHandler(body=body) if _goes_on(body) and is_about(
                node, site.trace.names, site.conventions
            ):
                return node.lineno
            case _:
                pass
    return None


def _is_whole(site: Site) -> bool:
    """True if nothing of the item is done yet, nor kept for others: passing over it leaves nothing half done.

    The statement must stand on the main line of the round: a branch of several knows its own kind of item.
    """
    below: ast.AST = site.statement
    for above in site.code.ancestors(site.statement):
        if above is site.loop:
            break
        branch = isinstance(above, ast.If) and (bool(above.orelse) or below not in above.body)
        if branch or not isinstance(above, ast.If | ast.With | ast.AsyncWith | ast.Try):
            return False
        below = above
    before = statements_before(site, site.loop)
    carried = names_bound(site.statement) & (
        locals_before(site) - {name for one in before for name in names_bound(one)}
    )
    return not carried and not any(_has_effect(node) for one in before for node in ast.walk(one))


def _has_effect(node: ast.AST) -> bool:
    match node:
        case ast.Expr(value=ast.Call() | ast.Await() | ast.Yield() | ast.YieldFrom()):
            return not is_log(node)
        case ast.Attribute(ctx=ast.Store() | ast.Del()) | ast.Subscript(ctx=ast.Store() | ast.Del()):
            return True
        case _:
            return isinstance(node, ast.AugAssign)


def _asks_for_nothing(test: ast.expr) -> bool:
    """True for `not item`, `not item.strip()`, `item is None`, and an `or` of such only."""
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=ast.Call(func=ast.Attribute(attr=attr))):
            return attr in {"strip", "rstrip", "lstrip"}
        case ast.UnaryOp(op=ast.Not(), operand=ast.Name() | ast.Attribute()):
            return True
        case ast.Compare(ops=[ast.Is() | ast.Eq()], comparators=[ast.Constant(value=value)]):
            return not value
        case ast.BoolOp(op=ast.Or(), values=values):
            return all(_asks_for_nothing(one) for one in values)
        case _:
            return False


def _asks_for_repetition(site: Site, test: ast.expr) -> bool:
    """True for `item in seen` where the loop adds to `seen`: that says nothing about bad items."""
    match test:
        case ast.Compare(ops=[ast.In()], comparators=[ast.Name(id=seen)]):
            changed = [
                one.func.value.id
                for one in ast.walk(site.loop or test)
                if isinstance(one, ast.Call)
                and isinstance(one.func, ast.Attribute)
                and isinstance(one.func.value, ast.Name)
                and one.func.attr in {"add", "append"}
            ]
            return seen in changed
        case _:
            return False


def _only_skips(body: list[ast.stmt]) -> bool:
    """True for a block that passes over the item and at most says so."""
    return isinstance(body[-1], ast.Continue) and all(is_log(one) for one in body[:-1])


def _goes_on(body: list[ast.stmt]) -> bool:
    """True for a handler after which the loop goes on with the next item, and that at most says so."""
    *others, last = body
    return all(is_log(one) for one in others) and (isinstance(last, ast.Continue | ast.Pass) or is_log(last))


def is_needed(site: Site) -> bool:
    """True if what the statement binds is read in another round or behind the loop, and would lack a value there."""
    bound = names_bound(site.statement) - locals_before(site)
    inside = set(ast.walk(site.loop)) if site.loop is not None else set()
    return any(
        isinstance(one, ast.Name) and isinstance(one.ctx, ast.Load) and one.id in bound
        for statement in site.following
        if statement not in inside
        for one in ast.walk(statement)
    )
