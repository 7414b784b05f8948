"""A value that cannot be normalised stays as it is, for the check below to refuse.

What it fixes:
    `level = int(level)` raises for a word, and the function would refuse an unknown level two lines later.

Why it fails:
    The normalisation expects what the check after it has yet to establish.

Fix safety:
    Unsafe: the handler takes what the normalisation raises for this value, and the check decides as it always did; that
    it refuses such values is for a person to confirm. The check must have an answer for a value of every class, as `in`
    and `==` have and `<` has not.

References:
    Python Glossary, "EAFP".
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from app.core.exceptions import DATA
from app.core.model import Applicability, FailureKind
from app.fix.edit import Around
from app.fix.handlers import is_caught_here, spelled
from app.fix.pattern import ANY, Example, FixPattern, Proposal, Strength, Unchanged
from app.fix.scope import is_own_error, names_before
from app.fix.site import Site


def codemod(site: Site) -> Iterator[Proposal]:
    """Puts the normalisation into a `try` that goes on."""
    statement, how = site.statement, spelled(site)
    if site.function is None or how is None or how.line or not set(site.trace.names) & DATA:
        return
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(args=[*_, ast.Name(id=given)])) if (
            given == name
        ):
            pass
        case _:
            return
    refusal = _refusal(site, name)
    if refusal is None or name not in names_before(site) or is_caught_here(site):
        return
    check, error = refusal
    yield Proposal(
        (Around((statement,), "try:", f"except {how.code}:\n    pass  # the check below refuses it"),),
        f"Leave `{name}` as it is when line {statement.lineno} raises {site.trace.names[0]}",
        (f"Line {check.lineno} checks `{name}`, and line {error.lineno} refuses what does not pass.",),
        "Only values that cannot be normalised take the way to the check.",
        Strength.SYNTAX,
        safe=False,
        raises=True,
    )


def _refusal(site: Site, name: str) -> tuple[ast.If, ast.Raise] | None:
    """The check that comes next, and the error of the package for what it does not let pass."""
    check = site.following[0] if site.following else None
    accepts = _accepts(check.test, name) if isinstance(check, ast.If) else None
    if not isinstance(check, ast.If) or site.function is None or accepts is None:
        return None
    error = site.function.body[-1] if accepts else check.body[-1]
    if isinstance(error, ast.Raise) and error.exc is not None and is_own_error(error.exc):
        return check, error
    return None


def _accepts(test: ast.expr, name: str) -> bool | None:
    """Whether the test is true for known values or for others; None if it has no answer for some classes."""
    match test:
        case ast.BoolOp(values=[first, *_]):
            return _accepts(first, name)
        case ast.UnaryOp(op=ast.Not(), operand=inner):
            accepts = _accepts(inner, name)
            return None if accepts is None else not accepts
        case ast.Compare(left=ast.Name(id=left), ops=[operator]) if left == name:
            if isinstance(operator, ast.Eq | ast.In):
                return True
            return False if isinstance(operator, ast.NotEq | ast.NotIn) else None
        case ast.Call(func=ast.Name(id="isinstance"), args=[ast.Name(id=left), _]) if left == name:
            return True
        case _:
            return None


PATTERN = FixPattern(
    category="missing-error-handling",
    applicability=Applicability.UNSAFE,
    answers=ANY,
    kinds=frozenset({FailureKind.RAISED, FailureKind.WRONG_TYPE, FailureKind.NONE_VALUE}),
    codemod=codemod,
    examples=(
        Example(
            """\
class BandError(Exception):
    pass


def rate(band):
    band = int(band)
    if band in {1, 2}:
        return band * 10
    raise BandError(f"unknown band {band!r}")


try:
    rate("reduced")
except BandError as error:
    assert str(error) == "unknown band 'reduced'"
""",
            """\
class BandError(Exception):
    pass


def rate(band):
    try:
        band = int(band)
    except ValueError:
        pass  # the check below refuses it
    if band in {1, 2}:
        return band * 10
    raise BandError(f"unknown band {band!r}")


try:
    rate("reduced")
except BandError as error:
    assert str(error) == "unknown band 'reduced'"
""",
        ),
        Example(
            """\
class ColourError(Exception):
    pass


COLOURS = {"red": "#f00", "blue": "#00f"}


def code(colour):
    colour = str.lower(colour)
    if colour not in COLOURS:
        raise ColourError(f"unknown colour {colour!r}")
    return COLOURS[colour]


try:
    code(5)
except ColourError as error:
    assert str(error) == "unknown colour 5"
""",
            """\
class ColourError(Exception):
    pass


COLOURS = {"red": "#f00", "blue": "#00f"}


def code(colour):
    try:
        colour = str.lower(colour)
    except TypeError:
        pass  # the check below refuses it
    if colour not in COLOURS:
        raise ColourError(f"unknown colour {colour!r}")
    return COLOURS[colour]


try:
    code(5)
except ColourError as error:
    assert str(error) == "unknown colour 5"
""",
        ),
    ),
    unchanged=(
        Unchanged(
            """\
class BandError(Exception):
    pass


def rate(band):
    band = int(band)
    if band > 0:
        return band * 10
    raise BandError(f"unknown band {band!r}")


rate("reduced")
""",
            "The check itself fails for what is no number.",
        ),
        Unchanged(
            """\
def rate(band):
    band = int(band)
    if band in {1, 2}:
        return band * 10
    return 0


rate("reduced")
""",
            "Nothing below refuses a value: an unknown band would cost nothing.",
        ),
        Unchanged(
            """\
class BandError(Exception):
    pass


def rate(band):
    band = int(band)
    if band == 3:
        raise BandError(f"band {band!r} was abolished")
    return f"rate {band}"


rate("reduced")
""",
            "The check refuses only some known values: what is no number would pass it.",
        ),
    ),
)
