"""A default for what is missing: a neutral value, or the one that the file already has for it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from app.verify.conformance.conditions import asks_absence, asks_presence, divides_by, feeds_a_check
from app.verify.conformance.consequences import COLLECTING, is_default, is_neutral, is_number, lost_call
from app.verify.conformance.effects import is_spent
from app.verify.conformance.forms import FITS, Accepted
from app.verify.conformance.kinds import is_one_of
from app.verify.conformance.leaving import NO_ANSWER
from app.verify.conformance.likeness import alike, with_every_name_replaced
from app.verify.conformance.needs import is_handed_on, is_used, soon, takes_no_none
from app.verify.conformance.permission import words
from app.verify.conformance.place import Ask, Place


def chosen(old: ast.expr, new: ast.expr, place: Place) -> Accepted | None:
    """`x.y if x is not None else ""`, with a value that is neutral or known for what is missing."""
    if not isinstance(new, ast.IfExp):
        return None
    if isinstance(place.above[-1], ast.Expr):
        return None  # a call for its effect
    protected = [old, *_uses(old, place)]
    if alike(new.body, old) and asks_presence(new.test, protected, place):
        other = new.orelse
    elif alike(new.orelse, old) and asks_absence(new.test, protected, place):
        other = new.body
    else:
        return None
    subjects = [one for one in ast.walk(new.test) if isinstance(one, ast.expr)]
    if _is_nothing(other) and _fails_for_none(old, place):
        return Accepted(problem="What is around the value does not take None.")
    if _is_of_another_kind(other, place.above[-1]):
        return Accepted(problem="The default is of another kind than what it is added to.")
    if is_number(other) and is_handed_on(old, place.above[-1]):
        return Accepted(problem="Zero is handed on, and what takes it may mean something else by it than by nothing.")
    if is_neutral(other) or any(is_default(other, one, place) for one in subjects):
        return Accepted(problem=_feeds_a_check(other, place) or _turns_a_test(other, place))
    return Accepted(
        problem=f"`{ast.unparse(other)}` is no neutral value, and nothing in the file gives it here."
    )


def _is_nothing(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value is None


def _fails_for_none(old: ast.expr, place: Place) -> bool:
    """True where None fails as the missing value did: it is called, awaited, entered, raised, matched, or read from."""
    above = place.above[-1]
    return isinstance(above, ast.Match | ast.Lambda) or takes_no_none(old, above)


def _is_of_another_kind(value: ast.expr, above: ast.AST) -> bool:
    """True if a text meets a number, or a number a text."""
    others = [above.left, above.right] if isinstance(above, ast.BinOp) else []
    constants = [one.value for one in [*others] if isinstance(one, ast.Constant)]
    return isinstance(value, ast.Constant) and any(
        isinstance(one, str) != isinstance(value.value, str) for one in constants
    )  # fmt: skip


def _feeds_a_check(value: ast.expr, place: Place) -> str | None:
    """Why a default may not be given to a name: a check behind it would take it for a value that is fine."""
    match place.above[-1]:
        case ast.Assign(targets=[ast.Name(id=name)]):
            return feeds_a_check(name, place.following)
        case _:
            return None


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
                fits = is_neutral(value) and is_used(old, _uses(old, place)) and not _is_another(value, old, place)
                return FITS if fits else None
            match old, kept:
                case (
                    ast.Call(func=function, args=[key, default], keywords=[]),
                    ast.Call(func=ast.Attribute(attr="get") as same, args=[one], keywords=[]),
                ) if alike(function, same) and alike(key, one) and alike(default, value) and is_neutral(value):
                    return FITS
                case _:
                    pass
        case _:
            pass
    return None


_ONLY_READING = frozenset(
    {"dict", "enumerate", "extend", "frozenset", "join", "len", "list", "set", "sorted", "sum", "tuple", "update", "zip"}
)


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
        ) if step is old and alike(one, ast.Constant(1)) and alike(kept, old) and divides_by(old, [place.above[-1]]):
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
                problem = _why_not_asked(container, method, given, old, place)
                return Accepted(rest=((container, kept),), problem=problem)
        case _:
            pass
    return None


def _why_not_asked(container: ast.expr, method: str, given: ast.expr, old: ast.expr, place: Place) -> str | None:
    """Why the entry may not be asked for in this way."""
    above = place.above[-1]
    if is_one_of(container, {"class", "filling", "list", "match", "set", "str"}, place) or ast.unparse(container) == "os.environ":
        return f"`{ast.unparse(container)}` can not be asked in this way."
    if method == "get" and isinstance(above, ast.Attribute) and above.attr in COLLECTING:
        return "What is put into the default is lost."
    if _is_nothing(given) and _fails_for_none(old, place):
        return "What is around the value does not take None."
    return _feeds_a_check(given, place) or _turns_a_test(given, place)


def _turns_a_test(given: ast.expr, place: Place) -> str | None:
    """Why a test may not be asked of a default: the missing thing would pass for another one, or do something."""
    above, statement = place.above[-1], place.statement
    turned = place.role.negated
    if place.role.ask is Ask.RETURNED and turned:
        return NO_ANSWER
    if isinstance(above, ast.Compare):
        if is_number(given) or is_number(getattr(given, "orelse", None)):
            return "What is missing would be compared as zero."
        others = [above.left, *above.comparators]
        if not any(isinstance(one, ast.Constant | ast.Tuple | ast.List | ast.Set) for one in others):
            return "What is missing on both sides would be the same." if isinstance(above.ops[0], ast.Eq) else None
        turned = isinstance(above.ops[0], ast.NotEq | ast.NotIn | ast.IsNot)
    if turned and isinstance(statement, ast.If) and lost_call(statement.body, ast.Constant(None), place) is not None:
        return "What the branch does is done for the missing thing as well."
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
            if _is_nothing(default) and _fails_for_none(old, place):
                return Accepted(problem="What is around the value does not take None.")
            return Accepted(rest=((base, kept),), problem=_feeds_a_check(default, place) or _turns_a_test(default, place))
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
            if _is_nothing(default) and _fails_for_none(old, place):
                return None
            return None if isinstance(place.loop, ast.While) or place.is_generator else FITS  # it would never end
        case (
            ast.Call(func=ast.Attribute(value=container, attr="pop") as one, args=[key], keywords=[]),
            ast.Call(func=same, args=[kept, ast.Constant(value=None)], keywords=[]),
        ) if alike(one, same) and alike(key, kept):
            return FITS if not is_one_of(container, {"list", "set"}, place) and not is_spent(container) else None
        case (
            ast.Call(func=ast.Name(id="min" | "max") as one, args=[items], keywords=keywords),
            ast.Call(func=same, args=[kept], keywords=[*others, ast.keyword(arg="default", value=value)]),
        ) if alike(one, same) and alike(items, kept) and alike(keywords, others) and is_neutral(value):
            return FITS
        case (
            ast.Call(func=ast.Attribute(value=container, attr="remove"), args=[key], keywords=[]),
            ast.Call(func=ast.Attribute(value=same, attr="discard"), args=[kept], keywords=[]),
        ) if alike(container, same) and alike(key, kept):
            return FITS if not is_one_of(container, {"dict", "list"}, place) and not is_spent(container) else None
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
            if name == "errors" and (not _names_encoding(args) or isinstance(place.above[-1], ast.Subscript | ast.Call)):
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
