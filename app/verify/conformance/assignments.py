"""Assignments: a first value, a start from a default, the parts of a text, a conversion; and an import for it."""

from __future__ import annotations

import ast

from app.core.syntax import names_bound, names_in
from app.verify.conformance.behind import feeds_a_check
from app.verify.conformance.conditions import is_quiet
from app.verify.conformance.consequences import is_neutral
from app.verify.conformance.effects import is_spent
from app.verify.conformance.forms import Block, Step, touches_permission
from app.verify.conformance.kinds import is_one_of
from app.verify.conformance.likeness import alike, occurs
from app.verify.conformance.needs import reached, takes_no_none
from app.verify.conformance.parts import is_docstring, is_nothing, own
from app.verify.conformance.place import Place


def first_value(old: Block, new: Block, place: Place) -> Step | None:
    """A neutral first value of a local name that some ways through the function never gave one."""
    match new:
        case [ast.Assign(targets=[ast.Name(id=name)], value=value), *_] if old and place.function is not None:
            if not _is_unbound(name, old[0], place) or not _is_first(value, name, place):
                return None
            if not _is_used_only_in(old, name, place) or _fails_as_before(value, name, old):
                return None
            if place.loop is not None and not _belongs_to(name, place.loop, place, only=is_neutral(value)):
                return None
            because = feeds_a_check(name, list(own(place.function))) or _asks_itself(place)
            return Step(0, 1, because or touches_permission([ast.Name(name, ast.Load())], place))
    return None


def _is_used_only_in(rest: Block, name: str, place: Place) -> bool:
    """True if every use of the name lies behind this point of the same block."""
    inside = {id(each) for one in rest for each in ast.walk(one)}
    return all(
        id(one) in inside for one in own(place.function) if isinstance(one, ast.Name) and one.id == name
    )  # fmt: skip


def _fails_as_before(value: ast.expr, name: str, rest: Block) -> bool:
    """True if None only makes the code fail with another error."""
    read = ast.Name(name, ast.Load())
    asked = any(
        isinstance(one, ast.If | ast.IfExp | ast.BoolOp) and name in names_in(getattr(one, "test", one))
        for whole in rest for one in ast.walk(whole)
    )  # fmt: skip
    return (
        is_nothing(value)
        and not asked
        and any(takes_no_none(read, one) for whole in rest for one in reached([whole]))
    )


_UNBOUND_ERRORS = frozenset({"NameError", "UnboundLocalError"})


def _asks_itself(place: Place) -> str | None:
    """Why the name may get no value: the function finds out by itself whether it has one."""
    for one in own(place.function):
        match one:
            case ast.ExceptHandler(type=ast.expr() as kind) if names_in(kind) & _UNBOUND_ERRORS:
                return "The function handles a name without value by itself."
            case ast.Call(func=ast.Name(id="locals" | "vars" | "dir")):
                return "The function looks at its own names."
            case _:
                pass
    return None


def _is_unbound(name: str, statement: ast.stmt, place: Place) -> bool:
    """True if the function binds the name, and only from `statement` on: there it has no value yet."""
    elsewhere = place.other_branches
    bindings = [
        one for one in own(place.function)
        if name in _binds(one) and getattr(one, "lineno", 0) < statement.lineno and id(one) not in elsewhere
    ]  # fmt: skip
    return name in place.bound and name not in place.arguments and not bindings


def _binds(node: ast.AST) -> set[str]:
    """The names that the node itself binds; outer ones too, because a function that declares one does not own it."""
    match node:
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
            return {name}
        case ast.Import() | ast.ImportFrom() | ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return names_bound(node)
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            return {name}
        case ast.MatchMapping(rest=str(name)):
            return {name}
        case _:
            return set()


def _belongs_to(name: str, loop: ast.stmt, place: Place, *, only: bool) -> bool:
    """True if each round of `loop` has a value of its own: nothing else reads the name.

    With `only`, inner loops bind it: what an `if` binds may be meant to last until the next round.
    """
    inside = [one for one in ast.walk(loop) if isinstance(one, ast.For | ast.AsyncFor) and one is not loop]
    targets = {id(each) for one in inside for each in ast.walk(one.target)}
    within = {id(each) for each in ast.walk(loop)}
    uses = [one for one in own(place.function) if isinstance(one, ast.Name) and one.id == name]
    return all(
        id(one) in within and (not only or isinstance(one.ctx, ast.Load) or id(one) in targets)
        for one in uses
    )  # fmt: skip


def _is_first(value: ast.expr, name: str, place: Place) -> bool:
    """Neutral, or a name that the assignments of this one build on."""
    if is_neutral(value):
        return True
    sources = [
        one.value for one in own(place.function)
        if isinstance(one, ast.Assign) and any(alike(ast.Name(name), target) for target in one.targets)
    ]  # fmt: skip
    return isinstance(value, ast.Name) and value.id in place.arguments and occurs(value, sources)


