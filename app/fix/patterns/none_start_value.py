"""What a loader gives for an empty document is read as an empty mapping or list, where it is first named.

What it fixes:
    `config = yaml.safe_load(file)` of an empty file, and everything after it that reads `config`; a list that one
    branch of a function starts when it is None, and another branch adds to.

Why it fails:
    Loaders, lookups and queries give None for nothing, and the code goes on as if it had a collection.

Fix safety:
    Unsafe: another empty value than a collection would be replaced as well. The name is only read, all its uses are
    those of one kind of collection, and none tests it. A read of one entry would fail next, and a value that is handed
    on before it is used may be expected to be None: both are left alone.

References:
    Python Language Reference, "Boolean operations": `x or y`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from app.core.model import Applicability
from app.core.syntax import own_nodes
from app.fix.conventions import tests_name
from app.fix.edit import Before, Replace
from app.fix.forms import is_empty
from app.fix.neutral import LOGGED
from app.fix.pattern import NONE_USED, Example, FixPattern, Proposal, Strength, Unchanged
from app.fix.scope import can_be_written, parameters
from app.fix.site import Site

_MAPPING = frozenset({"get", "items", "keys", "values", "copy"})
_MAPPING_CHANGES = frozenset({"pop", "setdefault", "update", "[]="})
_LIST_CHANGES = frozenset({"append", "extend", "insert", "reverse", "sort"})
_COUNTS = frozenset({"any", "dict", "len", "list", "set", "sorted", "sum", "tuple"})


def codemod(site: Site) -> Iterator[Proposal]:
    """Writes `or {}` or `or []` where the name gets its value, or starts it as the function does elsewhere."""
    if site.function is None or not isinstance(site.subject, ast.Name):
        return
    name = site.subject.id
    yield from _started_elsewhere(site, name)
    binding = _binding(site, name)
    if binding is None or any(tests_name(one, name) for one in ast.walk(site.function)):
        return
    uses = _uses(site, binding, name)
    kind = _kind(uses)
    changes = uses & (_MAPPING_CHANGES | _LIST_CHANGES)
    if kind is None or (changes and (changes == uses or _is_lookup(binding))):
        return
    empty = "{}" if kind == "mapping" else "[]"
    yield Proposal(
        (Replace(binding, f"{site.text(binding)} or {empty}"),),
        f"Read what line {binding.lineno} gives as an empty {kind} when it is None",
        (f"Every use of `{name}` takes it for a {kind}.",),
        "None would have raised at its first use.",
        Strength.CONTEXT,
        safe=not changes,
    )


def _started_elsewhere(site: Site, name: str) -> Iterator[Proposal]:
    """The same name gets a new object in another branch of the function, where it is None."""
    for node in own_nodes(site.function) if site.function is not None and site.takes_guard else ():
        if not isinstance(node, ast.If) or node.orelse or not _is_none(node.test, name):
            continue
        for one in node.body:
            match one:
                case ast.Assign(targets=[ast.Name(id=target)], value=value) if (
                    target == name and _is_new(value) and can_be_written(site, [value])
                ):
                    yield Proposal(
                        (Before(site.statement, f"if {name} is None:\n    {name} = {site.text(value)}"),),
                        f"Start `{name}` in line {site.statement.lineno} as line {one.lineno} does",
                        (f"Line {one.lineno} of {site.function_name} starts it when it is None.",),
                        "What is started here would have raised.",
                        Strength.PRECEDENT,
                        safe=False,
                    )
                    return
                case _:
                    pass


def _is_none(test: ast.expr, name: str) -> bool:
    """True for `name is None` and `not name`."""
    match test:
        case (
            ast.Compare(left=ast.Name(id=asked), ops=[ast.Is()], comparators=[ast.Constant(value=None)])
            | ast.UnaryOp(op=ast.Not(), operand=ast.Name(id=asked))
        ):
            return asked == name
        case _:
            return False


def _is_new(value: ast.expr) -> bool:
    """True for an empty container and for an object that is made of nothing."""
    match value:
        case ast.Call(func=ast.Name(id=called) | ast.Attribute(attr=called), args=[], keywords=[]):
            return called[:1].isupper() or called in {"list", "dict", "set"}
        case _:
            return is_empty(value)


def _kind(uses: set[str]) -> str | None:
    """The kind of collection that has all these uses, if there is only one."""
    special = uses - {""}
    if special and special <= _MAPPING | _MAPPING_CHANGES:
        return "mapping"
    return "list" if special and special <= _LIST_CHANGES else None


def _is_lookup(binding: ast.expr) -> bool:
    """True for a call that gives something which is kept elsewhere: a new collection would not be kept there."""
    return (
        isinstance(binding, ast.Call)
        and isinstance(binding.func, ast.Attribute)
        and binding.func.attr == "get"
    )


def _binding(site: Site, name: str) -> ast.Call | ast.Await | None:
    """The one call that gives the name its value."""
    stores = [one for one in ast.walk(site.function or site.code.tree) if _is_name(one, name, ast.Store)]
    if len(stores) != 1 or (site.function is not None and name in parameters(site.function)):
        return None
    match site.parent(stores[0]):
        case ast.Assign(targets=[_], value=ast.Call() | ast.Await() as value):
            return value
        case ast.AnnAssign(value=ast.Call() | ast.Await() as value):
            return value
        case _:
            return None


def _uses(site: Site, binding: ast.expr, name: str) -> set[str]:
    """What is done with the name: its methods, `[]` and `[]=`, "" for what any collection can, "?" for anything else.

    Behind the failing statement, which nothing gets past with None, the name may be used for anything.
    """
    found: set[str] = set()
    for node in ast.walk(site.function or site.code.tree):
        if _is_name(node, name, ast.Load):
            use = _use(site, node)
            found.add("" if use == "?" and _is_behind(site, binding, node) else use)
    return found


def _use(site: Site, node: ast.AST) -> str:  # noqa: PLR0911 - a table of forms
    match site.parent(node):
        case ast.Attribute(attr="pop") as method:
            call = site.parent(method)
            return "pop" if isinstance(call, ast.Call) and len(call.args) > 1 else "[]"
        case ast.Attribute(attr=attr):
            return attr
        case ast.Subscript(value=value, ctx=context) as entry if value is node:
            read = isinstance(context, ast.Load | ast.Del) or isinstance(site.parent(entry), ast.AugAssign)
            return "[]" if read else "[]="
        case ast.For(iter=iterable) | ast.comprehension(iter=iterable) if iterable is node:
            return ""
        case ast.Compare(ops=[ast.In() | ast.NotIn()], comparators=[right]) if right is node:
            return ""
        case ast.Call(func=ast.Name(id=called), args=[first]) if first is node and called in _COUNTS:
            return ""
        case ast.FormattedValue() | ast.JoinedStr() as text:
            return _use(site, text)
        case ast.Call(func=ast.Name(id=called) | ast.Attribute(attr=called)) if called in LOGGED:
            return ""
        case _:
            return "?"


def _is_behind(site: Site, binding: ast.expr, node: ast.AST) -> bool:
    """True for what runs after the failing statement wherever that runs after the binding."""
    together = site.parent(site.statement) in site.code.ancestors(binding)
    later = {inner for one in site.following for inner in ast.walk(one)}
    return together and site.always_runs and node in later


def _is_name(node: ast.AST, name: str, context: type[ast.expr_context]) -> bool:
    return isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, context)


PATTERN = FixPattern(
    category="null-safety",
    applicability=Applicability.UNSAFE,
    answers=NONE_USED,
    codemod=codemod,
    examples=(
        Example(
            """\
