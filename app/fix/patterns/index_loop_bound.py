"""A loop that moves an index forward stops at the end of the sequence, as another part of the function does.

What it fixes:
    `while line.endswith("+"): line = lines[at]; at += 1` at the last line, and a `while True` that reads line by line.

Why it fails:
    The condition looks at the item, and not at whether there is one more.

Fix safety:
    Unsafe: the loop ends where it would have raised, and what follows was not written for that. The bound is the one
    that the function itself uses for the same index. An endless loop gets one where what comes behind it takes the rest
    of the sequence, which may be empty.

References:
    Python Language Reference, "The while statement".
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from app.core.model import Applicability, FailureKind
from app.core.syntax import header, own_nodes
from app.fix.edit import Replace
from app.fix.pattern import INDEX_MISSING, Example, FixPattern, Proposal, Strength, Unchanged
from app.fix.patterns.none_test_guard import guard_test
from app.fix.site import Site


def codemod(site: Site) -> Iterator[Proposal]:
    """Adds the bound to the condition of the loop."""
    loop = site.loop
    yield from _endless(site)
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


def _endless(site: Site) -> Iterator[Proposal]:
    """`while at < len(lines)` for `while True`, with the test for the failing item if that is one ahead."""
    loop = site.loop
    if not isinstance(loop, ast.While) or not isinstance(site.node, ast.Subscript) or not site.is_plain:
        return
    always = isinstance(loop.test, ast.Constant) and loop.test.value
    index = next((name for name in _moved(loop) if _mentions(site.node.slice, name)), None)
    rest = _rest(site, loop, index) if index is not None and always else None
    if index is None or rest is None or not _begins_with_item(site, loop, index):
        return
    first = isinstance(site.node.slice, ast.Name) and site.statement is loop.body[0]
    ahead = None if first else guard_test(site)
    if ahead is None and not first:
        return
    yield Proposal(
        (
            Replace(loop.test, f"{index} < len({site.text(site.subject)})"),
            *(ahead.edits if ahead is not None else ()),
        ),
        f"End the loop of line {loop.lineno} where `{index}` reaches the end",
        (f"Line {rest.lineno} takes `{site.text(rest)}` after it, and that may be empty.",),
        "The loop ends where it would have raised.",
        Strength.TYPE,
        safe=False,
    )


def _begins_with_item(site: Site, loop: ast.While, index: str) -> bool:
    """True if every round reads the item at the index first, so that one without it would have raised."""
    return any(
        isinstance(one, ast.Subscript)
        and ast.dump(one.value) == ast.dump(site.subject)
        and isinstance(one.slice, ast.Name)
        and one.slice.id == index
        and not site.lazy(one, loop.body[0])
        for part in header(loop.body[0])
        for one in ast.walk(part)
    )


def _moved(loop: ast.While) -> list[str]:
    """The names that the loop counts up."""
    return [
        one.target.id
        for one in ast.walk(loop)
        if isinstance(one, ast.AugAssign) and isinstance(one.op, ast.Add) and isinstance(one.target, ast.Name)
    ]


def _rest(site: Site, loop: ast.While, index: str) -> ast.Subscript | None:
    """`lines[at:]` behind the loop, if nothing but slices is read of the sequence there."""
    wanted = ast.dump(site.subject)
    behind = [
        node
        for one in site.following
        if one.lineno > (loop.end_lineno or loop.lineno)
        for node in ast.walk(one)
        if isinstance(node, ast.Subscript) and ast.dump(node.value) == wanted
    ]
    rests = [
        one
        for one in behind
        if isinstance(one.slice, ast.Slice)
        and isinstance(one.slice.lower, ast.Name)
        and one.slice.lower.id == index
    ]
    return rests[0] if rests and len(rests) == len(behind) else None


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
        Example(
            """\
def parts(lines):
    at, comments = 0, []
    while True:
        line = lines[at]
        if not line.startswith("#"):
            break
        comments.append(line)
        at += 1
    return comments, lines[at:]


assert parts(["# a"]) == (["# a"], [])
""",
            """\
def parts(lines):
    at, comments = 0, []
    while at < len(lines):
        line = lines[at]
        if not line.startswith("#"):
            break
        comments.append(line)
        at += 1
    return comments, lines[at:]


assert parts(["# a"]) == (["# a"], [])
""",
        ),
    ),
    unchanged=(
        Unchanged(
            """\
def heading(lines):
    at = 0
    while True:
        line = lines[at]
        if line.startswith("="):
            break
        at += 1
    return lines[at].strip("= ")


heading(["a", "b"])
""",
            "What follows the loop needs the line at which it should have ended.",
        ),
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
