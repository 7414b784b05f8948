"""A call that the repository handles elsewhere is handled in the same way here.

What it fixes:
    A call raises here without a handler; the same call stands in a `try` somewhere else, with an answer to the error.

Why it fails:
    The call was written twice, and only one of the places expects bad input.

Fix safety:
    Unsafe in general: a handler that fits one place need not fit another, so a person reviews. The nearer the model,
    the stronger the evidence: the same function, the same class, the same file. A handler that does not fit the place
    is no model: one that leaves a name without a value, reads what is not here, or stands in a test.

References:
    Python Language Reference, "The try statement".
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

from app.core.model import Applicability, FailureKind
from app.core.syntax import Code, Function, names_bound, names_in
from app.fix.classes import ancestors_in
from app.fix.conventions import module_names
from app.fix.edit import Around, Import
from app.fix.handlers import answering, is_caught_here, takes_try, tries
from app.fix.modules import Modules, is_test
from app.fix.pattern import ANY, Example, FixPattern, Proposal, Strength, Unchanged
from app.fix.returns import is_optional
from app.fix.scope import can_be_written, enclosing_class, names_before, raises_own
from app.fix.site import Site

# A call of one of these says too little about what it is for: only the same function counts.
_COMMON = frozenset(
    {"int", "float", "str", "open", "get", "getattr", "len", "next", "list", "dict", "bytes", "append", "items",
     "timedelta", "datetime", "Decimal", "UUID", "join", "split", "format", "decode", "encode", "read", "write",
     "pop", "update", "super", "isinstance"}
)  # fmt: skip
_LARGEST = 4


@dataclass(frozen=True, slots=True)
class _Model:
    handler: ast.ExceptHandler
    path: str
    code: Code
    strength: Strength


def codemod(site: Site) -> Iterator[Proposal]:
    """Puts the failing statement into a `try` with the handler of the model."""
    call = site.node
    if not isinstance(call, ast.Call) or not takes_try(site.statement) or is_caught_here(site):
        return
    for model in sorted(_models(site, call), key=lambda one: one.strength):
        body = model.handler.body
        if not _fits(site, model):
            continue
        types = model.code.text(model.handler.type) if model.handler.type is not None else ""
        name = f" as {model.handler.name}" if model.handler.name else ""
        text = _block(model, body)
        if text is None:
            continue
        place = f"{model.path}:{model.handler.lineno}"
        yield Proposal(
            (
                Around((site.statement,), "try:", f"except {types}{name}:\n{text}"),
                *(Import(line) for _, line in _imports(site, model)),
            ),
            f"Handle {site.trace.names[0]} of `{site.text(call.func)}()` as line {model.handler.lineno} does",
            (f"{place} handles the same error of the same call.",),
            "Only executions in which the statement raised this go another way.",
            model.strength,
            safe=False,
            raises=raises_own(model.handler),
        )
        return


def _block(model: _Model, body: list[ast.stmt]) -> str | None:
    """The handler's statements at one step of indentation, as they were written."""
    first, last = body[0], body[-1]
    lines = model.code.lines[first.lineno - 1 : last.end_lineno]
    if first.lineno == model.handler.lineno or not all(one.isprintable() or "\t" in one for one in lines):
        return None
    text = textwrap.indent(textwrap.dedent("\n".join(lines)), "    ")
    try:
        ast.parse(f"def f():\n while 1:\n  try:\n    pass\n  except E:\n{text}")
    except SyntaxError:
        return None
    return text


def _models(site: Site, call: ast.Call) -> Iterator[_Model]:
    name, form = _target(call), type(call.func)
    if not name:
        return
    wanted = ast.dump(call)
    own_class = enclosing_class(site.code, site.statement)
    for file in site.conventions.files:
        same_file = file.path == site.path
        if not same_file and (name in _COMMON or is_test(file.path)):
            continue
        for node in tries(file.code):
            calls = [
                one
                for part in node.body
                for one in ast.walk(part)
                if isinstance(one, ast.Call) and _target(one) == name and isinstance(one.func, form)
            ]
            handler = answering(node, site.trace.names, site.conventions)
            if len(node.body) > _LARGEST or not calls or handler is None:
                continue
            same = any(ast.dump(one) == wanted for one in calls)
            function = file.code.function_of(node)
            if same_file and function is site.function:
                strength = Strength.PRECEDENT
            elif name in _COMMON:
                continue
            elif same:
                strength = Strength.PRECEDENT
            elif same_file and own_class is not None and enclosing_class(file.code, node) is own_class:
                strength = Strength.GUARD
            else:
                strength = Strength.CONTEXT if same_file else Strength.TYPE
            yield _Model(handler, file.path, file.code, strength)


def _target(call: ast.Call) -> str:
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def _fits(site: Site, model: _Model) -> bool:
    """True if the handler's statements can stand at the site."""
    body = model.handler.body
    also = {model.handler.name} if model.handler.name else set()
    also |= {name for one in body for name in names_bound(one)}
    if not all(_is_simple(site, one) for one in body) or not _knows(site, model):
        return False
    if not isinstance(body[-1], ast.Return | ast.Raise | ast.Continue | ast.Break) and _binds(site.statement):
        return False
    types = [model.handler.type] if model.handler.type is not None else []
    also |= {name for name, _ in _imports(site, model)}
    return can_be_written(site, list(body), also) and can_be_written(site, types, also)


def _knows(site: Site, model: _Model) -> bool:
    """True if the class of the site has what the handler reads of `self`: it is seen there, or inherited from there."""
    read = _own_attributes(model.handler)
    own, other = enclosing_class(site.code, site.statement), enclosing_class(model.code, model.handler)
    if own is None or other is None:
        return not read
    seen = _own_attributes(own) | {one.name for one in own.body if isinstance(one, Function)}
    return read <= seen or other.name in ancestors_in(own.name, None, site.conventions.tree, site.path)


