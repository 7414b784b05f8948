"""Calls that make an object of a class, and were given one that is of the class already."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from app.core.recorded import type_name
from app.fix.site import Site

_MAKES = re.compile(r"from|strp|parse")
_GOT = re.compile(r"^'(\w+)' object has no attribute|(?:not|got) '?(?:\w+\.)*(\w+)'?$")


@dataclass(frozen=True, slots=True)
class Conversion:
    """A call that makes an object of the class `made`, as source, of a value."""

    call: ast.Call
    value: ast.expr
    made: str


def needless_conversion(site: Site) -> Conversion | None:
    """The failing call, if the message or the record says that its value is of the class that it makes."""
    found = _conversion(site)
    if found is None:
        return None
    got = _GOT.search(site.trace.message)
    told = {next(filter(None, got.groups()))} if got is not None else set()
    recorded = {type_name(site.variables, found.value)} - {None}
    if told | recorded != {found.made.rpartition(".")[2]}:
        return None
    if site.trace.depth and not recorded:  # the class's own code may have failed on itself
        return None
    return found


def _conversion(site: Site) -> Conversion | None:
    match site.node:
        case (
            ast.Call(
                func=ast.Attribute(value=ast.Name(id="json"), attr="loads"), args=[value], keywords=[]
            ) as call
        ):
            return Conversion(call, value, "list" if type_name(site.variables, value) == "list" else "dict")
        case ast.Call(func=ast.Attribute(value=owner, attr=method), args=[value, *_]) as call if _MAKES.match(
            method
        ):
            return Conversion(call, value, ast.unparse(owner))
        case ast.Call(func=ast.Name() | ast.Attribute() as func, args=[value], keywords=[]) as call:
            return Conversion(call, value, ast.unparse(func))
        case _:
            return None
