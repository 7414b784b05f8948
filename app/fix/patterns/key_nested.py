"""A chain of lookups goes on with an empty mapping where its first part is missing, to the default at its end.

What it fixes:
    `order["shipping"].get("city", "")` on an order without shipping; `self.tool = load(file)["tool"]["x"]` where
    `self.tool` starts as `{}`.

Why it fails:
    The last step allows for a missing key, the steps before it do not.

Fix safety:
    Safe. The chain gives another result only where it would have raised, and its end or its target already has a value
    for that.

References:
    Python Standard Library, `dict.get`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from app.core.model import Applicability
from app.fix.edit import Replace
from app.fix.keys import gets, is_loaded, is_misspelt
from app.fix.neutral import chain_top, neutral_places
from app.fix.pattern import KEY_MISSING, Example, Fallback, FixPattern, Proposal, Strength, Unchanged
from app.fix.site import Site
from app.fix.start_values import start_value


def codemod(site: Site) -> Iterator[Proposal]:
    """Writes `.get(key, {})` for every step before the last."""
    if not isinstance(site.node, ast.Subscript) or not gets(site) or is_misspelt(site) or site.used_again:
        return
    top = chain_top(site, site.node)
    steps = _steps(site, top)
    if steps is None:
        return
    start, before = _loaded(site)
    if top is site.node and not is_loaded(site.subject):
        return
    for fallback in _ends(site, top):
        keys = [*before, site.text(site.node.slice), *steps]
        default = "" if fallback.code == "None" else f", {fallback.code}"
        code = (
            site.text(start)
            + "".join(f".get({one}, {{}})" for one in keys[:-1])
            + f".get({keys[-1]}{default})"
        )
        yield Proposal(
            (Replace(top, code),),
            f"Use `{fallback.code}` when {site.missing}",
            (fallback.because,),
            "The chain gives another result only where it would have raised.",
            fallback.strength,
            fallback.code if isinstance(site.parent(top), ast.Return) else None,
            safe=fallback.accepted,
        )


def _loaded(site: Site) -> tuple[ast.expr, list[str]]:
    """Where the chain begins, with the keys before the missing one: of a document just read any step may be missing."""
    node, keys = site.subject, list[str]()
    while isinstance(node, ast.Subscript) and is_loaded(node):
        keys.append(site.text(node.slice))
        node = node.value
    return node, keys[::-1]


def _steps(site: Site, top: ast.expr) -> list[str] | None:
    """The keys after the missing one; None if the chain does anything else than look up."""
    keys: list[str] = []
    node = top
    while node is not site.node:
        match node:
            case ast.Subscript(value=value, slice=key):
                keys.append(site.text(key))
                node = value
            case ast.Call(func=ast.Attribute(value=value, attr="get"), args=[key, *_]):
                keys.append(site.text(key))
                node = value
            case _:
                return None
    return keys[::-1]


def _ends(site: Site, top: ast.expr) -> Iterator[Fallback]:
    match top:
        case ast.Call(args=[_, default]):
            why = f"`{site.text(default)}` is already the value at the end of the chain."
            yield Fallback(site.text(default), why, Strength.SIGNATURE)
        case ast.Call(args=[_]):
            yield Fallback(
                "None", "The end of the chain already gives None for a missing key.", Strength.SIGNATURE
            )
        case ast.Subscript(slice=ast.Constant(value=key)):
            found = site.conventions.for_key(repr(key))
            if found is not None:
                yield Fallback(
                    found.code, f"{found.place} uses `{found.code}` for the same key.", Strength.PRECEDENT
                )
            yield from start_value(site, top)
            yield from (place.fallback for place in neutral_places(site, top) if place.node is top)
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
def city(order):
    return order["shipping"]["address"].get("city", "unknown")


assert city({"id": 1}) == "unknown"
""",
            """\
def city(order):
    return order.get("shipping", {}).get("address", {}).get("city", "unknown")


assert city({"id": 1}) == "unknown"
""",
        ),
        Example(
            """\
import json


class Settings:
    def __init__(self, text):
        self.server = {}
        if text:
            self.server = json.loads(text)["shop"]["server"]

    def port(self):
        return self.server.get("port", 80)


assert Settings('{"shop": {}}').port() == 80
""",
            """\
import json


class Settings:
    def __init__(self, text):
        self.server = {}
        if text:
            self.server = json.loads(text).get("shop", {}).get("server", {})

    def port(self):
        return self.server.get("port", 80)


assert Settings('{"shop": {}}').port() == 80
""",
        ),
    ),
    unchanged=(
        Unchanged(
            """\
import json


def server(text):
    found = json.loads(text)["shop"]["server"]
    print(found)
    return found


server('{"shop": {}}')
""",
            "Nothing says what a document without the section means.",
        ),
        Unchanged(
            """\
def city(order):
    return order["shipping"]["city"].title()


city({"id": 1})
""",
            "The chain ends in a call that has no answer for nothing.",
        ),
    ),
)
