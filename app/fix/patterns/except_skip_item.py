"""An item that cannot be read is passed over where the loop passes over items anyway.

What it fixes:
    One record with bytes in another encoding, one line without a number, one attribute that is listed and cannot be
    read: the exception ends the whole loop.

Why it fails:
    The loop is written as if every item were good, while it expects that some are not wanted.

Fix safety:
    Unsafe: the handler takes only this exception of this one statement, but whether an item may be left out is for a
    person to say. The loop must show it: by a test of the very value that could not be made, without an `else`, by a
    guard that goes on with the next item, or by a handler that does; nothing of the item may be done by then. A guard
    against empty items is none against bad ones, a sum without one of its items is no sum, and trouble outside of the
    program is not the item's fault. What the file logs of such items is logged here too.

References:
    Python Tutorial, "Handling Exceptions"; Python Standard Library, `dir()`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from app.core.model import Applicability, FailureKind
from app.fix.attempts import in_try, may_try, reports_input
from app.fix.logs import skip_log
from app.fix.pattern import ANY, Example, FixPattern, Proposal, Strength, Unchanged
from app.fix.site import Site
from app.fix.skipping import chosen_by_value, is_listed_attribute, is_needed, skips


def codemod(site: Site) -> Iterator[Proposal]:
    """Puts the failing statement into a `try` that goes on with the next item."""
    if not isinstance(site.loop, ast.For | ast.AsyncFor) or isinstance(site.statement, ast.Return):
        return
    found = _evidence(site) if may_try(site) else None
    if found is None or is_needed(site):
        return
    why, strength = found
    log = skip_log(site)
    answer, name = (f"{log}\ncontinue", "error") if log is not None else ("continue", "")
    yield Proposal(
        in_try(site, answer, name),
        f"Pass over the item when line {site.statement.lineno} of {site.function_name} raises {site.trace.names[0]}",
        (why,),
        "The handler takes one exception of one statement.",
        Strength.LAST if _is_guess(site) else strength,
        safe=False,
    )


def _evidence(site: Site) -> tuple[str, Strength] | None:
    """What shows that an item may be left out."""
    if is_listed_attribute(site):
        return "`dir()` also lists attributes that refuse to be read.", Strength.SYNTAX
    if not reports_input(site):
        return None
    chosen = chosen_by_value(site)
    if chosen is not None:
        return f"Line {chosen} leaves out items by what this statement makes of them.", Strength.SYNTAX
    skipped = skips(site)
    if skipped is not None:
        return f"Line {skipped} of the same loop already passes over an item.", Strength.GUARD
    return None


def _is_guess(site: Site) -> bool:
    """True for a sum that would lack an item, and for an error of a function further down."""
    match site.statement:
        case ast.AugAssign(op=ast.Add() | ast.Sub() | ast.Mult(), value=value):
            return not isinstance(value, ast.List | ast.Tuple) or site.trace.distance > 1
        case _:
            return site.trace.distance > 1


PATTERN = FixPattern(
    category="missing-error-handling",
    applicability=Applicability.UNSAFE,
    answers=ANY,
    kinds=frozenset({FailureKind.RAISED}),
    codemod=codemod,
    examples=(
        Example(
            """\
def quantities(lines):
    found = []
    for line in lines:
        if line.startswith("#"):
            continue
        found.append(int(line))
    return found


assert quantities(["# stock", "12", "none", "3"]) == [12, 3]
""",
            """\
def quantities(lines):
    found = []
    for line in lines:
        if line.startswith("#"):
            continue
        try:
            found.append(int(line))
        except ValueError:
            continue
    return found


assert quantities(["# stock", "12", "none", "3"]) == [12, 3]
""",
        ),
        Example(
            """\
def labels(records):
    found = {}
    for record in records:
        text = record.decode("ascii")
        if "=" in text:
            name, value = text.split("=", 1)
            found[name] = value
    return found


assert labels([b"colour=red", b"size=\\xff", b"note"]) == {"colour": "red"}
""",
            """\
def labels(records):
    found = {}
    for record in records:
        try:
            text = record.decode("ascii")
        except UnicodeDecodeError:
            continue
        if "=" in text:
            name, value = text.split("=", 1)
            found[name] = value
    return found


assert labels([b"colour=red", b"size=\\xff", b"note"]) == {"colour": "red"}
""",
        ),
        Example(
            """\
def numbers(kind):
    found = []
    for name in dir(kind):
        value = getattr(kind, name)
        if isinstance(value, int):
            found.append(name)
    return found


assert "__flags__" in numbers(type)
""",
            """\
def numbers(kind):
    found = []
    for name in dir(kind):
        try:
            value = getattr(kind, name)
        except AttributeError:
            continue
        if isinstance(value, int):
            found.append(name)
    return found


assert "__flags__" in numbers(type)
""",
        ),
        Example(
            """\
import logging

log = logging.getLogger("stock")


def quantities(lines):
    found = {}
    for line in lines:
        name, colon, count = line.partition(":")
        if not colon:
            log.warning("No count in %r", line)
            continue
        found[name] = int(count)
    return found


assert quantities(["nails: 12", "screws", "nuts: many"]) == {"nails": 12}
""",
            """\
import logging

log = logging.getLogger("stock")


def quantities(lines):
    found = {}
    for line in lines:
        name, colon, count = line.partition(":")
        if not colon:
            log.warning("No count in %r", line)
            continue
        try:
            found[name] = int(count)
        except ValueError as error:
            log.warning("Passed over %r: %s", line, error)
            continue
    return found


assert quantities(["nails: 12", "screws", "nuts: many"]) == {"nails": 12}
""",
        ),
    ),
    unchanged=(
        Unchanged(
            """\
def pieces(line):
    return line.quantity


def total(lines):
    result = 0
    for line in lines:
        if not line:
            continue
        result += pieces(line)
    return result


total(["12"])
""",
            "A slip of the code that was called is no report about the input.",
        ),
        Unchanged(
            """\
def prices(lines):
    found = []
    for line in lines:
        price = float(line)
        if price > 100:
            found.append("high")
        else:
            found.append("low")
    return found


prices(["12", "?"])
""",
            "The loop has an answer for every item: none is left out.",
        ),
        Unchanged(
            """\
def quantities(lines):
    found = []
    for line in lines:
        if not line:
            continue
        found.append(int(line))
    return found


quantities(["12", "", "none"])
""",
            "An empty line is no item at all; that says nothing about a bad one.",
        ),
        Unchanged(
            """\
def accepted(headers):
    for header in headers:
        length = int(header)
        if length > 100:
            return False
    return True


accepted(["?"])
""",
            "What the test finds is refused: a bad item would be let through.",
        ),
        Unchanged(
            """\
def stock(lines):
    found = {}
    for line in lines:
        if not line:
            continue
        name, count = line.split(":")
        found[name] = 0
        found[name] += int(count)
    return found


stock(["nails:12", "nuts:many"])
""",
            "The item is half done by then.",
        ),
        Unchanged(
            """\
def prices(lines):
    found = []
    seen = set()
    for line in lines:
        if line in seen:
            continue
        seen.add(line)
        found.append(float(line))
    return found


prices(["12", "?"])
""",
            "What is passed over was there before; nothing says that a bad item may be missing.",
        ),
        Unchanged(
            """\
def last_price(lines):
    for line in lines:
        price = float(line)
        if price > 100:
            print("high")
    return price


last_price(["?", "12"])
""",
            "The value is read behind the loop.",
        ),
    ),
)
