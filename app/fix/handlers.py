"""The `try` statements around a place and elsewhere: what they catch, and what they do then."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from app.core.exceptions import ancestors, are_related
from app.core.syntax import Code, Function
from app.fix.classes import Spelling, ancestors_in, spelling
from app.fix.conventions import Conventions
from app.fix.scope import is_reraise
from app.fix.site import Site

# Methods and functions that only clean up: without what they are for there is nothing to do.
CLEANS = frozenset(
    {"close", "unlink", "remove", "rmtree", "shutdown", "disconnect", "terminate", "kill", "cancel"}
)
_GENERAL = frozenset({"Exception", "BaseException", "object"})


@dataclass(frozen=True, slots=True)
class Attempt:
    """A `try` around a statement, or a `with suppress(...)`, and the expression that names what it catches."""

    statement: ast.Try | ast.With
    handler: ast.ExceptHandler | None
    types: ast.expr

    @property
    def size(self) -> int:
        """How many statements it covers."""
        return sum(isinstance(one, ast.stmt) for part in self.statement.body for one in ast.walk(part))


def attempts_around(site: Site) -> Iterator[Attempt]:
    """The handlers that cover the failing statement in its own function, the innermost first."""
    below: ast.AST = site.statement
    for above in site.code.ancestors(site.statement):
        if isinstance(above, Function | ast.ClassDef):
            return
        if isinstance(above, ast.Try) and below in above.body:
            for handler in above.handlers:
                if handler.type is not None:
                    yield Attempt(above, handler, handler.type)
        if isinstance(above, ast.With) and below in above.body:
            for item in above.items:
                match item.context_expr:
                    case ast.Call(
                        func=ast.Name(id="suppress") | ast.Attribute(attr="suppress"), args=[_, *_]
                    ):
                        yield Attempt(above, None, item.context_expr)
                    case _:
                        pass
        below = above


def caught(types: ast.expr, conventions: Conventions) -> list[tuple[str, ...]]:
    """The ancestors of each class that an `except` clause or a `suppress()` names."""
    match types:
        case ast.Tuple(elts=elements) | ast.Call(args=elements):
            return [names for one in elements for names in caught(one, conventions)]
        case ast.Name(id=name):
            # A file may import a class of its own that has a built-in's name.
            module = "" if name in conventions.own_names else None
            return [ancestors_in(name, module, conventions.tree, conventions.path)]
        case ast.Attribute(value=value, attr=name):
            standard = ancestors(name, ast.unparse(value))
            own = ancestors_in(name, None, conventions.tree, conventions.path)
            return [standard if len(standard) > 1 else own]
        case _:
            return []


def catches(types: ast.expr | None, names: tuple[str, ...], conventions: Conventions) -> bool:
    """True if the clause catches an exception with these names."""
    return types is None or any(one and one[0] in names for one in caught(types, conventions))


def is_caught_here(site: Site) -> bool:
    """True if a handler of the function takes the exception and does not pass it on."""
    return any(
        catches(one.types, site.trace.names, site.conventions)
        for one in attempts_around(site)
        if one.handler is None or not is_reraise(one.handler)
    )


def is_related(types: ast.expr, names: tuple[str, ...], conventions: Conventions) -> bool:
    """True if the clause is about the same sort of trouble: a common ancestor or a common family."""
    for one in caught(types, conventions):
        if one and one[0] in _GENERAL:
            continue
        if (set(one) & set(names)) - _GENERAL or are_related(one, names):
            return True
    return False


def is_about(handler: ast.ExceptHandler, names: tuple[str, ...], conventions: Conventions) -> bool:
    """True for a handler of everything, and for one that is about the same sort of trouble."""
    types = handler.type
    return types is None or is_general(types) or is_related(types, names, conventions)


def spelled(site: Site) -> Spelling | None:
    """How this file writes the exception that was raised."""
    names = site.trace.names
    if not names:
        return None
    return spelling(site.code, site.path, site.conventions.tree, names[0], site.trace.module, nearest=names)


def takes_try(statement: ast.stmt) -> bool:
    """True for a statement around which a `try` covers no other statement."""
    return not hasattr(statement, "body") and not isinstance(statement, ast.Match)


def tries(code: Code, scope: ast.AST | None = None) -> Iterator[ast.Try]:
    """Every `try` of the scope."""
    for node in ast.walk(scope if scope is not None else code.tree):
        if isinstance(node, ast.Try):
            yield node


def answering(node: ast.Try, names: tuple[str, ...], conventions: Conventions) -> ast.ExceptHandler | None:
    """The handler of `node` that would take the exception and does not pass it on."""
    for handler in node.handlers:
        if catches(handler.type, names, conventions):
            # What takes everything says nothing about this error.
            if is_reraise(handler) or handler.type is None or is_general(handler.type):
                return None
            return handler
    return None


def is_general(types: ast.expr) -> bool:
    """True for a clause that names `Exception` or `BaseException`."""
    return any(isinstance(one, ast.Name) and one.id in _GENERAL for one in ast.walk(types))
