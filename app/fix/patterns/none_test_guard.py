"""A condition about something that is not there is false.

What it fixes:
    A test of `if`, `while`, `any()`, a comprehension or a yes-or-no function asks something of None.

Why it fails:
    The question is asked before it is known that there is something to ask.

Fix safety:
    Safe. `x is not None and` changes only tests that would have raised. A negative question (`not x.paid`, `!=`) has
    no such answer and is left alone, unless its branch leaves at once: then None leaves too. Where the branch turns
    something away (it raises, leaves the round, or returns False, nothing or a text), an answer is only proposed.

References:
    Python Language Reference, "Boolean operations": `and` evaluates its second operand only if the first is true.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from app.core.model import Applicability, FailureKind
from app.core.syntax import own_nodes
from app.fix.edit import Replace
from app.fix.forms import form_type
from app.fix.pattern import NONE_USED, Example, FixPattern, Proposal, Strength, Unchanged
from app.fix.site import Site

_PREDICATES = ("is_", "has_", "can_", "should_", "starts", "ends", "isdigit", "isalpha", "exists", "contains")


def codemod(site: Site) -> Iterator[Proposal]:
    """Puts the test for None in front of the failing test."""
    proposal = guard_test(site)
    if proposal is not None:
        yield proposal


def guard_test(site: Site) -> Proposal | None:
    """The guarded test; None where the failing expression decides nothing or says something negative."""
    question = _question(site)
    if question is None or not site.is_plain or site.test is None:
        return None
    node, holder = question
    leaves = (
        isinstance(holder, ast.If)
        and not holder.orelse
        and isinstance(holder.body[-1], ast.Return | ast.Continue | ast.Break)
    )
    negative = (
        _is_negative(node)
        and not _is_needed_by_the_rest(site, node)
        and not _is_one_of_several(site, node, holder)
    )
    needed = site.used_again
    if leaves and (negative or needed or refuses(holder)) and _is_read_in(site, holder):
        return None
    unclear = isinstance(node, ast.UnaryOp) and isinstance(node.operand, ast.Call)
    if leaves and (negative or needed):
        code = f"{site.negated_test} or {_bracketed(site, node, ast.And)}"
        why = "The branch leaves at once, and what follows needs the value."
    elif leaves and not negative and refuses(holder):
        code = f"{site.negated_test} or {_bracketed(site, node, ast.And)}"
        why = "The branch turns away what does not qualify; what can not be tested does not pass either."
    elif negative or needed or _bears_raise(holder):
        return None
    else:
        code = f"{_truth(site, holder)} and {_bracketed(site, node, ast.Or)}"
        why = "Nothing that is not there can meet the condition."
    return Proposal(
        (Replace(node, code),),
        f"Test for the missing value before `{_short(site.text(node))}`",
        (why,),
        "Only tests that would have raised have another result.",
        Strength.LAST if leaves and unclear and not site.none else Strength.SYNTAX,
        safe=negative or needed or not refuses(holder),
    )


def _is_read_in(site: Site, holder: ast.AST) -> bool:
    """True if the branch, which would be taken without the value, reads of it as well."""
    whole = site.none or site.failure.kind is FailureKind.BAD_INDEX
    wanted = ast.dump(site.subject if whole else site.node)
    return any(
        isinstance(one, ast.Attribute | ast.Subscript)
        and ast.dump(one.value if whole else one) == wanted
        and not (isinstance(one, ast.Subscript) and isinstance(one.slice, ast.Slice) and not site.none)
        for statement in getattr(holder, "body", [])
        for one in ast.walk(statement)
    )


def _truth(site: Site, holder: ast.AST) -> str:
    """The test; as a bool where it may become the result, or a part of a sum."""
    call = site.parent(holder) if isinstance(holder, ast.GeneratorExp) else None
    summed = isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "sum"
    kept = summed or isinstance(holder, ast.Return | ast.Assign)
    return f"len({site.line}) > 0" if kept and site.test == site.line else f"{site.test}"


def _is_one_of_several(site: Site, node: ast.expr, holder: ast.AST) -> bool:
    """True for one condition of several for doing something about an item: without the item there is nothing to do."""
    above = site.parent(node)
    acts = isinstance(holder, ast.If) and not isinstance(
        holder.body[-1], ast.Raise | ast.Return | ast.Continue | ast.Break
    )
    several = isinstance(above, ast.BoolOp) and isinstance(above.op, ast.And) and above.values[-1] is node
    return site.failure.kind is FailureKind.BAD_INDEX and acts and several


def _is_needed_by_the_rest(site: Site, node: ast.expr) -> bool:
    """True for `d["a"] != x and d["b"] == y`: the conjunction as a whole says something about the mapping."""
    above = site.parent(node)
    if not isinstance(above, ast.BoolOp) or not isinstance(above.op, ast.And) or site.none:
        return False
    wanted = ast.dump(site.subject)
    others = [one for one in above.values if one is not node]
    return any(
        isinstance(one, ast.Subscript) and ast.dump(one.value) == wanted
        for other in others
        for one in ast.walk(other)
    ) and not any(_is_negative(one) for one in others)


def refuses(holder: ast.AST) -> bool:
    """True for a condition that turns something away: letting pass what could not be tested is for a person to say."""
    if not isinstance(holder, ast.If):
        return False
    match holder.body[-1]:
        case ast.Raise() | ast.Continue() | ast.Break():
            return True
        case ast.Return(value=value):
            return value is None or (isinstance(value, ast.Constant) and _says_no(value.value))
        case _:
            return False


def _says_no(value: object) -> bool:
    """True for None, False, and a text: what is returned at once as a text is most often a complaint."""
    return value is None or value is False or (isinstance(value, str) and value != "")


def _question(site: Site) -> tuple[ast.expr, ast.AST] | None:  # noqa: C901, PLR0911, PLR0912 - a table of forms
    """The smallest truth value that holds every unguarded use, and what asks for it."""
    node: ast.expr = site.node
    chosen: ast.expr | None = None
    while True:
        above = site.parent(node)
        match above:
            case ast.BoolOp(op=ast.And()):
                chosen = chosen or node  # what follows in an `and` is protected by the guard before it
            case ast.BoolOp(op=ast.Or(), values=values):
                others = [one for one in values if one is not node]
                chosen = None if any(site.relies(one) for one in others) else chosen or node
            case ast.UnaryOp(op=ast.Not()):
                chosen = None
            case ast.If(test=test) | ast.While(test=test) | ast.IfExp(test=test) if test is node:
                return chosen or node, above
            case ast.comprehension(ifs=ifs) if any(one is node for one in ifs):
                return chosen or node, above
            case ast.GeneratorExp(elt=element) if element is node:
                call = site.parent(above)
                return (chosen or node, above) if _is_quantifier(call) and _is_truth(node) else None
            case ast.Return() if _answers(site, node):
                return chosen or node, above
            case ast.Assign() if isinstance(node, ast.Compare | ast.BoolOp) and _is_truth(node):
                return chosen or node, above
            case ast.expr():
                if chosen is not None:
                    return None
            case _:
                return None
        if not isinstance(above, ast.expr):
            return None
        node = above


def _is_quantifier(call: ast.AST) -> bool:
    return isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in {"any", "sum"}


def _is_truth(node: ast.expr) -> bool:
    if isinstance(node, ast.BoolOp):
        return all(_is_truth(one) for one in node.values)
    return form_type(node) == "bool"


def _answers(site: Site, node: ast.expr) -> bool:
    """True if the function's result is a yes or no."""
    if site.function is None:
        return False
    declared = isinstance(site.function.returns, ast.Name) and site.function.returns.id == "bool"
    named = site.function.name.lstrip("_").startswith(_PREDICATES)
    plain = site.function.returns is None and _is_truth(node)
    others = [
        one.value for one in own_nodes(site.function) if isinstance(one, ast.Return) and one.value is not node
    ]
    return (
        declared
        or named
        or (plain and all((one is not None and _is_truth(one)) or _is_bool(one) for one in others))
    )


