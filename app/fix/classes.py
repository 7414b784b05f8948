"""Exception classes as the repository sees them: what they inherit from, and how a file can name them."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from app.core.exceptions import ancestors, is_builtin
from app.core.source import SourceTree
from app.core.syntax import Code
from app.fix.conventions import conventions_of
from app.fix.modules import Modules

_DEEPEST = 6


@dataclass(frozen=True, slots=True)
class Spelling:
    """How a file writes a class, and the import that it needs for that, if any."""

    code: str
    line: str | None = None


def ancestors_in(name: str, module: str | None, tree: SourceTree, path: str) -> tuple[str, ...]:
    """The names that a handler may catch the exception by, itself first, with the repository's own classes."""
    known = ancestors(name, module)
    if len(known) > 1:
        return known
    return _own(known[0], tree, path, _DEEPEST, own=module is not None)


def _own(name: str, tree: SourceTree, path: str, depth: int, *, own: bool = False) -> tuple[str, ...]:
    if is_builtin(name) and not own:
        return ancestors(name)
    node = conventions_of(tree, path).for_class(name) if depth else None
    if node is None:
        return (name,)
    found = [name]
    for base in node.bases:
        found += _own(ast.unparse(base).rpartition(".")[2], tree, path, depth - 1)
    return tuple(dict.fromkeys(found))


def spelling(
    code: Code, path: str, tree: SourceTree, name: str, module: str | None, *, nearest: tuple[str, ...]
) -> Spelling | None:
    """How the file writes the exception `name` of `module`; a base may be taken from `nearest`, its ancestors.

    A built-in, a name that the file has, a module that it imports; else a built-in ancestor that says the same
    (never `Exception`); else an import. None if nothing of that can be written.
    """
    if is_builtin(name) and module in {None, "builtins"}:
        return Spelling(name)
    here = _as_written_here(code, path, tree, name, module)
    if here is not None:
        return Spelling(here)
    for base in nearest[1:]:
        if is_builtin(base) and base not in {"Exception", "BaseException"}:
            return Spelling(base)
    if module and all(one.isidentifier() for one in module.split(".")) and name.isidentifier():
        return Spelling(name, f"from {module} import {name}")
    return None


def _as_written_here(code: Code, path: str, tree: SourceTree, name: str, module: str | None) -> str | None:
    """The name under which the file has the class: imported, defined, or in a module that it imports whole."""
    for statement in code.tree.body:
        match statement:
            case ast.ImportFrom(names=aliases):
                for alias in aliases:
                    if alias.name == name:
                        return alias.asname or name
            case ast.Import(names=aliases) if module:
                for alias in aliases:
                    if (prefix := _prefix(alias, name, module)) is not None:
                        return f"{prefix}.{name}"
            case ast.ClassDef(name=found) if found == name and module in {None, Modules(tree).name_of(path)}:
                return name
            case _:
                pass
    return None


def _prefix(alias: ast.alias, name: str, module: str) -> str | None:
    """What stands before the class where the file has imported its module, or a package that hands it on."""
    here = alias.asname or alias.name
    if alias.name == module:
        return here
    if alias.asname is None and module == f"{alias.name}.exceptions":
        return module
    # `json.JSONDecodeError` of `json.decoder`
    handed_on = module.rpartition(".")[0] == alias.name and len(ancestors(name, alias.name)) > 1
    return here if handed_on else None
