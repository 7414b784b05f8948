"""What is already of the class that a call makes is taken as it is.

What it fixes:
    `UUID(value)` for a `UUID`, `datetime.strptime(value, form)` for a `datetime`, and `json.loads(value)` for a dict.

Why it fails:
    The value comes as a text from one side and converted from another, and the conversion takes texts only.

Fix safety:
    Unsafe. The value that failed is used as it is; one of that class that the call took before is not copied any more.
    A handler for values that can not be converted is not asked: this one is converted.

References:
    Python Standard Library, `isinstance`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from app.core.model import Applicability, FailureKind
from app.core.recorded import type_name
from app.fix.edit import Edit, Replace, Wrap
from app.fix.forms import is_plain
from app.fix.pattern import Example, FixPattern, Proposal, Raises, Strength, Unchanged
from app.fix.site import Site

_MAKES = re.compile(r"from|strp|parse")
_GOT = re.compile(r"^'(\w+)' object has no attribute|(?:not|got) '?(?:\w+\.)*(\w+)'?$")


@dataclass(frozen=True, slots=True)
class _Conversion:
    """A call that makes an object of the class `made`, as source, of a value."""

    call: ast.Call
    value: ast.expr
    made: str


def codemod(site: Site) -> Iterator[Proposal]:
    """Writes the conversion only for what is not of the class yet."""
    found = _conversion(site)
    if found is None or not is_plain(found.value):
        return
    name, value = found.made.rpartition(".")[2], site.text(found.value)
    got = _GOT.search(site.trace.message)
    told = {next(filter(None, got.groups()))} if got is not None else set()
    recorded = {type_name(site.variables, found.value)} - {None}
    if told | recorded != {name}:
        return
    if site.trace.depth and not recorded:  # the class's own code may have failed on itself
        return
    is_all = isinstance(site.statement, ast.Expr) and site.statement.value is found.call
    code = f"{value} if isinstance({value}, {found.made}) else {site.text(found.call)}"
    edit: Edit = (
        Wrap(site.statement, f"not isinstance({value}, {found.made})")
        if is_all
        else Replace(found.call, code)
    )
    yield Proposal(
        (edit,),
        f"Convert `{value}` only where it is no `{name}` yet",
        (f"`{site.text(found.call.func)}()` makes a `{name}`, and it was given one.",),
        "Other values are converted as before.",
        Strength.SIGNATURE,
    )


def _conversion(site: Site) -> _Conversion | None:
    match site.node:
        case (
            ast.Call(
                func=ast.Attribute(value=ast.Name(id="json"), attr="loads"), args=[value], keywords=[]
            ) as call
        ):
            return _Conversion(call, value, type_name(site.variables, value) or "dict")
        case ast.Call(func=ast.Attribute(value=owner, attr=method), args=[value, *_]) as call if _MAKES.match(
            method
        ):
            return _Conversion(call, value, ast.unparse(owner))
        case ast.Call(func=ast.Name() | ast.Attribute() as func, args=[value], keywords=[]) as call:
            return _Conversion(call, value, ast.unparse(func))
        case _:
            return None


PATTERN = FixPattern(
    category="wrong-type",
    applicability=Applicability.UNSAFE,
    answers=(Raises("AttributeError"), Raises("TypeError")),
    kinds=frozenset({FailureKind.RAISED, FailureKind.WRONG_TYPE}),
    codemod=codemod,
    examples=(
        Example(
            """\
import uuid


def order_number(value):
    return uuid.UUID(value)


assert order_number(uuid.UUID(int=5)) == uuid.UUID(int=5)
""",
            """\
import uuid


def order_number(value):
    return value if isinstance(value, uuid.UUID) else uuid.UUID(value)


assert order_number(uuid.UUID(int=5)) == uuid.UUID(int=5)
""",
        ),
        Example(
            """\
import uuid


def check(value):
    try:
        uuid.UUID(value)
    except ValueError:
        raise LookupError("no number of an order") from None


check(uuid.UUID(int=5))
""",
            """\
import uuid


def check(value):
    try:
        if not isinstance(value, uuid.UUID):
            uuid.UUID(value)
    except ValueError:
        raise LookupError("no number of an order") from None


check(uuid.UUID(int=5))
""",
        ),
        Example(
            """\
from datetime import datetime


def day(value):
    return datetime.strptime(value, "%Y-%m-%d").day


assert day(datetime(2024, 2, 3)) == 3
""",
            """\
from datetime import datetime


def day(value):
    return (value if isinstance(value, datetime) else datetime.strptime(value, "%Y-%m-%d")).day


assert day(datetime(2024, 2, 3)) == 3
""",
        ),
    ),
    unchanged=(
        Unchanged(
            """\
class Order:
    def __init__(self, number):
        self.label = f"{self.prefix}{number}"


def order(number):
    return Order(number)


order(5)
""",
            "It is the new object that lacks an attribute, and not what it was to be made of.",
        ),
        Unchanged(
            """\
import uuid


def order_number(value):
    return uuid.UUID(value)


order_number(5)
""",
            "A number is no such object yet, and nothing says how it is to become one.",
        ),
    ),
)