def notes(lines):
    found = []
    pending = None
    for line in lines:
        if line.startswith("!"):
            pending.append(line[1:])
            found.append(pending)
            pending = None
            continue
        if pending is None:
            pending = []
        pending.append(line)
    return found


assert notes(["a", "!b", "!c"]) == [["a", "b"], ["c"]]
""",
            """\
def notes(lines):
    found = []
    pending = None
    for line in lines:
        if line.startswith("!"):
            if pending is None:
                pending = []
            pending.append(line[1:])
            found.append(pending)
            pending = None
            continue
        if pending is None:
            pending = []
        pending.append(line)
    return found


assert notes(["a", "!b", "!c"]) == [["a", "b"], ["c"]]
""",
        ),
        Example(
            """\
import json


def options(text):
    loaded = json.loads(text)
    debug = loaded.get("debug", False)
    return debug, sorted(loaded.keys())


assert options("null") == (False, [])
""",
            """\
import json


def options(text):
    loaded = json.loads(text) or {}
    debug = loaded.get("debug", False)
    return debug, sorted(loaded.keys())


assert options("null") == (False, [])
""",
        ),
        Example(
            """\
import json


def tags(text, more):
    loaded = json.loads(text)
    loaded.extend(more)
    return loaded


assert tags("null", ["new"]) == ["new"]
""",
            """\
import json


def tags(text, more):
    loaded = json.loads(text) or []
    loaded.extend(more)
    return loaded


assert tags("null", ["new"]) == ["new"]
""",
        ),
    ),
    unchanged=(
        Unchanged(
            """\
import json


def debug(text):
    loaded = json.loads(text)
    print(loaded.keys())
    return loaded["debug"]


debug("null")
""",
            "An empty mapping would fail at the next line, which reads an entry.",
        ),
        Unchanged(
            """\
import json


def options(text, loud):
    loaded = json.loads(text)
    if loud:
        print(loaded.keys())
    return loaded


options("null", True)
""",
            "Where nothing is printed, the caller gets None and may test for it.",
        ),
        Unchanged(
            """\
def remember(cache, key, value):
    values = cache.get(key)
    values.append(value)
    return values


remember({}, "seen", 1)
""",
            "A new list would not be kept where the call looked for one.",
        ),
        Unchanged(
            """\
def merged(rows, last):
    if last is None:
        last = rows[-1]
    last.append(1)
    return last


def added(rows, last):
    last.append(2)
    return last


added([[]], None)
""",
            "Another function starts it, and with something of its own.",
        ),
    ),
)
