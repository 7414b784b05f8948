"""One plain sentence for each kind of change that nothing explains, as a reviewer reads it at the line."""

from __future__ import annotations

import ast

from app.core.syntax import Function
from app.verify.conformance.likeness import alike
from app.verify.conformance.unexplained import Unexplained

_LONGEST = 70


def added(statement: ast.stmt) -> Unexplained:
    """A statement that the old text does not have."""
    return Unexplained(statement.lineno, f"{_kind(statement)} is added: `{brief(statement)}`.")


def removed(statement: ast.stmt) -> Unexplained:
    """A statement that the new text does not have any more."""
    return Unexplained(statement.lineno, f"A statement is removed: `{brief(statement)}`.", removed=True)


def changed(old: ast.AST, new: ast.AST) -> Unexplained:
    """A piece that says something else than before."""
    line = int(getattr(new, "lineno", 0) or getattr(old, "lineno", 1))
    return Unexplained(line, f"{_difference(old, new)}: `{brief(old)}` became `{brief(new)}`.")


def _kind(statement: ast.stmt) -> str:  # noqa: PLR0911 - a table of forms
    match statement:
        case ast.Import() | ast.ImportFrom():
            return "An import"
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            return "A function"
        case ast.ClassDef():
            return "A class"
        case ast.Expr(value=ast.Call() | ast.Await()):
            return "A call"
        case ast.Assign() | ast.AugAssign() | ast.AnnAssign():
            return "An assignment"
        case ast.If():
            return "A condition"
        case ast.Try():
            return "A handler"
        case ast.Global() | ast.Nonlocal():
            return "A declaration of an outer name"
        case ast.Return() | ast.Raise() | ast.Break() | ast.Continue():
            return "A way out"
        case _:
            return "A statement"


def _difference(old: ast.AST, new: ast.AST) -> str:  # noqa: PLR0911 - a table of forms
    match old, new:
        case (
            (ast.FunctionDef() | ast.AsyncFunctionDef()) as old,
            (ast.FunctionDef() | ast.AsyncFunctionDef()) as new,
        ):
            same = alike(old.args, new.args) and alike(old.returns, new.returns)
            return (
                "The name or decorators of a function changed"
                if same
                else "The signature of a function changed"
            )
        case (ast.ClassDef(), ast.ClassDef()):
            return "The head of a class changed"
        case (ast.Constant(), ast.Constant()):
            return "A constant changed"
        case (ast.Compare(), ast.Compare()):
            return "A comparison changed"
        case (ast.BoolOp(), ast.BoolOp()):
            return "A condition changed"
        case (ast.UnaryOp(op=ast.Not()), _) | (_, ast.UnaryOp(op=ast.Not())):
            return "A condition is turned around"
        case (ast.Call(), ast.Call()) if alike(old.func, new.func):
            return "The arguments of a call changed"
        case (ast.Name(), ast.Name()) | (ast.Attribute(), ast.Attribute()):
            return "A name changed"
        case (ast.Assert(), ast.Assert()):
            return "An assertion changed"
        case _:
            return "An expression changed" if isinstance(new, ast.expr) else "A statement changed"


def brief(node: ast.AST) -> str:
    """The node as the parser prints it, on one line, cut where it is long."""
    if isinstance(node, Function | ast.ClassDef):
        return node.name
    text = " ".join(ast.unparse(node).split()).replace("`", "'")
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
