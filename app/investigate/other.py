"""Failures other than None and missing keys: which part of the failing line raised, by the exception's message."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.core.model import FailureKind
from app.core.recorded import Locals, elements, look_up, parse_repr, type_name
from app.investigate.message import called_name, suspicions

_TYPES = (
    re.compile(r"^'(?P<one>[\w.]+)' object (?:has no attribute|is not|does|doesn't|cannot|can't)"),
    re.compile(r"^argument of type '(?P<one>[\w.]+)' is not"),
    re.compile(r"^object of type '(?P<one>[\w.]+)' has no len"),
    re.compile(r"^unsupported operand type\(s\) for \S+(?: or pow\(\))?: '(?P<one>[\w.]+)' and '(?P<two>[\w.]+)'"),
    re.compile(r"^can only concatenate \w+ \(not \"(?P<one>[\w.]+)\"\) to"),
    re.compile(r"^sequence item \d+: expected \w+ instance, (?P<one>[\w.]+) found"),
    re.compile(r"^'[<>]=?' not supported between instances of '(?P<one>[\w.]+)' and '(?P<two>[\w.]+)'"),
    re.compile(r"^cannot unpack non-iterable (?P<one>[\w.]+) object"),
    re.compile(r"^(?:.* )?must be .*, not '?(?P<one>[\w.]+)'?$"),
    re.compile(r"^unsupported format string passed to (?P<one>[\w.]+)\.__format__"),
    re.compile(r"^expected string or bytes-like object, got '(?P<one>[\w.]+)'"),
)  # fmt: skip
_GIVE_TEXT = frozenset(
    {
        "strip",
        "lstrip",
        "rstrip",
        "lower",
        "upper",
        "replace",
        "join",
        "format",
        "title",
        "decode",
        "group",
        "casefold",
    }
)
_SEQUENCES = {"list": "list", "string": "str", "tuple": "tuple", "bytearray": "bytearray"}
# Classes that a recorded value shows for sure; other objects print themselves as they like.
_PLAIN = frozenset({"str", "int", "float", "bool", "bytes", "list", "tuple", "dict", "set", "NoneType"})
_CONVERTERS = (
    (re.compile(r"^invalid literal for int\(\)"), {"int"}),
    (re.compile(r"^could not convert string to float"), {"float"}),
    (re.compile(r"codec can't decode"), {"decode", "str", "read", "readline", "readlines"}),
    (re.compile(r"codec can't encode"), {"encode", "write", "print", "bytes"}),
    (re.compile(r"x not in (?:list|deque)|is not in (?:list|deque)"), {"remove", "index"}),
    (re.compile(r"too large to convert to float"), {"float"}),
)


@dataclass(frozen=True, slots=True)
class Suspect:
    """An expression that can have raised, the part of it that was wrong, and a word about that part.

    `detail` is the index of a bad lookup, the class name of a wrong value, the name of an unbound local.
    """

    kind: FailureKind
    expression: ast.expr
    subject: ast.expr
    detail: str | None
    evidence: tuple[str, ...]


def suspects(
    nodes: Sequence[ast.AST], names: tuple[str, ...], message: str, variables: Locals, below: str | None
) -> list[Suspect]:
    """What of `nodes` can have raised, the likeliest first; `names` are the exception and its ancestors.

    `below` is the function that the line called, where its frame is in the stack trace.
    """
    name = names[0]
    found: list[Suspect] = []
    if name in {"UnboundLocalError", "NameError"}:
        found = list(_unbound(nodes, message))
    elif "IndexError" in names and below is None:
        found = _indexes(nodes, message, variables)
    elif "StopIteration" in names or re.search(r"(?:empty sequence|argument is empty)", message):
        found = list(_empty(nodes))
    elif "ZeroDivisionError" in names or re.search(r"math domain error|arg 3 must not be zero", message):
        found = _zeros(nodes, message, variables)
    elif names[0] in {"AttributeError", "TypeError"} and below is None:
        found = _wrong_types(nodes, name, message, variables)
    if (
        not found
        and "LookupError" in names
        and below is None
        and not any(isinstance(one, ast.Call) for one in nodes)
    ):
        return []  # the record says that no lookup of the line can have failed
    return found or list(raised(nodes, message, below))


def _unbound(nodes: Sequence[ast.AST], message: str) -> Iterator[Suspect]:
    match = re.search(r"variable '(\w+)'", message)
    named = [one for one in nodes if match and isinstance(one, ast.Name) and one.id == match[1]]
    # Where the statement only stores the name, it is the target of `+=`, which reads it first.
    for node in [one for one in named if isinstance(one.ctx, ast.Load)] or named:
        yield Suspect(
            FailureKind.UNBOUND, node, node, node.id, (f"The message names the local `{node.id}`.",)
        )


def _indexes(nodes: Sequence[ast.AST], message: str, variables: Locals) -> list[Suspect]:
    kind = _SEQUENCES.get(message.partition(" ")[0])
    assignment = "assignment" in message
    sure: list[Suspect] = []
    possible: list[Suspect] = []
    for node, sequence, index in _subscripts(nodes):
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store) != assignment:
            continue
        recorded = type_name(variables, sequence)
        if recorded is not None and kind is not None and recorded not in {kind, "list"}:
            continue
        outside = _is_outside(sequence, index, variables)
        text = ast.unparse(sequence)
        evidence = (f"`{text}` was recorded without an item {ast.unparse(index)}.",) if outside else ()
        if outside is not False:
            suspect = Suspect(FailureKind.BAD_INDEX, node, sequence, ast.unparse(index), evidence)
            (sure if outside else possible).append(suspect)
    # A text is more likely what a method of texts gives than what a list holds.
    possible.sort(key=lambda one: kind == "str" and not _is_text(one.subject))
    return sure or possible


def _is_text(node: ast.expr) -> bool:
    match node:
        case ast.Call(func=ast.Attribute(attr=attr)):
            return attr in _GIVE_TEXT
        case _:
            return False


def _subscripts(nodes: Sequence[ast.AST]) -> Iterator[tuple[ast.expr, ast.expr, ast.expr]]:
    for node in nodes:
        match node:
            case ast.Subscript(value=value, slice=index) if not isinstance(index, ast.Slice):
                yield node, value, index
            case ast.Call(func=ast.Attribute(value=value, attr="pop"), args=[index], keywords=[]):
                yield node, value, index
            case ast.Call(func=ast.Attribute(value=value, attr="pop"), args=[], keywords=[]):
                yield node, value, ast.Constant(-1)
            case _:
                pass


def _is_outside(sequence: ast.expr, index: ast.expr, variables: Locals) -> bool | None:
    """True if the recorded sequence has no such item, False if it has, None if the record does not say."""
    length = _length(sequence, variables)
    at = _number(index, variables)
    if length is None:
        return None
    if at is None:
        return True if length == 0 else None
    return not -length <= at < length


def _length(sequence: ast.expr, variables: Locals) -> int | None:
    found = look_up(variables, sequence)
    value = found.value if found is not None else None
    parsed = parse_repr(value) if isinstance(value, str) else value
    if isinstance(parsed, ast.Constant) and isinstance(parsed.value, str | bytes):
        return len(parsed.value)
    items = elements(variables, sequence)
    return len(items) if items is not None and len(items) < 10 else None  # noqa: PLR2004 - the SDK's breadth


def _number(node: ast.expr, variables: Locals) -> int | None:
    match node:
        case ast.Constant(value=int(number)):
            return number
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            inner = _number(operand, variables)
            return -inner if inner is not None else None
        case _:
            found = look_up(variables, node)
            value = found.value if found is not None else None
            text = value if isinstance(value, str) else str(value)
            return int(text) if re.fullmatch(r"-?\d{1,18}", text) else None


def _empty(nodes: Sequence[ast.AST]) -> Iterator[Suspect]:
    for node in nodes:
        match node:
            case ast.Call(func=ast.Name(id="next"), args=[iterator]):
                yield Suspect(FailureKind.EMPTY, node, iterator, None, ("`next()` found no item.",))
            case ast.Call(func=ast.Name(id="max" | "min" as name), args=[iterable], keywords=keywords) if all(
                one.arg != "default" for one in keywords
            ):
                yield Suspect(FailureKind.EMPTY, node, iterable, None, (f"`{name}()` found no item.",))
            case _:
                pass


def _zeros(nodes: Sequence[ast.AST], message: str, variables: Locals) -> list[Suspect]:
    found: list[Suspect] = []
    for node in nodes:
        match node:
            case ast.BinOp(op=ast.Div() | ast.FloorDiv() | ast.Mod(), right=divisor) if (
                "domain" not in message
            ):
                found.append(Suspect(FailureKind.ZERO, node, divisor, None, ()))
            case ast.Call(func=ast.Name(id="range"), args=[_, _, step]) if "arg 3" in message:
                found.append(Suspect(FailureKind.ZERO, node, step, None, ()))
            case ast.Call(func=ast.Attribute(value=ast.Name(id="math")), args=[argument, *_]) if (
                "domain" in message
            ):
                found.append(Suspect(FailureKind.ZERO, node, argument, None, ()))
            case _:
                pass
    left = [one for one in found if _number(one.subject, variables) in {0, None}]
    return left if not isinstance(left[0].subject if left else None, ast.Constant) else []


def _wrong_types(nodes: Sequence[ast.AST], name: str, message: str, variables: Locals) -> list[Suspect]:
    match = next((matched for one in _TYPES if (matched := one.search(message))), None)
    if match is None:
        return []
    found: list[Suspect] = []
    for group, kind in match.groupdict().items():
        if kind is None:
            continue
        start, end = match.span(group)
        as_none = f"{message[:start]}NoneType{message[end:]}"
        why = (f"The message says that a value was a `{kind}`.",)
        found += [
            Suspect(FailureKind.WRONG_TYPE, one.expression, one.subject, kind, why)
            for node in nodes
            for one in suspicions(node, name, as_none)
            if _may_be(one.subject, kind, variables)
        ]
    return sorted(found, key=lambda one: isinstance(one.subject, ast.Constant))


def _may_be(subject: ast.expr, kind: str, variables: Locals) -> bool:
    """False if the record shows an object of another class: `<Name.i l.3>` or a plain value."""
    if type_name(variables, subject) in _PLAIN - {kind}:
        return False
    found = look_up(variables, subject)
    match = (
        re.match(r"<([\w.]+)[ :.(]", found.value)
        if found is not None and isinstance(found.value, str)
        else None
    )
    return match is None or kind.rpartition(".")[2] in match[1].split(".")


def raised(nodes: Sequence[ast.AST], message: str, below: str | None) -> Iterator[Suspect]:
    """The calls of `nodes` that can have raised `message`, then whatever else the statement evaluates."""
    calls = [one for one in nodes if isinstance(one, ast.Call)]
    wanted = next((names for pattern, names in _CONVERTERS if pattern.search(message)), set())
    chosen = [one for one in calls if below is not None and called_name(one) == below]
    chosen = chosen or [one for one in calls if called_name(one) in wanted] or calls[::-1]
    for call in chosen:
        text = ast.unparse(call.func)
        evidence = (f"The stack trace goes on in `{below}`.",) if below is not None else ()
        yield Suspect(FailureKind.RAISED, call, call, None, (*evidence, f"`{text}()` raised."))
    for node in nodes:
        match node:
            case ast.Assign(value=value) | ast.Return(value=ast.expr() as value) | ast.Expr(value=value):
                yield Suspect(FailureKind.RAISED, value, value, None, ("The statement raised.",))
            case ast.If(test=test) | ast.While(test=test):
                yield Suspect(FailureKind.RAISED, test, test, None, ("The condition raised.",))
            case ast.For(iter=iterable):
                yield Suspect(FailureKind.RAISED, iterable, iterable, None, ("The iterable raised.",))
            case ast.AugAssign(value=value):
                yield Suspect(FailureKind.RAISED, value, value, None, ("The statement raised.",))
            case ast.Subscript() | ast.BinOp() | ast.Attribute():
                yield Suspect(FailureKind.RAISED, node, node, None, ("The expression raised.",))
            case _:
                pass
