"""Reading tracebacks as interpreters print them, and as logs mangle them."""

from __future__ import annotations

import time
import traceback

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.core.traceback_text import HEADER, Printed, read_traceback

PLAIN = """Traceback (most recent call last):
  File "/srv/app/run.py", line 4, in <module>
    main()
  File "/srv/app/shop/orders.py", line 23, in checkout
    total = basket_total(basket)
            ^^^^^^^^^^^^^^^^^^^^
KeyError: 'zero'
"""
CHAINED = """Traceback (most recent call last):
  File "a.py", line 1, in low
    d["a"]
KeyError: 'a'

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "a.py", line 3, in middle
    raise ValueError("a") from error
ValueError: a

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "a.py", line 5, in high
    log(None.x)
        ^^^^^^
AttributeError: 'NoneType' object has no attribute 'x'
"""
GROUP = """  + Exception Group Traceback (most recent call last):
  |   File "/tmp/g.py", line 30, in <module>
  |     try: h()
  |          ^^^
  | ExceptionGroup: eg (3 sub-exceptions)
  +-+---------------- 1 ----------------
    | ValueError: never
    +---------------- 2 ----------------
    | ExceptionGroup: in (2 sub-exceptions)
    +-+---------------- 1 ----------------
      | Traceback (most recent call last):
      |   File "/tmp/g.py", line 2, in f
      |     return d["a"].b.c
      |            ^^^^^^^^
      | AttributeError: 'NoneType' object has no attribute 'b'
      |\x20
      | The above exception was the direct cause of the following exception:
      |\x20
      | Traceback (most recent call last):
      |   File "/tmp/g.py", line 8, in leaf
      |     raise ValueError("multi\\nline") from e
      | ValueError: multi
      | line
      +---------------- 2 ----------------
      | Traceback (most recent call last):
      |   File "/tmp/g.py", line 11, in <lambda>
      |     1/0
      |     ~^~
      | ZeroDivisionError: division by zero
      +------------------------------------
    +---------------- 3 ----------------
    | KeyError: 1
    +------------------------------------
"""


def read(text: str) -> Printed:
    printed = read_traceback(text)
    assert printed is not None
    return printed


def kinds(printed: Printed) -> list[str]:
    return [one.type for one in printed.chain]


def test_frames_are_read_with_their_code_oldest_first() -> None:
    printed = read(PLAIN)
    (raised,) = printed.chain
    assert (raised.type, raised.message, raised.module) == ("KeyError", "'zero'", None)
    outer, inner = raised.frames
    assert (outer.function, outer.line, outer.code) == ("<module>", 4, "main()")
    assert (inner.path, inner.absolute_path) == ("/srv/app/shop/orders.py",) * 2
    assert inner.in_app
    assert printed.marks == {(23, "total = basket_total(basket)"): (8, 28)}


def test_chained_exceptions_are_read_root_first() -> None:
    printed = read(CHAINED)
    assert kinds(printed) == ["KeyError", "ValueError", "AttributeError"]
    assert [len(one.frames) for one in printed.chain] == [1, 1, 1]
    assert printed.marks == {(5, "log(None.x)"): (4, 10)}
    assert printed.others == 0


def test_of_a_group_the_first_leaf_with_a_traceback_is_read() -> None:
    printed = read(GROUP)
    assert kinds(printed) == ["AttributeError", "ValueError"]
    assert printed.chain[1].message == "multi\nline"
    assert printed.chain[0].frames[0].code == 'return d["a"].b.c'
    followed = "\nDuring handling of the above exception, another exception occurred:\n\n" + PLAIN.replace(
        "KeyError: 'zero'", "OSError: late"
    )
    assert kinds(read(GROUP + followed)) == ["AttributeError", "ValueError", "OSError"]


