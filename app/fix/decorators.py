"""Which decorators leave a function callable as it is written: a test may hand it the recorded arguments."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from app.core.syntax import Function
from app.fix.modules import Modules

PROPERTIES = frozenset({"property", "cached_property"})
_HARMLESS = PROPERTIES | {"staticmethod", "classmethod", "cache", "lru_cache", "override", "final"}


def decorator_names(function: Function) -> set[str]:
    """The last names of the function's decorators."""
    return {_name(one) for one in function.decorator_list}


def changes_the_call(function: Function, modules: Modules, path: str) -> bool:
    """True unless every decorator is known to hand the arguments on: some standard ones, the repository's wrappers."""
    return any(
        _name(one) not in _HARMLESS and not _hands_on(one, modules, path) for one in function.decorator_list
    )


def _name(decorator: ast.expr) -> str:
    return ast.unparse(decorator).partition("(")[0].rpartition(".")[2]


def _hands_on(decorator: ast.expr, modules: Modules, path: str) -> bool:
    """True for `@name` or `@name(...)` of the repository whose only wrapper takes and passes `*args, **kwargs`."""
    named = decorator.func if isinstance(decorator, ast.Call) else decorator
    found = modules.find_function(path, named.id) if isinstance(named, ast.Name) else None
    if found is None:
        return False
    wrappers = [
        one for one in ast.walk(found) if isinstance(one, Function) and (one.args.vararg or one.args.kwarg)
    ]
    return len(wrappers) == 1 and any(_passes(wrappers[0], call) for call in _calls(wrappers[0]))


def _calls(wrapper: Function) -> Iterator[ast.Call]:
    return (one for one in ast.walk(wrapper) if isinstance(one, ast.Call))


def _passes(wrapper: Function, call: ast.Call) -> bool:
    """True if the call hands on exactly what the wrapper takes."""
    arguments = wrapper.args
    if arguments.posonlyargs or arguments.args or arguments.kwonlyargs:
        return False
    match call:
        case ast.Call(
            args=[ast.Starred(value=ast.Name(id=positional))],
            keywords=[ast.keyword(arg=None, value=ast.Name(id=named))],
        ):
            return (
                arguments.vararg is not None
                and arguments.kwarg is not None
                and (positional, named) == (arguments.vararg.arg, arguments.kwarg.arg)
            )
        case _:
            return False
