"""Iterating over nothing gives no rounds: None is read as an empty collection.

What it fixes:
    None reaches a `for`, a comprehension, `len()`, `sorted()`, `join()`, `*` or `**`.

Why it fails:
    "No items" was spelled None where the code expects an empty collection.

Fix safety:
    Safe. `x or ()` has the items of `x` wherever `x` could be iterated. Where the name is used again, it is bound to an
    empty list once, right before the statement that would have raised.

References:
    Python Language Reference, "The for statement"; PEP 448 for unpacking.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from app.core.model import Applicability
from app.core.syntax import header
from app.fix.edit import Before, Replace
from app.fix.pattern import NONE_USED, Example, FixPattern, Proposal, Strength, Unchanged
from app.fix.site import Site

_FINE_WHEN_EMPTY = frozenset(
    {"len", "list", "tuple", "set", "frozenset", "sorted", "sum", "any", "all", "enumerate", "zip", "reversed", "iter",
     "extend", "join", "Counter", "deque", "chain", "fsum", "map", "filter", "union"}
)  # fmt: skip
_VIEWS = frozenset({"items", "keys", "values"})


def codemod(site: Site) -> Iterator[Proposal]:
    """Writes the empty collection for None."""
    empty = _empty(site)
    if empty is None or _is_divisor(site):
        return
    why = (f"Nothing in `{site.line}` and no `{site.line}` mean the same to this code.",)
    if not site.used_again and not any(
        site.relies(one, outside=site.subject) for one in header(site.statement)
    ):
        yield Proposal(
            (Replace(site.subject, _joined(site, empty)),),
            f"Read `{site.line}` as empty when it is None",
            why,
            "Only executions that would have raised get the empty collection.",
            Strength.SYNTAX,
        )
    elif isinstance(site.subject, ast.Name) and site.takes_guard:
        name = site.subject.id
        made = "[]" if empty == "()" else empty
        yield Proposal(
            (Before(site.statement, f"if {name} is None:\n    {name} = {made}"),),
            f"Start with an empty `{name}` when it is None",
            why,
            f"`{name}` is None here only in executions that would have raised in the next statement.",
            Strength.SYNTAX,
        )


def _is_divisor(site: Site) -> bool:
    """True if the function divides by the number of items: an empty collection only fails in another way."""
    divisors = [
        node.right
        for node in ast.walk(site.function or site.statement)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div | ast.FloorDiv | ast.Mod)
    ]
    wanted = ast.dump(site.subject)
    return any(
        ast.dump(one) == wanted for right in divisors for one in ast.walk(right) if isinstance(one, ast.expr)
    )


def _joined(site: Site, empty: str) -> str:
    """`x or empty`; an operand that binds less tightly than `or` gets brackets."""
    loose = isinstance(site.subject, ast.IfExp | ast.Lambda | ast.NamedExpr)
    return f"({site.text(site.subject)}) or {empty}" if loose else f"{site.text(site.subject)} or {empty}"


def _empty(site: Site) -> str | None:  # noqa: PLR0911 - a table of forms
    above = site.parent(site.subject)
    match above:
        case ast.For(iter=iterable) | ast.comprehension(iter=iterable) if iterable is site.subject:
            return "()"
        case ast.Starred() | ast.YieldFrom():
            return "()"
        case ast.keyword(arg=None) | ast.Dict():
            return "{}"
        case ast.Call(func=ast.Name(id="dict") | ast.Attribute(attr="update")):
            return "{}"
        case ast.Call() if site.subject is not above.func:
            return _argument(above)
        case ast.Attribute(attr=attr) if attr in _VIEWS and isinstance(call := site.parent(above), ast.Call):
            # Handed on as a result, a view of nothing is an early return.
            return None if isinstance(site.parent(call), ast.Return) else "{}"
        case _:
            return None


def _argument(call: ast.Call) -> str | None:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    given_default = name in {"min", "max"} and any(one.arg == "default" for one in call.keywords)
    if name not in _FINE_WHEN_EMPTY and not given_default:
        return None
    return "()"


PATTERN = FixPattern(
    category="null-safety",
    applicability=Applicability.SAFE,
    answers=NONE_USED,
    codemod=codemod,
    examples=(
        Example(
            """\
def skus(basket):
    return [line["sku"] for line in basket["lines"]]


assert skus({"lines": None}) == []
""",
            """\
def skus(basket):
    return [line["sku"] for line in basket["lines"] or ()]


assert skus({"lines": None}) == []
""",
        ),
        Example(
            """\
def describe(tags):
    count = len(tags)
    return f"{count}: " + ", ".join(sorted(tags))


assert describe(None) == "0: "
""",
            """\
def describe(tags):
    if tags is None:
        tags = []
    count = len(tags)
    return f"{count}: " + ", ".join(sorted(tags))


assert describe(None) == "0: "
""",
        ),
    ),
    unchanged=(
        Unchanged(
            """\
def cheapest(prices):
    return min(prices)


cheapest(None)
""",
            "There is no smallest of nothing: an empty collection only fails in another way.",
        ),
    ),
)
