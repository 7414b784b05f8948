"""A text or a mapping that is not there is read as an empty one of the kind that the method belongs to.

What it fixes:
    A method that only texts (`.strip()`) or only mappings (`.get()`) have is called on a value that may be None.

Why it fails:
    An optional field was never filled in, and None came where a text or a mapping was expected.

Fix safety:
    Safe: `or` gives the empty value only where the method call would have raised (an empty text stays the same).
    Not where the result becomes a number, a date or a key: an empty text only fails there in another way.

References:
    Python Standard Library, "Text Sequence Type" and "Mapping Types".
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from app.core.model import Applicability
from app.core.syntax import header
from app.fix.edit import Replace
from app.fix.neutral import outside_quotes
from app.fix.pattern import Example, FixPattern, Proposal, Raises, Strength, Unchanged
from app.fix.site import Site

_TEXT = frozenset(
    {"strip", "lstrip", "rstrip", "lower", "upper", "title", "capitalize", "casefold", "replace", "startswith",
     "endswith", "splitlines", "encode", "isdigit", "isalpha", "isnumeric", "zfill", "removeprefix", "removesuffix",
     "swapcase"}
)  # fmt: skip
_STRICT = frozenset(
    {"int", "float", "Decimal", "fromisoformat", "strptime", "loads", "UUID", "date", "datetime", "open"}
)


def codemod(site: Site) -> Iterator[Proposal]:
    """Writes the empty value for None before the method call."""
    match site.node:
        case ast.Attribute(attr=attr) if (
            isinstance(call := site.parent(site.node), ast.Call) and call.func is site.node
        ):
            pass
        case _:
            return
    if site.used_again or any(site.relies(one, outside=site.node) for one in header(site.statement)):
        return
    if attr in _TEXT or (attr == "split" and not call.args and not call.keywords):
        empty, kind = '""', "text"
    elif attr == "get":
        empty, kind = "{}", "mapping"
    else:
        return
    if _is_strict(site, call):
        return
    loose = isinstance(site.subject, ast.IfExp | ast.Lambda | ast.NamedExpr | ast.Await)
    text = f"({site.text(site.subject)})" if loose else site.text(site.subject)
    yield Proposal(
        (Replace(site.subject, f"{text} or {outside_quotes(site, site.node, empty)}"),),
        f"Read `{site.line}` as an empty {kind} when it is None",
        (f"`.{attr}()` is called on a {kind}, and the result of an empty one says that there is nothing.",),
        "Only calls that would have raised get the empty value.",
        Strength.CONTEXT,
    )


def _is_strict(site: Site, call: ast.expr) -> bool:
    """True if the empty result would only fail later in the same statement."""
    below: ast.AST = call
    for _, above in site.between(call):
        match above:
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if above.func is not below:
                if name in _STRICT:
                    return True
            case ast.Subscript():
                return True
            case ast.Attribute(attr=attr) if attr not in _TEXT | {"get", "split"}:
                return True
            case _:
                pass
        below = above
    get = isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "get"
    chained = isinstance(site.parent(call), ast.Attribute | ast.Subscript)
    return get and chained and isinstance(call, ast.Call) and len(call.args) == 1


PATTERN = FixPattern(
    category="null-safety",
    applicability=Applicability.SAFE,
    answers=(Raises("AttributeError", r"'NoneType' object has no attribute"),),
    codemod=codemod,
    examples=(
        Example(
            """\
def normalise(email):
    return email.strip().lower()


assert normalise(None) == ""
""",
            """\
def normalise(email):
    return (email or "").strip().lower()


assert normalise(None) == ""
""",
        ),
    ),
    unchanged=(
        Unchanged(
            """\
def quantity(text):
    return int(text.strip())


quantity(None)
""",
            "An empty text is no number either.",
        ),
    ),
)
