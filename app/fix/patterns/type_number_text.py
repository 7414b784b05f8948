"""A text that is formatted as a number is converted first, in the way in which the function converts it already.

What it fixes:
    `"{:.2f}".format(value)` for a value that is the text of a number.

Why it fails:
    The function accepts numbers and their texts, and one of its paths forgot the texts.

Fix safety:
    Unsafe: the conversion is the function's own, but a person should see that it belongs here too. Without one in the
    same function nothing is changed: how a text spells a number is not known.

References:
    Python Standard Library, "Format Specification Mini-Language".
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from app.core.model import Applicability, FailureKind
from app.core.recorded import type_name
from app.core.syntax import header, own_nodes
from app.fix.edit import Replace
from app.fix.pattern import Example, FixPattern, Proposal, Raises, Strength, Unchanged
from app.fix.scope import can_be_written
from app.fix.site import Site

_WHOLE = frozenset("bcdoxX")  # these codes are for whole numbers
_METHODS = frozenset({"strip", "lstrip", "rstrip", "replace", "removeprefix", "removesuffix"})


def codemod(site: Site) -> Iterator[Proposal]:
    """Puts the function's own conversion around the value."""
    code = site.trace.message.partition("'")[2][:1]
    converters = {"int"} if code in _WHOLE else {"float", "int", "Decimal"}
    for value in _formatted(site.statement):
        if type_name(site.variables, value) not in {"str", None}:
            continue
        for call in _conversions(site, value, converters):
            yield Proposal(
                # Numbers are formatted as before: the conversion may use what only texts have, or round.
                (
                    Replace(
                        value,
                        f"{site.text(call)} if isinstance({site.text(value)}, str) else {site.text(value)}",
                    ),
                ),
                f"Format the number in the text `{site.text(value)}`",
                (f"Line {call.lineno} converts it with `{site.text(call)}`.",),
                "Only texts would have raised.",
                Strength.PRECEDENT,
                safe=False,
            )
            return


def _conversions(site: Site, value: ast.expr, converters: set[str]) -> Iterator[ast.Call]:
    """The calls elsewhere in the function that make a number of the text and that can be written here as well."""
    wanted = ast.dump(value)
    for node in own_nodes(site.function) if site.function is not None else ():
        match node:
            case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if name in converters:
                if ast.dump(_text_of(argument)) == wanted and can_be_written(site, [node]):
                    yield node
            case _:
                pass


def _text_of(node: ast.expr) -> ast.expr:
    """`text` of `text.replace(",", "").strip()`."""
    match node:
        case ast.Call(func=ast.Attribute(value=inner, attr=attr)) if attr in _METHODS:
            return _text_of(inner)
        case _:
            return node


def _formatted(statement: ast.stmt) -> Iterator[ast.expr]:
    """The values that the statement formats."""
    for node in (one for part in header(statement) for one in ast.walk(part)):
        match node:
            case ast.Call(func=ast.Attribute(attr="format"), args=arguments, keywords=keywords):
                yield from [*arguments, *(one.value for one in keywords)]
            case ast.Call(func=ast.Name(id="format"), args=[value, _]):
                yield value
            case ast.FormattedValue(value=value, format_spec=ast.expr()):
                yield value
            case _:
                pass


PATTERN = FixPattern(
    category="wrong-type",
    applicability=Applicability.UNSAFE,
    answers=(Raises("ValueError", r"^Unknown format code '[a-zA-Z%]' for object of type 'str'"),),
    kinds=frozenset({FailureKind.RAISED}),
    codemod=codemod,
    examples=(
        Example(
            """\
def price(value, plain=False):
    if plain:
        return float(value.replace(",", ""))
    return "{:.2f} EUR".format(value)


assert price("1,200") == "1200.00 EUR"
""",
            """\
def price(value, plain=False):
    if plain:
        return float(value.replace(",", ""))
    return "{:.2f} EUR".format(float(value.replace(",", "")) if isinstance(value, str) else value)


assert price("1,200") == "1200.00 EUR"
""",
        ),
        Example(
            """\
def label(name, pieces):
    if name == "total":
        return int(pieces)
    return f"{name:>8}: {pieces:03d}"


assert label("lamp", "7") == "    lamp: 007"
""",
            """\
def label(name, pieces):
    if name == "total":
        return int(pieces)
    return f"{name:>8}: {int(pieces) if isinstance(pieces, str) else pieces:03d}"


assert label("lamp", "7") == "    lamp: 007"
""",
        ),
    ),
    unchanged=(
        Unchanged(
            """\
def price(value):
    return f"{value:.2f} EUR"


price("1,50")
""",
            "Nothing says how the text spells its number.",
        ),
        Unchanged(
            """\
def pieces(value, exact):
    if exact:
        return float(value)
    return f"{value:d} pieces"


pieces("3", False)
""",
            "The conversion of the function gives no whole number.",
        ),
    ),
)