def set_not_added(old: Block, new: Block, place: Place) -> Step | None:
    """`sign = "A"` where `sign += "A"` had nothing to add to."""
    match old, new:
        case (
            [ast.AugAssign(target=ast.Name() as target, op=ast.Add(), value=value), *_],
            [ast.Assign(targets=[ast.Name() as same], value=ast.Constant() as kept), *_],
        ) if alike(target, same) and alike(value, kept) and place.function is not None:
            if place.loop is None and _is_unbound(target.id, old[0], place):
                return Step(1, 1, touches_permission([target], place))
    return None


def counted_from_default(old: Block, new: Block, place: Place) -> Step | None:
    """`d[k] = d.get(k, 0) + 1` instead of `d[k] += 1`, and `t.x = (t.x or "") + more`."""
    match old, new:
        case (
            [ast.AugAssign(target=target, op=operator, value=value), *_],
            [ast.Assign(targets=[same], value=ast.BinOp(left=start, op=kept, right=added)), *_],
        ) if alike(target, same) and alike(value, added) and alike(operator, kept) and is_quiet(target):
            if _starts_from(start, target, place):
                return Step(1, 1, touches_permission([target, value], place))
    return None


def _starts_from(start: ast.expr, target: ast.expr, place: Place) -> bool:
    match start:
        case ast.Call(func=ast.Attribute(value=container, attr="get"), args=[key, default], keywords=[]):
            held = not is_one_of(container, {"filling", "list"}, place)
            return held and _is_start(default) and alike(ast.Subscript(container, key, ast.Load()), target)
        case ast.BoolOp(op=ast.Or(), values=[read, default]):
            return _is_start(default) and alike(read, target)
        case _:
            return False


def _is_start(default: ast.expr) -> bool:
    """True for a neutral value that is no list: adding to one in place is seen by whoever else holds it."""
    return (
        is_neutral(default)
        and not is_nothing(default)
        and not isinstance(default, ast.List | ast.Dict | ast.Set)
    )


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
            if is_spent(container) or is_one_of(container, {"list", "set"}, place):
                return None
            return Step(1, 1, touches_permission([container, key], place))
    return None


def parted(old: Block, new: Block, place: Place) -> Step | None:
    """`name, _, value = text.partition("=")` instead of `name, value = text.split("=", 1)`, or only its first part."""
    match old, new:
        case (
            [ast.Assign(targets=[ast.Tuple(elts=[first, second])], value=split), *_],
            [ast.Assign(targets=[ast.Tuple(elts=[one, ast.Name(id="_"), other])], value=partition), *_],
        ) if alike(first, one) and alike(second, other) and _is_partition(split, partition):
            if "_" in place.file.names:  # it may be the name that translates texts
                return None
            return Step(1, 1, touches_permission([old[0]], place))
        case (
            [ast.Assign(targets=[ast.Tuple(elts=[first, ast.Name(id=unused)])], value=split), *_],
            [ast.Assign(targets=[one], value=ast.Subscript(value=kept, slice=index)), *_],
        ) if (
            alike(index, ast.Constant(0))
            and alike(first, one)
            and alike(split, kept)
            and _splits(split)
            and not _is_read(unused, place)
        ):
            return Step(1, 1, touches_permission([old[0]], place))
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
            plain = isinstance(separator, ast.Constant) and isinstance(separator.value, str)
            return plain and alike(text, same) and alike(separator, kept)
        case _:
            return False


def _splits(value: ast.expr) -> bool:
    match value:
        case ast.Call(func=ast.Attribute(attr="split" | "rsplit")):
            return True
        case _:
            return False


def _is_read(name: str, place: Place) -> bool:
    """True if somebody may read the name: the function, one inside of it, or others if it is not the function's own."""
    nodes = ast.walk(place.function) if place.function is not None else iter(())
    return name not in place.bound or any(
        isinstance(one, ast.Name) and one.id == name and isinstance(one.ctx, ast.Load) for one in nodes
    )


def as_text_path(_old: Block, new: Block, place: Place) -> Step | None:
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
        ] if name == same and name in place.arguments | place.bound and name in names_in(protected):
            read = [one for one in own(place.function) if isinstance(one, ast.Attribute)]
            if any(alike(one.value, ast.Name(name)) and not hasattr(str, one.attr) for one in read):
                return None  # a text does not have what a path has
            return Step(0, 1, touches_permission([protected], place))
    return None


def imported(old: Block, new: Block, place: Place) -> Step | None:
    """One module that the explained code needs, at the top of the file."""
    match new:
        case [ast.Import(names=[ast.alias(name=module, asname=None)]), *_] if len(place.above) == 1:
            body = place.file.tree.body
            at_top = all(
                isinstance(one, ast.Import | ast.ImportFrom) or is_docstring(one)
                for one in body[: len(body) - len(old)]
            )
            if at_top and old and module in place.imports and module not in place.file.names:
                return Step(0, 1)
    return None
