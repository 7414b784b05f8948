"""What a fix may do where something is missing: leave with a neutral value, go on with the next item, or refuse.

A value is explained if it is neutral (None, False, zero, empty), or if the old file itself gives it for the very thing
that is missing: as the parameter's default, as the default of the same key, or from a guard of the same function. True
never is: nothing that is missing says yes.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Sequence

from app.core.exceptions import ancestors, is_builtin, is_for_a_person
from app.core.syntax import names_in
from app.verify.conformance.behind import says_missing
from app.verify.conformance.conditions import is_service, nodes_of, subjects
from app.verify.conformance.likeness import alike
from app.verify.conformance.messages import is_logger, is_message
from app.verify.conformance.parts import members, own
from app.verify.conformance.permission import speaks_of_it, words
from app.verify.conformance.place import Place

_EMPTY_CALLS = frozenset({"bytes", "dict", "frozenset", "list", "set", "str", "tuple"})
_ZERO_CALLS = frozenset({"Decimal", "Fraction", "float", "int"})
# Errors about the data at hand, which a fix may raise although the file never did.
_DATA_ERRORS = frozenset(
    {"AttributeError", "IndexError", "KeyError", "LookupError", "TypeError", "ValueError"}
)
# Raising these ends a program, a coroutine or a generator, and nobody hears of it.
_ENDING = frozenset(
    {"GeneratorExit", "KeyboardInterrupt", "StopAsyncIteration", "StopIteration", "SystemExit"}
)
_LEADING = frozenset(
    {"abort", "break", "cancel", "continue", "done", "exit", "ok", "redirect", "retry", "see", "skip", "stop"}
    | {"success"}
)  # fmt: skip
_BUILT_IN = frozenset(dir(builtins))
_TELLING = frozenset({"format", "join", "len", "repr", "str", "type"})
_TOO_BROAD = frozenset({"BaseException", "Exception", "object"})
# What the standard library raises about its input, besides the built-in errors.
_LIBRARY_ERRORS = {
    "json": frozenset({"JSONDecodeError"}),
    "re": frozenset({"error"}),
    "decimal": frozenset({"InvalidOperation"}),
    "binascii": frozenset({"Error"}),
    "struct": frozenset({"error"}),
    "zlib": frozenset({"error"}),
    "csv": frozenset({"Error"}),
    "configparser": frozenset({"Error", "NoOptionError", "NoSectionError"}),
    "zoneinfo": frozenset({"ZoneInfoNotFoundError"}),
}
ERROR_MODULES = frozenset(_LIBRARY_ERRORS)
_NARROW = frozenset(
    {"LookupError"}
    | {"ArithmeticError", "AttributeError", "FileExistsError", "FileNotFoundError", "IndexError", "KeyError"}
    | {"OverflowError", "StopIteration", "TypeError", "UnicodeDecodeError", "UnicodeEncodeError", "UnicodeError"}
    | {"ValueError", "ZeroDivisionError", "IsADirectoryError", "NotADirectoryError"}
)  # fmt: skip
# Methods that only touch the collection they belong to.
COLLECTING = frozenset(
    {"add", "append", "appendleft", "discard", "extend", "insert", "pop", "remove", "setdefault", "update"}
)


def is_neutral(node: ast.expr | None) -> bool:
    """True for None, False, zero, and what is empty."""
    match node:
        case None:
            return True
        case ast.Constant(value=value):
            return value is None or value is False or value in ("", b"") or _is_zero(value)
        case ast.Tuple(elts=[]) | ast.List(elts=[]) | ast.Dict(keys=[]):
            return True
        case ast.Call(func=ast.Name(id=name), args=[], keywords=[]):
            return name in _EMPTY_CALLS
        case ast.Call(func=ast.Name(id=name), args=[ast.Constant(value=value)], keywords=[]):
            return name in _ZERO_CALLS and (_is_zero(value) or value == "0")
        case _:
            return False


def _is_zero(value: object) -> bool:
    return isinstance(value, int | float) and value is not False and value == 0


def is_number(node: ast.expr | None) -> bool:
    """True for a zero."""
    match node:
        case ast.Constant(value=value):
            return _is_zero(value)
        case ast.Call(func=ast.Name(id=name)):
            return name in _ZERO_CALLS
        case _:
            return False


def is_default(value: ast.expr, subject: ast.expr, place: Place) -> bool:
    """True if `value` is neutral, or what the old file already takes instead of `subject`."""
    if is_neutral(value):
        return True
    return is_literal(value) and any(alike(value, one) for one in _known_defaults(subject, place))


def is_literal(node: ast.expr) -> bool:
    """True for constants and containers of constants, except for True."""
    parts = (ast.Constant, ast.Tuple, ast.List, ast.Dict, ast.UnaryOp, ast.USub, ast.expr_context, ast.Load)
    if isinstance(node, ast.Call):
        named = isinstance(node.func, ast.Name) and node.func.id in _ZERO_CALLS and not node.keywords
        return named and all(is_literal(one) for one in node.args)
    return all(
        isinstance(one, parts) and not (isinstance(one, ast.Constant) and one.value is True)
        for one in ast.walk(node)
    )


def _known_defaults(subject: ast.expr, place: Place) -> list[ast.expr]:
    match subject:
        case ast.Name(id=name):
            return _parameter_defaults(name, place)
        case ast.Subscript(slice=key) | ast.Call(func=ast.Attribute(attr="get"), args=[key, *_]):
            return [default for other, default in _lookups(place) if alike(key, other)]
        case _:
            return []


def _parameter_defaults(name: str, place: Place) -> list[ast.expr]:
    if place.function is None:
        return []
    arguments = place.function.args
    positional = [*arguments.posonlyargs, *arguments.args]
    given = list(zip(reversed(positional), reversed(arguments.defaults), strict=False))
    only = [
        (one, default) for one, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
        if default is not None
    ]  # fmt: skip
    return [default for one, default in [*given, *only] if one.arg == name]


def _lookups(place: Place) -> list[tuple[ast.expr, ast.expr]]:
    """Keys that are constants, each with a default that the old file has for it."""
    found: list[tuple[ast.expr, ast.expr]] = []
    for node in place.file.nodes:
        match node:
            case ast.Call(
                func=ast.Attribute(attr="get" | "pop" | "setdefault"), args=[ast.Constant() as key, default]
            ):
                found.append((key, default))
            case ast.IfExp(test=test, body=body, orelse=other) if isinstance(
                test, ast.Compare | ast.Subscript
            ):
                keys = [one.slice for one in ast.walk(test) if isinstance(one, ast.Subscript)]
                found += [(key, body if says_missing(test) else other) for key in keys if _says_which(test)]
            case ast.BoolOp(
                op=ast.Or(),
                values=[
                    ast.Subscript(slice=key) | ast.Call(func=ast.Attribute(attr="get"), args=[key]),
                    default,
                ],
            ):
                found.append((key, default))
            case _:
                pass
    return found


def _says_which(test: ast.expr) -> bool:
    """True if the test asks for nothing but whether something is there."""
    match test:
        case ast.Compare(ops=[ast.Is() | ast.IsNot()], comparators=[ast.Constant(value=None)]):
            return True
        case ast.Compare(ops=[ast.In() | ast.NotIn()]):
            return True
        case _:
            return isinstance(test, ast.Subscript)


def is_given_elsewhere(value: ast.expr | None, place: Place, about: ast.AST | None = None) -> bool:
    """True if a guard or a handler of the same function already returns `value`, which is not True.

    With `about`, a guard counts only if it asks for something that stands there as well.
    """
    if value is None or not (is_literal(value) or isinstance(value, ast.Name | ast.Attribute)):
        return False
    if names_in(value) & (place.bound - place.arguments):
        return False  # it may have no value yet
    for node in own(place.function):
        match node:
            case ast.If(test=test, body=[ast.Return(value=known)], orelse=[]) if says_missing(test):
                if about is not None and not names_in(test) & names_in(about):
                    continue
            case ast.ExceptHandler(body=[ast.Return(value=known)]):
                pass
            case _:
                continue
        if alike(value, known):
            return True
    return False


def leaves(statement: ast.AST, place: Place) -> bool:
    """True for an explained end of the way: a neutral or known return, the next item, or a refusal."""
    match statement:
        case ast.Return(value=value):
            return is_neutral(value) or is_given_elsewhere(value, place) or _is_no_answer(value, place)
        case ast.Continue():
            return place.is_in_loop
        case ast.Raise():
            return refuses(statement, place)
        case _:
            return False


def is_way_out(body: Sequence[ast.stmt], place: Place) -> bool:
    """True if `body` may leave as one does where something is missing, or skips an item."""
    return any(leaves(one, place) or isinstance(one, ast.Break | ast.Continue) for one in nodes_of(body))


def _is_no_answer(value: ast.expr | None, place: Place) -> bool:
    """`NotImplemented` from a comparison: Python then asks the other operand."""
    named = isinstance(value, ast.Name) and value.id == "NotImplemented"
    return (
        named
        and place.function is not None
        and place.function.name in {"__eq__", "__ne__", "__lt__", "__gt__"}
    )


def refuses(statement: ast.Raise, place: Place, caught: str | None = None) -> bool:
    """True for the raise of an error that the file knows, with a plain message. `caught` names what it comes from."""
    match statement.cause:
        case None:
            pass
        case ast.Name(id=name) if name == caught:
            pass
        case _:
            return False
    if statement.exc is None or not _is_refusal(statement.exc, place):
        return False
    if any(alike(statement.exc, one) for one in place.file.raised):
        return _only_tells(statement.exc) and names_in(statement.exc) <= place.visible | _BUILT_IN
    match statement.exc:
        case ast.Name() | ast.Attribute():
            return _is_known_error(statement.exc, 0, place)
        case ast.Call(func=ast.Name() | ast.Attribute() as kind, args=arguments, keywords=[]):
            known = _is_known_error(kind, len(arguments), place)
            return known and all(is_message(one, place, caught) for one in arguments)
        case _:
            return False


def _is_refusal(raised: ast.expr, place: Place) -> bool:
    """True for an error that says no; not for one that ends a loop, asks to try again, or leads somewhere else."""
    kind = raised.func if isinstance(raised, ast.Call) else raised
    name = ast.unparse(kind).rpartition(".")[2]
    said = words(name)
    leads = bool(set(said) & _LEADING) or ("found" in said and "not" not in said)
    handled = [*place.caught_by_callers, *place.caught_around]
    known = any(ast.unparse(one).rpartition(".")[2] in place.file.ancestors(name) for one in handled)
    ends = name == "IndexError" and place.function is not None and place.function.name == "__getitem__"
    return name[:1].isupper() and not leads and not known and not ends


def _only_tells(raised: ast.expr) -> bool:
    """True for an error that does not end the program, and whose message is made without calls that do something."""
    kind = raised.func if isinstance(raised, ast.Call) else raised
    calls = [one for one in ast.walk(raised) if isinstance(one, ast.Call) and one is not raised]
    return ast.unparse(kind) not in _ENDING and all(
        isinstance(one.func, ast.Name | ast.Attribute)
        and ast.unparse(one.func).rpartition(".")[2] in _TELLING
        for one in calls
    )


def _is_known_error(kind: ast.expr, given: int, place: Place) -> bool:
    """True for an error about data with one text at most, or one that the file raises with as many arguments."""
    if isinstance(kind, ast.Name) and kind.id in _DATA_ERRORS and kind.id not in place.file.defined:
        return given <= 1
    known = [one for one in place.file.raised if alike(kind, one.func if isinstance(one, ast.Call) else one)]
    counts = {len(one.args) if isinstance(one, ast.Call) and not one.keywords else 0 for one in known}
    return ast.unparse(kind) not in _ENDING and given in counts


def is_narrow(kind: ast.expr | None, place: Place) -> bool:
    """True if a handler may take this: a named error about the data, or one that the file already catches by name."""
    if kind is None:
        return False
    return all(_is_narrow_class(one, place) for one in members(kind))


def _is_narrow_class(kind: ast.expr, place: Place) -> bool:
    name = ast.unparse(kind) if isinstance(kind, ast.Name | ast.Attribute) else ""
    plain = name.rpartition(".")[2]
    if not name or plain in _TOO_BROAD or is_for_a_person(ancestors(plain)):
        return False
    if names_in(kind) & (place.arguments | place.bound):
        return False
    if isinstance(kind, ast.Attribute) and isinstance(kind.value, ast.Name):
        return plain in _LIBRARY_ERRORS.get(kind.value.id, ()) or name in place.file.caught
    if is_builtin(name):
        return name in _NARROW or name in place.file.caught
    return name in place.file.caught


def lost_call(body: Sequence[ast.stmt], test: ast.expr, place: Place) -> ast.Call | None:
    """The first call for its effect that would be missing where `test` does not hold; None if there is none.

    What belongs to the missing thing itself may be left out: its own call or method, an entry of a collection, a line
    in a log.
    """
    effects = [one.value for one in nodes_of(body) if isinstance(one, ast.Expr)]
    calls = [one.value if isinstance(one, ast.Await) else one for one in effects]
    return next(
        (one for one in calls if isinstance(one, ast.Call) and not _may_be_lost(one, test, place)), None
    )


def _may_be_lost(call: ast.Call, test: ast.expr, place: Place) -> bool:
    if is_unconverted(test, [ast.Expr(call)]):
        return True
    if is_logger(call.func) or is_collected(call.func, place):
        return True
    reached: ast.expr = call.func
    about = subjects(test)
    while not any(alike(reached, one) for one in about):
        if not isinstance(reached, ast.Attribute | ast.Subscript):
            return False
        reached = reached.value
    return True


def is_collected(function: ast.expr, place: Place) -> bool:
    """True for the method that puts an entry into a collection at hand, or takes one out; of no other system's."""
    match function:
        case ast.Attribute(value=collection, attr=name):
            other = (
                is_service(collection)
                or speaks_of_it([collection])
                or names_in(collection) & place.file.modules
            )
            return name in COLLECTING and not other
        case _:
            return False


def is_unconverted(test: ast.expr, body: Sequence[ast.stmt]) -> bool:
    """`if not isinstance(v, C):` around the call that makes a `C` of `v` and throws it away."""
    match test, body:
        case (
            ast.UnaryOp(
                op=ast.Not(),
                operand=ast.Call(func=ast.Name(id="isinstance"), args=[subject, kind], keywords=[]),
            ),
            [ast.Expr(value=ast.Call(func=function, args=[same]))],
        ):
            return alike(kind, function) and alike(subject, same)
        case _:
            return False
