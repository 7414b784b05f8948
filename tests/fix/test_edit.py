from __future__ import annotations

import ast

from hypothesis import given
from hypothesis import strategies as st

from app.core.syntax import Code
from app.fix.edit import Before, Otherwise, Replace, Rewrite, Wrap, apply


def parsed(source: str) -> Code:
    code = Code.parse(source)
    assert code is not None
    return code


def last(code: Code) -> ast.stmt:
    function = code.tree.body[-1]
    assert isinstance(function, ast.FunctionDef)
    return function.body[-1]


def test_a_guard_takes_the_blank_line_and_leaves_the_comment() -> None:
    code = parsed("def f(a):\n    b = a\n\n    # the name\n    return b.name\n")
    after = apply(code, [Before(last(code), "if b is None:\n    return None")])
    assert (
        after
        == "def f(a):\n    b = a\n\n    if b is None:\n        return None\n    # the name\n    return b.name\n"
    )


def test_windows_line_ends_and_tabs_stay() -> None:
    code = parsed("def f(a):\r\n\treturn a.name  # é\r\n")
    after = apply(code, [Before(last(code), "if a is None:\n    return None")])
    assert after == "def f(a):\r\n\tif a is None:\r\n\t\treturn None\r\n\treturn a.name  # é\r\n"


def test_brackets_only_where_they_are_needed() -> None:
    code = parsed("def f(a, b):\n    return a + b\n")
    statement = last(code)
    assert isinstance(statement, ast.Return)
    assert isinstance(statement.value, ast.BinOp)
    after = apply(code, [Replace(statement.value.right, "b if b is not None else 0")])
    assert after == "def f(a, b):\n    return a + (b if b is not None else 0)\n"


def test_the_tree_is_as_before_after_an_edit() -> None:
    code = parsed("def f(a):\n    a.go()\n")
    before = ast.dump(code.tree)
    assert (
        apply(code, [Wrap(last(code), "a is not None")])
        == "def f(a):\n    if a is not None:\n        a.go()\n"
    )
    assert ast.dump(code.tree) == before


def test_a_statement_that_shares_its_line_is_not_edited() -> None:
    code = parsed("def f(a):\n    a.go(); a.stop()\n")
    assert apply(code, [Wrap(last(code), "a is not None")]) is None
    code = parsed("def f(a):\n    if a: a.stop()\n")
    branch = last(code)
    assert isinstance(branch, ast.If)
    assert apply(code, [Before(branch.body[0], "if a is None:\n    return")]) is None


def test_code_that_does_not_parse_is_no_edit() -> None:
    code = parsed("def f(a):\n    a.go()\n")
    assert apply(code, [Rewrite(last(code), "a.go(")]) is None


@given(st.text(max_size=40))
def test_never_crashes_on_any_code(text: str) -> None:
    code = parsed("def f(a):\n    return a.go\n")
    statement = last(code)
    assert isinstance(statement, ast.Return)
    assert statement.value is not None
    result = apply(code, [Replace(statement.value, text)])
    assert result is None or Code.parse(result) is not None


def test_an_else_comes_after_the_last_elif() -> None:
    code = parsed("def f(a):\n\tif a == 1:\n\t\tb = 1\n\telif a == 2:\n\t\tb = 2  # two\n")
    statement = last(code)
    assert isinstance(statement, ast.If)
    before = ast.dump(code.tree)
    after = apply(code, [Otherwise(statement, "raise ValueError(a)")])
    assert after == f"{code.source}\telse:\n\t\traise ValueError(a)\n"
    assert ast.dump(code.tree) == before


def test_there_is_no_second_else() -> None:
    code = parsed("def f(a):\n    if a == 1:\n        b = 1\n    else:\n        b = 2\n")
    statement = last(code)
    assert isinstance(statement, ast.If)
    assert apply(code, [Otherwise(statement, "raise ValueError(a)")]) is None
