"""What a loader gives for an empty document is read as an empty mapping or list, where it is first named.

What it fixes:
    `config = yaml.safe_load(file)` of an empty file, and everything after it that reads `config`.

Why it fails:
    Loaders, lookups and queries give None for nothing, and the code goes on as if it had a collection.

Fix safety:
    Safe where all uses of the name are those of one kind of collection and none tests it for None: then an empty one
    and None differ only where None raises.

References:
    Python Language Reference, "Boolean operations": `x or y`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from app.core.model import Applicability
from app.core.syntax import own_nodes
from app.fix.conventions import tests_name
from app.fix.edit import Replace
from app.fix.pattern import NONE_USED, FixPattern, Proposal, Strength
from app.fix.site import Site

_MAPPING = frozenset({"get", "items", "keys", "values", "pop", "setdefault", "update", "popitem"})
_LIST = frozenset({"append", "extend", "insert", "sort", "reverse"})


def codemod(site: Site) -> Iterator[Proposal]:
    """Writes `or {}` or `or []` where the name gets its value."""
    if not isinstance(site.subject, ast.Name) or site.function is None:
        return
    name = site.subject.id
    bindings = [
        one
        for one in own_nodes(site.function)
        if isinstance(one, ast.Assign)
        and any(isinstance(two, ast.Name) and two.id == name for two in one.targets)
    ]
    if len(bindings) != 1 or len(bindings[0].targets) != 1:
        return
    value = bindings[0].value
    if not isinstance(value, ast.Call | ast.Await) or any(
        tests_name(one, name) for one in own_nodes(site.function)
    ):
        return
    empty = _empty(site, name)
    if empty is None:
        return
    yield Proposal(
        (Replace(value, f"{site.text(value)} or {empty}"),),
        f"Read what line {bindings[0].lineno} gives as an empty {'mapping' if empty == '{}' else 'list'} when it is None",
        (f"Every use of `{name}` takes it for a {'mapping' if empty == '{}' else 'list'}.",),
        "None would have raised at its first use.",
        Strength.CONTEXT,
    )


def _empty(site: Site, name: str) -> str | None:
    """The empty collection that all uses of the name agree on."""
    methods: set[str] = set()
    for node in own_nodes(site.function) if site.function is not None else ():
        match node:
            case ast.Attribute(value=ast.Name(id=used), attr=attr) if used == name:
                methods.add(attr)
            case ast.Subscript(value=ast.Name(id=used), ctx=ast.Load()) if used == name:
                return None
            case _:
                pass
    if methods and methods <= _MAPPING:
        return "{}"
    return "[]" if methods and methods <= _LIST else None


PATTERN = FixPattern(
    category="null-safety",
    applicability=Applicability.SAFE,
    answers=NONE_USED,
    codemod=codemod,
    examples=(),
    unchanged=(),
)
