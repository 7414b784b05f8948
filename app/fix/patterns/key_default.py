"""A key that need not be there is read with `.get()` and the default that its consumer or the repository gives.

What it fixes:
    `data["coupon"]` on a mapping without that key.

Why it fails:
    The key is optional in the data and required by the code.

Fix safety:
    Safe: `.get()` differs from a subscript only where the subscript raises. The default is one the repository uses for
    the same key, or the neutral value of the place; without either there is no fix, nor for a key that looks misspelt.

References:
    Python Standard Library, `dict.get`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from app.core.model import Applicability
from app.fix.edit import Replace
from app.fix.keys import gets, is_loaded, is_misspelt, is_only_tested, is_table
from app.fix.neutral import neutral_places, outside_quotes
from app.fix.pattern import KEY_MISSING, Example, Fallback, FixPattern, Proposal, Strength, Unchanged
from app.fix.patterns.none_test_guard import refuses
from app.fix.returns import answers_yes_or_no, fallback_returns
from app.fix.site import Site
from app.fix.start_values import start_value


def codemod(site: Site) -> Iterator[Proposal]:
    """Writes `.get()` for the subscript."""
    if not isinstance(site.node, ast.Subscript) or not gets(site) or is_misspelt(site) or site.used_again:
        return
    for fallback in _defaults(site):
        code = outside_quotes(site, site.node, fallback.code)
        default = "" if code == "None" else f", {code}"
        yield Proposal(
            (Replace(site.node, f"{site.text(site.subject)}.get({site.text(site.node.slice)}{default})"),),
            f"Use `{fallback.code}` when {site.missing}",
            (fallback.because,),
            "`.get()` gives another result only where the subscript would have raised.",
            fallback.strength,
            fallback.code if isinstance(site.parent(site.node), ast.Return) else None,
            safe=fallback.accepted,
        )


def _defaults(site: Site) -> Iterator[Fallback]:  # noqa: C901 - a table of forms
    found = site.conventions.for_key(site.failure.key or "")
    if found is not None:
        yield Fallback(found.code, f"{found.place} uses `{found.code}` for the same key.", Strength.PRECEDENT)
    match site.parent(site.node):
        case ast.If(test=test) | ast.While(test=test) | ast.IfExp(test=test) as holder if test is site.node:
            yield Fallback("None", "The value is only tested.", Strength.SYNTAX, accepted=not refuses(holder))
        case ast.BoolOp() | ast.UnaryOp(op=ast.Not()) as test if is_only_tested(site, test):
            accepted = not refuses(site.statement)
            yield Fallback("None", "The value is only tested.", Strength.SYNTAX, accepted=accepted)
        case ast.Compare(ops=[ast.Is() | ast.IsNot()], comparators=[ast.Constant(value=None)]):
            yield Fallback("None", "The value is compared with None.", Strength.SIGNATURE)
        case ast.Compare(left=left, ops=[ast.Eq()]) if left is site.node:
            yield Fallback("None", "What is not there equals nothing.", Strength.SYNTAX)
        case ast.For(iter=iterable) | ast.comprehension(iter=iterable) if iterable is site.node:
            yield Fallback("[]", "Without items there is nothing to go over.", Strength.SYNTAX)
        case ast.Call(func=ast.Name(id="len" | "sorted" | "list" | "set" | "tuple" | "any" | "sum")):
            yield Fallback("[]", "Without items there is nothing to count.", Strength.SYNTAX)
        case ast.Starred():
            yield Fallback("[]", "Without items there is nothing to unpack.", Strength.SYNTAX)
        case ast.Return() if answers_yes_or_no(site):
            yield Fallback("False", f"{site.function_name} answers a yes-or-no question.", Strength.SYNTAX)
        case ast.Return():
            limit = Strength.GUARD if is_table(site) else Strength.LAST
            yield from (one for one in fallback_returns(site) if one.code and one.strength <= limit)
        case _ if isinstance(site.key, ast.Constant) and not is_table(site):
            # Of a document that was just read the other steps may be missing as well.
            yield from start_value(site, site.node) if not is_loaded(site.subject) else ()
            yield from (
                place.fallback for place in neutral_places(site, site.node) if place.node is site.node
            )
        case _:
            pass


PATTERN = FixPattern(
    category="missing-key",
    applicability=Applicability.SAFE,
    answers=KEY_MISSING,
    codemod=codemod,
    examples=(
        Example(
            """\
def wrap(order):
    if order["gift"]:
        return "wrapped"
    return "plain"


assert wrap({"id": 1}) == "plain"
""",
            """\
def wrap(order):
    if order.get("gift"):
        return "wrapped"
    return "plain"


assert wrap({"id": 1}) == "plain"
""",
        ),
        Example(
            """\
def weight(line):
    return line.get("quantity", 1) * 3


def pieces(line):
    return line["quantity"]


assert pieces({"sku": "A"}) == 1
""",
            """\
def weight(line):
    return line.get("quantity", 1) * 3


def pieces(line):
    return line.get("quantity", 1)


assert pieces({"sku": "A"}) == 1
""",
        ),
        Example(
            """\
def greeting(arguments, options):
    name = arguments[0] if arguments else options["name"]
    if isinstance(name, str) and name.isupper():
        return name.title()
    return "you"


assert greeting([], {"loud": True}) == "you"
""",
            """\
def greeting(arguments, options):
    name = arguments[0] if arguments else options.get("name")
    if isinstance(name, str) and name.isupper():
        return name.title()
    return "you"


assert greeting([], {"loud": True}) == "you"
""",
        ),
    ),
    unchanged=(
        Unchanged(
            """\
def seconds(settings):
    minutes = None
    if settings:
        minutes = settings["minutes"]
    return minutes * 60


seconds({"hours": 1})
""",
            "The start value is no answer: what follows can not calculate with it.",
        ),
        Unchanged(
            """\
def greeting(options):
    name = options["name"]
    if not isinstance(name, str):
        raise TypeError("a name is a text")
    return name.title()


greeting({"loud": True})
""",
            "The code refuses what is no text: None would only be another error.",
        ),
        Unchanged(
            """\
RATES = {"standard": 19}


def gross(net, band):
    return net * RATES[band]


gross(5, "zero")
""",
            "Nothing says what the rate of an unknown band is.",
        ),
        Unchanged(
            """\
def wrap(order):
    if order["custmer"]:
        return "wrapped"
    return "plain"


wrap({"customer": 1})
""",
            "The key is misspelt: a default would hide it.",
        ),
    ),
)
