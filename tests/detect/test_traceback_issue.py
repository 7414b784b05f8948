"""Tracebacks as people paste them into issues: read for sure, or refused with what to do."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as bounded
from hypothesis import strategies as st

from app.core.model import Finding
from app.core.traceback_text import HEADER, Printed
from app.detect.traceback_issue import finding_in, identity, read_pasted

PLAIN = f"""{HEADER}
  File "/srv/app/run.py", line 4, in <module>
    main()
  File "/srv/app/shop/orders.py", line 23, in checkout
    total = basket_total(basket)
            ~~~~~~~~~~~~^^^^^^^^
KeyError: 'zero'
"""
CHAIN = f"""{HEADER}
  File "shop/a.py", line 1, in low
    d["a"]
    ~^^^^^
KeyError: 'a'

The above exception was the direct cause of the following exception:

{HEADER}
  File "shop/a.py", line 3, in high
    raise ValueError("a") from error
ValueError: a
"""


def fenced(text: str, mark: str = "```", info: str = "python") -> str:
    return f"It crashed today.\n\n{mark}{info}\n{text}{mark}\n\nCan somebody look?\n"


def quoted(text: str) -> str:
    return "".join(f"> {line}\n" if line else ">\n" for line in text.split("\n"))


def indented(text: str, by: str = "    ") -> str:
    return "".join(f"{by}{line}\n" if line else "\n" for line in text.split("\n"))


READ: dict[str, str] = {
    "plain": PLAIN,
    "in a fence": fenced(PLAIN),
    "in a fence without a language": fenced(PLAIN, info=""),
    "in tildes": fenced(PLAIN, "~~~~", ""),
    "in a fence at its end": f"```\n{PLAIN}```",
    "indented as code": "It crashed:\n\n" + indented(PLAIN),
    "quoted": "Ada wrote:\n\n" + quoted(PLAIN) + "\nCan you look?\n",
    "a fence in a quotation": quoted(fenced(PLAIN)),
    "in a list": "- it crashed:\n\n" + indented(fenced(PLAIN), "  "),
    "with Windows' line ends": fenced(PLAIN).replace("\n", "\r\n"),
    "without carets": PLAIN.replace("            ~~~~~~~~~~~~^^^^^^^^\n", ""),
    "behind a log's prefix": "".join(f"web_1  | {line}\n" for line in PLAIN.split("\n")),
    "after prose": f"I ran it and got\n{PLAIN}",
    "in details": f"<details><summary>Traceback</summary>\n\n{fenced(PLAIN)}\n</details>\n",
}


@pytest.mark.parametrize("name", READ)
def test_one_traceback_is_read_wherever_it_stands(name: str) -> None:
    printed = read_pasted(READ[name])
    assert isinstance(printed, Printed), printed
    (raised,) = printed.chain
    assert (raised.type, raised.message) == ("KeyError", "'zero'")
    assert [(frame.path, frame.line, frame.function, frame.code) for frame in raised.frames] == [
        ("/srv/app/run.py", 4, "<module>", "main()"),
        ("/srv/app/shop/orders.py", 23, "checkout", "total = basket_total(basket)"),
    ]
    assert not any(frame.variables for frame in raised.frames)


@pytest.mark.parametrize("wrap", [str, fenced, quoted, indented])
def test_a_chain_is_read_root_first(wrap: Callable[[str], str]) -> None:
    printed = read_pasted(wrap(CHAIN))
    assert isinstance(printed, Printed), printed
    assert [raised.type for raised in printed.chain] == ["KeyError", "ValueError"]


def test_an_exceptions_last_line_ends_with_the_fence() -> None:
    printed = read_pasted(
        fenced(PLAIN.replace("KeyError: 'zero'", "shop.errors.PricingError: no price\nfor mug"))
    )
    assert isinstance(printed, Printed)
    assert (printed.chain[0].module, printed.chain[0].message) == ("shop.errors", "no price\nfor mug")


def printed_by_python(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))


def raised_by(code: str) -> BaseException:
    try:
        exec(compile(code, "shop/cart.py", "exec"), {})  # noqa: S102 - programs of this file
    except Exception as error:  # noqa: BLE001 - whatever it is
        return error
    raise AssertionError("nothing was raised")


def test_notes_are_part_of_the_message() -> None:
    error = raised_by("error = ValueError('no price')\nerror.add_note('basket b-1001')\nraise error\n")
    printed = read_pasted(fenced(printed_by_python(error)))
    assert isinstance(printed, Printed)
    assert printed.chain[0].message == "no price\nbasket b-1001"


def test_what_this_interpreter_prints_is_read() -> None:
    deep = "def f(n):\n    return f(n - 1) if n else {}['x']\nf(5)\n"
    for code, kind in ((deep, "KeyError"), ("1 / 0\n", "ZeroDivisionError"), ("None.x\n", "AttributeError")):
        printed = read_pasted(printed_by_python(raised_by(code)))
        assert isinstance(printed, Printed), printed
        assert printed.chain[-1].type == kind


GROUP = """  + Exception Group Traceback (most recent call last):
  |   File "/tmp/g.py", line 30, in <module>
  |     h()
  | ExceptionGroup: eg (1 sub-exception)
  +-+---------------- 1 ----------------
    | Traceback (most recent call last):
    |   File "/tmp/g.py", line 2, in f
    |     d["a"]
    | KeyError: 'a'
    +------------------------------------
