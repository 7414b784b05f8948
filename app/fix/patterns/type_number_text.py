"""A text that is formatted as a number is converted first, in the way in which the function converts it already.

What it fixes:
    `"{:.2f}".format(value)` for a value that is the text of a number.

Why it fails:
    The function accepts numbers and their texts, and one of its paths forgot the texts.

Fix safety:
    Unsafe: the conversion is the function's own, but a person should see that it belongs here too.

References:
    Python Standard Library, "Format Specification Mini-Language".
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from app.core.model import Applicability, FailureKind
from app.core.syntax import own_nodes
from app.fix.edit import Replace
from app.fix.pattern import FixPattern, Proposal, Raises, Strength
from app.fix.site import Site


def codemod(site: Site) -> Iterator[Proposal]:
    """Puts the function's own conversion around the value."""
    if site.function is None:
        return
    for value in _formatted(site.statement):
        for node in own_nodes(site.function):
            match node:
                case ast.Call(func=ast.Name(id="float" | "int" | "Decimal"), args=[argument]) if (
                    node.lineno < site.statement.lineno
                    and _mentions(argument, value)
                    and argument is not value
                ) or (
                    isinstance(node, ast.Call)
                    and node.lineno < site.statement.lineno
                    and _same(argument, value)
                ):
                    yield Proposal(
                        (Replace(value, site.text(node)),),
                        f"Format the number in the text `{site.text(value)}`",
                        (f"Line {node.lineno} converts it with `{site.text(node)}`.",),
                        "Only texts would have raised.",
                        Strength.PRECEDENT,
                        safe=False,
                    )
                    return
                case _:
                    pass


def _formatted(statement: ast.stmt) -> Iterator[ast.expr]:
    for node in ast.walk(statement):
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Constant(value=str()), attr="format"), args=[first, *_]
            ):
                yield first
            case ast.Call(func=ast.Name(id="format"), args=[first, *_]):
                yield first
            case ast.FormattedValue(value=value, format_spec=ast.expr()):
                yield value
            case _:
                pass


def _same(one: ast.expr, other: ast.expr) -> bool:
    return ast.dump(one) == ast.dump(other)


def _mentions(node: ast.expr, value: ast.expr) -> bool:
    return any(isinstance(one, ast.expr) and _same(one, value) for one in ast.walk(node))


PATTERN = FixPattern(
    category="wrong-type",
    applicability=Applicability.UNSAFE,
    answers=(Raises("ValueError", r"^Unknown format code '[a-zA-Z%]' for object of type 'str'"),),
    kinds=frozenset({FailureKind.RAISED}),
    codemod=codemod,
    examples=(),
    unchanged=(),
)
