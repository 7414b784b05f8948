"""Conservative forms around the failing statement: a guard before it, a condition around it, a first value."""

from __future__ import annotations

import ast

from app.core.model import FailureKind
from app.core.syntax import Function, header, names_bound, names_in, own_nodes
from app.fix.keys import gets
from app.fix.proof.conditions import fails_unless, fails_where, is_usual
from app.fix.proof.difference import Region, reads_same, same
from app.fix.proof.order import evaluated_before, is_quiet, is_reached_first, is_repeatable, local_names
from app.fix.proof.values import is_settled, unsuitable
from app.fix.site import Site

Answer = str | None
PROVEN = ""
Loops = ast.For | ast.AsyncFor | ast.While


def guard(site: Site, region: Region) -> Answer:
    """`if T: ...` directly before the failing statement, where T holds only if that raises."""
    match region.old, region.new:
        case [], [ast.If(test=test, orelse=[])]:
            if region.behind is not site.statement:
                return "The new guard does not stand directly before the failing statement."
        case _:
            return None
    if not fails_where(site, test):
        return f"`{ast.unparse(test)}` may hold where `{site.failure.expression}` does not raise."
    return _first(site, site.statement)


def condition(site: Site, region: Region) -> Answer:
    """The failing statement, or a run that begins with it, under `if T:`, where it raises if T does not hold."""
    match region.new:
        case [ast.If(test=test, body=body)] if region.is_run and same(region.old, body):
            if region.old[0] is not site.statement:
                return "What is put under the condition does not begin with the failing statement."
        case _:
            return None
    if not fails_unless(site, test):
        return f"`{ast.unparse(test)}` may fail to hold where `{site.failure.expression}` does not raise."
    return _first(site, site.statement)


def bound_call(site: Site, region: Region) -> Answer:  # noqa: PLR0911 - one condition after the other
    """`name = call()`, a guard on the name, and the failing statement with the name in place of the call."""
    match region.old, region.new:
        case (
            [ast.stmt() as old],
            [
                ast.Assign(targets=[ast.Name(id=name) as target], value=value),
                ast.If(test=test, orelse=[]),
                new,
            ],
        ) if old is site.statement and same(value, site.subject):
            pass
        case _:
            return None
    reading = ast.Name(target.id, ast.Load())
    if not same(old, new, (site.subject, reading)):
        return "More of the failing statement changes than the call that gets a name."
    if site.function is None or name in names_in(site.function) | local_names(site.function):
        return f"The name `{name}` is in use already."
    if isinstance(old, ast.While):
        return "The loop asks for the value once more in each round."
    before = evaluated_before(site, site.subject, old)
    if before is None or not all(isinstance(one, ast.Name | ast.Constant) for one in before):
        return "The call now comes before something that was evaluated first."
    kinds = {FailureKind.NONE_VALUE, FailureKind.BAD_INDEX}
    if site.failure.kind not in kinds or not fails_where(site, test, reading):
        return f"`{ast.unparse(test)}` may hold where `{site.failure.expression}` does not raise."
    if not is_reached_first(site, old, ignoring=site.subject):
        return _not_first(site)
    return unsuitable(site, region.old, region.new, {name}) or PROVEN


def first_value(site: Site, region: Region) -> Answer:
    """`name = None` where the name can have no value yet."""
    match region.old, region.new:
        case [], [ast.Assign(targets=[ast.Name(id=name)], value=value)] if (
            site.failure.kind is FailureKind.UNBOUND and name == site.failure.key
        ):
            pass
        case _:
            return None
    function = site.function
    if function is None or region.behind is None or site.code.function_of(region.behind) is not function:
        return "The name is not a local one of the function that failed."
    if name not in local_names(function) or not is_settled(site, value):
        return f"`{ast.unparse(value)}` is not a plain value, or `{name}` is not a local name."
    for above in site.code.ancestors(region.behind):
        if isinstance(above, Loops):
            return f"In a loop `{name}` may have a value of an earlier round."
        if above is function:
            break
    if _may_be_bound(site, function, name, region.behind):
        return f"`{name}` may have a value already where it is given its first one."
    return PROVEN


