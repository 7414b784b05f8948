from __future__ import annotations

import pytest
from pydantic import JsonValue

from app.core.model import Applicability, CodeFrame, Failure, Patch, Reason, RootCause, Stop
from app.core.source import LoadedTree
from app.fix.engine import candidates, write_patch
from app.fix.modules import place_test
from app.investigate.expression import find_failure

from .conftest import SHA, finding_of

NAME = "'NoneType' object has no attribute 'name'"
ORDERS = """\
from dataclasses import dataclass


@dataclass
class Customer:
    name: str


@dataclass
class Order:
    id: int
    customer: Customer | None


def title(order: Order) -> str | None:
    return order.customer.name


def page(order: Order, mail: str, password: str) -> str:
    order = order
    return f"{title(order)} {mail}"
"""


def cause_of(
    files: dict[str, str], frames: list[tuple[str, str, int, dict[str, JsonValue]]], message: str = NAME
) -> RootCause:
    """The cause of a failure at the innermost of `frames`, outermost first."""
    exception = (
        "AttributeError" if "attribute" in message else "TypeError" if "supported" in message else "KeyError"
    )
    mapped = tuple(CodeFrame(path, function, line, "", recorded) for path, function, line, recorded in frames)
    culprit = mapped[-1]
    failure = find_failure(
        files[culprit.path], culprit.line, culprit.function, exception, message, culprit.variables
    )
    assert isinstance(failure, Failure), failure
    return RootCause(
        exception,
        message,
        culprit.path,
        culprit.function,
        culprit.line,
        SHA,
        SHA,
        "main",
        failure,
        mapped,
        None,
    )


def tree_of(files: dict[str, str]) -> LoadedTree:
    return LoadedTree(frozenset(files), files)


def patch_of(files: dict[str, str], cause: RootCause) -> Patch | Stop:
    return write_patch(finding_of("SHOP-7", ()), cause, tree_of(files))


def test_the_test_lies_where_the_repository_keeps_its_tests() -> None:
    files = {"src/shop/__init__.py": "", "src/shop/orders.py": ORDERS, "tests/unit/test_orders.py": ""}
    cause = cause_of(files, [("src/shop/orders.py", "title", 16, {"order": "Order(id=1, customer=None)"})])
    patch = patch_of(files, cause)
    assert isinstance(patch, Patch)
    assert patch.test.test_id == "tests/test_regression_shop_7.py::test_title_when_order_customer_is_none"
    assert "from shop.orders import Order, title" in patch.test.change.after
    assert "    assert title(order) is None\n" in patch.test.change.after
    assert patch.pattern == "none_return_guard"
    assert patch.applicability is Applicability.SAFE
    assert [change.path for change in patch.changes] == [
        "src/shop/orders.py",
        "tests/test_regression_shop_7.py",
    ]


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        ({"shop/a.py"}, "tests/test_r.py"),
        ({"shop/a.py", "test/test_a.py"}, "test/test_r.py"),
        ({"shop/a.py", "shop/tests/test_a.py"}, "shop/tests/test_r.py"),
        ({"shop/a.py", "shop/a_test.py"}, "shop/r_test.py"),
        ({"a.py", "test_a.py"}, "test_r.py"),
        ({"shop/a.py", "tests/test_r.py"}, "tests/test_r_2.py"),
        ({"web/a.py", "shop/a.py", "web/tests/test_a.py", "shop/tests/test_a.py"}, "shop/tests/test_r.py"),
    ],
)
def test_placement(paths: set[str], expected: str) -> None:
    assert place_test(LoadedTree(frozenset(paths)), "shop/a.py", "r") == expected


