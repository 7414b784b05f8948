from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import resource
import time
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import StoreUnavailable
from app.store import Received
from app.web import server
from app.web.dispatcher import Dispatcher
from app.web.server import MAX_BODY_BYTES
from app.web.signature import is_signed

BODY = b'{"action": "opened", "issue": {"number": 1}}'


# The signature ---------------------------------------------------------------------------------------------------


async def test_a_signed_delivery_is_on_disk_before_it_is_acknowledged(site: Any) -> None:
    answer = await site.deliver(BODY)
    assert (answer.status_code, answer.json()) == (202, {"status": "stored"})
    (stored,) = site.stored()
    assert (stored.event, stored.body) == ("issues", BODY)


async def test_w1_without_a_signature_nothing_is_stored(site: Any) -> None:
    assert (await site.deliver(BODY, X_Hub_Signature_256=None)).status_code == 401
    assert (await site.deliver(b"{not json", X_Hub_Signature_256=None)).status_code == 401
    assert site.stored() == []


@pytest.mark.parametrize("at", [0, 8, len(BODY) - 1])
async def test_w2_one_bit_of_the_body_is_enough(site: Any, at: int) -> None:
    flipped = bytearray(BODY)
    flipped[at] ^= 1
    answer = await site.deliver(bytes(flipped), X_Hub_Signature_256=site.sign(BODY))
    assert (answer.status_code, site.stored()) == (401, [])


@pytest.mark.parametrize("at", [7, 20, 70])
async def test_w2_one_digit_of_the_signature_is_enough(site: Any, at: int) -> None:
    good = site.sign(BODY)
    bad = good[:at] + ("0" if good[at] != "0" else "1") + good[at + 1 :]
    assert (await site.deliver(BODY, X_Hub_Signature_256=bad)).status_code == 401
    assert site.stored() == []


@given(st.binary(max_size=200), st.integers(min_value=0))
def test_w2_any_flipped_bit_breaks_any_signature(body: bytes, bit: int) -> None:
    signature = "sha256=" + hmac.new(b"secret-secret", body, hashlib.sha256).hexdigest()
    assert is_signed(body, signature, "secret-secret")
    assert not is_signed(body, signature, "secret-secreT")
    if body:
        at, mask = bit // 8 % len(body), 1 << bit % 8
        assert not is_signed(
            body[:at] + bytes([body[at] ^ mask]) + body[at + 1 :], signature, "secret-secret"
        )


async def test_w3_the_legacy_signature_counts_for_nothing(site: Any) -> None:
    old = "sha1=" + hmac.new(b"it's a secret to everybody", BODY, hashlib.sha1).hexdigest()
    answer = await site.deliver(BODY, X_Hub_Signature_256=None, X_Hub_Signature=old)
    assert answer.status_code == 401
    answer = await site.deliver(BODY, X_Hub_Signature_256=old, X_Hub_Signature=old)
    assert (answer.status_code, site.stored()) == (401, [])


def _malformed(good: str) -> list[bytes]:
    return [
        b"\xff" * 71,
        "sha256=é".encode("latin-1"),
        good[:-1].encode(),
        good.encode() + b"0",
        good.removeprefix("sha256=").encode(),
        good.replace("sha256=", "sha512=").encode(),
        good.upper().encode(),
        ("sha256=" + good.removeprefix("sha256=").upper()).encode(),
        f"{good}, {good}".encode(),
        f"{good},{good[:-1]}0".encode(),
        b"",
        b"sha256=",
    ]


@pytest.mark.parametrize("which", range(12))
async def test_w4_malformed_signatures_are_401(site: Any, which: int) -> None:
    answer = await site.deliver(BODY, X_Hub_Signature_256=_malformed(site.sign(BODY))[which])
    assert (answer.status_code, site.stored()) == (401, [])


async def test_w5_the_same_json_in_other_bytes_is_another_body(site: Any) -> None:
    other = json.dumps(json.loads(BODY), separators=(",", ":")).encode()
    assert json.loads(other) == json.loads(BODY)
    answer = await site.deliver(other, X_Hub_Signature_256=site.sign(BODY))
    assert (answer.status_code, site.stored()) == (401, [])


# Once, and which one ---------------------------------------------------------------------------------------------


