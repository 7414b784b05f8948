from __future__ import annotations

import traceback
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from app.core.model import Failure, FailureKind, Reason, Span, Stop
from app.investigate.expression import find_failure

NONE: dict[str, JsonValue] = {"x": "None"}


def at_two(statement: str, exception: str, message: str, variables: dict[str, JsonValue]) -> Failure | Stop:
    return find_failure(f"def f(x):\n    {statement}\n", 2, "f", exception, message, variables)


@pytest.mark.parametrize(
    ("statement", "message", "subject"),
    [
        ("return x.name", "'NoneType' object has no attribute 'name'", "x"),
        ("x.name = 1", "'NoneType' object has no attribute 'name'", "x"),
        ("return x[0]", "'NoneType' object is not subscriptable", "x"),
        ("x[0] = 1", "'NoneType' object does not support item assignment", "x"),
        ("del x[0]", "'NoneType' object does not support item deletion", "x"),
        ("del x[0]", "'NoneType' object doesn't support item deletion", "x"),
        ("for y in x: pass", "'NoneType' object is not iterable", "x"),
        ("return [y for y in x]", "'NoneType' object is not iterable", "x"),
        ("return sorted(x)", "'NoneType' object is not iterable", "x"),
        ("return [*x]", "Value after * must be an iterable, not NoneType", "x"),
        ("return f(*x)", "f() argument after * must be an iterable, not NoneType", "x"),
        ("return f(**x)", "f() argument after ** must be a mapping, not NoneType", "x"),
        ("return {**x}", "'NoneType' object is not a mapping", "x"),
        ("a, b = x", "cannot unpack non-iterable NoneType object", "x"),
        ("return x()", "'NoneType' object is not callable", "x"),
        ("return len(x)", "object of type 'NoneType' has no len()", "x"),
        ("return 1 + x", "unsupported operand type(s) for +: 'int' and 'NoneType'", "x"),
        ("return x * 2", "unsupported operand type(s) for *: 'NoneType' and 'int'", "x"),
        ("return x ** 2", "unsupported operand type(s) for ** or pow(): 'NoneType' and 'int'", "x"),
        ("x += 1", "unsupported operand type(s) for +=: 'NoneType' and 'int'", "x"),
        ("return -x", "bad operand type for unary -: 'NoneType'", "x"),
        ("return abs(x)", "bad operand type for abs(): 'NoneType'", "x"),
        ("return round(x)", "type NoneType doesn't define __round__ method", "x"),
        ("return 'a' + x", 'can only concatenate str (not "NoneType") to str', "x"),
        ("return ','.join(['a', x])", "sequence item 1: expected str instance, NoneType found", "x"),
        ("return ','.join(x)", "can only join an iterable", "x"),
        ("return x < 3", "'<' not supported between instances of 'NoneType' and 'int'", "x"),
        ("return 3 >= x", "'>=' not supported between instances of 'int' and 'NoneType'", "x"),
        ("return 1 in x", "argument of type 'NoneType' is not iterable", "x"),
        ("return 1 in x", "argument of type 'NoneType' is not a container or iterable", "x"),
        ("with x: pass", "'NoneType' object does not support the context manager protocol", "x"),
        ("return f'{x:.2f}'", "unsupported format string passed to NoneType.__format__", "x"),
        ("return '%d' % x", "%d format: a real number is required, not NoneType", "x"),
        ("return range(x)", "'NoneType' object cannot be interpreted as an integer", "x"),
        ("return Decimal(x)", "conversion from NoneType to Decimal is not supported", "x"),
        ("return timedelta(days=x)", "unsupported type for timedelta days component: NoneType", "x"),
        ("return re.sub('a', 'b', x)", "expected string or bytes-like object, got 'NoneType'", "x"),
        ("return json.loads(x)", "the JSON object must be str, bytes or bytearray, not NoneType", "x"),
        (
            "return int(x)",
            "int() argument must be a string, a bytes-like object or a real number, not 'NoneType'",
            "x",
        ),
        ("return float(x)", "float() argument must be a string or a real number, not 'NoneType'", "x"),
        ("return date.fromisoformat(x)", "fromisoformat: argument must be str, not None", "x"),
    ],
)
def test_what_was_none(statement: str, message: str, subject: str) -> None:
    exception = "AttributeError" if "has no attribute" in message else "TypeError"
    failure = at_two(statement, exception, message, NONE)
    assert isinstance(failure, Failure), failure
    assert (failure.kind, failure.subject) == (FailureKind.NONE_VALUE, subject)
    assert failure.evidence == ("`x` was None in the recorded locals.",)


