"""The text of an exception is `str(error)`: its first argument need not be a text.

What it fixes:
    `error.args[0] + " in line 3"` for an exception whose first argument is a number, or that has none.

Why it fails:
    Exceptions may carry anything as arguments; only `str()` says what they print.

Fix safety:
    Unsafe: where the first argument is a text and the only one, `str(error)` is that text; for an exception with more
    arguments it says more. Handlers of classes that print themselves otherwise, such as KeyError and OSError, are left
    alone, and so is an argument that need not be a text.

References:
    Python Standard Library, `BaseException.args`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from app.core.model import Applicability, FailureKind
from app.core.syntax import header, names_in
from app.fix.edit import Replace
from app.fix.forms import form_type
from app.fix.neutral import LOGGED
from app.fix.pattern import ANY, Example, FixPattern, Proposal, Strength, Unchanged
from app.fix.site import Site

# What `str()` gives of these says more than their first argument, or says it in quotes.
_OTHERWISE = frozenset(
    {"BaseException", "BaseExceptionGroup", "ConnectionError", "EnvironmentError", "ExceptionGroup", "FileExistsError",
     "FileNotFoundError", "IOError", "KeyError", "LookupError", "OSError", "PermissionError", "SyntaxError",
     "TimeoutError", "UnicodeDecodeError", "UnicodeEncodeError", "UnicodeError"}
)  # fmt: skip


def codemod(site: Site) -> Iterator[Proposal]:
    """Writes `str(error)` for `error.args[0]`."""
    for handler in site.code.ancestors(site.statement):
        if isinstance(handler, ast.ExceptHandler) and handler.name and not _prints_otherwise(handler):
            for node in _first_arguments(site, handler.name):
                if _failed(site, node) and _is_text(site, node):
                    inside = isinstance(site.parent(node), ast.FormattedValue)
                    yield Proposal(
                        (Replace(node, handler.name if inside else f"str({handler.name})"),),
                        f"Write the text of `{handler.name}` itself",
                        (f"`{handler.name}.args[0]` is used as a text, and may be anything.",),
                        "For an exception with one text as its argument both give the same.",
                        Strength.SIGNATURE,
                        safe=False,
                    )
                    return


def _prints_otherwise(handler: ast.ExceptHandler) -> bool:
    """True for a class whose `str()` is something else than its first argument."""
    return handler.type is None or bool(names_in(handler.type) & _OTHERWISE)


def _first_arguments(site: Site, name: str) -> Iterator[ast.expr]:
    for node in (one for part in header(site.statement) for one in ast.walk(part)):
        match node:
            case ast.Subscript(
                value=ast.Attribute(value=ast.Name(id=owner), attr="args"), slice=ast.Constant(value=0)
            ) if owner == name:
                yield node
            case _:
                pass


def _failed(site: Site, node: ast.expr) -> bool:
    """True if it is this argument that was missing or of the wrong class."""
    if site.failure.kind is FailureKind.RAISED:
        return {"TypeError", "AttributeError"} & set(site.trace.names) != set() and node in ast.walk(
            site.node
        )
    return ast.dump(node) in {ast.dump(site.node), ast.dump(site.subject)}


def _is_text(site: Site, node: ast.expr) -> bool:
    """True if the argument is used as only a text can be, or becomes the text of another exception."""
    match site.parent(node):
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return site.recorded_type(right if left is node else left) == "str"
        case ast.BinOp(left=left, op=ast.Mod(), right=right):
            return right is node and form_type(left) == "str"
        case ast.Attribute(attr=attr):
            return attr in dir(str) and attr not in dir(list)
        case ast.FormattedValue(conversion=conversion):
            return conversion != ord("r")
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=arguments) as call:
            return node in arguments and (name in LOGGED or isinstance(site.parent(call), ast.Raise))
        case _:
            return False


PATTERN = FixPattern(
    category="wrong-type",
    applicability=Applicability.UNSAFE,
    answers=ANY,
    kinds=frozenset({FailureKind.WRONG_TYPE, FailureKind.RAISED, FailureKind.BAD_INDEX}),
    codemod=codemod,
    examples=(
        Example(
            """\
def load(read):
    try:
        return read()
    except ValueError as error:
        return "not loaded: " + error.args[0]


def read():
    raise ValueError(404)


assert load(read) == "not loaded: 404"
""",
            """\
def load(read):
    try:
        return read()
    except ValueError as error:
        return "not loaded: " + str(error)


def read():
    raise ValueError(404)


assert load(read) == "not loaded: 404"
""",
        ),
        Example(
            """\
def load(read):
    try:
        return read()
    except RuntimeError as error:
        return f"not loaded {error.args[0]}"


def read():
    raise RuntimeError


assert load(read) == "not loaded "
""",
            """\
def load(read):
    try:
        return read()
    except RuntimeError as error:
        return f"not loaded {error}"


def read():
    raise RuntimeError


assert load(read) == "not loaded "
""",
        ),
    ),
    unchanged=(
        Unchanged(
            """\
def price(prices, number):
    try:
        return prices[number]
    except KeyError as error:
        return "no price for " + error.args[0]


price({}, 7)
""",
            "A KeyError prints its key in quotes: texts that were right would change.",
        ),
        Unchanged(
            """\
def status(read):
    try:
        return read()
    except RuntimeError as error:
        return 400 + error.args[0]


def read():
    raise RuntimeError("timeout")


status(read)
""",
            "The argument is used as a number.",
        ),
    ),
)
