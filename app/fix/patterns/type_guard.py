"""A value of another class than the code reads is passed over, as the code around it passes over others.

What it fixes:
    `node.target.name` where the target is of a class without a name.

Why it fails:
    The value has several classes, and the code was written for the most frequent one.

Fix safety:
    Safe where the test is `hasattr`: it is false exactly where the attribute is missing, so only what would have raised
    is left out, and "no" is the answer to a question about it. Where an annotation names the class, the test is
    `isinstance`, which other classes may fail that have the attribute; that, and None as a result, is only proposed.
    Data in another form, what was never called or awaited, a misspelt attribute and an object without one of its own
    are left alone: passing over them would hide a mistake.

References:
    Python Standard Library, `hasattr` and `isinstance`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace

from app.core.model import Applicability, FailureKind
from app.fix.attributes import is_misspelt, is_receiver
from app.fix.guards import answer_no, leave_function, leave_round
from app.fix.pattern import Example, FixPattern, Proposal, Raises, Unchanged
from app.fix.site import Site

# Data in another form than expected still says something: to pass over it loses that.
_DATA = frozenset(
    {"bool", "bytearray", "bytes", "complex", "dict", "float", "frozenset", "int", "list", "set", "str", "tuple",
     "PosixPath", "WindowsPath"}
)  # fmt: skip
# What was never called or awaited is a mistake of the code, which fails for every value.
_MISTAKES = frozenset({"builtin_function_or_method", "coroutine", "function", "method", "module"})


def codemod(site: Site) -> Iterator[Proposal]:
    """Puts a test of the class or the attribute in front."""
    if site.test is None or site.failure.key in _DATA | _MISTAKES or is_receiver(site):
        return
    if isinstance(site.node, ast.Attribute) and is_misspelt(site, site.node.attr):
        return
    exact = site.test.startswith("hasattr(")
    for proposal in (*answer_no(site), *leave_round(site), *leave_function(site)):
        if proposal.returns in {None, "None", "False"}:  # an empty text or a zero would be made up
            yield replace(proposal, safe=proposal.safe and exact and proposal.returns != "None")


PATTERN = FixPattern(
    category="wrong-type",
    applicability=Applicability.SAFE,
    answers=(Raises("AttributeError"), Raises("TypeError")),
    kinds=frozenset({FailureKind.WRONG_TYPE}),
    codemod=codemod,
    examples=(
        Example(
            """\
class Book:
    pages = 120


class Voucher:
    pass


def pages(items):
    counts = []
    for item in items:
        counts.append(item.pages)
    return counts


assert pages([Book(), Voucher()]) == [120]
""",
            """\
class Book:
    pages = 120


class Voucher:
    pass


def pages(items):
    counts = []
    for item in items:
        if hasattr(item, "pages"):
            counts.append(item.pages)
    return counts


assert pages([Book(), Voucher()]) == [120]
""",
        ),
        Example(
            """\
class Book:
    pages = 120


class Voucher:
    pass


def shelf(item, large):
    if item.pages > 500 and large:
        return 2
    return 1


assert shelf(Voucher(), True) == 1
""",
            """\
class Book:
    pages = 120


class Voucher:
    pass


def shelf(item, large):
    if hasattr(item, "pages") and item.pages > 500 and large:
        return 2
    return 1


assert shelf(Voucher(), True) == 1
""",
        ),
        Example(
            """\
class Book:
    def __init__(self):
        self.parts = ["one"]


class Voucher:
    code = "SPRING"


def parts(items):
    names = []
    for item in items:
        book: Book = item.get("book")
        names.extend(book.parts)
    return names


assert parts([{"book": Book()}, {"book": Voucher()}]) == ["one"]
""",
            """\
class Book:
    def __init__(self):
        self.parts = ["one"]


class Voucher:
    code = "SPRING"


def parts(items):
    names = []
    for item in items:
        book: Book = item.get("book")
        if isinstance(book, Book):
            names.extend(book.parts)
    return names


assert parts([{"book": Book()}, {"book": Voucher()}]) == ["one"]
""",
        ),
    ),
    unchanged=(
        Unchanged(
            """\
def cities(addresses):
    found = []
    for address in addresses:
        found.append(address.city)
    return found


cities(["7 Main Street, Rome"])
""",
            "A text is an address in another form: to pass over it would lose it.",
        ),
        Unchanged(
            """\
class Order:
    def __init__(self):
        self.total = 500


def is_large(order):
    return order.totl > 300


is_large(Order())
""",
            "The attribute is misspelt: the test would never hold.",
        ),
        Unchanged(
            """\
class Parcel:
    def is_heavy(self):
        return self.weight > 20


Parcel().is_heavy()
""",
            "The object itself lacks what its class should set.",
        ),
    ),
)
