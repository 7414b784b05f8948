"""A function that has nothing to work on returns early, with the value that its own code gives for such a case.

What it fixes:
    A value that may be None is used in the middle of a function.

Why it fails:
    The lookup that produced the value answers "nothing" with None, and the function goes on as if it had something.

Fix safety:
    Safe. The guard tests exactly what the next statement needs, so every execution that it ends would have raised.
    The value comes from the function's other guards, its annotation, its other results or its callers; without such
    evidence, and in functions that answer with their own error, there is no guard.

References:
    PEP 484, "Union types": None as a value of an optional type.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from app.core.model import Applicability
from app.core.syntax import names_bound, names_in
from app.fix.ahead import ahead
from app.fix.pattern import NONE_USED, Example, Fallback, FixPattern, Proposal, Strength, Unchanged
from app.fix.returns import fallback_returns
from app.fix.site import Site

_MOST = 2


def codemod(site: Site) -> Iterator[Proposal]:
    """Puts the guard before the failing statement; a call that gave None is bound to a name first."""
    if site.function is None or site.loop is not None:
        return
    front = ahead(site)
    if front is None:
        return
    for fallback in fallback_returns(site)[:_MOST]:
        result = f"return {fallback.code}".rstrip()
        value = f"`{fallback.code}`" if fallback.code else "early"
        yield Proposal(
            front.guard(site.statement, result),
            f"Return {value} from {site.function_name} when `{site.line}` is None",
            (fallback.because,),
            "The guard ends only executions that would have raised in the next statement.",
            _strength(site, fallback),
            None if site.is_generator else fallback.code or "None",
            safe=fallback.accepted,
        )


def _strength(site: Site, fallback: Fallback) -> Strength:
    """Weaker where the rest of the function does not need the failing statement."""
    bound = names_bound(site.statement)
    needs = any(names_in(one) & bound for one in site.following) or site.used_again
    last = isinstance(site.statement, ast.Return) or not site.following
    return fallback.strength if last or needs else max(fallback.strength, Strength.LAST)


PATTERN = FixPattern(
    category="null-safety",
    applicability=Applicability.SAFE,
    answers=NONE_USED,
    codemod=codemod,
    examples=(
        Example(
            """\
class Customer:
    email = "a@example.com"


class Order:
    customer: Customer | None = None


def contact(order: Order) -> str | None:
    return order.customer.email


assert contact(Order()) is None
""",
            """\
class Customer:
    email = "a@example.com"


class Order:
    customer: Customer | None = None


def contact(order: Order) -> str | None:
    if order.customer is None:
        return None
    return order.customer.email


assert contact(Order()) is None
""",
        ),
        Example(
            """\
def find_coupon(code):
    return {"SPRING": {"percent": 10}}.get(code)


def percent(code, basket):
    if not basket:
        return 0
    return find_coupon(code)["percent"]


assert percent("AUTUMN", [1]) == 0
""",
            """\
def find_coupon(code):
    return {"SPRING": {"percent": 10}}.get(code)


def percent(code, basket):
    if not basket:
        return 0
    coupon = find_coupon(code)
    if coupon is None:
        return 0
    return coupon["percent"]


assert percent("AUTUMN", [1]) == 0
""",
        ),
        Example(
            """\
class Catalogue:
    def find(self, code):
        return None


class Shop(Catalogue):
    def find(self, code):
        found = Catalogue.find(self, code)
        found.shop = "north"
        return found


assert Shop().find("A1") is None
""",
            """\
class Catalogue:
    def find(self, code):
        return None


class Shop(Catalogue):
    def find(self, code):
        found = Catalogue.find(self, code)
        if found is None:
            return None
        found.shop = "north"
        return found


assert Shop().find("A1") is None
""",
        ),
    ),
    unchanged=(
        Unchanged(
            """\
def invoice(order):
    return order["customer"].account


invoice({"customer": None})
""",
            "Nothing says what the function gives for nothing.",
        ),
        Unchanged(
            """\
def ship(order, address=None):
    if order is None:
        raise ValueError("no order")
    return address.street


ship({"id": 1})
""",
            "The function answers missing values with its own error.",
        ),
    ),
)
