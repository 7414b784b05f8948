"""An existing handler also takes the exception that got past it.

What it fixes:
    A `try` around the failing statement catches some of what it can raise, and not what it did raise.

Why it fails:
    Whoever wrote the handler knew that the input may be bad, and knew one of the exceptions for that.

Fix safety:
    Safe where the `try` covers nothing but the failing statement and its handler does not answer with an error of its
    own: then only executions that raised this exception here go another way. Otherwise a person reviews. A handler that
    passes the exception on, or reads what only its own exception has, is left alone; so is a value that needed no
    conversion, for which "can not be converted" is no answer.

References:
    Python Language Reference, "The try statement".
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator

from app.core.exceptions import SLIPS, is_builtin
from app.core.model import Applicability, FailureKind
from app.fix.conventions import Conventions
from app.fix.conversions import needless_conversion
from app.fix.edit import Import, Replace
from app.fix.handlers import Attempt, attempts_around, caught, is_caught_here, is_related, spelled
from app.fix.pattern import ANY, Example, FixPattern, Proposal, Strength, Unchanged
from app.fix.scope import is_reraise, raises_own
from app.fix.site import Site

_SMALL = 8


def codemod(site: Site) -> Iterator[Proposal]:
    """Adds the exception to the `except` clause or to `suppress()`."""
    names, conventions = site.trace.names, site.conventions
    if site.trace.distance and set(names) & SLIPS:
        return
    around = list(attempts_around(site))
    if is_caught_here(site) or needless_conversion(site) is not None:
        return
    related = [
        one
        for one in around
        if is_related(one.types, names, conventions) and not (one.handler and is_reraise(one.handler))
    ]
    how = spelled(site)
    if not related or how is None:
        return
    innermost = related[0].statement
    same = [one for one in related if one.statement is innermost]
    chosen = same[-1]
    if chosen.handler is not None and not _can_read(chosen.handler, names):
        return
    alone = innermost.body == [site.statement]
    own = chosen.handler is not None and raises_own(chosen.handler)
    if own and "LookupError" in names and not _names_lookups(chosen.types, conventions):
        return
    line = innermost.lineno
    yield Proposal(
        (Replace(chosen.types, _widened(site, chosen, how.code)), *([Import(how.line)] if how.line else [])),
        f"Let the handler of line {line} also take {how.code}",
        (f"The `try` in line {line} already answers bad input here with the same kind of exception.",),
        f"Only executions that raised {how.code} inside the `try` go another way.",
        _strength(chosen),
        safe=alone and not own and site.trace.distance == 0,
        raises=own,
    )


def _names_lookups(types: ast.expr, conventions: Conventions) -> bool:
    """True if the clause is about missing entries too: the error of one for malformed input says nothing of them."""
    return any("LookupError" in one for one in caught(types, conventions))


def _can_read(handler: ast.ExceptHandler, names: tuple[str, ...]) -> bool:
    """True if the exception has every attribute that the handler reads of what it caught."""
    classes = [getattr(builtins, one) for one in names if is_builtin(one)]
    read = {
        one.attr
        for one in ast.walk(handler)
        if isinstance(one, ast.Attribute) and isinstance(one.value, ast.Name) and one.value.id == handler.name
    }
    return all(any(hasattr(one, attribute) for one in classes) for attribute in read)


def _strength(chosen: Attempt) -> Strength:
    return Strength.SIGNATURE if chosen.size <= _SMALL else Strength.TYPE


def _widened(site: Site, chosen: Attempt, name: str) -> str:
    match chosen.types:
        case ast.Call(func=func, args=arguments):
            inner = ", ".join([*(site.text(one) for one in arguments), name])
            return f"{site.text(func)}({inner})"
        case ast.Tuple(elts=elements):
            return f"({', '.join([*(site.text(one) for one in elements), name])})"
        case single:
            return f"({site.text(single)}, {name})"


PATTERN = FixPattern(
    category="missing-error-handling",
    applicability=Applicability.SAFE,
    answers=ANY,
    kinds=frozenset(FailureKind) - {FailureKind.UNBOUND},
    codemod=codemod,
    examples=(
        Example(
            """\
def quantity(text):
    try:
        return int(text)
    except ValueError:
        return 0


assert quantity(None) == 0
""",
            """\
def quantity(text):
    try:
        return int(text)
    except (ValueError, TypeError):
        return 0


assert quantity(None) == 0
""",
        ),
        Example(
            """\
import json
from contextlib import suppress


def settings(text):
    found = {"currency": "EUR"}
    with suppress(json.JSONDecodeError):
        found.update(json.loads(text))
    return found


assert settings(None) == {"currency": "EUR"}
""",
            """\
import json
from contextlib import suppress


def settings(text):
    found = {"currency": "EUR"}
    with suppress(json.JSONDecodeError, TypeError):
        found.update(json.loads(text))
    return found


assert settings(None) == {"currency": "EUR"}
""",
        ),
        Example(
            """\
from decimal import Decimal


def price(text):
    try:
        return Decimal(text)
    except (ValueError, TypeError):
        return None


assert price("12,50") is None
""",
            """\
from decimal import Decimal


def price(text):
    try:
        return Decimal(text)
    except (ValueError, TypeError, ArithmeticError):
        return None


assert price("12,50") is None
""",
        ),
    ),
    unchanged=(
        Unchanged(
            """\
import io


def pieces(file):
    try:
        return int(file.read())
    except OSError:
        return 0


pieces(io.StringIO("many"))
""",
            "What answers an unreadable file says nothing about a malformed number.",
        ),
        Unchanged(
            """\
def initial(customer):
    return customer["name"].upper()[0]


def badge(customer):
    try:
        return initial(customer)
    except ValueError:
        return "?"


badge({"name": 5})
""",
            "The function that was called slipped: its caller's handler is about bad input.",
        ),
        Unchanged(
            """\
import json


def lines(text):
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        return f"line {error.lineno}: {error.msg}"


lines(None)
""",
            "The handler reads what only its own exception has.",
        ),
        Unchanged(
            """\
class ConfigError(Exception):
    pass


def limit(text):
    try:
        name, number = text.split("=")
        return {"small": 1}[name] * int(number)
    except ValueError as error:
        raise ConfigError("malformed") from error


limit("large=2")
""",
            "The error is for a malformed text; a missing entry is another matter.",
        ),
    ),
)