async def test_w8_a_guid_replayed_200_times_at_once_is_one_row(site: Any) -> None:
    answers = await asyncio.gather(*(site.deliver(BODY) for _ in range(200)))
    assert {answer.status_code for answer in answers} == {202}
    said = [answer.json()["status"] for answer in answers]
    assert (said.count("stored"), said.count("duplicate")) == (1, 199)
    assert len(site.stored()) == 1


async def test_w9_a_guid_with_another_body_is_acknowledged_and_has_no_effect(site: Any) -> None:
    await site.deliver(BODY)
    answer = await site.deliver(BODY + b" ")
    assert (answer.status_code, answer.json()["status"]) == (202, "conflict")
    assert [delivery.body for delivery in site.stored()] == [BODY]


async def test_w10_a_body_replayed_under_fresh_guids_is_one_row(site: Any) -> None:
    answers = [await site.deliver(BODY, X_GitHub_Delivery=f"fresh-{number}") for number in range(5)]
    assert [answer.json()["status"] for answer in answers] == ["stored"] + 4 * ["duplicate"]
    assert len(site.stored()) == 1


@pytest.mark.parametrize("value", [None, "", "a" * 65, "a\tb", "é".encode("latin-1")])
@pytest.mark.parametrize("name", ["X_GitHub_Delivery", "X_GitHub_Event"])
async def test_w11_the_unsigned_headers_are_short_and_plain(
    site: Any, name: str, value: str | bytes | None
) -> None:
    answer = await site.deliver(BODY, **{name: value})
    assert (answer.status_code, site.stored()) == (400, [])


# Size and speed --------------------------------------------------------------------------------------------------


async def test_w15_the_largest_payload_of_github_is_accepted(site: Any) -> None:
    body = b"x" * MAX_BODY_BYTES
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert (await site.deliver(body)).status_code == 202
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 400 * 1024
    assert len(site.stored()[0].body) == MAX_BODY_BYTES


def _head(site: Any, *lines: str, target: str = "/webhooks/github") -> bytes:
    signature = site.sign(BODY)
    fixed = [
        f"POST {target} HTTP/1.1",
        "Host: localhost",
        "Connection: close",
        "X-GitHub-Delivery: raw-1",
        "X-GitHub-Event: issues",
        f"X-Hub-Signature-256: {signature}",
    ]
    return "\r\n".join([*fixed, *lines, "", ""]).encode("latin-1")


def _status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


async def test_w15_a_larger_one_is_refused_before_it_is_read(site: Any) -> None:
    answer = await site.raw(_head(site, f"Content-Length: {MAX_BODY_BYTES + 1}"))
    assert (_status(answer), site.stored()) == (413, [])


async def test_w15_a_larger_one_without_a_length_is_refused_on_the_way(site: Any) -> None:
    chunk = b"100000\r\n" + b"x" * 0x100000 + b"\r\n"
    head = _head(site, "Transfer-Encoding: chunked")
    reader, writer = await asyncio.open_connection(site.host, site.port)
    writer.write(head)
    for _ in range(26):
        writer.write(chunk)
    async with asyncio.timeout(20):
        answer = await reader.readuntil(b"\r\n")
    writer.close()
    assert (_status(answer), site.stored()) == (413, [])


async def test_w15_a_length_that_promises_too_much_stores_nothing(
    site: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "BODY_SECONDS", 0.2)
    answer = await site.raw(_head(site, f"Content-Length: {len(BODY) + 5}") + BODY)
    assert _status(answer) == 408
    await site.raw(_head(site, f"Content-Length: {len(BODY) + 5}") + BODY, end=True)
    assert site.stored() == []


async def test_w15_a_length_that_promises_too_little_stores_nothing(site: Any) -> None:
    answer = await site.raw(_head(site, f"Content-Length: {len(BODY) - 5}") + BODY)
    assert (_status(answer), site.stored()) == (400, [])


async def test_w16_slow_senders_are_sent_away_and_hold_nobody_up(
    site: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "BODY_SECONDS", 0.4)
    half = _head(site, f"Content-Length: {len(BODY)}") + BODY[:5]
    slow = [asyncio.create_task(site.raw(half)) for _ in range(60)]
    assert (await site.deliver(BODY)).status_code == 202
    answers = await asyncio.gather(*slow)
    assert {_status(answer) for answer in answers} == {408}
    assert len(site.stored()) == 1


