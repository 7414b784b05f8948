"""Which part of the failing line failed: found from the exception's message, confirmed by the recorded locals."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from app.core.exceptions import ancestors, is_for_a_person
from app.core.model import Failure, FailureKind, Reason, Span, Stage, Stop
from app.core.recorded import BREADTH, Locals, elements, has_key, is_none, key_repr
from app.core.syntax import Code, header
from app.investigate.message import Suspicion, is_known, suspicions
from app.investigate.other import Suspect, raised, suspects

_COMPREHENSIONS: dict[str, type[ast.expr]] = {
    "<listcomp>": ast.ListComp,
    "<setcomp>": ast.SetComp,
    "<dictcomp>": ast.DictComp,
    "<genexpr>": ast.GeneratorExp,
    "<lambda>": ast.Lambda,
}
_PARTS = (ast.Starred, ast.FormattedValue, ast.keyword)
_LONGEST_MESSAGE = 2_000


def find_failure(
    source: str,
    line: int,
    function: str,
    exception: str,
    message: str,
    variables: Mapping[str, JsonValue],
    *,
    module: str | None = None,
    below: str | None = None,
    at: Span | None = None,
) -> Failure | Stop:
    """The sub-expression at `line` that raised, with what confirms it; a Stop where that cannot be said for sure.

    `module` is the exception's own; `below` is the function that the line called, if the stack trace goes on there.
    `at` is where the interpreter says that the failing instruction stands, if it said so.
    """
    names = ancestors(exception, module)
    message = message[:_LONGEST_MESSAGE]
    code = Code.parse(source)
    if code is None:
        return _novel("The file does not parse as Python.")
    refusal = _refusal(code, line, names)
    if refusal is not None:
        return refusal
    search = _Search(code, line, variables)
    nodes = search.nodes(function.rpartition(".")[2], at)
    if names[0] == "KeyError":
        found = search.missing_key(nodes, message)
    elif below is not None and "NoneType" in message and (given := search.handed_none(nodes)) is not None:
        return given
    elif is_known(names[0], message):
        found = search.none_value([one for node in nodes for one in suspicions(node, names[0], message)])
    else:
        return search.other(nodes, names, message, below)
    if (
        isinstance(found, Stop)
        and not search.is_ambiguous(found)
        and any(isinstance(one, ast.Call) for one in nodes)
    ):
        return search.first_with_a_place(raised(nodes, message, below)) or found
    return found


def _refusal(code: Code, line: int, names: tuple[str, ...]) -> Stop | None:
    """Why the line or the exception is nothing to repair; None if it may be."""
    if is_for_a_person(names):
        return _novel(
            f"{names[0]} reports a condition that a person must decide about: no change of the code is right."
        )
    statement = code.statement_at(line)
    if statement is None:
        return _unconfirmed(f"There is no statement at line {line}.")
    if _raises_itself(statement, names[0]):
        return _novel(
            f"Line {line} raises {names[0]} deliberately: the program reports a condition, it does not stumble."
        )
    return None


def evaluated(code: Code, line: int, function: str) -> list[ast.AST]:
    """What the line evaluates in a frame of that function, in order of evaluation."""
    if code.statement_at(line) is None:
        return []
    return _Search(code, line, {}).nodes(function.rpartition(".")[2])


@dataclass(frozen=True)
class _Search:
    """The search for one failing expression."""

    code: Code
    line: int
    variables: Mapping[str, JsonValue]

    def nodes(self, function: str, at: Span | None = None) -> list[ast.AST]:
        """What the failing line evaluates, in order of evaluation, narrowed to the comprehension that failed.

        Where an expression stands exactly `at` that place, it alone is meant: its parts have been computed.
        """
        nodes: list[ast.AST] = []
        for statement in self.code.statements_at(self.line):
            nodes.extend(node for part in header(statement) for node in _in_order(part))
            if not isinstance(statement, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                nodes.append(statement)
        wanted = _COMPREHENSIONS.get(function)
        if wanted is not None:
            inner = [node for node in nodes if isinstance(node, wanted)]
            nodes = [node for scope in inner for node in _in_order(scope)]
        else:
            nodes = [node for node in nodes if not self._in_lambda(node)]
        here = list(dict.fromkeys(node for node in nodes if self._covers(node)))
        exact: list[ast.AST] = [node for node in here if at is not None and self._stands(node, at)]
        return exact or here

    def _stands(self, node: ast.AST, at: Span) -> bool:
        """True for what is computed at that place: an expression, and those of its parts that only are with it."""
        if isinstance(node, _PARTS):
            node = next(self.code.ancestors(node), node)
        return isinstance(node, ast.expr) and self.code.span(node) == at

    def _in_lambda(self, node: ast.AST) -> bool:
        statement = self.code.statement_of(node)
        for above in self.code.ancestors(node):
            if above is statement:
                return False
            if isinstance(above, ast.Lambda):
                return True
        return False

    def _covers(self, node: ast.AST) -> bool:
        if isinstance(node, ast.stmt):
            return True
        if not isinstance(node, ast.expr) or isinstance(node, ast.FormattedValue):
            return True  # before Python 3.12 the parts of an f-string have no place of their own
        span = self.code.span(node)
        return span is not None and span.line <= self.line <= span.end_line

    def _readings(self, node: ast.AST) -> tuple[list[Locals], bool]:
        """The locals under which `node` may have been evaluated, and whether these are all.

        From Python 3.12 on a comprehension has no frame, so its variable is not in the record: each recorded
        element of what it ran over may have been its value.
        """
        readings: list[Locals] = [self.variables]
        complete = True
        for above in self.code.ancestors(node):
            if not isinstance(above, ast.ListComp | ast.SetComp | ast.DictComp):
                continue
            for loop in above.generators:
                if isinstance(loop.target, ast.Name) and loop.target.id not in self.variables:
                    items = elements(self.variables, loop.iter) or []
                    complete = complete and 0 < len(items) < BREADTH
                    readings = [
                        {**one, loop.target.id: item} for one in readings for item in items
                    ] or readings
        return readings, complete

    def _is_none(self, subject: ast.expr) -> bool | None:
        """True if `subject` was recorded as None, False if never, None if the record does not say."""
        readings, complete = self._readings(subject)
        states = {is_none(one, subject) for one in readings}
        if True in states:
            return True
        return False if states == {False} and complete else None

    def none_value(self, found: list[Suspicion]) -> Failure | Stop:
        """The one suspicion that the locals leave over."""
        exact = [one for one in found if self._reported_line(one.expression) == self.line]
        found = exact or found
        if not found:
            return _unconfirmed(f"Nothing in the statement at line {self.line} can have raised this message.")
        states = [self._is_none(one.subject) for one in found]
        left = [(one, state) for one, state in zip(found, states, strict=True) if state is not False]
        if not left:
            text = self.code.text(found[0].subject)
            return _unconfirmed(f"The recorded locals contradict the message: `{text}` was not None.")
        chosen, state = left[0]
        subjects = {ast.dump(one.subject) for one, _ in left}
        if len(subjects) > 1 and state is not True:
            texts = ", ".join(f"`{self.code.text(one.subject)}`" for one, _ in left)
            return _unconfirmed(
                f"Several expressions fit the message and the locals do not tell which: {texts}."
            )
        text = self.code.text(chosen.subject)
        if state is True:
            evidence = [f"`{text}` was None in the recorded locals."]
        else:
            evidence = [
                f"`{text}` is the only one at line {self.line} that fits the message; its value is not in the record."
            ]
        evidence += [
            f"`{self.code.text(one.subject)}` also fits the message and was recorded as something else."
            for one, other in zip(found, states, strict=True)
            if other is False and ast.dump(one.subject) not in subjects
        ]
        return self._failure(FailureKind.NONE_VALUE, chosen.expression, chosen.subject, None, evidence)

    def missing_key(self, nodes: list[ast.AST], message: str) -> Failure | Stop:
        """The one lookup of the missing key that the locals leave over."""
        left: list[tuple[ast.expr, ast.expr, tuple[str, ...]]] = []
        for node in nodes:
            for expression, mapping, key in _lookups(node):
                facts = self._key_facts(mapping, key, message)
                if facts is not None:
                    left.append((expression, mapping, facts))
        if not left:
            return _novel(
                f"No lookup at line {self.line} can have missed this key: the KeyError comes from elsewhere."
            )
        certain = [one for one in left if one[2]]
        chosen = left if len(left) == 1 else certain
        if len({ast.dump(one[1]) for one in chosen}) != 1:
            texts = ", ".join(f"`{self.code.text(one[0])}`" for one in left)
            return _unconfirmed(f"Several lookups fit the message and the locals do not tell which: {texts}.")
        expression, mapping, facts = chosen[0]
        text = self.code.text(expression)
        evidence = list(facts) or [
            f"`{text}` is the only lookup at line {self.line} that fits the missing key."
        ]
        return self._failure(FailureKind.MISSING_KEY, expression, mapping, message, evidence)

    def _key_facts(self, mapping: ast.expr, key: ast.expr, message: str) -> tuple[str, ...] | None:
        """What confirms that `mapping` lacked the key; None if the record or the key contradicts it."""
        readings, complete = self._readings(mapping)
        possible = [
            facts for one in readings if (facts := self._facts(one, mapping, key, message)) is not None
        ]
        if not possible:
            return None if complete else ()
        return max(possible, key=len)

    def _facts(
        self, variables: Locals, mapping: ast.expr, key: ast.expr, message: str
    ) -> tuple[str, ...] | None:
        spelled = key_repr(variables, key)
        if spelled is None and isinstance(key, ast.JoinedStr):
            spelled = message if _fits(key, message) else ""
        if spelled is not None and not _same_key(spelled, message):
            return None
        text = self.code.text(mapping)
        match has_key(variables, mapping, message):
            case True:
                return None
            case False:
                return (f"`{text}` was recorded without the missing key.",)
            case _:
                return ()

    def _reported_line(self, node: ast.expr) -> int:
        """The line that a traceback names for `node`: that of the attribute's name in a chain over several lines."""
        if isinstance(node, ast.Attribute) or (
            isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        ):
            name = node if isinstance(node, ast.Attribute) else node.func
            span = self.code.span(name)
            return span.end_line if span is not None else node.lineno
        return node.lineno

    def handed_none(self, nodes: list[ast.AST]) -> Failure | None:
        """The one part of a call's arguments that was recorded as None, where the call itself failed over None."""
        found: dict[str, tuple[ast.Call, ast.expr]] = {}
        for call in nodes:
            if isinstance(call, ast.Call):
                for given in [*call.args, *(one.value for one in call.keywords)]:
                    if not isinstance(given, ast.Constant) and self._is_none(given) is True:
                        found.setdefault(ast.dump(given), (call, given))
        if len(found) != 1:
            return None
        call, given = next(iter(found.values()))
        text = self.code.text(given)
        evidence = [f"`{text}` was None in the recorded locals, and the call fails over None."]
        failure = self._failure(FailureKind.NONE_VALUE, call, given, None, evidence)
        return failure if isinstance(failure, Failure) else None

    def other(
        self, nodes: list[ast.AST], names: tuple[str, ...], message: str, below: str | None
    ) -> Failure | Stop:
        """The likeliest failure of another kind than None and missing keys."""
        found = self.first_with_a_place(suspects(nodes, names, message, self.variables, below))
        return found or _novel(f"Nothing at line {self.line} is known to raise {names[0]} with this message.")

    def first_with_a_place(self, found: Iterable[Suspect]) -> Failure | None:
        """The first suspect whose place in the source is known."""
        for one in found:
            failure = self._failure(one.kind, one.expression, one.subject, one.detail, list(one.evidence))
            if isinstance(failure, Failure):
                return failure
        return None

    @staticmethod
    def is_ambiguous(stop: Stop) -> bool:
        """True if several expressions fit: to guess would be worse than to ask."""
        return "do not tell which" in stop.detail or "contradict" in stop.detail

    def _failure(
        self,
        kind: FailureKind,
        expression: ast.expr,
        subject: ast.expr,
        key: str | None,
        evidence: list[str],
    ) -> Failure | Stop:
        span, subject_span = self.code.span(expression), self.code.span(subject)
        if span is None or subject_span is None:
            return _unconfirmed(
                "The failing expression stands in an f-string whose places this Python does not record."
            )
        texts = self.code.slice(span), self.code.slice(subject_span)
        return Failure(kind, *texts, span, subject_span, key, tuple(evidence))


