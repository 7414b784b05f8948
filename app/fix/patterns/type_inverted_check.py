"""A conversion that is done only for what is of its class already is done for everything else instead.

What it fixes:
    `if isinstance(price, float): price = float(price)` in front of a calculation that a `Decimal` fails.

Why it fails:
    The test lacks a `not`: it converts what needs no conversion, and lets the rest pass.

Fix safety:
    Unsafe. For what is of the class the conversion made no difference and now is not done; all else was not converted
    before and is now, also where the calculation took it as it was.

References:
    Python Standard Library, `isinstance`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from app.core.model import Applicability, FailureKind
from app.core.syntax import names_in, own_nodes
from app.fix.edit import Replace
from app.fix.pattern import Example, FixPattern, Proposal, Raises, Strength, Unchanged
from app.fix.site import Site


def codemod(site: Site) -> Iterator[Proposal]:
    """Negates the tests of the function's needless conversions."""
    found = {test: name for test, name in _needless(site) if test.lineno < site.node.lineno}
    if not names_in(site.node) & set(found.values()):
        return
    lines = ", ".join(str(one.lineno) for one in found)
    yield Proposal(
        tuple(Replace(test, f"not {site.text(test)}") for test in found),
        f"Convert what is of another class in line {lines}",
        ("The conversion is done only for what is of that class already, where it changes nothing.",),
        "What is of the class stays as it is.",
        Strength.SIGNATURE,
    )


def _needless(site: Site) -> Iterator[tuple[ast.Call, str]]:
    """The tests of the form `if isinstance(x, C): x = C(x)`, each with its name."""
    for node in own_nodes(site.function) if site.function is not None else ():
        match node:
            case ast.If(
                test=ast.Call(
                    func=ast.Name(id="isinstance"), args=[ast.Name(id=name), ast.Name(id=wanted)]
                ) as test,
                body=[
                    ast.Assign(
                        targets=[ast.Name(id=target)],
                        value=ast.Call(func=ast.Name(id=made), args=[ast.Name(id=given)], keywords=[]),
                    )
                ],
                orelse=[],
            ) if name == target == given and wanted == made:
                yield test, name
            case _:
                pass


PATTERN = FixPattern(
    category="wrong-type",
    applicability=Applicability.UNSAFE,
    answers=(Raises("TypeError"), Raises("AttributeError")),
    kinds=frozenset({FailureKind.RAISED, FailureKind.WRONG_TYPE}),
    codemod=codemod,
    examples=(
        Example(
            """\
from decimal import Decimal


def share(part, whole):
    if isinstance(part, float):
        part = float(part)
    return part / whole


assert share(Decimal(1), 4.0) == 0.25
""",
            """\
from decimal import Decimal


def share(part, whole):
    if not isinstance(part, float):
        part = float(part)
    return part / whole


assert share(Decimal(1), 4.0) == 0.25
""",
        ),
    ),
    unchanged=(
        Unchanged(
            """\
from decimal import Decimal


def share(part, whole):
    if isinstance(part, int):
        part = float(part)
    return part / whole


share(Decimal(1), 4.0)
""",
            "The conversion of whole numbers is none that is done already.",
        ),
    ),
)
