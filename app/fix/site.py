"""The place that a codemod works on: the failing expression, what surrounds it, and what comes after it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from pydantic import JsonValue

from app.core.model import CodeFrame, Failure, FailureKind
from app.core.recorded import type_name
from app.core.syntax import Code, Comprehension, Function, names_in, own_nodes
from app.fix.conditions import conditions, domain, in_words, lacks_too, of_nothing
from app.fix.conventions import Conventions
from app.fix.forms import bound_by, form_type, is_lazy, is_plain, is_repeatable, is_stored_item, load_dump

Loop = ast.For | ast.AsyncFor | ast.While


@dataclass(frozen=True, slots=True)
class Trace:
    """What the stack trace says beside the site: the exception's names (itself first), message, module and frames.

    `depth` counts the own frames below the site: 0 where the exception was raised, 1 in its caller. `distance` counts
    from the lookup that failed instead, if the exception was raised in a container's own method.
    `callers` are the own frames above the site, the nearest first.
    """

    names: tuple[str, ...] = ()
    message: str = ""
    module: str | None = None
    depth: int = 0
    distance: int = 0
    callers: tuple[CodeFrame, ...] = ()


@dataclass(frozen=True)
class Site:
    """One failing expression in its file. `node` failed because of `subject`; nodes belong to `code.tree`."""

    code: Code
    path: str
    failure: Failure
    variables: Mapping[str, JsonValue]
    conventions: Conventions
    node: ast.expr
    subject: ast.expr
    statement: ast.stmt
    function: Function | None
    trace: Trace = Trace()

    @classmethod
    def locate(
        cls,
        code: Code,
        path: str,
        failure: Failure,
        variables: Mapping[str, JsonValue],
        conventions: Conventions,
        trace: Trace = Trace(),
    ) -> Site | None:
        """The site of `failure`; None if its spans name no expressions of this file."""
        node, subject = code.expression_at(failure.span), code.expression_at(failure.subject_span)
        statement = code.statement_of(node) if node is not None else None
        if node is None or subject is None or statement is None:
            return None
        function = code.function_of(statement)
        return cls(code, path, failure, variables, conventions, node, subject, statement, function, trace)

    def text(self, node: ast.expr | ast.stmt) -> str:
        """The source of `node`."""
        return self.code.text(node)

    @property
    def none(self) -> bool:
        """True if None was used as a value."""
        return self.failure.kind is FailureKind.NONE_VALUE

    @property
    def function_name(self) -> str:
        """The name of the function, or `the module`."""
        return f"`{self.function.name}`" if self.function is not None else "the module"

    @cached_property
    def key(self) -> ast.expr | None:
        """The key expression of a missing key."""
        match self.node:
            case ast.Subscript(slice=key) | ast.Call(args=[key]):
                return key
            case _:
                return None

    @cached_property
    def line(self) -> str:
        """The source of the subject on one line, as messages and guards write it."""
        return (
            " ".join(self.text(self.subject).split())
            if "\n" in self.text(self.subject)
            else self.text(self.subject)
        )

    @cached_property
    def loop(self) -> Loop | None:
        """The innermost loop of the function whose body holds the statement."""
        below: ast.AST = self.statement
        for above in self.code.ancestors(self.statement):
            if isinstance(above, Function | ast.ClassDef):
                return None
            if isinstance(above, Loop) and below in above.body:
                return above
            below = above
        return None

    @cached_property
    def is_generator(self) -> bool:
        """True if the function yields."""
        return self.function is not None and any(
            isinstance(node, ast.Yield | ast.YieldFrom) for node in own_nodes(self.function)
        )

    def parent(self, node: ast.AST) -> ast.AST:
        """What holds `node`."""
        return self.code.parents[node]

    def between(self, node: ast.AST) -> Iterator[tuple[ast.AST, ast.AST]]:
        """Pairs of a node and its parent, from `node` up to the statement."""
        while not isinstance(node, ast.stmt):
            above = self.code.parents[node]
            yield node, above
            node = above

    def lazy(self, inner: ast.AST, outer: ast.AST) -> bool:
        """True if evaluating `outer` need not evaluate its part `inner`."""
        for node, above in self.between(inner):
            if node is outer:
                return False
            if is_lazy(node, above):
                return True
        return False

    @cached_property
    def always_runs(self) -> bool:
        """True if the statement cannot complete without evaluating the failing expression."""
        return not self.lazy(self.node, self.statement) and not isinstance(
            self.statement,
            ast.While | ast.Try | ast.Match | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef,
        )

    @cached_property
    def is_plain(self) -> bool:
        """True if the subject can be read twice: names, attributes, subscripts and `.get()` only."""
        return is_plain(self.subject)

    @cached_property
    def is_plain_enough(self) -> bool:
        """True if the subject can be read twice, slices and sums of indexes included."""
        return all(
            not isinstance(one, ast.Call | ast.Await | ast.Yield | ast.YieldFrom | ast.NamedExpr)
            for one in ast.walk(self.subject)
        )

    @cached_property
    def is_visible(self) -> bool:
        """True if the subject's names exist before the statement runs: none is bound by it."""
        names = names_in(self.subject) | (
            names_in(self.key) if self.key is not None and not self.none else set()
        )
        scopes = [
            above for _, above in self.between(self.node) if isinstance(above, Comprehension | ast.Lambda)
        ]
        inside = {name for scope in scopes for name in bound_by(scope)}
        walrus = {one.target.id for one in ast.walk(self.statement) if isinstance(one, ast.NamedExpr)}
        return not names & (inside | walrus)

    @cached_property
    def takes_guard(self) -> bool:
        """True if a statement put before this one runs exactly when the failing expression would be evaluated.

        Never for a `raise` that fails while its text is made: a guard would go around what is a refusal still.
        """
        above = self.parent(self.statement)
        is_elif = (
            isinstance(above, ast.If)
            and above.orelse == [self.statement]
            and isinstance(self.statement, ast.If)
        )
        return (
            self.function is not None
            and not isinstance(self.statement, ast.Raise)
            and self.always_runs
            and self.is_visible
            and not is_elif
            and self.is_plain
            and self.test is not None
        )

    @cached_property
    def test(self) -> str | None:
        """The condition under which the failing expression can be evaluated; None if none can be written."""
        tests = self._tests
        return tests[0] if tests is not None else None

    @cached_property
    def negated_test(self) -> str | None:
        """The condition under which it fails; None if none can be written."""
        tests = self._tests
        return tests[1] if tests is not None else None

    @cached_property
    def _tests(self) -> tuple[str, str] | None:
        loose = isinstance(self.subject, ast.BoolOp | ast.Compare | ast.IfExp | ast.Lambda | ast.NamedExpr)
        return self.tests_of(f"({self.line})" if loose else self.line)

    def tests_of(self, subject: str) -> tuple[str, str] | None:
        """The conditions that the expression can be evaluated and that it fails, of a subject written as `subject`."""
        if self.failure.kind is FailureKind.WRONG_TYPE:
            return self._type_tests(subject)
        if self.failure.kind is FailureKind.EMPTY:
            return of_nothing(self.node, subject)
        if self.failure.kind is FailureKind.ZERO and isinstance(self.node, ast.Call):
            return domain(self.node, subject)
        if not self.none and self.key is not None and not is_repeatable(self.key):
            return None
        return conditions(self.failure, subject, self._key_text, self.trace.message)

    def _type_tests(self, subject: str) -> tuple[str, str] | None:
        """Whether the subject is of the class that the code expects, or has the attribute that is read of it."""
        expected = self.conventions.expected_class(self.code, self.subject, self.statement)
        if expected is not None and expected.code.rpartition(".")[2] != self.failure.key:
            test = f"isinstance({subject}, {expected.code})"
        elif isinstance(self.node, ast.Attribute) and self.node.value is self.subject:
            test = f'hasattr({subject}, "{self.node.attr}")'
        else:
            return None
        return test, f"not {test}"

    @property
    def missing(self) -> str:
        """The failing condition in words."""
        exception = self.trace.names[0] if self.trace.names else "an exception"
        return in_words(self.failure, self.line, self._key_text, exception)

    @property
    def _key_text(self) -> str:
        return self.text(self.key) if self.key is not None else self.failure.key or ""

    @cached_property
    def following(self) -> list[ast.stmt]:
        """The statements after this one in its own block and in the blocks around it, up to the function or loop."""
        found: list[ast.stmt] = []
        node: ast.AST = self.statement
        for above in self.code.ancestors(self.statement):
            found.extend(_after(above, node))
            if isinstance(above, Function | ast.ClassDef):
                break
            node = above
        return found

    @cached_property
    def following_in_loop(self) -> list[ast.stmt]:
        """The statements after this one in the same round of the loop."""
        found: list[ast.stmt] = []
        node: ast.AST = self.statement
        for above in self.code.ancestors(self.statement):
            found.extend(_after(above, node))
            if above is self.loop:
                break
            node = above
        return found

    @property
    def later(self) -> list[ast.stmt]:
        """The statements after this one in the same round of the loop, or in the function where there is no loop."""
        return self.following_in_loop if self.loop is not None else self.following

    @cached_property
    def used_again(self) -> bool:
        """True if a later statement would fail in the same way: repairing this expression alone is no repair."""
        nested = [one for one in getattr(self.statement, "body", []) if isinstance(one, ast.stmt)]
        return any(self.relies(one) for one in [*nested, *self.later])

    def relies(self, scope: ast.AST, outside: ast.AST | None = None) -> bool:
        """True if `scope` uses the failing value again without testing it, not counting what lies in `outside`."""
        wanted = ast.dump(self.subject if self.none else self.node)
        skipped = set(ast.walk(outside)) if outside is not None else set()
        for node in ast.walk(scope):
            if not self.none and isinstance(self.code.parents.get(node), ast.Assign) and is_stored_item(node):
                continue
            if not isinstance(node, ast.expr) or node in skipped:
                continue
            if load_dump(node) == wanted or self._lacks(node):
                used = not self.none or self._is_used(node)
                if used and not self.is_tested(node, wanted) and not self._is_set_before(node, wanted):
                    return True
        return False

    def _lacks(self, node: ast.expr) -> bool:
        """True for another item of the sequence that cannot be there where the failing one is not."""
        return (
            self.failure.kind is FailureKind.BAD_INDEX
            and isinstance(node, ast.Subscript)
            and ast.dump(node.value) == ast.dump(self.subject)
            and lacks_too(self.failure.key or "", ast.unparse(node.slice))
        )

    def _is_set_before(self, node: ast.AST, wanted: str) -> bool:
        """True if an earlier statement of the block around `node`, behind the failing one, gives the entry a value."""
        below = node
        for above in self.code.ancestors(node):
            for _, value in ast.iter_fields(above):
                if isinstance(value, list) and below in value:
                    for one in value[: value.index(below)]:
                        targets = one.targets if isinstance(one, ast.Assign) else []
                        given = [
                            part
                            for target in targets
                            for part in ast.walk(target)
                            if isinstance(part, ast.expr)
                        ]
                        if one.lineno > self.statement.lineno and wanted in map(load_dump, given):
                            return True
            if above is self.function:
                return False
            below = above
        return False

    def _is_used(self, node: ast.expr) -> bool:  # noqa: PLR0911 - a table of forms
        match self.code.parents.get(node):
            case ast.Attribute() | ast.Await() | ast.UnaryOp(op=ast.USub()) | ast.Starred():
                return True
            case ast.Subscript(value=value):
                return value is node
            case ast.Call(func=func) as call:
                return func is node or (
                    isinstance(call.func, ast.Name)
                    and call.func.id in {"len", "sum", "sorted", "int", "float"}
                )
            case ast.BinOp(op=op):
                return not isinstance(op, ast.Mod)
            case ast.Compare(ops=[ast.Lt() | ast.LtE() | ast.Gt() | ast.GtE(), *_]):
                return True
            case ast.For(iter=iterable) | ast.comprehension(iter=iterable):
                return iterable is node
            case ast.AugAssign():
                return True
            case _:
                return False

    def is_tested(self, node: ast.AST, wanted: str) -> bool:
        """True if a condition in front of `node` asks about the subject or about what has the dump `wanted`."""
        below = node
        for above in self.code.ancestors(node):
            match above:
                case ast.If(test=test) | ast.While(test=test) | ast.IfExp(test=test) if below is not test:
                    if above not in self._around and self._mentions(test, wanted):
                        return True
                case ast.BoolOp(op=op, values=values):
                    earlier = values[: next((at for at, one in enumerate(values) if one is below), 0)]
                    if isinstance(op, ast.Or):  # what fails itself is no test for what stands behind it
                        earlier = [one for one in earlier if self.node not in ast.walk(one)]
                    if any(self._mentions(one, wanted) for one in earlier):
                        return True
                case ast.comprehension(ifs=ifs):
                    if any(self._mentions(one, wanted) for one in ifs if one is not below):
                        return True
                case ast.FunctionDef() | ast.AsyncFunctionDef():
                    return False
                case _:
                    pass
            below = above
        return False

    @cached_property
    def _around(self) -> set[ast.AST]:
        """What lies around the statement: a test that did not keep it from failing protects nothing else either."""
        return set(self.code.ancestors(self.statement))

    def _mentions(self, test: ast.AST, wanted: str) -> bool:
        subject = ast.dump(self.subject)
        return any(isinstance(one, ast.expr) and ast.dump(one) in {wanted, subject} for one in ast.walk(test))

    def recorded_type(self, node: ast.expr) -> str | None:
        """The class of what `node` was, from its form or from the recorded locals."""
        return form_type(node) or type_name(self.variables, node)


def _after(block: ast.AST, node: ast.AST) -> list[ast.stmt]:
    for _, value in ast.iter_fields(block):
        if isinstance(value, list) and any(one is node for one in value):
            at = next(index for index, one in enumerate(value) if one is node)
            return [one for one in value[at + 1 :] if isinstance(one, ast.stmt)]
    return []