def _own_attributes(scope: ast.AST) -> set[str]:
    return {
        node.attr
        for node in ast.walk(scope)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self"
    }


def _imports(site: Site, model: _Model) -> list[tuple[str, str]]:
    """The names of the model's file that the handler reads and this file lacks, each with its import."""
    if model.path == site.path:
        return []
    parts = [*model.handler.body, *([model.handler.type] if model.handler.type is not None else [])]
    read = {name for one in parts for name in names_in(one) - names_bound(one)}
    missing = sorted((read - names_before(site)) & module_names(model.code))
    modules = Modules(site.conventions.tree)
    # Only from a file that this one imports from already: a new import between files may close a circle.
    if not any(
        isinstance(one, ast.ImportFrom) and modules.file_of(site.path, one) == model.path
        for one in site.code.tree.body
    ):
        return []
    return [(name, f"from {modules.name_of(model.path)} import {name}") for name in missing]


def _is_simple(site: Site, statement: ast.stmt) -> bool:
    match statement:
        case ast.Continue() | ast.Break():
            return site.loop is not None
        case ast.Return(value=value):
            return _may_return(site, value)
        case ast.Pass() | ast.Raise() | ast.Expr():
            return True
        case ast.Assign(targets=[ast.Name()]):
            return True
        case ast.If(body=body, orelse=other):
            return all(_is_simple(site, one) for one in [*body, *other])
        case _:
            return False


def _may_return(site: Site, value: ast.expr | None) -> bool:
    """True if the function may end with it: a generator with no value, another with None only if that is allowed."""
    function = site.function
    if function is None or (site.is_generator and value is not None):
        return False
    is_none = value is None or (isinstance(value, ast.Constant) and value.value is None)
    return site.is_generator or not is_none or function.returns is None or is_optional(function.returns)


def _binds(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign | ast.Return)


PATTERN = FixPattern(
    category="missing-error-handling",
    applicability=Applicability.UNSAFE,
    answers=ANY,
    kinds=frozenset({FailureKind.RAISED}),
    codemod=codemod,
    examples=(
        Example(
            """\
from datetime import date


def ordered(order):
    try:
        return date.fromisoformat(order["ordered"])
    except ValueError:
        return None


def paid(order):
    return date.fromisoformat(order["paid"])


assert paid({"paid": "tomorrow"}) is None
""",
            """\
from datetime import date


def ordered(order):
    try:
        return date.fromisoformat(order["ordered"])
    except ValueError:
        return None


def paid(order):
    try:
        return date.fromisoformat(order["paid"])
    except ValueError:
        return None


assert paid({"paid": "tomorrow"}) is None
""",
        ),
        Example(
            """\
import ipaddress


def allowed(lines):
    networks = []
    for line in lines:
        try:
            network = ipaddress.ip_network(line)
        except ValueError:
            continue
        networks.append(network)
    return networks


def denied(lines):
    networks = set()
    for line in lines:
        network = ipaddress.ip_network(line)
        networks.add(network)
    return networks


assert len(denied(["10.0.0.0/8", "office"])) == 1
""",
            """\
import ipaddress


def allowed(lines):
    networks = []
    for line in lines:
        try:
            network = ipaddress.ip_network(line)
        except ValueError:
            continue
        networks.append(network)
    return networks


def denied(lines):
    networks = set()
    for line in lines:
        try:
            network = ipaddress.ip_network(line)
        except ValueError:
            continue
        networks.add(network)
    return networks


assert len(denied(["10.0.0.0/8", "office"])) == 1
""",
        ),
        Example(
            """\
import json


class CartError(Exception):
    pass


class Cart:
    def load(self, text):
        try:
            self.lines = json.loads(text)
        except ValueError as error:
            raise CartError(f"not a cart: {text}") from error

    def merge(self, text):
        lines = json.loads(text)
        self.lines.extend(lines)


try:
    Cart().merge("A, B")
except CartError:
    pass
""",
            """\
import json


class CartError(Exception):
    pass


class Cart:
    def load(self, text):
        try:
            self.lines = json.loads(text)
        except ValueError as error:
            raise CartError(f"not a cart: {text}") from error

    def merge(self, text):
        try:
            lines = json.loads(text)
        except ValueError as error:
            raise CartError(f"not a cart: {text}") from error
        self.lines.extend(lines)


try:
    Cart().merge("A, B")
except CartError:
    pass
""",
        ),
    ),
    unchanged=(
        Unchanged(
            """\
from datetime import date


def reminders(orders):
    found = []
    for order in orders:
        try:
            found.append(date.fromisoformat(order["due"]))
        except ValueError:
            pass
    return found


def weekday(order):
    due = date.fromisoformat(order["due"])
    return due.strftime("%A")


weekday({"due": "tomorrow"})
""",
            "The handler elsewhere goes on without the date, which this function needs.",
        ),
        Unchanged(
            """\
from datetime import date


def moved(order):
    try:
        return date.fromisoformat(order["due"])
    except ValueError:
        return None


def due(order) -> date:
    return date.fromisoformat(order["due"])


due({"due": "tomorrow"})
""",
            "The handler elsewhere answers with None, and this function is declared to give a date.",
        ),
        Unchanged(
            """\
def pieces(line):
    try:
        return int(line["pieces"])
    except ValueError:
        return 1


def year(card):
    return int(card["year"])


year({"year": "MMXXX"})
""",
            "Everything is converted with `int()`: that a number of pieces is handled says nothing about a year.",
        ),
    ),
)
