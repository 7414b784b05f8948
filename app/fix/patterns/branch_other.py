"""Where one branch cannot compute its value, the other branch has the one for nothing.

What it fixes:
    `if not started: speed = "" else: speed = size / (now - start)` where no time has passed, and the like for None, a
    missing key or item, or `max()` of nothing.

Why it fails:
    The condition knows one way of having nothing, and the data has another.

Fix safety:
    Safe. The condition grows by a test that holds only where the branch would have raised, and before it raised it had
    only given names a value. Both branches do nothing but give the same names their values, or return one. Where the
    other branch has no value for nothing, and where a later statement needs what is missing, there is no fix.

References:
    Python Language Reference, "The if statement".
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from app.core.model import Applicability, FailureKind
from app.core.syntax import names_bound, names_in
from app.fix.conditions import joined
from app.fix.conventions import is_constant
from app.fix.edit import Replace
from app.fix.keys import is_asked_for
from app.fix.pattern import ANY, Example, FixPattern, Proposal, Strength, Unchanged
from app.fix.returns import says_nothing
from app.fix.sequences import can_be_asked
from app.fix.site import Site


def codemod(site: Site) -> Iterator[Proposal]:
    """Lets the condition choose the other branch for what this one cannot compute."""
    holder = site.parent(site.statement)
    if not isinstance(holder, ast.If) or not holder.orelse:
        return
    own, other = (
        (holder.body, holder.orelse) if site.statement in holder.body else (holder.orelse, holder.body)
    )
    nothing = _value_for_nothing(site, own, other)
    if nothing is None or not _can_be_asked_before(site, own) or is_asked_for(site):
        return
    if any(site.relies(one) for one in site.later if one not in own):
        return
    operator, test = ("and", site.test) if own is holder.body else ("or", site.negated_test)
    yield Proposal(
        (Replace(holder.test, joined(holder.test, site.text(holder.test), operator, f"{test}")),),
        f"Choose the branch with `{site.text(nothing)}` in line {nothing.lineno} also when {site.missing}",
        (
            f"The other branch of line {holder.lineno} already gives `{site.text(nothing)}` where there is nothing.",
        ),
        "The condition changes only where the branch would have raised.",
        Strength.SIGNATURE,
        site.text(nothing) if isinstance(site.statement, ast.Return) else None,
    )


def _value_for_nothing(site: Site, own: list[ast.stmt], other: list[ast.stmt]) -> ast.expr | None:
    """What the other branch has in place of the failing value; None if it is no answer for nothing.

    Zero and False are, of something that is computed or counted; else they may be a level or a state.
    """
    match site.statement, other:
        case ast.Return(), [ast.Return(value=ast.expr() as value)]:
            found = value
        case ast.Assign(targets=[ast.Name(id=name)]), _ if _given(own) == _given(other) != set():
            found = next(
                one.value for one in other if isinstance(one, ast.Assign) and name in names_bound(one)
            )
        case _:
            return None
    number = isinstance(found, ast.Constant) and isinstance(found.value, int | float)
    computed = site.failure.kind in {FailureKind.ZERO, FailureKind.EMPTY}
    return found if is_constant(found) and says_nothing(found) and (computed or not number) else None


def _given(block: list[ast.stmt]) -> set[str]:
    """The names that a block does nothing but give values to, each once; empty if it does anything else."""
    names: list[str] = []
    for one in block:
        match one:
            case ast.Assign(targets=[ast.Name(id=name)]):
                names.append(name)
            case _:
                return set()
    return set(names) if len(set(names)) == len(names) else set()


def _can_be_asked_before(site: Site, own: list[ast.stmt]) -> bool:
    """True if the condition can ask for what fails in the branch: what stands in front of it there has no effect."""
    before = own[: own.index(site.statement)]
    if any(isinstance(one, ast.Call | ast.Await | ast.Yield) for each in before for one in ast.walk(each)):
        return False
    asked = names_in(site.subject) | (names_in(site.node) if site.key is not None else set())
    plain = site.is_plain or site.is_plain_enough
    fresh = {name for one in before for name in names_bound(one)}
    return site.always_runs and site.is_visible and plain and can_be_asked(site) and not asked & fresh


PATTERN = FixPattern(
    category="missing-error-handling",
    applicability=Applicability.SAFE,
    answers=ANY,
    kinds=frozenset(FailureKind) - {FailureKind.WRONG_TYPE, FailureKind.UNBOUND, FailureKind.RAISED},
    codemod=codemod,
    examples=(
        Example(
            """\
LONG = "{size} in all, {speed}"
SHORT = "{size} in all"


def status(size, start, now):
    if start is None:
        template = SHORT
        speed = ""
    else:
        template = LONG
        speed = f"{size / (now - start)} per second"
    return template.format(size=size, speed=speed)


assert status(8, 5.0, 5.0) == "8 in all"
""",
            """\
LONG = "{size} in all, {speed}"
SHORT = "{size} in all"


def status(size, start, now):
    if start is None or now - start == 0:
        template = SHORT
        speed = ""
    else:
        template = LONG
        speed = f"{size / (now - start)} per second"
    return template.format(size=size, speed=speed)


assert status(8, 5.0, 5.0) == "8 in all"
""",
        ),
        Example(
            """\
def courier(order):
    if order["sent"]:
        name = order["parcel"]["courier"].title()
    else:
        name = None
    return name


assert courier({"sent": True, "parcel": {"courier": None}}) is None
""",
            """\
def courier(order):
    if order["sent"] and order["parcel"]["courier"] is not None:
        name = order["parcel"]["courier"].title()
    else:
        name = None
    return name


assert courier({"sent": True, "parcel": {"courier": None}}) is None
""",
        ),
        Example(
            """\
def average(ratings):
    if ratings is None:
        return 0
    else:
        return sum(ratings) / len(ratings)


assert average([]) == 0
""",
            """\
def average(ratings):
    if ratings is None or len(ratings) == 0:
        return 0
    else:
        return sum(ratings) / len(ratings)


assert average([]) == 0
""",
        ),
    ),
    unchanged=(
        Unchanged(
            """\
def heading(lines, title):
    if title:
        text = title
    else:
        text = lines[0]
    return text


heading([], "")
""",
            "The other branch is about something else: an empty title is no answer that anybody wrote.",
        ),
        Unchanged(
            """\
def best(offers, log, quiet):
    if quiet:
        price = None
    else:
        log.append("comparing")
        price = offers[0]
    return price


best([], [], False)
""",
            "Before it fails the branch has an effect, which the other branch does not have.",
        ),
        Unchanged(
            """\
def lines(rows, plain):
    if plain:
        head = ""
    else:
        head = rows[0]
    return head + rows[0]


lines([], False)
""",
            "What follows needs the item in any case.",
        ),
    ),
)
