"""The errors of its own by which the code refuses bad input: where it raises them, about what, and with what text."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from app.core.syntax import Code, Function, names_bound, names_in, own_nodes
from app.fix.edit import Around, Import
from app.fix.handlers import is_caught_here, spelled, takes_try
from app.fix.pattern import Proposal, Strength
from app.fix.scope import is_own_error, parameters
from app.fix.site import Site

WHY_SAFE = "An exception stays an exception; only its class and text change."
_MIXED = re.compile(
    r"mix (strings|str|bytes) and|bytes.* not \(?['\"]?str\b|str.* not \(?['\"]?bytes\b|str to bytes"
    r"|pattern on a|bytes found|must be encoded"
)


def refuse(site: Site, error: str, summary: str, why: str, strength: Strength) -> Proposal | None:
    """The failing statement in a `try` that raises `error` instead; None if no handler can be written for it."""
    statement, how = site.statement, spelled(site)
    if how is None or not takes_try(statement) or isinstance(statement, ast.Raise) or is_caught_here(site):
        return None
    # Where text met bytes, the value was fit and only wrote itself in the other way.
    if _MIXED.search(site.trace.message):
        return None
    name = caught_name(site)
    handler = f"except {how.code} as {name}:\n    raise {error} from {name}"
    return Proposal(
        (Around((statement,), "try:", handler), *([Import(how.line)] if how.line else [])),
        summary,
        (why,),
        WHY_SAFE,
        strength,
        safe=False,
        raises=True,
    )


def caught_name(site: Site) -> str:
    """The name that the new handler gives the exception; it hides none of the function's own."""
    taken = names_bound(site.function) if site.function is not None else set()
    return "error" if "error" not in taken else "exc"


def on_one_line(code: Code, node: ast.expr) -> str:
    """The source of `node` without line breaks."""
    lines = [one.strip() for one in code.text(node).splitlines()]
    if any(
        isinstance(one, ast.Constant | ast.JoinedStr) and one.lineno != one.end_lineno
        for one in ast.walk(node)
    ):
        return ast.unparse(node)
    text = lines[0]
    for line in lines[1:]:
        closes = text.endswith(("(", "[", "{")) or line.startswith((")", "]", "}"))
        text += line if closes else f" {line}"
    return text


def refusals(site: Site) -> Iterator[ast.Raise]:
    """Where the function raises an error of the package about what the failing expression was made of."""
    inputs = inputs_of(site)
    for node in own_nodes(site.function) if site.function is not None else ():
        if not isinstance(node, ast.Raise) or node.exc is None or node is site.statement:
            continue
        check = site.parent(node)
        read = names_in(node.exc) | (names_in(check.test) if isinstance(check, ast.If) else set())
        if is_own_error(node.exc) and read & inputs and not _asks_for_nothing(check, site.function):
            yield node


def inputs_of(site: Site) -> set[str]:
    """What the failing expression reads and what that was made of; nothing if no parameter is among it."""
    function = site.function
    if function is None:
        return set()
    failing = site.subject if site.none else site.statement
    wanted = names_in(failing) - {"self", "cls"}
    flows = [one for one in own_nodes(function) if isinstance(one, ast.Assign | ast.AugAssign | ast.For)]
    for _ in flows:
        for node in flows:
            target = node.target if isinstance(node, ast.For) else node
            source = node.iter if isinstance(node, ast.For) else node.value
            if names_bound(target) & wanted:
                wanted = wanted | (names_in(source) - {"self", "cls"})
    return wanted if wanted & parameters(function) else set()


def _asks_for_nothing(guard: ast.AST, function: Function | None) -> bool:
    """True for a check that the input is there at all: its error says nothing about a malformed one.

    What was made of the input, such as a match, is nothing where the input is malformed.
    """
    if not isinstance(guard, ast.If) or function is None:
        return False
    match guard.test:
        case (
            ast.UnaryOp(op=ast.Not(), operand=asked)
            | ast.Compare(left=asked, ops=[ast.Is() | ast.Eq()], comparators=[ast.Constant(value=None | "")])
        ):
            return isinstance(asked, ast.Attribute) or (
                isinstance(asked, ast.Name) and asked.id in parameters(function)
            )
        case _:
            return False


def class_of(raised: ast.expr) -> str:
    """How a `raise` writes the class."""
    return ast.unparse(raised.func if isinstance(raised, ast.Call) else raised)


def is_class(raised: ast.expr) -> bool:
    """True if a `raise` writes the class itself, not a function that makes the error."""
    return class_of(raised).rpartition(".")[2].lstrip("_")[:1].isupper()


def is_text(node: ast.expr) -> bool:
    """True for an expression that writes a text, not a code: words, a template that is filled in, or a sum of such."""
    match node:
        case ast.Constant(value=value):
            return isinstance(value, str) and " " in value
        case ast.JoinedStr():
            return True
        case ast.BinOp(left=left, op=ast.Mod() | ast.Add()):
            return is_text(left)
        case ast.Call(func=ast.Attribute(value=value, attr="format")):
            return is_text(value)
        case ast.Call(func=ast.Name(id="str" | "_" | "gettext"), args=[_]):
            return True
        case _:
            return False


def gives_a_value(function: Function) -> bool:
    """True if the function answers an error in another place with a value, or goes on."""
    return any(
        isinstance(one, ast.ExceptHandler) and isinstance(one.body[-1], ast.Return | ast.Continue | ast.Pass)
        for one in own_nodes(function)
    )
