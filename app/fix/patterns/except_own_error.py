"""Where the code refuses bad input with an error of its own, a conversion that fails for bad input raises it too.

What it fixes:
    `re.compile(pattern)` raises in a function that answers an unknown token with the package's error; `int(value)` in
    `get_int`, where `get_list` and `get_bool` tell with the package's error what the value is not.

Why it fails:
    The conversion was thought to take everything that comes this far.

Fix safety:
    Unsafe: an exception stays an exception, but its class and text are new, so a person reviews. The text is that of
    the exception, or that of a relative with the one word exchanged in which the two differ. A function that answers
    bad input with a value is left alone.

References:
    Python Language Reference, "The raise statement": `raise ... from`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace

from app.core.exceptions import DATA, SLIPS
from app.core.model import Applicability, FailureKind
from app.fix.edit import Import
from app.fix.own_errors import (
    caught_name,
    class_of,
    gives_a_value,
    inputs_of,
    is_class,
    is_text,
    refusals,
    refuse,
)
from app.fix.pattern import ANY, Example, FixPattern, Proposal, Strength, Unchanged
from app.fix.relatives import errors_of_relatives
from app.fix.scope import can_be_written
from app.fix.site import Site

# The modules whose errors are no built-in ones, and about a text or bytes that cannot be read.
_READERS = frozenset({"re", "struct", "zlib", "lzma", "_lzma", "csv", "_csv", "xml.parsers.expat"})
_NUMBERS = frozenset({"int", "float", "Decimal"})


def codemod(site: Site) -> Iterator[Proposal]:
    """Raises the error of relatives with their text, or the function's own error with the text of the exception."""
    if site.function is None or gives_a_value(site.function) or not inputs_of(site):
        return
    for proposal in (_as_relatives(site), _as_the_function(site)):
        if proposal is not None:
            yield proposal


def _as_relatives(site: Site) -> Proposal | None:
    """The error that the function's relatives raise for what they cannot convert."""
    if site.trace.distance or not set(site.trace.names) & DATA or not _converts(site):
        return None
    found = next(errors_of_relatives(site), None)
    if found is None:
        return None
    proposal = refuse(
        site,
        found.code,
        f"Raise {found.name} when line {site.statement.lineno} raises {site.trace.names[0]}",
        f"{found.place} refuses what it cannot convert with this error, and so do others of its kind.",
        Strength.PRECEDENT,
    )
    if proposal is None or found.line is None:
        return proposal
    return replace(proposal, edits=(*proposal.edits, Import(found.line)))


def _converts(site: Site) -> bool:
    """True for a call that fails for what it is given; a slip only if it makes an object of it."""
    match site.node:
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=[_, *_]):
            made = name in _NUMBERS or name.lstrip("_")[:1].isupper()
            return made or not set(site.trace.names) & SLIPS
        case _:
            return False


def _as_the_function(site: Site) -> Proposal | None:
    """The one error of its own by which the function refuses the same input."""
    if not _is_about_input(site):
        return None
    raised = [one.exc for one in refusals(site) if one.exc is not None]
    if len({class_of(one) for one in raised}) != 1:
        return None
    codes = (code for one in raised if (code := _with_text(site, one)) is not None)
    code = next(codes, None)
    if code is None:
        return None
    return refuse(
        site,
        code,
        f"Raise {class_of(raised[0])} when line {site.statement.lineno} raises {site.trace.names[0]}",
        f"Line {raised[0].lineno} refuses what is made of the same input with this error.",
        Strength.GUARD,
    )


def _is_about_input(site: Site) -> bool:
    """True for an exception that tells of its input. A number that was read from the input may well be zero."""
    names, far = set(site.trace.names), site.trace.distance
    if names & SLIPS:
        return far == 1 and "ZeroDivisionError" in names and _hands_down_number(site)
    return far <= 1 and bool(names & {"ValueError", "ArithmeticError"} or site.trace.module in _READERS)


def _hands_down_number(site: Site) -> bool:
    """True if the call that failed was given a number that was read in its arguments."""
    given = (
        [*site.node.args, *(one.value for one in site.node.keywords)]
        if isinstance(site.node, ast.Call)
        else []
    )
    return any(
        isinstance(one, ast.Call) and isinstance(one.func, ast.Name) and one.func.id in _NUMBERS
        for one in given
    )


