"""Calls with made-up arguments as controls."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.bench.case import Patched
from app.bench.controls import control
from app.bench.controls.arguments import literals, made_up
from app.bench.controls.changes import Parameter
from app.bench.installation import Installation, copy_with, split
from app.bench.processes import Processes
from bench.shelf import BOOKS, MENDED, make_case, without_source_release

Compare = Callable[[str, str], Any]
EVENT = {
    "exception": {
        "values": [
            {
                "type": "AttributeError",
                "stacktrace": {
                    "frames": [
                        {
                            "filename": "shelf/books.py",
                            "function": "title",
                            "lineno": 7,
                            "in_app": True,
                            "vars": {"book": {"title": "None"}, "text": "None"},
                        }
                    ]
                },
            }
        ]
    }
}


@pytest.fixture
def compare(installation: Installation, tmp_path: Path) -> Compare:
    """What the calls say of a package whose module is `before` without and `after` with the patch."""

    def compared(before: str, after: str) -> Any:
        (installation.folder / "shelf/books.py").write_text(before, encoding="utf-8")
        case, scratch = make_case(), tmp_path / "scratch"
        without_source_release(tmp_path / "work", case)
        split(installation, scratch / "repo", scratch / "site")
        files = {"shelf/books.py": after}
        copy_with(installation, files, scratch / "after")
        cache = tmp_path / "work" / case.id
        side = Patched(case, installation, files, EVENT, scratch / "after", scratch / "site", scratch, cache)
        return control(side, Processes())

    return compared


def test_a_narrow_fix_changes_no_other_call(compare: Compare) -> None:
    found = compare(BOOKS, MENDED)
    assert found.difference == ""
    assert found.number >= 10
    assert found.ran == f"{found.number} control calls"


def test_a_fix_that_changes_other_results_differs(compare: Compare) -> None:
    found = compare(BOOKS, MENDED.replace(".strip() or default", ".strip().upper() or default"))
    assert found.difference.startswith("title({'title': 'a'}")
    assert found.difference.endswith("returned str 'a', but with the patch returned str 'A'")


def test_a_fix_that_swallows_a_refusal_differs(compare: Compare) -> None:
    before = "def size(text):\n    if not text:\n        raise ValueError('empty')\n    return len(text)\n"
    after = before.replace("raise ValueError('empty')", "return 0")
    found = compare(before, after)
    assert "raised ValueError: empty, but with the patch returned int 0" in found.difference


def test_the_recorded_crash_may_become_anything(compare: Compare) -> None:
    # Line 7 is where EVENT says that it crashed.
    before = "\n\n\n\n\ndef size(text):\n    return text.size\n"
    assert compare(before, before.replace("text.size", "getattr(text, 'size', 0)")).ran == "none possible"


TOLERANT = "def more(count):\n    return count + 1 if isinstance(count, int | float) else None\n"


def test_a_wrong_type_is_no_input(compare: Compare) -> None:
    found = compare("def more(count):\n    return count + 1\n", TOLERANT)
    assert found.difference == ""
    assert found.number >= 3


def test_a_type_that_is_refused_is_an_input(compare: Compare) -> None:
    strict = "def more(count):\n    if isinstance(count, str):\n        raise TypeError('no')\n    return count + 1\n"
    found = compare(strict, TOLERANT)
    assert "raised TypeError: no, but with the patch returned NoneType None" in found.difference


def test_methods_are_called_on_a_new_object(compare: Compare) -> None:
    found = compare(BOOKS, BOOKS.replace("return len(self.books)", "return len(self.books) + 1"))
    assert "Shelf.add(" in found.difference
    assert "returned int 1, but with the patch returned int 2" in found.difference


def test_what_a_method_leaves_in_its_object_is_compared(compare: Compare) -> None:
    found = compare(BOOKS, BOOKS.replace("self.books.append(title(book))", "self.books.append(book)"))
    assert "Shelf.add(" in found.difference


BOX = """\
class Box:
    def __init__(self, name: str, *, size=1):
        self.name = name + ""

    @property
    def label(self):
        return self.name

    @staticmethod
    def empty():
        return []

    @classmethod
    def made(cls, name: str):
        return cls(name).label

    def letters(self):
        yield from self.name

    async def later(self, words: str):
        return words