def test_await_and_async_with() -> None:
    source = "async def f(x):\n    await x\n    async with x: pass\n"
    first = find_failure(
        source, 2, "f", "TypeError", "object NoneType can't be used in 'await' expression", {}
    )
    message = "'NoneType' object does not support the asynchronous context manager protocol"
    second = find_failure(source, 3, "f", "TypeError", message, {})
    assert isinstance(first, Failure)
    assert isinstance(second, Failure)
    assert first.subject == second.subject == "x"
    assert "the only one" in first.evidence[0]


def test_the_locals_decide_between_two() -> None:
    recorded: dict[str, JsonValue] = {"x": "Order(buyer=None, seller=User(name='a'))"}
    statement = "return x.seller.name + x.buyer.name"
    failure = at_two(statement, "AttributeError", "'NoneType' object has no attribute 'name'", recorded)
    assert isinstance(failure, Failure)
    assert failure.subject == "x.buyer"
    assert failure.evidence[1] == "`x.seller` also fits the message and was recorded as something else."


def test_two_without_locals_are_not_confirmed() -> None:
    statement = "return x.seller.name + x.buyer.name"
    stop = at_two(statement, "AttributeError", "'NoneType' object has no attribute 'name'", {})
    assert isinstance(stop, Stop)
    assert stop.reason is Reason.UNCONFIRMED


def test_locals_that_contradict_are_not_confirmed() -> None:
    stop = at_two(
        "return x.name", "AttributeError", "'NoneType' object has no attribute 'name'", {"x": "'text'"}
    )
    assert isinstance(stop, Stop)
    assert stop.reason is Reason.UNCONFIRMED


def test_an_absent_key_read_with_get_is_none() -> None:
    failure = at_two(
        "return x.get('a').b", "AttributeError", "'NoneType' object has no attribute 'b'", {"x": {}}
    )
    assert isinstance(failure, Failure)
    assert failure.subject == "x.get('a')"
    assert "was None" in failure.evidence[0]


def test_the_line_of_a_chain_decides() -> None:
    source = "def f(x):\n    return (\n        x.a\n        .name\n        .b\n        .name\n    )\n"
    failure = find_failure(source, 6, "f", "AttributeError", "'NoneType' object has no attribute 'name'", {})
    assert isinstance(failure, Failure)
    assert failure.subject.endswith(".b")


def test_columns_are_characters() -> None:
    failure = at_two(
        "return 'é' + x.name", "AttributeError", "'NoneType' object has no attribute 'name'", NONE
    )
    assert isinstance(failure, Failure)
    assert (failure.subject_span.column, failure.span.end_column) == (17, 23)


def test_multi_line_fstring() -> None:
    source = 'def f(x):\n    return f"""\n    {x.name}\n    {x.other}\n    """\n'
    failure = find_failure(
        source, 4, "f", "AttributeError", "'NoneType' object has no attribute 'other'", NONE
    )
    if isinstance(failure, Stop):
        failure = find_failure(
            source, 2, "f", "AttributeError", "'NoneType' object has no attribute 'other'", NONE
        )
    assert isinstance(failure, Failure)
    assert failure.span.line == 4


def test_decorators_and_comprehensions() -> None:
    source = "@x.route('/')\ndef f():\n    return [y.name for y in z]\n"
    failure = find_failure(
        source, 1, "<module>", "AttributeError", "'NoneType' object has no attribute 'route'", NONE
    )
    assert isinstance(failure, Failure)
    failure = find_failure(
        source, 3, "<listcomp>", "AttributeError", "'NoneType' object has no attribute 'name'", {}
    )
    assert isinstance(failure, Failure)
    assert failure.expression == "y.name"


