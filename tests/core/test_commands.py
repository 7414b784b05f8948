from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.category import CATEGORIES
from app.core.commands import (
    COMMANDS,
    HELP,
    LONGEST_COMMENT,
    PLACEHOLDER,
    Order,
    Role,
    Unclear,
    Verb,
    read_order,
    role_of,
)


def verb_of(text: str) -> Verb | Unclear | None:
    read = read_order(text)
    return read.command.verb if isinstance(read, Order) else read


# The table -------------------------------------------------------------------------------------------------------


def test_every_verb_is_one_row_and_every_row_is_written_one_way() -> None:
    assert sorted(one.verb for one in COMMANDS) == sorted(Verb)
    assert len({one.words for one in COMMANDS}) == len(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda one: one.verb)
def test_each_command_is_read_as_it_is_documented(command: object) -> None:
    for name in CATEGORIES:
        assert command in COMMANDS
        usage = next(one for one in COMMANDS if one is command).usage.replace(PLACEHOLDER, name)
        read = read_order(f"{usage}\n")
        assert isinstance(read, Order)
        assert read.command is command
        assert read.category == (name if name in usage else None)


LEAST = {
    Verb.HELP: Role.READ,
    Verb.STATUS: Role.READ,
    Verb.EXPLAIN: Role.READ,
    Verb.CATEGORY: Role.READ,
    Verb.STOP: Role.TRIAGE,
    Verb.RUN: Role.WRITE,
    Verb.RETRY: Role.WRITE,
    Verb.APPROVE: Role.WRITE,
    Verb.REVERT: Role.WRITE,
    Verb.PAUSE: Role.WRITE,
    Verb.RESUME: Role.MAINTAIN,
    Verb.RESET: Role.MAINTAIN,
}


def test_the_least_roles_are_these() -> None:
    assert {one.verb: one.least for one in COMMANDS} == LEAST


@pytest.mark.parametrize("command", COMMANDS, ids=lambda one: one.verb)
def test_m18_a_role_below_the_least_may_not_command_and_strangers_of_a_public_repository_nothing(
    command: object,
) -> None:
    one = next(item for item in COMMANDS if item is command)
    order = list(Role)
    for role in Role:
        assert one.is_open_to(role, private=True) == (order.index(role) >= order.index(LEAST[one.verb]))
    assert not one.is_open_to(Role.READ, private=False)
    assert one.is_open_to(Role.ADMIN, private=False)


@pytest.mark.parametrize(
    ("permission", "name", "role"),
    [
        ("admin", "admin", Role.ADMIN),
        ("write", "maintain", Role.MAINTAIN),
        ("write", "write", Role.WRITE),
        ("read", "triage", Role.TRIAGE),
        ("read", "read", Role.READ),
        ("none", "none", Role.NONE),
        # An organization's own roles may be called anything; the coarse word says what they grant.
        ("read", "maintain", Role.READ),
        ("read", "admin", Role.READ),
        ("write", "triage", Role.WRITE),
        ("none", "maintain", Role.NONE),
        ("write", "release-captain", Role.WRITE),
        ("", "admin", Role.NONE),
        ("ADMIN", "", Role.NONE),
    ],
)
def test_a_role_is_never_more_than_its_coarse_word(permission: str, name: str, role: Role) -> None:
    assert role_of(permission, name) is role


# What is a command -----------------------------------------------------------------------------------------------

COMMANDING = {
    "alone": "/autofix stop",
    "trailing space": "/autofix  stop \t",
    "windows lines": "/autofix stop\r\n",
    "after a blank line": "Thanks!\n\n/autofix stop",
    "under a sentence": "Looks wrong to me.\n/autofix stop",
    "under a sentence in another script": "Дякую, не треба\n/autofix stop",
    "with words below": "/autofix stop\nbecause of `x` <b>",
    "after a quotation and a blank line": "> /autofix approve\n> ```\n\n/autofix stop",
    "after a closed fence": "```\n/autofix approve\n```\n/autofix stop",
    "after a longer closed fence": "````text\n```\n/autofix approve\n````\n\n/autofix stop",
    "after a closed tilde fence": "~~~\n/autofix approve\n```\n~~~\n/autofix stop",
    "after a list and a blank line": "- a\n- b\n\n/autofix stop",
    "after code and a blank line": "    /autofix approve\n\n/autofix stop",
}