def test_a_caller_is_called_where_the_innermost_frame_can_not_be_repeated() -> None:
    files = {"shop.py": ORDERS.replace("    order = order\n", "")}
    outer: dict[str, JsonValue] = {
        "order": "Order(id=1, customer=None)",
        "mail": "'ada@mail.org'",
        "password": "'hunter2'",
    }
    cause = cause_of(
        files, [("shop.py", "page", 20, outer), ("shop.py", "title", 16, {"order": "<Order 1>"})]
    )
    patch = patch_of(files, cause)
    assert isinstance(patch, Patch)
    # `title` reads nothing else of the order, so that a stand-in is enough and the caller is not needed
    assert "order = SimpleNamespace(customer=None)" in patch.test.change.after
    wider = {
        "shop.py": files["shop.py"].replace(
            "    return order.customer.name", "    assert order.id\n    return order.customer.name"
        )
    }
    cause = cause_of(
        wider, [("shop.py", "page", 21, outer), ("shop.py", "title", 17, {"order": "<Order 1>"})]
    )
    patch = patch_of(wider, cause)
    assert isinstance(patch, Patch)
    text = patch.test.change.after
    assert "    page(order, mail, password)\n" in text
    assert 'mail = "person@example.com"' in text
    assert 'password = "removed"' in text


def test_no_frame_that_can_be_repeated_is_a_stop_that_says_why() -> None:
    files = {
        "shop.py": ORDERS.replace(
            "    return order.customer.name", "    assert order.id\n    return order.customer.name"
        )
    }
    frames: list[tuple[str, str, int, dict[str, JsonValue]]] = [
        ("shop.py", "page", 22, {"order": "Order(id=1, customer=None)"}),
        ("shop.py", "title", 17, {"order": "<Order 1>"}),
    ]
    stop = patch_of(files, cause_of(files, frames))
    assert isinstance(stop, Stop)
    assert stop.reason is Reason.NO_REPRODUCTION
    assert "`order` was bound again" in stop.detail
    assert "`order` can not be rebuilt" in stop.detail


@pytest.mark.parametrize(
    "handler",
    ["except AttributeError:", "except (KeyError, AttributeError):", "except Exception:", "except:"],
)
def test_inside_a_try_that_catches_it_nothing_is_safe(handler: str) -> None:
    source = f"def f(x) -> str | None:\n    try:\n        return x.name\n    {handler}\n        raise\n"
    cause = cause_of({"a.py": source}, [("a.py", "f", 3, {"x": "None"})])
    found = candidates(cause, tree_of({"a.py": source}))
    assert found
    assert {one.applicability for one in found} == {Applicability.UNSAFE}


def test_a_caller_that_catches_it_makes_it_unsafe_too() -> None:
    caller = "def g(x):\n    try:\n        return f(x)\n    except AttributeError:\n        raise\n"
    source = f"def f(x) -> str | None:\n    return x.name\n\n\n{caller}"
    cause = cause_of({"a.py": source}, [("a.py", "g", 7, {}), ("a.py", "f", 2, {"x": "None"})])
    assert {one.applicability for one in candidates(cause, tree_of({"a.py": source}))} == {
        Applicability.UNSAFE
    }


def test_another_handler_leaves_it_safe() -> None:
    source = "def f(x) -> str | None:\n    try:\n        return x.name\n    except KeyError:\n        raise\n"
    cause = cause_of({"a.py": source}, [("a.py", "f", 3, {"x": "None"})])
    assert candidates(cause, tree_of({"a.py": source}))[0].applicability is Applicability.SAFE


def test_a_precedent_in_another_file_decides() -> None:
    files = {
        "shop/a.py": "def f(order):\n    return order.customer.name\n",
        "shop/b.py": 'def g(order):\n    return order.customer.name if order.customer else "Guest"\n',
    }
    cause = cause_of(files, [("shop/a.py", "f", 2, {"order": "Order(customer=None)"})])
    best = candidates(cause, tree_of(files))[0]
    assert (
        best.change.after
        == 'def f(order):\n    return order.customer.name if order.customer is not None else "Guest"\n'
    )
    assert best.why == ('shop/b.py:2 writes `"Guest"` for the same thing.',)
    assert best.returns == '"Guest"'


