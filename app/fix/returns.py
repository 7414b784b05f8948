"""What a function may return when it has nothing to work on: only what its own code gives evidence for."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace

from app.core.syntax import names_bound, own_nodes
from app.fix.conventions import guard_return, is_constant, is_missing_test, module_names
from app.fix.effects import is_all_it_does, sets_state
from app.fix.forms import form_type
from app.fix.pattern import Fallback, Strength
from app.fix.scope import enclosing_class
from app.fix.site import Site

_EMPTY = {
    "str": '""', "list": "[]", "dict": "{}", "set": "set()", "tuple": "()", "int": "0", "float": "0.0", "bool": "False",
    "List": "[]", "Dict": "{}", "Set": "set()", "Tuple": "()", "Sequence": "[]", "Iterable": "[]", "Mapping": "{}",
    "Collection": "[]", "frozenset": "frozenset()", "Decimal": 'Decimal("0")',
}  # fmt: skip
_SHOWN_BY_RESULTS = frozenset({"str", "list", "dict", "set", "bool", "tuple"})
_MEANINGFUL = frozenset(
    {"int", "float", "Decimal", "dict", "Dict", "Mapping"}
)  # an empty one is a statement, too


# "No" as an answer of these lets somebody or something through.
_RESTRICTS = re.compile(
    r"block|bann|den(y|ied)|forbid|lock|expir|revok|suspend|fraud|require|restrict|limit|exceed|overdue"
)


def fallback_returns(site: Site) -> list[Fallback]:
    """What an early return may give at this site, best first; `code` is "" for a bare return."""
    if site.function is None:
        return []
    if site.function.name.startswith("__"):
        return list(_protocol(site))
    if site.is_generator:
        return [Fallback("", f"{site.function_name} is a generator: it simply ends.", Strength.GUARD)]
    if _raises_for_missing(site):
        return []
    found = [
        *_guards(site),
        *declared(site),
        *_procedure(site),
        *_none(site),
        *_callers(site),
        *_kinds(site),
        *_nothing(site),
        *_module(site),
        *_fall_through(site),
        *_extended(site),
        *_passed_on(site),
    ]
    if _RESTRICTS.search(site.function.name):
        found = [replace(one, accepted=False) if one.code == "False" else one for one in found]
    return distinct(sorted(found, key=lambda one: one.strength))


_OF_NOTHING = {"__len__": "0", "__contains__": "False", "__bool__": "False", "__iter__": "iter(())"}


def _protocol(site: Site) -> Iterator[Fallback]:
    """What a container without contents answers to the questions of its protocol."""
    name = site.function.name if site.function is not None else ""
    if site.none and name in _OF_NOTHING and isinstance(site.subject, ast.Attribute):
        yield Fallback(_OF_NOTHING[name], f"`{name}` of an object that holds nothing.", Strength.GUARD)


def distinct(found: list[Fallback]) -> list[Fallback]:
    """Each value once, with its strongest evidence."""
    return list({one.code: one for one in reversed(found)}.values())[::-1]


def _returns(site: Site) -> list[ast.Return]:
    return [one for one in own_nodes(site.function) if isinstance(one, ast.Return)] if site.function else []


def _guards(site: Site) -> Iterator[Fallback]:
    """What the function's other guards return, if it makes sense here."""
    if site.function is None:
        return
    local = names_bound(site.function)
    for node in own_nodes(site.function):
        if not isinstance(node, ast.If) or (found := guard_return(node)) is None:
            continue
        value = site.text(found.value) if found.value is not None else ""
        if not _names(ast.parse(value)) & local:
            why = f"`{site.text(node.test)}` in line {node.lineno} of the function already returns {said(value)}."
            # What says something in particular ("the cart is empty") was written for that one condition.
            yield Fallback(value, why, Strength.GUARD, accepted=says_nothing(found.value))
    for node in own_nodes(site.function):
        if isinstance(node, ast.ExceptHandler) and node.body and isinstance(node.body[-1], ast.Return):
            returned = node.body[-1].value
            if returned is None or is_constant(returned):
                code = site.text(returned) if returned is not None else ""
                why = (
                    f"The handler in line {node.lineno} of {site.function_name} already returns {said(code)}."
                )
                yield Fallback(code, why, Strength.GUARD)


