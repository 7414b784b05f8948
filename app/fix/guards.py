"""Guards that any kind of failure can have: they leave the round, the statement or the function, or answer no."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator, Sequence

from app.core.model import FailureKind
from app.core.syntax import Code, names_bound, names_in
from app.fix.ahead import ahead
from app.fix.conditions import index_tests
from app.fix.conventions import module_names
from app.fix.edit import Around, Replace
from app.fix.pattern import Proposal, Strength
from app.fix.patterns.none_continue_guard import skip_item
from app.fix.patterns.none_skip_statement import skip_statement
from app.fix.patterns.none_test_guard import guard_test
from app.fix.returns import fallback_returns
from app.fix.scope import parameters
from app.fix.sequences import is_indexed_elsewhere, reads_of_lacking
from app.fix.site import Site

_MOST = 2


def leave_round(site: Site) -> Iterator[Proposal]:
    """`continue` for the item that fails, and the statement left out."""
    for proposal in (skip_item(site), None if _leads_on(site) else skip_statement(site)):
        if proposal is not None:
            yield proposal


def _leads_on(site: Site) -> bool:
    """True if the code would only fail at the next lookup."""
    return site.failure.kind is FailureKind.BAD_INDEX and is_indexed_elsewhere(site)


def answer_no(site: Site) -> Iterator[Proposal]:
    """The test that fails is false."""
    proposal = None if _leads_on(site) else guard_test(site)
    if proposal is not None:
        yield proposal


def answer_no_in_chain(site: Site) -> Iterator[Proposal]:
    """Every test of an `if` and its `elif`s that reads the same missing item is false."""
    if not isinstance(site.statement, ast.If) or site.test is None or not site.is_plain_enough:
        return
    wanted = ast.dump(site.node)
    tests = [one for one in _chain(site.statement) if _reads_first(one, wanted)]
    if len(tests) < 2 or any(_is_negated(one) for one in tests):  # noqa: PLR2004 - one alone is no chain
        return
    lines = ", ".join(str(one.lineno) for one in tests)
    yield Proposal(
        tuple(Replace(one, f"{site.test} and {_bracketed(site, one)}") for one in tests),
        f"Test for the missing item before the conditions of lines {lines}",
        ("Nothing that is not there can meet the conditions; the branch for all else takes it.",),
        "Only conditions that would have raised have another result.",
        Strength.SIGNATURE,
        safe=False,
    )


def answer_no_in_turn(site: Site) -> Iterator[Proposal]:
    """Several tests in a row, each about an item that the sequence is too short for, are all false."""
    tests: dict[ast.expr, str] = {}
    reads = reads_of_lacking(site)
    for one in reads:
        test = _test_of(site, one)
        has_item = index_tests(site.line, ast.unparse(one.slice), site.trace.message)
        if test is None or has_item is None or holds_only_behind(site.code, one, list(tests)):
            continue
        if _reads_first(test, ast.dump(one)):
            tests.setdefault(test, has_item[0])
    asked = list(tests)
    if len(asked) < 2 or not any(site.node in ast.walk(one) for one in asked):  # noqa: PLR2004 - one alone is no row
        return
    inside = {part for one in asked for part in ast.walk(one)}
    loose = [one for one in reads if one not in inside and not holds_only_behind(site.code, one, asked)]
    if loose or any(_is_negated(one) for one in asked) or not site.is_plain_enough:
        return
    lines = ", ".join(str(one.lineno) for one in asked)
    yield Proposal(
        tuple(Replace(one, f"{has_item} and {_bracketed(site, one)}") for one, has_item in tests.items()),
        f"Test for the missing item before the conditions of lines {lines}",
        (
            "Nothing that is not there can meet the conditions, and what comes between them needs no such item.",
        ),
        "Only conditions that would have raised have another result.",
        Strength.SYNTAX,
        safe=False,
    )


def _test_of(site: Site, node: ast.expr) -> ast.expr | None:
    """The condition of an `if` or `while` that holds the expression."""
    statement = site.code.statement_of(node)
    if not isinstance(statement, ast.If | ast.While) or node not in ast.walk(statement.test):
        return None
    return statement.test


def _chain(statement: ast.If) -> Iterator[ast.expr]:
    yield statement.test
    if len(statement.orelse) == 1 and isinstance(statement.orelse[0], ast.If):
        yield from _chain(statement.orelse[0])


def _reads_first(test: ast.expr, wanted: str) -> bool:
    """True if evaluating the test begins with the missing item, so that no guard stands before it."""
    node: ast.expr = test
    while True:
        match node:
            case ast.Compare(left=inner) | ast.BinOp(left=inner) | ast.BoolOp(values=[inner, *_]):
                pass
            case ast.Subscript(value=inner) | ast.Attribute(value=inner) | ast.Call(func=inner):
                if ast.dump(node) == wanted:
                    return True
            case _:
                return ast.dump(node) == wanted
        node = inner


def _is_negated(test: ast.expr) -> bool:
    return any(isinstance(one, ast.Not | ast.NotEq | ast.NotIn | ast.IsNot) for one in ast.walk(test))


def _bracketed(site: Site, node: ast.expr) -> str:
    text = site.text(node)
    loose = isinstance(node, ast.IfExp | ast.Lambda) or (
        isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or)
    )
    return f"({text})" if loose or "\n" in text else text


def holds_only_behind(code: Code, node: ast.AST, tests: Sequence[ast.expr]) -> bool:
    """True if `node` is evaluated only where one of the tests was true: under it, or behind it in an `and`."""
    below: ast.AST = node
    for above in code.ancestors(node):
        match above:
            case ast.If(test=test, body=body) if below in body and _requires(test, tests):
                return True
            case ast.IfExp(test=test, body=body) if below is body and _requires(test, tests):
                return True
            case ast.BoolOp(op=ast.And(), values=values) if _is_asked_before(below, values, tests):
                return True
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                return False
            case _:
                pass
        below = above
    return False


def _is_asked_before(node: ast.AST, values: list[ast.expr], tests: Sequence[ast.expr]) -> bool:
    for one in values:
        if one is node:
            return False
        if _requires(one, tests):
            return True
    return False


def _requires(condition: ast.expr, tests: Sequence[ast.expr]) -> bool:
    """True if the condition holds only where one of the tests does."""
    if isinstance(condition, ast.BoolOp) and isinstance(condition.op, ast.And):
        return any(_requires(one, tests) for one in condition.values)
    return any(condition is one for one in tests)


def leave_entry(site: Site) -> Iterator[Proposal]:
    """An entry that is only converted in place is left alone when it is not there: `d[k] = convert(d[k])`."""
    if not isinstance(site.node, ast.Subscript) or not site.takes_guard or site.test is None:
        return
    block = [site.statement, *_after(site)]
    bound: set[str] = set()
    run: list[ast.stmt] = []
    for statement in block:
        if run and not names_in(statement) & bound:
            return
        run.append(statement)
        if isinstance(statement, ast.Assign) and any(
            _is_same_entry(one, site.node) for one in statement.targets
        ):
            break
        if not isinstance(statement, ast.Assign | ast.Assert | ast.AnnAssign):
            return
        bound |= names_bound(statement)
    else:
        return
    later = [one for one in site.later if one not in run]
    # What is made of other values too is no conversion: without the entry those would be lost.
    known = (
        names_in(site.subject)
        | names_in(site.node.slice)
        | bound
        | module_names(site.code)
        | set(dir(builtins))
    )
    if any(names_in(one) - known for one in run):
        return
    if any(names_in(one) & (bound - parameters_of(site)) or site.relies(one) for one in later):
        return
    yield Proposal(
        (Around(tuple(run), f"if {site.test}:"),),
        f"Convert the entry only when it is there: {site.missing} otherwise",
        ("The statements only put the entry back in another form.",),
        "What is left out would have raised.",
        Strength.SYNTAX,
    )


def _is_same_entry(target: ast.expr, entry: ast.Subscript) -> bool:
    return isinstance(target, ast.Subscript) and (ast.dump(target.value), ast.dump(target.slice)) == (
        ast.dump(entry.value),
        ast.dump(entry.slice),
    )


def _after(site: Site) -> list[ast.stmt]:
    parent = site.parent(site.statement)
    for _, value in ast.iter_fields(parent):
        if isinstance(value, list) and site.statement in value:
            return [one for one in value[value.index(site.statement) + 1 :] if isinstance(one, ast.stmt)]
    return []


def parameters_of(site: Site) -> set[str]:
    """The parameters of the site's function."""
    return parameters(site.function) if site.function is not None else set()


def leave_function(site: Site) -> Iterator[Proposal]:
    """An early return with the value that the function's own code gives for such a case."""
    front = ahead(site)
    if site.function is None or site.loop is not None or front is None:
        return
    needed = any(names_in(one) & names_bound(site.statement) for one in site.following) or site.used_again
    # What follows a loop that may return is the loop's conclusion.
    needed = needed or any(isinstance(one, ast.Return) for one in ast.walk(site.statement))
    last = not site.following
    for fallback in fallback_returns(site)[:_MOST]:
        result = f"return {fallback.code}".rstrip()
        value = f"`{fallback.code}`" if fallback.code else "early"
        yield Proposal(
            front.guard(site.statement, result),
            f"Return {value} from {site.function_name} when {site.missing}",
            (fallback.because,),
            "The guard ends only executions that would have raised in the next statement.",
            fallback.strength if last or needed else max(fallback.strength, Strength.LAST),
            None if site.is_generator else fallback.code or "None",
            safe=fallback.accepted,
        )