def test_a_file_that_was_not_loaded_has_no_candidate() -> None:
    source = "def f(x) -> str | None:\n    return x.name\n"
    cause = cause_of({"a.py": source}, [("a.py", "f", 2, {"x": "None"})])
    stop = write_patch(finding_of("SHOP-7", ()), cause, LoadedTree(frozenset({"a.py"})))
    assert isinstance(stop, Stop)
    assert stop.reason is Reason.NO_CANDIDATE


@pytest.mark.parametrize("name", ["self", "json", "describe"])
def test_what_can_not_be_missing_is_not_guarded(name: str) -> None:
    source = f"import json\n\n\ndef describe(): ...\n\n\ndef f(self) -> None:\n    {name}.name\n"
    cause = cause_of({"a.py": source}, [("a.py", "f", 8, {})])
    assert candidates(cause, tree_of({"a.py": source})) == ()


@pytest.mark.parametrize(
    ("answer", "applicability"),
    [
        ('{"error": "the cart is empty"}, 422', Applicability.UNSAFE),
        ('"the cart is empty"', Applicability.UNSAFE),
        ("None", Applicability.SAFE),
        ("0", Applicability.SAFE),
        ("[]", Applicability.SAFE),
    ],
)
def test_what_another_guard_says_in_particular_is_only_proposed(
    answer: str, applicability: Applicability
) -> None:
    source = (
        "def price(cart, customer):\n"
        "    if cart is None:\n"
        f"        return {answer}\n"
        "    rates = customer.name\n"
        "    return rates\n"
    )
    cause = cause_of({"a.py": source}, [("a.py", "price", 4, {"cart": ["'mug'"], "customer": "None"})])
    found = [
        one for one in candidates(cause, tree_of({"a.py": source})) if one.pattern == "none_return_guard"
    ]
    assert [one.applicability for one in found][:1] == [applicability]


@pytest.mark.parametrize("name", ["is_blocked", "has_expired", "is_locked_out"])
def test_no_is_no_safe_answer_where_it_lets_somebody_through(name: str) -> None:
    source = f"def {name}(customer) -> bool:\n    flags = customer.name\n    return 'x' in flags\n"
    cause = cause_of({"a.py": source}, [("a.py", name, 2, {"customer": "None"})])
    found = [
        one for one in candidates(cause, tree_of({"a.py": source})) if one.pattern == "none_return_guard"
    ]
    assert [one.applicability for one in found] == [Applicability.UNSAFE]


REPORT = """\
class ParseError(Exception):
    pass


def refuse(token):
    raise ParseError(f"unexpected {token.name}")


def parse(tokens):
    for token in tokens:
        if token != "end":
            raise ParseError(f"unexpected {token.name}")
"""


@pytest.mark.parametrize(("function", "line"), [("refuse", 6), ("parse", 12)])
def test_an_error_that_cannot_be_told_is_not_kept_quiet(function: str, line: int) -> None:
    cause = cause_of({"parser.py": REPORT}, [("parser.py", function, line, {"token": "None"})])
    found = candidates(cause, LoadedTree(frozenset({"parser.py"}), {"parser.py": REPORT}))
    assert found
    for candidate in found:
        added = set(candidate.change.after.splitlines()) - set(REPORT.splitlines())
        assert all("raise " in line for line in added), candidate.summary


@pytest.mark.parametrize(("convert", "found"), [("parse(since)", True), ("since.strip()", False)])
def test_what_is_converted_where_it_is_true_was_false_if_it_is_no_number(
    convert: str, *, found: bool
) -> None:
    text = f"""\
def seen(request, changed, parse):
    since = request.get("since")
    if since:
        since = {convert}
    if since is not None and since >= changed:
        return True
    return False
"""
    files = {"shop.py": text}
    message = "'>=' not supported between instances of 'str' and 'int'"
    cause = cause_of(files, [("shop.py", "seen", 5, {"changed": 5})], message)
    patterns = {one.pattern for one in candidates(cause, tree_of(files))}
    assert ("type_guard_truth" in patterns) is found