def says_nothing(value: ast.expr | None) -> bool:  # noqa: PLR0911 - a table of forms
    """True for no value, None, False, zero, an empty text, an empty or new container, and a tuple of such."""
    match value:
        case None:
            return True
        case ast.Constant(value=constant):
            return not constant
        case ast.Tuple(elts=parts):
            return all(says_nothing(one) for one in parts)
        case ast.List(elts=parts) | ast.Set(elts=parts):
            return not parts
        case ast.Dict(keys=keys):
            return not keys
        case ast.Call(args=arguments, keywords=[]):
            return all(
                isinstance(one, ast.Constant) and str(one.value) in {"0", "0.0", "0.00", ""}
                for one in arguments
            )
        case _:
            return False


def _names(node: ast.AST) -> set[str]:
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}


def _raises_for_missing(site: Site) -> bool:
    """True if the function answers missing values with its own error: a return would hide a condition it reports."""
    guards = [one for one in own_nodes(site.function) if isinstance(one, ast.If)] if site.function else []
    missing = [one for one in guards if is_missing_test(one.test) and not one.orelse]
    return bool(missing) and all(isinstance(one.body[-1], ast.Raise) for one in missing)


def declared(site: Site) -> Iterator[Fallback]:
    """What the return annotation allows."""
    annotation = site.function.returns if site.function is not None else None
    if annotation is None:
        return
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        try:
            annotation = ast.parse(annotation.value, mode="eval").body
        except SyntaxError:
            return
    text = ast.unparse(annotation)
    if isinstance(annotation, ast.Constant) and annotation.value is None:
        yield _early_end(site, f"{site.function_name} returns nothing.")
    elif is_optional(annotation):
        yield Fallback("None", f"{site.function_name} is declared to return `{text}`.", Strength.GUARD)
    else:
        base = annotation.value if isinstance(annotation, ast.Subscript) else annotation
        name = base.attr if isinstance(base, ast.Attribute) else getattr(base, "id", "")
        fixed = name.lower() == "tuple" and isinstance(annotation, ast.Subscript) and "..." not in text
        known = name != "Decimal" or "Decimal" in module_names(site.code)
        if name in _EMPTY and known and not fixed:
            why = f"{site.function_name} is declared to return `{text}`, whose empty value is {_EMPTY[name]}."
            yield Fallback(_EMPTY[name], why, Strength.LAST, accepted=name not in _MEANINGFUL)


def is_optional(annotation: ast.expr) -> bool:  # noqa: PLR0911 - a table of forms
    """True for `X | None` and `Optional[X]`."""
    match annotation:
        case ast.Constant(value=None):
            return True
        case ast.Constant(value=str(text)):
            try:
                return is_optional(ast.parse(text, mode="eval").body)
            except SyntaxError:
                return False
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return is_optional(left) or is_optional(right)
        case ast.Subscript(value=ast.Name(id="Optional") | ast.Attribute(attr="Optional")):
            return True
        case ast.Subscript(
            value=ast.Name(id="Union") | ast.Attribute(attr="Union"), slice=ast.Tuple(elts=elements)
        ):
            return any(is_optional(one) for one in elements)
        case _:
            return False


def _procedure(site: Site) -> Iterator[Fallback]:
    """A function without any value ends early without one."""
    if (
        site.function is not None
        and site.function.returns is None
        and all(one.value is None for one in _returns(site))
    ):
        yield _early_end(site, f"{site.function_name} never returns a value.")


