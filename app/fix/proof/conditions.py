"""Which tests hold only where the failing expression raises."""

from __future__ import annotations

import ast
import re

from app.core.model import FailureKind
from app.core.recorded import recorded_keys
from app.fix.proof.difference import reads_same, same
from app.fix.proof.order import is_builtin_here, is_repeatable
from app.fix.proof.refusals import refuses_none
from app.fix.site import Site

# Libraries whose objects answer `bool()`, `==`, `in` and `/` in their own way.
ARRAYS = frozenset(
    {"numpy", "pandas", "polars", "xarray", "dask", "torch", "tensorflow", "jax", "cupy", "scipy", "sympy", "pyarrow",
     "geopandas"}
)  # fmt: skip
# Libraries with objects that are false though they hold something: an element without children, a refused request.
FALSE = frozenset({"sqlalchemy", "lxml", "xml", "defusedxml", "requests"})
# Only sequences that are built in, and `deque`, say so.
_NO_ITEM = re.compile(
    r"^(?:list|string|tuple|bytearray|range object|deque|pop)? ?(?:assignment )?index out of range$"
    r"|^pop from an? empty (?:list|deque|bytearray)$"
)
_NOT_IN_LIST = re.compile(r"x not in (?:list|deque)|is not in (?:list|deque)")
_OPPOSITE: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Lt: ast.GtE, ast.GtE: ast.Lt, ast.Gt: ast.LtE, ast.LtE: ast.Gt,
}  # fmt: skip
_MIRRORED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.Gt, ast.Gt: ast.Lt, ast.LtE: ast.GtE, ast.GtE: ast.LtE, ast.Eq: ast.Eq, ast.Is: ast.Is,
}  # fmt: skip
_POSITIVE = frozenset({"log", "log2", "log10"})
_SELECTORS = frozenset({"loc", "iloc", "at", "iat"})


def fails_where(  # noqa: C901, PLR0911 - a table of kinds
    site: Site, test: ast.expr, subject: ast.expr | None = None
) -> bool:
    """True if the failing expression raises wherever `test` holds, and `test` itself can be asked anywhere.

    `subject` is the name that has the subject's value, if the subject itself is read only once.
    """
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.Or):
        return all(fails_where(site, one, subject) for one in test.values)
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=ast.Compare(ops=[_]) | ast.UnaryOp(op=ast.Not()) as inner):
            return fails_where(site, negated(inner), subject)
        case _:
            pass
    asked = subject if subject is not None else site.subject
    # In a caller's frame it was not this expression that raised, but something inside of what it calls.
    is_call = site.failure.kind is FailureKind.RAISED  # then the subject is the call itself
    if site.trace.depth or not (is_call or is_repeatable(site, asked)):
        return False
    match site.failure.kind:
        case FailureKind.NONE_VALUE:
            return _is_none(test, asked) and refuses_none(site)
        case FailureKind.MISSING_KEY:
            return _has_no_key(site, test)
        case FailureKind.BAD_INDEX:
            return _has_no_item(site, test, asked)
        case FailureKind.ZERO:
            return _is_zero(site, test)
        case FailureKind.EMPTY:
            return _is_asked_of_nothing(site, test)
        case FailureKind.WRONG_TYPE:
            return _lacks(site, test)
        case FailureKind.RAISED:
            return _is_absent(site, test)
        case FailureKind.UNBOUND:
            return False


def fails_unless(site: Site, test: ast.expr, subject: ast.expr | None = None) -> bool:
    """True if the failing expression raises wherever `test` does not hold."""
    return fails_where(site, negated(test), subject)


def negated(test: ast.expr) -> ast.expr:
    """The test that holds exactly where `test` does not."""
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=inner):
            return inner
        case ast.Compare(left=left, ops=[operator], comparators=comparators):
            return ast.Compare(left, [_OPPOSITE[type(operator)]()], comparators)
        case ast.BoolOp(op=operator, values=values):
            other = ast.Or() if isinstance(operator, ast.And) else ast.And()
            return ast.BoolOp(other, [negated(one) for one in values])
        case _:
            return ast.UnaryOp(ast.Not(), test)


def has_arrays(site: Site) -> bool:
    """True if the file imports something whose objects answer operators in their own way."""
    return bool(_packages(site) & ARRAYS)


def is_usual(site: Site) -> bool:
    """True if the file imports nothing with objects that are false though they hold something."""
    return not _packages(site) & (ARRAYS | FALSE)


