"""What a fix may do with statements: guard one, wrap it, catch its error, give a name its first value.

Each form looks at what is left of an old and a new block and answers with a `Step`: how many statements of each it
explains. A form that has the right shape but may open something answers with the reason instead.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass

from app.core.syntax import names_bound, names_in
from app.verify.conformance.conditions import NONE, asks_absence, asks_presence, is_quiet, nodes_of
from app.verify.conformance.consequences import (
    is_default,
    is_given_elsewhere,
    is_log_line,
    is_narrow,
    is_neutral,
    leaves,
    refuses,
)
from app.verify.conformance.likeness import alike, occurs, with_name_replaced
from app.verify.conformance.permission import denies, speaks_of_it
from app.verify.conformance.place import Place, own

Block = Sequence[ast.stmt]
SIMPLE = (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Expr, ast.Return, ast.Delete)
MOST_WRAPPED = 5
_COLLECTING = frozenset(
    {"add", "append", "appendleft", "discard", "extend", "insert", "pop", "remove", "setdefault", "update"}
)
_LOGGING = frozenset({"debug", "info", "warning", "error", "exception"})

_PROTOCOLS = {"__getattr__": "AttributeError", "__getitem__": "IndexError"}


@dataclass(frozen=True, slots=True)
class Step:
    """How many old and new statements a form explains; `problem` says why it does not after all."""

    old: int
    new: int
    problem: str | None = None


def leave_early(old: Block, new: Block, place: Place) -> Step | None:
    """`if x is None: return` directly before the statement that uses `x`."""
    match new:
        case [ast.If(test=test, body=[end], orelse=[]), protected, *_]:
            if asks_absence(test, [protected], place) and leaves(end, place):
                return Step(0, 1, _opens(end, old, place))
    return None


def hold_then_guard(old: Block, new: Block, place: Place) -> Step | None:
    """`y = f(x)`, then a guard about `y`, then the old statement with `y` where it called `f(x)`."""
    match old, new:
        case (
            [ast.Assign() | ast.Return() | ast.Expr() | ast.AugAssign() as whole, *_],
            [
                ast.Assign(targets=[ast.Name(id=name)], value=value),
                ast.If(test=test, body=[end], orelse=[]),
                shortened,
                *_,
            ],
        ):
            restored = with_name_replaced(shortened, name, value)
            if name in place.file.names or restored is None or not alike(restored, whole):
                return None
            if asks_absence(test, [shortened], place) and leaves(end, place):
                return Step(1, 3, _opens(end, old, place))
    return None


def neutral_argument(old: Block, new: Block, place: Place) -> Step | None:
    """`if x is None: x = []` directly before the statement that uses `x`."""
    match new:
        case [
            ast.If(
                test=test,
                body=[ast.Assign(targets=[ast.Name() as target], value=value)],
                orelse=[],
            ),
            protected,
            *_,
        ] if asks_absence(test, [protected], place) and _asks_about(test, target):
            if is_default(value, target, place):
                return Step(0, 1, _touches_permission([target, protected], place))
    return None


def only_if_present(old: Block, new: Block, place: Place) -> Step | None:
    """`if x is not None:` around a few statements that all depend on `x`."""
    match new:
        case [ast.If(test=test, body=body, orelse=[]), *_] if len(body) <= MOST_WRAPPED:
            if not alike(list(old[: len(body)]), body) or not _is_presence(test, body, place):
                return None
            return Step(len(body), 1, _skips(test, body, place))
    return None


def caught(old: Block, new: Block, place: Place) -> Step | None:
    """`try:` around exactly the failing statement, with one handler for a narrow, named error."""
    match old, new:
        case (
            [ast.stmt() as failing, *_],
            [
                ast.Try(
                    body=[inner],
                    handlers=[ast.ExceptHandler(type=kind, name=name, body=body)],
                    orelse=[],
                    finalbody=[],
                ),
                *_,
            ],
        ) if isinstance(failing, SIMPLE) and alike(failing, inner):
            if not is_narrow(kind, place):
                said = ast.unparse(kind) if kind is not None else "everything"
                return Step(1, 1, f"The handler takes `{said}`, which is more than the failure at hand.")
            if not _answers(failing, body, name, place):
                return None
            return Step(1, 1, _swallows(failing, body, place))
    return None


def kept_protocol(old: Block, new: Block, place: Place) -> Step | None:
    """The one error by which Python's own protocols say "not there": `AttributeError` from `__getattr__`, and so on."""
    expected = _PROTOCOLS.get(place.function.name) if place.function is not None else None
    match old, new:
        case _, [ast.If(test=test, body=[ast.Raise(exc=raised, cause=None)], orelse=[]), protected, *_]:
            known = Place(place.file, frozenset({NONE}), place.imports, place.above)
            if _is_error(raised, expected) and asks_absence(test, [protected], known):
                return Step(0, 1, _touches_permission([protected], place))
        case (
            [ast.Return() as failing, *_],
            [
                ast.Try(
                    body=[inner],
                    handlers=[
                        ast.ExceptHandler(
                            type=ast.Name(id="KeyError" | "IndexError"),
                            name=str(name),
                            body=[ast.Raise(exc=raised, cause=ast.Name(id=cause))],
                        )
                    ],
                    orelse=[],
                    finalbody=[],
                ),
                *_,
            ],
        ) if alike(failing, inner) and name == cause and _is_error(raised, expected):
            return Step(1, 1)
    return None


