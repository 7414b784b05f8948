"""The text of a file and its bytes: UTF-8, or for Python what the file itself declares (PEP 263)."""

from __future__ import annotations

import codecs
import io
import tokenize


def decoded(path: str, data: bytes) -> str | None:
    """The text, with its line ends as they are and without a byte order mark; None for what is no text."""
    if b"\0" in data:
        return None
    try:
        return data.decode(_encoding(data) if path.endswith(".py") else "utf-8-sig")
    except (SyntaxError, UnicodeError, LookupError):
        return None


def encoded(path: str, text: str, *, like: bytes = b"", errors: str = "strict") -> bytes:
    """The bytes of the text, with a byte order mark if `like`, the file as it was, begins with one.

    Raises:
        UnicodeEncodeError: if `errors` is `strict` and the file's encoding lacks a character of the text.
    """
    plain = text.encode("utf-8", "replace")
    mark = codecs.BOM_UTF8 if like.startswith(codecs.BOM_UTF8) else b""
    if not path.endswith(".py"):
        return mark + plain
    try:
        encoding = _encoding(mark + plain)
    except SyntaxError:
        return mark + plain
    return text.encode(encoding, errors)


def _encoding(data: bytes) -> str:
    return tokenize.detect_encoding(io.BytesIO(data).readline)[0]
