"""A branch that only refines something is not taken either where it has nothing to do that with.

What it fixes:
    `if isinstance(node, List): node = node.items[0]` for a list without items, and the like for None, a missing key, a
    division by zero, or `max()` of nothing.

Why it fails:
    The condition knows one way of having nothing to do, and the data has another.

Fix safety:
    Safe. The condition grows by a test that fails only where the first statement of the branch would have raised. The
    name, attribute or entry has a value without the branch, which is what the code has today where the condition does
    not hold. There is no fix where a later statement counts on the branch, or where a caller asks a table for a key.

References:
    Python Language Reference, "The if statement" and "Boolean operations".
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from app.core.model import Applicability, FailureKind
from app.core.syntax import chain_root, names_bound, names_in
from app.fix.conditions import joined
from app.fix.conventions import is_constant
from app.fix.edit import Replace
from app.fix.forms import load_dump
from app.fix.keys import is_asked_for, is_misspelt
from app.fix.pattern import ANY, Example, FixPattern, Proposal, Strength, Unchanged
from app.fix.returns import says_nothing
from app.fix.scope import locals_before, statements_before
from app.fix.sequences import can_be_asked
from app.fix.site import Site

_SIMPLE = (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Expr)
_COMPUTED = frozenset({FailureKind.ZERO, FailureKind.EMPTY})


def codemod(site: Site) -> Iterator[Proposal]:
    """Adds the test to the condition of the branch."""
    holder = site.parent(site.statement)
    if not isinstance(holder, ast.If) or holder.orelse or holder.body[0] is not site.statement:
        return
    plain = site.is_plain or site.is_plain_enough
    if site.function is None or not (site.always_runs and site.is_visible and plain and can_be_asked(site)):
        return
    strength = _evidence(site)
    if strength is None or not _only_depends(site, holder.body) or _is_counted_on(site, holder):
        return
    yield Proposal(
        (Replace(holder.test, joined(holder.test, site.text(holder.test), "and", f"{site.test}")),),
        f"Do not take the branch of line {holder.lineno} when {site.missing}",
        ("Where the condition does not hold, the code does without the branch already.",),
        "The condition changes only where the branch would have raised.",
        strength,
    )


def _evidence(site: Site) -> Strength | None:
    """How clear it is that the code can do without the statement; None where it can not, or nothing shows it."""
    if is_asked_for(site) or is_misspelt(site):
        return None
    match site.statement:
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            return _of_name(site, name, value)
        case ast.Assign(targets=[ast.Attribute() as target]):
            known = _is_started(site, target) or _is_set_elsewhere(site, target)
        case ast.Assign(targets=[ast.Subscript(value=owner) as target]) if owner is not site.subject:
            known = site.failure.kind is not FailureKind.ZERO or _is_started(site, target)
        case ast.Expr(value=ast.Call()):
            known = site.failure.kind in _COMPUTED
        case _:
            known = False
    return Strength.GUARD if known else None


def _of_name(site: Site, name: str, value: ast.expr) -> Strength | None:
    """A name has a value before, of this round where there is a loop, and whoever reads it takes that one as well."""
    started = [one for one in statements_before(site, site.loop) if name in names_bound(one)]
    if name not in locals_before(site) or (site.loop is not None and not started):
        return None
    root = chain_root(value)
    if (
        isinstance(root, ast.Name) and root.id == name
    ):  # without the branch it is still the whole, not the part
        return Strength.SYNTAX if all(_is_asked(site, one) for one in _reads(site, name)) else None
    match started[-1:]:
        case [ast.Assign(value=first) | ast.AnnAssign(value=ast.expr() as first)]:
            return Strength.SYNTAX if is_constant(first) and says_nothing(first) else Strength.GUARD
        case _:
            return Strength.GUARD


def _reads(site: Site, name: str) -> list[ast.Name]:
    return [
        node
        for one in site.following
        for node in ast.walk(one)
        if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load)
    ]


def _is_asked(site: Site, use: ast.Name) -> bool:
    """True if the code asks what the value is, or does so before it uses it."""
    match site.parent(use):
        case ast.Call(func=ast.Name(id="isinstance")):
            return True
        case _:
            return site.is_tested(use, ast.dump(use))


def _is_started(site: Site, target: ast.expr) -> bool:
    """True if the attribute or the entry is given a value in front of the branch."""
    wanted = load_dump(target)
    return any(
        isinstance(one, ast.Assign) and wanted in map(load_dump, one.targets)
        for one in statements_before(site, site.loop)
    )


def _is_set_elsewhere(site: Site, target: ast.Attribute) -> bool:
    """True if another statement of the file gives an attribute of that name a value."""
    if site.failure.kind is FailureKind.ZERO:
        return False
    return any(
        isinstance(node, ast.Attribute)
        and node.attr == target.attr
        and isinstance(node.ctx, ast.Store)
        and node is not target
        for node in ast.walk(site.code.tree)
    )


def _only_depends(site: Site, body: list[ast.stmt]) -> bool:
    """True if the rest of the branch is made of what its first statement gives, and nothing else outlives it."""
    bound = names_bound(body[0])
    for one in body[1:]:
        if not isinstance(one, _SIMPLE) or not (names_in(one) & bound or site.relies(one)):
            return False
        bound |= names_bound(one)
    later = {name for one in site.following if one not in body for name in names_in(one)}
    return bound & later <= locals_before(site)


def _is_counted_on(site: Site, holder: ast.If) -> bool:
    """True if a later statement needs the missing value, or reads the result under the condition of the branch."""
    later = [one for one in site.later if one not in holder.body]
    if any(site.relies(one) for one in later):
        return True
    targets = {load_dump(one) for one in getattr(site.statement, "targets", [])}
    asked = {ast.dump(one) for one in _parts(holder.test)}
    return any(
        isinstance(node, ast.If | ast.While | ast.IfExp)
        and asked & {ast.dump(one) for one in _parts(node.test)}
        and targets & {load_dump(inner) for inner in ast.walk(node) if isinstance(inner, ast.expr)}
        for one in later
        for node in ast.walk(one)
    )


def _parts(test: ast.expr) -> list[ast.expr]:
    """The conditions of which each must hold."""
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
        return [part for one in test.values for part in _parts(one)]
    return [test]


PATTERN = FixPattern(
    category="missing-key",
    applicability=Applicability.SAFE,
    answers=ANY,
    kinds=frozenset({FailureKind.NONE_VALUE, FailureKind.MISSING_KEY, FailureKind.BAD_INDEX, *_COMPUTED}),
    codemod=codemod,
    examples=(
        Example(
            """\
