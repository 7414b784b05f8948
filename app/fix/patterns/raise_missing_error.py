"""A method or function that needs what another one asks for raises the same error when it is missing.

What it fixes:
    A method goes on without the connection that another method of the class asks for, or a function without the driver
    that another function of the module refuses to work without.

Why it fails:
    The check was written where the thing was needed first.

Fix safety:
    Unsafe: an exception stays an exception and only its class changes, but the text is that of another place, so a
    person reviews. What another class asks for under the same name is another thing.

References:
    Python Language Reference, "The raise statement".
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from app.core.model import Applicability, FailureKind
from app.core.syntax import Code, chain_root, names_bound
from app.fix.conventions import is_missing_test, module_names
from app.fix.edit import Before
from app.fix.own_errors import WHY_SAFE
from app.fix.pattern import ANY, Example, FixPattern, Proposal, Strength, Unchanged
from app.fix.scope import can_be_written, enclosing_class, parameters
from app.fix.site import Site


def codemod(site: Site) -> Iterator[Proposal]:
    """Puts the check of the other place before the failing statement."""
    if not site.takes_guard:
        return
    for place, error in _checks(site):
        yield Proposal(
            (Before(site.statement, f"if {site.negated_test}:\n    raise {error}"),),
            f"Raise the error that {place} raises when {site.missing}",
            (f"{place} refuses to go on without `{site.line}`.",),
            WHY_SAFE,
            Strength.SIGNATURE,
            safe=False,
            raises=True,
        )
        return


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


PATTERN = FixPattern(
    category="null-safety",
    applicability=Applicability.UNSAFE,
    answers=ANY,
    kinds=frozenset({FailureKind.NONE_VALUE}),
    codemod=codemod,
    examples=(
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
    ),
    unchanged=(
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
    ),
)
