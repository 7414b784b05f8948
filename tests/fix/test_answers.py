from __future__ import annotations

import ast
import textwrap
from collections.abc import Mapping

import pytest
from pydantic import JsonValue

from app.core.source import LoadedTree
from app.core.syntax import Function
from app.fix.answers import Run, recorded_answers
from app.fix.modules import Modules
from app.fix.values import Imports, Rebuilder

FAILING = "fail(x)"
OBJECT: JsonValue = "<Request GET / >"


def answers(body: str, variables: Mapping[str, JsonValue], *, ends: bool = True) -> str | None:
    """What stands in for `p` in an asynchronous function with this body, which fails at the line of `fail(x)`."""
    source = "async def handler(p, q=None):\n" + textwrap.indent(textwrap.dedent(body).strip(), "    ") + "\n"
    line = next(at for at, one in enumerate(source.splitlines(), start=1) if FAILING in one)
    modules = Modules(LoadedTree(frozenset({"app.py"}), {"app.py": source}))
    code = modules.code("app.py")
    assert code is not None
    function = code.tree.body[0]
    assert isinstance(function, Function)
    run = Run({"p": OBJECT, **variables}, line, ends)
    return recorded_answers(function, ast.arg("p"), run, Rebuilder(modules, "app.py", Imports()))


@pytest.mark.parametrize(
    ("body", "variables", "expected"),
    [
        ("fail(x)", {}, "SimpleNamespace()"),
        ("x = p.user\nfail(x)", {"x": "None"}, "SimpleNamespace(user=None)"),
        ("x = p.user()\nfail(x)", {"x": "'a'"}, 'SimpleNamespace(user=Mock(return_value="a"))'),
        ("x: int = await p.user()\nfail(x)", {"x": "1"}, "SimpleNamespace(user=AsyncMock(return_value=1))"),
        ("x = p.query['a']\nfail(x)", {"x": "'b'"}, 'SimpleNamespace(query={"a": "b"})'),
        ("x = p.query.get('a')\nfail(x)", {"x": "None"}, "SimpleNamespace(query={})"),
        ("x = p.query.get('a', 1)\nfail(x)", {"x": "None"}, 'SimpleNamespace(query={"a": None})'),
        ("x = p.a[0]\ny = p.a[1]\nfail(x)", {"x": "1", "y": "2"}, "SimpleNamespace(a={0: 1, 1: 2})"),
        ("x = p.a\ny = p.a\nfail(x)", {"x": "1", "y": "1"}, "SimpleNamespace(a=1)"),
        ("x = p.a(1)\ny = p.a(1)\nfail(x)", {"x": "1", "y": "1"}, "SimpleNamespace(a=Mock(return_value=1))"),
        ("x = p.a(1)\ny = p.a(2)\nfail(x)", {"x": "1", "y": "2"}, "SimpleNamespace(a=Mock(side_effect=[1, 2]))"),
        ("if q:\n    y = p.a\nx = p.b\nfail(x)", {"x": "1"}, "SimpleNamespace(b=1)"),
        ("if q:\n    x = p.b\n    fail(x)", {"x": "1"}, "SimpleNamespace(b=1)"),
        ("with q:\n    x = p.b\n    fail(x)", {"x": "1"}, "SimpleNamespace(b=1)"),
        ("x = p.b\nfor y in x:\n    fail(x)", {"x": []}, "SimpleNamespace(b=[])"),
        ("x = p.b\nx = fail(x)", {"x": "1"}, "SimpleNamespace(b=1)"),
        ("x = p.b\nx['a'] = fail(x)", {"x": {}}, "SimpleNamespace(b={})"),
        ("x = p.b\nfail(x)\nreturn p.c", {"x": "1"}, "SimpleNamespace(b=1)"),
        ("x = p.b\nfail(x)\nfor y in p.c:\n    del y", {"x": "1"}, "SimpleNamespace(b=1)"),
        ("x = p.headers['api-key']\nfail(x)", {"x": "'abc'"}, 'SimpleNamespace(headers={"api-key": "removed"})'),
        ("x = p.get('password')\nfail(x)", {"x": "'abc'"}, 'SimpleNamespace(get=Mock(return_value="removed"))'),
    ],
)  # fmt: skip
def test_answers_come_from_the_names_that_received_them(
    body: str, variables: Mapping[str, JsonValue], expected: str
) -> None:
    assert answers(body, variables) == expected