def _may_be_bound(site: Site, function: Function, name: str, behind: ast.stmt) -> bool:
    for node in ast.walk(function):
        match node:
            case ast.Global(names=names) | ast.Nonlocal(names=names) if name in names:
                return True
            case ast.Call(func=ast.Name(id="locals" | "vars" | "dir" | "eval" | "exec")):
                return True
            case ast.ExceptHandler(type=ast.expr() as types) if names_in(types) & {
                "NameError",
                "UnboundLocalError",
            }:
                return True
            case _:
                pass
    around = set(site.code.ancestors(behind))
    bound = names_bound(function.args)
    for node in own_nodes(function):
        if isinstance(node, ast.stmt) and node.lineno < behind.lineno:
            heads = header(node) if node in around else [node]
            bound |= {one for part in heads for one in names_bound(part)}
    return name in bound


def removal(site: Site, region: Region) -> Answer:
    """`m.pop(k, None)` for `del m[k]`."""
    match region.old, region.new:
        case (
            [ast.Delete(targets=[ast.Subscript(value=mapping, slice=key) as target])],
            [
                ast.Expr(
                    value=ast.Call(
                        func=ast.Attribute(value=owner, attr="pop"), args=[asked, default], keywords=[]
                    )
                )
            ],
        ) if target is site.node and same(mapping, owner) and same(key, asked):
            if site.failure.kind is FailureKind.MISSING_KEY and gets(site) and is_settled(site, default):
                return PROVEN
            return f"It is not known that `{site.failure.subject}` has `.pop()`."
        case _:
            return None


def count(site: Site, region: Region) -> Answer:
    """`m[k] = m.get(k, 0) + n` for `m[k] += n`, of numbers."""
    match region.old, region.new:
        case (
            [ast.AugAssign(target=target, op=ast.Add(), value=value)],
            [
                ast.Assign(
                    targets=[other],
                    value=ast.BinOp(
                        left=ast.Call(
                            func=ast.Attribute(value=owner, attr="get"), args=[asked, start], keywords=[]
                        ),
                        op=ast.Add(),
                        right=added,
                    ),
                )
            ],
        ) if target is site.node and isinstance(target, ast.Subscript):
            pass
        case _:
            return None
    known = (
        same(target, other) and same(value, added) and same(target.value, owner) and same(target.slice, asked)
    )
    if not known or site.failure.kind is not FailureKind.MISSING_KEY:
        return "The sum is not the old one with a start value."
    if not (
        is_repeatable(site, target.value) and is_repeatable(site, target.slice) and is_quiet(site, value)
    ):
        return "The mapping and the key may be others when they are read again."
    number = site.recorded_type(value) in {"int", "float", "Decimal"}
    if not (number and gets(site) and is_usual(site) and isinstance(start, ast.Constant)):
        return "It is not known that only numbers are added up: a collection would be extended in place."
    return PROVEN


def enlarged_guard(site: Site, region: Region) -> Answer:
    """The guard directly before the failing statement, whose test also holds where that raises."""
    above = region.above
    match region.pair, above:
        case (ast.expr() as old, ast.expr() as new), ast.If(test=test, orelse=[]) if test is old:
            pass
        case _:
            return None
    if not _is_directly_before(site, above):
        return None
    added = _added(old, new, ast.Or)
    match old, new:
        case (
            ast.Compare(left=value, ops=[ast.Is()], comparators=[ast.Constant(value=None)]),
            ast.UnaryOp(op=ast.Not(), operand=asked),
        ) if same(value, asked):  # what is None is false as well
            added = new
        case _:
            pass
    if added is None or not fails_where(site, added):
        return "The guard's new test may hold where the next statement does not raise."
    return _first(site, site.statement)


