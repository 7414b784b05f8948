"""A local name that only some paths give a value starts with None, which the code after it already tests for.

What it fixes:
    A name is set inside a branch, a loop or a `try`, and read after it.

Why it fails:
    On the path that was taken nothing set it.

Fix safety:
    Safe where every later use tests the name for None or for truth, only cleans up, or only adds what the loop before
    it found to a collection: a path that set it keeps its value. In a loop a round may count on the value of the round
    before, so a person reviews. Otherwise nothing says what the name stands for on the path that was forgotten.

References:
    Python FAQ, "Why am I getting an UnboundLocalError when the variable has a value?"
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from app.core.model import Applicability, FailureKind
from app.core.syntax import Function, names_bound
from app.fix.edit import Before, Edit, Wrap
from app.fix.handlers import CLEANS
from app.fix.local_names import allows_none, collecting_run, first_binding, is_guarded, is_name
from app.fix.pattern import Example, FixPattern, Proposal, Raises, Strength, Unchanged
from app.fix.scope import surely_bound
from app.fix.site import Site


def codemod(site: Site) -> Iterator[Proposal]:
    """Writes `name = None` before the first statement that may bind it."""
    name = site.line
    first = first_binding(site, name)
    if first is None or site.function is None or _is_taken_away(site.function, name):
        return
    uses = [
        one
        for one in ast.walk(site.function)
        if is_name(one, name) and isinstance(one.ctx, ast.Load) and one.lineno >= site.statement.lineno
    ]
    start = Before(first, f"{name} = None")
    edits: tuple[Edit, ...]
    if all(allows_none(site, one) or is_guarded(site, one) for one in uses):
        edits, strength = (start,), Strength.SYNTAX
        why = f"What comes after it tests `{name}` already."
    elif len(uses) == 1 and _cleans_up(site, name):
        edits, strength = (start, Wrap(site.statement, f"{name} is not None")), Strength.GUARD
        why = f"Without `{name}` there is nothing to clean up in line {site.statement.lineno}."
    elif (guard := _without_rounds(site, name, first, uses)) is not None:
        edits, strength = (start, guard), Strength.GUARD
        why = f"A loop without rounds leaves nothing to add in line {site.statement.lineno}."
    else:
        return
    yield Proposal(
        edits,
        f"Start with `{name} = None` in {site.function_name}",
        (why,),
        "Paths that set the name keep its value; the others would have raised.",
        strength,
        safe=site.loop is None or site.loop not in site.code.ancestors(first),
    )


def _without_rounds(site: Site, name: str, first: ast.stmt, uses: Sequence[ast.Name]) -> Edit | None:
    """The guard of what collects the last value of the loop `first`, where nothing else reads that value."""
    if not isinstance(first, ast.For | ast.AsyncFor) or site.parent(first) is not site.parent(site.statement):
        return None
    given = names_bound(first.target).union(*(surely_bound(one) for one in first.body))
    run = collecting_run(site, name)
    inside = {part for one in run for part in ast.walk(one)}
    if name not in given or not run or not inside.issuperset(uses):
        return None
    if len(run) == 1:
        return Wrap(run[0], f"{name} is not None")
    ends_round = site.loop is not None and site.loop.body[-1] is run[-1]
    return Before(site.statement, f"if {name} is None:\n    continue") if ends_round else None


def _is_taken_away(function: Function, name: str) -> bool:
    """True if the function deletes the name, as the end of an `except ... as name` does: a start value would go too."""
    return any(
        (isinstance(one, ast.Name) and one.id == name and isinstance(one.ctx, ast.Del))
        or (isinstance(one, ast.ExceptHandler) and one.name == name)
        for one in ast.walk(function)
    )


def _cleans_up(site: Site, name: str) -> bool:
    """True for a method of the named thing that only cleans up."""
    match site.statement:
        case ast.Expr(
            value=ast.Call(func=ast.Attribute(value=ast.Name(id=owner), attr=method))
            | ast.Await(value=ast.Call(func=ast.Attribute(value=ast.Name(id=owner), attr=method)))
        ):
            return owner == name and method in CLEANS
        case _:
            return False


PATTERN = FixPattern(
    category="unbound-local",
    applicability=Applicability.SAFE,
    answers=(Raises("UnboundLocalError"),),
    kinds=frozenset({FailureKind.UNBOUND}),
    codemod=codemod,
    examples=(
        Example(
            """\
def name_of(orders, number):
    for order in orders:
        if order["id"] == number:
            found = order
            break
    if found is None:
        return "unknown"
    return found["name"]


assert name_of([{"id": 1, "name": "lamp"}], 2) == "unknown"
""",
            """\
def name_of(orders, number):
    found = None
    for order in orders:
        if order["id"] == number:
            found = order
            break
    if found is None:
        return "unknown"
    return found["name"]


assert name_of([{"id": 1, "name": "lamp"}], 2) == "unknown"
""",
        ),
        Example(
            """\
class Store:
    def __init__(self, files):
        self.files = files

    def open(self, name):
        return self.files[name]


def first_line(store, name):
    try:
        file = store.open(name)
        return file.readline()
    finally:
        file.close()


try:
    first_line(Store({}), "orders.txt")
except KeyError:
    pass
""",
            """\
class Store:
    def __init__(self, files):
        self.files = files

    def open(self, name):
        return self.files[name]


def first_line(store, name):
    file = None
    try:
        file = store.open(name)
        return file.readline()
    finally:
        if file is not None:
            file.close()


try:
    first_line(Store({}), "orders.txt")
except KeyError:
    pass
""",
        ),
        Example(
            """\
def summary(order):
    if order["gift"]:
        note = "wrapped"
    text = order["name"]
    return f"{text} ({note})" if note else text


assert summary({"name": "lamp", "gift": False}) == "lamp"
""",
            """\
def summary(order):
    note = None
    if order["gift"]:
        note = "wrapped"
    text = order["name"]
    return f"{text} ({note})" if note else text


assert summary({"name": "lamp", "gift": False}) == "lamp"
""",
        ),
        Example(
            """\
def ends(days):
    found = []
    for orders in days:
        for order in orders:
            print(order)
        found.append(order)
    return found


assert ends([[], [1, 2]]) == [2]
""",
            """\
def ends(days):
    found = []
    for orders in days:
        order = None
        for order in orders:
            print(order)
        if order is not None:
            found.append(order)
    return found


assert ends([[], [1, 2]]) == [2]
""",
        ),
    ),
    unchanged=(
        Unchanged(
            """\
def pay(days, charge):
    for orders in days:
        for order in orders:
            print(order)
        charge(order)


pay([[], [1, 2]], print)
""",
            "Whether a day without orders is charged is not known.",
        ),
        Unchanged(
            """\
def newest(orders):
    for order in orders:
        last = order
    return last["id"]


newest([])
""",
            "Nothing says what the newest of no orders is.",
        ),
        Unchanged(
            """\
def greet(customer, send):
    if customer["language"] == "en":
        text = "Hello"
    elif customer["language"] == "de":
        text = "Hallo"
    send(text)


greet({"language": "fr"}, print)
""",
            "Nothing says that a customer of another language wants no greeting.",
        ),
        Unchanged(
            """\
def check(text):
    try:
        int(text)
    except ValueError as error:
        text = "0"
    return "bad" if error else text


check("two")
""",
            "The name of a caught exception ends with its handler, and a start value would end with it.",
        ),
    ),
)
