"""Where the code refuses bad input with an error of its own, what fails for bad input raises that error too.

What it fixes:
    `int(text)` raises ValueError in a function that refuses a text with a sign with an error of its own; or what is
    looked for among the allowed values cannot be looked for at all.

Why it fails:
    One way of being wrong was not thought of.

Fix safety:
    Unsafe: an exception stays an exception and only its class changes, but the text is that of another check, so a
    person reviews. A check that there is any input at all says nothing about a malformed one, and the text of one bound
    says nothing true of what has no order. Text that meets bytes is fit, and only written in the other way. A mapping
    is only one of known things where the module itself defines it.

References:
    Python Language Reference, "The raise statement": `raise ... from`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from app.core.exceptions import DATA, SLIPS
from app.core.model import Applicability, FailureKind
from app.core.syntax import chain_root
from app.fix.conventions import module_names
from app.fix.edit import Around
from app.fix.handlers import is_caught_here, spelled
from app.fix.own_errors import WHY_SAFE, class_of, on_one_line, refusals, refuse
from app.fix.pattern import ANY, Example, FixPattern, Proposal, Strength, Unchanged
from app.fix.scope import can_be_written, is_own_error
from app.fix.site import Site


def codemod(site: Site) -> Iterator[Proposal]:
    """Raises the error of a check that fails itself, or that of a sibling check."""
    yield from _check_itself(site)
    yield from _sibling(site)


def _check_itself(site: Site) -> Iterator[Proposal]:
    """What cannot be checked does not pass the check: `if value not in allowed: raise NotAllowed(value)`."""
    check, how = site.statement, spelled(site)
    if (
        how is None
        or not isinstance(check, ast.If)
        or check.orelse
        or is_caught_here(site)
        or site.trace.distance
    ):
        return
    if not set(site.trace.names) & {"TypeError", "ValueError", "OverflowError"} or _has_no_order(site):
        return
    match check.body[-1]:
        case ast.Raise(exc=ast.expr() as error) if is_own_error(error) and len(check.body) == 1:
            text = on_one_line(site.code, error)
            yield Proposal(
                (Around((check,), "try:", f"except {how.code} as error:\n    raise {text} from error"),),
                f"Refuse what line {check.lineno} cannot check as it refuses the rest",
                ("What cannot be checked does not pass the check.",),
                WHY_SAFE,
                Strength.SYNTAX,
                safe=False,
                raises=True,
            )
        case _:
            pass


def _has_no_order(site: Site) -> bool:
    """True if a value was compared with a bound that it has no order with: it is neither too small nor too large."""
    match site.node:
        case ast.Compare(ops=operators):
            return any(isinstance(one, ast.Lt | ast.LtE | ast.Gt | ast.GtE) for one in operators)
        case _:
            return False


def _sibling(site: Site) -> Iterator[Proposal]:
    """The function's own checks of the same input raise an error of the package."""
    names, far = set(site.trace.names), site.trace.distance
    if not names & DATA or far > 1 or (far and names & SLIPS):
        return
    if site.failure.kind is FailureKind.MISSING_KEY and not _is_fixed_table(site):
        return
    found = [
        one.exc
        for one in refusals(site)
        if one.exc is not None
        and not isinstance(site.parent(one), ast.ExceptHandler)
        and can_be_written(site, [one.exc])
    ]
    if not found:
        return
    error = min(found, key=lambda one: abs(one.lineno - site.statement.lineno))
    alone = len({class_of(one) for one in found}) == 1
    proposal = refuse(
        site,
        on_one_line(site.code, error),
        f"Raise the error of line {error.lineno} when line {site.statement.lineno} raises {site.trace.names[0]}",
        f"Line {error.lineno} refuses the same input with an error of the package.",
        Strength.SYNTAX if alone else Strength.LAST,
    )
    if proposal is not None:
        yield proposal


def _is_fixed_table(site: Site) -> bool:
    """True for a mapping that the module defines: what it has no entry for is not known to the program."""
    root = chain_root(site.subject)
    return isinstance(root, ast.Name) and root.id in module_names(site.code)


PATTERN = FixPattern(
    category="missing-error-handling",
    applicability=Applicability.UNSAFE,
    answers=ANY,
    kinds=frozenset(
        {
            FailureKind.RAISED,
            FailureKind.WRONG_TYPE,
            FailureKind.BAD_INDEX,
            FailureKind.NONE_VALUE,
            FailureKind.MISSING_KEY,
        }
    ),
    codemod=codemod,
    examples=(
        Example(
            """\
class OrderError(Exception):
    pass


def quantity(text):
    if text.startswith("-"):
        raise OrderError(f"not a quantity: {text!r}")
    return int(text)


try:
    quantity("two")
except OrderError:
    pass
""",
            """\
class OrderError(Exception):
    pass


def quantity(text):
    if text.startswith("-"):
        raise OrderError(f"not a quantity: {text!r}")
    try:
        return int(text)
    except ValueError as error:
        raise OrderError(f"not a quantity: {text!r}") from error


try:
    quantity("two")
except OrderError:
    pass
""",
        ),
        Example(
            """\
import re


class OrderError(Exception):
    pass


def pieces(text):
    found = re.fullmatch(r"[A-Z]+( \\d+)?", text)
    if not found:
        raise OrderError(f"not an order: {text!r}")
    return int(found[1])


try:
    pieces("LAMP")
except OrderError:
    pass
""",
            """\
import re


class OrderError(Exception):
    pass


def pieces(text):
    found = re.fullmatch(r"[A-Z]+( \\d+)?", text)
    if not found:
        raise OrderError(f"not an order: {text!r}")
    try:
        return int(found[1])
    except TypeError as error:
        raise OrderError(f"not an order: {text!r}") from error


try:
    pieces("LAMP")
except OrderError:
    pass
""",
        ),
        Example(
            """\
class OrderError(Exception):
    pass


PRICES = {"lamp": 30, "desk": 200}


def price(name):
    if not name.islower():
        raise OrderError(f"no such thing: {name!r}")
    return PRICES[name]


try:
    price("sofa")
except OrderError:
    pass
""",
            """\
class OrderError(Exception):
    pass


PRICES = {"lamp": 30, "desk": 200}


def price(name):
    if not name.islower():
        raise OrderError(f"no such thing: {name!r}")
    try:
        return PRICES[name]
    except KeyError as error:
        raise OrderError(f"no such thing: {name!r}") from error


try:
    price("sofa")
except OrderError:
    pass
""",
        ),
    ),
    unchanged=(
        Unchanged(
            """\
class OrderError(Exception):
    pass


def price(name, prices):
    if not name.islower():
        raise OrderError(f"no such thing: {name!r}")
    return prices[name]


price("sofa", {"lamp": 30})
""",
            "Whether the prices or the name are at fault is not known: both were given.",
        ),
        Unchanged(
            """\
class OrderError(Exception):
    pass


def stored(name, text):
    if name.startswith(b"/"):
        raise OrderError(f"no such thing: {name!r}")
    return b"/" + name + text


stored(b"lamp", "new")
""",
            "The text is fit, and only has to be encoded.",
        ),
        Unchanged(
            """\
class OrderError(Exception):
    pass


def quantity(text):
    if not text:
        raise OrderError("no quantity")
    return int(text)


quantity("two")
""",
            "The check asks only whether there is a text: its error says nothing about a malformed one.",
        ),
        Unchanged(
            """\
def quantity(text):
    if text.startswith("-"):
        raise ValueError(f"not a quantity: {text!r}")
    return int(text)


quantity("two")
""",
            "The function's own checks raise a built-in error, as the failing line does.",
        ),
    ),
)
