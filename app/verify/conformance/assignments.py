"""Assignments: a first value, a start from a default, the parts of a text, a conversion; and an import for it."""

from __future__ import annotations

import ast

from app.core.syntax import names_in
from app.verify.conformance.conditions import is_quiet
from app.verify.conformance.consequences import is_neutral
from app.verify.conformance.forms import Block, Step, touches_permission
from app.verify.conformance.likeness import alike, occurs
from app.verify.conformance.place import Place, own


def first_value(old: Block, new: Block, place: Place) -> Step | None:
    """A neutral first value of a local name that some ways through the function never gave one."""
    match new:
        case [ast.Assign(targets=[ast.Name(id=name)], value=value), *_] if old and place.function is not None:
            bindings = [
                one for one in own(place.function)
                if isinstance(one, ast.Name) and one.id == name and not isinstance(one.ctx, ast.Load)
            ]  # fmt: skip
            later = bool(bindings) and all(one.lineno >= old[0].lineno for one in bindings)
            if not later or name in place.arguments or not _is_first(value, name, place):
                return None
            return Step(0, 1, touches_permission([ast.Name(name, ast.Load())], place))
    return None


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
        ) if alike(target, same) and alike(value, kept):
            return Step(1, 1, touches_permission([target], place))
    return None


def counted_from_default(old: Block, new: Block, place: Place) -> Step | None:
    """`d[k] = d.get(k, 0) + 1` instead of `d[k] += 1`, and `t.x = (t.x or "") + more`."""
    match old, new:
        case (
            [ast.AugAssign(target=target, op=operator, value=value), *_],
            [ast.Assign(targets=[same], value=ast.BinOp(left=start, op=kept, right=added)), *_],
        ) if alike(target, same) and alike(value, added) and alike(operator, kept) and is_quiet(target):
            if _starts_from(start, target):
                return Step(1, 1, touches_permission([target, value], place))
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
            return Step(1, 1, touches_permission([container, key], place))
    return None


def parted(old: Block, new: Block, place: Place) -> Step | None:
    """`name, _, value = text.partition("=")` instead of `name, value = text.split("=", 1)`, or only its first part."""
    match old, new:
        case (
            [ast.Assign(targets=[ast.Tuple(elts=[first, second])], value=split), *_],
            [ast.Assign(targets=[ast.Tuple(elts=[one, ast.Name(id="_"), other])], value=partition), *_],
        ) if alike(first, one) and alike(second, other) and _is_partition(split, partition):
            return Step(1, 1, touches_permission([old[0]], place))
        case (
            [ast.Assign(targets=[ast.Tuple(elts=[first, ast.Name(id=unused)])], value=split), *_],
            [ast.Assign(targets=[one], value=ast.Subscript(value=kept, slice=ast.Constant(value=0))), *_],
        ) if alike(first, one) and alike(split, kept) and not _is_read(unused, place):
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
            return alike(text, same) and alike(separator, kept)
        case _:
            return False


def _is_read(name: str, place: Place) -> bool:
    return any(
        isinstance(one, ast.Name) and one.id == name and isinstance(one.ctx, ast.Load)
        for one in own(place.function)
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
        ] if name == same and name in names_in(protected):
            return Step(0, 1, touches_permission([protected], place))
    return None


def imported(_old: Block, new: Block, place: Place) -> Step | None:
    """One module that the explained code needs, at the top of the file."""
    match new:
        case [ast.Import(names=[ast.alias(name=module, asname=None)]), *_] if len(place.above) == 1:
            if module in place.imports and module not in place.file.names:
                return Step(0, 1)
    return None
