"""The same value as another class, and the same question asked in a way that takes every value."""

from __future__ import annotations

import ast

from app.verify.conformance.conditions import is_quiet, nodes_of
from app.verify.conformance.consequences import is_collected
from app.verify.conformance.forms import FITS, Accepted
from app.verify.conformance.kinds import is_one_of
from app.verify.conformance.likeness import alike, occurs
from app.verify.conformance.needs import fails_without
from app.verify.conformance.parts import own
from app.verify.conformance.place import Ask, Place

_POSITIONS = {"0": "startswith", "-1": "endswith"}


def asked_by_name(old: ast.expr, new: ast.expr, place: Place) -> Accepted | None:
    """`name.startswith(".")` instead of `name[0] == "."`."""
    match old:
        case ast.Compare(left=ast.Constant() as sign, ops=[operator], comparators=[element]):
            pass
        case ast.Compare(left=element, ops=[operator], comparators=[ast.Constant() as sign]):
            pass
        case _:
            return None
    if isinstance(operator, ast.NotEq) and isinstance(new, ast.UnaryOp) and isinstance(new.op, ast.Not):
        new = new.operand
    elif not isinstance(operator, ast.Eq):
        return None
    match element, new:
        case (
            ast.Subscript(value=text, slice=index),
            ast.Call(func=ast.Attribute(value=same, attr=method), args=[kept], keywords=[]),
        ) if alike(text, same) and alike(sign, kept) and isinstance(sign.value, str) and len(sign.value) == 1:
            fits = not is_one_of(text, {"dict", "list"}, place)
            return FITS if fits and _POSITIONS.get(ast.unparse(index)) == method else None
        case _:
            return None


def copied(old: ast.expr, new: ast.expr, place: Place) -> Accepted | None:
    """`for key in list(cache):`, whose loop changes the cache."""
    match new:
        case ast.Call(func=ast.Name(id="list"), args=[same], keywords=[]) if place.role.ask is Ask.LOOPED:
            return FITS if alike(same, old) and _changes(old, place) else None
        case _:
            return None


def _changes(collection: ast.expr, place: Place) -> bool:
    """True if the loop adds to the collection that it goes over, or takes out of it."""
    match collection:
        case ast.Call(
            func=ast.Attribute(value=changed, attr="items" | "keys" | "values"), args=[], keywords=[]
        ):
            pass
        case _:
            changed = collection
    for one in nodes_of(getattr(place.role.owner, "body", [])):
        match one:
            case ast.Call(func=ast.Attribute(value=same) as function) if alike(same, changed):
                if is_collected(function, place) or function.attr in {"clear", "popitem"}:
                    return True
            case ast.Subscript(value=same, ctx=ast.Store() | ast.Del()) if alike(same, changed):
                return True
            case _:
                pass
    return False


def converted(old: ast.expr, new: ast.expr, place: Place) -> Accepted | None:  # noqa: PLR0911 - a table of forms
    """`str(x)`, `os.fspath(x)`, `x.encode()`, `map(str, xs)`: the same value as another class."""
    above = place.above[-1]
    if place.role.ask not in {Ask.VALUE, Ask.RETURNED} or isinstance(
        above, ast.Compare | ast.Await | ast.Starred
    ):
        return None  # to compare it as another class is to ask something else
    if place.field == "func":
        return None
    match new:
        case ast.Call(func=ast.Name(id="str"), args=[same], keywords=[]) if not isinstance(old, ast.Constant):
            fails = alike(same, old) and _takes_text(above, old)
            return FITS if fails or _is_text_of(same, old, place) else None
        case ast.Call(
            func=ast.Attribute(value=ast.Name(id="os"), attr="fspath" | "fsdecode"), args=[same], keywords=[]
        ):
            return FITS if alike(same, old) else None
        case ast.Call(func=ast.Name(id="map"), args=[ast.Name(id="str"), same], keywords=[]):
            return FITS if alike(same, old) and _joins(above) else None
        case ast.Call(
            func=ast.Attribute(value=same, attr="encode" | "decode" as method), args=[], keywords=[]
        ):
            if is_one_of(
                old,
                {"dict", "list", "number", "str"} if method == "decode" else {"dict", "list", "number"},
                place,
            ):
                return None
            return Accepted(rest=((old, same),)) if not isinstance(old, ast.Constant) else None
        case ast.Name() if isinstance(place.above[-1], ast.FormattedValue):
            return FITS if _is_text_of(new, old, place) else None
        case ast.Tuple(elts=[same]) if _is_formatted(old, place) and not is_one_of(old, {"list"}, place):
            return FITS if alike(same, old) else None
        case _:
            return None