@pytest.mark.parametrize("name", COMMANDING)
def test_a_line_of_its_own_in_ones_own_text_commands(name: str) -> None:
    assert verb_of(COMMANDING[name]) is Verb.STOP


def test_the_bare_word_asks_for_help() -> None:
    assert read_order("/autofix") == Order(HELP)


SILENT = {
    "nothing": "",
    "no word": "please stop",
    "inside a sentence": "please /autofix stop",
    "indented by one": " /autofix stop",
    "indented code": "    /autofix stop",
    "tab": "\t/autofix stop",
    "upper case": "/Autofix stop",
    "longer word": "/autofixer stop",
    "other end": "/autofix: stop",
    "inline code": "`/autofix stop`",
    "quoted": "> /autofix stop",
    "quoted without space": ">/autofix stop",
    "quoted with spaces": "   > /autofix stop",
    "quoted twice": "> > /autofix stop",
    "lazy quotation": "> he wrote\n/autofix stop",
    "lazy quotation, second line": "> he wrote\nand then\n/autofix stop",
    "lazy nested quotation": ">> he wrote\n/autofix stop",
    "quoted fence, lazy": "> ```\n/autofix stop",
    "list": "- /autofix stop",
    "numbered": "1. /autofix stop",
    "lazy list": "- an item\n/autofix stop",
    "lazy numbered list": "1) an item\n/autofix stop",
    "task list": "- [ ] an item\n/autofix stop",
    "footnote": "[^1]: a note\n/autofix stop",
    "link title": '[a]: /url\n"title\n/autofix stop\n"',
    "link text": "see [this\n/autofix stop\n](https://example.com)",
    "table": "a | b\n--- | ---\n/autofix stop",
    "heading": "# /autofix stop",
    "fence": "```\n/autofix stop\n```",
    "tilde fence": "~~~ sh\n/autofix stop\n~~~",
    "fence never closed": "```\n/autofix stop",
    "fence closed by less": "````\n```\n/autofix stop",
    "fence closed by another sign": "```\n~~~\n/autofix stop",
    "fence closed with words": "```\n``` no\n/autofix stop",
    "fence closed by an indented line": "```\n    ```\n/autofix stop",
    "fence closed by a tab": "```\n\t```\n/autofix stop",
    "fence in a list": "- a\n  ```\n/autofix stop\n  ```",
    "fence in a list, seen from outside": "- a\n  ```\n  x\n\n```\n\n/autofix stop\n```",
    "fence behind a list sign": "- ```\n  x\n\n/autofix stop",
    "indented fence": "  ```\n/autofix stop\n  ```",
    "code span over lines": "`code\n/autofix stop\nmore`",
    "code span opened earlier in the paragraph": "see `a\nb\n/autofix stop\nc`",
    "formula": "$$\n/autofix stop\n$$",
    "html comment": "<!--\n/autofix stop\n-->",
    "html comment with blank lines": "<!-- hidden\n\n/autofix stop\n\n-->",
    "html comment, closed before": "<!-- hidden -->\n/autofix stop",
    "details": "<details><summary>log</summary>\n\n/autofix stop\n\n</details>",
    "details in capitals": "<DETAILS>\n\n/autofix stop\n\n</DETAILS>",
    "pre": "<pre>\n\n/autofix stop\n\n</pre>",
    "script": "<script>\n/autofix stop\n</script>",
    "declaration": "<!DOCTYPE x\n/autofix stop\n>",
    "processing instruction": "<?php\n\n/autofix stop\n\n?>",
    "cdata": "<![CDATA[\n\n/autofix stop\n\n]]>",
    "inline tag over lines": 'a <a href="\n/autofix stop\n">b</a>',
    "zero width space before": "\u200b/autofix stop",
    "zero width space inside": "/auto\u200bfix stop",
    "byte order mark": "\ufeff/autofix stop",
    "bidirectional": "\u202e/autofix stop",
    "cyrillic": "/\u0430utofix stop",
    "full width": "\uff0fautofix stop",
    "division slash": "\u2215autofix stop",
    "line separator": "/autofix\u2028stop",
    "line separator before": "thanks\u2028/autofix stop",
    "paragraph separator before": "thanks\u2029/autofix stop",
    "next line before": "thanks\x85/autofix stop",
    "form feed before": "thanks\x0c/autofix stop",
    "carriage return before": "thanks\r/autofix stop",
    "no-break space": "/autofix\u00a0stop",
    "nul": "/autofix\x00stop",
    "surrogate": "\ud800/autofix stop",
    "longer than a comment can be": "/autofix stop\n" + "x" * LONGEST_COMMENT,
    "one megabyte": "x" * 1_000_000 + "\n/autofix stop",
}


