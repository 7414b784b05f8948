"""Where the code refuses bad input with an error of its own, what fails for bad input raises that error too.

What it fixes:
    `int(text)` raises ValueError in a function that refuses a text with a sign with an error of its own; or a method
    goes on without the connection that another method of the class asks for.

Why it fails:
    One way of being wrong was not thought of.

Fix safety:
    Unsafe: an exception stays an exception and only its class changes, but the text is that of another check, so a
    person reviews. A check that there is any input at all says nothing about a malformed one.

References:
    Python Language Reference, "The raise statement": `raise ... from`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from app.core.exceptions import DATA, SLIPS
from app.core.model import Applicability, FailureKind
from app.core.syntax import Code, Function, chain_root, names_bound, names_in, own_nodes
from app.fix.conventions import is_missing_test, module_names
from app.fix.edit import Around, Before, Import
from app.fix.handlers import is_caught_here, spelled, takes_try
from app.fix.pattern import ANY, Example, FixPattern, Proposal, Strength, Unchanged
from app.fix.scope import can_be_written, enclosing_class, is_own_error, parameters
from app.fix.site import Site

_WHY_SAFE = "An exception stays an exception; only its class and text change."


def codemod(site: Site) -> Iterator[Proposal]:
    """Raises the error of a sibling check, or the one that another function raises for the same missing thing."""
    yield from _same_thing(site)
    yield from _no_item(site)
    yield from _check_itself(site)
    yield from _sibling(site)


def _same_thing(site: Site) -> Iterator[Proposal]:
    """Another method of the class, or another function, refuses to go on without the same thing."""
    if site.failure.kind is not FailureKind.NONE_VALUE or not site.takes_guard:
        return
    for place, error in _checks(site):
        yield Proposal(
            (Before(site.statement, f"if {site.negated_test}:\n    raise {error}"),),
            f"Raise the error that {place} raises when {site.missing}",
            (f"{place} refuses to go on without `{site.line}`.",),
            _WHY_SAFE,
            Strength.SIGNATURE,
            safe=False,
            raises=True,
        )
        return


def _no_item(site: Site) -> Iterator[Proposal]:
    """An object that holds nothing has no item, and says so as sequences do."""
    function = site.function
    if function is None or function.name not in {"__getitem__", "__delitem__"} or not site.none:
        return
    if not isinstance(site.subject, ast.Attribute) or not site.takes_guard or site.trace.distance:
        return
    yield Proposal(
        (Before(site.statement, f"if {site.negated_test}:\n    raise IndexError"),),
        f"Raise IndexError from `{function.name}` when {site.missing}",
        ("Without contents there is no item, and IndexError is how a sequence says that.",),
        _WHY_SAFE,
        Strength.CONTEXT,
        safe=False,
        raises=True,
    )


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
    if not set(site.trace.names) & {"TypeError", "ValueError", "OverflowError"}:
        return
    match check.body[-1]:
        case ast.Raise(exc=ast.expr() as error) if is_own_error(error) and len(check.body) == 1:
            text = " ".join(site.text(error).split()) if "\n" in site.text(error) else site.text(error)
            yield Proposal(
                (Around((check,), "try:", f"except {how.code} as error:\n    raise {text} from error"),),
                f"Refuse what line {check.lineno} cannot check as it refuses the rest",
                ("What cannot be checked does not pass the check.",),
                _WHY_SAFE,
                Strength.SYNTAX,
                safe=False,
                raises=True,
            )
        case _:
            pass


def _checks(site: Site) -> Iterator[tuple[str, str]]:
    """The places that refuse to go on without the failing thing, each with the error that it raises."""
    for path, code, scope in _scopes(site):
        for node in ast.walk(scope):
            match node:
                case ast.If(test=test, body=[ast.Raise(exc=ast.expr() as error)]) if _asks_for(
                    test, site
                ) and can_be_written(site, [error]):
                    yield f"{path}:{node.lineno}", code.text(error)
                case _:
                    pass


def _scopes(site: Site) -> Iterator[tuple[str, Code, ast.AST]]:
    """Where the failing thing means the same: in the class for an attribute of `self`, in modules for a global."""
    root = chain_root(site.subject)
    own = enclosing_class(site.code, site.statement)
    if not isinstance(root, ast.Name):
        return
    if root.id in {"self", "cls"}:
        if own is not None:
            yield site.path, site.code, own
    elif site.function is not None and root.id not in parameters(site.function) | names_bound(site.function):
        for file in site.conventions.files:
            if root.id in module_names(file.code):
                yield file.path, file.code, file.code.tree


def _asks_for(test: ast.expr, site: Site) -> bool:
    """True for a test that the failing thing is missing."""
    wanted = ast.dump(site.subject)
    parts = (one for one in ast.walk(test) if isinstance(one, ast.expr))
    return is_missing_test(test) and any(ast.dump(one) == wanted for one in parts)


def _sibling(site: Site) -> Iterator[Proposal]:
    """The function's own checks of the same input raise an error of the package."""
    statement, how = site.statement, spelled(site)
    if how is None or not takes_try(statement) or is_caught_here(site):
        return
    names, far = set(site.trace.names), site.trace.distance
    if not names & DATA or far > 1 or (far and names & SLIPS):
        return
    found = [one for one in _refusals(site) if can_be_written(site, [one])]
    if found:
        error = min(found, key=lambda one: abs(one.lineno - statement.lineno))
        text = " ".join(site.text(error).split()) if "\n" in site.text(error) else site.text(error)
        yield Proposal(
            (
                Around((statement,), "try:", f"except {how.code} as error:\n    raise {text} from error"),
                *([Import(how.line)] if how.line else []),
            ),
            f"Raise the error of line {error.lineno} when line {statement.lineno} raises {site.trace.names[0]}",
            (f"Line {error.lineno} refuses the same input with an error of the package.",),
            _WHY_SAFE,
            Strength.SYNTAX,
            safe=False,
            raises=True,
        )


