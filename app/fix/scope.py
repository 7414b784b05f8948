"""Which names a piece of code may use at a place, and what the repository's classes say about a value."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from app.core.exceptions import is_builtin
from app.core.syntax import Code, Function, names_bound, names_in
from app.fix.conventions import module_names
from app.fix.site import Site

_BUILTINS = frozenset(dir(builtins))


def names_before(site: Site) -> set[str]:
    """The names that have a value wherever the failing statement begins."""
    names = module_names(site.code) | _BUILTINS | locals_before(site)
    outer = enclosing_function(site.code, site.function) if site.function is not None else None
    while outer is not None:
        names |= parameters(outer) | names_bound(outer)
        outer = enclosing_function(site.code, outer)
    return names


def locals_before(site: Site) -> set[str]:
    """The function's own names that have a value wherever the failing statement begins."""
    function = site.function
    if function is None:
        return set()
    names = parameters(function)
    names |= {name for one in statements_before(site) for name in surely_bound(one)}
    for above in site.code.ancestors(site.statement):
        if isinstance(above, ast.For | ast.AsyncFor):
            names |= names_bound(above.target)
        if isinstance(above, ast.With | ast.AsyncWith):
            names |= {
                name for item in above.items if item.optional_vars for name in names_bound(item.optional_vars)
            }
        if isinstance(above, ast.ExceptHandler) and above.name:
            names.add(above.name)
        if above is function:
            break
    return names


def statements_before(site: Site, within: ast.AST | None = None) -> list[ast.stmt]:
    """What ran before the failing statement: in its block and those around it, up to `within` or the function."""
    found: list[ast.stmt] = []
    below: ast.AST = site.statement
    for above in site.code.ancestors(site.statement):
        for _, value in ast.iter_fields(above):
            if isinstance(value, list) and below in value:
                found.extend(one for one in value[: value.index(below)] if isinstance(one, ast.stmt))
        if above is (within if within is not None else site.function):
            break
        below = above
    return found


def surely_bound(statement: ast.stmt) -> set[str]:  # noqa: PLR0911 - a table of forms
    """The names that have a value after the statement, whichever way it went."""
    match statement:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return {name}
        case ast.If(body=body, orelse=other):
            if leaves(body):
                return _all(other)
            return _all(body) if leaves(other) else _all(body) & _all(other)
        case ast.With(body=body) | ast.AsyncWith(body=body):
            bound = {
                name
                for item in statement.items
                if item.optional_vars
                for name in names_bound(item.optional_vars)
            }
            return bound | _all(body)
        case ast.Try(body=body, handlers=handlers):
            return _all(body) if all(leaves(one.body) for one in handlers) else set()
        case ast.For() | ast.AsyncFor() | ast.While() | ast.Match():
            return set()
        case _:
            return names_bound(statement)


def leaves(body: list[ast.stmt]) -> bool:
    """True for a block that does not go on behind itself."""
    return bool(body) and isinstance(body[-1], ast.Return | ast.Raise | ast.Continue | ast.Break)


def _all(body: list[ast.stmt]) -> set[str]:
    return {name for one in body for name in surely_bound(one)}


def enclosing_function(code: Code, node: ast.AST) -> Function | None:
    """The function around a function."""
    return next((one for one in code.ancestors(node) if isinstance(one, Function)), None)


def enclosing_class(code: Code, node: ast.AST) -> ast.ClassDef | None:
    """The class whose method holds `node`."""
    for above in code.ancestors(node):
        if isinstance(above, ast.ClassDef):
            return above
    return None


def parameters(function: Function) -> set[str]:
    """The names of all parameters."""
    arguments = function.args
    stars = [one for one in (arguments.vararg, arguments.kwarg) if one is not None]
    return {one.arg for one in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *stars]}


def can_be_written(
    site: Site, nodes: Sequence[ast.stmt] | Sequence[ast.expr], also: AbstractSet[str] = frozenset()
) -> bool:
    """True if every name that the code reads has a value where the failing statement stands."""
    available = names_before(site) | also
    return all(names_in(node) - names_bound(node) <= available for node in nodes)


def is_reraise(handler: ast.ExceptHandler) -> bool:
    """True for a handler that lets the exception go on, whatever else it does."""
    return any(isinstance(one, ast.Raise) and one.exc is None for one in ast.walk(handler))


def is_own_error(raised: ast.expr) -> bool:
    """True for the class or the call of an exception that is no built-in one.

    What is read of a module, such as `dns.exception.SyntaxError`, is not the built-in one of that name.
    """
    match raised.func if isinstance(raised, ast.Call) else raised:
        case ast.Attribute(value=ast.Name(id="builtins" | "exceptions"), attr=name) | ast.Name(id=name):
            return not is_builtin(name)
        case ast.Attribute():
            return True
        case _:
            return False


def raises_own(handler: ast.ExceptHandler) -> bool:
    """True for a handler that answers with another exception, or calls something named for that."""
    for node in ast.walk(handler):
        match node:
            case ast.Raise():
                return True
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name.lstrip("_") in {
                "fail", "error", "abort", "reject", "raise_error",
            } and not _is_logger(node):  # fmt: skip
                return True
            case _:
                pass
    return False


def _is_logger(call: ast.Call) -> bool:
    owner = call.func.value if isinstance(call.func, ast.Attribute) else None
    name = ast.unparse(owner).lower() if owner is not None else ""
    return "log" in name