@pytest.mark.parametrize(
    ("prefix", "first"),
    [
        ("", "2026-11-03 10:00:00,123 ERROR in worker\n"),
        ("    ", ""),
        ("web_1  | ", ""),
        ("> ", ""),
        ("Nov  3 10:00:00 host app[712]: ", ""),
        ("2026-11-03T10:00:00.12Z stderr F ", ""),
    ],
)
def test_prefixes_of_logs_are_taken_off(prefix: str, first: str) -> None:
    text = (
        "INFO started\n"
        + first
        + "".join(f"{prefix}{line}\n" for line in CHAINED.splitlines())
        + "INFO ended\n"
    )
    printed = read(text.replace(f"{prefix}\n", f"{prefix.rstrip()}\n"))
    assert printed.chain == read(CHAINED).chain
    assert printed.marks == read(CHAINED).marks


def test_numbers_in_prefixes_may_differ_in_length() -> None:
    lines = PLAIN.splitlines()
    text = "".join(f"10:00:0{at}.{10**at}Z {line}\n" for at, line in enumerate(lines))
    assert read(text).chain == read(PLAIN).chain


def test_only_the_header_may_have_a_prefix() -> None:
    assert read(f"ERROR:root: {PLAIN}").chain == read(PLAIN).chain


def test_the_last_whole_traceback_of_a_log_is_read() -> None:
    other = PLAIN.replace("KeyError: 'zero'", "ValueError: other")
    printed = read(f'{PLAIN}INFO going on\n{other}INFO\n{HEADER}\n  File "x.py", line 1, in cut\n')
    assert kinds(printed) == ["ValueError"]
    assert printed.others == 1


def test_colours_windows_line_ends_and_paths() -> None:
    coloured = PLAIN.replace('"/srv/app/run.py"', '\x1b[35m"/srv/app/run.py"\x1b[0m')
    assert read(coloured.replace("\n", "\r\n")).chain == read(PLAIN).chain
    windows = PLAIN.replace("/srv/app/shop/orders.py", "C:\\app\\shop\\orders.py")
    assert read(windows).chain[0].frames[1].absolute_path == "C:/app/shop/orders.py"


def test_packages_are_named_from_their_folder_on_and_the_standard_library_is_not_the_users() -> None:
    text = PLAIN.replace("/srv/app/shop/orders.py", "/v/lib/python3.11/site-packages/shop/orders.py").replace(
        "/srv/app/run.py", "/usr/lib/python3.11/types.py"
    )
    library, package = read(text).chain[0].frames
    assert (package.path, package.absolute_path, package.in_app) == ("shop/orders.py", None, True)
    assert not library.in_app
    frozen = PLAIN.replace("/srv/app/run.py", "<frozen importlib._bootstrap>")
    assert not read(frozen).chain[0].frames[0].in_app


@pytest.mark.parametrize(
    ("line", "module", "name", "message"),
    [
        ("ValueError", None, "ValueError", ""),
        ("ValueError:", None, "ValueError", ""),
        (
            "json.decoder.JSONDecodeError: Expecting value",
            "json.decoder",
            "JSONDecodeError",
            "Expecting value",
        ),
        ("socket.timeout: timed out", "socket", "timeout", "timed out"),
        ("m.f.<locals>.Oh: no", "m.f", "Oh", "no"),
        ("m.Outer.Inner: no", "m", "Outer.Inner", "no"),
        (
            "NameError: name 'x' is not defined. Did you mean: 'y'?",
            None,
            "NameError",
            "name 'x' is not defined",
        ),
        ("KeyError: 'a: b'", None, "KeyError", "'a: b'"),
    ],
)
def test_the_exceptions_line(line: str, module: str | None, name: str, message: str) -> None:
    (raised,) = read(PLAIN.replace("KeyError: 'zero'", line)).chain
    assert (raised.module, raised.type, raised.message) == (module, name, message)


def test_a_message_of_several_lines_ends_where_the_log_goes_on() -> None:
    text = (
        PLAIN.replace("KeyError: 'zero'", "ValidationError: 1 error\nfield\n  missing") + "2026-11-03 INFO\n"
    )
    assert read(text).chain[0].message == "1 error\nfield\n  missing"
    assert read(PLAIN + "something else\n").chain[0].message == "'zero'"


