"""What is added to a text is written as text.

What it fixes:
    `"order " + number` and `", ".join(numbers)` for numbers, paths and other values that are no texts.

Why it fails:
    Python does not turn a value into text by itself where texts are added or joined.

Fix safety:
    Unsafe: a value whose class knows how to be added to a text is written by `str()` now. Bytes are left alone, because
    their text depends on an encoding.

References:
    Python Standard Library, `str`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from app.core.model import Applicability, FailureKind
from app.core.recorded import type_name
from app.fix.edit import Replace
from app.fix.forms import form_type
from app.fix.pattern import Example, FixPattern, Proposal, Raises, Strength, Unchanged
from app.fix.site import Site

# What a person would write into a text as it is; a bool or None there is a sign of something else gone wrong.
_WRITTEN = frozenset(
    {
        "int",
        "float",
        "Decimal",
        "Fraction",
        "PosixPath",
        "WindowsPath",
        "PurePosixPath",
        "UUID",
        "date",
        "datetime",
    }
)


def codemod(site: Site) -> Iterator[Proposal]:
    """Writes `str()` around the operand, or over the items of a join."""
    if not _WRITTEN & set(re.findall(r"\w+", site.trace.message)):
        return
    match site.node:
        case ast.BinOp(op=ast.Add(), left=left, right=right):
            value = _value(site, left, right)
            if value is not None:
                yield _proposal(site, Replace(value, f"str({site.text(value)})"), site.text(value))
        case ast.Call(func=ast.Attribute(value=ast.Constant(value=str()), attr="join"), args=[items]):
            match items:
                case ast.GeneratorExp(elt=element) | ast.ListComp(elt=element):
                    yield _proposal(site, Replace(element, f"str({site.text(element)})"), site.text(element))
                case ast.Name() | ast.Attribute() | ast.Subscript() | ast.Call():
                    yield _proposal(site, Replace(items, f"map(str, {site.text(items)})"), site.text(items))
                case _:
                    pass
        case _:
            pass


def _value(site: Site, left: ast.expr, right: ast.expr) -> ast.expr | None:
    """The operand that is no text, if the other one is."""
    written = [form_type(one) == "str" for one in (left, right)]
    recorded = [type_name(site.variables, one) for one in (left, right)]
    # Only what the code itself shows to be a text says that a text is wanted: with two values, either may be wrong.
    if written[0] and not written[1] and recorded[1] != "str":
        return right
    return left if written[1] and not written[0] and recorded[0] != "str" else None


def _proposal(site: Site, edit: Replace, text: str) -> Proposal:
    return Proposal(
        (edit,),
        f"Write `{text}` as text in line {site.statement.lineno}",
        ("It becomes a part of a text, and `str()` is how such a value is written.",),
        "Texts stay as they are; anything else would have raised.",
        Strength.CONTEXT,
    )


PATTERN = FixPattern(
    category="wrong-type",
    applicability=Applicability.UNSAFE,
    answers=(
        Raises("TypeError", r"^can only concatenate str \(not"),
        Raises("TypeError", r"^unsupported operand type\(s\) for \+: .*'str'"),
        Raises("TypeError", r"^sequence item \d+: expected str instance"),
    ),
    kinds=frozenset({FailureKind.WRONG_TYPE, FailureKind.RAISED}),
    codemod=codemod,
    examples=(
        Example(
            """\
def label(number):
    return "order " + number


assert label(7) == "order 7"
""",
            """\
def label(number):
    return "order " + str(number)


assert label(7) == "order 7"
""",
        ),
        Example(
            """\
def listed(numbers):
    return ", ".join(numbers)


assert listed([1, 2]) == "1, 2"
""",
            """\
def listed(numbers):
    return ", ".join(map(str, numbers))


assert listed([1, 2]) == "1, 2"
""",
        ),
    ),
    unchanged=(
        Unchanged(
            """\
def label(name):
    return "order " + name


label(b"seven")
""",
            "The text of bytes depends on their encoding.",
        ),
    ),
)
