"""What a file logs of the items that its loops pass over."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from app.fix.scope import locals_before
from app.fix.site import Site


def is_log(statement: ast.stmt) -> bool:
    """True for a statement that only says something: to a log, as a warning, or on the screen."""
    match statement:
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=owner))):
            return "log" in ast.unparse(owner).lower() or ast.unparse(owner) == "warnings"
        case ast.Expr(value=ast.Call(func=ast.Name(id=name))):
            return "log" in name.lower() or name == "print"
        case _:
            return False


def skip_log(site: Site) -> str | None:
    """The statement that logs a passed-over item and its `error` as the file does; None if it logs no such items.

    Only with a logger of the standard library, whose messages are formatted with `%`.
    """
    match site.loop:
        case ast.For(target=ast.Name(id=item)) | ast.AsyncFor(target=ast.Name(id=item)):
            pass
        case _:
            return None
    known = _loggers(site) if "error" not in locals_before(site) else set()
    for call in _said_before_going_on(site):
        match call.func:
            case ast.Attribute(value=ast.Name(id=logger), attr=level) if logger in known:
                return f'{logger}.{level}("Passed over %r: %s", {item}, error)'
            case _:
                pass
    return None


def _loggers(site: Site) -> set[str]:
    """The module's names for what `logging.getLogger()` gave."""
    return {
        target.id
        for one in site.code.tree.body
        if isinstance(one, ast.Assign)
        and isinstance(one.value, ast.Call)
        and ast.unparse(one.value.func) in {"logging.getLogger", "getLogger"}
        for target in one.targets
        if isinstance(target, ast.Name)
    }


def _said_before_going_on(site: Site) -> Iterator[ast.Call]:
    """The calls that stand right in front of a `continue`, those of the site's own loop first."""
    loops = [site.loop, site.code.tree]
    for scope in loops:
        for node in ast.walk(scope) if scope is not None else ():
            body = node.body if isinstance(node, ast.If | ast.ExceptHandler) else []
            match body:
                case [*_, ast.Expr(value=ast.Call() as call), ast.Continue()]:
                    yield call
                case _:
                    pass
