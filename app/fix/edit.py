"""Edits of one file: made with LibCST so that everything else keeps its form, and checked against the intended tree."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import libcst as cst
from libcst.metadata import CodeRange, MetadataWrapper, PositionProvider

from app.core.syntax import Code
from app.fix.blocks import add_import, enclose


@dataclass(frozen=True, slots=True)
class Replace:
    """Writes `code` in place of an expression."""

    node: ast.expr
    code: str


@dataclass(frozen=True, slots=True)
class Before:
    """Writes the statements `code` before a statement, at its indentation."""

    statement: ast.stmt
    code: str


@dataclass(frozen=True, slots=True)
class Wrap:
    """Puts a statement under `if test:`."""

    statement: ast.stmt
    test: str


@dataclass(frozen=True, slots=True)
class Rewrite:
    """Writes the simple statement `code` in place of a simple statement; its comments stay."""

    statement: ast.stmt
    code: str


@dataclass(frozen=True, slots=True)
class Around:
    """Puts neighbouring statements into a block: `opening` such as `try:`, `closing` such as an `except` clause."""

    statements: tuple[ast.stmt, ...]
    opening: str
    closing: str = ""


@dataclass(frozen=True, slots=True)
class Import:
    """Writes an import after those at the top of the file."""

    code: str


@dataclass(frozen=True, slots=True)
class Otherwise:
    """Ends an `if` and its `elif`s, which have no `else` yet, with one that runs the statement `code`."""

    statement: ast.If
    code: str


Edit = Replace | Before | Wrap | Rewrite | Otherwise | Around | Import
InPlace = Replace | Before | Wrap | Rewrite | Otherwise


def apply(code: Code, edits: Sequence[Edit]) -> str | None:
    """The file after all edits; None if they cannot be made exactly, with nothing else in the file changed."""
    inside = [one for one in edits if isinstance(one, InPlace)]
    text: str | None = _in_place(code, inside) if inside else code.source
    blocks = [one for one in edits if isinstance(one, Around)]
    if blocks:
        block = blocks[0]
        alone = not inside and len(blocks) == 1
        text = enclose(code, block.statements, block.opening, block.closing) if alone else None
    for one in edits:
        if isinstance(one, Import) and text is not None:
            text = add_import(text, one.code)
    return text


def _in_place(code: Code, edits: Sequence[InPlace]) -> str | None:
    wanted = _intended(code, edits)
    if wanted is None:
        return None
    for brackets in (False, True):
        text = _rewritten(code, edits, brackets=brackets)
        result = Code.parse(text) if text is not None else None
        if text is not None and result is not None and dump(result.tree) == wanted:
            return text
    return None


def _intended(code: Code, edits: Sequence[InPlace]) -> str | None:
    """What the syntax tree must be after the edits. The tree of `code` is put back as it was."""
    undo: list[tuple[ast.AST, str, object]] = []
    try:
        for edit in edits:
            node = edit.node if isinstance(edit, Replace) else edit.statement
            parent = code.parents[node]
            if isinstance(edit, Otherwise):
                last = chain(edit.statement)[-1]
                undo.append((last, "orelse", last.orelse))
                last.orelse = ast.parse(edit.code).body
                continue
            for name, value in ast.iter_fields(parent):
                if value is node:
                    undo.append((parent, name, value))
                    setattr(parent, name, _substitutes(edit)[0])
                elif isinstance(value, list) and any(one is node for one in value):
                    undo.append((parent, name, list(value)))
                    at = next(index for index, one in enumerate(value) if one is node)
                    kept = [node] if isinstance(edit, Before) else []
                    setattr(parent, name, [*value[:at], *_substitutes(edit), *kept, *value[at + 1 :]])
        return dump(code.tree)
    except (SyntaxError, RecursionError):
        return None
    finally:
        for parent, name, value in reversed(undo):
            setattr(parent, name, value)


def chain(statement: ast.If) -> list[ast.If]:
    """An `if` and its `elif`s."""
    found = [statement]
    while len(found[-1].orelse) == 1 and isinstance(found[-1].orelse[0], ast.If):
        found.append(found[-1].orelse[0])
    return found


def _substitutes(edit: Replace | Before | Wrap | Rewrite) -> list[ast.AST]:
    match edit:
        case Replace(code=text):
            return [ast.parse(f"({text})", mode="eval").body]
        case Before(code=text) | Rewrite(code=text):
            return list(ast.parse(text).body)
        case Wrap(statement=statement, test=test):
            return [ast.If(ast.parse(test, mode="eval").body, [statement], [])]


def dump(value: object) -> str:
    """A syntax tree as text, without places. `a and (b and c)` means `a and b and c`: both are written flat."""
    match value:
        case ast.BoolOp(op=op, values=values):
            return f"{type(op).__name__}({', '.join(dump(one) for one in _flat(values, type(op)))})"
        case ast.AST():
            return f"{type(value).__name__}({', '.join(dump(part) for _, part in ast.iter_fields(value))})"
        case list():
            return f"[{', '.join(dump(one) for one in value)}]"
        case _:
            return repr(value)


def _flat(values: list[ast.expr], operator: type[ast.boolop]) -> list[ast.expr]:
    found: list[ast.expr] = []
    for value in values:
        inner = isinstance(value, ast.BoolOp) and isinstance(value.op, operator)
        found.extend(_flat(value.values, operator) if inner and isinstance(value, ast.BoolOp) else [value])
    return found


@lru_cache(maxsize=4)
def _parsed(source: str) -> MetadataWrapper | None:
    try:
        return MetadataWrapper(cst.parse_module(source), unsafe_skip_copy=True)
    except (cst.ParserSyntaxError, RecursionError):
        return None


def _rewritten(code: Code, edits: Sequence[InPlace], *, brackets: bool) -> str | None:
    wrapper = _parsed(code.source)
    if wrapper is None:
        return None
    rewriter = _Rewriter(code, wrapper.module.config_for_parsing, edits, brackets=brackets)
    try:
        changed = wrapper.visit(rewriter)
    except cst.ParserSyntaxError:
        return None
    return changed.code if rewriter.done == len(edits) else None


class _Rewriter(cst.CSTTransformer):
    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(
        self, code: Code, config: cst.PartialParserConfig, edits: Sequence[InPlace], *, brackets: bool
    ) -> None:
        super().__init__()
        self.done = 0
        self._config = config
        self._brackets = brackets
        self._expressions: dict[tuple[int, int, int, int], str] = {}
        self._statements: dict[tuple[int, int], Before | Wrap | Rewrite | Otherwise] = {}
        for edit in edits:
            span = code.span(edit.node if isinstance(edit, Replace) else edit.statement)
            if span is not None and isinstance(edit, Replace):
                self._expressions[span.line, span.column, span.end_line, span.end_column] = edit.code
            elif span is not None and not isinstance(edit, Replace):
                self._statements[span.line, span.column] = edit

    def on_leave(self, original_node: cst.CSTNode, updated_node: cst.CSTNode) -> object:  # type: ignore[override]
        """The node as it was, or what an edit makes of it."""
        if isinstance(original_node, cst.BaseExpression):
            return self._expression(original_node, updated_node)
        if isinstance(original_node, cst.SimpleStatementLine | cst.BaseCompoundStatement):
            return self._statement(original_node, updated_node)
        return updated_node

    def _expression(self, original: cst.CSTNode, updated: cst.CSTNode) -> cst.CSTNode:
        place = self._place(original)
        # A tuple's parentheses belong to it for the parser, and do not for LibCST.
        out = 1 if isinstance(original, cst.Tuple) and original.lpar else 0
        text = self._expressions.pop(
            (place.start.line, place.start.column - out, place.end.line, place.end.column + out), None
        )
        if text is None or not isinstance(updated, cst.BaseExpression):
            return updated
        self.done += 1
        new = cst.parse_expression(f"({text})" if "\n" in text else text, config=self._config)
        if getattr(updated, "lpar", ()):
            return new.with_changes(lpar=updated.lpar, rpar=updated.rpar)
        if self._brackets:
            return new.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
        return new

    def _statement(self, original: cst.CSTNode, updated: cst.CSTNode) -> object:
        place = self._place(original)
        edit = self._statements.pop((place.start.line, place.start.column), None)
        if edit is None or not isinstance(updated, cst.SimpleStatementLine | cst.BaseCompoundStatement):
            return updated
        self.done += 1
        if isinstance(edit, Rewrite):
            return self._rewrite(updated, edit.code)
        if isinstance(edit, Otherwise):
            return self._with_else(updated, edit.code)
        blank = list(updated.leading_lines)
        comments = next((at for at, line in enumerate(blank) if line.comment is not None), len(blank))
        if isinstance(edit, Before):
            indented = edit.code.replace("\n    ", f"\n{self._config.default_indent}")
            first, *others = cst.parse_module(indented, self._config).body
            first = first.with_changes(leading_lines=blank[:comments])
            return cst.FlattenSentinel([first, *others, updated.with_changes(leading_lines=blank[comments:])])
        inner = updated.with_changes(leading_lines=[])
        return cst.If(
            cst.parse_expression(edit.test, config=self._config),
            cst.IndentedBlock([inner]),
            leading_lines=blank,
        )

    def _rewrite(self, updated: cst.CSTNode, text: str) -> cst.CSTNode:
        new = cst.parse_statement(text, config=self._config)
        if isinstance(updated, cst.SimpleStatementLine) and isinstance(new, cst.SimpleStatementLine):
            return updated.with_changes(body=[*new.body, *updated.body[1:]])
        return updated

    def _with_else(self, updated: cst.CSTNode, text: str) -> cst.CSTNode:
        if not isinstance(updated, cst.If) or isinstance(updated.orelse, cst.Else):
            return updated
        if updated.orelse is not None:
            return updated.with_changes(orelse=self._with_else(updated.orelse, text))
        body = cst.parse_module(text, self._config).body
        return updated.with_changes(orelse=cst.Else(cst.IndentedBlock(body)))

    def _place(self, node: cst.CSTNode) -> CodeRange:
        place = self.get_metadata(PositionProvider, node)
        if not isinstance(place, CodeRange):
            raise TypeError("LibCST gave no range for a node of its own tree")
        return place
