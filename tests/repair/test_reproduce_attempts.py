"""What a repeated call tells of patched files, what is refused, and the test that is written."""

from __future__ import annotations

import importlib
from dataclasses import replace
from pathlib import Path

import pytest

from app.core.source import LoadedTree
from app.repair import repair
from app.repair.reproduce import Reproduction

from .crash_recorder import Crash, record

SHARES = """
def share(total, people):
    return total // people
"""


def _shares(folder: Path, source: str = SHARES, call: str = "share(10, 0)") -> Crash:
    files = {"shares/__init__.py": "", "shares/code.py": source}
    return record(folder, files, f"from shares.code import *\n{call}")


def _found(crash: Crash) -> Reproduction:
    found = crash.repeated()
    assert isinstance(found, Reproduction), found
    return found


def _reason(crash: Crash) -> str:
    found = crash.repeated()
    assert isinstance(found, str), found
    return found


def test_the_first_run_tells_where_and_what(tmp_path: Path) -> None:
    found = _found(_shares(tmp_path))
    place = found.first.frames[-1]
    assert (found.first.exception, found.first.exception_module) == ("ZeroDivisionError", "builtins")
    assert "builtins.ArithmeticError" in found.first.exception_mro
    assert (place.path, place.function, place.line) == ("shares/code.py", "share", 3)
    assert place.span is not None
    assert (place.span.column, place.span.end_column) == (11, 26)
    assert place.classes["total"] == ("builtins.int", "builtins.object")
    assert found.lacks == 0
    assert not found.stand_in
    assert not found.private


def test_patched_files_are_judged(tmp_path: Path) -> None:
    crash = _shares(tmp_path)
    with crash.sandbox() as sandbox:
        found = crash.repeated()
        assert isinstance(found, Reproduction)
        found = replace(found, sandbox=sandbox)
        guarded = SHARES.replace("    return", "    if not people:\n        return []\n    return")
        passed = found.attempt({"shares/code.py": guarded})
        assert (passed.returned, passed.returned_type, passed.literal) == ("[]", "builtins.list", True)
        assert passed.exception is None
        moved = found.attempt({"shares/code.py": f"# a comment\n{SHARES}"})
        assert moved.same
        assert moved.frames[-1].line == 4
        other = found.attempt({"shares/code.py": SHARES.replace("people", "peeple", 1)})
        assert not other.same
        assert other.exception == "NameError"
        broken = found.attempt({"shares/code.py": "def share(:\n"})
        assert broken.exception == "SyntaxError"
        assert not broken.same
        again = found.attempt({})
        assert again.same


def test_a_call_without_an_end_is_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    crash = _shares(tmp_path)
    # The package gives the function of that name.
    monkeypatch.setattr(importlib.import_module("app.repair.reproduce"), "SECONDS_A_RUN", 1.5)
    with crash.sandbox() as sandbox:
        found = replace(_found(crash), sandbox=sandbox)
        endless = found.attempt(
            {"shares/code.py": "def share(total, people):\n    while True:\n        pass\n"}
        )
    assert not endless.ended
    assert not endless.same


def test_a_stand_in_that_is_asked_for_more_tells_nothing(tmp_path: Path) -> None:
    source = "def label(thing):\n    return thing.title.upper() + thing.colour\n"
    crash = _shares(tmp_path, source, "class Thing:\n    title = None\nlabel(Thing())")
    with crash.sandbox() as sandbox:
        found = replace(_found(crash), sandbox=sandbox)
        assert found.stand_in
        patched = found.attempt({"shares/code.py": source.replace(".title.upper()", '.title or "" ')})
    assert patched.exception is not None
    assert patched.beyond


def test_every_frame_that_can_be_repeated_is_offered(tmp_path: Path) -> None:
    source = (
        "def outer(text):\n    return inner(text.split()[0])\n\n\ndef inner(word):\n    return int(word)\n"
    )
    found = _shares(tmp_path, source, "outer('x y')").all_repeated()
    assert not isinstance(found, str)
    assert [(one.frame, one.call.expression) for one in found] == [(0, "outer(text)"), (1, "inner(word)")]


def test_a_change_further_out_is_judged_by_a_call_that_runs_through_it(tmp_path: Path) -> None:
    source = (
        "def outer(text):\n    return inner(text.split()[0])\n\n\ndef inner(word):\n    return int(word)\n"
    )
    found = _found(_shares(tmp_path, source, "outer('x y')"))
    assert found.covering(0) is found
    inner = replace(found, frame=1, others=(found,))
    assert inner.covering(1) is inner
    assert inner.covering(0) is found
    assert replace(inner, others=()).covering(0) is None


def test_cut_values_are_marked(tmp_path: Path) -> None:
    source = "def lookup(rows, name):\n    return {row['id']: row for row in rows}[name]\n"
    found = _found(_shares(tmp_path, source, "lookup([{'id': n} for n in range(30)], 'x')"))
    assert found.call.marks == {"cut"}


def test_secrets_are_not_needed(tmp_path: Path) -> None:
    source = "def login(headers, realm):\n    return realm['x'], headers['Authorization'].split()[1]\n"
    found = _found(_shares(tmp_path, source, "login({'Authorization': 'Basic c2VjcmV0OnNlY3JldA=='}, {})"))
    assert "c2VjcmV0" not in found.regression_test(None).change.after
    assert not found.private


