"""What a fix may do with an expression: test before it, give it a default, convert it.

Each form compares one old expression with the new one at its place and answers with an `Accepted`. Only what is marked
`stricter` may stand in code that decides about permission: it says no more often, never yes.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass

from app.verify.conformance.conditions import (
    EVERY,
    asks_absence,
    asks_presence,
    divides_by,
    enclosing_code,
    is_indexed,
    is_quiet,
    nodes_of,
    says_missing,
)
from app.verify.conformance.consequences import is_default, is_literal, is_narrow, is_neutral, leaves
from app.verify.conformance.likeness import alike, occurs
from app.verify.conformance.place import Ask, Place, members, own


@dataclass(frozen=True, slots=True)
class Accepted:
    """A form that fits. `rest` are pairs that are still to be explained, `problem` says why it does not fit after all."""

    rest: tuple[tuple[ast.expr, ast.expr], ...] = ()
    problem: str | None = None
    stricter: bool = False


FITS = Accepted()


def narrowed(old: ast.expr, new: ast.expr, place: Place) -> Accepted | None:
    """`x is not None and ...`: one more presence test beside what was asked."""
    added = _added_operands(old, new, ast.And)
    if added is None:
        return None
    kept, tests = added
    ask, owner = place.role.ask, place.role.owner
    protected: list[ast.AST] = [*kept, *_depending(place)]
    if ask is Ask.CHOICE:
        place = _with_every_test(place)  # the way that it takes instead is one that the old file has
    if not all(asks_presence(test, protected, place) for test in tests):
        return None
    if ask is Ask.IF and not place.role.negated and isinstance(owner, ast.If):
        if any(isinstance(one, ast.Raise | ast.Assert) for one in nodes_of(owner.body)):
            return Accepted(problem="A check that raises is asked less often.")
        return FITS
    if place.role.negated and ask is not Ask.VALUE:
        return _happens_more_often(place)
    return Accepted(stricter=ask is Ask.RETURNED and not place.role.negated)


def widened(old: ast.expr, new: ast.expr, place: Place) -> Accepted | None:
    """`x is None or ...`: what happens for one kind of nothing happens for another one too."""
    added = _added_operands(old, new, ast.Or)
    if added is None:
        return None
    kept, tests = added
    protected: list[ast.AST] = [*kept, *enclosing_code(place.function)]
    if not all(asks_absence(test, protected, place) for test in tests):
        return None
    if place.role.negated and place.role.ask is not Ask.VALUE:
        return Accepted(problem="A condition is turned around by a new test.")
    return _happens_more_often(place)


def _happens_more_often(place: Place) -> Accepted:
    """Right for a branch that is about nothing: it leaves with a neutral value, or its test already asks for that."""
    owner = place.role.owner
    match place.role.ask, owner:
        case Ask.IF, ast.If(test=test, body=body):
            end = body[-1]
            ends = len(body) == 1 and leaves(end, place)
            if any(isinstance(one, ast.Constant) and one.value is True for one in nodes_of(body)):
                return Accepted(problem="A branch that says yes is taken more often.")
            if ends or says_missing(test):
                return Accepted(stricter=ends and not isinstance(end, ast.Continue) and _says_no(end, place))
        case Ask.CHOICE, ast.IfExp(test=test, body=body):
            if is_neutral(body) or says_missing(test):
                return FITS
        case _:
            pass
    return Accepted(problem="A condition holds more often than before.")


def _says_no(end: ast.stmt, place: Place) -> bool:
    match end:
        case ast.Raise() | ast.Return(value=ast.Constant(value=False)):
            return True
        case ast.Return(value=value):
            return place.gives_values and is_neutral(value)
        case _:
            return False


def bounded(old: ast.expr, new: ast.expr, place: Place) -> Accepted | None:
    """`while at < len(lines):` instead of `while True:`."""
    match old, place.role.owner:
        case ast.Constant(value=True), ast.While(body=body) if place.role.ask is Ask.WHILE:
            return FITS if asks_presence(new, body, place) else None
        case _:
            return None


def asked_for_nothing(old: ast.expr, new: ast.expr, place: Place) -> Accepted | None:
    """`if not name:` instead of `if name is None:`, where an element of the name is read."""
    match old, new:
        case (
            ast.Compare(left=subject, ops=[ast.Is()], comparators=[ast.Constant(value=None)]),
            ast.UnaryOp(op=ast.Not(), operand=same),
        ) if alike(subject, same) and is_indexed(subject, enclosing_code(place.function)):
            return _happens_more_often(place)
        case _:
            return None


def filtered(old: ast.expr, new: ast.expr, place: Place) -> Accepted | None:
    """`for x in xs if x is not None`: a comprehension without filter leaves out what is missing."""
    match old, new:
        case (
            (
                ast.ListComp(generators=[before]) | ast.SetComp(generators=[before])
                | ast.GeneratorExp(generators=[before]) | ast.DictComp(generators=[before]),
                ast.ListComp(generators=[after]) | ast.SetComp(generators=[after])
                | ast.GeneratorExp(generators=[after]) | ast.DictComp(generators=[after]),
            )
        ) if type(old) is type(new) and not before.ifs and len(after.ifs) == 1:  # fmt: skip
            results = [getattr(old, field) for field in ("elt", "key", "value") if hasattr(old, field)]
            others = [getattr(new, field) for field in ("elt", "key", "value") if hasattr(new, field)]
            same = alike(before.target, after.target) and before.is_async == after.is_async
            if same and alike(results, others) and alike(before.iter, after.iter):
                return FITS if asks_presence(after.ifs[0], results, place) else None
        case _:
            pass
    return None


def chosen(old: ast.expr, new: ast.expr, place: Place) -> Accepted | None:
    """`x.y if x is not None else ""`, with a value that is neutral or known for what is missing."""
    if not isinstance(new, ast.IfExp):
        return None
    if alike(new.body, old) and asks_presence(new.test, [old, *_without_default(old)], place):
        other = new.orelse
    elif alike(new.orelse, old) and asks_absence(new.test, [old], place):
        other = new.body
    else:
        return None
    subjects = [one for one in ast.walk(new.test) if isinstance(one, ast.expr)]
    if is_neutral(other) or any(is_default(other, one, place) for one in subjects):
        return FITS
    return Accepted(
        problem=f"`{ast.unparse(other)}` is no neutral value, and nothing in the file gives it here."
    )


def _without_default(old: ast.expr) -> list[ast.expr]:
    """`d.get(k)` for `d.get(k, 1)`: whether the entry is None is asked of the entry."""
    match old:
        case ast.Call(func=ast.Attribute(attr="get") as function, args=[key, _], keywords=[]):
            return [ast.Call(function, [key], [])]
        case _:
            return []


def or_default(old: ast.expr, new: ast.expr, place: Place) -> Accepted | None:
    """`x or []`, and `d.get(k) or {}` instead of `d.get(k, {})`."""
    match new:
        case ast.BoolOp(op=ast.Or(), values=[kept, value]) if place.role.ask in {
            Ask.VALUE,
            Ask.LOOPED,
            Ask.RETURNED,
        }:
            if alike(kept, old):
                return FITS if is_default(value, old, place) else None
            match old, kept:
                case (
                    ast.Call(func=function, args=[key, default], keywords=[]),
                    ast.Call(func=ast.Attribute(attr="get") as same, args=[one], keywords=[]),
                ) if (
                    alike(function, same) and alike(key, one) and alike(default, value) and is_literal(value)
                ):
                    return FITS
                case _:
                    pass
        case _:
            pass
    return None


def stepped_by_one(old: ast.expr, new: ast.expr, place: Place) -> Accepted | None:
    """`range(a, b, step or 1)`."""
    match new, place.above[-1]:
        case (
            ast.BoolOp(op=ast.Or(), values=[kept, ast.Constant(value=1)]),
            ast.Call(func=ast.Name(id="range"), args=[_, _, step]),
        ) if step is old and alike(kept, old) and divides_by(old, [place.above[-1]]):
            return FITS
        case _:
            return None


def looked_up(old: ast.expr, new: ast.expr, place: Place) -> Accepted | None:
    """`d.get(k)`, `d.get(k, default)` or `d.setdefault(k, [])` instead of `d[k]`; `getattr(x, "a", "")` for `x.a`."""
    match old, new:
        case (
            ast.Subscript(value=container, slice=key),
            ast.Call(func=ast.Attribute(value=kept, attr=method), args=[same, *default], keywords=[]),
        ) if alike(key, same) and len(default) <= 1:
            neutral = all(is_default(one, old, place) for one in default)
            if (method == "get" and neutral) or (
                method == "setdefault" and default and is_neutral(default[0])
            ):
                return Accepted(rest=((container, kept),))
        case (
            ast.Attribute(value=base, attr=name),
            ast.Call(
                func=ast.Name(id="getattr"), args=[kept, ast.Constant(value=str(same)), default], keywords=[]
            ),
        ) if name == same and is_neutral(default):
            return Accepted(rest=((base, kept),))
        case _:
            pass
    return None


def answered_when_empty(old: ast.expr, new: ast.expr, place: Place) -> Accepted | None:
    """The default argument of a lookup: `next(xs, None)`, `min(xs, default=0)`, `d.pop(k, None)`, `s.discard(x)`."""
    match old, new:
        case (
            ast.Call(func=ast.Name(id="next") as one, args=[items], keywords=[]),
            ast.Call(func=same, args=[kept, default], keywords=[]),
        ) if alike(one, same) and alike(items, kept) and is_neutral(default):
            return FITS
        case (
            ast.Call(func=ast.Attribute(attr="pop") as one, args=[key], keywords=[]),
            ast.Call(func=same, args=[kept, ast.Constant(value=None)], keywords=[]),
        ) if alike(one, same) and alike(key, kept):
            return FITS
        case (
            ast.Call(func=ast.Name(id="min" | "max") as one, args=[items], keywords=keywords),
            ast.Call(func=same, args=[kept], keywords=[*others, ast.keyword(arg="default", value=value)]),
        ) if alike(one, same) and alike(items, kept) and alike(keywords, others) and is_neutral(value):
            return FITS
        case (
            ast.Call(func=ast.Attribute(value=container, attr="remove"), args=[key], keywords=[]),
            ast.Call(func=ast.Attribute(value=same, attr="discard"), args=[kept], keywords=[]),
        ) if alike(container, same) and alike(key, kept):
            return FITS
        case _:
            return None


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
            return FITS if _POSITIONS.get(ast.unparse(index)) == method else None
        case _:
            return None


_POSITIONS = {"0": "startswith", "-1": "endswith"}
# Arguments that a call may get, with the values that they may have; None stands for any number above zero.
_ARGUMENTS = {
    ("decode", "errors"): {"replace"},
    ("makedirs", "exist_ok"): {True},
    ("mkdir", "exist_ok"): {True},
    ("get", "timeout"): None, ("post", "timeout"): None, ("put", "timeout"): None, ("request", "timeout"): None,
    ("delete", "timeout"): None, ("patch", "timeout"): None, ("head", "timeout"): None, ("urlopen", "timeout"): None,
}  # fmt: skip


def told_more(old: ast.expr, new: ast.expr, place: Place) -> Accepted | None:
    """One more argument of a call that is on a short list: `errors="replace"`, `exist_ok=True`, a timeout."""
    match old, new:
        case (
            ast.Call(func=function, args=args, keywords=keywords),
            ast.Call(
                func=ast.Attribute(attr=name) as same,
                args=kept,
                keywords=[*others, ast.keyword(arg=str(argument), value=ast.Constant(value=value))],
            ),
        ) if alike(function, same) and alike(args, kept) and alike(keywords, others):
            if (name, argument) not in _ARGUMENTS:
                return None
            values = _ARGUMENTS[name, argument]
            positive = isinstance(value, int | float) and value is not True and value > 0
            return (
                FITS
                if (positive if values is None else value in values and type(value) in {bool, str})
                else None
            )
        case _:
            return None


def copied(old: ast.expr, new: ast.expr, place: Place) -> Accepted | None:
    """`for key in list(cache):`, whose loop changes the cache."""
    match new:
        case ast.Call(func=ast.Name(id="list"), args=[same], keywords=[]) if place.role.ask is Ask.LOOPED:
            return FITS if alike(same, old) else None
        case _:
            return None


def caught_more(old: ast.expr, new: ast.expr, place: Place) -> Accepted | None:
    """One or two more narrow errors for a handler, or for `suppress(...)`."""
    if place.role.ask is Ask.CAUGHT:
        before, after = members(old), members(new)
    elif (
        isinstance(old, ast.Call)
        and isinstance(new, ast.Call)
        and _is_suppress(old)
        and alike(old.func, new.func)
    ):
        before, after = old.args, new.args
        if old.keywords or new.keywords:
            return None
    else:
        return None
    added = after[len(before) :]
    if not added or len(added) > 2 or not alike(before, after[: len(before)]):  # noqa: PLR2004
        return None
    broad = [one for one in added if not is_narrow(one, place)]
    said = ast.unparse(broad[0]) if broad else ""
    return (
        Accepted(problem=f"The handler takes `{said}`, which is more than the failure at hand.")
        if broad
        else FITS
    )


def _is_suppress(call: ast.Call) -> bool:
    return ast.unparse(call.func) in {"suppress", "contextlib.suppress"}


def converted(old: ast.expr, new: ast.expr, place: Place) -> Accepted | None:
    """`str(x)`, `os.fspath(x)`, `x.encode()`, `map(str, xs)`: the same value as another class."""
    match new:
        case ast.Call(func=ast.Name(id="str"), args=[same], keywords=[]) if not isinstance(old, ast.Constant):
            return FITS if alike(same, old) or _is_text_of(same, old, place) else None
        case ast.Call(
            func=ast.Attribute(value=ast.Name(id="os"), attr="fspath" | "fsdecode"), args=[same], keywords=[]
        ):
            return FITS if alike(same, old) else None
        case ast.Call(func=ast.Name(id="map"), args=[ast.Name(id="str"), same], keywords=[]):
            return FITS if alike(same, old) else None
        case ast.Call(func=ast.Attribute(value=same, attr="encode" | "decode"), args=[], keywords=[]):
            return Accepted(rest=((old, same),)) if not isinstance(old, ast.Constant) else None
        case ast.Name() if isinstance(place.above[-1], ast.FormattedValue):
            return FITS if _is_text_of(new, old, place) else None
        case ast.Tuple(elts=[same]) if _is_formatted(old, place):
            return FITS if alike(same, old) else None
        case _:
            return None


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


def asked_of_classes(old: ast.expr, new: ast.expr, place: Place) -> Accepted | None:
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
            return FITS
        case _:
            return None


def divided_to_whole(old: ast.expr, new: ast.expr, place: Place) -> Accepted | None:
    """`range(n // 2)` instead of `range(n / 2)`: a position is a whole number."""
    match old, new, place.above[-1]:
        case (
            ast.BinOp(left=left, op=ast.Div(), right=right),
            ast.BinOp(left=one, op=ast.FloorDiv(), right=other),
            ast.Call(func=ast.Name(id="range")) | ast.Subscript(),
        ) if alike(left, one) and alike(right, other):
            return FITS
        case _:
            return None


def shown(old: ast.expr, new: ast.expr, place: Place) -> Accepted | None:
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


def _added_operands(
    old: ast.expr, new: ast.expr, operator: type[ast.boolop]
) -> tuple[list[ast.expr], list[ast.expr]] | None:
    """The old operands and the added ones, if the new expression has all the old ones in their order."""
    if not isinstance(new, ast.BoolOp) or not isinstance(new.op, operator):
        return None
    kept = list(old.values) if isinstance(old, ast.BoolOp) and isinstance(old.op, operator) else [old]
    waiting, added = list(kept), []
    for one in new.values:
        if waiting and alike(one, waiting[0]):
            waiting.pop(0)
        else:
            added.append(one)
    return (kept, added) if not waiting and added else None


def _depending(place: Place) -> Sequence[ast.AST]:
    """What runs only if the test holds."""
    match place.role.owner:
        case ast.If(body=body) | ast.While(body=body):
            return body
        case ast.IfExp(body=body):
            return [body]
        case _:
            return []


def _with_every_test(place: Place) -> Place:
    return Place(place.file, EVERY, place.imports, place.above, place.role)
