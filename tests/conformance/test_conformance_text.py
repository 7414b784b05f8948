"""What reviewers read: characters, comments, line ends and places of a change (M8, I11), and texts that are junk."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.category import CATEGORIES
from app.verify.conformance import unexplained

from .shop import BEFORE, GUARD, NULL, RETURN, fix

AFTER = NULL.of()
MESSAGE = fix("null-safety", RETURN, GUARD.replace("return None", 'raise OrderError("too old")') + RETURN)
HIDDEN = {
    "bidi-override": "\u202e",
    "bidi-isolate": "\u2066",
    "right-to-left-mark": "\u200f",
    "zero-width-space": "\u200b",
    "zero-width-joiner": "\u200d",
    "byte-order-mark": "\ufeff",
    "soft-hyphen": "\u00ad",
    "tag-letter": "\U000e0041",
    "variation-selector": "\ufe0f",
    "variation-selector-supplement": "\U000e0100",
    "combining-mark": "\u0301",
    "hangul-filler": "\u3164",
    "halfwidth-filler": "\uffa0",
    "braille-blank": "\u2800",
    "no-break-space": "\u00a0",
    "line-separator": "\u2028",
    "private-use": "\ue000",
    "escape": "\x1b",
    "form-feed": "\x0c",
    "next-line": "\x85",
    "fullwidth-letter": "\uff41",
    "mathematical-letter": "\U0001d41e",
}


def sentences(before: str, after: str) -> str:
    return " ".join(one.sentence for one in unexplained("null-safety", before, after))


def test_a_plain_message_is_explained() -> None:
    assert unexplained("null-safety", BEFORE, MESSAGE.of()) == ()


@pytest.mark.parametrize("name", HIDDEN)
def test_i11_a_character_that_is_not_what_it_looks_like_is_denied(name: str) -> None:
    found = sentences(BEFORE, MESSAGE.of().replace("too old", f"too{HIDDEN[name]}old"))
    assert "character is added" in found or "ends of lines" in found


@pytest.mark.parametrize("name", HIDDEN)
def test_i11_a_character_that_was_there_is_no_concern(name: str) -> None:
    before = BEFORE.replace('API = "', f'API = "{HIDDEN[name]}')
    assert unexplained("null-safety", before, NULL.of(before)) == ()


def test_i11_a_name_of_foreign_letters_is_denied_where_it_is_new() -> None:
    text = "    audit(order)\n"
    assert "other than ASCII letters" in sentences(BEFORE, NULL.and_(text, "    \u0430udit(order)\n").of())
    assert "other than ASCII letters" in sentences(
        BEFORE, NULL.and_(text, "    audit(f'{\u043erder}')\n").of()
    )


def test_i11_a_name_of_foreign_letters_that_was_there_is_no_concern() -> None:
    before = BEFORE.replace("LIMIT", "GR\u00d6SSE").replace("total", "gr\u00f6\u00dfe")
    assert unexplained("null-safety", before, NULL.of(before)) == ()


def test_i11_letters_of_other_languages_may_stand_in_a_message() -> None:
    assert (
        unexplained("null-safety", BEFORE, MESSAGE.of().replace("too old", "zu alt: \u00e4lter \u20ac")) == ()
    )


@pytest.mark.parametrize(
    "comment",
    [
        "# noqa",
        "# type: ignore",
        "# pragma: no cover",
        "# pylint: disable=all",
        "# nosec",
        "# fmt: off",
        "# reviewed",
    ],
)
@pytest.mark.parametrize("where", ["        return None", "    audit(order)", "LIMIT = 100"])
def test_m8_a_comment_is_denied_where_it_is_new(comment: str, where: str) -> None:
    after = AFTER.replace(f"{where}\n", f"{where}  {comment}\n", 1)
    assert sentences(BEFORE, after) == "A comment is added or changed."


@pytest.mark.parametrize(
    "cookie", ["# -*- coding: utf-7 -*-", "# vim: set fileencoding=latin-1 :", "#!/bin/sh"]
)
def test_m8_a_first_line_that_says_how_to_read_the_file_is_denied(cookie: str) -> None:
    assert "comment" in sentences(BEFORE, f"{cookie}\n{AFTER}")


def test_m8_a_comment_that_is_gone_or_changed_is_denied() -> None:
    comment = "    # the address may be old\n"
    assert "comment is removed" in sentences(BEFORE, AFTER.replace(comment, ""))
    assert "comment is added or changed" in sentences(BEFORE, AFTER.replace("may be old", "is fresh"))


def test_m8_flipped_line_ends_are_denied() -> None:
    windows = BEFORE.replace("\n", "\r\n")
    assert unexplained("null-safety", windows, AFTER.replace("\n", "\r\n")) == ()
    for before, after in (
        (BEFORE, AFTER.replace("\n", "\r\n")),
        (BEFORE, AFTER.replace("\n", "\r\n", 1)),
        (BEFORE, AFTER.replace("        return None\n", "        return None\r")),
        (windows, AFTER),
        (windows, AFTER.replace("\n", "\r\n").replace("is None:\r\n", "is None:\n")),
    ):
        assert unexplained("null-safety", before, after), (before[:9], after[:9])


def test_m8_line_ends_of_a_mixed_file_stay_where_they_are() -> None:
    before = BEFORE.replace("\n", "\r\n", 20)
    assert unexplained("null-safety", before, NULL.of(before)) == ()
    assert "ends of lines" in sentences(before, NULL.of(before).replace("\r\n", "\n", 15))


def test_m8_the_end_of_the_file_stays_as_it_was() -> None:
    assert "last line" in sentences(BEFORE, AFTER.rstrip("\n"))
    before = BEFORE.rstrip("\n")
    assert unexplained("null-safety", before, NULL.of(before)) == ()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("LIMIT = 100\n", "LIMIT = 1_00\n"),
        ("LIMIT = 100\n", "LIMIT  = 100\n"),
        ('    return found["code"]\n', "    return found['code']\n"),
        ("\n\ndef audit", "\n\n\ndef audit"),
        ("    log.info(", "        log.info("),
    ],
)
def test_m8_layout_elsewhere_is_denied(old: str, new: str) -> None:
    assert sentences(
        BEFORE, NULL.and_(old, new).of() if BEFORE.count(old) == 1 else AFTER.replace(old, new, 1)
    )


def test_m8_layout_alone_is_denied() -> None:
    assert (
        sentences(BEFORE, BEFORE.replace("LIMIT = 100", "LIMIT = 1_00"))
        == "Only the layout of the file changes."
    )


JUNK = {
    "empty": "",
    "nul": "x = '\0'\n",
    "syntax": "def f(:\n",
    "brackets": "(" * 1_000_000,
    "many-brackets": "[" * 150 + "]" * 150,
    "minus": f"x = {'-' * 50_000}1\n",
    "attributes": f"x = a{'.b' * 50_000}\n",
    "sum": f"x = {'1+' * 20_000}1\n",
    "blocks": "".join(f"{' ' * at}if x:\n" for at in range(120)) + " " * 120 + "pass\n",
    "digits": f"x = {'9' * 10_000}\n",
    "hex-digits": f"x = 0x{'f' * 10_000}\n",
    "surrogate": "x = '\ud800'\n",
    "return-outside": "return 1\n",
    "tabs-and-spaces": "if x:\n\tif y:\n        pass\n",
    "unfinished": 'x = """abc\n',
    "continuation": "x = 1 \\",
    "many-lines": "x = 1\n" * 20_000,
    "too-large": "#" * 2_000_001,
}


