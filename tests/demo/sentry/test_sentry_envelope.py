from __future__ import annotations

import contextlib
import gzip
import json
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.demo.sentry.envelope import MAX_ITEMS, BadEnvelope, TooLarge, inflate, parse, public_key

EVENT = json.dumps({"event_id": "a" * 32}).encode()


def test_items_with_and_without_a_length() -> None:
    body = b'{"event_id":"x"}\n{"type":"event","length":%d}\n%s\n{"type":"session"}\n{}\n' % (
        len(EVENT),
        EVENT,
    )
    envelope = parse(body)
    assert envelope.headers == {"event_id": "x"}
    assert [item.kind for item in envelope.items] == ["event", "session"]
    assert envelope.items[0].json() == {"event_id": "a" * 32}


def test_a_payload_may_hold_newlines_and_be_empty() -> None:
    envelope = parse(b'{}\n{"type":"attachment","length":3}\na\nb\n{"type":"event","length":0}\n')
    assert [item.payload for item in envelope.items] == [b"a\nb", b""]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b"\xff",
        b'{}\n{"type":"event","length":99}\n{}',
        b'{}\n{"type":"event","length":-1}\n{}',
        b'{}\n{"type":"event","length":true}\n{}',
        b"{}\n" + b"[" * 200_000,
        b"{}\n[1]\n",
    ],
)
def test_what_is_no_envelope_is_refused(body: bytes) -> None:
    with pytest.raises(BadEnvelope):
        parse(body)


def test_too_many_items_are_refused() -> None:
    with pytest.raises(TooLarge):
        parse(b"{}\n" + b'{"type":"x","length":0}\n\n' * (MAX_ITEMS + 1))


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("", EVENT),
        ("identity", EVENT),
        ("gzip", gzip.compress(EVENT, mtime=0)),
        ("Deflate", zlib.compress(EVENT)),
    ],
)
def test_every_encoding_is_undone(encoding: str, body: bytes) -> None:
    assert inflate(body, encoding) == EVENT


def test_brotli_is_undone_where_it_is_installed() -> None:
    brotli = pytest.importorskip("brotli")
    assert inflate(brotli.compress(EVENT), "br") == EVENT
    with pytest.raises(TooLarge):
        inflate(brotli.compress(b"0" * 1_000_000), "br", 1_000)
    with pytest.raises(BadEnvelope):
        inflate(b"nonsense", "br")


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_a_bomb_is_not_inflated(encoding: str) -> None:
    bomb = b"0" * 10_000_000
    body = gzip.compress(bomb) if encoding == "gzip" else zlib.compress(bomb)
    with pytest.raises(TooLarge):
        inflate(body, encoding, 1_000)
    assert len(inflate(body, encoding, len(bomb))) == len(bomb)


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", b"no"),
        ("gzip", gzip.compress(EVENT, mtime=0)[:-9]),
        ("deflate", b"no"),
        ("zstd", b""),
        ("br", b"\xff" * 9),
    ],
)
def test_damaged_and_unknown_encodings_are_refused(encoding: str, body: bytes) -> None:
    with pytest.raises(BadEnvelope):
        inflate(body, encoding)


@pytest.mark.parametrize(
    ("headers", "query", "key"),
    [
        ({"X-Sentry-Auth": "Sentry sentry_key=abc, sentry_version=7"}, {}, "abc"),
        ({"X-Sentry-Auth": "Sentry sentry_version=7,sentry_key=abc"}, {}, "abc"),
        ({"Authorization": "Sentry sentry_key=abc"}, {}, "abc"),
        ({}, {"sentry_key": "abc"}, "abc"),
        ({"Authorization": "Bearer abc"}, {}, None),
        ({"X-Sentry-Auth": "Sentry xsentry_key=abc"}, {}, None),
        ({}, {}, None),
    ],
)
def test_where_the_key_may_stand(headers: dict[str, str], query: dict[str, str], key: str | None) -> None:
    assert public_key(headers, query) == key


@given(st.binary(max_size=200), st.sampled_from(["", "gzip", "deflate"]))
def test_no_body_does_harm(body: bytes, encoding: str) -> None:
    with contextlib.suppress(BadEnvelope, TooLarge):
        parse(inflate(body, encoding, 10_000))
