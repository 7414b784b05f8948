"""How the repository handles the errors of the same call elsewhere, and whether that handler can stand here."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

from app.core.syntax import Code, Function, names_bound, names_in
from app.fix.classes import ancestors_in
from app.fix.conventions import module_names
from app.fix.handlers import answering, tries
from app.fix.modules import Modules, is_test
from app.fix.pattern import Strength
from app.fix.returns import is_optional
from app.fix.scope import can_be_written, enclosing_class, names_before
from app.fix.site import Site

# A call of one of these says too little about what it is for: only the same function counts.
_COMMON = frozenset(
    {"int", "float", "str", "open", "get", "getattr", "len", "next", "list", "dict", "bytes", "append", "items",
     "timedelta", "datetime", "Decimal", "UUID", "join", "split", "format", "decode", "encode", "read", "write",
     "pop", "update", "super", "isinstance"}
)  # fmt: skip
_LARGEST = 4


@dataclass(frozen=True, slots=True)
class Model:
    """A handler of the same call elsewhere, and how much it says about this place."""

    handler: ast.ExceptHandler
    path: str
    code: Code
    strength: Strength


def written(model: Model, body: list[ast.stmt]) -> str | None:
    """The handler's statements at one step of indentation, as they were written."""
    first, last = body[0], body[-1]
    lines = model.code.lines[first.lineno - 1 : last.end_lineno]
    if first.lineno == model.handler.lineno or not all(one.isprintable() or "\t" in one for one in lines):
        return None
    text = textwrap.indent(textwrap.dedent("\n".join(lines)), "    ")
    try:
        ast.parse(f"def f():\n while 1:\n  try:\n    pass\n  except E:\n{text}")
    except SyntaxError:
        return None
    return text


def models(site: Site, call: ast.Call) -> Iterator[Model]:
    """The handlers of the same call that the repository has elsewhere, and that would take the exception."""
    name, form = _target(call), type(call.func)
    if not name:
        return
    wanted = ast.dump(call)
    own_class = enclosing_class(site.code, site.statement)
    for file in site.conventions.files:
        same_file = file.path == site.path
        if not same_file and (name in _COMMON or is_test(file.path)):
            continue
        for node in tries(file.code):
            calls = [
                one
                for part in node.body
                for one in ast.walk(part)
                if isinstance(one, ast.Call) and _target(one) == name and isinstance(one.func, form)
            ]
            handler = answering(node, site.trace.names, site.conventions)
            if len(node.body) > _LARGEST or not calls or handler is None:
                continue
            same = any(ast.dump(one) == wanted for one in calls)
            function = file.code.function_of(node)
            if same_file and function is site.function:
                strength = Strength.PRECEDENT
            elif name in _COMMON:
                continue
            elif same:
                strength = Strength.PRECEDENT
            elif same_file and own_class is not None and enclosing_class(file.code, node) is own_class:
                strength = Strength.GUARD
            else:
                strength = Strength.CONTEXT if same_file else Strength.TYPE
            yield Model(handler, file.path, file.code, strength)


def _target(call: ast.Call) -> str:
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def fits(site: Site, model: Model) -> bool:
    """True if the handler's statements can stand at the site."""
    body = model.handler.body
    also = {model.handler.name} if model.handler.name else set()
    also |= {name for one in body for name in names_bound(one)}
    if not all(_is_simple(site, one) for one in body) or not _knows(site, model):
        return False
    if not isinstance(body[-1], ast.Return | ast.Raise | ast.Continue | ast.Break) and _binds(site.statement):
        return False
    types = [model.handler.type] if model.handler.type is not None else []
    also |= {name for name, _ in missing_imports(site, model)}
    return can_be_written(site, list(body), also) and can_be_written(site, types, also)


def _knows(site: Site, model: Model) -> bool:
    """True if the class of the site has what the handler reads of `self`: it is seen there, or inherited from there."""
    read = _own_attributes(model.handler)
    own, other = enclosing_class(site.code, site.statement), enclosing_class(model.code, model.handler)
    if own is None or other is None:
        return not read
    seen = _own_attributes(own) | {one.name for one in own.body if isinstance(one, Function)}
    return read <= seen or other.name in ancestors_in(own.name, None, site.conventions.tree, site.path)


def _own_attributes(scope: ast.AST) -> set[str]:
    return {
        node.attr
        for node in ast.walk(scope)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self"
    }


def missing_imports(site: Site, model: Model) -> list[tuple[str, str]]:
    """The names of the model's file that the handler reads and this file lacks, each with its import."""
    if model.path == site.path:
        return []
    parts = [*model.handler.body, *([model.handler.type] if model.handler.type is not None else [])]
    read = {name for one in parts for name in names_in(one) - names_bound(one)}
    missing = sorted((read - names_before(site)) & module_names(model.code))
    modules = Modules(site.conventions.tree)
    # Only from a file that this one imports from already: a new import between files may close a circle.
    if not any(
        isinstance(one, ast.ImportFrom) and modules.file_of(site.path, one) == model.path
        for one in site.code.tree.body
    ):
        return []
    return [(name, f"from {modules.name_of(model.path)} import {name}") for name in missing]


def _is_simple(site: Site, statement: ast.stmt) -> bool:
    match statement:
        case ast.Continue() | ast.Break():
            return site.loop is not None
        case ast.Return(value=value):
            return _may_return(site, value)
        case ast.Pass() | ast.Raise() | ast.Expr():
            return True
        case ast.Assign(targets=[ast.Name()]):
            return True
        case ast.If(body=body, orelse=other):
            return all(_is_simple(site, one) for one in [*body, *other])
        case _:
            return False


def _may_return(site: Site, value: ast.expr | None) -> bool:
    """True if the function may end with it: a generator with no value, another with None only if that is allowed."""
    function = site.function
    if function is None or (site.is_generator and value is not None):
        return False
    is_none = value is None or (isinstance(value, ast.Constant) and value.value is None)
    return site.is_generator or not is_none or function.returns is None or is_optional(function.returns)


def _binds(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign | ast.Return)
