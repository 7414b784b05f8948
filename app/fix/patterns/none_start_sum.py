"""What is added to something that is not there yet starts from the empty value.

What it fixes:
    `node.text += more` where `node.text` is None.

Why it fails:
    The attribute is None until something is written into it, and `+=` reads it first.

Fix safety:
    Unsafe: a value that is there is added to as before, but `or` also takes another empty value for nothing, and a
    plain `+` does not change a list in place.

References:
    Python Language Reference, "Augmented assignment statements".
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from app.core.model import Applicability
from app.fix.edit import Rewrite
from app.fix.pattern import Example, FixPattern, Proposal, Raises, Strength, Unchanged
from app.fix.site import Site

_EMPTY = {"str": '""', "int": "0", "float": "0", "list": "[]", "tuple": "()", "bytes": 'b""', "Decimal": "0"}


def codemod(site: Site) -> Iterator[Proposal]:
    """Writes the assignment with the empty value for None."""
    match site.statement:
        case ast.AugAssign(target=target, op=ast.Add(), value=value) if target is site.subject:
            pass
        case _:
            return
    kind = re.search(r"'NoneType' and '(?:\w+\.)?(\w+)'", site.trace.message)
    empty = _EMPTY.get(kind[1]) if kind is not None else None
    if empty is None or not site.is_plain_enough:
        return
    text = site.text(value)
    added = f"({text})" if isinstance(value, ast.IfExp | ast.Lambda | ast.BoolOp | ast.Compare) else text
    yield Proposal(
        (Rewrite(site.statement, f"{site.line} = ({site.line} or {empty}) + {added}"),),
        f"Start `{site.line}` with `{empty}` when it is None",
        (f"A `{kind[1] if kind else ''}` is added to it, and a new one is empty.",),
        "A value that is there is added to as before.",
        Strength.SYNTAX,
    )


PATTERN = FixPattern(
    category="null-safety",
    applicability=Applicability.UNSAFE,
    answers=(Raises("TypeError", r"for \+=: 'NoneType' and"),),
    codemod=codemod,
    examples=(
        Example(
            """\
class Node:
    text = None


def append(node, more):
    node.text += more
    return node.text


assert append(Node(), "a") == "a"
""",
            """\
class Node:
    text = None


def append(node, more):
    node.text = (node.text or "") + more
    return node.text


assert append(Node(), "a") == "a"
""",
        ),
    ),
    unchanged=(
        Unchanged(
            """\
class Money:
    def __radd__(self, other):
        return NotImplemented


class Account:
    balance = None


def pay(account, money):
    account.balance += money


pay(Account(), Money())
""",
            "What an empty sum of money is, is not known.",
        ),
    ),
)
