"""Whether somebody relies on the exception: a handler that is meant for it makes "it failed" a part of the behaviour.

Looked at are the handlers around the failing statement, around every caller's line of the stack, and around the other
places in the loaded files that call the same function. These are told by their name, so that one too many may be found
and none of another spelling. A handler of everything at the edge of a process is meant for nothing in particular; in
the failing function itself it is taken to be.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache

from app.core.model import CodeFrame, FailureKind
from app.core.source import SourceTree
from app.core.syntax import Code, Function
from app.fix.conventions import Conventions
from app.fix.site import Site

_GENERAL = frozenset({"Exception", "BaseException"})
_ASSERTS = frozenset({"raises", "assertRaises", "assertRaisesRegex", "suppress"})
_PROPERTIES = frozenset({"property", "cached_property", "hybrid_property"})
# Methods by which Python itself asks, and the exception by which it is told that there is nothing.
_PROTOCOLS = {
    "__getitem__": "LookupError", "__missing__": "LookupError", "__delitem__": "LookupError",
    "__getattr__": "AttributeError", "__getattribute__": "AttributeError", "__get__": "AttributeError",
    "__delattr__": "AttributeError", "__next__": "StopIteration", "__anext__": "StopAsyncIteration",
    "__index__": "TypeError", "__iter__": "TypeError", "__hash__": "TypeError", "__len__": "TypeError",
}  # fmt: skip


def relied_on(site: Site, tree: SourceTree) -> str | None:
    """None if nobody in the loaded files catches the exception on purpose; otherwise a sentence that says who may."""
    names = _raised_here(site)
    guard = _handler_around(site.code, site.statement, names)
    if guard is not None:
        return f"The `try` in line {guard} of `{site.path}` catches this exception; its handler may be meant for it."
    meant = names - _GENERAL
    for frame in site.trace.callers:
        text = tree.read(frame.path)
        code = Code.parse(text) if text is not None else None
        line = _handler_of_frame(code, frame, meant) if code is not None else None
        if line is not None:
            return f"The caller in `{frame.path}` catches this exception in line {line}; it may count on it."
    if site.function is None:
        return None
    asked = _PROTOCOLS.get(site.function.name)
    if asked in names:
        return f"Python itself takes {asked} of `{site.function.name}` for an answer."
    owner = site.code.parents[site.function]
    name = (
        owner.name
        if site.function.name == "__init__" and isinstance(owner, ast.ClassDef)
        else site.function.name
    )
    place = _caught_elsewhere(site.conventions, name, _is_property(site.function), frozenset(meant))
    return (
        None if place is None else f"{place} calls `{name}` and catches this exception; it may count on it."
    )


def _raised_here(site: Site) -> set[str]:
    """The names by which a handler may mean what the patch avoids."""
    names = set(site.trace.names)
    # An item of None is asked for in vain as well, and a test for an empty sequence lets it through.
    also = {"TypeError"} if site.failure.kind in {FailureKind.BAD_INDEX, FailureKind.ZERO} else set()
    return names | also


def _handler_of_frame(code: Code, frame: CodeFrame, names: set[str]) -> int | None:
    """The handler around a caller's line, which may have moved since the code was deployed."""
    lines = (
        [at for at, one in enumerate(code.lines, 1) if one.strip() == frame.code.strip()]
        if frame.code
        else []
    )
    line = frame.line if frame.line in lines or not lines else lines[0]
    statement = code.statement_at(line)
    return _handler_around(code, statement, names) if statement is not None else None


def _handler_around(code: Code, statement: ast.stmt, names: set[str]) -> int | None:
    """The line of the `try` or `with` of the same function that catches one of the names around the statement."""
    below: ast.AST = statement
    for above in code.ancestors(statement):
        if isinstance(above, Function | ast.ClassDef):
            return None
        if isinstance(above, ast.Try | ast.TryStar) and below in above.body:
            if any(_catches(code, one.type, names) for one in above.handlers):
                return above.lineno
        elif isinstance(above, ast.With | ast.AsyncWith) and below in above.body:
            for item in above.items:
                asserted = _asserted(item.context_expr)
                if asserted is not None and _catches(code, asserted, names):
                    return above.lineno
        below = above
    return None


def _asserted(node: ast.expr) -> ast.expr | None:
    """What a `suppress(...)` or `raises(...)` names."""
    match node:
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=[first, *rest]) if (
            name in _ASSERTS
        ):
            return ast.Tuple([first, *rest]) if name == "suppress" else first
        case _:
            return None


def _catches(code: Code, types: ast.expr | None, names: set[str]) -> bool:
    if types is None:
        return bool(names & _GENERAL)
    named = {one.id for one in ast.walk(types) if isinstance(one, ast.Name)}
    named |= {one.attr for one in ast.walk(types) if isinstance(one, ast.Attribute)}
    if named & names:
        return True
    return any(_catches(code, one, names) for name in named for one in _tuples(code, name))


def _tuples(code: Code, name: str) -> Iterator[ast.expr]:
    """What the file has put together under the name: `ERRORS = (KeyError, ValueError)`."""
    for statement in code.tree.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=found)], value=ast.Tuple() as value) if found == name:
                yield value
            case _:
                pass


def _is_property(function: Function) -> bool:
    return any(
        isinstance(one, ast.Name | ast.Attribute)
        and (one.id if isinstance(one, ast.Name) else one.attr) in _PROPERTIES
        for one in function.decorator_list
    )


@lru_cache(maxsize=64)
def _caught_elsewhere(
    conventions: Conventions,
    name: str,
    is_property: bool,  # noqa: FBT001 - tells how the function is called
    names: frozenset[str],
) -> str | None:
    """The first place in the loaded files that calls the function of this name where the exception is caught."""
    for file in conventions.files:
        if name not in file.code.source or not any(one in file.code.source for one in names):
            continue
        for node in ast.walk(file.code.tree):
            if not _calls(node, name, is_property=is_property):
                continue
            statement = file.code.statement_of(node)
            asserts = isinstance(node, ast.Call) and _is_handed_to_assertion(file.code, node, names)
            caught = statement is not None and _handler_around(file.code, statement, set(names)) is not None
            if asserts or caught:
                return f"`{file.path}:{getattr(node, 'lineno', 1)}`"
    return None


def _calls(node: ast.AST, name: str, *, is_property: bool) -> bool:
    match node:
        case ast.Call(func=ast.Name(id=called) | ast.Attribute(attr=called)) if called == name:
            return True
        case ast.Call(func=ast.Name(id="hasattr" | "getattr"), args=[_, ast.Constant(value=read), *_]):
            return is_property and read == name
        case ast.Attribute(attr=read):
            return is_property and read == name
        case ast.Call(func=ast.Attribute(attr="assertRaises" | "raises"), args=[_, given, *_]):
            return getattr(given, "id", getattr(given, "attr", None)) == name
        case _:
            return False


def _is_handed_to_assertion(code: Code, call: ast.Call, names: frozenset[str]) -> bool:
    """True for `assertRaises(KeyError, function)`, and for `hasattr(x, "property")`, which takes AttributeError."""
    match call:
        case ast.Call(func=ast.Attribute(attr="assertRaises" | "raises"), args=[types, _, *_]):
            return _catches(code, types, set(names))
        case ast.Call(func=ast.Name(id="hasattr")) | ast.Call(func=ast.Name(id="getattr"), args=[_, _, _]):
            return "AttributeError" in names
        case _:
            return False