def _packages(site: Site) -> set[str]:
    imported: set[str] = set()
    for node in ast.walk(site.code.tree):
        match node:
            case ast.Import(names=aliases):
                imported |= {alias.name.partition(".")[0] for alias in aliases}
            case ast.ImportFrom(module=str(module), level=0):
                imported.add(module.partition(".")[0])
            case _:
                pass
    return imported


def is_call_of(site: Site, node: ast.AST, name: str) -> ast.expr | None:
    """The one argument of a call of the built-in function."""
    match node:
        case ast.Call(func=ast.Name(id=called), args=[argument], keywords=[]) if called == name:
            return argument if is_builtin_here(site, name) else None
        case _:
            return None


def _is_none(test: ast.expr, subject: ast.expr) -> bool:
    match test:
        case (
            ast.Compare(left=value, ops=[ast.Is()], comparators=[ast.Constant(value=None)])
            | ast.Compare(left=ast.Constant(value=None), ops=[ast.Is()], comparators=[value])
        ):
            return reads_same(value, subject)
        case _:
            return False


def _has_no_key(site: Site, test: ast.expr) -> bool:
    match site.node:
        case ast.Subscript(value=mapping, slice=key):
            pass
        case ast.Call(func=ast.Attribute(value=mapping, attr="pop" | "remove"), args=[key], keywords=[]):
            pass
        case _:
            return False
    recorded = recorded_keys(site.variables, mapping) is not None
    selects = isinstance(mapping, ast.Attribute) and mapping.attr in _SELECTORS
    if selects or (has_arrays(site) and not recorded):
        return False
    match test:
        case ast.Compare(left=asked, ops=[ast.NotIn()], comparators=[holder]):
            return same(asked, key) and reads_same(holder, mapping) and is_repeatable(site, key)
        case _:
            return False


def _has_no_item(site: Site, test: ast.expr, subject: ast.expr) -> bool:
    """True for a sequence that is shorter than the index needs."""
    match site.node:
        case ast.Subscript(value=sequence, slice=index) if not isinstance(index, ast.Slice):
            pass
        case ast.Call(func=ast.Attribute(value=sequence, attr="pop"), args=arguments, keywords=[]):
            index = arguments[0] if arguments else ast.Constant(-1)
        case _:
            return False
    if _NO_ITEM.search(site.trace.message) is None or not is_repeatable(site, index):
        return False
    sequence = subject if sequence is site.subject else sequence
    needed = _needed(index)
    most = _longest(site, test, sequence)
    if most is not None:
        return needed is not None and most < needed
    match test:
        case ast.Compare(left=left, ops=[operator], comparators=[right]):
            return _is_beyond(site, left, operator, right, sequence, index) or (
                type(operator) in _MIRRORED
                and _is_beyond(site, right, _MIRRORED[type(operator)](), left, sequence, index)
            )
        case _:
            return _is_false(test, sequence) and needed is not None


def _needed(index: ast.expr) -> int | None:
    """How many items a sequence must have for the index; of one that is computed only that it is at least one."""
    match index:
        case ast.Constant(value=bool()):
            return None
        case ast.Constant(value=int(number)):
            return number + 1
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int(number))):
            return max(number, 1)
        case ast.Constant():
            return None
        case _:
            return 1


def _longest(site: Site, test: ast.expr, sequence: ast.expr) -> int | None:
    """The most items that the sequence can have where `test` compares its length with a number and holds."""
    match test:
        case ast.Compare(left=left, ops=[operator], comparators=[ast.Constant(value=int(number))]):
            pass
        case ast.Compare(left=ast.Constant(value=int(number)), ops=[mirrored], comparators=[left]):
            operator = _MIRRORED.get(type(mirrored), ast.NotEq)()
        case _:
            return None
    argument = is_call_of(site, left, "len")
    if argument is None or not reads_same(argument, sequence):
        return None
    if isinstance(operator, ast.Lt):
        return number - 1
    return number if isinstance(operator, ast.LtE | ast.Eq) else None


def _is_beyond(
    site: Site, left: ast.expr, operator: ast.cmpop, right: ast.expr, sequence: ast.expr, index: ast.expr
) -> bool:
    """`index >= len(sequence)`, or `-len(sequence) > index` as `len(sequence) < -index`."""
    argument = is_call_of(site, right, "len")
    if argument is not None and reads_same(argument, sequence):
        return isinstance(operator, ast.GtE) and same(left, index) and not isinstance(index, ast.Constant)
    argument = is_call_of(site, left, "len")
    negative = isinstance(index, ast.UnaryOp) and isinstance(index.op, ast.USub) and index.operand
    if argument is None or not reads_same(argument, sequence) or not isinstance(negative, ast.expr):
        return False
    return isinstance(operator, ast.Lt) and same(right, negative)