def smaller_branch(site: Site, region: Region) -> Answer:
    """`if A and T:` for `if A:`, or `if A or T:` where the `else` fails; so for conditional values.

    The branch that is taken less often begins with the failing statement, or gives local names quiet values before it.
    """
    holder = region.above
    if region.pair is None or not isinstance(holder, ast.If | ast.IfExp) or holder.test is not region.pair[0]:
        return None
    old, new = holder.test, region.pair[1]
    both, either = _added(old, new, ast.And), _added(old, new, ast.Or)
    branch: ast.expr | list[ast.stmt]
    if both is not None and fails_unless(site, both):
        added, branch = both, holder.body
    elif either is not None and fails_where(site, either):
        added, branch = either, holder.orelse
    else:
        return None
    if isinstance(branch, ast.expr):
        return _first(site, branch)
    if site.statement not in branch or not _only_names(site, branch[: branch.index(site.statement)], added):
        return None
    return _first(site, site.statement)


def _only_names(site: Site, statements: list[ast.stmt], test: ast.expr) -> bool:
    """True if the statements only give quiet values to local names that the test does not read."""
    local = local_names(site.function) if site.function is not None else set()
    for one in statements:
        match one:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name in local - names_in(test):
                if not is_quiet(site, value) or _is_shared(site, name):
                    return False
            case _:
                return False
    return True


def _is_shared(site: Site, name: str) -> bool:
    """True if the function declares the name as one of the module or of the function around it."""
    return any(
        isinstance(one, ast.Global | ast.Nonlocal) and name in one.names
        for one in own_nodes(site.function or site.code.tree)
    )


def _added(old: ast.expr, new: ast.AST, operator: type[ast.boolop]) -> ast.expr | None:
    """The one operand that `new` has behind those of `old`."""
    match new:
        case ast.BoolOp(op=joins, values=[*first, last]) if isinstance(joins, operator):
            rest = first[0] if len(first) == 1 else ast.BoolOp(operator(), first)
            return last if same(old, rest) else None
        case _:
            return None


def given_value(site: Site, region: Region) -> Answer:
    """`x = E if E is not None else V` for `x = E` directly before the statement that raises where `x` is None."""
    above = region.above
    match region.pair, above:
        case (
            (ast.expr() as old, ast.IfExp(test=test, body=body, orelse=other)),
            ast.Assign(targets=[ast.Name() as target], value=value),
        ) if value is old and same(old, body) and _is_directly_before(site, above):
            pass
        case _:
            return None
    bare = old
    match old:
        # What has a default for an absent key gives None for a present one only, as without it.
        case ast.Call(func=func, args=[key, default], keywords=[]) if not isinstance(
            default, ast.Constant
        ) or (default.value is not None):
            bare = ast.Call(func, [key], [])
        case _:
            pass
    match test:
        case ast.Compare(left=asked, ops=[ast.IsNot()], comparators=[ast.Constant(value=None)]):
            exact = same(asked, old) or (same(asked, bare) and same(other, old.args[1]))  # type: ignore[attr-defined]
        case _:
            exact = False
    reading = ast.Name(target.id, ast.Load())
    proves = fails_where(site, ast.Compare(reading, [ast.Is()], [ast.Constant(None)]))
    if not exact or not proves or not reads_same(site.subject, reading) or not is_repeatable(site, old):
        return f"`{ast.unparse(test)}` may fail to hold where `{site.failure.expression}` does not raise."
    return _first(site, site.statement)


def _is_directly_before(site: Site, statement: ast.AST) -> bool:
    block = site.code.parents.get(statement)
    for _, value in ast.iter_fields(block) if block is not None else ():
        if isinstance(value, list) and any(one is statement for one in value):
            at = next(index for index, one in enumerate(value) if one is statement)
            return value[at + 1 : at + 2] == [site.statement]
    return False


def _first(site: Site, top: ast.AST) -> str:
    return PROVEN if is_reached_first(site, top) else _not_first(site)


def _not_first(site: Site) -> str:
    return f"Something else may happen before `{site.failure.expression}` is evaluated, or instead of it."


STATEMENT_FORMS = (
    guard, condition, bound_call, first_value, removal, count, enlarged_guard, smaller_branch, given_value,
)  # fmt: skip
