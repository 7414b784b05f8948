"""From what a tracker calls a place to the place in the repository. Pure; nothing is opened by an outside name."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Sequence

from app.core.exceptions import is_builtin
from app.core.model import Frame, Raised

LONGEST_FILE = 20_000
# What the language makes of a StopIteration that leaves a generator: where that was raised is in its cause.
_ENDED = re.compile(r"(async )?(generator|coroutine) raised Stop(Async)?Iteration")


def repository_path(frame: Frame, paths: Collection[str]) -> str | None:
    """The one repository file that the frame names; None if there is none or more than one.

    A repository path matches if it ends the frame's absolute path, or if the frame's relative path ends it,
    at a folder boundary. The longest match wins: a deployment adds folders in front, never in between.
    """
    absolute = (frame.absolute_path or "").replace("\\", "/")
    relative = frame.path.replace("\\", "/").lstrip("/")
    ending = [path for path in paths if absolute and f"/{absolute}".endswith("/" + path)]
    if relative in paths and absolute and relative not in ending:
        return None
    if ending:
        return max(ending, key=len)
    if relative in paths:
        return relative
    holding = [path for path in paths if path.endswith("/" + relative)]
    return holding[0] if len(holding) == 1 else None


def culprit_exception(chain: Sequence[Raised], paths: Collection[str]) -> Raised:
    """The exception of a chain (root first) to repair: the outermost, or the one that it was raised from on purpose."""
    left = list(chain)
    while len(left) > 1 and _is_wrapper(left[-1], paths):
        left.pop()
    return left[-1]


def _is_wrapper(raised: Raised, paths: Collection[str]) -> bool:
    """True if the repository raised the exception itself, in answer to another one, or the language did (PEP 479)."""
    if not raised.frames:
        return True
    if raised.type == "RuntimeError" and _ENDED.fullmatch(raised.message):
        return True
    last = raised.frames[-1]
    if not last.in_app or repository_path(last, paths) is None:
        return False
    code = (last.code or "").strip()
    raises = code.startswith("raise ") or "raise_from(" in code
    return raises and (raised.type in code or not is_builtin(raised.type))


def function_below(raised: Raised, line: int, function: str) -> str | None:
    """The function of the frame below the innermost frame with that line and function; None if it is the last."""
    places = [at for at, one in enumerate(raised.frames) if (one.line, one.function) == (line, function)]
    below = raised.frames[places[-1] + 1 :] if places else ()
    return below[0].function.rpartition(".")[2] if below else None


def line_on_base(deployed: str, base: str, line: int) -> int | None:
    """The line number in `base` of what is `line` in `deployed`; None if that line was changed or removed."""
    old, new = deployed.splitlines(), base.splitlines()
    if not 1 <= line <= len(old):
        return None
    if deployed == base:
        return line
    if max(len(old), len(new)) > LONGEST_FILE:
        return None
    for block in difflib.SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks():
        if block.a <= line - 1 < block.a + block.size:
            return block.b + (line - 1 - block.a) + 1
    return None