def _refusals(site: Site) -> Iterator[ast.expr]:
    """The errors of the package that the function raises where a check of the same input fails."""
    inputs = _inputs(site)
    for node in own_nodes(site.function) if site.function is not None else ():
        if isinstance(node, ast.Raise) and node.exc is not None and is_own_error(node.exc):
            check = site.parent(node)
            read = names_in(node.exc) | (names_in(check.test) if isinstance(check, ast.If) else set())
            about = not isinstance(check, ast.ExceptHandler) and bool(read & inputs)
            if about and not _asks_for_nothing(check, site.function):
                yield node.exc


def _inputs(site: Site) -> set[str]:
    """What the failing statement reads and what that was made of; nothing if no parameter is among it."""
    function = site.function
    if function is None:
        return set()
    wanted = names_in(site.statement) - {"self", "cls"}
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


PATTERN = FixPattern(
    category="missing-error-handling",
    applicability=Applicability.UNSAFE,
    answers=ANY,
    kinds=frozenset(
        {FailureKind.RAISED, FailureKind.WRONG_TYPE, FailureKind.BAD_INDEX, FailureKind.NONE_VALUE}
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
class NotConnected(Exception):
    pass


class Shop:
    connection = None

    def orders(self):
        if self.connection is None:
            raise NotConnected("call connect() first")
        return self.connection.fetch("orders")

    def customers(self):
        return self.connection.fetch("customers")


try:
    Shop().customers()
except NotConnected:
    pass
""",
            """\
class NotConnected(Exception):
    pass


class Shop:
    connection = None

    def orders(self):
        if self.connection is None:
            raise NotConnected("call connect() first")
        return self.connection.fetch("orders")

    def customers(self):
        if self.connection is None:
            raise NotConnected("call connect() first")
        return self.connection.fetch("customers")


try:
    Shop().customers()
except NotConnected:
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
    ),
    unchanged=(
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
class NotConnected(Exception):
    pass


class Shop:
    connection = None

    def orders(self):
        if self.connection is None:
            raise NotConnected("call connect() first")
        return self.connection.fetch("orders")


class Bank:
    connection = None

    def accounts(self):
        return self.connection.fetch("accounts")


Bank().accounts()
""",
            "The check of another class is about another connection.",
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
