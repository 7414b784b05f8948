"""What the target of an assignment holds in front of it, where that is an answer for a value that is missing."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from app.fix.forms import is_empty, load_dump
from app.fix.local_names import allows_none, is_guarded
from app.fix.pattern import Fallback, Strength
from app.fix.scope import statements_before
from app.fix.site import Site


def start_value(site: Site, value: ast.expr) -> Iterator[Fallback]:
    """The empty value that the target of an assignment of `value` keeps where a condition around it does not hold."""
    assignment = site.parent(value)
    if not isinstance(assignment, ast.Assign) or len(assignment.targets) != 1:
        return
    target = assignment.targets[0]
    found = _latest(site, load_dump(target))
    if found is None or not _is_conditional(site, found[0]) or not _allows(site, target, found[1]):
        return
    statement, start = found
    why = f"`{site.text(target)}` starts as `{site.text(start)}` in line {statement.lineno}."
    yield Fallback(site.text(start), why, Strength.GUARD)


def _latest(site: Site, wanted: str) -> tuple[ast.stmt, ast.expr] | None:
    """The last assignment to the target that surely ran before, in the same round of a loop, with its value."""
    found: list[tuple[ast.stmt, ast.expr]] = []
    for one in statements_before(site, site.loop):
        match one:
            case (
                ast.Assign(targets=[target], value=start)
                | ast.AnnAssign(target=target, value=ast.expr() as start)
            ):
                if load_dump(target) == wanted:
                    found.append((one, start))
            case _:
                pass
    return max(found, key=lambda one: one[0].lineno, default=None)


def _is_conditional(site: Site, start: ast.stmt) -> bool:
    """True if a condition that came after the start value may have left it in place."""
    block = site.parent(start)
    for above in site.code.ancestors(site.statement):
        if above is block:
            return False
        if isinstance(above, ast.If):
            return True
    return False


def _allows(site: Site, target: ast.expr, start: ast.expr) -> bool:
    """True for an empty value that what follows in the function can read."""
    wanted = load_dump(target)
    uses = [
        node
        for one in site.following
        for node in ast.walk(one)
        if isinstance(node, ast.expr)
        and not isinstance(getattr(node, "ctx", None), ast.Store)
        and load_dump(node) == wanted
    ]
    if isinstance(start, ast.Constant) and start.value is None:
        return all(
            isinstance(one, ast.Name) and (allows_none(site, one) or is_guarded(site, one)) for one in uses
        )
    if not is_empty(start) and not (isinstance(start, ast.Constant) and start.value == ""):
        return False
    return not any(
        isinstance(above := site.parent(one), ast.Subscript)
        and above.value is one
        and isinstance(above.ctx, ast.Load)
        for one in uses
    )