def _is_false(test: ast.expr, value: ast.expr) -> bool:
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=inner):
            return reads_same(inner, value)
        case _:
            return False


def _is_zero(site: Site, test: ast.expr) -> bool:  # noqa: PLR0911 - a table of forms
    """True where the divisor, the step or the argument is zero, or where the function is not defined."""
    value = _without_abs(site)
    whole = is_call_of(site, value, "len")
    if whole is None and has_arrays(site):  # arrays divide by zero without an exception
        return False
    if whole is not None and is_usual(site) and _is_false(test, whole):
        return True
    match test:
        case ast.Compare(left=left, ops=[operator], comparators=[ast.Constant(value=0)]):
            pass
        case ast.Compare(left=ast.Constant(value=0), ops=[mirrored], comparators=[left]):
            operator = _MIRRORED.get(type(mirrored), ast.NotEq)()
        case ast.UnaryOp(op=ast.Not(), operand=left):
            operator = ast.Eq()
        case _:
            return False
    if not reads_same(left, value) and not reads_same(left, site.subject):
        return False
    match site.node:
        case ast.BinOp(op=ast.Div() | ast.FloorDiv() | ast.Mod(), right=divisor) if divisor is site.subject:
            return isinstance(operator, ast.Eq)
        case ast.Call(func=ast.Name(id="range"), args=[_, _, step]) if step is site.subject:
            return isinstance(operator, ast.Eq) and is_builtin_here(site, "range")
        case ast.Call(func=ast.Attribute(value=ast.Name(id="math"), attr=attr), args=[first, *_]):
            plain = first is site.subject
            return plain and (
                (
                    attr in _POSITIVE
                    and isinstance(operator, ast.Eq | ast.LtE | ast.Lt)
                    and value is site.subject
                )
                or (attr in _POSITIVE and isinstance(operator, ast.Eq))
                or (attr == "sqrt" and isinstance(operator, ast.Lt))
            )
        case _:
            return False


def _without_abs(site: Site) -> ast.expr:
    argument = is_call_of(site, site.subject, "abs")
    return argument if argument is not None else site.subject


def _is_asked_of_nothing(site: Site, test: ast.expr) -> bool:
    match site.node:
        case ast.Call(func=ast.Name(id="max" | "min" as name), args=[items]) if is_builtin_here(site, name):
            return is_usual(site) and (_is_false(test, items) or _longest(site, test, items) == 0)
        case _:
            return False


def _lacks(site: Site, test: ast.expr) -> bool:
    """True where the subject lacks the attribute, can not be called, or is no class; its class alone proves nothing."""
    match test:
        case ast.UnaryOp(
            op=ast.Not(), operand=ast.Call(func=ast.Name(id=name), args=[value, *rest], keywords=[])
        ):
            if not is_builtin_here(site, name) or not reads_same(value, site.subject):
                return False
        case _:
            return False
    match name, rest, site.node:
        case "hasattr", [ast.Constant(value=str(wanted))], ast.Attribute(
            value=owner, attr=attr, ctx=ast.Load()
        ):
            return owner is site.subject and wanted == attr and not is_mangled(attr)
        case "callable", [], ast.Call(func=func):
            return func is site.subject
        case "isinstance", [ast.Name(id="type")], ast.Call(func=ast.Name(id="issubclass"), args=[first, _]):
            return reads_same(first, site.subject) and is_builtin_here(site, "type")
        case _:
            return False


def is_mangled(attribute: str) -> bool:
    """True for a name that a class body may turn into another one."""
    return attribute.startswith("__") and not attribute.endswith("__")


def _is_absent(site: Site, test: ast.expr) -> bool:
    """True where a list or deque lacks what is to be removed or found."""
    match site.node, test:
        case (
            ast.Call(func=ast.Attribute(value=owner, attr="remove" | "index"), args=[item], keywords=[]),
            ast.Compare(left=asked, ops=[ast.NotIn()], comparators=[holder]),
        ):
            known = _NOT_IN_LIST.search(site.trace.message) is not None
            repeatable = is_repeatable(site, owner) and is_repeatable(site, item)
            return known and repeatable and reads_same(holder, owner) and same(asked, item)
        case _:
            return False
