"""What CPython 3.11 to 3.14 says when None is used as a value, and which expressions can have said it."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Suspicion:
    """An expression that can have raised the message, and the part of it that must have been None."""

    expression: ast.expr
    subject: ast.expr


Shape = Callable[[ast.AST, re.Match[str]], Iterator[Suspicion]]

_OPERATORS: dict[str, type[ast.operator]] = {
    "+": ast.Add, "-": ast.Sub, "*": ast.Mult, "/": ast.Div, "//": ast.FloorDiv, "%": ast.Mod,
    "@": ast.MatMult, "<<": ast.LShift, ">>": ast.RShift, "&": ast.BitAnd, "|": ast.BitOr, "^": ast.BitXor,
    "** or pow()": ast.Pow, "**": ast.Pow,
}  # fmt: skip
_ORDERINGS: dict[str, type[ast.cmpop]] = {"<": ast.Lt, ">": ast.Gt, "<=": ast.LtE, ">=": ast.GtE}
_UNARY: dict[str, type[ast.unaryop]] = {"-": ast.USub, "+": ast.UAdd, "~": ast.Invert}
_DRAIN = frozenset(
    {"list", "tuple", "set", "frozenset", "sorted", "sum", "min", "max", "any", "all", "enumerate", "zip", "map",
     "filter", "dict", "iter", "reversed", "extend", "update", "Counter", "deque", "chain", "next", "fsum", "mean",
     "from_iterable", "union", "intersection", "difference", "fromkeys", "OrderedDict"}
)  # fmt: skip
_REGEX = ("match", "fullmatch", "search", "sub", "subn", "split", "findall", "finditer")
_DRAINS_SECOND = frozenset({"map", "filter", "reduce"})


def suspicions(node: ast.AST, exception: str, message: str) -> Iterator[Suspicion]:
    """What of `node` itself (not of its parts) can have raised `message`."""
    for kind, pattern, shape in _SHAPES:
        if kind == exception and (match := pattern.search(message)):
            yield from shape(node, match)
            return


def is_known(exception: str, message: str) -> bool:
    """True for a message that says that None was used as a value."""
    return any(kind == exception and pattern.search(message) for kind, pattern, _ in _SHAPES)


def called_name(call: ast.Call) -> str:
    """The last name of what is called: `loads` of `json.loads(...)`."""
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def _attribute(node: ast.AST, match: re.Match[str]) -> Iterator[Suspicion]:
    if isinstance(node, ast.Attribute) and (node.attr == match[1] or _mangled(node.attr, match[1])):
        yield Suspicion(node, node.value)


def _mangled(written: str, reported: str) -> bool:
    return written.startswith("__") and reported.startswith("_") and reported.endswith(written)


def _subscript(node: ast.AST, match: re.Match[str]) -> Iterator[Suspicion]:
    wanted = {"is not subscriptable": ast.Load, "assignment": ast.Store, "deletion": ast.Del}[match[1]]
    if isinstance(node, ast.Subscript) and (isinstance(node.ctx, wanted) or wanted is ast.Load):
        yield Suspicion(node, node.value)


def _iterated(node: ast.AST, _match: re.Match[str]) -> Iterator[Suspicion]:
    match node:
        case ast.For(iter=iterable) | ast.comprehension(iter=iterable):
            yield Suspicion(iterable, iterable)
        case ast.YieldFrom(value=value):
            yield Suspicion(node, value)
        case ast.Starred(value=value, ctx=ast.Load()):
            yield Suspicion(value, value)
        case ast.Call(args=[first, *rest]) if called_name(node) in _DRAIN:
            given = rest if called_name(node) in _DRAINS_SECOND else [first]
            given = [first, *rest] if called_name(node) in {"zip", "chain", "union"} else given
            yield from (
                Suspicion(node, argument) for argument in given if not isinstance(argument, ast.Starred)
            )
        case ast.AugAssign(op=ast.Add(), value=value):
            yield Suspicion(value, value)
        case _:
            pass


def _container(node: ast.AST, _match: re.Match[str]) -> Iterator[Suspicion]:
    if isinstance(node, ast.Compare):
        for operator, right in zip(node.ops, node.comparators, strict=True):
            if isinstance(operator, ast.In | ast.NotIn):
                yield Suspicion(node, right)


def _unpacked(node: ast.AST, _match: re.Match[str]) -> Iterator[Suspicion]:
    match node:
        case ast.Assign(targets=targets, value=value) if any(
            isinstance(one, ast.Tuple | ast.List) for one in targets
        ):
            yield Suspicion(value, value)
        case _:
            pass


def _called(node: ast.AST, _match: re.Match[str]) -> Iterator[Suspicion]:
    if isinstance(node, ast.Call):
        yield Suspicion(node, node.func)


def _spread(node: ast.AST, match: re.Match[str]) -> Iterator[Suspicion]:
    mapping = "mapping" in match[0]
    match node:
        case ast.Starred(value=value) if not mapping:
            yield Suspicion(value, value)
        case ast.Call(keywords=keywords) if mapping:
            yield from (
                Suspicion(keyword.value, keyword.value) for keyword in keywords if keyword.arg is None
            )
        case ast.Dict(keys=keys, values=values) if mapping:
            yield from (
                Suspicion(value, value) for key, value in zip(keys, values, strict=True) if key is None
            )
        case _:
            pass


def _arithmetic(node: ast.AST, match: re.Match[str]) -> Iterator[Suspicion]:
    symbol, left_type, right_type = match[1], match[2], match[3]
    augmented = symbol.endswith("=") and symbol != "="
    operator = _OPERATORS.get(symbol.removesuffix("=") if augmented else symbol)
    if operator is None:
        return
    match node:
        case ast.BinOp(left=left, op=op, right=right) if isinstance(op, operator) and not augmented:
            yield Suspicion(node, left if left_type == "NoneType" else right)
        case ast.AugAssign(target=target, op=op, value=value) if isinstance(op, operator) and augmented:
            wrong = target if left_type == "NoneType" else value
            yield Suspicion(wrong, wrong)
        case ast.Call() if symbol == "+" and called_name(node) == "sum" and right_type == "NoneType":
            yield from _elements(node)
        case _:
            pass


def _elements(call: ast.Call) -> Iterator[Suspicion]:
    match call.args:
        case [ast.GeneratorExp(elt=element) | ast.ListComp(elt=element), *_]:
            yield Suspicion(element, element)
        case [ast.List(elts=elements) | ast.Tuple(elts=elements), *_]:
            yield from (Suspicion(element, element) for element in elements)
        case _:
            pass


def _unary(node: ast.AST, match: re.Match[str]) -> Iterator[Suspicion]:
    match node:
        case ast.UnaryOp(op=op, operand=operand) if match[1] in _UNARY and isinstance(op, _UNARY[match[1]]):
            yield Suspicion(node, operand)
        case ast.Call(args=[argument, *_]) if match[1] == "abs()" and called_name(node) == "abs":
            yield Suspicion(node, argument)
        case _:
            pass


def _concatenated(node: ast.AST, _match: re.Match[str]) -> Iterator[Suspicion]:
    match node:
        case ast.BinOp(op=ast.Add(), right=right):
            yield Suspicion(node, right)
        case ast.AugAssign(op=ast.Add(), value=value):
            yield Suspicion(value, value)
        case _:
            pass


def _joined(node: ast.AST, match: re.Match[str]) -> Iterator[Suspicion]:
    if isinstance(node, ast.Call) and called_name(node) == "join":
        found = list(_elements(node))
        literal = bool(node.args) and isinstance(node.args[0], ast.List | ast.Tuple)
        at = int(match[1])
        yield from found[at : at + 1] if literal else found


def _compared(node: ast.AST, match: re.Match[str]) -> Iterator[Suspicion]:
    if not isinstance(node, ast.Compare):
        return
    wanted = _ORDERINGS.get(match[1])
    left = node.left
    for operator, right in zip(node.ops, node.comparators, strict=True):
        if wanted is not None and isinstance(operator, wanted):
            yield Suspicion(node, left if match[2] == "NoneType" else right)
        left = right


def _argument(*names: str) -> Shape:
    """Calls of one of `names` (or of the name in the message), for each of their arguments."""

    def shape(node: ast.AST, match: re.Match[str]) -> Iterator[Suspicion]:
        if not isinstance(node, ast.Call):
            return
        wanted = set(names) or {match["name"].rpartition(".")[2]}
        owner = node.func.value if isinstance(node.func, ast.Attribute) else None
        module = isinstance(owner, ast.Name) and owner.id in wanted
        if called_name(node) in wanted or module:
            given = [*node.args, *(keyword.value for keyword in node.keywords)]
            yield from (
                Suspicion(node, one) for one in given if not isinstance(one, ast.Constant | ast.Starred)
            )

    return shape


def _any_argument(node: ast.AST, _match: re.Match[str]) -> Iterator[Suspicion]:
    """An argument of any call: which one was None is for the recorded locals to say."""
    if isinstance(node, ast.Call):
        given = [*node.args, *(keyword.value for keyword in node.keywords)]
        yield from (Suspicion(node, one) for one in given if isinstance(one, ast.Name | ast.Attribute))


def _awaited(node: ast.AST, _match: re.Match[str]) -> Iterator[Suspicion]:
    if isinstance(node, ast.Await):
        yield Suspicion(node, node.value)


def _entered(node: ast.AST, _match: re.Match[str]) -> Iterator[Suspicion]:
    if isinstance(node, ast.withitem):
        yield Suspicion(node.context_expr, node.context_expr)


def _formatted(node: ast.AST, _match: re.Match[str]) -> Iterator[Suspicion]:
    match node:
        case ast.FormattedValue(value=value, format_spec=ast.expr()):
            yield Suspicion(value, value)
        case ast.Call(func=ast.Name(id="format"), args=[value, *_]):
            yield Suspicion(node, value)
        case ast.Call(func=ast.Attribute(attr="format"), args=arguments, keywords=keywords):
            given = [*arguments, *(keyword.value for keyword in keywords)]
            yield from (
                Suspicion(node, one) for one in given if not isinstance(one, ast.Constant | ast.Starred)
            )
        case _:
            pass


def _percent(node: ast.AST, _match: re.Match[str]) -> Iterator[Suspicion]:
    match node:
        case ast.BinOp(op=ast.Mod(), right=ast.Tuple(elts=elements)):
            yield from (Suspicion(node, element) for element in elements)
        case ast.BinOp(op=ast.Mod(), right=right):
            yield Suspicion(node, right)
        case ast.Call(func=ast.Attribute(value=ast.Name(id="math"))):
            yield from (Suspicion(node, argument) for argument in node.args)
        case _:
            pass


def _table() -> Iterator[tuple[str, re.Pattern[str], Shape]]:
    none = "'NoneType' object "
    yield "AttributeError", re.compile(rf"^{none}has no attribute '(\w+)'"), _attribute
    rows: list[tuple[str, Shape]] = [
        (rf"^{none}(is not subscriptable)", _subscript),
        (rf"^{none}(?:doesn't|does not) support item (assignment|deletion)", _subscript),
        (
            r"^(?:argument of type 'NoneType' is not iterable|.*NoneType' is not a container or iterable)",
            _container,
        ),
        (rf"^{none}is not (?:iterable|reversible|an iterator)", _iterated),
        (r"^Value after \* must be an iterable, not NoneType", _spread),
        (r"argument after \*\*? must be (?:an iterable|a mapping), not NoneType", _spread),
        (rf"^{none}is not a mapping", _spread),
        (r"^'async for' requires an object with __aiter__ method, got NoneType", _iterated),
        (r"^cannot unpack non-iterable NoneType object", _unpacked),
        (rf"^{none}is not callable", _called),
        (r"^object of type 'NoneType' has no len\(\)", _argument("len", "choice", "sample", "shuffle")),
        (
            r"^(?=.*'NoneType')unsupported operand type\(s\) for (\S+(?: or pow\(\))?): '([\w.]*)' and '([\w.]*)'",
            _arithmetic,
        ),
        (r"^bad operand type for (?:unary )?(\S+): 'NoneType'", _unary),
        (r"^type NoneType doesn't define __(?P<name>round|trunc|floor|ceil)__ method", _argument()),
        (r"^can only concatenate \w+ \(not \"NoneType\"\) to \w+", _concatenated),
        (r"^can only join an iterable$", _argument("join")),
        (r"^sequence item (\d+): expected \w+ instance, NoneType found", _joined),
        (
            r"^(?=.*'NoneType')'(<=?|>=?)' not supported between instances of '([\w.]+)' and '([\w.]+)'",
            _compared,
        ),
        (r"^object NoneType can't be used in 'await' expression", _awaited),
        (rf"^{none}does not support the (?:asynchronous )?context manager protocol", _entered),
        (r"^unsupported format string passed to NoneType\.__format__", _formatted),
        (r"^(?:%\w format: a (?:real )?number is required|must be real number), not NoneType", _percent),
        (r"^conversion from NoneType to Decimal is not supported", _argument("Decimal")),
        (
            rf"^{none}cannot be interpreted as an integer",
            _argument("range", "randint", "chr", "bytes", "date", "sleep"),
        ),
        (r"^unsupported type for timedelta \w+ component: NoneType", _argument("timedelta")),
        (r"^expected string or bytes-like object(?:, got 'NoneType')?$", _argument("re", *_REGEX)),
        (r"^the JSON object must be str, bytes or bytearray, not NoneType", _argument("loads")),
        (
            r"^(?P<name>[\w.]+)(?:\(\)|:)? (?:first |second )?(?:argument|arg)\b.* not '?None(?:Type)?'?$",
            _argument(),
        ),
        (r"\bnot '?NoneType'?\.?$", _any_argument),
    ]
    for pattern, shape in rows:
        yield "TypeError", re.compile(pattern), shape


_SHAPES = tuple(_table())
