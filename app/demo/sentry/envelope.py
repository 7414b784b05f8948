"""Reads what an SDK sends: the body's compression, the envelope's lines, the public key."""

from __future__ import annotations

import importlib
import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Final

MAX_BODY: Final = 20 * 1024 * 1024
MAX_ITEMS: Final = 1_000
_KEY = re.compile(r"(?:^|[\s,])sentry_key=([0-9a-zA-Z]{1,64})(?=$|[\s,])")


class BadEnvelope(ValueError):
    """A body that is no envelope."""


class TooLarge(ValueError):
    """A body that is larger than an envelope may be, once inflated."""


@dataclass(frozen=True, slots=True)
class Item:
    """One item of an envelope, with its bytes as they were sent."""

    kind: str
    payload: bytes

    def json(self) -> dict[str, Any]:
        """The payload as an object."""
        return _object(self.payload)


@dataclass(frozen=True, slots=True)
class Envelope:
    """The headers of an envelope and its items in order."""

    headers: Mapping[str, Any]
    items: tuple[Item, ...]


def inflate(body: bytes, encoding: str, limit: int = MAX_BODY) -> bytes:
    """The body without its content encoding; nothing beyond `limit` bytes is ever inflated."""
    match encoding.strip().lower():
        case "" | "identity":
            plain = body
        case "gzip":
            plain = _inflated(zlib.decompressobj(zlib.MAX_WBITS | 16), body, limit)
        case "deflate":
            plain = _inflated(zlib.decompressobj(), body, limit)
        case "br":
            plain = _unbrotlied(body, limit)
        case other:
            raise BadEnvelope(f"unknown content encoding {other[:20]!r}")
    if len(plain) > limit:
        raise TooLarge("envelope exceeded size limits")
    return plain


def parse(body: bytes) -> Envelope:
    """The envelope in `body`: a line of headers, then for each item a line of headers and its payload."""
    line, rest = _line(body)
    headers = _object(line)
    items: list[Item] = []
    while rest.strip(b"\n"):
        if len(items) == MAX_ITEMS:
            raise TooLarge("envelope exceeded size limits for its items")
        line, rest = _line(rest)
        if not line:
            continue
        item = _object(line)
        length = item.get("length")
        if length is None:
            payload, rest = _line(rest)
        elif type(length) is int and 0 <= length <= len(rest):
            # The newline that ends a payload belongs to the envelope.
            payload, rest = rest[:length], rest[length:].removeprefix(b"\n")
        else:
            raise BadEnvelope("an item has a wrong length")
        items.append(Item(str(item.get("type", "")), payload))
    return Envelope(headers, tuple(items))


def public_key(headers: Mapping[str, str], query: Mapping[str, str]) -> str | None:
    """The DSN's public key, from the header that SDKs send or from the query string that browsers send."""
    authorization = headers.get("X-Sentry-Auth") or headers.get("Authorization", "")
    if authorization.startswith("Sentry "):
        found = _KEY.search(authorization)
        return found[1] if found is not None else None
    return query.get("sentry_key")


def _line(body: bytes) -> tuple[bytes, bytes]:
    line, _, rest = body.partition(b"\n")
    return line, rest


def _object(text: bytes) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as fault:
        raise BadEnvelope("not JSON") from fault
    if not isinstance(value, dict):
        raise BadEnvelope("not an object")
    return value


def _inflated(inflater: Any, body: bytes, limit: int) -> bytes:
    try:
        plain: bytes = inflater.decompress(body, limit + 1)
    except zlib.error as fault:
        raise BadEnvelope("the compressed body is damaged") from fault
    if len(plain) <= limit and not inflater.eof:
        raise BadEnvelope("the compressed body is cut short")
    return plain


def _unbrotlied(body: bytes, limit: int) -> bytes:
    brotli = _brotli()
    if brotli is None:
        raise BadEnvelope("brotli is not installed here")
    inflater, plain = brotli.Decompressor(), bytearray()
    try:
        # Small bites: a bite of brotli inflates to so much at most, and the limit is looked at after each.
        for start in range(0, len(body), 64):
            plain += inflater.process(body[start : start + 64])
            if len(plain) > limit:
                raise TooLarge("envelope exceeded size limits")
    except brotli.error as fault:
        raise BadEnvelope("the compressed body is damaged") from fault
    return bytes(plain)


def _brotli() -> ModuleType | None:
    """The brotli module, which the SDK uses where it is installed; then it is installed here too."""
    try:
        return importlib.import_module("brotli")
    except ModuleNotFoundError:
        return None