def _early_end(site: Site, why: str) -> Fallback:
    """No value; weak where the call would be left without its effect."""
    lost = sets_state(site) or is_all_it_does(site)
    return Fallback("", why, Strength.LAST if lost else Strength.GUARD, accepted=not lost)


def _none(site: Site) -> Iterator[Fallback]:
    """The function, or its end, already gives None."""
    returns = _returns(site)
    for one in returns:
        if isinstance(one.value, ast.Constant) and one.value.value is None:
            yield Fallback(
                "None", f"Line {one.lineno} of {site.function_name} already returns None.", Strength.GUARD
            )
        if isinstance(one.value, ast.IfExp) and _is_none(one.value.orelse):
            yield Fallback(
                "None", f"Line {one.lineno} of {site.function_name} can already return None.", Strength.GUARD
            )
        if (
            isinstance(one.value, ast.Call)
            and isinstance(one.value.func, ast.Attribute)
            and one.value.func.attr == "get"
        ) and len(one.value.args) == 1:
            why = f"Line {one.lineno} of {site.function_name} can already return None."
            yield Fallback("None", why, Strength.GUARD)


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _callers(site: Site) -> Iterator[Fallback]:
    """The callers test the result."""
    if site.function is not None and site.function.returns is None:
        found = site.conventions.callers_expect_none(site.function.name)
        if found is not None:
            yield Fallback(
                "None",
                f"The caller at {found.place} tests the result of {site.function_name}.",
                Strength.TYPE,
            )


def _kinds(site: Site) -> Iterator[Fallback]:
    """All other results are of one kind."""
    if site.function is None or site.function.returns is not None:
        return
    values = [one.value for one in _returns(site) if one.value is not None]
    others = [value for value in values if site.parent(value) is not site.statement]
    kinds = {_kind(site, value) for value in others or values} - {None}
    kind = next(iter(kinds)) if len(kinds) == 1 else None
    if kind is None and values and all(_is_view(value) for value in values):
        kind = "list"
    if kind in _SHOWN_BY_RESULTS:
        # An empty text in place of a long one says less than it seems: only a person can tell whether that is enough.
        strength = Strength.LAST if kind == "str" and len(values) > 1 else Strength.TYPE
        yield Fallback(_EMPTY[kind], f"{site.function_name} gives a {kind}.", strength)
    elif answers_yes_or_no(site):
        yield Fallback("False", f"{site.function_name} answers a yes-or-no question.", Strength.TYPE)


def _nothing(site: Site) -> Iterator[Fallback]:
    """The one number that the function writes down as a result is a zero: its readers already meet "nothing"."""
    values = [one.value for one in _returns(site) if one.value is not None]
    numbers = [one for one in values if isinstance(one, ast.Constant) and type(one.value) in {int, float}]
    if len(numbers) == 1 and len(values) > 1 and numbers[0].value == 0:
        code = ast.unparse(numbers[0])
        why = f"Line {numbers[0].lineno} of {site.function_name} already returns {code}."
        yield Fallback(code, why, Strength.TYPE)


def _is_view(value: ast.expr) -> bool:
    match value:
        case ast.Call(func=ast.Attribute(attr="items" | "keys" | "values"), args=[]):
            return True
        case _:
            return False


def answers_yes_or_no(site: Site) -> bool:
    """True for a function that is declared or named as a question."""
    if site.function is None:
        return False
    declared = isinstance(site.function.returns, ast.Name) and site.function.returns.id == "bool"
    return declared or site.function.name.lstrip("_").startswith(("is_", "has_", "can_", "should_"))


def _kind(site: Site, value: ast.expr) -> str | None:
    """The kind of a result; a dict that is written with its keys is a record, of which there is no empty one."""
    return _local_kind(site, value) or (
        None if isinstance(value, ast.Dict) and value.keys else form_type(value)
    )


