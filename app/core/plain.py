"""Text for chats, mails and pagers: one line, scrubbed, and nothing in it takes effect wherever it is shown.

Each receiver has a markup of its own, so what any of them acts upon is replaced by a look-alike.
"""

from __future__ import annotations

import re

from app.core.markdown import visible
from app.core.scrub import scrub_text

_LOOK_ALIKES = {
    "@": "@\u200b",  # behind it, nobody reads a mention
    "<": "\u2039",
    ">": "\u203a",
    "[": "(",
    "]": ")",
    "`": "'",
    "*": "\u2217",
    "~": "\u223c",
    "|": "\u00a6",
    "\\": "/",
}
_EDGE = re.compile(r"(?<![A-Za-z0-9])_+|_+(?![A-Za-z0-9])")
# What chats make a link of, also without `https://` before it. A file name is left as it is.
_LINK = re.compile(r"(?i)(?<=[a-z]):(?=//)|\bwww\.")


def plain(text: str, limit: int = 300) -> str:
    """`text` on one line, cut at `limit` characters."""
    text = " ".join(visible(scrub_text(text)).split())
    if len(text) > limit:
        text = text[: limit - 1] + "…"
    text = _LINK.sub(lambda found: found[0] + "\u200b", text)
    text = _EDGE.sub(lambda found: "\u02cd" * len(found[0]), text)
    return "".join(_LOOK_ALIKES.get(character, character) for character in text)
