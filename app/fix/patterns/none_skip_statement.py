"""A statement that only has an effect is left out where there is nothing to do it with.

What it fixes:
    A total, a list or a service is given something of a value that may be None; nothing after it needs that. Or a
    quantity that may be unknown is put into another unit.

Why it fails:
    The step is optional in the data, and unconditional in the code.

Fix safety:
    Safe for what is collected, summed up or logged: what is left out would have raised. Whether a call of a service or
    a change of an object may be left out is for a person to say, so that is only proposed.

References:
    Python Language Reference, "The if statement".
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from app.core.model import Applicability, FailureKind
from app.core.syntax import own_nodes
from app.fix.conventions import tests_name
from app.fix.edit import Wrap
from app.fix.effects import COLLECTS, is_all_it_does, is_part_of_text
from app.fix.neutral import LOGGED
from app.fix.pattern import NONE_USED, Example, FixPattern, Proposal, Strength, Unchanged
from app.fix.site import Site


def codemod(site: Site) -> Iterator[Proposal]:
    """Puts the failing statement under a condition."""
    proposal = skip_statement(site)
    if proposal is not None:
        yield proposal


def skip_statement(site: Site) -> Proposal | None:
    """The conditional statement; None where something later needs it."""
    if site.test is None or not site.takes_guard or site.used_again:
        return None
    if not _is_effect(site) or _is_one_of_many(site):
        return None
    counts = isinstance(site.statement, ast.AugAssign)
    said = is_all_it_does(site) and is_part_of_text(site)
    weak = (is_part_of_row(site) and not counts) or said or _is_whole_elsewhere(site)
    if _is_target(site):
        why = f"`{site.line}` may be None in this function, which tests it elsewhere, and None has no other unit."
    elif counts:
        why = "Nothing is added where there is nothing to add."
    else:
        why = "Nothing after it needs what the statement does."
    return Proposal(
        (Wrap(site.statement, site.test),),
        f"Leave out line {site.statement.lineno} of {site.function_name} when {site.missing}",
        (why,),
        "The condition leaves out only what would have raised.",
        Strength.LAST if weak else Strength.SYNTAX if counts else Strength.GUARD,
        safe=(counts or not is_part_of_row(site)) and _stays_inside(site.statement),
    )


def _is_whole_elsewhere(site: Site) -> bool:
    """True if what follows goes over the sequence as a whole, whose items the failing statement reads one by one.

    That it is shorter than another one concerns both places.
    """
    wanted = ast.dump(site.subject)
    computed = isinstance(site.node, ast.Subscript) and not isinstance(
        site.node.slice, ast.Constant | ast.UnaryOp
    )
    return (
        site.failure.kind is FailureKind.BAD_INDEX
        and computed
        and any(
            isinstance(one, ast.expr)
            and ast.dump(one) == wanted
            and not isinstance(site.parent(one), ast.Subscript)
            for statement in site.following
            for one in ast.walk(statement)
        )
    )


def _stays_inside(statement: ast.stmt) -> bool:
    """True for a sum, a collection or a log; whether a payment or a state may be left out is for a person to say."""
    match statement:
        case ast.AugAssign(target=target):
            return not isinstance(target, ast.Attribute)
        case ast.Expr(value=ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name))):
            return name in COLLECTS | LOGGED
        case _:
            return False


def is_part_of_row(site: Site) -> bool:
    """True if the value is one of several in a row or record, which would be left out as a whole."""
    return any(isinstance(above, ast.List | ast.Tuple | ast.Dict) for _, above in site.between(site.node))


def _is_effect(site: Site) -> bool:
    match site.statement:
        case ast.AugAssign(op=operator):
            return _is_unknown(site) if _is_target(site) else isinstance(operator, ast.Add | ast.Sub)
        case ast.Expr(value=ast.Call() | ast.Await()):
            return True
        case ast.Assign(targets=[ast.Attribute(value=owner) | ast.Subscript(value=owner)]):
            # What is not there has no attribute to set.
            return owner is site.subject
        case _:
            return False


def _is_target(site: Site) -> bool:
    """True if what is None is the quantity itself that the statement changes."""
    return isinstance(site.statement, ast.AugAssign) and site.node is site.statement.target


def _is_unknown(site: Site) -> bool:
    """True for a quantity that is only put into another unit, and that the function takes for unknown elsewhere."""
    match site.statement:
        case ast.AugAssign(target=ast.Name(id=name), op=ast.Mult() | ast.Div() | ast.FloorDiv()):
            return site.function is not None and any(
                tests_name(one, name)
                for one in own_nodes(site.function)
                if site.code.statement_of(one) is not site.statement
            )
        case _:
            return False


def _is_one_of_many(site: Site) -> bool:
    """True if every other branch of the same `if` adds something to the same collection: a gap would shift the rest."""
    match site.statement:
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=owner, attr="append" | "add" | "extend"))):
            pass
        case _:
            return False
    above = site.parent(site.statement)
    while isinstance(above, ast.If):
        others = [one for one in [*above.body, *above.orelse] if one is not site.statement]
        wanted = ast.dump(owner)
        if any(
            isinstance(one, ast.Call)
            and isinstance(one.func, ast.Attribute)
            and ast.dump(one.func.value) == wanted
            for other in others
            for one in ast.walk(other)
        ):
            return True
        above = site.parent(above)
    return False


PATTERN = FixPattern(
    category="null-safety",
    applicability=Applicability.SAFE,
    answers=NONE_USED,
    codemod=codemod,
    examples=(
        Example(
            """\
def total(lines):
    amount = 0
    for line in lines:
        amount += line["price"]
        amount -= line["discount"]["amount"]  # in cents
    return amount


assert total([{"price": 5, "discount": {"amount": 1}}, {"price": 3, "discount": None}]) == 7
""",
            """\
def total(lines):
    amount = 0
    for line in lines:
        amount += line["price"]
        if line["discount"] is not None:
            amount -= line["discount"]["amount"]  # in cents
    return amount


assert total([{"price": 5, "discount": {"amount": 1}}, {"price": 3, "discount": None}]) == 7
""",
        ),
        Example(
            """\
def progress(done, total, scale):
    if total and done > total:
        total = None
    if scale:
        total *= scale
        done *= scale
    return f"{done}/{total}" if total else f"{done}"


assert progress(3, 2, 10) == "30"
""",
            """\
def progress(done, total, scale):
    if total and done > total:
        total = None
    if scale:
        if total is not None:
            total *= scale
        done *= scale
    return f"{done}/{total}" if total else f"{done}"


assert progress(3, 2, 10) == "30"
""",
        ),
    ),
    unchanged=(
        Unchanged(
            """\
def scaled(total, scale):
    total *= scale
    return total


scaled(None, 10)
""",
            "Nothing says that the total may be unknown.",
        ),
        Unchanged(
            """\
def greet(customer, outbox):
    outbox.append(customer.email)
    outbox.append(customer.name)
    return outbox


greet(None, [])
""",
            "The next statement would fail in the same way.",
        ),
    ),
)
