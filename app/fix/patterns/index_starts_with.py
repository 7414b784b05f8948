"""The first or last character of a text is compared with `startswith` or `endswith`, which an empty text answers too.

What it fixes:
    `text[0] == "."` for an empty text.

Why it fails:
    An empty text has no first character.

Fix safety:
    Safe. Both ways of asking give the same for every text that is not empty; the empty one starts with nothing. Where
    the code also reads the character for something else, an empty text would fail there, and nothing is changed.

References:
    Python Standard Library, `str.startswith`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import TypeGuard

from app.core.model import Applicability, FailureKind
from app.core.recorded import type_name
from app.core.syntax import header, names_bound, names_in
from app.fix.edit import Replace
from app.fix.guards import holds_only_behind
from app.fix.pattern import INDEX_MISSING, Example, FixPattern, Proposal, Strength, Unchanged
from app.fix.site import Site

_METHODS = {"0": "startswith", "-1": "endswith"}


def codemod(site: Site) -> Iterator[Proposal]:
    """Writes the comparison as a call, with those like it in the statements that follow."""
    if site.failure.key not in _METHODS or not _is_text(site):
        return
    asked = _questions(site)
    above = site.parent(site.node)
    if not isinstance(above, ast.Compare) or above not in asked or _is_read_elsewhere(site, asked):
        return
    method = _METHODS[site.failure.key]
    yield Proposal(
        tuple(Replace(one, code) for one, code in asked.items()),
        f"Ask `{site.line}.{method}()`, which an empty text can answer",
        (f"`{site.text(above)}` asks how a text {'starts' if method == 'startswith' else 'ends'}.",),
        "For a text that is not empty both give the same.",
        Strength.SIGNATURE,
    )


def _is_text(site: Site) -> bool:
    return site.trace.message.startswith("string ") or type_name(site.variables, site.subject) == "str"


def _scope(site: Site) -> list[ast.AST]:
    """What is evaluated of the statement, and what follows if the text stays the same."""
    later = [site.statement, *(site.following_in_loop if site.loop is not None else site.following)]
    if any(names_in(site.subject) & names_bound(one) for one in later):
        return header(site.statement)
    return [*later]


def _questions(site: Site) -> dict[ast.Compare, str]:
    """The comparisons of the text's first or last character with one character, and the calls that ask the same."""
    found: dict[ast.Compare, str] = {}
    for node in (one for part in _scope(site) for one in ast.walk(part) if isinstance(one, ast.Compare)):
        match node:
            case (
                ast.Compare(left=item, ops=[operator], comparators=[ast.Constant(value=str(text)) as given])
                | ast.Compare(left=ast.Constant(value=str(text)) as given, ops=[operator], comparators=[item])
            ) if len(text) == 1 and _is_item(item, site) and isinstance(operator, ast.Eq | ast.NotEq):
                negation = "not " if isinstance(operator, ast.NotEq) else ""
                method = _METHODS[ast.unparse(item.slice)]
                found[node] = f"{negation}{site.text(site.subject)}.{method}({site.text(given)})"
            case _:
                pass
    yes = _answered_yes(found)
    return {one: code for one, code in found.items() if not holds_only_behind(site.code, one, yes)}


def _answered_yes(asked: Iterable[ast.Compare]) -> list[ast.Compare]:
    """The questions that an empty text does not answer with yes."""
    return [one for one in asked if isinstance(one.ops[0], ast.Eq)]


def _is_item(node: ast.AST, site: Site) -> TypeGuard[ast.Subscript]:
    """True for the first or last character of the text."""
    return (
        isinstance(node, ast.Subscript)
        and ast.dump(node.value) == ast.dump(site.subject)
        and ast.unparse(node.slice) in _METHODS
    )


def _is_read_elsewhere(site: Site, asked: Iterable[ast.Compare]) -> bool:
    """True if an empty text would fail at another place: what stands behind a yes is no such place."""
    yes = _answered_yes(asked)
    return any(
        _is_item(node, site)
        and not any(site.parent(node) is one for one in asked)
        and not holds_only_behind(site.code, node, yes)
        for part in [*_scope(site), site.statement]
        for node in ast.walk(part)
    )


PATTERN = FixPattern(
    category="missing-key",
    applicability=Applicability.SAFE,
    answers=INDEX_MISSING,
    kinds=frozenset({FailureKind.BAD_INDEX}),
    codemod=codemod,
    examples=(
        Example(
            """\
def is_hidden(name):
    return name[0] == "."


assert not is_hidden("")
""",
            """\
def is_hidden(name):
    return name.startswith(".")


assert not is_hidden("")
""",
        ),
        Example(
            """\
def kind(line):
    if line[0] == "[" and line[-1] == "]":
        return "section"
    if ";" == line[0]:
        return "comment"
    return "entry"


assert kind("") == "entry"
""",
            """\
def kind(line):
    if line.startswith("[") and line[-1] == "]":
        return "section"
    if line.startswith(";"):
        return "comment"
    return "entry"


assert kind("") == "entry"
""",
        ),
        Example(
            """\
def folder(path):
    if path[-1] != "/":
        path += "/"
    return path


assert folder("") == "/"
""",
            """\
def folder(path):
    if not path.endswith("/"):
        path += "/"
    return path


assert folder("") == "/"
""",
        ),
    ),
    unchanged=(
        Unchanged(
            """\
def adds(words):
    return words[0] == "+"


adds([])
""",
            "A list has no `startswith`.",
        ),
        Unchanged(
            """\
def sign(number):
    if number[0] == "-":
        return "minus"
    return number[0]


sign("")
""",
            "The character itself is read as well, and an empty text has none.",
        ),
    ),
)