def title(order):
    item = order["items"]
    if isinstance(item, list):
        item = item[0]
    return item.title() if isinstance(item, str) else "nothing"


assert title({"items": []}) == "nothing"
""",
            """\
def title(order):
    item = order["items"]
    if isinstance(item, list) and item:
        item = item[0]
    return item.title() if isinstance(item, str) else "nothing"


assert title({"items": []}) == "nothing"
""",
        ),
        Example(
            """\
class Offer:
    def __init__(self, prices, discount):
        self.prices = list(prices)
        self.price = 0
        if discount and len(discount) < 10:
            self.price = min(self.prices)


assert Offer([], "WELCOME").price == 0
""",
            """\
class Offer:
    def __init__(self, prices, discount):
        self.prices = list(prices)
        self.price = 0
        if discount and len(discount) < 10 and self.prices:
            self.price = min(self.prices)


assert Offer([], "WELCOME").price == 0
""",
        ),
        Example(
            """\
import re

BANDS = ["free", "reduced", "full"]


def band(text):
    name = text.strip()
    found = re.match(r"\\((\\d+)\\)", name)
    if found:
        name = BANDS[int(found.group(1))]
    return name


assert band("(7)") == "(7)"
""",
            """\
import re

BANDS = ["free", "reduced", "full"]


def band(text):
    name = text.strip()
    found = re.match(r"\\((\\d+)\\)", name)
    if found and int(found.group(1)) < len(BANDS):
        name = BANDS[int(found.group(1))]
    return name


assert band("(7)") == "(7)"
""",
        ),
    ),
    unchanged=(
        Unchanged(
            """\
def title(item):
    if isinstance(item, list):
        item = item[0]
    return item.title()


title([])
""",
            "What follows needs the item: the list itself is no answer.",
        ),
        Unchanged(
            """\
def rate(bands, band):
    percent = 0
    if band:
        percent = bands[band]
    return percent


rate({"full": 19}, "ful")
""",
            "The caller asked for a band that is not there: that may be worth an error.",
        ),
        Unchanged(
            """\
def report(lines, verbose):
    head = None
    if verbose:
        head = lines[0]
    if verbose:
        return head.title()
    return ""


report([], True)
""",
            "A later branch with the same condition counts on the value.",
        ),
    ),
)