def _is_error(raised: ast.expr | None, expected: str | None) -> bool:
    match raised:
        case ast.Name(id=name) | ast.Call(func=ast.Name(id=name), args=[ast.Name()], keywords=[]):
            return name == expected
        case _:
            return False


def first_value(old: Block, new: Block, place: Place) -> Step | None:
    """A neutral first value of a local name that some ways through the function never gave one."""
    match new:
        case [ast.Assign(targets=[ast.Name(id=name)], value=value), *_] if old and place.function is not None:
            bindings = [
                one for one in own(place.function)
                if isinstance(one, ast.Name) and one.id == name and not isinstance(one.ctx, ast.Load)
            ]  # fmt: skip
            later = bool(bindings) and all(one.lineno >= old[0].lineno for one in bindings)
            if not later or name in _arguments(place) or not _is_first(value, name, place):
                return None
            return Step(0, 1, _touches_permission([ast.Name(name, ast.Load())], place))
    return None


def _is_first(value: ast.expr, name: str, place: Place) -> bool:
    """Neutral, or a name that the assignments of this one build on."""
    if is_neutral(value):
        return True
    sources = [
        one.value for one in own(place.function)
        if isinstance(one, ast.Assign) and occurs(ast.Name(name, ast.Store()), one.targets)
    ]  # fmt: skip
    return isinstance(value, ast.Name) and value.id in _arguments(place) and occurs(value, sources)


def _arguments(place: Place) -> set[str]:
    return names_bound(place.function.args) if place.function is not None else set()


def set_not_added(old: Block, new: Block, place: Place) -> Step | None:
    """`sign = "A"` where `sign += "A"` had nothing to add to."""
    match old, new:
        case (
            [ast.AugAssign(target=ast.Name() as target, op=ast.Add(), value=value), *_],
            [ast.Assign(targets=[ast.Name() as same], value=ast.Constant() as kept), *_],
        ) if alike(target, same) and alike(value, kept):
            return Step(1, 1, _touches_permission([target], place))
    return None


def counted_from_default(old: Block, new: Block, place: Place) -> Step | None:
    """`d[k] = d.get(k, 0) + 1` instead of `d[k] += 1`, and `t.x = (t.x or "") + more`."""
    match old, new:
        case (
            [ast.AugAssign(target=target, op=operator, value=value), *_],
            [ast.Assign(targets=[same], value=ast.BinOp(left=start, op=kept, right=added)), *_],
        ) if alike(target, same) and alike(value, added) and alike(operator, kept) and is_quiet(target):
            if _starts_from(start, target):
                return Step(1, 1, _touches_permission([target, value], place))
    return None


def _starts_from(start: ast.expr, target: ast.expr) -> bool:
    match start:
        case ast.Call(func=ast.Attribute(value=container, attr="get"), args=[key, default], keywords=[]):
            return is_neutral(default) and alike(ast.Subscript(container, key, ast.Load()), target)
        case ast.BoolOp(op=ast.Or(), values=[read, default]):
            return is_neutral(default) and alike(read, target)
        case _:
            return False


def removed_if_present(old: Block, new: Block, place: Place) -> Step | None:
    """`d.pop(k, None)` instead of `del d[k]`."""
    match old, new:
        case (
            [ast.Delete(targets=[ast.Subscript(value=container, slice=key)]), *_],
            [
                ast.Expr(
                    value=ast.Call(
                        func=ast.Attribute(value=same, attr="pop"),
                        args=[kept, ast.Constant(value=None)],
                        keywords=[],
                    )
                ),
                *_,
            ],
        ) if alike(container, same) and alike(key, kept):
            return Step(1, 1, _touches_permission([container, key], place))
    return None


