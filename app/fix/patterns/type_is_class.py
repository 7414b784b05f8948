"""Only classes are asked whether they are subclasses.

What it fixes:
    `issubclass(item, Base)` for an item that is no class.

Why it fails:
    The value may be an instance, None or a type hint.

Fix safety:
    Safe. What is no class is no subclass; only calls that would have raised get another result. Where several values
    are asked about and the record does not tell which was no class, nothing is changed.

References:
    Python Standard Library, `issubclass`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import TypeGuard

from app.core.model import Applicability, FailureKind
from app.core.recorded import type_name
from app.core.syntax import header, own_nodes
from app.fix.edit import Replace
from app.fix.forms import is_plain
from app.fix.guards import holds_only_behind
from app.fix.pattern import Example, FixPattern, Proposal, Raises, Strength, Unchanged
from app.fix.site import Site


def codemod(site: Site) -> Iterator[Proposal]:
    """Puts `isinstance(x, type) and` in front of the question that failed and of those that would fail after it."""
    asked = _questions([one for part in header(site.statement) for one in ast.walk(part)])
    items = {ast.dump(one.args[0]): one.args[0] for one in asked}
    suspects = [one for one in items.values() if type_name(site.variables, one) != "class"]
    if len(suspects) != 1 or not is_plain(suspects[0]):
        return
    item = site.text(suspects[0])
    yield Proposal(
        tuple(Replace(one, _guarded(site, one, item)) for one in _unguarded(site, suspects[0])),
        f"Ask only a class whether it is a subclass: `{item}` need not be one",
        ("What is no class is no subclass.",),
        "Only calls that would have raised get another result.",
        Strength.SIGNATURE,
    )


def _questions(nodes: Iterable[ast.AST]) -> list[ast.Call]:
    return [one for one in nodes if _is_call(one, "issubclass")]


def _is_call(node: ast.AST, name: str) -> TypeGuard[ast.Call]:
    match node:
        case ast.Call(func=ast.Name(id=called) | ast.Attribute(attr=called), args=[_, *_]):
            return called == name
        case _:
            return False


def _unguarded(site: Site, item: ast.expr) -> list[ast.Call]:
    """The questions about the item from the failing line on, without those that only a class gets to."""
    wanted = ast.dump(item)
    nodes = [
        one
        for one in own_nodes(site.function or site.code.tree)
        if isinstance(one, ast.Call) and one.args and ast.dump(one.args[0]) == wanted
    ]
    tests = [one for one in nodes if _is_call(one, "isinstance") or _is_call(one, "isclass")]
    asked = [one for one in _questions(nodes) if one.lineno >= site.statement.lineno]
    return [one for one in asked if not holds_only_behind(site.code, one, [*tests, *asked])]


def _guarded(site: Site, call: ast.Call, item: str) -> str:
    code = f"isinstance({item}, type) and {site.text(call)}"
    loose = isinstance(site.parent(call), ast.BoolOp | ast.UnaryOp | ast.Compare)
    return f"({code})" if loose else code


PATTERN = FixPattern(
    category="wrong-type",
    applicability=Applicability.SAFE,
    answers=(Raises("TypeError", r"^issubclass\(\) arg 1 must be a class"),),
    kinds=frozenset({FailureKind.WRONG_TYPE, FailureKind.RAISED}),
    codemod=codemod,
    examples=(
        Example(
            """\
def is_error(found):
    return issubclass(found, Exception)


assert not is_error("missing")
""",
            """\
def is_error(found):
    return isinstance(found, type) and issubclass(found, Exception)


assert not is_error("missing")
""",
        ),
        Example(
            """\
def spelled(kind):
    if issubclass(kind, int) and not issubclass(kind, bool):
        return "whole number"
    if not issubclass(kind, str):
        return "something else"
    return "text"


assert spelled(7) == "something else"
""",
            """\
def spelled(kind):
    if (isinstance(kind, type) and issubclass(kind, int)) and not issubclass(kind, bool):
        return "whole number"
    if not (isinstance(kind, type) and issubclass(kind, str)):
        return "something else"
    return "text"


assert spelled(7) == "something else"
""",
        ),
    ),
    unchanged=(
        Unchanged(
            """\
def made():
    return "voucher"


def is_error():
    return issubclass(made(), Exception)


is_error()
""",
            "The value comes from a call, which would be made twice.",
        ),
        Unchanged(
            """\
class Rule:
    raised = int
    caught = "voucher"


def fits(rule):
    return issubclass(rule.raised, Exception) or issubclass(rule.caught, Exception)


fits(Rule())
""",
            "Which of the two is no class is not known.",
        ),
    ),
)
