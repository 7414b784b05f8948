"""A local name that only some paths give a value starts with None, which the code after it already tests for.

What it fixes:
    A name is set inside a branch, a loop or a `try`, and read after it.

Why it fails:
    On the path that was taken nothing set it.

Fix safety:
    Safe where every later use tests the name for None or for truth, or only cleans up: a path that set it keeps its
    value. In a loop a round may count on the value of the round before, so a person reviews. Without such tests nothing
    says what the name stands for on the path that was forgotten.

References:
    Python FAQ, "Why am I getting an UnboundLocalError when the variable has a value?"
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TypeGuard

from app.core.model import Applicability, FailureKind
from app.core.syntax import Function, names_bound
from app.fix.conventions import is_missing_test
from app.fix.edit import Before, Edit, Wrap
from app.fix.handlers import CLEANS
from app.fix.keys import is_only_tested
from app.fix.pattern import Example, FixPattern, Proposal, Raises, Strength, Unchanged
from app.fix.scope import leaves
from app.fix.site import Site


def codemod(site: Site) -> Iterator[Proposal]:
    """Writes `name = None` before the first statement that may bind it."""
    name = site.line
    first = _first_binding(site, name)
    if first is None or site.function is None or _is_taken_away(site.function, name):
        return
    uses = [
        one
        for one in ast.walk(site.function)
        if _is_name(one, name) and isinstance(one.ctx, ast.Load) and one.lineno >= site.statement.lineno
    ]
    start = Before(first, f"{name} = None")
    edits: tuple[Edit, ...]
    if all(_is_test(site, one) or _is_guarded(site, one) for one in uses):
        edits, strength = (start,), Strength.SYNTAX
        why = f"What comes after it tests `{name}` already."
    elif len(uses) == 1 and _cleans_up(site, name):
        edits, strength = (start, Wrap(site.statement, f"{name} is not None")), Strength.GUARD
        why = f"Without `{name}` there is nothing to clean up in line {site.statement.lineno}."
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


def _first_binding(site: Site, name: str) -> ast.stmt | None:
    """The statement of the failing statement's own block, or of one around it, that may bind the name first."""
    below: ast.AST = site.statement
    for above in site.code.ancestors(site.statement):
        for _, value in ast.iter_fields(above):
            if isinstance(value, list) and below in value:
                for one in value[: value.index(below)]:
                    if isinstance(one, ast.stmt) and name in names_bound(one):
                        return one
        tried = above.body if isinstance(above, ast.Try) and below not in above.body else []
        if isinstance(above, ast.Try) and any(name in names_bound(one) for one in tried):
            return above
        if above is site.function:
            return None
        below = above
    return None


def _is_taken_away(function: Function, name: str) -> bool:
    """True if the function deletes the name, as the end of an `except ... as name` does: a start value would go too."""
    return any(
        (isinstance(one, ast.Name) and one.id == name and isinstance(one.ctx, ast.Del))
        or (isinstance(one, ast.ExceptHandler) and one.name == name)
        for one in ast.walk(function)
    )


def _is_test(site: Site, use: ast.Name) -> bool:
    """True if the use asks whether there is a value, or compares it: None has an answer."""
    match site.parent(use):
        case ast.BoolOp(values=[*_, last]) if use is not last:
            return True
        case ast.Compare(ops=[ast.Eq() | ast.NotEq() | ast.Is() | ast.IsNot()]):
            return True
        case ast.Call(func=ast.Name(id="isinstance"), args=[first, _]):
            return first is use
        case _:
            return is_only_tested(site, use)


def _is_guarded(site: Site, use: ast.Name) -> bool:
    """True if a test of the name keeps the use from being evaluated without a value."""
    below: ast.AST = use
    for above in site.code.ancestors(use):
        match above:
            case ast.BoolOp(op=ast.And(), values=values):
                earlier = values[: next(at for at, one in enumerate(values) if one is below)]
                if any(_asks(site, one, use.id) for one in earlier):
                    return True
            case ast.If(test=test) | ast.IfExp(test=test) | ast.While(test=test) if below is not test:
                inside = above.body if isinstance(above.body, list) else [above.body]
                missing = is_missing_test(test)
                loose = isinstance(test, ast.BoolOp) and isinstance(test.op, ast.Or) and not missing
                if _asks(site, test, use.id) and (below in inside) != missing and not loose:
                    return True
            case _:
                pass
        if any(_is_exit(site, one, use.id) for one in _ahead(above, below)):
            return True
        if isinstance(above, Function):
            return False
        below = above
    return False


def _ahead(block: ast.AST, node: ast.AST) -> list[ast.AST]:
    """The statements of the block that stand before the node."""
    lists = [value for _, value in ast.iter_fields(block) if isinstance(value, list) and node in value]
    return [one for value in lists for one in value[: value.index(node)]]


def _is_exit(site: Site, node: ast.AST, name: str) -> bool:
    """True for an early exit where the name has no value."""
    if not isinstance(node, ast.If) or not leaves(node.body):
        return False
    return is_missing_test(node.test) and _asks(site, node.test, name)


def _asks(site: Site, test: ast.expr, name: str) -> bool:
    """True if the test asks whether the name has a value."""
    return any(_is_name(one, name) and _is_test(site, one) for one in ast.walk(test))


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


def _is_name(node: ast.AST, name: str) -> TypeGuard[ast.Name]:
    return isinstance(node, ast.Name) and node.id == name


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
    ),
    unchanged=(
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