def test_forms_that_are_no_frames() -> None:
    text = f"""{HEADER}
  File "r.py", line 34, in r
    def r(n): return r(n-1)
  [Previous line repeated 996 more times]
  File "m.py", line 2, in multi
    dict(
    ~~~~^
        a=1,
        ^^^^
    ...<3 lines>...
    )
    ^
  File "<string>", line 1
    x ===
        ^
SyntaxError: invalid syntax
"""
    (raised,) = read(text).chain
    assert [(one.function, one.code) for one in raised.frames] == [
        ("r", "def r(n): return r(n-1)"),
        ("multi", "dict("),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        HEADER,
        f"{HEADER}\n",
        f'{HEADER}\n  File "x.py", line 1, in f\n    x\n',
        f'{HEADER}\n  File "x.py", line 1, in f\n    x\n???: what\n',
        f"said {HEADER} and more\nKeyError: 1",
        '  File "bad.py", line 1\n    x ===\n        ^\nSyntaxError: invalid syntax\n',
        f'web | {HEADER}\nweb |   File "x.py", line 1, in f\nother | KeyError: 1',
    ],
)
def test_what_is_no_whole_traceback(text: str) -> None:
    assert read_traceback(text) is None


def test_an_enormous_traceback_is_read_in_bounded_time() -> None:
    frame = '  File "/srv/app/shop/orders.py", line 23, in checkout\n    total = f()\n            ^^^\n'
    began = time.process_time()
    printed = read(f"{HEADER}\n{frame * 100_000}RecursionError: too deep\n")
    assert len(printed.chain[0].frames) == 10_000
    assert read_traceback(f"{HEADER}\n" * 100_000) is None
    link = "\nDuring handling of the above exception, another exception occurred:\n\n"
    chain = read(link.join([CHAINED, *([PLAIN] * 5_000)])).chain
    assert len(chain) == 50
    assert chain[0].frames[0].function == "low"
    assert read_traceback("  | " * 200_000 + HEADER) is None
    assert read_traceback(("9" * 200 + " " + HEADER + "\n") * 2_000) is None
    assert time.process_time() - began < 60


# --- properties ----------------------------------------------------------------------------------------------------

NAMES = st.from_regex(r"[a-z_][a-z0-9_]{0,10}", fullmatch=True)
FRAMES = st.lists(st.tuples(NAMES, st.integers(1, 10_000), NAMES, NAMES), min_size=1, max_size=5)
MESSAGES = st.text(st.characters(blacklist_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=40)


@settings(max_examples=50)
@given(st.lists(st.tuples(FRAMES, MESSAGES), min_size=1, max_size=3), st.sampled_from(["", "  ", "app | "]))
def test_what_is_printed_is_read(
    chain: list[tuple[list[tuple[str, int, str, str]], str]], prefix: str
) -> None:
    blocks = []
    for frames, message in chain:
        summaries = [
            traceback.FrameSummary(f"{a}/{b}.py", line, b, line=f"{c}()") for a, line, b, c in frames
        ]
        blocks.append(f"{HEADER}\n{''.join(traceback.format_list(summaries))}KeyError: {message}\n")
    text = "\nDuring handling of the above exception, another exception occurred:\n\n".join(blocks)
    printed = read("".join(f"{prefix}{line}\n" for line in text.split("\n")))
    assert [one.message for one in printed.chain] == [message.rstrip() for _, message in chain]
    for raised, (frames, _) in zip(printed.chain, chain, strict=True):
        shown = [frame for at, frame in enumerate(frames) if frames[max(0, at - 3) : at].count(frame) < 3]
        assert [(one.path, one.line, one.function, one.code) for one in raised.frames] == [
            (f"{a}/{b}.py", line, b, f"{c}()") for a, line, b, c in shown
        ]


PIECES = st.sampled_from(
    [*PLAIN.splitlines(), *CHAINED.splitlines(), *GROUP.splitlines(), "", "    ", "+-+--- 1 ---"]
)


@given(st.lists(st.one_of(PIECES, st.text(max_size=30)), max_size=40).map("\n".join))
@example(f'{HEADER}\n  File "x", line 99999999999, in f\nKeyError: 1')
@example(f'{HEADER}\n  File "x", line 0, in f\nKeyError: 1')
def test_no_text_makes_it_fail(text: str) -> None:
    printed = read_traceback(text)
    if printed is not None:
        assert printed.chain
        assert all(frame.line >= 1 for one in printed.chain for frame in one.frames)
