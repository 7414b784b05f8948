"""What reviewers read, besides what Python reads: characters, comments, line ends, and where lines changed.

Only what is added denies. A character or comment that was there before, on a line that did not change, is no concern.
"""

from __future__ import annotations

import ast
import difflib
import io
import re
import tokenize
import unicodedata
from collections.abc import Iterator, Sequence

from app.core.syntax import Function
from app.verify.conformance.unexplained import Unexplained

# The one comment that a fix may bring: it says why a handler is empty.
COMMENTS = frozenset({"# the check below refuses it"})
LONGEST = 2_000_000
_MOST_LINES = 4000
_MOST_PAIRS = 90_000  # comparing lines takes time with the square of their number
_STEERING = re.compile(
    r"(?i)\b(codeql|fmt|isort|lgtm|mypy|no ?qa|nosec|nosemgrep|pragma|pylint|pyright|ruff|type|yapf)\b"
)
_VISIBLE = ("L", "N", "P", "S")
# Letters and signs that look like nothing: fillers of Hangul and Khmer, the empty Braille pattern.
_BLANK = frozenset("\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")


def read_problems(before: str, after: str) -> Iterator[Unexplained]:
    """Everything in the new text that a reviewer could misread or that talks to a tool instead of to people."""
    if max(len(before), len(after)) > LONGEST:
        yield Unexplained(1, "The file is too large to be judged.")
        return
    yield from _line_ends(before, after)
    added = dict(added_lines(before, after))
    if len(added) > _MOST_LINES:
        yield Unexplained(1, "Too many lines change to be judged.")
        return
    for number, line in added.items():
        yield from character_problems(number, line, tabs="\t" in before)


def added_lines(before: str, after: str) -> Iterator[tuple[int, str]]:
    """The lines of the new text that the old one does not have, whatever their indentation."""
    old, new = (_stripped(text) for text in (before, after))
    first, last = _unchanged_ends(old, new)
    old, middle = old[first : len(old) - last], new[first : len(new) - last]
    if len(old) * len(middle) > _MOST_PAIRS:
        yield from enumerate(middle, first + 1)
        return
    for tag, _, _, start, end in difflib.SequenceMatcher(None, old, middle, autojunk=False).get_opcodes():
        if tag != "equal":
            yield from ((first + at + 1, middle[at]) for at in range(start, end))


def character_problems(number: int, line: str, *, tabs: bool = False) -> Iterator[Unexplained]:
    """The characters of an added line that are not what they look like, or look like nothing."""
    for character in dict.fromkeys(line):
        if character.isascii() and (character.isprintable() or (character == "\t" and tabs)):
            continue
        name = unicodedata.name(character, "a control character")
        said = f"U+{ord(character):04X} ({name.lower()})"
        if unicodedata.category(character)[0] not in _VISIBLE or character in _BLANK:
            yield Unexplained(number, f"An invisible character is added: {said}.")
        elif unicodedata.normalize("NFKC", character) != character:
            yield Unexplained(number, f"A character is added that Python reads as another one: {said}.")


def identifier_problems(before: str, after: str) -> Iterator[Unexplained]:
    """Names with other than ASCII letters that the old text does not have: they may look like another name."""
    known = {name for name, _ in _foreign_names(before)}
    for name, number in _foreign_names(after):
        if name not in known:
            yield Unexplained(number, f"A name with other than ASCII letters is added: {name!a}.")


def _foreign_names(text: str) -> Iterator[tuple[str, int]]:
    if text.isascii():
        return
    for token in _tokens(text):
        if token.type == tokenize.NAME and not token.string.isascii():
            yield token.string, token.start[0]
    for node in ast.walk(ast.parse(text)):
        for field in ("id", "attr", "arg", "name", "asname"):
            name = getattr(node, field, None)
            if isinstance(name, str) and not name.isascii():
                yield name, int(getattr(node, "lineno", 1))


def comment_problems(before: str, after: str) -> Iterator[Unexplained]:
    """Comments that are new, changed or gone: they steer linters and type checkers, or tell reviewers a story."""
    waiting = [(_said(token), token.start[0]) for token in _comments(before)]
    for token in _comments(after):
        if waiting and _said(token) == waiting[0][0]:
            waiting.pop(0)
        elif token.string not in COMMENTS or not token.line.strip().startswith("pass "):
            yield Unexplained(token.start[0], "A comment is added or changed.")
            return
    for _, number in waiting[:1]:
        yield Unexplained(number, "A comment is removed or changed.", removed=True)


def _said(token: tokenize.TokenInfo) -> str:
    """The comment; with its whole line if it steers a tool, because then it is about the line."""
    return token.line.strip() if _STEERING.search(token.string) else token.string


def _comments(text: str) -> Iterator[tokenize.TokenInfo]:
    return (token for token in _tokens(text) if token.type == tokenize.COMMENT)


def _tokens(text: str) -> Iterator[tokenize.TokenInfo]:
    return tokenize.generate_tokens(io.StringIO(text).readline)


def outside_problems(
    before: str, after: str, function: ast.AST, imports: Sequence[int]
) -> Iterator[Unexplained]:
    """Lines that differ elsewhere than in the repaired function, if only in layout. `imports` are explained lines."""
    old = before.split("\n")
    new = [line for number, line in enumerate(after.split("\n"), 1) if number not in imports]
    first, last = _unchanged_ends(old, new)
    if not isinstance(function, Function) or function.end_lineno is None:
        return
    start = min([function.lineno, *(one.lineno for one in function.decorator_list)])
    if old != new and (first + 1 < start or len(old) - last > function.end_lineno):
        yield Unexplained(first + 1, "Lines change outside of the repaired function.")


def _line_ends(before: str, after: str) -> Iterator[Unexplained]:
    old, new = _ends(before), _ends(after)
    if new - old:
        yield Unexplained(1, "The ends of lines change.")
    elif len(old) > 1 and _flipped(before, after):
        yield Unexplained(1, "The ends of lines change in a file that has several kinds.")
    if before and (before[-1] in "\r\n") != (after[-1:] in ("\r", "\n")):
        yield Unexplained(after.count("\n") + 1, "The end of the file's last line changes.")


def _ends(text: str) -> set[str]:
    found = {"\r\n"} if "\r\n" in text else set()
    rest = text.replace("\r\n", "")
    return found | {end for end in ("\r", "\n", "\f", "\v") if end in rest}


def _flipped(before: str, after: str) -> bool:
    """True if a line keeps its words and gets another end."""
    old, new = before.split("\n"), after.split("\n")
    first, last = _unchanged_ends(old, new)
    words = {one.rstrip("\r"): one for one in old[first : len(old) - last]}
    return any(words.get(one.rstrip("\r"), one) != one for one in new[first : len(new) - last])


def _stripped(text: str) -> list[str]:
    return [line.strip(" \t\r") for line in text.split("\n")]


def _unchanged_ends(old: Sequence[str], new: Sequence[str]) -> tuple[int, int]:
    """How many lines are the same at the beginning and at the end."""
    shorter = min(len(old), len(new))
    first = next((at for at in range(shorter) if old[at] != new[at]), shorter)
    last = next((at for at in range(shorter - first) if old[-1 - at] != new[-1 - at]), shorter - first)
    return first, last
