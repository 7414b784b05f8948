"""Commands in comments: the one table of them, and which words of a comment are one. Pure.

Help, permissions and `docs/commands.md` are read from the table. The reader rather misses a command than finds one
in text that its author only shows: a quotation, code, HTML.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from app.core.category import CATEGORIES

WORD = "/autofix"
# GitHub takes no longer comment.
LONGEST_COMMENT = 65_536
PLACEHOLDER = "NAME"
# Spaces before a line that is still no indented code.
DEEPEST_INDENT = 3


class Role(StrEnum):
    """What a person may do in a repository, in GitHub's words, least first."""

    NONE = "none"
    READ = "read"
    TRIAGE = "triage"
    WRITE = "write"
    MAINTAIN = "maintain"
    ADMIN = "admin"

    def includes(self, other: Role) -> bool:
        """True if whoever has this role may do what `other` may."""
        order = list(Role)
        return order.index(self) >= order.index(other)


class Verb(StrEnum):
    """What a command asks for."""

    HELP = "help"
    STATUS = "status"
    EXPLAIN = "explain"
    CATEGORY = "category"
    RUN = "run"
    RETRY = "retry"
    STOP = "stop"
    APPROVE = "approve"
    REVERT = "revert"
    PAUSE = "pause"
    RESUME = "resume"
    RESET = "category-reset"


@dataclass(frozen=True, slots=True)
class Command:
    """One command. `words` follow `/autofix`; `least` is the role that it needs."""

    verb: Verb
    words: tuple[str, ...]
    least: Role
    about: str

    @property
    def usage(self) -> str:
        """How it is written."""
        return " ".join((WORD, *self.words))

    def is_open_to(self, role: Role, *, private: bool) -> bool:
        """True if `role` may command it. Everybody may read a public repository, so there reading is not enough."""
        everybody = self.least is Role.READ and not private
        return role.includes(Role.TRIAGE if everybody else self.least)


# What only tells needs the right to read; what stops needs little, so that nobody has to look for an owner; what
# changes code needs the right to change code; and what gives power back that was taken away needs more than that.
COMMANDS: tuple[Command, ...] = (
    Command(Verb.HELP, ("help",), Role.READ, "Lists these commands."),
    Command(Verb.STATUS, ("status",), Role.READ, "Tells where the incident stands."),
    Command(Verb.EXPLAIN, ("explain",), Role.READ, "Tells why this fix, and why it was or was not merged."),
    Command(
        Verb.CATEGORY,
        ("category", PLACEHOLDER),
        Role.READ,
        "Tells what the policy allows this kind of fix, and what it has earned here.",
    ),
    Command(
        Verb.STOP,
        ("stop",),
        Role.TRIAGE,
        "Ends the running incident of this issue or pull request; a person has it.",
    ),
    Command(
        Verb.RUN,
        ("run",),
        Role.WRITE,
        "Starts an incident for this issue, whoever opened it: you vouch for its link to the error tracker, or "
        "for its traceback.",
    ),
    Command(Verb.RETRY, ("retry",), Role.WRITE, "Starts another incident after one has ended."),
    Command(
        Verb.APPROVE,
        ("approve",),
        Role.WRITE,
        "Lets a verified proposal be merged by the branch's own rules, bound to the commit that was proven.",
    ),
    Command(
        Verb.REVERT,
        ("revert",),
        Role.WRITE,
        "Opens a pull request that takes a merged fix back, and takes away the trust in its category.",
    ),
    Command(
        Verb.PAUSE, ("pause",), Role.WRITE, "Stops everything in this repository until somebody resumes it."
    ),
    Command(Verb.RESUME, ("resume",), Role.MAINTAIN, "Ends the pause, and lists what it ended."),
    Command(
        Verb.RESET,
        ("category", PLACEHOLDER, "reset"),
        Role.MAINTAIN,
        "Forgives what this kind of fix did here before: it starts again as the policy says.",
    ),
)
HELP = COMMANDS[0]


@dataclass(frozen=True, slots=True)
class Order:
    """What a comment asks for; `category` is the name it gives, if its command takes one."""

    command: Command
    category: str | None = None


class Unclear(StrEnum):
    """Why a comment that speaks to us is not followed: an unknown command, or more than one."""

    UNKNOWN = "unknown"
    SEVERAL = "several"


_FENCE = re.compile(r"(`{3,})[^`]*|(~{3,}).*")
_FENCE_MARKS = ("```", "~~~")
_QUOTE = re.compile(r" {0,3}>")
_HTML = re.compile(r"<[A-Za-z/!?]")
# Above a command in the same paragraph: a sentence that opens no list, table, code span, formula or link.
_SENTENCE = re.compile(r"(?:[^\W\d_]|[@(])[^`$|\[\]<>\\]*")


def read_order(text: str) -> Order | Unclear | None:
    """What the comment asks for; None if it does not speak to us.

    A command is a line of its own that begins with `/autofix`, in text that is neither quoted nor code nor HTML.
    """
    if WORD not in text or len(text) > LONGEST_COMMENT:
        return None
    lines = list(_spoken(text))
    if not lines:
        return None
    if len(lines) > 1:
        return Unclear.SEVERAL
    return _order([word for word in re.split(r"[ \t]+", lines[0].removeprefix(WORD)) if word])


def _order(words: list[str]) -> Order | Unclear:
    if not words:
        return Order(HELP)
    for command in COMMANDS:
        if len(words) == len(command.words) and all(map(_fits, words, command.words)):
            named = [word for word, part in zip(words, command.words, strict=True) if part == PLACEHOLDER]
            return Order(command, *named)
    return Unclear.UNKNOWN


def _fits(word: str, part: str) -> bool:
    return word in CATEGORIES if part == PLACEHOLDER else word == part


def _spoken(text: str) -> Iterator[str]:
    """The lines that begin with the word, outside of all that may be foreign.

    Where Markdown is ambiguous (a fence inside a list, HTML, which may hide what follows), reading ends.
    """
    fence = ""
    plain = True  # nothing above in this paragraph makes the line part of something else
    for line in text.replace("\r\n", "\n").split("\n"):
        if fence:
            fence = "" if _closes(line, fence) else fence
            plain = True
        elif not line.strip(" \t"):
            plain = True
        elif _QUOTE.match(line):
            plain = False  # without a blank line, what follows belongs to the quotation
        elif (opened := _FENCE.fullmatch(line)) is not None:
            fence = opened[1] or opened[2]
        elif _HTML.search(line) or any(mark in line for mark in _FENCE_MARKS):
            return
        elif plain and (line == WORD or line.startswith((f"{WORD} ", f"{WORD}\t"))):
            yield line
        else:
            plain = plain and _SENTENCE.fullmatch(line) is not None


def _closes(line: str, fence: str) -> bool:
    """True if `line` ends the block that `fence` began."""
    marks = line.lstrip(" ").rstrip(" \t")
    indented = len(line) - len(line.lstrip(" "))
    return indented <= DEEPEST_INDENT and len(marks) >= len(fence) and set(marks) == {fence[0]}


def role_of(permission: str, role_name: str) -> Role:
    """The role that GitHub's two words for it state: the first is coarse, the second may be an organization's own.

    The second only refines what the first grants, so a role of one's own that is called `maintain` grants no more.
    """
    coarse = {"admin": Role.ADMIN, "write": Role.WRITE, "read": Role.READ}.get(permission, Role.NONE)
    finer = {(Role.WRITE, "maintain"): Role.MAINTAIN, (Role.READ, "triage"): Role.TRIAGE}
    return finer.get((coarse, role_name), coarse)
