"""A collected entry starts with its empty value: 0 for a count, an empty list for a group.

What it fixes:
    `counts[sku] += 1` or `groups[city].append(order)` for a key that comes for the first time.

Why it fails:
    Adding to an entry reads it first, and a plain dict has none yet.

Fix safety:
    Safe. An existing entry is treated as before; a new one would have raised.

References:
    Python Standard Library, `dict.get` and `dict.setdefault`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from app.core.model import Applicability
from app.fix.edit import Replace, Rewrite
from app.fix.forms import form_type
from app.fix.keys import gets
from app.fix.pattern import KEY_MISSING, Example, FixPattern, Proposal, Strength, Unchanged
from app.fix.site import Site

_STARTS = {"append": "[]", "extend": "[]", "insert": "[]", "add": "set()", "update": "{}"}
_NUMBERS = frozenset({"int", "float", "Decimal"})


def codemod(site: Site) -> Iterator[Proposal]:
    """Writes the start value for a new key."""
    if not isinstance(site.node, ast.Subscript) or not gets(site) or not site.is_plain:
        return
    mapping, key = site.text(site.subject), site.text(site.node.slice)
    statement = site.statement
    if isinstance(statement, ast.AugAssign) and statement.target is site.node:
        if isinstance(statement.op, ast.Add) and site.recorded_type(statement.value) in _NUMBERS:
            code = f"{mapping}[{key}] = {mapping}.get({key}, 0) + {site.text(statement.value)}"
            yield _proposal(site, Rewrite(statement, code), "0", "A count or a sum begins with 0.")
        return
    above = site.parent(site.node)
    call = site.parent(above)
    if (
        isinstance(above, ast.Attribute)
        and above.attr in _STARTS
        and isinstance(call, ast.Call)
        and call.func is above
    ):
        start = _STARTS[above.attr]
        if above.attr == "update" and not (call.args and form_type(call.args[0]) == "dict"):
            return
        edit = Replace(site.node, f"{mapping}.setdefault({key}, {start})")
        yield _proposal(site, edit, start, f"`.{above.attr}()` adds to a collection, and a new one is empty.")


def _proposal(site: Site, edit: Replace | Rewrite, start: str, why: str) -> Proposal:
    return Proposal(
        (edit,),
        f"Start with `{start}` when {site.missing}",
        (why,),
        "Entries that exist are treated as before; a new one would have raised.",
        Strength.SYNTAX,
    )


PATTERN = FixPattern(
    category="missing-key",
    applicability=Applicability.SAFE,
    answers=KEY_MISSING,
    codemod=codemod,
    examples=(
        Example(
            """\
def count(skus):
    counts = {}
    for sku in skus:
        counts[sku] += 1  # every piece
    return counts


assert count(["A", "A"]) == {"A": 2}
""",
            """\
def count(skus):
    counts = {}
    for sku in skus:
        counts[sku] = counts.get(sku, 0) + 1  # every piece
    return counts


assert count(["A", "A"]) == {"A": 2}
""",
        ),
        Example(
            """\
def group(orders):
    cities = {}
    for order in orders:
        cities[order["city"]].append(order["id"])
    return cities


assert group([{"city": "Rome", "id": 1}]) == {"Rome": [1]}
""",
            """\
def group(orders):
    cities = {}
    for order in orders:
        cities.setdefault(order["city"], []).append(order["id"])
    return cities


assert group([{"city": "Rome", "id": 1}]) == {"Rome": [1]}
""",
        ),
    ),
    unchanged=(
        Unchanged(
            """\
def take(stock, sku, quantity):
    stock[sku] -= quantity
    return stock


take({"A": 3}, "B", 1)
""",
            "Taking from what is not in stock is a condition, not a start.",
        ),
    ),
)
