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
from collections.abc import Iterator

from app.core.model import Applicability, FailureKind
from app.fix.conversions import needless_conversion
from app.fix.edit import Edit, Replace, Wrap
from app.fix.forms import is_plain
from app.fix.pattern import Example, FixPattern, Proposal, Raises, Strength, Unchanged
from app.fix.site import Site


def codemod(site: Site) -> Iterator[Proposal]:
    """Writes the conversion only for what is not of the class yet."""
    found = needless_conversion(site)
    if found is None or not is_plain(found.value):
        return
    name, value = found.made.rpartition(".")[2], site.text(found.value)
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