def test_the_shape_of_a_secret_is_enough(tmp_path: Path) -> None:
    source = (
        "import base64\n\n\ndef user(header):\n"
        "    return base64.b64decode(header.split()[1]).decode().partition(':')[0]\n"
    )
    found = _found(_shares(tmp_path, source, "user('Basic //46eA==')"))
    assert not found.private
    assert "//46eA" not in found.regression_test(None).change.after


def test_what_needs_a_secret_is_marked(tmp_path: Path) -> None:
    source = "def check(passphrase):\n    return {'sesame': {}}[passphrase]['x']\n"
    assert _found(_shares(tmp_path, source, "check('sesame')")).private


def test_a_failing_import_is_repeated(tmp_path: Path) -> None:
    crash = _shares(tmp_path, "LIMITS = {}\nSMALL = LIMITS['small']\n", "")
    assert _found(crash).call.expression == 'importlib.import_module("shares.code")'


@pytest.mark.parametrize(
    ("source", "call", "reason"),
    [
        ("def run(action):\n    return action() + ''\n", "run(lambda: 1)", "no call repeated it"),
        (
            "import random\n\n\ndef draw(seed):\n    return {}[random.random()]\n",
            "draw(1)",
            "no call repeated it",
        ),
        (
            "import os\n\n\ndef stop(now):\n    if now is not os:\n        os._exit(3)\n    return now['x']\n",
            "stop(os)",
            "",
        ),
    ],
    ids=["a_lambda", "chance", "an_exit"],
)
def test_refused_with_a_reason_for_each_frame(source: str, call: str, reason: str, tmp_path: Path) -> None:
    crash = _shares(tmp_path, source, f"import os\n{call}")
    found = crash.repeated()
    if isinstance(found, Reproduction):
        assert found.stand_in or "os" in found.call.expression
    else:
        assert reason in found
        assert found.endswith(".")


def test_without_frames_there_is_nothing_to_repeat(tmp_path: Path) -> None:
    crash = replace(_shares(tmp_path), frames=())
    assert _reason(crash) == "No frame of the stack trace is the repository's own."


def test_the_test_asserts_what_the_repaired_call_gives(tmp_path: Path) -> None:
    found = _found(_shares(tmp_path))
    returned = replace(found.first, exception=None, returned="0", returned_type="builtins.int", literal=True)
    test = found.regression_test(returned)
    assert test.change.path == "tests/test_regression_shop_7.py"
    assert test.test_id == f"{test.change.path}::test_share_raises_no_zero_division_error"
    assert (test.change.after or "").splitlines() == [
        '"""SHOP-7: `share` raised ZeroDivisionError at `return total // people`.',
        "",
        "The arguments are those that production recorded, without secrets and personal data.",
        '"""',
        "",
        "from shares.code import share",
        "",
        "",
        "def test_share_raises_no_zero_division_error() -> None:",
        "    assert share(10, 0) == 0",
    ]
    nothing = found.regression_test(replace(returned, returned="None"))
    assert "    assert share(10, 0) is None\n" in (nothing.change.after or "")
    opaque = found.regression_test(replace(returned, returned="<Share>", literal=False))
    assert (opaque.change.after or "").endswith("    share(10, 0)\n")


def test_the_test_expects_the_package_s_own_error(tmp_path: Path) -> None:
    found = _found(_shares(tmp_path))
    outcome = replace(found.first, exception="ShareError", exception_module="shares.errors", same=False)
    text = found.regression_test(outcome).change.after or ""
    assert "import pytest\n" in text
    assert "from shares.errors import ShareError\n" in text
    assert "def test_share_raises_share_error() -> None:\n    with pytest.raises(ShareError):\n" in text


def test_an_error_that_is_raised_from_the_recorded_one_is_its_answer(tmp_path: Path) -> None:
    source = """
        class ShareError(Exception):
            pass

        def share(total, people):
            if people.startswith("-"):
                raise ShareError(f"not a number of people: {people!r}")
            return total // int(people)
        """
    crash = _shares(tmp_path, source, "share(10, 'two')")
    with crash.sandbox() as sandbox:
        repaired = repair(crash.finding, crash.tree, sandbox=sandbox)
    assert repaired.patch is not None, repaired.stop
    assert repaired.trials[0].passed
    assert repaired.trials[0].attempt is not None
    assert repaired.trials[0].attempt.exception == "ShareError"


def test_the_test_is_written_as_the_others_are(tmp_path: Path) -> None:
    crash = _shares(tmp_path)
    test = "import unittest\n\n\nclass ShareTest(unittest.TestCase):\n    def test_one(self):\n        pass\n"
    texts = {**crash.tree.texts, "shares/tests/test_share.py": test}
    found = _found(
        replace(crash, tree=LoadedTree(crash.tree.listing | {"shares/tests/test_share.py"}, texts))
    )
    written = found.regression_test(None)
    assert written.change.path == "shares/tests/test_regression_shop_7.py"
    assert "(unittest.TestCase):\n    def test_share_raises" in (written.change.after or "")
    assert "pytest" not in (written.change.after or "")


def test_coroutines_and_contexts_are_run_in_the_test(tmp_path: Path) -> None:
    source = "async def fetched(rows, key):\n    return rows[key]\n"
    found = _found(_shares(tmp_path, source, "import asyncio\nasyncio.run(fetched({}, 'a'))"))
    assert '    asyncio.run(fetched({}, "a"))\n' in (found.regression_test(None).change.after or "")
