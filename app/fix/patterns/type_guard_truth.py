"""A guard that lets only None out also lets out a value that is empty.

What it fixes:
    `if since is not None and since >= changed:` for an empty text.

Why it fails:
    The guard knows one way of having nothing, and the input has another.

Fix safety:
    Unsafe: zero and empty containers would be let out too, and they need not mean the same.

References:
    Python Standard Library, "Truth Value Testing".
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from app.core.model import Applicability, FailureKind
from app.core.recorded import look_up
from app.fix.edit import Replace
from app.fix.pattern import Example, FixPattern, Proposal, Raises, Strength, Unchanged
from app.fix.site import Site

_EMPTY = frozenset({"''", "b''", "[]", "{}", "()", '""'})


def codemod(site: Site) -> Iterator[Proposal]:
    """Writes the truth of the value for its test against None."""
    found = look_up(site.variables, site.subject)
    if found is None or found.value not in [*_EMPTY, [], {}]:
        return
    for guard in _guards(site):
        yield Proposal(
            (Replace(guard, site.line),),
            f"Let the test of line {guard.lineno} also stop an empty `{site.line}`",
            (
                f"`{site.text(guard)}` already stops where there is nothing, and an empty value is nothing too.",
            ),
            "What is empty would have raised at the next use.",
            Strength.SIGNATURE,
            safe=False,
        )
        return


def _guards(site: Site) -> Iterator[ast.Compare]:
    """The tests against None that stand before the failing expression in the same condition or around it."""
    below: ast.AST = site.node
    wanted = ast.dump(site.subject)
    for above in site.code.ancestors(site.node):
        tests: list[ast.expr] = []
        if isinstance(above, ast.BoolOp) and isinstance(above.op, ast.And):
            tests = above.values[: above.values.index(below)] if below in above.values else []
        elif isinstance(above, ast.If | ast.IfExp) and below is not above.test:
            tests = [above.test]
        for test in tests:
            match test:
                case ast.Compare(left=left, ops=[ast.IsNot()], comparators=[ast.Constant(value=None)]) if (
                    ast.dump(left) == wanted
                ):
                    yield test
                case _:
                    pass
        if above is site.function:
            return
        below = above


PATTERN = FixPattern(
    category="wrong-type",
    applicability=Applicability.UNSAFE,
    answers=(Raises("TypeError"), Raises("AttributeError"), Raises("IndexError"), Raises("ValueError")),
    kinds=frozenset({FailureKind.WRONG_TYPE, FailureKind.BAD_INDEX}),
    codemod=codemod,
    examples=(
        Example(
            """\
def is_fresh(since, changed):
    if since is not None and since >= changed:
        return True
    return False


assert is_fresh("", 5) is False
""",
            """\
def is_fresh(since, changed):
    if since and since >= changed:
        return True
    return False


assert is_fresh("", 5) is False
""",
        ),
    ),
    unchanged=(
        Unchanged(
            """\
def is_fresh(since, changed):
    if since is not None and since >= changed:
        return True
    return False


is_fresh("yesterday", 5)
""",
            "The value says something, and in another form than expected.",
        ),
    ),
)
