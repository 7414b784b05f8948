"""Values that new code brings along: whether they can be made anywhere, and whether they keep the names as they are."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Collection, Iterable

from app.core.syntax import names_bound, own_nodes
from app.fix.conventions import module_names
from app.fix.proof.order import is_builtin_here, local_names, names_of_scopes
from app.fix.site import Site

_MADE = frozenset({"set", "dict", "list", "tuple", "frozenset", "str", "int", "float"})


def is_settled(site: Site, node: ast.expr) -> bool:  # noqa: PLR0911 - a table of forms
    """True for a value that is made without raising and without an effect: a default is made in every execution."""
    match node:
        case ast.Constant():
            return True
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float())):
            return True
        case ast.List(elts=elements) | ast.Tuple(elts=elements):
            return all(is_settled(site, one) for one in elements)
        case ast.Set(elts=elements):
            return all(isinstance(one, ast.Constant) for one in elements)
        case ast.Dict(keys=keys, values=values):
            return all(isinstance(one, ast.Constant) for one in keys) and all(
                is_settled(site, one) for one in values
            )
        case ast.Name(id=name):
            return site.function is not None and name.isupper() and name in module_names(site.code)
        case ast.Call(func=ast.Name(id=name), args=[], keywords=[]):
            return name in _MADE and is_builtin_here(site, name)
        case ast.Call(func=ast.Name(id="Decimal"), args=[ast.Constant(value=str(text))], keywords=[]):
            return text.isdigit() and site.function is not None and "Decimal" in module_names(site.code)
        case _:
            return False


def unsuitable(
    site: Site, old: Collection[ast.AST], nodes: Iterable[ast.AST], known: Collection[str] = ()
) -> str | None:
    """What new code for the `old` does to the names or the kind of its function; None if it leaves them as they are.

    A name that is bound anywhere in a function is local everywhere in it, and a `yield` makes it a generator.
    A comprehension that awaits is another one. `known` are names that may be bound in any case.
    """
    function = site.function
    local = local_names(function) if function is not None else names_bound(site.code.tree)
    generator = function is not None and any(
        isinstance(one, ast.Yield | ast.YieldFrom) for one in own_nodes(function)
    )
    kept = {name for node in old for name in names_bound(node)} | set(known)
    for node in nodes:
        new = sorted(names_bound(node) - local - kept)
        if new:
            return f"It binds the name `{new[0]}`, which is no local one before."
        if _waits(node) > sum(_waits(one) for one in old):
            return "It awaits something more."
        if not generator and any(isinstance(one, ast.Yield | ast.YieldFrom) for one in ast.walk(node)):
            return "It makes the function a generator."
    return None


def _waits(node: ast.AST) -> int:
    return sum(isinstance(one, ast.Await) for one in ast.walk(node))


def is_known(site: Site, name: str, imported: str | None) -> bool:
    """True if the name is one that the file imports, or that the patch imports, and no local one."""
    top = {
        alias.asname or alias.name
        for one in site.code.tree.body
        if isinstance(one, ast.Import | ast.ImportFrom)
        for alias in one.names
    }
    return (name in top or name == imported) and name not in names_of_scopes(site)


def is_compilable(source: str) -> bool:
    """True if the text is a program as a whole: `return` in a function, `continue` in a loop. Nothing of it is run."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what the old text had already said
            compile(source, "after", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
