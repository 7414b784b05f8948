"""A loop that moves an index forward stops at the end of the sequence, as another loop of the function does.

What it fixes:
    `while line.endswith("+"): line = lines[at]; at += 1` at the last line.

Why it fails:
    The condition looks at the item, and not at whether there is one more.

Fix safety:
    Unsafe: the loop ends where it would have raised, and what follows was not written for that. The bound is the one
    that the function itself uses for the same index.

References:
    Python Language Reference, "The while statement".
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from app.core.model import Applicability, FailureKind
from app.core.syntax import own_nodes
from app.fix.edit import Replace
from app.fix.pattern import INDEX_MISSING, Example, FixPattern, Proposal, Strength, Unchanged
from app.fix.site import Site


def codemod(site: Site) -> Iterator[Proposal]:
    """Adds the bound to the condition of the loop."""
    loop = site.loop
    if not isinstance(loop, ast.While) or not isinstance(site.node, ast.Subscript) or site.function is None:
        return
    index = site.node.slice
    if not isinstance(index, ast.Name) or _mentions(loop.test, index.id):
        return
    moved = any(isinstance(one, ast.AugAssign) and _mentions(one.target, index.id) for one in ast.walk(loop))
    bound = _bound(site, index.id)
    if not moved or bound is None:
        return
    text = site.text(loop.test)
    loose = isinstance(loop.test, ast.BoolOp) and isinstance(loop.test.op, ast.Or)
    yield Proposal(
        (Replace(loop.test, f"{f'({text})' if loose else text} and {site.text(bound)}"),),
        f"End the loop of line {loop.lineno} where `{index.id}` reaches the end",
        (f"Line {bound.lineno} of {site.function_name} tests `{site.text(bound)}` for the same index.",),
        "The loop ends where it would have raised.",
        Strength.PRECEDENT,
        safe=False,
    )


def _bound(site: Site, index: str) -> ast.Compare | None:
    """A comparison of the index with the end, in another condition of the function."""
    for node in own_nodes(site.function) if site.function is not None else ():
        if isinstance(node, ast.While | ast.If):
            for part in ast.walk(node.test):
                match part:
                    case ast.Compare(left=ast.Name(id=name), ops=[ast.Lt()], comparators=[_]) if (
                        name == index
                    ):
                        return part
                    case _:
                        pass
    return None


def _mentions(node: ast.AST, name: str) -> bool:
    return any(isinstance(one, ast.Name) and one.id == name for one in ast.walk(node))


PATTERN = FixPattern(
    category="missing-key",
    applicability=Applicability.UNSAFE,
    answers=INDEX_MISSING,
    kinds=frozenset({FailureKind.BAD_INDEX}),
    codemod=codemod,
    examples=(
        Example(
            """\
def joined(lines):
    at, total = 0, len(lines)
    found = []
    while at < total:
        line = lines[at]
        at += 1
        while line.endswith("+"):
            line = line[:-1] + lines[at]
            at += 1
        found.append(line)
    return found


assert joined(["a", "b+"]) == ["a", "b+"]
""",
            """\
def joined(lines):
    at, total = 0, len(lines)
    found = []
    while at < total:
        line = lines[at]
        at += 1
        while line.endswith("+") and at < total:
            line = line[:-1] + lines[at]
            at += 1
        found.append(line)
    return found


assert joined(["a", "b+"]) == ["a", "b+"]
""",
        ),
    ),
    unchanged=(
        Unchanged(
            """\
def joined(lines):
    at = 0
    line = lines[at]
    while line.endswith("+"):
        at += 1
        line = line[:-1] + lines[at]
    return line


joined(["b+"])
""",
            "Nothing in the function says where the index ends.",
        ),
    ),
)
