"""The tests that a fix may add. Each asks whether a value is there, and the protected code needs that value.

A test is explained by what it protects: `x is not None` by a use of `x`, `k in m` by `m[k]`, `len(s) > 1` by `s[...]`,
`n != 0` by a division by it. Any other test, also one that is true or false by itself, stays unexplained.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator, Sequence

from app.verify.conformance.kinds import is_one_of
from app.verify.conformance.likeness import alike, occurs
from app.verify.conformance.needs import is_reached, is_used, reached
from app.verify.conformance.parts import members, own
from app.verify.conformance.permission import words
from app.verify.conformance.place import Place

# Kinds of tests, as the vocabulary of a category names them.
NONE, UNBOUND, KEY, LENGTH, EMPTY, ZERO, TYPE, ATTRIBUTE = (
    "none",
    "unbound",
    "key",
    "length",
    "empty",
    "zero",
    "type",
    "attribute",
)
EVERY = frozenset({NONE, KEY, LENGTH, EMPTY, ZERO, TYPE, ATTRIBUTE})

# Calls that only look, so that asking them once more changes nothing.
_LOOKING_FUNCTIONS = frozenset({"abs", "bool", "float", "int", "len", "repr", "str"})
_LOOKING_METHODS = frozenset({"group", "lower", "strip", "upper"})
# What answers `.get(...)` by asking somebody else, or only once.
_SERVICES = frozenset(
    {"api", "cache", "client", "conn", "connection", "consumer", "cursor", "db", "database", "http", "httpx", "inbox"}
    | {"manager", "objects", "pipe", "pool", "queue", "redis", "repo", "repository", "requests", "service", "session"}
    | {"sessions", "socket", "stream", "tx", "transaction"}
)  # fmt: skip
_NEEDS_ELEMENTS = frozenset({"max", "min", "next"})
_READS_TEXT = frozenset({"float", "int"})
_GROWING = frozenset({"append", "clear", "extend", "insert", "pop", "remove"})
_LOGARITHMS = frozenset({"log", "log10", "log2"})
_CLASSES = frozenset({"bool", "bytes", "dict", "float", "int", "list", "set", "str", "tuple", "type"})


def asks_presence(test: ast.expr, protected: Sequence[ast.AST], place: Place) -> bool:
    """True if `test` holds only where what the protected code needs is there."""
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=inner) if not _is_turned(inner):
            return asks_absence(inner, protected, place)
        case ast.BoolOp(op=ast.And(), values=parts):
            return all(asks_presence(one, protected, place) for one in parts)
        case ast.Compare(left=left, ops=[operator], comparators=[right]):
            return _compares(left, operator, right, protected, place)
        case ast.Call(keywords=[]):
            return _asks_class(test, protected, place)
        case _:
            return EMPTY in place.tests and is_quiet(test) and _needs_elements(test, protected, place)


def asks_absence(test: ast.expr, protected: Sequence[ast.AST], place: Place) -> bool:
    """True if `test` holds wherever what the protected code needs is not there."""
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=inner) if not _is_turned(inner):
            return asks_presence(inner, protected, place)
        case ast.BoolOp(op=ast.Or(), values=parts):
            return all(asks_absence(one, protected, place) for one in parts)
        case ast.Compare(left=left, ops=[operator], comparators=[right]) if type(operator) in _OPPOSITE:
            return _compares(left, _OPPOSITE[type(operator)](), right, protected, place)
        case _:
            return False


def _is_turned(node: ast.expr) -> bool:
    return isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)


_OPPOSITE: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Is: ast.IsNot,
    ast.NotIn: ast.In,
    ast.LtE: ast.Gt,
    ast.Lt: ast.GtE,
    ast.Eq: ast.NotEq,
    ast.GtE: ast.Lt,
}


def _compares(  # noqa: PLR0911 - a table of forms
    left: ast.expr, operator: ast.cmpop, right: ast.expr, protected: Sequence[ast.AST], place: Place
) -> bool:
    """A comparison in the words of presence: `is not None`, `in`, a length, a bound, `!= 0`."""
    match operator, right:
        case ast.IsNot(), ast.Constant(value=None):
            if UNBOUND in place.tests and isinstance(left, ast.Name) and left.id not in place.arguments:
                return is_reached(left, protected)
            return NONE in place.tests and is_quiet(left) and is_used(left, protected)
        case ast.In(), _:
            looks = is_quiet(right) and (isinstance(left, ast.Constant) or is_quiet(left))
            held = not is_one_of(right, {"class", "filling", "list", "str"}, place)
            return KEY in place.tests and looks and held and _reads(right, left, protected)
        case ast.Gt(), ast.Constant(value=int() as bound) if not isinstance(bound, bool):
            return LENGTH in place.tests and _is_length_for(left, bound + 1, protected, place)
        case ast.GtE(), ast.Constant(value=int() as bound) if not isinstance(bound, bool):
            return LENGTH in place.tests and _is_length_for(left, bound, protected, place)
        case ast.Lt(), _:
            return LENGTH in place.tests and is_quiet(left) and _is_bound(left, right, protected, place)
        case ast.NotEq(), ast.Constant(value=0 | 0.0 as zero) if zero is not False:
            return ZERO in place.tests and is_quiet(left) and divides_by(left, protected)
        case _:
            return False


def _asks_class(test: ast.Call, protected: Sequence[ast.AST], place: Place) -> bool:
    match test:
        case ast.Call(func=ast.Name(id="isinstance"), args=[subject, kind]):
            known = all(_is_class(one, place) for one in members(kind))
            return (
                TYPE in place.tests
                and known
                and is_quiet(subject)
                and _is_asked_of(subject, kind, protected, place)
            )
        case ast.Call(func=ast.Name(id="hasattr"), args=[subject, ast.Constant(value=str(name))]) if (
            not name.startswith("__")  # which inside of a class is another name than what the code reads
        ):
            read = ast.Attribute(subject, name, ast.Load())
            return ATTRIBUTE in place.tests and is_quiet(subject) and is_reached(read, protected)
        case _:
            return False


def _is_asked_of(subject: ast.expr, kind: ast.expr, protected: Sequence[ast.AST], place: Place) -> bool:
    """True if the protected code uses the subject, and what it asks of it is known of these classes.

    Else the test would leave out values of other classes that did not fail.
    """
    names = [
        one.attr for one in reached(protected) if isinstance(one, ast.Attribute) and alike(one.value, subject)
    ]  # fmt: skip
    if isinstance(subject, ast.Name) and any(alike(one, kind) for one in place.file.annotations(subject.id)):
        return is_used(subject, protected)
    known = [getattr(builtins, one.id, None) if isinstance(one, ast.Name) else None for one in members(kind)]
    return bool(names) and all(hasattr(one, name) for one in known for name in names)


def _is_class(kind: ast.expr, place: Place) -> bool:
    match kind:
        case ast.Name(id=name):
            return name in _CLASSES or name in place.file.names
        case ast.Attribute():
            return occurs(kind, [place.file.tree])
        case _:
            return False


def is_quiet(node: ast.expr) -> bool:
    """True for an expression that only reads: names, attributes, items, arithmetic, and a few calls that look."""
    reading = (
        ast.Name, ast.Attribute, ast.Subscript, ast.Slice, ast.Constant, ast.BinOp, ast.UnaryOp, ast.Tuple,
        ast.operator, ast.unaryop, ast.expr_context,
    )  # fmt: skip
    return not isinstance(node, ast.Constant) and all(
        isinstance(one, reading) or (isinstance(one, ast.Call) and _looks(one)) for one in ast.walk(node)
    )


def _looks(call: ast.Call) -> bool:
    match call:
        case ast.Call(func=ast.Name(id=name), keywords=[]):
            return name in _LOOKING_FUNCTIONS
        case ast.Call(func=ast.Attribute(value=asked, attr="get"), args=[_, *_], keywords=[]):
            return not is_service(asked)
        case ast.Call(func=ast.Attribute(attr=name), keywords=[]):
            return name in _LOOKING_METHODS
        case _:
            return False


def _reads(container: ast.expr, key: ast.expr, protected: Sequence[ast.AST]) -> bool:
    """True if the protected code needs `key` to be in `container`."""
    item = ast.Subscript(container, key, ast.Load())
    nodes = reached(protected)
    return is_reached(item, protected) or any(
        isinstance(one, ast.Call)
        and isinstance(one.func, ast.Attribute)
        and one.func.attr == "remove"
        and alike(one.func.value, container)
        and alike(one.args, [key])
        for one in nodes
    )


def _is_length_for(node: ast.expr, length: int, protected: Sequence[ast.AST], place: Place) -> bool:
    """True for the length of a sequence of which the protected code reads the element that just needs this length."""
    match node:
        case ast.Call(func=ast.Name(id="len"), args=[sequence], keywords=[]) if is_quiet(sequence):
            fits = not is_one_of(sequence, {"dict", "filling"}, place)
            return fits and length in {_needed_length(one) for one in _positions(sequence, protected)}
        case _:
            return False


def _needed_length(position: ast.expr) -> int | None:
    match position:
        case ast.Constant(value=int() as number):
            return number + 1
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() as number)):
            return number
        case _:
            return None


def _is_bound(index: ast.expr, length: ast.expr, protected: Sequence[ast.AST], place: Place) -> bool:
    """True for `i < len(s)` where `s[i]` is read; the length may have a name."""
    if isinstance(length, ast.Name):
        values = list(_assigned(length, place))
        return (
            len(values) == 1
            and not _grows(values[0], place)
            and _is_bound(index, values[0], protected, place)
        )
    match length:
        case ast.Call(func=ast.Name(id="len"), args=[sequence], keywords=[]):
            return is_reached(ast.Subscript(sequence, index, ast.Load()), protected)
        case _:
            return False


def _grows(length: ast.expr, place: Place) -> bool:
    """True if the function changes the sequence whose length has a name."""
    sequence = length.args[0] if isinstance(length, ast.Call) and length.args else length
    return any(
        isinstance(one, ast.Attribute) and one.attr in _GROWING and alike(one.value, sequence)
        for one in own(place.function)
    )


def _assigned(name: ast.Name, place: Place) -> Iterator[ast.expr]:
    """What the function gives the name, alone or in a row of names."""
    for one in own(place.function):
        match one:
            case ast.Assign(targets=[ast.Name() as target], value=value) if alike(name, target):
                yield value
            case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Tuple(elts=values)):
                yield from (
                    value for target, value in zip(targets, values, strict=False) if alike(name, target)
                )
            case _:
                pass


def is_indexed(sequence: ast.expr, protected: Sequence[ast.AST]) -> bool:
    """True if an element of `sequence` is read."""
    return any(
        _needed_length(one) is not None or isinstance(one, ast.Name)
        for one in _positions(sequence, protected)
    )


def _positions(sequence: ast.expr, protected: Sequence[ast.AST]) -> list[ast.expr]:
    return [
        one.slice
        for one in reached(protected)
        if isinstance(one, ast.Subscript)
        and not isinstance(one.ctx, ast.Store)
        and alike(one.value, sequence)
    ]


def _needs_elements(node: ast.expr, protected: Sequence[ast.AST], place: Place) -> bool:
    """True if the protected code fails for an empty or zero `node`: it takes an element, converts it, divides by it."""
    needing = _NEEDS_ELEMENTS | (_READS_TEXT if is_one_of(node, {"str"}, place) else frozenset())
    return (
        is_indexed(node, protected)
        or divides_by(node, protected)
        or any(
            isinstance(one, ast.Call)
            and isinstance(one.func, ast.Name)
            and one.func.id in needing
            and len(one.args) == 1
            and alike(one.args[0], node)
            for one in reached(protected)
        )
    )


def divides_by(node: ast.expr, protected: Sequence[ast.AST]) -> bool:
    """True if zero for `node` would make the protected code fail: a divisor, a step, what a logarithm is taken of."""
    for one in reached(protected):
        match one:
            case ast.BinOp(left=ast.Constant(value=str() | bytes()) | ast.JoinedStr(), op=ast.Mod()):
                pass  # a text that is filled
            case (
                ast.BinOp(op=ast.Div() | ast.FloorDiv() | ast.Mod(), right=right)
                | ast.Call(func=ast.Name(id="range"), args=[_, _, right])
            ) if _is_zero_with(node, right):
                return True
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="math" | "np" | "numpy"), attr=name), args=[right, *_]
            ) if name in _LOGARITHMS:
                if _is_zero_with(node, right):
                    return True
            case _:
                pass
    return False


def _is_zero_with(node: ast.expr, divisor: ast.expr) -> bool:
    """True if `divisor` is zero where `node` is: itself, its negative, a product with it, another class of number."""
    match divisor:
        case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=inner):
            pass
        case ast.BinOp(op=ast.Mult(), left=left, right=right):
            return _is_zero_with(node, left) or _is_zero_with(node, right)
        case ast.Call(
            func=ast.Name(id="abs" | "float" | "int" | "Decimal" | "Fraction"), args=[inner], keywords=[]
        ):
            pass
        case _:
            return alike(node, divisor)
    return alike(node, divisor) or _is_zero_with(node, inner)


def subjects(test: ast.expr) -> list[ast.expr]:
    """What a test is about: `x` of `x is not None`, `m` and `k` of `k in m`, `s` of `len(s) > 1`."""
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=inner):
            return subjects(inner)
        case ast.BoolOp(values=parts):
            return [one for part in parts for one in subjects(part)]
        case ast.Compare(left=left, comparators=[right]):
            return [one for part in (left, right) for one in subjects(part)]
        case ast.Call(func=ast.Name(id="isinstance" | "hasattr" | "len"), args=[subject, *_]):
            return [subject]
        case ast.Constant():
            return []
        case _:
            return [test]


def is_service(node: ast.expr) -> bool:
    """True if something is named as what asks another system or gives each thing once, so that asking is an effect."""
    match node:
        case (
            ast.Name(id=name)
            | ast.Attribute(attr=name)
            | ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name))
        ):
            return bool(set(words(name)) & _SERVICES)
        case _:
            return False


def nodes_of(code: Sequence[ast.AST]) -> list[ast.AST]:
    """Every node of several pieces of code."""
    return [node for one in code for node in ast.walk(one)]
