"""A division, a logarithm or a step of zero has the value that the code around it gives for nothing.

What it fixes:
    `total / len(items)` without items, `math.log10(abs(value))` of 0, `range(0, n, size)` with a size of 0.

Why it fails:
    Zero is a legal input of the function, and not of the operation.

Fix safety:
    Safe: only executions that would have raised get a value. Which value is right for a quotient is taken from the
    function; without evidence there is no fix.

References:
    Python Standard Library, `ZeroDivisionError`; `math`, "ValueError: math domain error".
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from app.core.model import Applicability, FailureKind
from app.fix.edit import Replace
from app.fix.guards import leave_function
from app.fix.pattern import ANY, FixPattern, Proposal, Strength
from app.fix.site import Site

_LOGARITHMS = frozenset({"log", "log2", "log10"})


def codemod(site: Site) -> Iterator[Proposal]:
    """Writes the conditional value."""
    match site.node:
        case ast.Call(func=ast.Name(id="range"), args=[_, _, step]):
            yield Proposal(
                (Replace(step, f"{_bracketed(site, step)} or 1"),),
                f"Step by 1 when `{site.text(step)}` is zero",
                ("A step of zero never arrives; without items to step over its size does not matter.",),
                "Only a step of zero changes, and it would have raised.",
                Strength.CONTEXT,
            )
        case ast.Call(func=ast.Attribute(attr=attr)) if attr in _LOGARITHMS:
            yield from _magnitude(site)
        case _:
            yield from leave_function(site)


def _magnitude(site: Site) -> Iterator[Proposal]:
    """An order of magnitude: of zero it is 0, as of 1."""
    value = (
        site.subject.args[0] if _is_abs(site.subject) and isinstance(site.subject, ast.Call) else site.subject
    )
    top = site.node
    while isinstance(above := site.parent(top), ast.Call) and _rounds(above):
        top = above
    if top is site.node or not isinstance(site.parent(top), ast.Assign):
        return
    yield Proposal(
        (Replace(top, f"{site.text(top)} if {site.text(value)} != 0 else 0"),),
        f"Take 0 for the order of magnitude of `{site.text(value)}` when it is zero",
        ("Zero is written with as many digits as a number of the magnitude 0.",),
        "Only zero changes, and it would have raised.",
        Strength.CONTEXT,
    )


def _is_abs(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "abs"


def _rounds(call: ast.Call) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    return name in {"int", "floor", "ceil", "round", "trunc"}


def _bracketed(site: Site, node: ast.expr) -> str:
    text = site.text(node)
    return text if isinstance(node, ast.Name | ast.Attribute | ast.Call) else f"({text})"


PATTERN = FixPattern(
    category="missing-error-handling",
    applicability=Applicability.SAFE,
    answers=ANY,
    kinds=frozenset({FailureKind.ZERO}),
    codemod=codemod,
    examples=(),
    unchanged=(),
)