@pytest.mark.parametrize(
    ("statement", "message", "recorded", "subject"),
    [
        ("return x['a']", "'a'", {"x": {"b": "1"}}, "x"),
        ("return x['a']['b']", "'b'", {"x": {"a": {}}}, "x['a']"),
        ("return x[k]", "'a'", {"x": {}, "k": "'a'"}, "x"),
        ("return x[k.id]", "7", {"x": {}, "k": "Key(id=7)"}, "x"),
        ("return x[f'{k}-a']", "'1-a'", {}, "x"),
        ("x['a'] += 1", "'a'", {"x": {}}, "x"),
        ("del x['a']", "'a'", {"x": {}}, "x"),
        ("return x.pop('a')", "'a'", {"x": {}}, "x"),
        ("x.remove(k)", "'a'", {"x": [], "k": "'a'"}, "x"),
        ("return '%(a)s' % x", "'a'", {"x": {}}, "x"),
    ],
)
def test_what_lacked_the_key(
    statement: str, message: str, recorded: dict[str, JsonValue], subject: str
) -> None:
    failure = at_two(statement, "KeyError", message, recorded)
    assert isinstance(failure, Failure), failure
    assert (failure.kind, failure.subject, failure.key) == (FailureKind.MISSING_KEY, subject, message)


@pytest.mark.parametrize(
    ("statement", "exception", "message", "recorded", "reason"),
    [
        ("raise KeyError(x)", "KeyError", "'a'", {}, Reason.NOVEL),
        ("raise", "KeyError", "'a'", {}, Reason.NOVEL),
        ("return x['b']", "KeyError", "'a'", {}, Reason.NOVEL),
        ("return x['a']", "KeyError", "'a'", {"x": {"a": "1"}}, Reason.NOVEL),
        ("return x['a'] + y['a']", "KeyError", "'a'", {}, Reason.UNCONFIRMED),
        ("raise ValueError('x')", "ValueError", "x", {}, Reason.NOVEL),
        ("return x[3]", "IndexError", "list index out of range", {"x": ["1"] * 5}, Reason.NOVEL),
        ("cursor.execute(x)", "IntegrityError", "UNIQUE constraint failed: user.email", {}, Reason.NOVEL),
        ("assert x", "AssertionError", "", {}, Reason.NOVEL),
        ("return y", "AttributeError", "'NoneType' object has no attribute 'a'", {}, Reason.UNCONFIRMED),
    ],
)
def test_refused(
    statement: str, exception: str, message: str, recorded: dict[str, JsonValue], reason: Reason
) -> None:
    stop = at_two(statement, exception, message, recorded)
    assert isinstance(stop, Stop), stop
    assert stop.reason is reason
    assert stop.detail.endswith(".")


@pytest.mark.parametrize(
    ("statement", "exception", "message", "recorded", "kind", "subject", "detail"),
    [
        ("return g(x)", "KeyError", "'a'", {}, "raised", "g(x)", None),
        (
            "return int(x)",
            "ValueError",
            "invalid literal for int() with base 10: 'a'",
            {},
            "raised",
            "int(x)",
            None,
        ),
        (
            "return g(int(x))",
            "ValueError",
            "invalid literal for int() with base 10: 'a'",
            {},
            "raised",
            "int(x)",
            None,
        ),
        (
            "a, b = x",
            "ValueError",
            "not enough values to unpack (expected 2, got 1)",
            {},
            "raised",
            "x",
            None,
        ),
        (
            "return x.nme",
            "AttributeError",
            "'Order' object has no attribute 'nme'",
            {},
            "wrong-type",
            "x",
            "Order",
        ),
        (
            "return x.n + y.n",
            "AttributeError",
            "'Leaf' object has no attribute 'n'",
            {"x": "<Node.a l.3 at 0x7f>", "y": "<Leaf.b l.4 at 0x7f>"},
            "wrong-type",
            "y",
            "Leaf",
        ),
        (
            "return 1 + x",
            "TypeError",
            "unsupported operand type(s) for +: 'int' and 'str'",
            {"x": "'a'"},
            "wrong-type",
            "x",
            "str",
        ),
        ("return x[3]", "IndexError", "list index out of range", {}, "bad-index", "x", "3"),
        (
            "return x[0] + y[0]",
            "IndexError",
            "list index out of range",
            {"x": ["1"], "y": []},
            "bad-index",
            "y",
            "0",
        ),
        (
            "return x[-1][0]",
            "IndexError",
            "string index out of range",
            {"x": ["''"]},
            "bad-index",
            "x[-1]",
            "0",
        ),
        ("return x.pop()", "IndexError", "pop from empty list", {}, "bad-index", "x", "-1"),
        ("return next(x)", "StopIteration", "", {}, "empty", "x", None),
        ("return max(x)", "ValueError", "max() arg is an empty sequence", {}, "empty", "x", None),
        ("return x / y", "ZeroDivisionError", "division by zero", {}, "zero", "y", None),
        (
            "return x % y // z",
            "ZeroDivisionError",
            "division by zero",
            {"y": "3", "z": "0"},
            "zero",
            "z",
            None,
        ),
        (
            "return x + y",
            "UnboundLocalError",
            "cannot access local variable 'y' where it is not associated with a value",
            {},
            "unbound",
            "y",
            "y",
        ),
    ],
)
def test_other_failures(
    statement: str,
    exception: str,
    message: str,
    recorded: dict[str, JsonValue],
    kind: str,
    subject: str,
    detail: str | None,
) -> None:
    failure = at_two(statement, exception, message, recorded)
    assert isinstance(failure, Failure), failure
    assert (failure.kind.value, failure.subject, failure.key) == (kind, subject, detail)


