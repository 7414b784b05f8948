"""A narrow `try` around the failing statement: when one may be written there, and what its clause names."""

from __future__ import annotations

import ast
import re

from app.fix.edit import Around, Edit, Import
from app.fix.handlers import attempts_around, is_caught_here, is_related, spelled, takes_try
from app.fix.site import Site

_FAR = 3
# These are slips of the code at hand, or say so little that a handler would hide slips.
_SLIPS = frozenset(
    {"TypeError", "AttributeError", "LookupError", "NameError", "ZeroDivisionError", "StopIteration",
     "UnicodeEncodeError"}
)  # fmt: skip
# What dates that leave their range say: the size of the number decides which of the two errors it is.
_DATE_RANGE = re.compile(r"year -?\d+ is out of range|date value out of range|must have magnitude <=")


def reports_input(site: Site) -> bool:
    """True for an exception by which a call reports its input or the outside, not a slip of the code at hand."""
    names = set(site.trace.names)
    return "Exception" in names and not names & _SLIPS and site.trace.distance <= _FAR


def may_try(site: Site) -> bool:
    """True if a `try` of its own can stand around the failing statement.

    A handler that is there already is widened or left as it is: a second one inside it would go around its answer.
    """
    return (
        site.function is not None
        and takes_try(site.statement)
        and not isinstance(site.statement, ast.Raise)
        and spelled(site) is not None
        and not is_caught_here(site)
        and not any(
            is_related(one.types, site.trace.names, site.conventions) for one in attempts_around(site)
        )
    )


def in_try(site: Site, answer: str, name: str = "") -> tuple[Edit, ...]:
    """The edits that put the statement into a `try` with the statements `answer` as its handler.

    Only where `may_try()` holds; with a `name` the handler binds the exception to it.
    """
    how = spelled(site)
    if how is None:
        return ()
    types = how.code
    if {"ValueError", "OverflowError"} & set(site.trace.names) and _DATE_RANGE.search(site.trace.message):
        types = "(OverflowError, ValueError)"
    body = answer.replace("\n", "\n    ")
    block = Around((site.statement,), "try:", f"except {types}{f' as {name}' if name else ''}:\n    {body}")
    return (block, Import(how.line)) if how.line else (block,)
