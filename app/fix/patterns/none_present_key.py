"""A key that is present with None takes the default that the code already gives for an absent key.

What it fixes:
    `data.get("lines", [])` gives None because the key is there, with the value None.

Why it fails:
    The default of `.get()` applies to absent keys only.

Fix safety:
    Safe: the default is the code's own, and only None takes it. Where the name that holds the value is used before
    it fails, a person should look.

References:
    Python Standard Library, `dict.get`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from app.core.model import Applicability
from app.core.syntax import own_nodes
from app.fix.conventions import is_constant, tests_name
from app.fix.edit import Replace
from app.fix.pattern import NONE_USED, Example, FixPattern, Proposal, Strength, Unchanged
from app.fix.site import Site


def codemod(site: Site) -> Iterator[Proposal]:
    """Gives the default to a present None as well."""
    read, safe = _read(site)
    match read:
        case ast.Call(func=ast.Attribute(attr="get"), args=[_, default]) if not _is_none(default):
            why, strength = (
                f"`{site.text(default)}` is already the value for an absent key.",
                Strength.SIGNATURE,
            )
            value = site.text(default)
        case ast.Call(func=ast.Attribute(attr="get"), args=[key]) | ast.Subscript(slice=key):
            found = site.conventions.for_key(repr(key.value)) if isinstance(key, ast.Constant) else None
            if found is None or found.code == "None":
                return
            why, strength = f"{found.place} uses `{found.code}` for the same key.", Strength.PRECEDENT
            value = found.code
        case _:
            return
    if site.used_again and read is site.subject:
        return
    code = _with_default(site, read, value)
    if code is not None:
        yield Proposal(
            (Replace(read, code),),
            f"Use `{value}` when `{site.text(read)}` is None",
            (why,),
            "Only a None that would have raised is replaced by the default.",
            strength,
            safe=safe,
        )


def _read(site: Site) -> tuple[ast.expr | None, bool]:
    """The read of the key that gave None, and whether nothing else saw its value."""
    if not isinstance(site.subject, ast.Name) or site.function is None:
        return site.subject, True
    name = site.subject.id
    nodes = list(own_nodes(site.function))
    stores = [
        one
        for one in nodes
        if isinstance(one, ast.Name) and one.id == name and isinstance(one.ctx, ast.Store)
    ]
    assign = site.parent(stores[0]) if len(stores) == 1 else None
    if not isinstance(assign, ast.Assign | ast.AnnAssign) or assign.lineno >= site.statement.lineno:
        return None, False
    if any(tests_name(one, name) for one in nodes):
        return None, False
    uses = [
        one for one in nodes if isinstance(one, ast.Name) and one.id == name and isinstance(one.ctx, ast.Load)
    ]
    first = not any(one.lineno < site.statement.lineno for one in uses)
    same_block = site.parent(assign) is site.parent(site.statement)
    return assign.value, first and same_block and site.always_runs


def _with_default(site: Site, read: ast.expr, value: str) -> str | None:
    default = ast.parse(value, mode="eval").body
    if not is_constant(default):
        return None
    empty = isinstance(default, ast.Constant) and not default.value
    if empty or (
        isinstance(default, ast.List | ast.Dict | ast.Tuple) and not ast.unparse(default).strip("[]{}()")
    ):
        plain = isinstance(read, ast.Call) and len(read.args) > 1
        return f"{_short(site, read)} or {value}" if plain else f"{site.text(read)} or {value}"
    return f"{site.text(read)} if {_short(site, read)} is not None else {value}"


def _short(site: Site, read: ast.expr) -> str:
    """The read without its default."""
    if isinstance(read, ast.Call) and len(read.args) > 1:
        return f"{site.text(read.func)}({site.text(read.args[0])})"
    return site.text(read)


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


PATTERN = FixPattern(
    category="null-safety",
    applicability=Applicability.SAFE,
    answers=NONE_USED,
    codemod=codemod,
    examples=(
        Example(
            """\
def city(order):
    return order.get("address", {}).get("city")


assert city({"address": None}) is None
""",
            """\
def city(order):
    return (order.get("address") or {}).get("city")


assert city({"address": None}) is None
""",
        ),
        Example(
            """\
def quantity(line):
    amount = line.get("quantity", 1)
    return amount * 2


assert quantity({"quantity": None}) == 2
""",
            """\
def quantity(line):
    amount = line.get("quantity", 1) if line.get("quantity") is not None else 1
    return amount * 2


assert quantity({"quantity": None}) == 2
""",
        ),
    ),
    unchanged=(
        Unchanged(
            """\
def street(order):
    return order.get("address").split("\\n")[0]


street({"address": None})
""",
            "The code names no default for this key.",
        ),
    ),
)
