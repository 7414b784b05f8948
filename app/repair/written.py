"""The regression test of a reproduction: the call as it was verified, laid out as a person would write it."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from app.core.model import CodeFrame, FileChange, Finding, RegressionTest
from app.core.source import SourceTree
from app.fix.layout import WIDTH, spread, wrapped
from app.fix.modules import place_test, prefers_unittest
from app.repair.attempt import Attempt

_INLINE: Final = 24
_LONGEST_EXPECTED: Final = 600


@dataclass(frozen=True, slots=True)
class RebuiltCall:
    """A call as a test spells it: pairs of module and name to import, statements, and the expression.

    `marks` tell what it may lack: `cut`, `guessed`, `stand-in`. `forms` tell what had still to be run for a result:
    `coroutine`, `generator`, `async generator`, `context`.
    """

    prelude: tuple[str, ...]
    imports: tuple[tuple[str, str], ...]
    setup: tuple[str, ...]
    patches: tuple[str, ...]
    expression: str
    marks: frozenset[str]
    forms: tuple[str, ...]


def write_test_file(
    finding: Finding, frame: CodeFrame, tree: SourceTree, call: RebuiltCall, returns: Attempt | None
) -> RegressionTest:
    """A new test file that makes the call; it asserts what the call gives now, as far as that can be written.

    `frame` is the one in which the exception was raised. `returns` is the outcome on the repaired files.
    """
    slug = re.sub(r"[^a-z0-9]+", "_", finding.short_id.lower()).strip("_")[:60] or "production"
    path = place_test(tree, frame.path, f"regression_{slug}")
    exception = _exception(finding)
    name = f"test_{_called(call)}_{_outcome(exception, returns)}"[:80].rstrip("_")
    raises = returns.exception_class if returns is not None else None
    imports = set(call.imports)
    forms = returns.forms if returns is not None and returns.exception is None else call.forms
    if {"coroutine", "async generator"} & set(forms):
        imports.add(("asyncio", ""))
    as_class = prefers_unittest(tree)
    if raises is not None:
        imports |= {raises} if raises[0] != "builtins" else set()
        imports |= set() if as_class else {("pytest", "")}
    if as_class:
        imports.add(("unittest", ""))
    body = list(_body(call, forms, returns, as_class=as_class))
    lines = [f'"""{_title(finding, frame, exception)}', "", *_story(call), '"""', ""]
    lines += [*call.prelude, ""] if call.prelude else []
    lines += [*_imports(imports), "", ""]
    if as_class:
        lines += [f"class {_class_name(name)}(unittest.TestCase):", f"    def {name}(self):"]
        lines += [f"    {one}" if one else "" for one in body]
    else:
        lines += [f"def {name}() -> None:", *body]
    text = "\n".join(lines) + "\n"
    test_id = f"{path}::{_class_name(name)}::{name}" if as_class else f"{path}::{name}"
    return RegressionTest(FileChange(path, None, text), test_id, name)


def _exception(finding: Finding) -> str:
    return re.sub(r"\W", "", finding.raised.type.rpartition(".")[2]) or "Exception"


def _called(call: RebuiltCall) -> str:
    """The name of what is called, in a test's words."""
    node = ast.parse(call.expression).body[0]
    value: ast.AST = node.value if isinstance(node, ast.Expr) else node
    if isinstance(value, ast.Assign):
        value = value.targets[0]
    if isinstance(value, ast.Call):
        value = value.func
    match value:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            pass
        case ast.Subscript(value=inner):
            name = f"{ast.unparse(inner).rpartition('.')[2]}_item"
        case _:
            name = "call"
    return re.sub(r"[^a-z0-9]+", "_", _words(name)).strip("_") or "call"


def _outcome(exception: str, returns: Attempt | None) -> str:
    if returns is not None and returns.exception is not None:
        return f"raises_{_words(returns.exception)}"
    return f"raises_no_{_words(exception)}"


def _words(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def _class_name(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))


def _title(finding: Finding, frame: CodeFrame, exception: str) -> str:
    """The first line of the docstring: code of the repository and the exception's class, no text of the event."""
    short_id = re.sub(r"[^\w.-]", "", finding.short_id)[:60]
    function = re.sub(r"[^\w.<>]", "", frame.function)
    title = f"{short_id}: `{function}` raised {exception}"
    code = frame.code.strip().replace("\\", "").replace('"""', "'''")
    whole = f"{title} at `{code}`."
    return whole if len(whole) <= WIDTH and "`" not in code else f"{title}."


def _story(call: RebuiltCall) -> Iterator[str]:
    if "stand-in" in call.marks:
        yield "What production recorded does not hold every object; what stands in has what the failing call reads."
    elif "guessed" in call.marks:
        yield "The arguments are those that production recorded; objects were made with what the failing call needs."
    elif call.setup or "(" in call.expression.replace("()", ""):
        yield "The arguments are those that production recorded, without secrets and personal data."
    else:
        yield "The call takes no arguments: it alone repeats what production recorded."