async def test_w16_headers_that_do_not_end_are_not_waited_for(
    store: Any, settings: Any, clients: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "IDLE_SECONDS", 0.3)
    runner = await server.serve(
        server.create_app(store, settings, Dispatcher(store, settings, clients)), "127.0.0.1", 0
    )
    host, port = runner.addresses[0][:2]
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(b"POST /webhooks/github HTTP/1.1\r\nHost: ")
    async with asyncio.timeout(10):
        assert await reader.read() == b""
    writer.close()
    await runner.cleanup()


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "identity, gzip"])
async def test_w17_a_compressed_body_is_never_inflated(site: Any, encoding: str) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = packer.compress(bytes(20_000_000)) + packer.flush()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    answer = await site.deliver(bomb, Content_Encoding=encoding)
    assert (answer.status_code, site.stored()) == (415, [])
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 15 * 1024


async def test_w17_a_transfer_encoding_that_compresses_is_refused(site: Any) -> None:
    answer = await site.raw(_head(site, "Transfer-Encoding: gzip, chunked") + b"0\r\n\r\n")
    assert (_status(answer) in {400, 401, 415, 501}, site.stored()) == (True, [])


# Bodies that are no JSON are still bodies ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body", [b"[" * 100_000, b"\xff\xfe", b"NaN", b"null", b"", b'{"t": "' + b"x" * 1_000_000 + b'"}']
)
async def test_w18_w20_what_is_signed_is_stored_as_it_came(site: Any, body: bytes) -> None:
    assert (await site.deliver(body)).status_code == 202
    assert site.stored()[0].body == body


# HTTP itself -----------------------------------------------------------------------------------------------------


async def test_w21_two_lengths_are_one_too_many(site: Any) -> None:
    both = _head(site, f"Content-Length: {len(BODY)}", "Transfer-Encoding: chunked")
    twice = _head(site, f"Content-Length: {len(BODY)}", "Content-Length: 3")
    for head in (both, twice):
        answer = await site.raw(head + BODY + b"\r\n0\r\n\r\n")
        assert (_status(answer), site.stored()) == (400, [])


@pytest.mark.parametrize("size", [b"zz", b"-1", b"2c, 2c", b"0x2c", b"", b"FFFFFFFFFFFFFFFFF"])
async def test_w21_a_chunk_without_a_size_is_refused(site: Any, size: bytes) -> None:
    head = _head(site, "Transfer-Encoding: chunked")
    answer = await site.raw(head + size + b"\r\n" + BODY + b"\r\n0\r\n\r\n")
    assert (_status(answer), site.stored()) == (400, [])


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("//webhooks/github", 404),
        ("/webhooks/../webhooks/github", 404),
        ("/webhooks/github/", 404),
        ("/webhooks/github/..;/admin", 404),
        ("/webhooks%2fgithub", 404),
        ("/WEBHOOKS/GITHUB", 404),
        ("/%00", 404),
        ("*", 400),
        ("http://evil.example/healthz", 405),
        ("http://evil.example/admin", 404),
    ],
)
async def test_w21_only_the_exact_path_is_served(site: Any, target: str, status: int) -> None:
    answer = await site.raw(_head(site, f"Content-Length: {len(BODY)}", target=target) + BODY)
    assert _status(answer) in {status, 404}
    assert site.stored() == []


async def test_only_posts_are_deliveries(site: Any) -> None:
    assert (await site.http.get("/webhooks/github")).status_code == 405
    assert (await site.http.get("/healthz")).status_code == 200
    assert (await site.http.get("/readyz")).status_code == 200


# The database on a bad day ---------------------------------------------------------------------------------------


async def test_w23_what_cannot_be_stored_is_not_acknowledged_and_it_recovers_alone(
    site: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_arguments: object) -> Received:
        raise StoreUnavailable("OperationalError")

    with monkeypatch.context() as bad_day:
        bad_day.setattr(site.store, "receive", full)
        assert (await site.deliver(BODY)).status_code == 503
    assert (await site.deliver(BODY)).status_code == 202
    assert len(site.stored()) == 1


async def test_w23_a_database_that_hangs_is_not_waited_for(
    site: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "STORE_SECONDS", 0.1)
    with monkeypatch.context() as bad_day:
        bad_day.setattr(site.store, "receive", lambda *_: time.sleep(0.6))
        assert (await site.deliver(BODY)).status_code == 503


async def test_w23_readiness_follows_the_database(site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site.store, "ready", lambda: False)
    assert (await site.http.get("/readyz")).status_code == 503
    assert (await site.http.get("/healthz")).status_code == 200
