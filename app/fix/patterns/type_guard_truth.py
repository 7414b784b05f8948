"""A guard that lets only None out also lets out a value that is empty.

What it fixes:
    `if since is not None and since >= changed:` for an empty text, also one that `if since: since = parse(since)` left
    as it was.

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
from app.core.syntax import names_bound, names_in
from app.fix.edit import Replace
from app.fix.forms import form_type
from app.fix.pattern import Example, FixPattern, Proposal, Raises, Strength, Unchanged
from app.fix.site import Site

_EMPTY = frozenset({"''", "b''", "[]", "{}", "()", '""'})


def codemod(site: Site) -> Iterator[Proposal]:
    """Writes the truth of the value for its test against None."""
    found = look_up(site.variables, site.subject)
    if not (_is_left_as_it_was(site) if found is None else found.value in [*_EMPTY, [], {}]):
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


def _is_left_as_it_was(site: Site) -> bool:
    """True if the last statement in front that binds the name is `if x: x = convert(x)`: only what is false stays."""
    if not isinstance(site.subject, ast.Name) or site.failure.kind is not FailureKind.WRONG_TYPE:
        return False
    name = site.subject.id
    bound = [one for one in _in_front(site) if name in names_bound(one)]
    match bound[-1:]:
        case [
            ast.If(
                test=ast.Name(id=tested),
                body=[ast.Assign(targets=[ast.Name(id=given)], value=value)],
                orelse=[],
            )
        ]:
            kept = form_type(value) == site.failure.key
            return tested == given == name and name in names_in(value) and not kept
        case _:
            return False


def _in_front(site: Site) -> list[ast.stmt]:
    """The statements of the block in front of the failing one."""
    for _, block in ast.iter_fields(site.parent(site.statement)):
        if isinstance(block, list) and site.statement in block:
            return [one for one in block[: block.index(site.statement)] if isinstance(one, ast.stmt)]
    return []


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
        Example(
            """\
def is_fresh(request, changed):
    since = request.get("since")
    if since:
        since = int(since)
    if since is not None and since >= changed:
        return True
    return False


assert is_fresh({"since": ""}, 5) is False
""",
            """\
def is_fresh(request, changed):
    since = request.get("since")
    if since:
        since = int(since)
    if since and since >= changed:
        return True
    return False


assert is_fresh({"since": ""}, 5) is False
""",
        ),
    ),
    unchanged=(
        Unchanged(
            """\
def is_fresh(request, changed):
    since = request.get("since")
    if since:
        since = since.strip()
    if since is not None and since >= changed:
        return True
    return False


is_fresh({"since": "5"}, 5)
""",
            "What is not empty stays a text as well: the code never makes a number of it.",
        ),
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