"""


@pytest.mark.parametrize(
    ("call", "old", "new"),
    [
        ("Box.__init__('a'", 'name + ""', 'name + "!"'),
        ("Box.label()", "return self.name", "return self.name.upper()"),
        ("Box.empty()", "[]", "None"),
        ("Box.made('a')", "cls(name).label", "cls(name)"),
        ("Box.letters()", "self.name", "self.name.upper()"),
        ("Box.later('a')", "return words", "return words * 2"),
    ],
)
def test_everything_that_can_be_called_is(compare: Compare, call: str, old: str, new: str) -> None:
    head, found, tail = BOX.partition(f"def {call.partition('(')[0].removeprefix('Box.')}(")
    difference = compare(BOX, head + found + tail.replace(old, new, 1)).difference
    assert difference.startswith(call)


def test_a_call_that_never_ends_with_the_patch_differs(compare: Compare) -> None:
    before = "def size(text: str):\n    return len(text)\n"
    after = "def size(text: str):\n    while text == 'a':\n        pass\n    return len(text)\n"
    assert "size('a') returned int 1, but with the patch was not done" in compare(before, after).difference


def test_a_call_that_ends_the_process_differs(compare: Compare) -> None:
    before = "import os\ndef size(text: str):\n    return len(text)\n"
    after = before.replace("    return", "    if text == 'name': os._exit(0)\n    return")
    assert (
        "size('name') returned int 4, but with the patch ended the process"
        in compare(before, after).difference
    )


def test_chance_is_no_difference(compare: Compare) -> None:
    before = "import os\ndef token(size: int):\n    return os.urandom(4)\n"
    assert compare(before, before.replace("urandom(4)", "urandom(5)")).ran == "none possible"


def test_a_call_can_harm_nothing(compare: Compare, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.mkdir()
    before = (
        "import os, shutil, subprocess\n"
        "def clean(number: int):\n"
        f"    deeds = [lambda: shutil.rmtree({str(victim)!r}), lambda: os.rmdir({str(victim)!r}),\n"
        "             lambda: subprocess.run(['true']), lambda: os.system('true')]\n"
        "    return deeds[number % 4]()\n"
    )
    found = compare(before, before.replace("number % 4", "number % (2 + 2)"))
    assert found.number >= 4
    assert found.difference == ""
    assert victim.is_dir()


def test_the_same_arguments_are_made_up_every_time() -> None:
    parameters = (
        Parameter("text", "str", None),
        Parameter("count", "", "1"),
        Parameter("thing", "", None, keyword_only=True),
    )
    calls = made_up(parameters, {}, 40)
    assert calls == made_up(parameters, {}, 40)
    assert len(calls) == len(set(calls)) == 40
    assert str(calls[0]) == "'a', thing='a'" or calls[0].named[0][0] == "thing"


def test_what_production_recorded_comes_first() -> None:
    (first, *_) = made_up((Parameter("text", "", None),), {"text": "'https://example.org/a?b'"}, 40)
    assert first.positional == ("'https://example.org/a?b'",)


def test_a_function_without_parameters_is_called_once() -> None:
    assert len(made_up((), {}, 40)) == 1


@pytest.mark.parametrize(
    ("recorded", "first"),
    [
        ("'text'", "'text'"),
        ("None", "None"),
        (["1", "'a'"], "[1, 'a']"),
        ({"a": "1", "'b'": {"c": "None"}}, "{'a': 1, 'b': {'c': None}}"),
        (3, "3"),
    ],
)
def test_recorded_locals_become_literals(recorded: object, first: str) -> None:
    assert literals(recorded)[0] == first
    assert len(literals(recorded)) > 1


@pytest.mark.parametrize("recorded", ["<object at 0x7f>", {"a": "<object>"}, ["'a'", "..."], "'" * 9])
def test_what_is_no_plain_value_is_not_guessed(recorded: object) -> None:
    assert literals(recorded) in ([], ["['a', Ellipsis]"]) or "Ellipsis" in literals(recorded)[0]