def _local_kind(site: Site, value: ast.expr) -> str | None:
    """The kind of a local name that the function creates empty and returns."""
    if not isinstance(value, ast.Name) or site.function is None:
        return None
    for node in own_nodes(site.function):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=made) if name == value.id:
                return form_type(made)
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as made) if name == value.id:
                return form_type(made)
            case _:
                pass
    return None


def _fall_through(site: Site) -> Iterator[Fallback]:
    """What the function returns at its end, if the failing statement stands in a branch that returns before it."""
    above = site.parent(site.statement)
    if (
        site.function is None
        or not isinstance(above, ast.If)
        or above.orelse
        or site.statement not in above.body
        or not isinstance(site.statement, ast.Return)
    ):
        return
    block = site.parent(above)
    body = getattr(block, "body", [])
    at = body.index(above) if above in body else -1
    if at < 0 or at + 1 >= len(body):
        return
    match body[at + 1]:
        case ast.Return(value=ast.expr() as value) if is_constant(value) or isinstance(value, ast.Name):
            why = f"Line {body[at + 1].lineno} returns it where `{site.text(above.test)}` does not hold."
            yield Fallback(site.text(value), why, Strength.PRECEDENT)
        case _:
            pass


def _extended(site: Site) -> Iterator[Fallback]:
    """What the method that this one extends gives for nothing is passed on."""
    if site.function is None or not site.none or not isinstance(site.subject, ast.Name):
        return
    for node in own_nodes(site.function):
        match node:
            case ast.Assign(
                targets=[ast.Name(id=name)],
                value=ast.Call(func=ast.Attribute(value=owner, attr=method), args=arguments),
            ) if (
                name == site.subject.id and method == site.function.name and _is_base(site, owner, arguments)
            ):
                why = f"`{site.text(owner)}.{method}()` in line {node.lineno} gives None for nothing."
                yield Fallback("None", why, Strength.GUARD)
            case _:
                pass


def _is_base(site: Site, owner: ast.expr, arguments: list[ast.expr]) -> bool:
    """True for `super()`, and for a base class that is given the object itself."""
    match owner:
        case ast.Call(func=ast.Name(id="super")):
            return True
        case ast.Name() | ast.Attribute():
            above = enclosing_class(site.code, site.function) if site.function is not None else None
            bases = [ast.dump(one) for one in above.bases] if above is not None else []
            itself = bool(arguments) and isinstance(arguments[0], ast.Name) and arguments[0].id == "self"
            return itself and ast.dump(owner) in bases
        case _:
            return False


_CONVERTS = re.compile(r"pars|decod|encod|convert|serial|format|normali[sz]e|(?:^|_)(?:to|from)_")


def _passed_on(site: Site) -> Iterator[Fallback]:
    """A function that only converts its one value makes nothing of nothing."""
    function = site.function
    if function is None or not site.none or not isinstance(site.statement, ast.Return):
        return
    body = [one for one in function.body if not isinstance(one, ast.Expr)]
    plain = body == [site.statement] and isinstance(site.subject, ast.Name)
    if (
        plain
        and _CONVERTS.search(function.name)
        and (function.returns is None or is_optional(function.returns))
    ):
        yield Fallback("None", f"{site.function_name} converts a value; there is none.", Strength.GUARD)


def _module(site: Site) -> Iterator[Fallback]:
    """The other functions of the file agree on one answer."""
    if site.function is None or site.function.returns is not None:
        return
    found = site.conventions.module_answer()
    values = [one.value for one in _returns(site) if one.value is not None]
    if found is None or not values or found.code == "":
        return
    answer = form_type(ast.parse(found.code, mode="eval").body)
    kinds = {form_type(value) for value in values} - {None, answer}
    if not kinds:
        yield Fallback(
            found.code, f"{found.place} answers a missing value with {said(found.code)} too.", Strength.LAST
        )


def said(code: str) -> str:
    """How a sentence names a returned value."""
    return f"`{code}`" if code else "early"