def _in_order(node: ast.AST) -> Iterator[ast.AST]:
    """`node` and its parts, each after the parts that it is computed from."""
    parts: list[ast.AST]
    match node:
        case ast.IfExp(test=test, body=body, orelse=orelse):
            parts = [test, body, orelse]
        case ast.ListComp() | ast.SetComp() | ast.GeneratorExp():
            parts = [*node.generators, node.elt]
        case ast.DictComp():
            parts = [*node.generators, node.key, node.value]
        case ast.comprehension(target=target, iter=iterable, ifs=ifs):
            parts = [iterable, target, *ifs]
        case ast.Dict(keys=keys, values=values):
            parts = [one for pair in zip(keys, values, strict=True) for one in pair if one is not None]
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            parts = []
        case _:
            parts = list(ast.iter_child_nodes(node))
    for part in parts:
        yield from _in_order(part)
    yield node


def _lookups(node: ast.AST) -> Iterator[tuple[ast.expr, ast.expr, ast.expr]]:
    """The lookups in `node` itself that raise KeyError: the expression, the mapping, the key."""
    match node:
        case ast.Subscript(value=mapping, slice=key, ctx=ast.Load() | ast.Del()):
            yield node, mapping, key
        case ast.AugAssign(target=ast.Subscript(value=mapping, slice=key) as target):
            yield target, mapping, key
        case ast.Call(func=ast.Attribute(value=mapping, attr="pop" | "remove"), args=[key], keywords=[]):
            yield node, mapping, key
        case ast.BinOp(left=ast.Constant(value=str(text)), op=ast.Mod(), right=mapping):
            for name in re.findall(r"%\((\w+)\)", text):
                yield node, mapping, ast.Constant(name)
        case _:
            pass


def _same_key(spelled: str, message: str) -> bool:
    return spelled == message or spelled.strip() == message.strip()


def _fits(key: ast.JoinedStr, message: str) -> bool:
    """True if the f-string can have produced the key, judged by its constant parts in order."""
    at = 0
    for part in key.values:
        if isinstance(part, ast.Constant):
            at = message.find(str(part.value), at)
            if at < 0:
                return False
    return True


def _raises_itself(statement: ast.stmt, exception: str) -> bool:
    match statement:
        case ast.Raise(exc=None):
            return True
        case ast.Raise(exc=ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name))):
            return name == exception
        case ast.Raise(exc=ast.Name(id=name) | ast.Attribute(attr=name)):
            return name == exception or name.islower()
        case _:
            return False


def _novel(detail: str) -> Stop:
    return Stop(Stage.INVESTIGATE, Reason.NOVEL, detail)


def _unconfirmed(detail: str) -> Stop:
    return Stop(Stage.INVESTIGATE, Reason.UNCONFIRMED, detail)
