"""Positions and relations in one parsed Python file, in characters, as people and editors count them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

from app.core.span import Span

Function = ast.FunctionDef | ast.AsyncFunctionDef
Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
_LINE_END = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, eq=False)
class Code:
    """A parsed file. Nodes belong to `tree`; nothing is ever compiled or run."""

    source: str
    tree: ast.Module

    @classmethod
    def parse(cls, source: str) -> Code | None:
        """The file, or None where it is no Python that this interpreter can read."""
        return _parsed(source)

    @cached_property
    def lines(self) -> list[str]:
        """The text of each line, without its end."""
        return _LINE_END.split(self.source)

    @cached_property
    def parents(self) -> dict[ast.AST, ast.AST]:
        """Every node's parent; the module has none."""
        return {child: parent for parent in ast.walk(self.tree) for child in ast.iter_child_nodes(parent)}

    def ancestors(self, node: ast.AST) -> Iterator[ast.AST]:
        """The parent of `node`, its parent, and so on to the module."""
        while (above := self.parents.get(node)) is not None:
            yield above
            node = above

    def function_of(self, node: ast.AST) -> Function | None:
        """The function whose body holds `node`."""
        below = node
        for above in self.ancestors(node):
            if isinstance(above, Function) and below in above.body:
                return above
            below = above
        return None

    def statement_of(self, node: ast.AST) -> ast.stmt | None:
        """The innermost statement that holds `node`, or `node` itself."""
        if isinstance(node, ast.stmt):
            return node
        return next((above for above in self.ancestors(node) if isinstance(above, ast.stmt)), None)

    def statement_at(self, line: int) -> ast.stmt | None:
        """The innermost statement that covers `line`; decorators belong to their function."""
        found: ast.stmt | None = None
        for node in ast.walk(self.tree):
            if isinstance(node, ast.stmt) and _first_line(node) <= line <= (node.end_lineno or node.lineno):
                found = node  # the walk is breadth first, so a later one lies deeper
        return found

    def statements_at(self, line: int) -> list[ast.stmt]:
        """The statement at `line`, and the others that begin on it, in their order: `if x.a: return x.b`."""
        innermost = self.statement_at(line)
        if innermost is None:
            return []
        shared = [one for one in ast.walk(self.tree) if isinstance(one, ast.stmt) and one.lineno == line]
        return sorted({*shared, innermost}, key=lambda one: (one.lineno, one.col_offset))

    def span(self, node: ast.expr | ast.stmt) -> Span | None:
        """Where `node` stands; None for one inside an f-string whose place the parser did not record."""
        if node.end_lineno is None or node.end_col_offset is None:
            return None
        for shift in (0, -1, 1, -2, 2):  # before Python 3.12 lines inside triple-quoted f-strings were off
            span = self._span(node, shift)
            if span is not None and (not self._in_fstring(node) or self._says(span, node)):
                return span
        return None

    def text(self, node: ast.expr | ast.stmt) -> str:
        """The source of `node` as it was written, or as the parser prints it."""
        span = self.span(node)
        return self.slice(span) if span is not None else ast.unparse(node)

    def slice(self, span: Span) -> str:
        """The text that `span` covers."""
        first, last = span.line - 1, span.end_line - 1
        if first == last:
            return self.lines[first][span.column : span.end_column]
        middle = self.lines[first + 1 : last]
        return "\n".join([self.lines[first][span.column :], *middle, self.lines[last][: span.end_column]])

    def expression_at(self, span: Span) -> ast.expr | None:
        """The outermost expression that stands exactly at `span`."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.expr) and abs(node.lineno - span.line) <= 2 and self.span(node) == span:  # noqa: PLR2004
                return node
        return None

    def _span(self, node: ast.expr | ast.stmt, shift: int) -> Span | None:
        line, end_line = node.lineno + shift, (node.end_lineno or node.lineno) + shift
        if not 1 <= line <= end_line <= len(self.lines):
            return None
        first, last = self.lines[line - 1].encode(), self.lines[end_line - 1].encode()
        column = len(first[: node.col_offset].decode(errors="replace"))
        return Span(line, column, end_line, len(last[: node.end_col_offset].decode(errors="replace")))

    def _in_fstring(self, node: ast.AST) -> bool:
        return any(isinstance(above, ast.JoinedStr) for above in self.ancestors(node))

    def _says(self, span: Span, node: ast.expr | ast.stmt) -> bool:
        try:
            read = ast.parse(f"({self.slice(span)})", mode="eval").body
        except (SyntaxError, ValueError):
            return False
        return ast.dump(read) == ast.dump(node)


@lru_cache(maxsize=500)
def _parsed(source: str) -> Code | None:
    """One tree for one text: many readers look at the same file, and none of them changes it."""
    try:
        return Code(source, ast.parse(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _first_line(node: ast.stmt) -> int:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.decorator_list:
        return min(node.lineno, node.decorator_list[0].lineno)
    return node.lineno


def chain_root(node: ast.expr) -> ast.expr:
    """What an access path starts from: `a` of `a.b['c'].d()`."""
    while True:
        match node:
            case ast.Attribute(value=inner) | ast.Subscript(value=inner) | ast.Call(func=inner):
                node = inner
            case ast.Await(value=inner):
                node = inner
            case _:
                return node


def names_in(node: ast.AST) -> set[str]:
    """Every plain name that `node` mentions."""
    return {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}


def names_bound(node: ast.AST) -> set[str]:
    """Every plain name that `node` binds, nested scopes included."""
    bound: set[str] = set()
    for inner in ast.walk(node):
        match inner:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                bound.add(name)
            case (
                ast.ExceptHandler(name=str(name))
                | ast.MatchAs(name=str(name))
                | ast.MatchStar(name=str(name))
            ):
                bound.add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                bound.add(name)
            case ast.alias(name=name, asname=alias):
                bound.add(alias or name.partition(".")[0])
            case ast.arg(arg=name):
                bound.add(name)
            case _:
                pass
    return bound


def own_nodes(function: ast.AST) -> Iterator[ast.AST]:
    """Every node of a function or statement except those inside functions, classes and lambdas nested in it."""
    pending = list(ast.iter_child_nodes(function))
    while pending:
        node = pending.pop(0)
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            pending.extend(ast.iter_child_nodes(node))


def header(statement: ast.stmt) -> list[ast.AST]:  # noqa: PLR0911 - a table of forms
    """What `statement` evaluates itself, in order of evaluation, without the statements nested in it."""
    match statement:
        case ast.If(test=test) | ast.While(test=test):
            return [test]
        case ast.For(target=target, iter=iterable) | ast.AsyncFor(target=target, iter=iterable):
            return [iterable, target]
        case ast.With(items=items) | ast.AsyncWith(items=items):
            return list(items)
        case ast.Match(subject=subject):
            return [subject]
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            defaults = [default for default in statement.args.kw_defaults if default is not None]
            return [*statement.decorator_list, *statement.args.defaults, *defaults]
        case ast.ClassDef():
            return [
                *statement.decorator_list,
                *statement.bases,
                *(keyword.value for keyword in statement.keywords),
            ]
        case ast.Assign(targets=targets, value=value):
            return [value, *targets]
        case ast.AnnAssign(target=target, value=ast.expr() as value):
            return [value, target]
        case ast.Try() | ast.TryStar():
            return [handler.type for handler in statement.handlers if handler.type is not None]
        case _:
            return list(ast.iter_child_nodes(statement))