@pytest.mark.parametrize("name", SILENT)
def test_what_is_quoted_code_html_or_only_looks_alike_commands_nothing(name: str) -> None:
    assert read_order(SILENT[name]) is None


UNCLEAR = {
    "/autofix merge": Unclear.UNKNOWN,
    "/autofix Stop": Unclear.UNKNOWN,
    "/autofix stop now": Unclear.UNKNOWN,
    "/autofix stop!": Unclear.UNKNOWN,
    "/autofix category": Unclear.UNKNOWN,
    "/autofix category nonsense": Unclear.UNKNOWN,
    "/autofix category null-safety resets": Unclear.UNKNOWN,
    "/autofix category-reset": Unclear.UNKNOWN,
    "/autofix category NAME": Unclear.UNKNOWN,
    "/autofix /autofix stop": Unclear.UNKNOWN,
    "/autofix st\u043ep": Unclear.UNKNOWN,
    "/autofix stop\u200b": Unclear.UNKNOWN,
    "/autofix \u2028 stop": Unclear.UNKNOWN,
    "/autofix stop\r/autofix approve": Unclear.UNKNOWN,
    "/autofix \x1c stop": Unclear.UNKNOWN,
    "/autofix " + "stop " * 10_000: Unclear.UNKNOWN,
    "/autofix " + "a" * 60_000: Unclear.UNKNOWN,
    "/autofix stop\n/autofix approve": Unclear.SEVERAL,
    "/autofix stop\n\ntext\n\n/autofix stop": Unclear.SEVERAL,
    "/autofix nonsense\n/autofix stop": Unclear.SEVERAL,
}


@pytest.mark.parametrize("text", UNCLEAR, ids=lambda text: ascii(text)[:40])
def test_a_command_that_is_not_exactly_one_is_not_guessed(text: str) -> None:
    assert read_order(text) is UNCLEAR[text]


@given(st.text(alphabet=st.sampled_from("/autofix stop\n\r\t `~><-!|[]$*\u200b\u2028a1.")))
def test_any_text_is_read_without_a_fault(text: str) -> None:
    read_order(text)


@given(st.text(max_size=200), st.sampled_from(["> ", "    ", "`", "- ", ">", "1. ", "\t", "\u200b"]))
def test_no_line_that_begins_otherwise_commands(text: str, start: str) -> None:
    lines = [f"{start}{line}" for line in text.split("\n")]
    assert read_order("\n".join([*lines, f"{start}/autofix stop"])) is None


BOMBS = {
    "word": "/autofix ",
    "lines": "/autofix stop\n",
    "blank lines": "\n",
    "quotes": "> ",
    "fences": "```\n~~~\n",
    "backticks": "`",
    "open fences": "````\n```\n",
    "tildes": "~",
    "tags": "<",
    "spaces": " ",
    "sentence": "a(@",
    "carriage returns": "\r\n",
}


@pytest.mark.parametrize("name", BOMBS)
def test_i10_reading_takes_linear_time(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.core.commands.LONGEST_COMMENT", 10**9)

    def seconds(size: int) -> float:
        text = "/autofix\n\n" + BOMBS[name] * (size // len(BOMBS[name]))
        best = 9.0
        for _ in range(3):
            start = time.process_time()
            read_order(text)
            best = min(best, time.process_time() - start)
        return best

    # Eight times as much would take 64 times as long if it were quadratic.
    small, large = seconds(125_000), seconds(1_000_000)
    assert large < 20 * small + 0.05, (small, large)
    assert large < 0.5
