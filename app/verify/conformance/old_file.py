"""What the old file says that a fix may refer to: its errors, handlers, defaults and names."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cached_property

from app.core.exceptions import ancestors
from app.core.syntax import Function
from app.verify.conformance.parts import members


@dataclass(frozen=True)
class OldFile:
    """What the file says before the change: its errors, handlers, defaults and names."""

    tree: ast.Module

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """Every node."""
        return list(ast.walk(self.tree))

    @cached_property
    def names(self) -> frozenset[str]:
        """Every name that the file reads, binds, imports or defines."""
        found = {node.id for node in self.nodes if isinstance(node, ast.Name)}
        found |= {node.arg for node in self.nodes if isinstance(node, ast.arg)}
        found |= {
            (node.asname or node.name).partition(".")[0] for node in self.nodes if isinstance(node, ast.alias)
        }
        return frozenset(found | {one.name for one in self.nodes if isinstance(one, Function | ast.ClassDef)})

    @cached_property
    def defined(self) -> frozenset[str]:
        """The functions and classes that the file defines, and what it imports."""
        found = {one.name for one in self.nodes if isinstance(one, Function | ast.ClassDef)}
        return frozenset(found | {one.asname or one.name for one in self.nodes if isinstance(one, ast.alias)})

    def annotations(self, name: str) -> list[ast.expr]:
        """What the file says of the class of a variable or argument of this name."""
        found = [one.annotation for one in self.nodes if isinstance(one, ast.arg) and one.arg == name]
        found += [
            one.annotation for one in self.nodes
            if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name) and one.target.id == name
        ]  # fmt: skip
        return [one for one in found if one is not None]

    @cached_property
    def modules(self) -> frozenset[str]:
        """The names of imported modules."""
        found = [one for whole in self.nodes if isinstance(whole, ast.Import) for one in whole.names]
        return frozenset((one.asname or one.name).partition(".")[0] for one in found)

    @cached_property
    def raised(self) -> list[ast.expr]:
        """What is raised, as it is written."""
        return [node.exc for node in self.nodes if isinstance(node, ast.Raise) and node.exc is not None]

    @cached_property
    def caught(self) -> frozenset[str]:
        """The exception classes that handlers name."""
        types = [
            one.type for one in self.nodes if isinstance(one, ast.ExceptHandler) and one.type is not None
        ]
        return frozenset(ast.unparse(one) for whole in types for one in members(whole))

    def ancestors(self, name: str) -> frozenset[str]:
        """A class and what it derives from, as far as the file and the built-in classes tell."""
        found, waiting = {name}, [name]
        while waiting:
            one = waiting.pop()
            bases = [
                ast.unparse(base) for node in self.nodes
                if isinstance(node, ast.ClassDef) and node.name == one for base in node.bases
            ]  # fmt: skip
            waiting += [base for base in [*bases, *ancestors(one)] if base not in found]
            found |= {*bases, *ancestors(one)}
        return frozenset(found)

    @cached_property
    def called(self) -> frozenset[str]:
        """The dotted names that the file calls."""
        return frozenset(ast.unparse(node.func) for node in self.nodes if isinstance(node, ast.Call))
