"""Stand-ins for objects whose attributes were not recorded, where the function needs only the one that was None."""

from __future__ import annotations

import ast

from app.core.model import Failure, FailureKind
from app.core.syntax import Function
from app.fix.values import Rebuilder


def stand_in(function: Function, parameter: str, failure: Failure | None, build: Rebuilder) -> str | None:
    """A `SimpleNamespace` for the parameter that holds what failed; None if the function reads more of it."""
    path = _path(failure, parameter)
    if (
        not path
        or not _reads_only(function, parameter, path[0])
        or not build.imports.add("types", "SimpleNamespace")
    ):
        return None
    source = _wrong(failure)
    for attribute in reversed(path):
        source = f"SimpleNamespace({attribute}={source})"
    return source


def bare_object(
    function: Function, owner: ast.ClassDef, receiver: str, failure: Failure | None
) -> str | None:
    """The attribute to set on an object of a plain class made without `__init__`; None if the method reads more."""
    path = _path(failure, receiver)
    if len(path) != 1 or owner.keywords or owner.decorator_list:
        return None
    methods = {one.name for one in owner.body if isinstance(one, ast.FunctionDef)}
    if any(ast.unparse(base) != "object" for base in owner.bases) or methods & {
        "__getattr__",
        "__getattribute__",
    }:
        return None
    return f"{path[0]} = {_wrong(failure)}" if _reads_only(function, receiver, path[0]) else None


def is_foreign(function: Function, parameter: ast.arg, source: str, build: Rebuilder) -> bool:
    """True if a rebuilt dict, list or placeholder only stands for an object, such as the request of a framework.

    A tracker records every mapping as a dict and every sequence as a list, and what it filters out is a text here;
    the signature, or an attribute that is read from the parameter, tells that it was another class.
    """
    node = ast.parse(source, mode="eval").body
    match node:
        case ast.Dict():
            known = set(dir(dict))
        case ast.List():
            known = set(dir(list))
        case ast.Constant(value="removed"):
            known = set(dir(str))
        case _:
            return False
    if any(
        isinstance(one, ast.Attribute)
        and isinstance(one.value, ast.Name)
        and one.value.id == parameter.arg
        and one.attr not in known
        for one in ast.walk(function)
    ):
        return True
    annotation = ast.unparse(parameter.annotation).strip("'\"") if parameter.annotation is not None else ""
    return annotation.endswith("Request") and _is_imported(annotation.partition(".")[0], build)


def _is_imported(name: str, build: Rebuilder) -> bool:
    """True if the file imports the name from outside of the repository."""
    code = build.modules.code(build.path)
    for statement in code.tree.body if code is not None else []:
        match statement:
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases) if name in {
                alias.asname or alias.name.partition(".")[0] for alias in aliases
            }:
                return not build.modules.is_own(build.path, statement)
            case _:
                pass
    return False


def _wrong(failure: Failure | None) -> str:
    """What the failing value was: None, or a mapping without the key."""
    return "{}" if failure is not None and failure.kind is FailureKind.MISSING_KEY else "None"


def _path(failure: Failure | None, name: str) -> list[str]:
    """The attributes from the name to what was None; empty if something else failed."""
    if failure is None:
        return []
    try:
        node = ast.parse(failure.subject, mode="eval").body
    except SyntaxError:
        return []
    path: list[str] = []
    while isinstance(node, ast.Attribute):
        path.append(node.attr)
        node = node.value
    return path[::-1] if isinstance(node, ast.Name) and node.id == name else []


def _reads_only(function: Function, name: str, attribute: str) -> bool:
    """True if the function uses the name for nothing but that attribute."""
    allowed = {
        id(node.value)
        for node in ast.walk(function)
        if isinstance(node, ast.Attribute) and node.attr == attribute and isinstance(node.value, ast.Name)
    }
    uses = [node for node in ast.walk(function) if isinstance(node, ast.Name) and node.id == name]
    return all(id(node) in allowed and isinstance(node.ctx, ast.Load) for node in uses)