def _imports(imports: Iterable[tuple[str, str]]) -> list[str]:
    """The import statements: of the standard library, then of others."""
    names: dict[str, list[str]] = {}
    for module, name in sorted(imports):
        names.setdefault(module, []).append(name)
    groups: dict[bool, list[str]] = {True: [], False: []}
    for module, found in names.items():
        group = groups[module.partition(".")[0] in sys.stdlib_module_names]
        if "" in found:
            group.append(f"import {module}")
    for module, found in names.items():
        listed = ", ".join(one for one in found if one)
        if listed:
            groups[module.partition(".")[0] in sys.stdlib_module_names].append(
                f"from {module} import {listed}"
            )
    standard, others = groups[True], groups[False]
    return [*standard, *([""] if standard and others else []), *others]


def _body(
    call: RebuiltCall, forms: Sequence[str], returns: Attempt | None, *, as_class: bool
) -> Iterator[str]:
    setup, expression = inlined(call.setup, call.expression)
    for statement in setup:
        yield from (f"    {one}" for one in wrapped(statement))
    if setup:
        yield ""
    indent = "    "
    if call.patches:
        yield from (f"    {one}" for one in _contexts(call.patches))
        indent = "        "
    yield from (f"{indent}{one}" for one in _ending(expression, forms, returns, as_class=as_class))


def _contexts(patches: Sequence[str]) -> Iterator[str]:
    line = f"with {', '.join(patches)}:"
    if len(line) <= WIDTH:
        yield line
        return
    yield "with ("
    for patch in patches:
        yield from (f"    {one}" for one in spread(patch, ","))
    yield "):"


def _ending(
    expression: str, forms: Sequence[str], returns: Attempt | None, *, as_class: bool
) -> Iterator[str]:
    """The call itself, and what is said of its result."""
    if "async generator" in forms:
        yield "async def collect() -> list[object]:"
        yield f"    return [one async for one in {expression}]"
        yield ""
        expression = "asyncio.run(collect())"
    elif "coroutine" in forms:
        expression = f"asyncio.run({expression})"
    if "generator" in forms:
        expression = f"list({expression})"
    if returns is not None and (raised := returns.exception_class) is not None:
        yield f"with {'self.assertRaises' if as_class else 'pytest.raises'}({raised[1]}):"
        yield from (f"    {one}" for one in spread(expression))
        return
    if "context" in forms:
        yield f"with {expression}:"
        yield "    pass"
        return
    yield from _assertion(expression, returns, as_class=as_class)


def _assertion(expression: str, returns: Attempt | None, *, as_class: bool) -> Iterator[str]:
    given = returns.returned if returns is not None and returns.literal else None
    is_statement = not isinstance(ast.parse(expression).body[0], ast.Expr)
    if given is None or is_statement or len(given) > _LONGEST_EXPECTED:
        yield from [expression] if is_statement else spread(expression)
        return
    if len(expression) > WIDTH - 20:
        yield from wrapped(f"actual = {expression}")
        expression = "actual"
    expected = _quoted(given)
    if given in {"None", "True", "False"}:
        yield f"self.assertIs({expression}, {given})" if as_class else f"assert {expression} is {given}"
        return
    if len(expected) + len(expression) > WIDTH - 20:
        yield from wrapped(f"expected = {expected}")
        expected = "expected"
    yield f"self.assertEqual({expression}, {expected})" if as_class else f"assert {expression} == {expected}"


def _quoted(literal: str) -> str:
    """A string literal with double quotes where that needs no escapes."""
    plain = literal[:1] == "'" and '"' not in literal
    return (
        f'"{literal[1:-1]}"'
        if plain and isinstance(ast.parse(literal, mode="eval").body, ast.Constant)
        else literal
    )


def inlined(setup: Sequence[str], expression: str) -> tuple[list[str], str]:
    """The statements and the expression, with short values where they are used instead of in variables."""
    kept = list(setup)
    for statement in setup:
        name, _, code = statement.partition(" = ")
        others = [one for one in kept if one is not statement]
        uses = sum(len(_uses(one, name)) for one in [*others, expression])
        if not name.isidentifier() or len(code) > _INLINE or "\n" in code or uses != 1:
            continue
        places = _uses(expression, name)
        if places and _may_stand_in(code, expression, name) and len(expression) + len(code) <= WIDTH - 20:
            start, end = places[0]
            expression = expression[:start] + code + expression[end:]
            kept = others
    return kept, expression


def _may_stand_in(code: str, expression: str, name: str) -> bool:
    """True for plain values, and for arguments: the object that a method is called on keeps its name."""
    called_on = re.match(rf"(?:del )?{re.escape(name)}\s*[.\[(]", expression) is not None
    return not called_on and not isinstance(ast.parse(code, mode="eval").body, ast.Lambda)


def _uses(code: str, name: str) -> list[tuple[int, int]]:
    """Where the name is read, as offsets in one line of code."""
    found: list[tuple[int, int]] = []
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Name) and node.id == name and node.lineno == 1:
            start = len(code.encode()[: node.col_offset].decode())
            found.append((start, start + len(name)))
    return found