def test_a_full_mapping_may_have_been_cut() -> None:
    recorded: dict[str, JsonValue] = {"x": {str(number): "1" for number in range(10)}}
    failure = at_two("return x['a']", "KeyError", "'a'", recorded)
    assert isinstance(failure, Failure)
    assert "only lookup" in failure.evidence[0]


messages = st.sampled_from(
    [
        "'NoneType' object has no attribute 'a'",
        "'NoneType' object is not iterable",
        "'a'",
        "argument of type 'NoneType' is not iterable",
    ]
)
sources = st.text(max_size=120) | st.lists(
    st.sampled_from(
        [
            "def f(x):\n",
            "  ",
            "\n",
            "x.a",
            "x['a']",
            " in ",
            "for y",
            "[",
            "]",
            ":",
            "f'{x.a}'",
            "é",
            "\r",
            "\f",
            "\x00",
        ]
    ),
    max_size=12,
).map("".join)


@given(
    sources,
    st.integers(-1, 9),
    st.sampled_from(["AttributeError", "TypeError", "KeyError"]),
    messages | st.text(max_size=60),
)
def test_never_crashes(source: str, line: int, exception: str, message: str) -> None:
    assert isinstance(
        find_failure(source, line, "f", exception, message, {"x": "None", "y": "<"}), Failure | Stop
    )


PLACES = (
    ("a['k'] + b['k']", {"a": {"k": 1}, "b": {}}),
    ("b['k'] + a['k']", {"a": {}, "b": {"k": 1}}),
    ("[x[0] for x in rows]", {"rows": [[1], []]}),
    ("a[0] + b[0]", {"a": [1], "b": []}),
    ("[a[0],\n     b[0]]", {"a": [1], "b": []}),
    ("a.b + a.c", {"a": SimpleNamespace(b=1, c=None)}),
    ("a.b.d + a.c.d", {"a": SimpleNamespace(b=SimpleNamespace(d=1), c=None)}),
    ("a.b.upper() + a.c.upper()", {"a": SimpleNamespace(b="x", c=None)}),
    ("len(a.b) + len(a.c)", {"a": SimpleNamespace(b=[], c=None)}),
    ("int(a.b) + int(a.c)", {"a": SimpleNamespace(b="1", c="x")}),
    ("a / b + a / c", {"a": 1, "b": 2, "c": 0}),
    ("max(a) + max(b)", {"a": [1], "b": []}),
    ("a.b < 1 and a.c < 1", {"a": SimpleNamespace(b=0, c=None)}),
)


@pytest.mark.parametrize(("expression", "given"), PLACES, ids=[text for text, _ in PLACES])
def test_where_the_interpreter_says_that_it_failed_is_searched(
    expression: str, given: dict[str, Any]
) -> None:
    source = f"def f({', '.join(given)}):\n    return ({expression})\n"
    names: dict[str, Any] = {}
    exec(compile(source, "f.py", "exec"), names)  # noqa: S102
    with pytest.raises(Exception) as caught:  # noqa: PT011 - whichever it is
        names["f"](**given)
    frame = traceback.TracebackException.from_exception(caught.value).stack[-1]
    numbers = frame.lineno, frame.colno, frame.end_lineno, frame.end_colno
    line, column, end_line, end_column = (number or 0 for number in numbers)
    at = Span(line, column, end_line, end_column)
    kind, message = type(caught.value).__name__, str(caught.value)
    failure = find_failure(source, line, frame.name, kind, message, {}, at=at)
    assert isinstance(failure, Failure), failure
    assert failure.span == at
