"""Removing from a list what is not in it does nothing.

What it fixes:
    `items.remove(item)` for an item that was removed already.

Why it fails:
    The removal is repeated, or two parts of the program remove the same item.

Fix safety:
    Safe where the removal is the last that the function or the round does: the item is gone in either case. Otherwise a
    person reviews what goes on without a removal. One that is counted in the next statement is left alone.

References:
    Python Standard Library, "Mutable Sequence Types".
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from app.core.model import Applicability, FailureKind
from app.fix.edit import Wrap
from app.fix.forms import is_plain
from app.fix.pattern import Example, FixPattern, Proposal, Raises, Strength, Unchanged
from app.fix.site import Site


def codemod(site: Site) -> Iterator[Proposal]:
    """Puts the removal under a test."""
    match site.statement:
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=owner, attr="remove"), args=[item])) if (
            is_plain(owner) and is_plain(item)
        ):
            if site.later and isinstance(site.later[0], ast.AugAssign):
                return
            test = f"{site.text(item)} in {site.text(owner)}"
            yield Proposal(
                (Wrap(site.statement, test),),
                f"Remove `{site.text(item)}` only if it is there",
                ("The statement only makes sure that the item is gone.",),
                "An item that is there is removed as before; without it the removal would have raised.",
                Strength.SYNTAX,
                safe=not site.later,
            )
        case _:
            pass


PATTERN = FixPattern(
    category="missing-error-handling",
    applicability=Applicability.SAFE,
    answers=(Raises("ValueError", r"not in (?:list|deque)"),),
    kinds=frozenset({FailureKind.RAISED}),
    codemod=codemod,
    examples=(
        Example(
            """\
class Cart:
    def __init__(self, skus):
        self.skus = skus

    def drop(self, sku):
        self.skus.remove(sku)


cart = Cart(["A", "B"])
cart.drop("B")
cart.drop("B")
assert cart.skus == ["A"]
""",
            """\
class Cart:
    def __init__(self, skus):
        self.skus = skus

    def drop(self, sku):
        if sku in self.skus:
            self.skus.remove(sku)


cart = Cart(["A", "B"])
cart.drop("B")
cart.drop("B")
assert cart.skus == ["A"]
""",
        ),
        Example(
            """\
from collections import deque

waiting = deque(["Ann", "Bob"])


def leave(customers):
    for customer in customers:
        waiting.remove(customer)


leave(["Bob", "Cem"])
assert list(waiting) == ["Ann"]
""",
            """\
from collections import deque

waiting = deque(["Ann", "Bob"])


def leave(customers):
    for customer in customers:
        if customer in waiting:
            waiting.remove(customer)


leave(["Bob", "Cem"])
assert list(waiting) == ["Ann"]
""",
        ),
    ),
    unchanged=(
        Unchanged(
            """\
def position(queue, customer):
    return queue.index(customer) + 1


position(["Ann", "Bob"], "Cem")
""",
            "The position of what is not in the list is not known.",
        ),
        Unchanged(
            """\
def drop_next(skus, numbers):
    skus.remove(f"A{next(numbers)}")


drop_next(["A1"], iter([2, 3]))
""",
            "The item is made anew each time it is asked for: a test would use up another one.",
        ),
        Unchanged(
            """\
class Cart:
    def __init__(self, skus):
        self.skus = skus
        self.count = len(skus)

    def drop(self, sku):
        self.skus.remove(sku)
        self.count -= 1


Cart(["A"]).drop("B")
""",
            "The removal is counted: without it the count would be wrong.",
        ),
    ),
)
