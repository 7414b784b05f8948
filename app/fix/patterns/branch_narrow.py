"""A branch that only refines something is not taken either where it has nothing to do that with.

What it fixes:
    `if isinstance(node, List): node = node.items[0]` for a list without items, and the like for None, a missing key, a
    division by zero, or `max()` of nothing.

Why it fails:
    The condition knows one way of having nothing to do, and the data has another.

Fix safety:
    Safe. The condition grows by a test that fails only where the first statement of the branch would have raised. What
    the branch sets has a plain first value, or is refined by it, or is an entry of a collection: the code goes on with
    that already where the condition does not hold. A division by zero leaves only a first value that says nothing.
    Where a later statement counts on the branch, and where a caller chose the missing key, nothing is changed.

References:
    Python Language Reference, "The if statement" and "Boolean operations".
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from app.core.model import Applicability, FailureKind
from app.core.syntax import chain_root, names_bound, names_in
from app.fix.conditions import joined
from app.fix.conventions import is_constant, tests_name
from app.fix.edit import Replace
from app.fix.forms import load_dump
from app.fix.keys import is_asked_for, is_misspelt
from app.fix.pattern import ANY, Example, FixPattern, Proposal, Strength, Unchanged
from app.fix.returns import says_nothing
from app.fix.scope import enclosing_class, locals_before, statements_before
from app.fix.sequences import can_be_asked
from app.fix.site import Site

_SIMPLE = (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Expr)


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
    """How clear it is that the code can do without the statement; None where nothing shows it."""
    if is_asked_for(site) or is_misspelt(site):
        return None
    match site.statement:
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            return _of_name(site, name, value)
        case ast.Assign(targets=[ast.Attribute() as target]):
            first = _first_value(site, target) or _value_of_class(site, target)
            return _of_start(site, first)
        case ast.Assign(targets=[ast.Subscript(value=owner, slice=key) as target]) if (
            owner is not site.subject
        ):
            field = isinstance(key, ast.Constant) and isinstance(
                key.value, str
            )  # of a record, not of a collection
            return _of_start(site, _first_value(site, target)) if field or _divides(site) else Strength.GUARD
        case _:
            return None


def _of_name(site: Site, name: str, value: ast.expr) -> Strength | None:
    """A name has a value before, of this round where there is a loop, and whoever reads it takes that one as well."""
    before = statements_before(site, site.loop)
    started = any(name in names_bound(one) for one in before)
    if name not in locals_before(site) or (site.loop is not None and not started):
        return None
    root = chain_root(value)
    is_part = isinstance(root, ast.Name) and root.id == name
    if is_part or _asks_for(site, name):  # without the branch it is still the whole, or nothing
        return Strength.SYNTAX if all(_is_asked(site, one) for one in _reads(site, name)) else None
    if name in _sources(value, before) and not _divides(site):
        return Strength.GUARD
    first = _first_value(site, ast.Name(name, ast.Load())) if started else _default(site, name)
    return _of_start(site, first)


def _asks_for(site: Site, name: str) -> bool:
    """True if the branch is there for a name that has nothing."""
    holder = site.parent(site.statement)
    return isinstance(holder, ast.If) and any(tests_name(one, name) for one in ast.walk(holder.test))


def _of_start(site: Site, first: ast.expr | None) -> Strength | None:
    """A first value that says nothing may stay; so may another plain one, where there is nothing to compute with."""
    if first is None or not is_constant(first) or (isinstance(first, ast.Constant) and first.value is True):
        return None
    if says_nothing(first):
        return Strength.SYNTAX
    return None if _divides(site) else Strength.GUARD


def _divides(site: Site) -> bool:
    """True for a number outside of what the computation takes: that is not the same as having none."""
    return site.failure.kind is FailureKind.ZERO


def _sources(value: ast.expr, before: list[ast.stmt]) -> set[str]:
    """The names that the value is made of, also by way of other names."""
    found = names_in(value)
    for one in sorted(before, key=lambda each: each.lineno, reverse=True):
        if isinstance(one, ast.Assign) and names_bound(one) & found:
            found |= names_in(one.value)
    return found


def _first_value(site: Site, target: ast.expr) -> ast.expr | None:
    """What the place is given last in front of the branch, in this round where there is a loop."""
    wanted = load_dump(target)
    given = [
        (one.lineno, value) for one in statements_before(site, site.loop) for value in _values(one, wanted)
    ]
    return max(given, key=lambda each: each[0])[1] if given else None


def _values(statement: ast.stmt, wanted: str) -> list[ast.expr]:
    match statement:
        case ast.Assign(targets=targets, value=value) if wanted in map(load_dump, targets):
            return [value]
        case ast.AnnAssign(target=target, value=ast.expr() as value) if load_dump(target) == wanted:
            return [value]
        case _:
            return []


def _default(site: Site, name: str) -> ast.expr | None:
    """The default of the parameter."""
    if site.function is None:
        return None
    arguments = site.function.args
    positional = [*arguments.posonlyargs, *arguments.args]
    pairs = [
        *zip(reversed(positional), reversed(arguments.defaults), strict=False),
        *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
    ]
    return next((default for one, default in pairs if one.arg == name), None)


def _value_of_class(site: Site, target: ast.Attribute) -> ast.expr | None:
    """The value that the class itself, or another of its methods, gives the attribute in the first place."""
    owner = enclosing_class(site.code, site.statement)
    if owner is None:
        return None
    for node in ast.walk(owner):
        match node:
            case ast.Assign(targets=[ast.Attribute(attr=name)], value=value) if name == target.attr:
                return value if node is not site.statement else None
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name == target.attr:
                return value if node in owner.body else None
            case _:
                pass
    return None


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
        case above:
            return tests_name(above, use.id) or site.is_tested(use, ast.dump(use))


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
    kinds=frozenset(FailureKind) - {FailureKind.WRONG_TYPE, FailureKind.UNBOUND, FailureKind.RAISED},
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
