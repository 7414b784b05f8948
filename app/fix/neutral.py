"""The value that changes nothing where it stands: empty text in text, zero in a sum, None where None is understood."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from app.fix.conventions import Conventions, tests_name
from app.fix.forms import form_type
from app.fix.local_names import is_guarded
from app.fix.pattern import Fallback, Strength
from app.fix.returns import is_optional
from app.fix.site import Site

_NUMBERS = frozenset({"int", "float", "Decimal", "Fraction"})
LOGGED = frozenset({"debug", "info", "warning", "error", "critical", "exception", "log", "print"})


@dataclass(frozen=True, slots=True)
class Place:
    """An expression that a neutral value may stand for."""

    node: ast.expr
    fallback: Fallback


def outside_quotes(site: Site, node: ast.AST, value: str) -> str | None:
    """The value with quotes that do not end an f-string around `node`; None if there are none to choose."""
    outer = [above for above in site.code.ancestors(node) if isinstance(above, ast.JoinedStr)]
    if not outer or '"' not in value:
        return value
    if '"' not in site.text(outer[-1]).split("{")[0]:
        return value
    return value.replace('"', "'") if "'" not in value else None


def neutral_places(site: Site, start: ast.expr) -> Iterator[Place]:
    """The expressions around `start` that have a neutral value, innermost first, each with that value."""
    node = chain_top(site, start)
    while True:
        above = site.parent(node)
        for fallback in _neutral(site, node, above):
            yield Place(node, fallback)
        if not isinstance(above, ast.expr | ast.keyword | ast.FormattedValue) or _stops(above):
            return
        node = site.parent(above) if isinstance(above, ast.keyword) else above  # type: ignore[assignment]
        if not isinstance(node, ast.expr):
            return


def _stops(above: ast.AST) -> bool:
    return isinstance(
        above, ast.Lambda | ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp | ast.Compare
    )


def chain_top(site: Site, node: ast.expr) -> ast.expr:
    """The longest access chain that starts with `node`: `a.b.c()` for `a.b`."""
    while True:
        match site.parent(node):
            case ast.Attribute(value=value) | ast.Subscript(value=value) as above if value is node:
                node = above
            case ast.Call(func=func) as above if func is node:
                node = above
            case ast.Await() as above:
                node = above
            case _:
                return node


def _neutral(site: Site, node: ast.expr, above: ast.AST) -> Iterator[Fallback]:  # noqa: C901, PLR0912 - a table of forms
    match above:
        case ast.FormattedValue(format_spec=None):
            # Where a number was to stand, a gap may leave a text that says something else.
            number = isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod)
            strength = Strength.LAST if number else Strength.CONTEXT
            yield Fallback('""', "In text, nothing is written as nothing.", strength)
        case ast.FormattedValue(format_spec=ast.JoinedStr(values=[ast.Constant(value=str(spec))])):
            if spec[-1:] in "dfeg%n" and spec[-1:]:
                yield Fallback(
                    "0",
                    f"The format `{spec}` takes numbers, and 0 is the one that says nothing.",
                    Strength.LAST,
                    accepted=False,
                )
        case ast.BinOp(op=ast.Add() | ast.Sub(), left=left, right=right):
            if isinstance(above.op, ast.Add):
                yield from _summand(site, right if node is left else left)
            elif node is right and node is not site.subject:
                yield from _deduction(site, left)
        case ast.BoolOp(op=ast.Or(), values=values) if node is not values[-1]:
            why = f"`or {site.text(values[-1])}` is already the answer to nothing."
            yield Fallback("None", why, Strength.SIGNATURE)
        case ast.Call() | ast.keyword():
            yield from _argument(site, node, above)
        case ast.List() | ast.Tuple() if _joined(site, above):
            yield Fallback('""', "In joined text, nothing is written as nothing.", Strength.CONTEXT)
        case ast.Assign(targets=[target], value=value) if value is node:
            yield from _assigned(site, target, node)
        case ast.IfExp(test=test) if test is not node:
            outer = site.parent(above)
            if isinstance(outer, ast.Assign) and outer.value is above and len(outer.targets) == 1:
                yield from _assigned(site, outer.targets[0], above)
        case ast.AnnAssign(target=target, annotation=annotation, value=value) if value is node:
            if is_optional(annotation):
                yield Fallback(
                    "None", f"`{site.text(target)}` is declared as `{site.text(annotation)}`.", Strength.GUARD
                )
            else:
                yield from _assigned(site, target, node)
        case ast.Dict(values=values) if any(one is node for one in values):
            yield from _entry(node, above)
        case ast.GeneratorExp(elt=element) | ast.ListComp(elt=element) if element is node:
            yield from _element(site, above)
        case _:
            pass


def _summand(site: Site, other: ast.expr) -> Iterator[Fallback]:
    kind = site.recorded_type(other)
    if kind == "str":
        yield Fallback('""', f"It is joined with the text `{site.text(other)}`.", Strength.CONTEXT)
    elif kind in _NUMBERS:
        why = f"It is added to the number `{site.text(other)}`."
        yield Fallback("0", why, Strength.CONTEXT, accepted=not _is_factor(site))


def _is_factor(site: Site) -> bool:
    """True if the missing value is a rate, a price or a quantity: a product without it is not known to be 0."""
    match site.parent(site.subject):
        case ast.BinOp(op=ast.Add() | ast.Sub()):
            return False
        case ast.BinOp():
            return True
        case _:
            return False


def _deduction(site: Site, other: ast.expr) -> Iterator[Fallback]:
    """Without a coupon nothing is taken off; a number that is itself missing, such as an old price, is not 0."""
    if site.recorded_type(other) in _NUMBERS:
        why = f"It is taken from the number `{site.text(other)}`."
        yield Fallback("0", why, Strength.TYPE, accepted=False)


def _element(site: Site, above: ast.expr) -> Iterator[Fallback]:
    match site.parent(above):
        case ast.Call(func=ast.Name(id="sum" | "fsum")):
            yield Fallback(
                "0", "In a sum, nothing counts 0.", Strength.CONTEXT, accepted=not _is_factor(site)
            )
        case ast.Call(func=ast.Attribute(attr="join")):
            yield Fallback('""', "In joined text, nothing is written as nothing.", Strength.CONTEXT)
        case _:
            pass


def _joined(site: Site, above: ast.AST) -> bool:
    match site.parent(above):
        case ast.Call(func=ast.Attribute(value=ast.Constant(value=str()), attr="join")):
            return True
        case ast.BinOp(left=ast.Constant(value=str()), op=ast.Mod()):
            return isinstance(above, ast.Tuple)
        case _:
            return False


def _argument(site: Site, node: ast.expr, above: ast.Call | ast.keyword) -> Iterator[Fallback]:
    call = site.parent(above) if isinstance(above, ast.keyword) else above
    if not isinstance(call, ast.Call) or node is call.func:
        return
    keyword = above.arg if isinstance(above, ast.keyword) else None
    position = next((at for at, one in enumerate(call.args) if one is node), None)
    name = _callee(call)
    # A text that is logged says more than what is missing in it.
    is_text = form_type(node) == "str"
    if name in LOGGED and position is not None and not is_text and isinstance(site.parent(call), ast.Expr):
        yield Fallback("None", f"`{name}` writes None as it is.", Strength.CONTEXT)
    if isinstance(call.func, ast.Attribute) and call.func.attr == "format":
        yield Fallback('""', "In text, nothing is written as nothing.", Strength.CONTEXT)
    if takes_none(site.conventions, name, position, keyword):
        yield Fallback("None", f"The parameter of `{name}` is None when it is not given.", Strength.GUARD)


def takes_none(conventions: Conventions, name: str, position: int | None, keyword: str | None) -> bool:
    """True if every function of this name declares None as the default or a type of that parameter."""
    signatures = conventions.for_function(name)
    return bool(signatures) and all(_declares_none(one, position, keyword) for one in signatures)


def _declares_none(arguments: ast.arguments, position: int | None, keyword: str | None) -> bool:
    positional = [*arguments.posonlyargs, *arguments.args]
    names = [one.arg for one in positional]
    bound = bool(names) and names[0] in {"self", "cls"}
    if keyword is None and position is not None:
        at = position + (1 if bound else 0)
        keyword = names[at] if at < len(names) else None
    if keyword is None:
        return False
    defaults = dict(zip(reversed(names), reversed(arguments.defaults), strict=False))
    defaults |= {
        one.arg: value
        for one, value in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
        if value
    }
    declared = {one.arg: one.annotation for one in [*positional, *arguments.kwonlyargs]}
    default, annotation = defaults.get(keyword), declared.get(keyword)
    is_default = isinstance(default, ast.Constant) and default.value is None
    return is_default or (annotation is not None and is_optional(annotation))


def _callee(call: ast.Call) -> str:
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def _assigned(site: Site, target: ast.expr, value: ast.expr) -> Iterator[Fallback]:
    if not isinstance(target, ast.Name) or site.function is None:
        return
    later = [node for one in site.following for node in ast.walk(one)]
    uses = [node for node in later if isinstance(node, ast.Name) and node.id == target.id]
    if not uses:
        return
    if any(tests_name(node, target.id) for node in later):
        yield Fallback("None", f"`{target.id}` is tested afterwards.", Strength.CONTEXT)
        return
    if _asks_class(site, uses):
        why = f"The code asks which class `{target.id}` is of before it uses it."
        yield Fallback("None", why, Strength.CONTEXT)
        return
    answers = [_use(site, use) for use in uses if isinstance(use.ctx, ast.Load)]
    kinds = {answer.code if answer is not None else None for answer in answers}
    if len(kinds) == 1 and answers[0] is not None:
        code = answers[0].code
        why = f"{answers[0].because} That is all that `{target.id}` is used for."
        accepted = all(answer.accepted for answer in answers if answer is not None)
        yield Fallback(code, why, answers[0].strength, accepted=accepted)
    elif form_type(value) == "str" and None not in kinds:
        yield Fallback('""', f"`{target.id}` is a text.", Strength.TYPE)


def _asks_class(site: Site, uses: list[ast.Name]) -> bool:
    """True if every use of the name is an `isinstance` test or stands behind one, and what follows refuses nothing."""
    tests = [one for one in uses if _is_class_test(site.parent(one))]
    refused = any(isinstance(node, ast.Raise) for one in site.following for node in ast.walk(one))
    return bool(tests) and not refused and all(one in tests or is_guarded(site, one) for one in uses)


def _is_class_test(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "isinstance"


def _use(site: Site, use: ast.Name) -> Fallback | None:
    """What the use of a name makes of nothing."""
    match site.parent(use):
        case ast.Assign() | ast.AnnAssign() | ast.Return():
            return None
        case above:
            return next(iter(_neutral(site, use, above)), None)


def _entry(node: ast.expr, above: ast.Dict) -> Iterator[Fallback]:
    for value in above.values:
        if value is not node and isinstance(value, ast.IfExp) and isinstance(value.orelse, ast.Constant):
            code = ast.unparse(value.orelse)
            yield Fallback(
                code, f"Another entry of the same dict is `{code}` when it has nothing.", Strength.GUARD
            )
            return
        if value is not node and isinstance(value, ast.Constant) and value.value is None:
            yield Fallback("None", "Another entry of the same dict is None.", Strength.GUARD)
            return
    kind = form_type(node)
    if kind == "str":
        yield Fallback('""', "The entry is a text.", Strength.TYPE)
    else:
        why = "The entry stays in the dict, and says that there is nothing."
        yield Fallback("None", why, Strength.TYPE, accepted=False)