def parted(old: Block, new: Block, place: Place) -> Step | None:
    """`name, _, value = text.partition("=")` instead of `name, value = text.split("=", 1)`, or only its first part."""
    match old, new:
        case (
            [ast.Assign(targets=[ast.Tuple(elts=[first, second])], value=split), *_],
            [ast.Assign(targets=[ast.Tuple(elts=[one, ast.Name(id="_"), other])], value=partition), *_],
        ) if alike(first, one) and alike(second, other) and _is_partition(split, partition):
            return Step(1, 1, _touches_permission([old[0]], place))
        case (
            [ast.Assign(targets=[ast.Tuple(elts=[first, ast.Name(id=unused)])], value=split), *_],
            [ast.Assign(targets=[one], value=ast.Subscript(value=kept, slice=ast.Constant(value=0))), *_],
        ) if alike(first, one) and alike(split, kept) and not _is_read(unused, place):
            return Step(1, 1, _touches_permission([old[0]], place))
    return None


def _is_partition(split: ast.expr, partition: ast.expr) -> bool:
    match split, partition:
        case (
            ast.Call(
                func=ast.Attribute(value=text, attr="split"),
                args=[separator, ast.Constant(value=1)],
                keywords=[],
            ),
            ast.Call(func=ast.Attribute(value=same, attr="partition"), args=[kept], keywords=[]),
        ):
            return alike(text, same) and alike(separator, kept)
        case _:
            return False


def _is_read(name: str, place: Place) -> bool:
    return any(
        isinstance(one, ast.Name) and one.id == name and isinstance(one.ctx, ast.Load)
        for one in own(place.function)
    )


def as_text_path(old: Block, new: Block, place: Place) -> Step | None:
    """`folder = os.fspath(folder)` directly before the statement that uses the folder as text."""
    match new:
        case [
            ast.Assign(
                targets=[ast.Name(id=name)],
                value=ast.Call(
                    func=ast.Attribute(value=ast.Name(id="os"), attr="fspath" | "fsdecode"),
                    args=[ast.Name(id=same)],
                    keywords=[],
                ),
            ),
            protected,
            *_,
        ] if name == same and name in names_in(protected):
            return Step(0, 1, _touches_permission([protected], place))
    return None


def otherwise_refused(old: Block, new: Block, place: Place) -> Step | None:
    """`else: raise ValueError(...)` at the end of a choice that knew no other values."""
    match old, new:
        case [ast.If() as choice, *_], [ast.If() as other, *_]:
            return _refused(choice, other, place)
    return None


def _refused(choice: ast.If, other: ast.If, place: Place) -> Step | None:
    if not alike(choice.test, other.test) or not alike(choice.body, other.body):
        return None
    match choice.orelse, other.orelse:
        case [], [ast.Raise() as end]:
            return Step(1, 1) if refuses(end, place) else None
        case [ast.If() as inner], [ast.If() as same]:
            return _refused(inner, same, place)
        case _:
            return None


def imported(old: Block, new: Block, place: Place) -> Step | None:
    """One module that the explained code needs, at the top of the file."""
    match new:
        case [ast.Import(names=[ast.alias(name=module, asname=None)]), *_] if len(place.above) == 1:
            if module in place.imports and module not in place.file.names:
                return Step(0, 1)
    return None


def _is_presence(test: ast.expr, body: Block, place: Place) -> bool:
    return asks_presence(test, body, place) or _is_unconverted(test, body)


def _is_unconverted(test: ast.expr, body: Block) -> bool:
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


def _asks_about(test: ast.expr, target: ast.expr) -> bool:
    match test:
        case ast.Compare(left=left, ops=[ast.Is()], comparators=[ast.Constant(value=None)]):
            return alike(left, target)
        case _:
            return False


def _opens(end: ast.stmt, old: Block, place: Place) -> str | None:
    """Why leaving here could let something through; None if it can not."""
    if denies(place.definitions):
        return f"`{place.definitions[-1].name}` refuses things, and leaving it early could let them through."  # type: ignore[attr-defined]
    if any(isinstance(one, ast.Try) and _is_within(old, one.finalbody) for one in place.above):
        return "Leaving inside a `finally` hides whatever was raised before."
    if isinstance(end, ast.Raise):
        return None
    rest = _rest(old, place)
    checks = any(isinstance(one, ast.Raise | ast.Assert) for one in nodes_of(rest))
    sensitive = place.decides or speaks_of_it(rest)
    match end:
        case ast.Return(value=ast.Constant(value=False)):
            return None
        case ast.Return(value=value) if place.gives_values and is_neutral(value):
            return None
        case ast.Return(value=value) if not sensitive and not (checks and is_neutral(value)):
            return None
        case ast.Continue() if not sensitive and not checks:
            return None
        case _ if sensitive:
            return "The new way out goes around code that decides about permission, identity or validity."
        case _:
            return "The new way out goes around a check that raises."