"""
REFUSED: dict[str, tuple[str, str]] = {
    "cut before the exception": (PLAIN.replace("KeyError: 'zero'\n", ""), "cut off"),
    "cut inside a fence": (fenced(PLAIN.replace("KeyError: 'zero'\n", "")), "cut off"),
    "only the header": (HEADER, "cut off"),
    "the second of a chain is cut": (CHAIN.replace("ValueError: a\n", ""), "cut off"),
    "dots for frames": (PLAIN.replace("    main()\n", "    main()\n  ...\n"), "left out"),
    "an ellipsis for frames": (PLAIN.replace("    main()\n", "    main()\n  […]\n"), "left out"),
    "snipped": (PLAIN.replace("    main()\n", "    main()\n<snip>\n"), "left out"),
    "no frame": (f"{HEADER}\nKeyError: 1\n", "no frame"),
    "two of them": (PLAIN + "\nand\n\n" + CHAIN, "2 tracebacks"),
    "a group": (GROUP, "exception group"),
    "a group in a quotation": (quoted(GROUP), "exception group"),
    "JavaScript": ("TypeError: x is undefined\n    at price (/srv/app/cart.js:10:15)\n", "of JavaScript"),
    "Node": ("Error: no\n    at Object.<anonymous> (file:///app/index.mjs:3:7)\n", "of JavaScript"),
    "Java": (
        'Exception in thread "main" java.lang.NullPointerException\n\tat com.acme.Shop.price(Shop.java:12)\n',
        "of Java",
    ),
    "Ruby": ("app/models/cart.rb:12:in `price': no price (RuntimeError)\n", "of Ruby"),
    "Go": ("panic: no\n\ngoroutine 1 [running]:\nmain.main()\n", "of Go"),
    "C#": ("System.Exception: no\n   at Shop.Cart.Price(Int32 n) in /src/Cart.cs:line 12\n", "of C#"),
    "PHP": ("PHP Fatal error: no\n#0 /srv/app/Cart.php(12): price()\n", "of PHP"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_read_for_sure_is_refused_with_the_reason(name: str) -> None:
    text, why = REFUSED[name]
    refusal = read_pasted(text)
    assert isinstance(refusal, str), refusal
    assert why in refusal
    assert finding_in(text, 3) is None


@pytest.mark.parametrize("text", ["", "KeyError: 'zero'", "Traceback", "```\n```", "at home\nat work"])
def test_a_text_without_a_stack_trace_is_none(text: str) -> None:
    assert read_pasted(text) is None


def test_the_interpreters_own_dots_are_no_gap() -> None:
    text = PLAIN.replace("            ~~~~~~~~~~~~^^^^^^^^\n", "    ...<3 lines>...\n    )\n    ^\n")
    assert isinstance(read_pasted(text), Printed)


def test_a_finding_holds_no_locals_and_no_release() -> None:
    finding = finding_in(fenced(PLAIN), 12)
    assert isinstance(finding, Finding)
    assert (finding.source, finding.short_id, finding.release) == ("traceback", "ISSUE-12", None)
    assert not finding.is_tracked


def test_i17_an_edited_traceback_is_another_one() -> None:
    def word(text: str) -> str:
        printed = read_pasted(text)
        assert isinstance(printed, Printed)
        return identity(printed.chain)

    others = [
        PLAIN.replace("KeyError: 'zero'", "KeyError: 'one'"),
        PLAIN.replace("line 23", "line 24"),
        PLAIN.replace("basket_total(basket)", "basket_total(cart)"),
        PLAIN.replace("/srv/app/run.py", "/srv/app/walk.py"),
        CHAIN,
    ]
    assert len({word(PLAIN), *map(word, others)}) == 1 + len(others)
    assert word(fenced(PLAIN)) == word(quoted(PLAIN)) == word(PLAIN)


# Anything at all -------------------------------------------------------------------------------------------------

LINES = st.sampled_from(
    [*PLAIN.split("\n"), *CHAIN.split("\n"), *GROUP.split("\n"), "```", "> ", "...", "  […]", "\ud800", "\0"]
)


@bounded(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.one_of(LINES, st.text(max_size=40)), max_size=60).map("\n".join))
def test_i9_no_text_raises_and_every_frame_makes_sense(text: str) -> None:
    read: Any = read_pasted(text)
    finding = finding_in(text, 1)
    assert (finding is None) == (not isinstance(read, Printed))
    if finding is not None:
        assert identity(finding.chain)
        assert all(
            1 <= frame.line < 2**31 and frame.path for raised in finding.chain for frame in raised.frames
        )


NAMES = st.from_regex(r"[a-z_][a-z0-9_]{0,10}", fullmatch=True)
FRAMES = st.lists(
    st.tuples(NAMES, st.integers(1, 10_000), NAMES, NAMES),
    min_size=1,
    max_size=5,
    unique_by=lambda one: one[1],
)


@bounded(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(FRAMES, st.sampled_from([str, fenced, quoted, indented]), st.text("abc '.:", max_size=20))
def test_what_is_pasted_is_read(frames: Any, wrap: Callable[[str], str], message: str) -> None:
    summaries = [traceback.FrameSummary(f"{a}/{b}.py", line, b, line=f"{c}()") for a, line, b, c in frames]
    text = f"{HEADER}\n{''.join(traceback.format_list(summaries))}KeyError: {message.strip()}\n"
    printed = read_pasted(wrap(text))
    assert isinstance(printed, Printed), printed
    assert [(one.path, one.line, one.code) for one in printed.chain[0].frames] == [
        (f"{a}/{b}.py", line, f"{c}()") for a, line, b, c in frames
    ]


def test_a_recursion_without_end_is_read() -> None:
    code = "def f():\n    return f()\nf()\n"
    limit = sys.getrecursionlimit()
    printed = read_pasted(printed_by_python(raised_by(code)))
    assert isinstance(printed, Printed)
    assert len(printed.chain[0].frames) < limit
