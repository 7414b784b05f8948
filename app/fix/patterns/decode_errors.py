"""Bytes that are no valid text are decoded as the repository decodes such bytes elsewhere.

What it fixes:
    `data.decode("utf-8")` for bytes in another encoding.

Why it fails:
    The bytes come from outside, and strict decoding refuses a single wrong one.

Fix safety:
    Unsafe: valid bytes are decoded as before, but a text with replaced characters goes on where an error was raised.
    Without a model in the repository there is no fix: whether to replace, to escape or to refuse is for a person.

References:
    Python Standard Library, "Error Handlers" of `codecs`.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator

from app.core.model import Applicability, FailureKind
from app.fix.edit import Replace
from app.fix.pattern import Example, FixPattern, Proposal, Raises, Strength, Unchanged
from app.fix.site import Site

_HANDLERS = frozenset({"replace", "ignore", "backslashreplace", "surrogateescape", "xmlcharrefreplace"})


def codemod(site: Site) -> Iterator[Proposal]:
    """Adds the error handler that the repository uses most for the same method."""
    for call in _calls(site):
        found = _precedent(site, call)
        if found is None:
            continue
        handler, place = found
        given = [site.text(one) for one in call.args] + [
            f"{one.arg}={site.text(one.value)}" for one in call.keywords
        ]
        option = f'errors="{handler}"'
        yield Proposal(
            (Replace(call, f"{site.text(call.func)}({', '.join([*given, option])})"),),
            f"Decode with `{option}`",
            (f"{place} decodes with the handler `{handler}`.",),
            "Valid bytes are decoded as before.",
            Strength.PRECEDENT if place.startswith(f"{site.path}:") else Strength.LAST,
            safe=False,
        )
        return


def _calls(site: Site) -> Iterator[ast.Call]:
    for node in ast.walk(site.statement):
        match node:
            case ast.Call(func=ast.Attribute(attr="decode" | "encode")) if len(node.args) <= 1 and not any(
                one.arg in {"errors", None} for one in node.keywords
            ):
                yield node
            case _:
                pass


def _precedent(site: Site, call: ast.Call) -> tuple[str, str] | None:
    method = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    found: Counter[str] = Counter()
    places: dict[str, str] = {}
    for file in site.conventions.files:
        for node in ast.walk(file.code.tree):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == method
            ):
                options = [*node.args[1:2], *(one.value for one in node.keywords if one.arg == "errors")]
                for one in options:
                    if isinstance(one, ast.Constant) and one.value in _HANDLERS:
                        found[one.value] += 1
                        places.setdefault(one.value, f"{file.path}:{node.lineno}")
    if len(found) != 1:
        return None
    handler = next(iter(found))
    return handler, places[handler]


PATTERN = FixPattern(
    category="missing-error-handling",
    applicability=Applicability.UNSAFE,
    answers=(Raises("UnicodeDecodeError"), Raises("UnicodeEncodeError")),
    kinds=frozenset({FailureKind.RAISED}),
    codemod=codemod,
    examples=(
        Example(
            """\
def subject(header):
    return header.decode("utf-8", "replace")


def sender(header):
    return header.decode("utf-8").strip()


assert sender(b"Zo\\xeb ") == "Zo\\ufffd"
""",
            """\
def subject(header):
    return header.decode("utf-8", "replace")


def sender(header):
    return header.decode("utf-8", errors="replace").strip()


assert sender(b"Zo\\xeb ") == "Zo\\ufffd"
""",
        ),
    ),
    unchanged=(
        Unchanged(
            """\
def sender(header):
    return header.decode("utf-8").strip()


sender(b"Zo\\xeb ")
""",
            "Nothing says what is to become of a wrong byte.",
        ),
    ),
)
