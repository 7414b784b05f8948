"""A parameter that was given None takes the default of its own signature.

What it fixes:
    A caller passes None explicitly to a parameter that has another default, and the function uses it as a value.

Why it fails:
    A default applies to a missing argument only; None is an argument.

Fix safety:
    Safe. The test stands right before the failing statement, so every execution that it changes would have raised.

References:
    Python Language Reference, "Function definitions": default parameter values.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from app.core.model import Applicability
from app.fix.conventions import is_constant
from app.fix.edit import Before
from app.fix.pattern import NONE_USED, Example, FixPattern, Proposal, Strength, Unchanged
from app.fix.site import Site


def codemod(site: Site) -> Iterator[Proposal]:
    """Gives the parameter its default before the failing statement."""
    if not isinstance(site.subject, ast.Name) or site.function is None or not site.takes_guard:
        return
    name = site.subject.id
    default = _default(site.function.args, name)
    if default is None or _is_rebound(site.function, name, site.statement.lineno):
        return
    code = site.text(default)
    yield Proposal(
        (Before(site.statement, f"if {name} is None:\n    {name} = {code}"),),
        f"Use the default `{code}` when `{name}` is None",
        (f"The signature of {site.function_name} says that `{name}` is `{code}` where nothing is given.",),
        f"`{name}` is None only in executions that would have raised in the next statement.",
        Strength.SIGNATURE,
    )


def _default(arguments: ast.arguments, name: str) -> ast.expr | None:
    positional = [*arguments.posonlyargs, *arguments.args]
    pairs: list[tuple[ast.arg, ast.expr | None]] = list(
        zip(positional[len(positional) - len(arguments.defaults) :], arguments.defaults, strict=True)
    )
    pairs += list(zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True))
    for parameter, default in pairs:
        if parameter.arg == name and default is not None and is_constant(default):
            return None if isinstance(default, ast.Constant) and default.value is None else default
    return None


def _is_rebound(function: ast.AST, name: str, line: int) -> bool:
    stores = [
        one for one in ast.walk(function) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)
    ]
    return any(one.id == name and one.lineno <= line for one in stores)


PATTERN = FixPattern(
    category="null-safety",
    applicability=Applicability.SAFE,
    answers=NONE_USED,
    codemod=codemod,
    examples=(
        Example(
            """\
def page(items, size=20):
    return items[: size * 2]


assert page([1, 2], None) == [1, 2]
""",
            """\
def page(items, size=20):
    if size is None:
        size = 20
    return items[: size * 2]


assert page([1, 2], None) == [1, 2]
""",
        ),
    ),
    unchanged=(
        Unchanged(
            """\
def page(items, size=None):
    return items[: size * 2]


page([1, 2], None)
""",
            "None is the default itself: the signature says nothing better.",
        ),
        Unchanged(
            """\
def page(items, settings, size=20):
    size = settings.get("size")
    return items[: size * 2]


page([1, 2], {})
""",
            "The name was bound again: it is no longer the parameter.",
        ),
    ),
)
