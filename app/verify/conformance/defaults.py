"""A default for what is missing: a neutral value, or the one that the file already has for it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from app.verify.conformance.conditions import asks_absence, asks_presence, divides_by
from app.verify.conformance.consequences import COLLECTING, is_default, is_neutral, is_number
from app.verify.conformance.effects import is_spent
from app.verify.conformance.forms import FITS, Accepted
from app.verify.conformance.kinds import is_one_of
from app.verify.conformance.likeness import alike, with_every_name_replaced
from app.verify.conformance.misplaced import misplaced
from app.verify.conformance.needs import is_used, soon
from app.verify.conformance.permission import words
from app.verify.conformance.place import Ask, Place

# What has no `get`, or has an answer of its own for what is missing.
_NO_MAPPINGS = frozenset({"class", "filling", "list", "match", "set", "str"})


def chosen(old: ast.expr, new: ast.expr, place: Place) -> Accepted | None:
    """`x.y if x is not None else ""`, with a value that is neutral or known for what is missing."""
    if not isinstance(new, ast.IfExp) or isinstance(place.above[-1], ast.Expr):
        return None
    protected = [old, *_uses(old, place)]
    if alike(new.body, old) and asks_presence(new.test, protected, place):
        other = new.orelse
    elif alike(new.orelse, old) and asks_absence(new.test, protected, place):
        other = new.body
    else:
        return None
    subjects = [one for one in ast.walk(new.test) if isinstance(one, ast.expr)]
    if is_neutral(other) or any(is_default(other, one, place) for one in subjects):
        return Accepted(problem=misplaced(other, old, place))
    return Accepted(
        problem=f"`{ast.unparse(other)}` is no neutral value, and nothing in the file gives it here."
    )


def _uses(old: ast.expr, place: Place) -> Iterator[ast.AST]:
    """What takes the value of `old`: the expression around it, or what reads the name that it is given."""
    above = place.above[-1]
    yield above
    match above:
        case ast.GeneratorExp() | ast.ListComp() | ast.SetComp() if place.field == "elt":
            match place.above[-2]:
                case ast.Call(func=function):
                    yield ast.Call(function, [old], [])
                case _:
                    pass
        case ast.Assign(targets=[ast.Name(id=name)]):
            for one in soon(place.following):
                for read in [old, *_without_default(old)]:
                    yield with_every_name_replaced(one, name, read)
        case _:
            pass


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
                if is_number(value) and place.role.ask is Ask.LOOPED:
                    return None
                fits = (
                    is_neutral(value)
                    and is_used(old, _uses(old, place))
                    and not _is_another(value, old, place)
                )
                return FITS if fits else None
            match old, kept:
                case (
                    ast.Call(func=function, args=[key, default], keywords=[]),
                    ast.Call(func=ast.Attribute(attr="get") as same, args=[one], keywords=[]),
                ) if (
                    alike(function, same) and alike(key, one) and alike(default, value) and is_neutral(value)
                ):
                    return FITS
                case _:
                    pass
        case _:
            pass
    return None


_ONLY_READING = frozenset(
    {"dict", "enumerate", "extend", "frozenset", "join", "len", "list", "set", "sorted", "sum", "tuple"}
    | {"update", "zip"}
)  # fmt: skip


def _is_another(value: ast.expr, old: ast.expr, place: Place) -> bool:
    """True if an empty list of somebody else would be left for a new one, which nobody else then sees filled."""
    fills = not isinstance(value, ast.Constant | ast.Tuple)
    match place.above[-1]:
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            kept = name not in _ONLY_READING
        case above:
            kept = isinstance(above, ast.Assign | ast.Call | ast.keyword)
    return fills and kept and not isinstance(old, ast.Call)


def stepped_by_one(old: ast.expr, new: ast.expr, place: Place) -> Accepted | None:
    """`range(a, b, step or 1)`."""
    match new, place.above[-1]:
        case (
            ast.BoolOp(op=ast.Or(), values=[kept, one]),
            ast.Call(func=ast.Name(id="range"), args=[_, _, step]),
        ) if (
            step is old
            and alike(one, ast.Constant(1))
            and alike(kept, old)
            and divides_by(old, [place.above[-1]])
        ):
            return FITS
        case _:
            return None


def looked_up(old: ast.expr, new: ast.expr, place: Place) -> Accepted | None:
    """`d.get(k)`, `d.get(k, default)` or `d.setdefault(k, [])` instead of `d[k]`."""
    match old, new:
        case (
            ast.Subscript(value=container, slice=key),
            ast.Call(func=ast.Attribute(value=kept, attr=method), args=[same, *default], keywords=[]),
        ) if alike(key, same) and len(default) <= 1:
            neutral = all(is_default(one, old, place) for one in default)
            kept_on = isinstance(
                place.above[-1], ast.Attribute
            )  # only what is stored at once is worth storing
            if (method == "get" and neutral) or (method == "setdefault" and kept_on and default and neutral):
                given = default[0] if default else ast.Constant(None)
                problem = _why_not_asked(container, method, place) or misplaced(given, old, place)
                return Accepted(rest=((container, kept),), problem=problem)
        case _:
            pass
    return None


def _why_not_asked(container: ast.expr, method: str, place: Place) -> str | None:
    """Why the entry may not be asked for in this way."""
    above, said = place.above[-1], ast.unparse(container)
    if is_one_of(container, _NO_MAPPINGS, place) or said == "os.environ":
        return f"`{said}` can not be asked in this way."
    if method == "get" and isinstance(above, ast.Attribute) and above.attr in COLLECTING:
        return "What is put into the default is lost."
    return None


def attribute_or_default(old: ast.expr, new: ast.expr, place: Place) -> Accepted | None:
    """`getattr(x, "a", "")` instead of `x.a`."""
    match old, new:
        case (
            ast.Attribute(value=base, attr=name),
            ast.Call(
                func=ast.Name(id="getattr"), args=[kept, ast.Constant(value=str(same)), default], keywords=[]
            ),
        ) if name == same and is_neutral(default) and not name.startswith("__"):
            return Accepted(rest=((base, kept),), problem=misplaced(default, old, place))
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
            if (fault := misplaced(default, old, place)) is not None:
                return Accepted(problem=fault)
            return (
                None if isinstance(place.loop, ast.While) or place.is_generator else FITS
            )  # it would never end
        case (
            ast.Call(func=ast.Attribute(value=container, attr="pop") as one, args=[key], keywords=[]),
            ast.Call(func=same, args=[kept, ast.Constant(value=None)], keywords=[]),
        ) if alike(one, same) and alike(key, kept):
            return (
                FITS if not is_one_of(container, {"list", "set"}, place) and not is_spent(container) else None
            )
        case (
            ast.Call(func=ast.Name(id="min" | "max") as one, args=[items], keywords=keywords),
            ast.Call(func=same, args=[kept], keywords=[*others, ast.keyword(arg="default", value=value)]),
        ) if alike(one, same) and alike(items, kept) and alike(keywords, others) and is_neutral(value):
            return FITS
        case (
            ast.Call(func=ast.Attribute(value=container, attr="remove"), args=[key], keywords=[]),
            ast.Call(func=ast.Attribute(value=same, attr="discard"), args=[kept], keywords=[]),
        ) if alike(container, same) and alike(key, kept):
            return (
                FITS
                if not is_one_of(container, {"dict", "list"}, place) and not is_spent(container)
                else None
            )
        case _:
            return None


# Arguments that a call may get. Those that send may get a timeout of any length.
_ARGUMENTS = frozenset(
    {("decode", "errors", "replace"), ("makedirs", "exist_ok", True), ("mkdir", "exist_ok", True)}
)
LONGEST_WAIT = 600  # seconds
_HTTP = frozenset({"api", "client", "http", "httpx", "requests", "session", "urllib", "urlopen"})
_SENDING = frozenset({"delete", "get", "head", "patch", "post", "put", "request", "urlopen"})


def told_more(old: ast.expr, new: ast.expr, place: Place) -> Accepted | None:
    """One more argument of a call that is on a short list: `errors="replace"`, `exist_ok=True`, a timeout."""
    match old, new:
        case (
            ast.Call(func=function, args=args, keywords=keywords),
            ast.Call(
                func=ast.Attribute() as same,
                args=kept,
                keywords=[*others, ast.keyword(arg=str(name), value=ast.Constant(value=value))],
            ),
        ) if alike(function, same) and alike(args, kept) and alike(keywords, others):
            if name == "errors" and (
                not _names_encoding(args) or isinstance(place.above[-1], ast.Subscript | ast.Call)
            ):
                return None  # what is replaced must only be read: as a key or a path it is another one
            return Accepted(gives=False) if _is_listed(same, name, value) else None
        case _:
            return None


def _names_encoding(args: list[ast.expr]) -> bool:
    return not args or (isinstance(args[0], ast.Constant) and isinstance(args[0].value, str))


def _is_listed(function: ast.Attribute, argument: str, value: object) -> bool:
    if argument == "timeout":
        seconds = isinstance(value, int | float) and value is not True and 1 <= value <= LONGEST_WAIT
        return seconds and function.attr in _SENDING and _sends(function)
    listed = (function.attr, argument, value) in _ARGUMENTS and isinstance(value, bool | str)
    return listed and ast.unparse(function) != "os.mkdir" and not is_spent(function)


def _sends(function: ast.Attribute) -> bool:
    """True for a method of what is named as a client of HTTP: elsewhere a timeout may mean something else."""
    named = [*words(ast.unparse(function.value)), *words(function.attr)]
    return bool(set(named) & _HTTP)
