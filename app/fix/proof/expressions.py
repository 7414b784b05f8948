"""Conservative forms of expressions: tests in front, conditional values, and lookups with a default."""

from __future__ import annotations

import ast

from app.core.model import FailureKind
from app.core.recorded import type_name
from app.fix.keys import gets
from app.fix.proof.conditions import fails_unless, fails_where, has_arrays, is_mangled
from app.fix.proof.difference import Region, operands, same
from app.fix.proof.emptiness import comes_along_alike
from app.fix.proof.order import evaluated_before, is_builtin_here, is_reached_first
from app.fix.proof.refusals import refuses_none
from app.fix.proof.statements import PROVEN, Answer
from app.fix.proof.values import is_known, is_settled
from app.fix.site import Site

_PLAIN_DEFAULT = "The default is not a plain value: it would be made in every execution."


def conditional_value(site: Site, region: Region) -> Answer:
    """`E if T else V` for `E`, where E raises if T does not hold."""
    match region.pair:
        case (ast.expr() as old, ast.IfExp(test=test, body=body, orelse=other)):
            pass
        case _:
            return None
    if same(old, body):
        holds = fails_unless(site, test)
    elif same(old, other):
        holds = fails_where(site, test)
    else:
        return None
    if not holds:
        return f"`{ast.unparse(test)}` does not say exactly whether `{site.failure.expression}` raises."
    return _evaluates(site, old)


def _evaluates(site: Site, old: ast.AST) -> str:
    """Proven if the old expression raises in the place that the site names, or hands its None to that place."""
    if old is site.subject and site.failure.kind is FailureKind.NONE_VALUE:
        handed = evaluated_before(site, site.subject, site.node) is not None or site.subject is site.node
        return PROVEN if handed else "Not every execution hands the value on to where it raised."
    if is_reached_first(site, old):
        return PROVEN
    return f"Something else may happen before `{site.failure.expression}` is evaluated, or instead of it."


def test_in_front(site: Site, region: Region) -> Answer:
    """`T and E` for `E`, or `F or E`: also within a row of operands, right before the one that raises."""
    match region.pair:
        case (ast.expr() as old, ast.BoolOp(op=operator) as new):
            pass
        case _:
            return None
    rows = operands(old, type(operator)), operands(new)
    added = [at for at in range(len(rows[0])) if same(rows[0], [*rows[1][:at], *rows[1][at + 1 :]])]
    if not added:
        return None
    for at in added:
        test = rows[1][at]
        exact = fails_unless(site, test) if isinstance(operator, ast.And) else fails_where(site, test)
        if exact and is_reached_first(site, rows[0][at]):
            return PROVEN
    text = ast.unparse(rows[1][added[0]])
    return f"`{text}` does not say exactly whether `{site.failure.expression}`, right behind it, raises."


def default(site: Site, region: Region) -> Answer:  # noqa: PLR0911 - a table of forms
    """`.get()`, `.setdefault()`, `.pop()`, `.discard()`, `next()`, `max()` and `getattr()` with a value for nothing."""
    if region.pair is None or region.pair[0] is not site.node:
        return None
    kind = site.failure.kind
    match region.pair:
        case (
            ast.Subscript(value=owner, slice=key, ctx=ast.Load()),
            ast.Call(
                func=ast.Attribute(value=asked, attr="get" | "setdefault"), args=[found, *rest], keywords=[]
            ),
        ) if same(owner, asked) and same(key, found) and len(rest) <= 1 and kind is FailureKind.MISSING_KEY:
            return (
                _settled(site, rest)
                if gets(site)
                else f"It is not known that `{ast.unparse(owner)}` has `.get()`."
            )
        case (
            ast.Call(func=ast.Attribute(attr="pop") as old, args=[key], keywords=[]),
            ast.Call(func=new, args=[found, value], keywords=[]),
        ) if same(old, new) and same(key, found) and kind is FailureKind.MISSING_KEY:
            return _settled(site, [value]) if gets(site) else "It is not known that `.pop()` takes a default."
        case (
            ast.Call(func=ast.Attribute(value=owner, attr="remove"), args=[key], keywords=[]),
            ast.Call(func=ast.Attribute(value=asked, attr="discard"), args=[found], keywords=[]),
        ) if same(owner, asked) and same(key, found) and kind is FailureKind.MISSING_KEY:
            known = type_name(site.variables, owner) == "set"
            return PROVEN if known else f"It is not known that `{ast.unparse(owner)}` has `.discard()`."
        case (
            ast.Attribute(value=owner, attr=attr, ctx=ast.Load()),
            ast.Call(
                func=ast.Name(id="getattr"), args=[asked, ast.Constant(value=str(name)), value], keywords=[]
            ),
        ) if same(owner, asked) and name == attr and kind is FailureKind.WRONG_TYPE:
            plain = is_builtin_here(site, "getattr") and not is_mangled(attr) and owner is site.subject
            return _settled(site, [value]) if plain else "`getattr` may not read the same attribute."
        case (ast.Call() as old, ast.Call() as new):
            return _of_nothing(site, old, new)
        case _:
            return None