def _takes_text(above: ast.AST, value: ast.expr) -> bool:
    """True if what is around the value takes a text there: it is added to another value, or given to a call."""
    match above:
        case ast.BinOp(op=ast.Add(), left=left, right=right):
            return not any(
                isinstance(one, ast.Constant) and not isinstance(one.value, str) for one in (left, right)
            )
        case ast.Call(func=ast.Attribute(attr="get" | "pop" | "setdefault")):
            return False  # a key of another class is another key
        case ast.Call():
            return fails_without(value, above)
        case _:
            return False


def _joins(above: ast.AST) -> bool:
    return isinstance(above, ast.Call) and isinstance(above.func, ast.Attribute) and above.func.attr == "join"


def _is_text_of(error: ast.expr, old: ast.expr, place: Place) -> bool:
    """True if `old` is `error.args[0]` of a caught error."""
    match old, error:
        case (
            ast.Subscript(
                value=ast.Attribute(value=ast.Name(id=name), attr="args"), slice=ast.Constant(value=0)
            ),
            ast.Name(id=same),
        ):
            return name == same and any(
                isinstance(one, ast.ExceptHandler) and one.name == name for one in place.above
            )
        case _:
            return False


def _is_formatted(old: ast.expr, place: Place) -> bool:
    match place.above[-1]:
        case ast.BinOp(op=ast.Mod(), left=ast.Constant(value=str()), right=right):
            return right is old
        case _:
            return False


# To call these for one of their own is no conversion: it makes a copy, or takes away what marks the value.
_COPYING = frozenset({"bytearray", "dict", "int", "list", "set", "str"})


def converted_if_needed(old: ast.expr, new: ast.expr, place: Place) -> Accepted | None:
    """`int(x) if isinstance(x, str) else x`, and `x if isinstance(x, C) else C(x)` instead of `C(x)`."""
    match new:
        case ast.IfExp(
            test=ast.Call(func=ast.Name(id="isinstance"), args=[subject, kind], keywords=[]),
            body=body,
            orelse=orelse,
        ):
            pass
        case _:
            return None
    if not is_quiet(subject):
        return None
    if alike(orelse, old) and alike(body, subject) and isinstance(old, ast.Call):
        made = ast.unparse(old.func)
        fits = made == ast.unparse(kind) or made.startswith(f"{ast.unparse(kind)}.")
        fits = fits and made not in _COPYING
        return FITS if fits and old.args and alike(old.args[0], subject) else None
    if alike(orelse, old) and alike(old, subject) and ast.unparse(kind) == "str":
        return FITS if _reads_text(body, subject, place) else None
    return None


def _reads_text(body: ast.expr, subject: ast.expr, place: Place) -> bool:
    """True for a number, bytes, or what the same function makes of the text elsewhere."""
    match body:
        case ast.Call(func=ast.Name(id="int" | "float"), args=[same], keywords=[]):
            return alike(same, subject) or occurs(body, list(own(place.function)))
        case ast.Call(func=ast.Attribute(value=same, attr="encode"), args=args, keywords=[]):
            return alike(same, subject) and [ast.unparse(one) for one in args] in ([], ["'utf-8'"])
        case _:
            return False


def asked_of_classes(old: ast.expr, new: ast.expr, _place: Place) -> Accepted | None:
    """`isinstance(kind, type) and issubclass(kind, C)` instead of `issubclass(kind, C)`."""
    match old, new:
        case (
            ast.Call(func=ast.Name(id="issubclass"), args=[subject, _], keywords=[]),
            ast.BoolOp(
                op=ast.And(),
                values=[
                    ast.Call(func=ast.Name(id="isinstance"), args=[same, ast.Name(id="type")], keywords=[]),
                    kept,
                ],
            ),
        ) if alike(old, kept) and alike(subject, same):
            return Accepted(narrows=True)
        case _:
            return None


def divided_to_whole(old: ast.expr, new: ast.expr, place: Place) -> Accepted | None:
    """`range(n // 2)` instead of `range(n / 2)`: a position is a whole number."""
    match old, new, place.above[-1]:
        case (
            ast.BinOp(left=left, op=ast.Div(), right=right),
            ast.BinOp(left=one, op=ast.FloorDiv(), right=other),
            ast.Call(func=ast.Name(id="range")) | ast.Subscript(),
        ) if (
            alike(left, one)
            and alike(right, other)
            and isinstance(right, ast.Constant)
            and place.field in {"args", "slice"}
        ):
            return FITS
        case _:
            return None


def shown(old: ast.expr, new: ast.expr, _place: Place) -> Accepted | None:
    """`{x!r}` instead of `{x:!r}`."""
    match old, new:
        case (
            ast.FormattedValue(
                value=value, conversion=-1, format_spec=ast.JoinedStr(values=[ast.Constant(value=str(spec))])
            ),
            ast.FormattedValue(value=same, conversion=conversion, format_spec=None),
        ) if alike(value, same) and spec == f"!{chr(conversion)}":
            return FITS
        case _:
            return None
