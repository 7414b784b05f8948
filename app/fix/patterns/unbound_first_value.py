"""A local name gets its first value where the code shows which one that is: by its sibling branch, or by its parameter.

What it fixes:
    `sign += "A"` in a branch whose sibling says `sign = "-"`, and a name that no path has set and that the function
    hands to itself for a parameter.

Why it fails:
    `+=` reads the name before it sets it, and nothing has set it yet; or one of the paths to the call was forgotten.

Fix safety:
    Unsafe. What is changed would have raised. That a first value was meant, or that the call goes on with what the
    function itself was given, is for a person to confirm.

References:
    Python Language Reference, "Augmented assignment statements".
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from app.core.model import Applicability, FailureKind
from app.core.syntax import Function, names_bound
from app.fix.edit import Before, Rewrite
from app.fix.forms import form_type
from app.fix.local_names import first_binding, is_name
from app.fix.pattern import Example, FixPattern, Proposal, Raises, Strength, Unchanged
from app.fix.scope import parameters, statements_before
from app.fix.site import Site


def codemod(site: Site) -> Iterator[Proposal]:
    """Writes `=` for `+=`, or sets the name to the parameter before the first statement that may bind it."""
    yield from _plainly(site)
    yield from _from_parameter(site)


def _plainly(site: Site) -> Iterator[Proposal]:
    match site.statement:
        case ast.AugAssign(target=ast.Name(id=name), op=ast.Add(), value=value) if name == site.line:
            pass
        case _:
            return
    sibling = _sibling(site, name, value)
    before = [one for one in statements_before(site) if name in names_bound(one)]
    if sibling is None or before or site.loop is not None:
        return
    yield Proposal(
        (Rewrite(site.statement, f"{name} = {site.text(value)}"),),
        f"Set `{name}` in line {site.statement.lineno}, where nothing has set it yet",
        (f"Line {sibling.lineno} sets it in the other branch, and nothing in front of them does.",),
        "The statement raised whenever it ran.",
        Strength.SYNTAX,
    )


def _sibling(site: Site, name: str, value: ast.expr) -> ast.Assign | None:
    """The plain assignment of such a value to the name in another branch of the `if` that holds the statement."""
    above = site.parent(site.statement)
    branches: list[ast.stmt] = []
    while isinstance(above, ast.If):
        branches += [*above.body, *above.orelse]
        above = site.parent(above)
    return next(
        (
            one
            for one in branches
            if isinstance(one, ast.Assign)
            and len(one.targets) == 1
            and is_name(one.targets[0], name)
            and form_type(one.value) == form_type(value)
        ),
        None,
    )


def _from_parameter(site: Site) -> Iterator[Proposal]:
    function, name = site.function, site.line
    first = first_binding(site, name)
    parameter = _parameter(site, function) if function is not None else None
    if function is None or first is None or parameter is None:
        return
    bound = {one for statement in function.body for one in names_bound(statement)}
    uses = [
        one
        for one in ast.walk(function)
        if is_name(one, name) and isinstance(one.ctx, ast.Load) and one.lineno >= site.statement.lineno
    ]
    if parameter in bound or uses != [site.node]:
        return
    yield Proposal(
        (Before(first, f"{name} = {parameter}"),),
        f"Start with `{name} = {parameter}` in {site.function_name}",
        (
            f"The call in line {site.node.lineno} hands it on as `{parameter}`, which the function has a value of.",
        ),
        "Paths that set the name keep its value; the others would have raised.",
        Strength.GUARD,
    )


def _parameter(site: Site, function: Function) -> str | None:
    """The parameter that takes the name, if the function hands it to itself."""
    above = site.parent(site.node)
    call = site.parent(above) if isinstance(above, ast.keyword) else above
    match call:
        case ast.Call(func=ast.Name(id=called)):
            bound = 0
        case ast.Call(func=ast.Attribute(value=ast.Name(id="self" | "cls"), attr=called)):
            bound = 1
        case _:
            return None
    if called != function.name or any(isinstance(one, ast.Starred) for one in call.args):
        return None
    if isinstance(above, ast.keyword):
        return above.arg if above.arg in parameters(function) else None
    names = [one.arg for one in [*function.args.posonlyargs, *function.args.args]][bound:]
    at = next((at for at, one in enumerate(call.args) if one is site.node), len(names))
    return names[at] if at < len(names) else None


PATTERN = FixPattern(
    category="unbound-local",
    applicability=Applicability.UNSAFE,
    answers=(Raises("UnboundLocalError"),),
    kinds=frozenset({FailureKind.UNBOUND}),
    codemod=codemod,
    examples=(
        Example(
            """\
def label(year):
    if year < 2000:
        sign = "-"
    else:
        sign += "A"
    return f"{year}{sign}"


assert label(2001) == "2001A"
""",
            """\
def label(year):
    if year < 2000:
        sign = "-"
    else:
        sign = "A"
    return f"{year}{sign}"


assert label(2001) == "2001A"
""",
        ),
        Example(
            """\
def flat(items, depth, found):
    for item in items:
        if isinstance(item, tuple):
            inner = depth + 1
            item = list(item)
        if isinstance(item, list):
            flat(item, inner, found)
        else:
            found.append((depth, item))
    return found


assert flat([1, [2], (3,)], 0, []) == [(0, 1), (0, 2), (1, 3)]
""",
            """\
def flat(items, depth, found):
    for item in items:
        inner = depth
        if isinstance(item, tuple):
            inner = depth + 1
            item = list(item)
        if isinstance(item, list):
            flat(item, inner, found)
        else:
            found.append((depth, item))
    return found


assert flat([1, [2], (3,)], 0, []) == [(0, 1), (0, 2), (1, 3)]
""",
        ),
    ),
    unchanged=(
        Unchanged(
            """\
def total(orders):
    for order in orders:
        if order < 0:
            total = 0
        else:
            total += order
    return total


total([3, 4])
""",
            "In a loop the name may have a value from the round before: what is missing is a start value.",
        ),
        Unchanged(
            """\
def sent(order, send):
    if order["gift"]:
        note = "wrapped"
    send(order, note)


sent({"gift": False}, print)
""",
            "Nothing says what an order without a note is sent with.",
        ),
    ),
)
