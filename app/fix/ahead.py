"""The guard in front of the failing statement: what it asks, and the name that a call's result gets for that."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from app.core.syntax import header, names_bound, names_in
from app.fix.conventions import module_names
from app.fix.edit import Before, Edit, Replace
from app.fix.site import Site

_VERBS = ("get_", "find_", "load_", "fetch_", "lookup_", "read_", "select_", "first_", "current_")
_PARTS = {
    "findall": "matches",
    "rsplit": "parts",
    "sorted": "ordered",
    "split": "parts",
    "splitlines": "lines",
}


@dataclass(frozen=True, slots=True)
class Ahead:
    """A condition under which the next statement fails. `binding` gives the call's result a name, which `used` uses."""

    condition: str
    binding: str = ""
    used: tuple[Edit, ...] = ()

    def guard(self, statement: ast.stmt, leave: str) -> tuple[Edit, ...]:
        """The edits that put the guard with the one statement `leave` in front of `statement`."""
        return Before(statement, f"{self.binding}if {self.condition}:\n    {leave}"), *self.used


def ahead(site: Site) -> Ahead | None:
    """What a guard can ask; None if nothing can be asked in front of the statement."""
    if site.takes_guard and site.negated_test is not None:
        return Ahead(site.negated_test)
    call = site.subject.value if isinstance(site.subject, ast.Await) else site.subject
    if site.function is None or not isinstance(call, ast.Call) or not site.always_runs or not site.is_visible:
        return None
    if isinstance(site.statement, ast.Raise):
        return None
    name = _name(site, call) if _is_first(site) else None
    tests = site.tests_of(name) if name is not None else None
    if name is None or tests is None:
        return None
    return Ahead(tests[1], f"{name} = {site.line}\n", (Replace(site.subject, name),))


def _is_first(site: Site) -> bool:
    """True if the statement evaluates the subject before anything else."""
    parts = header(site.statement)
    node: ast.AST | None = (
        parts[0] if parts and isinstance(site.statement, ast.Return | ast.Assign | ast.Expr) else None
    )
    while node is not None and node is not site.subject:
        match node:
            case ast.Call(func=ast.Name() | ast.Attribute(value=ast.Name()) as func, args=[inner, *_]) if (
                site.subject not in ast.walk(func)
            ):
                node = inner
            case ast.Attribute(value=inner) | ast.Subscript(value=inner) | ast.Call(func=inner):
                node = inner
            case ast.Await(value=inner) | ast.BinOp(left=inner) | ast.Compare(left=inner):
                node = inner
            case _:
                node = None
    return node is not None


def _name(site: Site, call: ast.Call) -> str | None:
    """A new name for the call's result that hides nothing."""
    called = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    words = next((called.removeprefix(verb) for verb in _VERBS if called.startswith(verb)), "")
    words = _PARTS.get(called, words.partition("_by_")[0].partition("_for_")[0])
    taken = names_bound(site.code.tree) | names_in(site.code.tree) | module_names(site.code)
    return next((one for one in (words, "found", "result") if one.isidentifier() and one not in taken), None)
