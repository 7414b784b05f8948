"""Where the code refuses bad input with an error of its own, what fails for bad input raises that error too.

What it fixes:
    A function that checks its input raises an error of the package for what it checks, and something else for the rest.

Why it fails:
    One way of being wrong was not thought of.

Fix safety:
    Unsafe: an exception stays an exception and only its class changes, but the text is that of another check, so a
    person reviews.

References:
    Python Language Reference, "The raise statement": `raise ... from`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from app.core.exceptions import DATA, is_builtin
from app.core.model import Applicability, FailureKind
from app.core.syntax import chain_root, names_bound, names_in, own_nodes
from app.fix.conventions import is_missing_test
from app.fix.edit import Around, Before, Import
from app.fix.handlers import is_caught_here, spelled
from app.fix.pattern import ANY, FixPattern, Proposal, Strength
from app.fix.scope import can_be_written, parameters
from app.fix.site import Site


def codemod(site: Site) -> Iterator[Proposal]:
    """Raises the error of a sibling check, or the one that another function raises for the same missing thing."""
    yield from _same_thing(site)
    yield from _sibling(site)


def _same_thing(site: Site) -> Iterator[Proposal]:
    """Another function of the repository refuses to go on without the same module-level thing."""
    if site.failure.kind is not FailureKind.NONE_VALUE or not site.takes_guard:
        return
    root = chain_root(site.subject)
    if not isinstance(root, ast.Name) or (site.function is not None and root.id in parameters(site.function)):
        return
    wanted = ast.dump(site.subject)
    for file in site.conventions.files:
        for node in ast.walk(file.code.tree):
            match node:
                case ast.If(test=test, body=[ast.Raise(exc=ast.expr() as raised)]) if is_missing_test(test) and any(
                    ast.dump(one) == wanted for one in ast.walk(test) if isinstance(one, ast.expr)
                ):
                    if root.id in {"self", "cls"} and file.path != site.path:
                        continue
                    if can_be_written(site, [raised]):
                        yield Proposal(
                            (Before(site.statement, f"if {site.negated_test}:\n    raise {file.code.text(raised)}"),),
                            f"Raise the error that {file.path}:{node.lineno} raises when {site.missing}",
                            (f"{file.path}:{node.lineno} refuses to go on without `{site.line}`.",),
                            "An exception stays an exception; only its class and text change.",
                            Strength.SIGNATURE,
                            safe=False,
                raises=True,
                        )
                        return
                case _:
                    pass


def _sibling(site: Site) -> Iterator[Proposal]:
    """The function's own checks of the same input raise an error of the package."""
    function = site.function
    statement = site.statement
    if function is None or not set(site.trace.names) & DATA or site.trace.depth > 1:
        return
    if isinstance(statement, ast.For | ast.While | ast.If | ast.With | ast.Try):
        return
    if is_caught_here(site):
        return
    how = spelled(site)
    inputs = _inputs(site)
    raises = [
        one
        for one in own_nodes(function)
        if isinstance(one, ast.Raise) and one.exc is not None and not isinstance(site.code.parents[one], ast.ExceptHandler)
        and names_in(site.code.parents[one]) & inputs and _is_own(one.exc)
        and not _asks_for_nothing(site.code.parents[one])
    ]  # fmt: skip
    for one in sorted(raises, key=lambda found: abs(found.lineno - statement.lineno)):
        if one.exc is not None and how is not None and can_be_written(site, [one.exc]):
            text = " ".join(site.text(one.exc).split()) if "\n" in site.text(one.exc) else site.text(one.exc)
            yield Proposal(
                (
                    Around((statement,), "try:", f"except {how.code} as error:\n    raise {text} from error"),
                    *([Import(how.line)] if how.line else []),
                ),
                f"Raise the error of line {one.lineno} when line {statement.lineno} raises {site.trace.names[0]}",
                (f"Line {one.lineno} refuses the same input with an error of the package.",),
                "An exception stays an exception; only its class and text change.",
                Strength.SYNTAX,
                safe=False,
                raises=True,
            )
            return


def _inputs(site: Site) -> set[str]:
    """The parameters that the failing statement reads, directly or through names that were made of them."""
    function = site.function
    if function is None:
        return set()
    wanted = names_in(site.statement)
    for node in sorted(
        (one for one in own_nodes(function) if isinstance(one, ast.Assign) and one.lineno < site.statement.lineno),
        key=lambda one: -one.lineno,
    ):
        if names_bound(node) & wanted:
            wanted = wanted | names_in(node.value)
    return wanted & (parameters(function) - {"self", "cls"})


def _asks_for_nothing(guard: ast.AST) -> bool:
    """True for a check that the input is there at all: its error says nothing about a malformed one."""
    if not isinstance(guard, ast.If):
        return False
    match guard.test:
        case ast.UnaryOp(op=ast.Not(), operand=ast.Name() | ast.Attribute()):
            return True
        case ast.Compare(ops=[ast.Is() | ast.Eq()], comparators=[ast.Constant(value=None | "")]):
            return True
        case _:
            return False


def _is_own(raised: ast.expr) -> bool:
    func = raised.func if isinstance(raised, ast.Call) else raised
    name = func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")
    return bool(name) and not is_builtin(name)


PATTERN = FixPattern(
    category="missing-error-handling",
    applicability=Applicability.UNSAFE,
    answers=ANY,
    kinds=frozenset({FailureKind.RAISED, FailureKind.WRONG_TYPE, FailureKind.BAD_INDEX, FailureKind.NONE_VALUE}),
    codemod=codemod,
    examples=(),
    unchanged=(),
)
