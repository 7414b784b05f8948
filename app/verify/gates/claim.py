"""What the head commit says of itself: that it fixes, or takes a fix back. The gates find out if it is true."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from app.core.model import Action
from app.verify.gates.gate import Objection

_PATH = r"[A-Za-z0-9_.][A-Za-z0-9_./+-]{0,249}"
_SHAPES = {
    "Autofix-Incident": re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/#-]{0,199}"),
    "Autofix-Test": re.compile(_PATH + r"\.py(::[A-Za-z_][A-Za-z0-9_]*)+"),
    "Autofix-Exception": re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*"),
    "Autofix-Place": re.compile(_PATH + r"\.py:[1-9][0-9]{0,6}"),
    "Autofix-Fix": re.compile(_PATH + r"\.py"),
    "Autofix-Category": re.compile(r"[a-z][a-z-]{0,49}"),
    "Autofix-Action": re.compile(f"{Action.PROPOSE}|{Action.AUTOMERGE}"),
}
_REVERTS = "Autofix-Reverts"
_REVERTED = re.compile(r"This reverts commit ([0-9a-f]{40}|[0-9a-f]{64})\.")


@dataclass(frozen=True, slots=True)
class Claim:
    """The trailers, each present once and well formed."""

    incident: str
    test: str
    exception: str
    place_path: str
    place_line: int
    fix: str
    category: str
    action: Action

    @property
    def test_file(self) -> str:
        """The file of the new test."""
        return self.test.split("::", 1)[0]

    @property
    def place(self) -> str:
        """`path:line` on the base."""
        return f"{self.place_path}:{self.place_line}"


@dataclass(frozen=True, slots=True)
class Revert:
    """The incident whose merged fix is taken back, and the commit that it was merged as."""

    incident: str
    commit: str


def read_claim(trailers: Iterable[str]) -> Claim | tuple[Objection, ...]:
    """The claim that the lines of the trailers make, or everything that is wrong with them."""
    found = _values(trailers, _SHAPES)
    wrong = tuple(
        Objection(why) for key, values in found.items() if (why := _fault(key, values, _SHAPES[key]))
    )
    if wrong:
        return wrong
    given = {key.removeprefix("Autofix-").lower(): values[0] for key, values in found.items()}
    place, _, line_number = given["place"].rpartition(":")
    return Claim(
        incident=given["incident"],
        test=given["test"],
        exception=given["exception"],
        place_path=place,
        place_line=int(line_number),
        fix=given["fix"],
        category=given["category"],
        action=Action(given["action"]),
    )


def read_revert(trailers: Sequence[str], message: str) -> Revert | tuple[Objection, ...]:
    """The revert that the trailers and the message claim, or everything that is wrong with it."""
    incidents = _values(trailers, (_REVERTS,))[_REVERTS]
    commits = [found[1] for line in message.split("\n") if (found := _REVERTED.fullmatch(line))]
    wrong = [_fault(_REVERTS, incidents, _SHAPES["Autofix-Incident"])]
    if any(_values(trailers, _SHAPES).values()):
        wrong.append("the head commit claims to be a fix and a revert: it may be one of them only")
    if len(commits) != 1:
        wrong.append(f"the head commit has {len(commits)} lines `This reverts commit ...`, one is needed")
    objections = tuple(Objection(why) for why in wrong if why)
    return objections or Revert(incidents[0], commits[0])


def takes_back(trailers: Iterable[str]) -> bool:
    """True if the lines claim a revert, whatever else they claim."""
    return any(_values(trailers, (_REVERTS,)).values())


def makes_a_claim(trailers: Iterable[str]) -> bool:
    """True if any of the lines is one of ours."""
    return any(_values(trailers, (*_SHAPES, _REVERTS)).values())


def _values(trailers: Iterable[str], keys: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {key: [] for key in keys}
    for line in trailers:
        key, _, value = line.partition(":")
        if key in found:
            found[key].append(value.strip())
    return found


def _fault(key: str, values: list[str], shape: re.Pattern[str]) -> str | None:
    if len(values) != 1:
        return f"the head commit has {len(values)} trailers {key}, one is needed"
    path = values[0].split("::")[0].split("/")
    if not shape.fullmatch(values[0]) or ".." in path or "." in path:
        return f"the trailer {key} is malformed: {values[0]!r}"
    return None