def _is_within(old: Block, block: list[ast.stmt]) -> bool:
    inner = nodes_of(block)
    return any(one is each for one in old for each in inner)


def _rest(old: Block, place: Place) -> list[ast.stmt]:
    """What the function does from here on."""
    statements = [one for one in own(place.function) if isinstance(one, ast.stmt)]
    return [one for one in statements if not old or one.lineno >= old[0].lineno]


def _skips(test: ast.expr, body: Block, place: Place) -> str | None:
    """Why these statements may not depend on a condition; None if they may."""
    if any(isinstance(one, ast.Raise | ast.Assert) for one in nodes_of(body)):
        return "A check that raises is made to depend on a condition."
    if (fault := _touches_permission([test, *body], place)) is not None:
        return fault
    subjects = [one for one in ast.walk(test) if isinstance(one, ast.Name | ast.Attribute | ast.Subscript)]
    bound: set[str] = set()
    for one in body:
        if not any(occurs(subject, [one]) for subject in subjects) and not names_in(one) & bound:
            return f"`{_short(one)}` is made to depend on a condition that it has nothing to do with."
        if (
            isinstance(one, ast.Expr)
            and isinstance(one.value, ast.Call)
            and not _may_be_skipped(one.value, test)
        ):
            return f"The call `{_short(one)}` is made to depend on a condition."
        bound |= names_bound(one)
    return None


def _may_be_skipped(call: ast.Call, test: ast.expr) -> bool:
    """True for what belongs to the missing thing: its own call or method, an entry of a collection, a line in a log."""
    asked = {ast.dump(one) for one in ast.walk(test)}
    reached: ast.expr = call.func
    while True:
        if ast.dump(reached) in asked:
            return True
        if not isinstance(reached, ast.Attribute | ast.Subscript):
            break
        reached = reached.value
    named = isinstance(call.func, ast.Attribute) and call.func.attr in _COLLECTING | _LOGGING
    return named or _is_unconverted(test, [ast.Expr(call)])


def _answers(failing: ast.stmt, body: Block, name: str | None, place: Place) -> bool:
    """True if the handler does one known thing, after at most a line in the log."""
    if len(body) == 2 and is_log_line(body[0], place, name):  # noqa: PLR2004
        body = body[1:]
    match body:
        case [ast.Pass()]:
            return True
        case [ast.Return(value=value)]:
            return is_neutral(value) or is_given_elsewhere(value, place)
        case [ast.Continue()]:
            return place.is_in_loop
        case [ast.Raise() as raised]:
            return refuses(raised, place, name)
        case [ast.Assign(targets=[target], value=value)] if isinstance(failing, ast.Assign):
            return alike([target], failing.targets) and (
                is_neutral(value) or _is_argument(value, failing.value)
            )
        case _:
            return False


def _is_argument(value: ast.expr, failing: ast.expr) -> bool:
    calls = [one for one in ast.walk(failing) if isinstance(one, ast.Call)]
    return isinstance(value, ast.Name) and any(
        alike(value, argument) for one in calls for argument in one.args
    )


def _swallows(failing: ast.stmt, body: Block, place: Place) -> str | None:
    """Why the error of this statement may not be answered so; None if it may."""
    if denies(place.definitions):
        return "An error is caught in code that refuses things."
    if isinstance(body[-1], ast.Raise):
        return None
    if isinstance(failing, ast.Expr) and not _collects(failing.value):
        return f"The errors of `{_short(failing)}` are swallowed, and its effect may be missing."
    if isinstance(failing, ast.Delete):
        return "The errors of a deletion are swallowed."
    return _touches_permission([failing], place)


def _collects(value: ast.expr) -> bool:
    match value:
        case ast.Yield():
            return True
        case ast.Call(func=ast.Attribute(attr=name)):
            return name in _COLLECTING
        case _:
            return False


def _touches_permission(code: Sequence[ast.AST], place: Place) -> str | None:
    if place.decides or speaks_of_it(code):
        return "The change touches code that decides about permission, identity or validity."
    return None


def _short(node: ast.AST) -> str:
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= 60 else f"{text[:57]}..."  # noqa: PLR2004
