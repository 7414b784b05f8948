"""GitHub-flavoured Markdown whose content comes from outside: it is shown, and has no effect.

In code spans and fences GitHub notifies nobody, links nothing and closes nothing; in prose the signs that would are
defused. Control, bidirectional and invisible characters are written as escapes.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from app.core.scrub import scrub_text

LONGEST_VALUE = 300
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.]{0,100}")
_HIDDEN = {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}
# GitHub reads no mention and no reference where a zero-width space follows the sign.
_DEFUSED = {
    "@": "@&#8203;",
    "#": "#&#8203;",
    "<": "&lt;",
    ">": "&gt;",
    "[": "\\[",
    "]": "\\]",
    "~": "~&#8203;",  # three of them at the beginning of a line would open a block of code
    "\\": "&#92;",  # it would make a backtick behind it one that opens nothing
}
_SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")


def code(text: str, limit: int = LONGEST_VALUE) -> str:
    """`text` as one inline code span, scrubbed, on one line, cut at `limit` characters; also fit for a table."""
    plain = " ".join(visible(scrub_text(text)).split())
    if len(plain) > limit:
        plain = plain[: limit - 1] + "…"
    ticks = "`" * (1 + max((len(run) for run in re.findall("`+", plain)), default=0))
    pad = " " if plain.startswith("`") or plain.endswith("`") or not plain else ""
    return f"{ticks}{pad}{plain or ' '}{pad}{ticks}".replace("|", "\\|")


def fence(text: str, language: str = "") -> str:
    """`text` as a fenced block that nothing inside can close."""
    ticks = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
    return f"{ticks}{language}\n{visible(text).rstrip()}\n{ticks}"


def prose(text: str) -> str:
    """`text` as a sentence: capital first, full stop last, code spans kept, everything else without effect."""
    text = " ".join(visible(scrub_text(text)).split())
    parts = text.split("`")
    if len(parts) % 2 == 0 or "``" in text:  # not plain pairs of backticks: none of them is a code span
        parts = ["'".join(parts)]
    parts[::2] = ["".join(_DEFUSED.get(character, character) for character in part) for part in parts[::2]]
    text = "`".join(parts)
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")


def bullets(items: Iterable[str]) -> str:
    """A bullet list of finished Markdown."""
    return "\n".join(f"- {item}" for item in items)


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table of finished Markdown."""
    titles = list(head)
    lines = [titles, ["---"] * len(titles), *map(list, rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def folded(title: str, content: str) -> str:
    """`content` behind a line to click on."""
    return f"<details><summary>{title}</summary>\n\n{content}\n\n</details>"


def visible(text: str) -> str:
    """`text` with control, bidirectional and invisible characters written as escapes; line breaks and tabs stay."""
    return "".join(f"\\u{ord(character):04x}" if _is_hidden(character) else character for character in text)


def _is_hidden(character: str) -> bool:
    if character in "\n\t":
        return False
    return unicodedata.category(character) in _HIDDEN or _SELECTORS.match(character) is not None


def name(text: str) -> str:
    """`text` if it is a plain dotted name, else a placeholder: for places that have no code spans."""
    return text if _NAME.fullmatch(text) else "unknown"


def duration(minutes: float) -> str:
    """Minutes as people say it: the largest unit of which there are two."""
    for name, size in (("days", 1440), ("hours", 60)):
        if minutes >= 2 * size:
            return f"{minutes / size:.0f} {name}"
    whole = max(1, math.ceil(minutes))
    return f"{whole} minute{'s' * (whole > 1)}"


def clock(moment: float) -> str:
    """The time of day in UTC, to the minute."""
    return datetime.fromtimestamp(moment, UTC).strftime("%H:%M")


def values(variables: Mapping[str, str], limit: int = 30) -> str:
    """Recorded values as a table, `limit` rows at most; empty for no values."""
    if not variables:
        return ""
    rows = [(code(key), code(value)) for key, value in list(variables.items())[:limit]]
    return table(("local", "recorded value"), rows)