def _is_bool(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, bool)


def _is_negative(node: ast.expr) -> bool:
    match node:
        case ast.UnaryOp(op=ast.Not()):
            return True
        case ast.Compare(ops=operators, comparators=comparators):
            none = isinstance(comparators[-1], ast.Constant) and comparators[-1].value in {None, False}
            return any(isinstance(one, ast.NotEq | ast.NotIn | ast.IsNot) for one in operators) != none
        case ast.BoolOp(values=values):
            return any(_is_negative(one) for one in values)
        case _:
            return False


def _bears_raise(holder: ast.AST) -> bool:
    return isinstance(holder, ast.If) and isinstance(holder.body[-1], ast.Raise) and holder.orelse != []


def _bracketed(site: Site, node: ast.expr, operator: type[ast.boolop]) -> str:
    text = site.text(node)
    mixed = isinstance(node, ast.BoolOp) and isinstance(node.op, operator)
    return f"({text})" if mixed or isinstance(node, ast.IfExp | ast.Lambda) or "\n" in text else text


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 60 else f"{line[:57]}..."  # noqa: PLR2004


PATTERN = FixPattern(
    category="null-safety",
    applicability=Applicability.SAFE,
    answers=NONE_USED,
    codemod=codemod,
    examples=(
        Example(
            """\
def discount(customer, total):
    if customer.level > 3 and total > 100:
        return 10
    return 0


assert discount(None, 200) == 0
""",
            """\
def discount(customer, total):
    if customer is not None and customer.level > 3 and total > 100:
        return 10
    return 0


assert discount(None, 200) == 0
""",
        ),
        Example(
            """\
def open_orders(orders):
    return [order for order in orders if order["payment"]["state"] == "open"]


assert open_orders([{"payment": None}]) == []
""",
            """\
def open_orders(orders):
    return [order for order in orders if order["payment"] is not None and order["payment"]["state"] == "open"]


assert open_orders([{"payment": None}]) == []
""",
        ),
        Example(
            """\
def street(order):
    address = order.get("address")
    if not address["valid"]:
        return ""
    return address["street"].title()


assert street({"address": None}) == ""
""",
            """\
def street(order):
    address = order.get("address")
    if address is None or not address["valid"]:
        return ""
    return address["street"].title()


assert street({"address": None}) == ""
""",
        ),
    ),
    unchanged=(
        Unchanged(
            """\
def remind(order, outbox):
    if not order["payment"]["done"]:
        outbox.append(order)
    return outbox


remind({"payment": None}, [])
""",
            "Whether an order without payment is reminded is a decision, not a repair.",
        ),
    ),
)
