"""Conservative forms of handlers: one more exception, or a new `try`, around nothing but the failing expression."""

from __future__ import annotations

import ast

from app.core.exceptions import ancestors, is_builtin
from app.fix.conventions import module_names
from app.fix.proof.difference import Region, same
from app.fix.proof.statements import PROVEN, Answer
from app.fix.proof.values import is_known
from app.fix.site import Site

_SIMPLE = (ast.Expr, ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Return, ast.Delete)
# What an operator or a format may raise, what a lookup may, and what an attribute may.
_OPERATION = frozenset({"TypeError", "ValueError", "ArithmeticError"})
_LOOKUP = frozenset({"TypeError", "LookupError", "ValueError"})


def wider_handler(site: Site, region: Region) -> Answer:
    """`except (A, E)` for `except A`, and `suppress(A, E)` for `suppress(A)`."""
    match region.pair, region.above:
        case (ast.expr() as old, ast.Tuple(elts=new)), ast.ExceptHandler(type=types) as handler if (
            types is old
        ):
            attempt = site.code.parents[handler]
            listed = list(old.elts) if isinstance(old, ast.Tuple) else [old]
            if not isinstance(attempt, ast.Try) or attempt.handlers[-1] is not handler:
                return "A later handler may take the exception in some executions."
        case (
            ast.Call(func=func, args=listed, keywords=[]) as old,
            ast.Call(func=other, args=new, keywords=[]),
        ), ast.withitem() as item if _is_suppress(func) and same(func, other):
            attempt = site.code.parents[item]
            if not isinstance(attempt, ast.With) or attempt.items[-1] is not item:
                return "What is entered after it may raise the exception as well."
        case _:
            return None
    added = new[len(listed) :]
    if len(added) != 1 or not same(listed, new[: len(listed)]):
        return "More of the clause changes than that it takes one more exception."
    return _around(site, attempt.body, added[0])


def new_handler(site: Site, region: Region) -> Answer:
    """`try: S except E: ...` or `with suppress(E): S` for the failing statement S."""
    match region.new:
        case [ast.Try(body=body, handlers=[handler], orelse=[], finalbody=[])]:
            types = handler.type
        case [ast.With(items=[ast.withitem(context_expr=ast.Call(func=func, args=[types]))], body=body)] if (
            _is_suppress(func)
        ):
            pass
        case _:
            return None
    if not region.is_run or not same(region.old, body):
        return "The block changes more than it takes in."
    match region.new:
        case [ast.With(items=[ast.withitem(context_expr=ast.Call(func=func))])]:
            if not is_known(site, ast.unparse(func).partition(".")[0], region.imported):
                return "It is not known what `suppress` is here."
        case _:
            pass
    return _around(site, list(region.old), types)


def _is_suppress(func: ast.expr) -> bool:
    return ast.unparse(func) in {"suppress", "contextlib.suppress"}


def _around(site: Site, body: list[ast.stmt] | list[ast.AST], types: ast.expr | None) -> str:
    if [*body] != [site.statement] or not isinstance(site.statement, _SIMPLE):
        return "The block holds more than the failing statement, which may raise it elsewhere."
    if types is None or not _names(site, types):
        return "The clause takes more than the exception that was raised."
    other = _also_raises(site)
    if other is not None:
        return f"`{ast.unparse(other)}` in the same statement may raise the same exception."
    return PROVEN


def _names(site: Site, types: ast.expr) -> bool:
    """True if the expression names exactly the class that was raised."""
    wanted = site.trace.names[0] if site.trace.names else None
    module = site.trace.module
    match types:
        case ast.Name(id=name) if name == wanted:
            if is_builtin(name) and module in {None, "builtins"}:
                return name not in module_names(site.code)
            return module is not None and _means(site, name, module)
        case ast.Attribute(value=ast.Name() | ast.Attribute() as owner, attr=name) if name == wanted:
            written = ast.unparse(owner)
            known = written.partition(".")[0] in module_names(site.code)
            return known and module is not None and _gives(written, name, module)
        case _:
            return False


def _means(site: Site, name: str, module: str) -> bool:
    """True if the plain name is the class of that module: imported, defined here, or about to be imported."""
    for one in site.code.tree.body:
        match one:
            case ast.ImportFrom(module=source, names=aliases, level=level) if any(
                alias.name == name and alias.asname in {None, name} for alias in aliases
            ):
                return _gives(source or "", name, module) or (level > 0 and module.endswith(f".{source}"))
            case ast.ClassDef(name=found) if found == name:
                return True
            case _:
                pass
    return name not in module_names(site.code) and not is_builtin(name)


def _gives(written: str, name: str, module: str) -> bool:
    """True if the module gives that class of `module`: its own, or one that a package gives for its parts."""
    return written.partition(".")[0] == module.partition(".")[0] or len(ancestors(name, written)) > 1


def _also_raises(site: Site) -> ast.AST | None:
    """Another part of the failing statement that may raise the same exception."""
    for node in ast.walk(site.statement):
        if node is not site.node and node is not site.statement and _may_raise(node, set(site.trace.names)):
            return node
    changes = isinstance(site.statement, ast.AugAssign) and set(site.trace.names) & _OPERATION
    return site.statement if changes else None


def _may_raise(node: ast.AST, names: set[str]) -> bool:  # noqa: PLR0911 - a table of forms
    match node:
        case ast.Call() | ast.Await() | ast.Yield() | ast.YieldFrom() | ast.Starred() | ast.comprehension():
            return True
        case ast.Attribute(ctx=context) | ast.Subscript(ctx=context) if not isinstance(context, ast.Load):
            return True
        case ast.Attribute():
            return "AttributeError" in names
        case ast.Subscript():
            return bool(names & _LOOKUP)
        case ast.BinOp() | ast.UnaryOp() | ast.Compare() | ast.FormattedValue():
            return bool(names & _OPERATION)
        case ast.Tuple(ctx=ast.Store()) | ast.List(ctx=ast.Store()):
            return bool(names & _OPERATION)
        case ast.Name():
            return "NameError" in names
        case _:
            return False


HANDLER_FORMS = (wider_handler, new_handler)
