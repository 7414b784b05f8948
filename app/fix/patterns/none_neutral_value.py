"""Where a value is only written, added or handed on, nothing has a neutral value there.

What it fixes:
    Part of a text, a sum, an argument or an entry is taken from something that may be None.

Why it fails:
    The optional part is read as if it were always there.

Fix safety:
    Safe: the conditional expression changes only executions that would have raised. An entry of a dict that becomes
    None is left to a person, because its readers are not known.

References:
    Python Language Reference, "Conditional expressions".
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from app.core.model import Applicability
from app.core.syntax import header
from app.fix.edit import Replace
from app.fix.neutral import Place, chain_top, neutral_places, outside_quotes
from app.fix.pattern import NONE_USED, Example, Fallback, FixPattern, Proposal, Strength, Unchanged
from app.fix.site import Site


def codemod(site: Site) -> Iterator[Proposal]:
    """Writes a conditional expression with the neutral value."""
    if site.used_again:
        return
    start = site.subject if _is_operand(site) else site.node
    for place in [*_precedents(site, start), *neutral_places(site, start)]:
        same = place.node is site.subject and place.fallback.code == "None"
        if same or site.lazy(site.node, place.node) or _fails_elsewhere(site, place):
            continue
        code = _conditional(site, place)
        if code is not None:
            yield Proposal(
                (Replace(place.node, code),),
                f"Write `{place.fallback.code}` for `{_short(site.text(place.node))}` when `{site.line}` is None",
                (place.fallback.because,),
                "Only executions that would have raised get the neutral value.",
                place.fallback.strength,
                place.fallback.code if isinstance(site.parent(place.node), ast.Return) else None,
                safe=place.fallback.accepted,
            )


def _is_operand(site: Site) -> bool:
    """True if the subject itself is the value that was added, formatted or compared."""
    return not isinstance(site.node, ast.Attribute | ast.Subscript | ast.Await) and not (
        isinstance(site.node, ast.Call) and site.node.func is site.subject
    )


def _precedents(site: Site, start: ast.expr) -> Iterator[Place]:
    """What the repository writes elsewhere for the same attribute."""
    if isinstance(site.node, ast.Attribute):
        found = site.conventions.for_attribute(site.node.attr)
        node = chain_top(site, start)
    else:
        name = (
            site.subject.attr if isinstance(site.subject, ast.Attribute) else getattr(site.subject, "id", "")
        )
        found = site.conventions.for_value(name)
        node = site.subject
    above = site.parent(site.node)
    is_call = isinstance(above, ast.Call) and above.func is site.node  # a method's name alone says too little
    if found is not None and not is_call and not isinstance(site.parent(node), ast.Expr):
        why = f"{found.place} writes `{found.code}` for the same thing."
        yield Place(node, Fallback(found.code, why, Strength.PRECEDENT))


def _fails_elsewhere(site: Site, place: Place) -> bool:
    """True if the statement would still fail outside the place, or if the value would be read wrongly there."""
    return any(site.relies(one, outside=place.node) for one in header(site.statement))


def _conditional(site: Site, place: Place) -> str | None:
    value = outside_quotes(site, place.node, place.fallback.code)
    text = site.text(place.node)
    if value is None:
        return None
    if place.node is site.subject:
        if value == "None" and isinstance(site.node, ast.BinOp):
            return None
        empty = value in {'""', "''", "[]", "{}", "()"} or not site.is_plain
        return f"{text} or {value}" if empty else f"{text} if {site.test} else {value}"
    if not site.is_plain or isinstance(place.node, ast.IfExp | ast.Lambda):
        return None
    return f"({text} if {site.test} else {value})" if "\n" in text else f"{text} if {site.test} else {value}"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 60 else f"{line[:57]}..."  # noqa: PLR2004


PATTERN = FixPattern(
    category="null-safety",
    applicability=Applicability.SAFE,
    answers=NONE_USED,
    codemod=codemod,
    examples=(
        Example(
            """\
def greeting(user):
    return f"Hello {user['profile']['name']}!"


assert greeting({"profile": None}) == "Hello !"
""",
            """\
def greeting(user):
    return f"Hello {user['profile']['name'] if user['profile'] is not None else ''}!"


assert greeting({"profile": None}) == "Hello !"
""",
        ),
        Example(
            """\
def total(net, shipping):
    return 100 + net["amount"] + shipping


assert total({"amount": 5}, None) == 105
""",
            """\
def total(net, shipping):
    return 100 + net["amount"] + (shipping if shipping is not None else 0)


assert total({"amount": 5}, None) == 105
""",
        ),
        Example(
            """\
def page(user):
    title = user["company"]["name"]
    if title:
        return title.upper()
    return "Private"


assert page({"company": None}) == "Private"
""",
            """\
def page(user):
    title = user["company"]["name"] if user["company"] is not None else None
    if title:
        return title.upper()
    return "Private"


assert page({"company": None}) == "Private"
""",
        ),
    ),
    unchanged=(
        Unchanged(
            """\
def gross(net, rate):
    return net * rate["factor"]


gross(10, None)
""",
            "A product has no neutral value that is also a sensible rate.",
        ),
        Unchanged(
            """\
def label(user):
    text = f"{user['company']['name']}"
    return text + user["company"]["city"]


label({"company": None})
""",
            "The next statement would fail in the same way.",
        ),
    ),
)
