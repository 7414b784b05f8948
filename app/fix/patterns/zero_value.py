"""A division, a logarithm or a step of zero has the value that the code around it gives for nothing.

What it fixes:
    `total / len(items)` without items, `math.log10(abs(value))` of 0, `range(0, n, size)` with a size of 0.

Why it fails:
    Zero is a legal input of the function, and not of the operation.

Fix safety:
    Safe: only executions that would have raised get a value. Which value is right for a quotient is taken from the
    function; without evidence there is no fix. What is named as a measure (a rate, a share) is zero of nothing, which a
    person reviews. A step that the caller gave as zero is the caller's slip, and is left alone.

References:
    Python Standard Library, `ZeroDivisionError`; `math`, "ValueError: math domain error".
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from app.core.model import Applicability, FailureKind
from app.core.syntax import own_nodes
from app.fix.edit import Replace
from app.fix.forms import is_plain
from app.fix.guards import leave_function
from app.fix.pattern import ANY, Example, FixPattern, Proposal, Strength, Unchanged
from app.fix.scope import parameters
from app.fix.site import Site

_MEASURES = re.compile(
    r"length|duration|rate|ratio|percent|average|avg|mean|speed|progress|density|fps|score|fraction|share|elapsed"
)
_LOGARITHMS = frozenset({"log", "log2", "log10"})


def codemod(site: Site) -> Iterator[Proposal]:
    """Writes the conditional value."""
    match site.node:
        case ast.Call(func=ast.Name(id="range"), args=[_, _, step]) if not _is_given(site, step):
            yield Proposal(
                (Replace(step, f"{_bracketed(site, step)} or 1"),),
                f"Step by 1 when `{site.text(step)}` is zero",
                ("A step of zero never arrives; without items to step over its size does not matter.",),
                "Only a step of zero changes, and it would have raised.",
                Strength.CONTEXT,
            )
        case ast.Call(func=ast.Attribute(attr=attr)) if attr in _LOGARITHMS:
            yield from _magnitude(site)
        case ast.BinOp():
            yield from leave_function(site)
            yield from _measure(site)
        case _:
            pass


def _is_given(site: Site, step: ast.expr) -> bool:
    """True for a parameter as the caller gave it: a size of zero is the caller's slip."""
    if not isinstance(step, ast.Name) or site.function is None or step.id not in parameters(site.function):
        return False
    return not any(
        isinstance(one, ast.Name) and one.id == step.id and isinstance(one.ctx, ast.Store)
        for one in own_nodes(site.function)
    )


def _measure(site: Site) -> Iterator[Proposal]:
    """A length, a rate or a share of nothing is zero."""
    match site.statement:
        case ast.Assign(targets=[ast.Name(id=name) | ast.Attribute(attr=name)], value=value) if (
            _MEASURES.search(name) and site.is_plain
        ):
            pass
        case ast.Return(value=ast.expr() as value) if (
            site.function is not None and _MEASURES.search(site.function.name) and site.is_plain_enough
        ):
            name = site.function.name
        case _:
            return
    zero = "0.0" if isinstance(site.node, ast.BinOp) and isinstance(site.node.op, ast.Div) else "0"
    if isinstance(value, ast.BinOp | ast.Call):
        yield Proposal(
            (Replace(value, f"{site.text(value)} if {site.line} else {zero}"),),
            f"Take {zero} for `{name}` when {site.missing}",
            (f"`{name}` measures something, and of nothing it is zero.",),
            "Only a zero changes, and it would have raised.",
            Strength.TYPE,
            safe=False,
        )


def _magnitude(site: Site) -> Iterator[Proposal]:
    """An order of magnitude: of zero it is 0, as of 1."""
    match site.subject:
        case ast.Call(func=ast.Name(id="abs"), args=[value]):
            pass
        case value:
            pass
    top = site.node
    while isinstance(above := site.parent(top), ast.Call) and _rounds(above):
        top = above
    if top is site.node or not is_plain(value) or not isinstance(site.parent(top), ast.Assign):
        return
    yield Proposal(
        (Replace(top, f"{site.text(top)} if {site.text(value)} != 0 else 0"),),
        f"Take 0 for the order of magnitude of `{site.text(value)}` when it is zero",
        ("Zero is written with as many digits as a number of the magnitude 0.",),
        "Only zero changes, and it would have raised.",
        Strength.CONTEXT,
    )


def _rounds(call: ast.Call) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    return name in {"int", "floor", "ceil", "round", "trunc"}


def _bracketed(site: Site, node: ast.expr) -> str:
    text = site.text(node)
    return text if isinstance(node, ast.Name | ast.Attribute | ast.Call) else f"({text})"


PATTERN = FixPattern(
    category="missing-error-handling",
    applicability=Applicability.SAFE,
    answers=ANY,
    kinds=frozenset({FailureKind.ZERO}),
    codemod=codemod,
    examples=(
        Example(
            """\
def average(ratings):
    if ratings is None:
        return 0
    return sum(ratings) / len(ratings)


assert average([]) == 0
""",
            """\
def average(ratings):
    if ratings is None:
        return 0
    if len(ratings) == 0:
        return 0
    return sum(ratings) / len(ratings)


assert average([]) == 0
""",
        ),
        Example(
            """\
import math


def rounded(value, digits):
    magnitude = int(math.floor(math.log10(abs(value))))
    return round(value, digits - 1 - magnitude)


assert rounded(0, 2) == 0
""",
            """\
import math


def rounded(value, digits):
    magnitude = int(math.floor(math.log10(abs(value)))) if value != 0 else 0
    return round(value, digits - 1 - magnitude)


assert rounded(0, 2) == 0
""",
        ),
        Example(
            """\
def columns(names, count):
    height = -(-len(names) // count)
    return [names[at : at + height] for at in range(0, len(names), height)]


assert columns([], 3) == []
""",
            """\
def columns(names, count):
    height = -(-len(names) // count)
    return [names[at : at + height] for at in range(0, len(names), height or 1)]


assert columns([], 3) == []
""",
        ),
        Example(
            """\
class Survey:
    def __init__(self, sent, answered):
        self.rate = 100 * answered / sent


assert Survey(0, 0).rate == 0
""",
            """\
class Survey:
    def __init__(self, sent, answered):
        self.rate = 100 * answered / sent if sent else 0.0


assert Survey(0, 0).rate == 0
""",
        ),
    ),
    unchanged=(
        Unchanged(
            """\
def part(pieces, total):
    return pieces / total


part(3, 0)
""",
            "Nothing says what a part of nothing is.",
        ),
        Unchanged(
            """\
import math


def rounded(value):
    magnitude = int(math.log10(value))
    return round(value, -magnitude)


rounded(-20)
""",
            "A negative number has no order of magnitude at all.",
        ),
        Unchanged(
            """\
def pages(items, size):
    return [items[at : at + size] for at in range(0, len(items), size)]


pages(["A", "B"], 0)
""",
            "The caller gave a size of zero: that is the caller's slip.",
        ),
    ),
)