def _of_nothing(site: Site, old: ast.Call, new: ast.Call) -> Answer:
    """`next(i, d)`, `max(x, default=d)`."""
    if site.failure.kind is not FailureKind.EMPTY or not same(old.func, new.func):
        return None
    match old, new:
        case ast.Call(func=ast.Name(id="next"), args=[one]), ast.Call(args=[other, value]) if same(
            one, other
        ):
            plain = is_builtin_here(site, "next") and not new.keywords
        case ast.Call(func=ast.Name(id="max" | "min" as name), args=[one]), ast.Call(
            args=[other], keywords=[*others, ast.keyword(arg="default", value=value)]
        ) if same(one, other) and same(old.keywords, others) and not isinstance(one, ast.Starred):
            plain = is_builtin_here(site, name)
        case _:
            return None
    return _settled(site, [value]) if plain else "The function may not be the built-in one."


def _settled(site: Site, values: list[ast.expr]) -> str:
    return PROVEN if all(is_settled(site, one) for one in values) else _PLAIN_DEFAULT


def step(site: Site, region: Region) -> Answer:
    """`range(a, b, step or 1)`: every false step raises."""
    match site.node, region.pair:
        case (
            ast.Call(func=ast.Name(id="range"), args=[_, _, given]),
            (ast.expr() as old, ast.BoolOp(op=ast.Or(), values=[kept, ast.expr()])),
        ) if given is old and same(old, kept) and site.failure.kind is FailureKind.ZERO:
            return (
                PROVEN
                if is_builtin_here(site, "range") and not has_arrays(site)
                else "A false step may be valid."
            )
        case _:
            return None


def starts_with(site: Site, region: Region) -> Answer:
    """`s.startswith(c)` for `s[0] == c`, and `s.endswith(c)` for `s[-1] == c`, of one character."""
    pair = region.pair
    if pair is None or site.failure.kind is not FailureKind.BAD_INDEX:
        return None
    old, new = pair
    negative = False
    match new:
        case ast.UnaryOp(op=ast.Not(), operand=ast.Call() as call):
            negative = True
        case ast.Call() as call:
            pass
        case _:
            return None
    match old, call:
        case (
            ast.Compare(left=left, ops=[operator], comparators=[ast.Constant(value=str(text)) as character]),
            ast.Call(
                func=ast.Attribute(value=asked, attr="startswith" | "endswith" as name),
                args=[found],
                keywords=[],
            ),
        ) if left is site.node and isinstance(left, ast.Subscript):
            pass
        case _:
            return None
    first = isinstance(left.slice, ast.Constant) and left.slice.value == 0
    index = ast.unparse(left.slice)
    wanted = ast.NotEq if negative else ast.Eq
    exact = (
        same(left.value, asked)
        and same(character, found)
        and len(text) == 1
        and isinstance(operator, wanted)
        and ((name == "startswith" and first) or (name == "endswith" and index == "-1"))
    )
    is_text = site.trace.message.startswith("string ") or type_name(site.variables, left.value) == "str"
    return PROVEN if exact and is_text else "The call does not ask the same of every text."