@pytest.mark.parametrize("category", [*CATEGORIES, "no-such-category", "", "\ud800"])
@pytest.mark.parametrize("name", JUNK)
def test_junk_is_not_explained_and_raises_nothing(name: str, category: str) -> None:
    text = JUNK[name]
    started = time.monotonic()
    assert unexplained(category, BEFORE, text)
    assert unexplained(category, text, BEFORE)
    assert time.monotonic() - started < 20


def test_a_file_that_is_changed_all_over_is_given_up_soon() -> None:
    before = "".join(f"def f{at}(x):\n    return x.a{at}\n" for at in range(2000))
    after = "".join(f"def g{at}(x):\n    return x.b{at}\n" for at in range(2000))
    started = time.monotonic()
    assert unexplained("null-safety", before, after)
    assert time.monotonic() - started < 20


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(CATEGORIES)), st.text(), st.text())
def test_any_two_texts_get_an_answer(category: str, before: str, after: str) -> None:
    assert isinstance(unexplained(category, before, after), tuple)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(AFTER)), st.text(min_size=1, max_size=3))
def test_any_text_that_comes_into_a_fix_gets_an_answer(at: int, text: str) -> None:
    found = unexplained("null-safety", BEFORE, AFTER[:at] + text + AFTER[at:])
    assert all(one.sentence.endswith((".", "...")) and one.line > 0 for one in found)
