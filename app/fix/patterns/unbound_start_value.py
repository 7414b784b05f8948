"""A local name that only some paths give a value starts with None, which the code after it already tests for.

What it fixes:
    A name is set inside a branch, a loop or a `try`, and read after it.

Why it fails:
    On the path that was taken nothing set it.

Fix safety:
    Safe where every later use tests the name for None or for truth: a path that set it keeps its value.

References:
    Python FAQ, "Why am I getting an UnboundLocalError when the variable has a value?"
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from app.core.model import Applicability, FailureKind
from app.core.syntax import names_bound
from app.fix.conventions import tests_name
from app.fix.edit import Before, Edit, Wrap
from app.fix.pattern import FixPattern, Proposal, Raises, Strength
from app.fix.site import Site


def codemod(site: Site) -> Iterator[Proposal]:
    """Writes `name = None` before the first statement that may bind it."""
    name = site.line
    first = _first_binding(site, name)
    if first is None or site.function is None:
        return
    uses = [
        one
        for one in ast.walk(site.function)
        if isinstance(one, ast.Name) and one.id == name and isinstance(one.ctx, ast.Load)
        and one.lineno >= site.statement.lineno
    ]  # fmt: skip
    start = Before(first, f"{name} = None")
    tested = all(_is_tested(site, one, name) for one in uses)
    edits: tuple[Edit, ...] = (start,)
    why = f"What comes after it tests `{name}` already."
    if not tested:
        if len(uses) != 1 or not isinstance(site.statement, ast.Expr):
            return
        edits = (start, Wrap(site.statement, f"{name} is not None"))
        why = f"Without `{name}` there is nothing to do in line {site.statement.lineno}."
    yield Proposal(
        edits,
        f"Start with `{name} = None` in {site.function_name}",
        (why,),
        "Paths that set the name keep its value; the others would have raised.",
        Strength.SYNTAX if tested else Strength.GUARD,
    )


def _first_binding(site: Site, name: str) -> ast.stmt | None:
    """The statement of the failing statement's own block, or of one around it, that may bind the name first."""
    block: ast.AST = site.statement
    chosen: ast.stmt | None = None
    for above in site.code.ancestors(site.statement):
        for _, value in ast.iter_fields(above):
            if isinstance(value, list) and block in value:
                before = [one for one in value[: value.index(block)] if isinstance(one, ast.stmt)]
                binding = [one for one in before if name in names_bound(one)]
                if binding:
                    chosen = binding[0]
        if isinstance(above, ast.Try) and block in [*above.finalbody, *above.orelse, *above.handlers]:
            if any(name in names_bound(one) for one in above.body):
                chosen = above
        if isinstance(above, ast.FunctionDef | ast.AsyncFunctionDef):
            return chosen
        if chosen is not None and not isinstance(above, ast.For | ast.While | ast.AsyncFor):
            return chosen
        if chosen is not None:
            return chosen
        block = above
    return chosen


def _is_tested(site: Site, use: ast.Name, name: str) -> bool:
    below: ast.AST = use
    for above in site.code.ancestors(use):
        if tests_name(above, name):
            return True
        match above:
            case ast.BoolOp(values=values):
                at = next((index for index, one in enumerate(values) if one is below), 0)
                if any(tests_name(one, name) or _is_name(one, name) for one in values[: at + 1]):
                    return True
            case ast.If(test=test) | ast.IfExp(test=test) | ast.While(test=test):
                if any(tests_name(one, name) or _is_name(one, name) for one in ast.walk(test)):
                    return True
            case ast.Compare(ops=[ast.Eq() | ast.NotEq() | ast.Is() | ast.IsNot()]):
                return True
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                return False
            case _:
                pass
        below = above
    return False


def _is_name(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


PATTERN = FixPattern(
    category="unbound-local",
    applicability=Applicability.SAFE,
    answers=(Raises("UnboundLocalError"),),
    kinds=frozenset({FailureKind.UNBOUND}),
    codemod=codemod,
    examples=(),
    unchanged=(),
)