def class_first(site: Site, region: Region) -> Answer:
    """`isinstance(x, type) and issubclass(x, C)` for `issubclass(x, C)`."""
    match region.pair:
        case (
            ast.Call(func=ast.Name(id="issubclass"), args=[item, _], keywords=[]) as old,
            ast.BoolOp(
                op=ast.And(),
                values=[
                    ast.Call(func=ast.Name(id="isinstance"), args=[asked, ast.Name(id="type")], keywords=[]),
                    new,
                ],
            ),
        ) if same(item, asked) and same(old, new):
            pass
        case _:
            return None
    known = site.trace.message.startswith("issubclass() arg 1 must be a class")
    here = site.code.statement_of(old) is site.statement
    plain = all(is_builtin_here(site, one) for one in ("isinstance", "issubclass", "type"))
    simple = isinstance(item, ast.Name | ast.Attribute)
    return PROVEN if known and here and plain and simple else "More may differ than what is no class."


def text_of_path(site: Site, region: Region) -> Answer:
    """`os.fspath(x).rstrip()` for `x.rstrip()`, of a method that only texts have."""
    match region.pair, site.node:
        case (
            (
                ast.expr() as old,
                ast.Call(func=ast.Attribute(value=ast.Name(id="os"), attr="fspath"), args=[new]),
            ),
            ast.Attribute(value=value, attr=attr),
        ) if value is old and same(old, new) and value is site.subject:
            only = hasattr(str, attr) and not hasattr(list, attr) and not hasattr(tuple, attr)
            paths = (site.failure.key or "").endswith("Path") and site.failure.kind is FailureKind.WRONG_TYPE
            only = only and is_known(site, "os", region.imported)
            return PROVEN if only and paths else f"Other values than texts and paths may have `.{attr}`."
        case _:
            return None


def conversion(site: Site, region: Region) -> Answer:
    """`{x!r}` for `{x:!r}` in an f-string, which no built-in class can format; `datetime` could."""
    match region.pair:
        case (
            ast.FormattedValue(
                value=old, conversion=-1, format_spec=ast.JoinedStr(values=[ast.Constant(value=text)])
            ),
            ast.FormattedValue(value=new, conversion=letter, format_spec=None),
        ) if same(old, new) and letter > 0 and text == f"!{chr(letter)}":
            message = site.trace.message
            known = message.startswith(("Invalid format specifier", "unsupported format string passed to"))
            here = site.code.statement_of(region.pair[0]) is site.statement
            return PROVEN if known and here else "Some class may know the format."
        case _:
            return None


def replaced_none(site: Site, region: Region) -> Answer:
    """`x or V` for `x`, where what else is false in `x` does the same as V."""
    match region.pair:
        case (ast.expr() as old, ast.BoolOp(op=ast.Or(), values=[kept, value])) if (
            old is site.subject
            and (same(old, kept) or _gives_it_already(old, kept, value))
            and site.failure.kind is FailureKind.NONE_VALUE
        ):
            pass
        case _:
            return None
    if not refuses_none(site):
        return f"`{site.failure.expression}` may not raise for None in every execution."
    if not comes_along_alike(site, value):
        return f"`{ast.unparse(value)}` also replaces other false values of `{site.failure.subject}`."
    return PROVEN


def _gives_it_already(old: ast.expr, kept: ast.expr, value: ast.expr) -> bool:
    """True for `m.get(k, V)` and `m.get(k)`: with `or V` an absent key has the same value as before."""
    match old, kept:
        case (
            ast.Call(func=ast.Attribute(attr="get") as one, args=[key, default], keywords=[]),
            ast.Call(func=other, args=[asked], keywords=[]),
        ):
            return same(one, other) and same(key, asked) and same(default, value)
        case _:
            return False


EXPRESSION_FORMS = (
    conditional_value, test_in_front, default, step, starts_with, class_first, text_of_path, conversion, replaced_none,
)  # fmt: skip
