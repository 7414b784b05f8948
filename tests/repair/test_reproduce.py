"""Repeating recorded calls: every kind of value and of call, and what is refused."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from app.repair.reproduce import Reproduction

from .crash_recorder import Crash, record_all


@dataclass(frozen=True)
class Case:
    """A package of one file, the call that fails, and how the call is written again."""

    name: str
    source: str
    call: str
    expected: str  # what the setup and the expression say
    marks: frozenset[str] = field(default=frozenset())


VALUES = [
    Case(
        "plain_values",
        """
        def price(amount, currency, rates, flags=(), scale=1):
            return amount / rates[currency]
        """,
        "price(5, 'EUR', {'CZK': 0.04}, flags=(True, None), scale=-2.5)",
        "price(5, 'EUR', {'CZK': 0.04}, flags=(True, None), scale=-2.5)",
    ),
    Case(
        "bytes_and_text",
        """
        def decoded(data, encoding):
            return data.decode(encoding)
        """,
        "decoded(b'caf\\xe9 \"x\"', 'utf-8')",
        "data = b'caf\\xe9 \"x\"'",
    ),
    Case(
        "standard_types",
        """
        from datetime import datetime, timedelta
        from decimal import Decimal

        def late(due, grace, fee, folder, number, seen):
            return due + grace + fee
        """,
        """
        from collections import OrderedDict
        from datetime import datetime, timedelta
        from decimal import Decimal
        from pathlib import Path
        from uuid import UUID
        late(datetime(2026, 1, 2, 3), timedelta(days=2), Decimal('1.50'), Path('a/b'),
             UUID('12345678123456781234567812345678'), OrderedDict(a=1))
        """,
        'late(due, timedelta(days=2), Decimal("1.50"), Path("a/b"), number, {"a": 1})',
    ),
    Case(
        "members_and_classes",
        """
        import enum
        import json

        class Colour(enum.Enum):
            RED = 1

        def paint(colour, kind, function, module, what=int):
            return kind(function(module.loads("{")), colour)
        """,
        "import json\npaint(Colour.RED, dict, len, json)",
        "paint(Colour.RED, dict, len, json)",
    ),
    Case(
        "named_tuples_and_dataclasses",
        """
        from dataclasses import dataclass, field
        from typing import NamedTuple

        class Point(NamedTuple):
            x: int
            y: int

        @dataclass
        class Shape:
            name: str
            corners: list[Point] = field(default_factory=list)

        def first(shape):
            return shape.corners[0].x
        """,
        "first(Shape('none'))",
        'shape = Shape(name="none", corners=[])',
    ),
    Case(
        "integers_as_keys",
        """
        def name_of(names, number):
            return names[number]
        """,
        "name_of({1: 'one', 2: 'two'}, 3)",
        'name_of({1: "one", 2: "two"}, 3)',
    ),
    Case(
        "a_tuple_where_the_code_unpacks_it",
        """
        def ratio(pair):
            one, other = pair
            return one / other
        """,
        "ratio((1, 0))",
        "ratio((1, 0))",
    ),
    Case(
        "an_argument_that_was_bound_again",
        """
        def shout(text):
            return initial(text, 0)

        def initial(text, at):
            text = text.strip()
            return text[at]
        """,
        "shout('   ')",
        'shout("   ")',
    ),
    Case(
        "variable_arguments",
        """
        def joined(*parts, sep, **options):
            return sep.join(parts) + options["end"]
        """,
        "joined('a', 'b', sep='-', start='x')",
        'joined("a", "b", sep="-", start="x")',
    ),
]
CALLS = [
    Case(
        "a_method_of_an_object_without_state",
        """
        class Reader:
            def parse(self, text):
                return int(text)
        """,
        "Reader().parse('x1')",
        'reader.parse("x1")',
    ),
    Case(
        "a_method_with_a_recorded_attribute",
        """
        class Basket:
            def __init__(self, owner, limit=3):
                self.owner = owner
                self.limit = limit

            def share(self, total):
                limit = self.limit
                return total / limit
        """,
        "Basket('me', limit=0).share(10)",
        "basket.share(10)",
        frozenset({"guessed"}),
    ),
    Case(
        "a_property",
        """
        class Stack:
            def __init__(self):
                self.items = []

            @property
            def top(self):
                return self.items[-1]
        """,
        "Stack().top",
        "stack.top",
    ),
    Case(
        "a_setter",
        """
        class Gauge:
            @property
            def level(self):
                return self._level

            @level.setter
            def level(self, value):
                self._level = int(value)
        """,
        "Gauge().level = 'high'",
        'gauge.level = "high"',
    ),
    Case(
        "class_and_static_methods",
        """
        class Money:
            @classmethod
            def parse(cls, text):
                return cls.number(text.split()[1])

            @staticmethod
            def number(text):
                return float(text)
        """,
        "Money.parse('EUR ten')",
        'Money.parse("EUR ten")',
    ),
    Case(
        "a_constructor",
        """
        class Version:
            def __init__(self, text):
                self.major, self.minor = text.split(".")
        """,
        "Version('1')",
        'Version("1")',
    ),
    Case(
        "a_private_method",
        """
        class Safe:
            def open(self, code):
                return self.__check(code)

            def __check(self, code):
                return code["pin_code"]
        """,
        "Safe()._Safe__check({})",
        "safe._Safe__check({})",
    ),
    Case(
        "a_generator",
        """
        def chunks(text, size):
            for at in range(0, len(text), size):
                yield text[at : at + size]
        """,
        "list(chunks('abc', 0))",
        'chunks("abc", 0)',
    ),
    Case(
        "a_coroutine",
        """
        async def fetched(rows, key):
            return rows[key]
        """,
        "import asyncio\nasyncio.run(fetched({}, 'a'))",
        'fetched({}, "a")',
    ),
    Case(
        "a_context",
        """
        from contextlib import contextmanager

        @contextmanager
        def opened(modes):
            yield modes[0]
        """,
        "with opened([]):\n    pass",
        "opened([])",
    ),
    Case(
        "a_decorated_function",
        """
        import functools

        def twice(function):
            @functools.wraps(function)
            def wrapper(first):
                return function(first, first)
            return wrapper

        @twice
        def halved(one, other):
            return one / (other - other)
        """,
        "halved(4)",
        "halved(4)",
    ),
    Case(
        "a_nested_function",
        """
        def total(rows):
            def of(row):
                return row["price"]
            return sum(of(row) for row in rows)
        """,
        "total([{}])",
        "total([{}])",
    ),
    Case(
        "an_item_access",
        """
        class Table(dict):
            def __getitem__(self, key):
                return super().__getitem__(key.lower())
        """,
        "Table({'a': 1})['B']",
        'table["B"]',
    ),
    Case(
        "a_module_level_object",
        """
        class Registry:
            def __init__(self, names):
                self.names = names

            def find(self, name):
                return self.names.index(name)

        default = Registry(["a"])
        """,
        "default.find('z')",
        'default.find("z")',
    ),
]
STATE = [
    Case(
        "a_flag_that_was_set",
        """
        class Stream:
            def __init__(self, source):
                self.source = source
                self.closed = False

            def read(self, size):
                if self.closed and size > 1:
                    raise LookupError("stream is closed")
                return size
        """,
        "stream = Stream(None)\nstream.closed = True\nstream.read(2)",
        "stream.closed = True",
        frozenset({"guessed"}),
    ),
    Case(
        "what_an_inner_object_answered",
        """
        class Reader:
            def __init__(self, source):
                self.source = source

            def number(self):
                line = self.source.readline()
                return int(line)
        """,
        """
        class Lines:
            def readline(self):
                return 'x9'
        Reader(Lines()).number()
        """,
        'readline=Mock(return_value="x9")',
        frozenset({"guessed", "stand-in"}),
    ),
    Case(
        "an_object_of_a_class_that_no_test_can_import",
        """
        def label(thing):
            return thing.title.upper()
        """,
        "class Thing:\n    title = None\nlabel(Thing())",
        "label(thing)",
        frozenset({"guessed", "stand-in"}),
    ),
    Case(
        "a_variable_of_the_environment",
        """
        import os

        def port():
            text = os.environ.get("SHOP_PORT")
            return int(text)
        """,
        "import os\nos.environ['SHOP_PORT'] = '80a'\nport()",
        'patch.dict("os.environ", {"SHOP_PORT": "80a"})',
        frozenset({"stand-in"}),
    ),
    Case(
        "an_error_of_another_package",
        """
        import socket

        def reach(host):
            try:
                link = socket.create_connection((host, 9))
            except TimeoutError:
                return None
            return link
        """,
        "reach('127.0.0.1')",
        'socket.create_connection", side_effect=ConnectionRefusedError("[Errno 111] Connection refused")',
        frozenset({"stand-in"}),
    ),
    Case(
        "what_a_file_held",
        """
        def limit(path):
            with open(path) as file:
                text = file.read()
            return int(text)
        """,
        """
        import pathlib, tempfile
        with tempfile.TemporaryDirectory() as folder:
            place = pathlib.Path(folder, "limit.txt")
            place.write_text("ten")
            limit(str(place))
        """,
        'patch("builtins.open", mock_open(read_data="ten"))',
        frozenset({"stand-in"}),
    ),
    Case(
        "what_another_package_answered",
        """
        import urllib.request

        def stock(url):
            answer = urllib.request.urlopen(url)
            status = answer.status
            rows = answer.json()
            return status, rows["stock"]
        """,
        """
        import urllib.request
        class Answer:
            status = 200
            def json(self):
                return {}
        urllib.request.urlopen = lambda url: Answer()
        stock("http://shop")
        """,
        "return_value=MagicMock(json=Mock(return_value={}), status=200)",
        frozenset({"stand-in"}),
    ),
    Case(
        "what_the_frame_below_was_given",
        """
        class Report:
            def __init__(self, lines):
                self.lines = lines

            def first(self):
                return first_of(self.lines)

        def first_of(rows):
            return rows[0] + "."
        """,
        "Report((None,)).first()",
        "first_of(",
    ),
    Case(
        "an_abstract_class",
        """
        from abc import ABC, abstractmethod

        class Shape(ABC):
            def __init__(self, sides):
                self.sides = sides

            @abstractmethod
            def area(self): ...

            def mean_side(self):
                return sum(self.sides) / len(self.sides)
        """,
        """
        class Point(Shape):
            def area(self):
                return 0
        Point([]).mean_side()
        """,
        'type("Shape", (Shape,), dict.fromkeys(Shape.__abstractmethods__))',
        frozenset({"guessed"}),
    ),
    Case(
        "a_call_that_raised_what_was_caught",
        """
        class Client:
            def connect(self, address):
                return address

            def send(self, text):
                try:
                    wire = self.connect("here")
                except ValueError:
                    pass
                return wire + text
        """,
        """
        class Broken(Client):
            def connect(self, address):
                raise ValueError
        Broken().send('x')
        """,
        "client.connect = Mock(side_effect=ValueError)",
        frozenset({"stand-in"}),
    ),
    Case(
        "bytes_that_the_message_tells_of",
        """
        class Reader:
            def __init__(self, source):
                self.source = source

            def header(self):
                return self.source.read(4).decode()
        """,
        "import io\nReader(io.BytesIO(b'ab\\xe9 x')).header()",
        "read=Mock(return_value=b'xx\\xe9 ')",
        frozenset({"guessed", "stand-in"}),
    ),
    Case(
        "a_property_that_gave_something_else",
        """
        class Answer:
            @property
            def headers(self):
                return {"kind": "text"}

            def length(self):
                found = self.headers["length"]
                return int(found)
        """,
        """
        class Other(Answer):
            headers = {"length": "many"}
        Answer.length(Other())
        """,
        'patch.object(type(answer), "headers", {"length": "many"})',
        frozenset({"stand-in"}),
    ),
]


CASES = [*VALUES, *CALLS, *STATE]


@pytest.fixture(scope="module")
def crashes(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Crash]:
    """Every case, as Sentry's client recorded it."""
    projects = {}
    for case in CASES:
        package = f"shop_{case.name}"
        files = {f"{package}/__init__.py": "", f"{package}/code.py": case.source}
        projects[case.name] = files, f"from {package}.code import *\n{textwrap.dedent(case.call)}"
    return record_all(tmp_path_factory.mktemp("cases"), projects)


@pytest.mark.parametrize("case", CASES, ids=lambda one: one.name)
def test_repeated(case: Case, crashes: Mapping[str, Crash]) -> None:
    crash = crashes[case.name]
    found = crash.repeated()
    assert isinstance(found, Reproduction), found
    assert found.first.same
    assert found.first.exception == crash.finding.raised.type
    assert found.first.frames[-1].line == crash.frames[-1].line
    written = "\n".join([*found.call.setup, *found.call.patches, found.call.expression])
    test = found.regression_test(None).change.after or ""
    assert case.expected in written or case.expected.replace("'", '"') in test, f"{written}\n{test}"
    assert found.call.marks <= case.marks, found.call.marks
    compile(test, "test.py", "exec")
