"""A choice that knows no other value than those that it names refuses the others, instead of going on without a result.

What it fixes:
    `if mode == "r": ... elif mode == "w": ...` without an `else`, for a third mode: what the branches set is read next.

Why it fails:
    Every branch gives the name a value or refuses its mode, and no branch is for a mode that nobody thought of.

Fix safety:
    Unsafe: what is refused would have raised already, but with which error is for a person to say. It is the error by
    which another branch refuses a value, or by which another choice about the same value ends; without such a model
    nothing says that the other values are wrong.

References:
    Python Language Reference, "The if statement"; Python Standard Library, "ValueError" and "NotImplementedError".
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from app.core.model import Applicability, FailureKind
from app.core.syntax import names_bound
from app.fix.edit import Otherwise, chain
from app.fix.forms import is_plain
from app.fix.own_errors import WHY_SAFE, class_of, is_text, on_one_line
from app.fix.pattern import Example, FixPattern, Proposal, Raises, Strength, Unchanged
from app.fix.scope import can_be_written
from app.fix.site import Site

# A value of the right class that is not one of those that are known.
_REFUSES = {"NotImplementedError": "ValueError"}


def codemod(site: Site) -> Iterator[Proposal]:
    """Adds the `else` that raises."""
    choice = _choice(site)
    subject = _asked(choice) if choice is not None else None
    if choice is None or subject is None:
        return
    for error, why, strength in _errors(site, choice, subject):
        yield Proposal(
            (Otherwise(choice, f"raise {error}"),),
            f"Refuse a `{site.text(subject)}` that no branch of line {choice.lineno} is for",
            (why,),
            WHY_SAFE,
            strength,
            safe=False,
            raises=True,
        )
        return


def _choice(site: Site) -> ast.If | None:
    """The one statement before the failing one that may set the name: an `if` without `else`, set in every branch."""
    below: ast.AST = site.statement
    for above in site.code.ancestors(site.statement):
        for _, value in ast.iter_fields(above):
            if isinstance(value, list) and below in value:
                for one in value[: value.index(below)][::-1]:
                    if site.line in names_bound(one):
                        return one if isinstance(one, ast.If) and _is_open(one, site.line) else None
        if above is site.function:
            return None
        below = above
    return None


def _is_open(statement: ast.If, name: str) -> bool:
    """True if each branch sets the name or refuses, and there is no branch for all else."""
    branches = chain(statement)
    return not branches[-1].orelse and all(
        isinstance(one.body[-1], ast.Raise) or any(name in names_bound(part) for part in one.body)
        for one in branches
    )


def _asked(statement: ast.If) -> ast.expr | None:
    """What all the tests of a choice compare with the values that they know."""
    found: list[ast.expr] = []
    for one in chain(statement):
        match one.test:
            case (
                ast.Compare(left=subject, ops=[ast.Eq() | ast.In() | ast.Is()])
                | ast.Call(func=ast.Name(id="isinstance"), args=[subject, _])
            ) if is_plain(subject):
                found.append(subject)
            case _:
                return None
    return found[0] if len({ast.dump(one) for one in found}) == 1 else None


def _errors(site: Site, choice: ast.If, subject: ast.expr) -> Iterator[tuple[str, str, Strength]]:
    """The errors by which the same value is refused elsewhere in the file, then in another branch."""
    for node in ast.walk(site.code.tree):
        if not isinstance(node, ast.If) or node is choice:
            continue
        match chain(node)[-1].orelse:
            case [ast.Raise(exc=ast.Call() as error)] if _is_about(node, choice) and can_be_written(
                site, [error]
            ):
                why = f"Line {error.lineno} refuses every other `{site.text(subject)}`."
                yield on_one_line(site.code, error), why, Strength.PRECEDENT
            case _:
                pass
    for one in chain(choice):
        match one.body:
            case [ast.Raise(exc=ast.Call(args=[text, *_]) as error)] if is_text(text):
                name = _REFUSES.get(class_of(error), class_of(error))
                why = f"Line {error.lineno} refuses a known `{site.text(subject)}`: an unknown one is no better."
                yield f"{name}({_unknown(site, subject)})", why, Strength.SYNTAX
            case _:
                pass


def _is_about(one: ast.If, other: ast.If) -> bool:
    """True for choices about the same value, that know some of the same."""
    ours, theirs = _asked(other), _asked(one)
    same = ours is not None and theirs is not None and ast.dump(ours) == ast.dump(theirs)
    return same and bool(_known(one) & _known(other))


def _known(statement: ast.If) -> set[str]:
    """The values, or the classes, that the tests of a choice name."""
    found: set[str] = set()
    for one in chain(statement):
        match one.test:
            case ast.Compare(
                comparators=[ast.Tuple(elts=known) | ast.List(elts=known) | ast.Set(elts=known)]
            ):
                found |= {ast.dump(value) for value in known}
            case ast.Compare(comparators=[value]) | ast.Call(args=[_, value]):
                found.add(ast.dump(value))
            case _:
                pass
    return found


def _unknown(site: Site, subject: ast.expr) -> str:
    """A text that names the value, written as the file writes texts."""
    name = subject.attr if isinstance(subject, ast.Attribute) else site.text(subject)
    if any(isinstance(one, ast.JoinedStr) for one in ast.walk(site.code.tree)):
        return f'f"unknown {name}: {{{site.text(subject)}!r}}"'
    return f'"unknown {name}: {{!r}}".format({site.text(subject)})'


PATTERN = FixPattern(
    category="unbound-local",
    applicability=Applicability.UNSAFE,
    answers=(Raises("UnboundLocalError"),),
    kinds=frozenset({FailureKind.UNBOUND}),
    codemod=codemod,
    examples=(
        Example(
            """\