def _with_text(site: Site, raised: ast.expr) -> str | None:
    """The error with the text of the exception in place of its own; None if it is not one that is given a text."""
    match raised:
        case ast.Call(args=[text, *others], keywords=keywords) if (
            is_class(raised)
            and is_text(text)
            and can_be_written(site, [raised.func, *others, *(one.value for one in keywords)])
        ):
            given = [
                f"str({caught_name(site)})",
                *(site.text(one) for one in others),
                *(
                    f"{one.arg}={site.text(one.value)}" if one.arg else f"**{site.text(one.value)}"
                    for one in keywords
                ),
            ]
            return f"{site.text(raised.func)}({', '.join(given)})"
        case _:
            return None


PATTERN = FixPattern(
    category="missing-error-handling",
    applicability=Applicability.UNSAFE,
    answers=ANY,
    kinds=frozenset({FailureKind.RAISED, FailureKind.WRONG_TYPE}),
    codemod=codemod,
    examples=(
        Example(
            """\
import re


class FormatError(Exception):
    pass


PARTS = {"Y": "[0-9]{4}", "M": "[0-9]{2}"}


def pattern(template):
    text = ""
    for token in template.split("-"):
        try:
            text += f"(?P<{token}>{PARTS[token]})"
        except KeyError:
            raise FormatError(f"unknown token {token!r}")
    return re.compile(text)


try:
    pattern("Y-Y")
except FormatError:
    pass
""",
            """\
import re


class FormatError(Exception):
    pass


PARTS = {"Y": "[0-9]{4}", "M": "[0-9]{2}"}


def pattern(template):
    text = ""
    for token in template.split("-"):
        try:
            text += f"(?P<{token}>{PARTS[token]})"
        except KeyError:
            raise FormatError(f"unknown token {token!r}")
    try:
        return re.compile(text)
    except re.error as error:
        raise FormatError(str(error)) from error


try:
    pattern("Y-Y")
except FormatError:
    pass
""",
        ),
        Example(
            """\
class SettingError(Exception):
    pass


class Settings(dict):
    def get_int(self, key):
        value = self.get(key)
        return int(value)

    def get_list(self, key):
        value = self.get(key)
        if not isinstance(value, list):
            raise SettingError(f"{key} is {value!r}, and no list")
        return value

    def get_bool(self, key):
        value = self.get(key)
        if value not in ("yes", "no"):
            raise SettingError(f"{key} is {value!r}, and neither yes nor no")
        return value == "yes"


try:
    Settings(port="http").get_int("port")
except SettingError as error:
    assert str(error) == "port is 'http', and no int"
""",
            """\
class SettingError(Exception):
    pass


class Settings(dict):
    def get_int(self, key):
        value = self.get(key)
        try:
            return int(value)
        except ValueError as error:
            raise SettingError(f"{key} is {value!r}, and no int") from error

    def get_list(self, key):
        value = self.get(key)
        if not isinstance(value, list):
            raise SettingError(f"{key} is {value!r}, and no list")
        return value

    def get_bool(self, key):
        value = self.get(key)
        if value not in ("yes", "no"):
            raise SettingError(f"{key} is {value!r}, and neither yes nor no")
        return value == "yes"


try:
    Settings(port="http").get_int("port")
except SettingError as error:
    assert str(error) == "port is 'http', and no int"
""",
        ),
    ),
    unchanged=(
        Unchanged(
            """\
class SettingError(Exception):
    pass


class Settings(dict):
    def get_int(self, key):
        return int(self.get(key))

    def get_float(self, key):
        try:
            return float(self.get(key))
        except ValueError:
            return None

    def get_list(self, key):
        value = self.get(key)
        if not isinstance(value, list):
            raise SettingError(f"{key} is no list")
        return value


Settings(port="http").get_int("port")
""",
            "The relatives do not agree: one gives None for what it cannot convert.",
        ),
        Unchanged(
            """\
class OrderError(Exception):
    code = ""

    def __init__(self, code):
        self.text = {"not digits": "Only digits, please."}[code]


def invalid(code):
    return OrderError(code)


def quantity(text):
    value = text.strip()
    try:
        value = bytes(value, "ascii")
    except UnicodeError:
        raise invalid("not digits")
    return int(value)


quantity("two")
""",
            "What the error is given is a name of a text, which a function looks up.",
        ),
        Unchanged(
            """\
class OrderError(Exception):
    pass


def quantity(text):
    try:
        first, last = text.split("-")
    except ValueError:
        return int(text)
    if first > last:
        raise OrderError("too few")
    return int(last)


quantity("two")
""",
            "The function answers one malformed input with a value; another may have one, too.",
        ),
    ),
)
