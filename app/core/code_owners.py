"""Who owns a file: GitHub's CODEOWNERS, read as GitHub reads it.

The last line whose pattern matches counts, also one that names nobody. Patterns are those of `.gitignore`, without
`!` and character ranges, and with one more difference: `docs/*` covers what is directly in `docs` and nothing below.
A larger file than 3 MB is not read, and a line that is wrong is skipped
(https://docs.github.com/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

# The first of these that exists is the one that counts.
PLACES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
MAX_BYTES = 3 * 1024 * 1024
_LONGEST_LINE = 20_000
_LONGEST_PATTERN = 1_000

_LOGIN = r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,98}[A-Za-z0-9])?"
_USER = re.compile(rf"@({_LOGIN})")
_TEAM = re.compile(rf"@({_LOGIN}/[A-Za-z0-9_][A-Za-z0-9_.-]{{0,99}})")
_EMAIL = re.compile(r"[\w.+-]{1,64}@[A-Za-z0-9.-]{1,250}\.[A-Za-z]{2,24}", re.ASCII)
# A pattern ends at the first white space that no backslash stands before.
_PATTERN = re.compile(r"((?:[^\\\s]|\\.)+)(?:\s+|$)")


class Kind(StrEnum):
    """What an owner is. Only users can be assigned; an e-mail address is nobody that can be called."""

    USER = "user"
    TEAM = "team"
    EMAIL = "email"


@dataclass(frozen=True, slots=True)
class Owner:
    """One owner, without the `@`: `ada`, `acme/payments` or `ada@example.com`."""

    kind: Kind
    name: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One line: a pattern, and who owns what it matches. No owners means that nobody does."""

    line: int
    pattern: str
    owners: tuple[Owner, ...]

    def matches(self, path: str) -> bool:
        """True if the rule speaks of `path`, which is relative to the root of the repository."""
        return _matches(self.pattern, path)


def owners_of(text: bytes, path: str) -> tuple[Owner, ...]:
    """Who owns `path` by the CODEOWNERS file `text`; nobody if it is too large to count."""
    rule = next((rule for rule in reversed(parse(text)) if rule.matches(path)), None)
    return rule.owners if rule else ()


def parse(text: bytes) -> tuple[Rule, ...]:
    """The lines of the file that are right, in order."""
    if len(text) > MAX_BYTES:
        return ()
    lines = text.decode("utf-8", errors="replace").removeprefix("\ufeff").split("\n")
    return tuple(rule for number, line in enumerate(lines, 1) if (rule := _rule(number, line)) is not None)


def parse_owner(word: str) -> Owner | None:
    """The owner that `word` names; None if it is no owner."""
    for kind, pattern in ((Kind.USER, _USER), (Kind.TEAM, _TEAM), (Kind.EMAIL, _EMAIL)):
        found = pattern.fullmatch(word)
        if found is not None:
            return Owner(kind, found[1] if pattern.groups else found[0])
    return None


def _rule(number: int, line: str) -> Rule | None:
    line = line.strip()
    if not line or line.startswith("#") or len(line) > _LONGEST_LINE:
        return None
    found = _PATTERN.match(line)
    if found is None or len(found[1]) > _LONGEST_PATTERN or found[1].startswith(("!", "\\#")):
        return None
    owners: list[Owner] = []
    for word in line[found.end() :].split():
        if word.startswith("#"):
            break
        owner = parse_owner(word)
        if owner is None:
            return None
        owners.append(owner)
    return Rule(number, found[1], tuple(dict.fromkeys(owners)))


# Patterns ------------------------------------------------------------------------------------------------------
# Matched part by part, without regular expressions: none can be made that takes long.


def _matches(pattern: str, path: str) -> bool:
    folder = pattern.endswith("/")
    parts = [part for part in pattern.split("/") if part]
    if not parts:
        return False
    anchored = pattern.startswith("/") or len(parts) > 1
    if not anchored and parts[0] != "**":
        parts.insert(0, "**")
    if parts[-1] == "**":
        folder, parts = True, parts[:-1]
    # `docs/*` is the one form that covers no folder's inside.
    flat = parts[-1:] == ["*"] and anchored and not folder
    return _walk(parts, path.split("/"), folder=folder, flat=flat)


def _walk(parts: list[str], names: list[str], *, folder: bool, flat: bool) -> bool:
    """True if `parts` match the beginning of `names`: all of it, or a folder that holds the file."""
    # The numbers of names that the parts so far may have taken.
    reached = {0}
    for part in parts:
        if part == "**":
            reached = set(range(min(reached), len(names) + 1))
        else:
            reached = {at + 1 for at in reached if at < len(names) and _like(part, names[at])}
        if not reached:
            return False
    if flat:
        return len(names) in reached
    return any(at < len(names) for at in reached) or (not folder and len(names) in reached)


def _like(pattern: str, name: str) -> bool:
    """True if the whole `name` is like `pattern`; what stands behind a backslash means itself."""
    tokens = _tokens(pattern)
    at = token = 0
    star, resume = -1, 0
    while at < len(name):
        if token < len(tokens) and tokens[token] == "*":
            star, resume = token, at
            token += 1
        elif token < len(tokens) and tokens[token] in {"?", "=" + name[at]}:
            token, at = token + 1, at + 1
        elif star >= 0:
            resume += 1
            token, at = star + 1, resume
        else:
            return False
    return all(one == "*" for one in tokens[token:])


def _tokens(pattern: str) -> list[str]:
    """`*`, `?`, or `=` with the character that must stand there."""
    tokens: list[str] = []
    characters = iter(pattern)
    for character in characters:
        if character == "\\":
            tokens.append("=" + next(characters, "\\"))
        elif character in "*?":
            tokens.append(character)
        else:
            tokens.append("=" + character)
    return tokens
