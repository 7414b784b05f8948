"""A guard that lets only None out also lets out what is empty.

What it fixes:
    `if text is None: return None` in front of `text[0]`, for an empty text.

Why it fails:
    The guard knows one way of having nothing, and the input has another.

Fix safety:
    Safe where the failing statement directly follows the guard and cannot do without the item: then nothing else
    changes its way. Where statements stand between the two, or the guard raises, the change is only proposed. A guard
    that need not be passed on the way, or whose value is bound anew behind it, is left alone.

References:
    Python Standard Library, "Truth Value Testing".
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from app.core.model import Applicability, FailureKind
from app.core.syntax import names_bound, names_in
from app.fix.edit import Replace
from app.fix.pattern import INDEX_MISSING, Example, FixPattern, Proposal, Strength, Unchanged
from app.fix.scope import leaves
from app.fix.site import Loop, Site


def codemod(site: Site) -> Iterator[Proposal]:
    """Widens the test of the nearest guard."""
    if site.function is None or site.negated_test != f"not {site.line}":
        return
    for guard in _guards(site):
        test = _none_test(guard.test, ast.dump(site.subject))
        if test is not None:
            raises = isinstance(guard.body[-1], ast.Raise)
            yield Proposal(
                (Replace(test, f"not {site.text(site.subject)}"),),
                f"Let the guard of line {guard.lineno} also answer for an empty `{site.line}`",
                (f"The guard of line {guard.lineno} already answers for no `{site.line}`.",),
                "What is empty would have raised at the next use.",
                Strength.SIGNATURE,
                safe=not raises and site.always_runs and _is_next(site, guard),
                raises=raises,
            )
            return


def _guards(site: Site) -> Iterator[ast.If]:
    """The guards that every way to the failing statement passes, the nearest first, up to where its names are bound."""
    names = names_in(site.subject)
    below: ast.AST = site.statement
    for above in site.code.ancestors(site.statement):
        for one in _before(above, below):
            if isinstance(one, ast.If) and not one.orelse and leaves(one.body):
                yield one
            if names & names_bound(one):
                return
        if above is site.function or (isinstance(above, Loop) and names & names_bound(above)):
            return
        below = above


def _before(block: ast.AST, node: ast.AST) -> list[ast.stmt]:
    """The statements in front of `node` in its block, the nearest first."""
    for _, value in ast.iter_fields(block):
        if isinstance(value, list) and node in value:
            return [one for one in value[: value.index(node)] if isinstance(one, ast.stmt)][::-1]
    return []


def _none_test(condition: ast.expr, wanted: str) -> ast.expr | None:
    """The part `x is None` of the condition, if it holds wherever that does."""
    match condition:
        case ast.Compare(left=left, ops=[ast.Is() | ast.Eq()], comparators=[ast.Constant(value=None)]):
            return condition if ast.dump(left) == wanted else None
        case ast.BoolOp(op=ast.Or(), values=values):
            return next((found for one in values if (found := _none_test(one, wanted)) is not None), None)
        case _:
            return None


def _is_next(site: Site, guard: ast.If) -> bool:
    """True if the failing statement directly follows the guard."""
    return _before(site.parent(site.statement), site.statement)[:1] == [guard]


PATTERN = FixPattern(
    category="missing-key",
    applicability=Applicability.SAFE,
    answers=INDEX_MISSING,
    kinds=frozenset({FailureKind.BAD_INDEX}),
    codemod=codemod,
    examples=(
        Example(
            """\
def initial(name):
    if name is None:
        return "?"
    return name[0].upper()


assert initial("") == "?"
""",
            """\
def initial(name):
    if not name:
        return "?"
    return name[0].upper()


assert initial("") == "?"
""",
        ),
        Example(
            """\
def latest(histories):
    states = []
    for history in histories:
        if history is None or history == ["lost"]:
            continue
        states.append(history[-1])
    return states


assert latest([["paid", "sent"], [], None]) == ["sent"]
""",
            """\
def latest(histories):
    states = []
    for history in histories:
        if not history or history == ["lost"]:
            continue
        states.append(history[-1])
    return states


assert latest([["paid", "sent"], [], None]) == ["sent"]
""",
        ),
    ),
    unchanged=(
        Unchanged(
            """\
def initial(name):
    if name is None:
        return "?"
    name = name.strip()
    return name[0].upper()


initial("  ")
""",
            "Behind the guard the name has another value: the guard never sees that one empty.",
        ),
        Unchanged(
            """\
def heading(lines, title):
    if title is None:
        if lines is None:
            return "untitled"
    return lines[0]


heading([], "Orders")
""",
            "The guard is not passed where there is a title.",
        ),
    ),
)
