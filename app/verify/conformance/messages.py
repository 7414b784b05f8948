"""Texts that a fix may bring: the message of an error and a line in a log, made of words and names at hand.

A message is no place to spend memory, to show what is secret, or to write a line of a log that nobody wrote.
"""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Sequence

from app.verify.conformance.permission import speaks_of_it, words
from app.verify.conformance.place import Place

LONGEST_MESSAGE = 200
_LOGGING = frozenset({"debug", "error", "exception", "info", "warning"})
_LOGGERS = frozenset({"log", "logger", "logging", "structlog"})
_PERSONAL = frozenset(
    {"birthday", "card", "cookie", "cookies", "cvc", "cvv", "email", "environ", "headers", "iban", "mail"}
    | {"phone", "pin", "ssn"}
)  # fmt: skip
_SHOWN = frozenset({"d", "r", "s"})


def is_logger(function: ast.expr) -> bool:
    """True for a method that writes a line of a logger, by the logger's name: `self._log.warning`."""
    match function:
        case ast.Attribute(value=ast.Name(id=name) | ast.Attribute(attr=name), attr=method):
            return method in _LOGGING and (words(name) or [""])[-1] in _LOGGERS
        case _:
            return False


def is_log_line(statement: ast.stmt, place: Place, caught: str | None) -> bool:
    """True for a line of a logger that the file already writes to: a text, and a name for each of its places."""
    match statement:
        case ast.Expr(value=ast.Call(func=function, args=[text, *arguments], keywords=[])):
            known = is_logger(function) and ast.unparse(function) in place.file.called
            return (
                known
                and is_message(text, place, caught)
                and all(is_message(one, place, caught) for one in arguments)
                and _places(text) == len(arguments)
            )
        case _:
            return False


def is_message(  # noqa: C901, PLR0911 - a table of forms
    node: ast.expr, place: Place, caught: str | None = None
) -> bool:
    """True for a text of plain words and of names that the function has; nothing is called for it but `str(error)`."""
    known = place.visible | ({caught} if caught else set())
    match node:
        case ast.Constant(value=str(text)):
            return is_plain_text(text)
        case ast.Constant(value=value):
            return value is None or isinstance(value, int | float)
        case ast.Name(id=name):
            return name in known and not _is_private([node])
        case ast.Attribute(value=base):
            return is_message(base, place, caught) and not _is_private([node])
        case ast.JoinedStr(values=parts):
            return all(is_message(one, place, caught) for one in parts)
        case ast.FormattedValue(value=value, format_spec=None):
            return is_message(value, place, caught)
        case ast.BinOp(left=ast.Constant(value=str()) as text, op=ast.Mod(), right=right):
            given = right.elts if isinstance(right, ast.Tuple) else [right]
            return _places(text) == len(given) and _are_messages([text, *given], place, caught)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _are_messages([left, right], place, caught)
        case ast.Call(func=ast.Name(id="str"), args=[ast.Name(id=name)], keywords=[]):
            return name == caught
        case ast.Call(
            func=ast.Attribute(value=ast.Constant(value=str(text)), attr="format"), args=args, keywords=[]
        ):
            return _is_template(text, len(args)) and _are_messages([ast.Constant(text), *args], place, caught)
        case _:
            return False


def _are_messages(nodes: Sequence[ast.expr], place: Place, caught: str | None) -> bool:
    return all(is_message(one, place, caught) for one in nodes)


def is_plain_text(text: str) -> bool:
    """True for one short line."""
    return len(text) <= LONGEST_MESSAGE and (text.isprintable() or text == "")


def _places(text: ast.expr) -> int | None:
    """How many values a text of the `%` kind takes; None if one of them would be shown in another way than as it is."""
    if not isinstance(text, ast.Constant) or not isinstance(text.value, str):
        return 0
    signs = [sign for sign in re.findall("%(.?)", text.value) if sign != "%"]
    return len(signs) if set(signs) <= _SHOWN else None


def _is_template(text: str, given: int) -> bool:
    """True if each place of the text shows one argument as it is: `{}`, `{0}` or `{!r}`, and nothing is looked up."""
    try:
        fields = [(name, spec) for _, name, spec, _ in string.Formatter().parse(text) if name is not None]
    except ValueError:
        return False
    names = [name for name, _ in fields]
    in_order = names in ([""] * given, [str(number) for number in range(given)])
    return in_order and not any(spec for _, spec in fields)


def _is_private(nodes: Sequence[ast.AST]) -> bool:
    named = [getattr(one, "id", getattr(one, "attr", "")) for one in nodes]
    return (
        speaks_of_it(nodes)
        or any(name.startswith("_") for name in named)
        or any(word in _PERSONAL for name in named for word in words(name))
    )