def total(prices, method):
    if method == "sum":
        result = sum(prices)
    elif method == "median":
        raise NotImplementedError("the median is not there yet")
    return result


try:
    total([1], "mean")
except ValueError:
    pass
""",
            """\
def total(prices, method):
    if method == "sum":
        result = sum(prices)
    elif method == "median":
        raise NotImplementedError("the median is not there yet")
    else:
        raise ValueError("unknown method: {!r}".format(method))
    return result


try:
    total([1], "mean")
except ValueError:
    pass
""",
        ),
        Example(
            """\
class UnknownUnit(Exception):
    pass


def factor(unit):
    if unit == "kg":
        return 1000
    elif unit == "g":
        return 1
    else:
        raise UnknownUnit(f"no such unit: {unit!r}")


def label(unit):
    if unit == "kg":
        name = "kilogram"
    elif unit == "g":
        name = "gram"
    return name.title()


try:
    label("lb")
except UnknownUnit:
    pass
""",
            """\
class UnknownUnit(Exception):
    pass


def factor(unit):
    if unit == "kg":
        return 1000
    elif unit == "g":
        return 1
    else:
        raise UnknownUnit(f"no such unit: {unit!r}")


def label(unit):
    if unit == "kg":
        name = "kilogram"
    elif unit == "g":
        name = "gram"
    else:
        raise UnknownUnit(f"no such unit: {unit!r}")
    return name.title()


try:
    label("lb")
except UnknownUnit:
    pass
""",
        ),
    ),
    unchanged=(
        Unchanged(
            """\
def label(unit):
    if unit == "kg":
        name = "kilogram"
    elif unit == "g":
        name = "gram"
    return name.title()


label("lb")
""",
            "Nothing refuses a unit: another one may be as good, and be called by its own name.",
        ),
        Unchanged(
            """\
def price(kind, basket):
    if kind == "gift":
        raise ValueError("a gift has no price")
    if basket:
        result = sum(basket)
    return result


price("sale", [])
""",
            "The test is about the basket, and what is refused is about the kind.",
        ),
    ),
)
