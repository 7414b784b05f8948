"""What every call of every client must bear: answers that are no answers, limits, silence, missing permissions."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
import respx

from app.clients.rest import LONGEST_WAIT, TRIES
from app.core.errors import ClientError, RateLimited, Unauthorized, Unavailable

Call = Callable[[Any], Awaitable[object]]

# Valid JSON and other bytes that no client may trip over.
ANSWERS: tuple[bytes, ...] = (
    b"",
    b"null",
    b"[]",
    b"{}",
    b"7",
    b'"text"',
    b"<html>",
    b"\xff\xfe",
    b"[" * 100_000,
    b"1" + b"0" * 5_000,
    b'{"data": NaN}',
    b'{"data": null, "results": null, "timeSeries": null, "series": null}',
    b'{"data": [], "results": [], "timeSeries": [], "series": [], "intervals": [], "groups": []}',
    b'{"data": [7], "results": [7], "timeSeries": [7], "series": [7], "intervals": [7], "groups": [7]}',
    b'{"data": {"id": 7, "attributes": []}, "id": 7, "shortId": {}, "version": []}',
    b'{"data": [{"attributes": {"compute": {"c0": [{"time": "x", "value": "y"}]}}}]}',
    b'{"data": {"buckets": [{"computes": {"c0": [{"time": "2026-01-01T00:00:00Z", "value": -1}]}}]}}',
    b'{"timeSeries": [{"values": [{"timestamp": true, "value": null}]}], "series": [{"pointlist": [[1]]}]}',
    b'{"results": [{"id": null, "timestamp": 1e999, "ingested_at": "soon"}], "next": "http://[::1"}',
)


async def survives(client: Any, call: Call) -> None:
    """Whatever comes as an answer, the call gives a value or one of our errors."""
    for answer in ANSWERS:
        respx.route().respond(200, content=answer)
        said = "a value"
        try:
            await call(client)
        except ClientError as fault:
            said = str(fault)
        assert 0 < len(said) < 500


async def names_what_it_needs(client: Any, call: Call, needs: str) -> None:
    """A 403 says which permission the credentials lack; a 401 that they are none. No secret is in the text."""
    respx.route().respond(403, json={"detail": "no, canary-token", "errors": ["no, canary-token"]})
    with pytest.raises(Unauthorized, match=needs) as caught:
        await call(client)
    assert "canary-token" not in str(caught.value)
    respx.route().respond(401, json={"errors": ["canary-token is unknown"]})
    with pytest.raises(Unauthorized, match="not valid") as caught:
        await call(client)
    assert "canary-token" not in str(caught.value)


async def waits_for_a_limit(client: Any, call: Call, naps: list[float], headers: dict[str, str]) -> None:
    """A 429 is waited out `TRIES` times at most; a long one is the caller's to know at once."""
    route = respx.route().respond(429, headers=headers)
    with pytest.raises(RateLimited):
        await call(client)
    assert (len(route.calls), naps) == (TRIES, [9.0] * (TRIES - 1))
    naps.clear()
    respx.route().respond(429, headers={"Retry-After": "3600"})
    with pytest.raises(RateLimited) as caught:
        await call(client)
    assert caught.value.retry_after > LONGEST_WAIT
    assert not naps


async def gives_up(client: Any, call: Call, tries: int) -> None:
    """Silence and server errors are asked again only where nothing can be done twice, and not without end."""
    for trouble in (httpx.ReadTimeout("x"), httpx.ConnectError("x"), httpx.Response(502, text="<html>")):
        asked: list[httpx.Request] = []

        def fails(
            request: httpx.Request, trouble: object = trouble, asked: list[httpx.Request] = asked
        ) -> Any:
            asked.append(request)
            if isinstance(trouble, Exception):
                raise trouble
            return trouble

        respx.route().mock(side_effect=fails)
        with pytest.raises(Unavailable):
            await call(client)
        assert len(asked) == tries