@pytest.mark.parametrize(
    ("body", "variables"),
    [
        ("x = p\nfail(x)", {"x": "1"}),
        ("x = p['a']\nfail(x)", {"x": "1"}),
        ("x = p.a.b\nfail(x)", {"x": "1"}),
        ("x = await p.a\nfail(x)", {"x": "1"}),
        ("x = p.a[q]\nfail(x)", {"x": "1", "q": "'a'"}),
        ("x = p.a.get('b', default=1)\nfail(x)", {"x": "1"}),
        ("x = p.a(p.b)\nfail(x)", {"x": "1"}),
        ("x = int(p.a)\nfail(x)", {"x": "1"}),
        ("x = y = p.a\nfail(x)", {"x": "1", "y": "1"}),
        ("x, y = p.a\nfail(x)", {"x": "1", "y": "1"}),
        ("x = p.__dict__\nfail(x)", {"x": {}}),
        ("p.a()\nx = p.b\nfail(x)", {"x": "1"}),
        ("x = p.a\nfail(x).b(p)", {"x": "1"}),
        ("x = p.a", {"x": "1"}),
        ("x = p.a\ny = p.b()\nfail(x)", {"x": "1"}),
        ("x = p.a\nfail(x)", {"x": "<Row object at 0x7f>"}),
        ("x = p.a\nx.only_of_rows\nfail(x)", {"x": {}}),
        ("x = p.a\nx += 1\nfail(x)", {"x": "1"}),
        ("x = p.a\nfor x in q:\n    fail(x)", {"x": "1"}),
        ("x = p.a\nfor y in q:\n    fail(x)\n    x = y", {"x": "1"}),
        ("x = p.a\nfor y in q:\n    fail(x)\n    p.b", {"x": "1"}),
        ("for y in q:\n    x = p.a\n    fail(x)", {"x": "1"}),
        ("x = p.a\nx['b'] = 1\nfail(x)", {"x": {"b": "1"}}),
        ("x = p.a\ndel x['b']\nfail(x)", {"x": {}}),
        ("x = p.a\nx['b'].append(1)\nfail(x)", {"x": {"b": ["1"]}}),
        ("try:\n    x = p.a\n    fail(x)\nfinally:\n    p.b", {"x": "1"}),
        ("y = lambda: p.b\nx = p.a\nfail(x)", {"x": "1"}),
        ("def y():\n    x = p.a\nx = p.a\nfail(x)", {"x": "1"}),
        ("if p.a:\n    x = p.b\n    fail(x)", {"x": "1"}),
        ("x = p.a\ny = p.a\nfail(x)", {"x": "1", "y": "2"}),
        ("x = p.a\ny = p.a()\nfail(x)", {"x": "1", "y": "1"}),
        ("x = p.a()\ny = await p.a()\nfail(x)", {"x": "1", "y": "1"}),
        ("x = p.a['b']\ny = p.a['b']\nfail(x)", {"x": "1", "y": "2"}),
        ("if q:\n    y = p.a\nx = p.b\nfail(x)", {"x": "1", **{f"v{at}": "1" for at in range(10)}}),
    ],
)
def test_everything_else_is_given_up(body: str, variables: Mapping[str, JsonValue]) -> None:
    assert answers(body if FAILING in body else f"{body}; {FAILING}", variables) is None


def test_later_uses_count_where_the_repaired_function_goes_on() -> None:
    assert answers("x = p.a\nfail(x)\nreturn p.b", {"x": "1"}, ends=False) is None
    assert answers("x = p.a\nfail(x)\nreturn x", {"x": "1"}, ends=False) == "SimpleNamespace(a=1)"


@pytest.mark.parametrize(
    ("recorded", "is_opaque"),
    [
        ("<Client object at 0x7f>", True),
        ("Client(base_url='https://example.com')", True),
        ({}, True),
        ([], True),
        ("[Filtered]", False),
        ("'removed'", True),
        ("'a long text that was cut...'", False),
        ("None", False),
        (None, False),
    ],
)
def test_only_what_is_recorded_as_an_object_is_replaced(recorded: JsonValue, *, is_opaque: bool) -> None:
    found = answers("x = p.user\nfail(x)", {"p": recorded, "x": "1"})
    assert found == ("SimpleNamespace(user=1)" if is_opaque else None)
