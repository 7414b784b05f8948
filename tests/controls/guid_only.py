"""Deliveries are told apart by their GUID alone, which the signature does not cover."""

from __future__ import annotations

import hashlib
from types import SimpleNamespace

import app.store
from app.store import Received, Store


def pytest_configure() -> None:
    """The digest of a body is salted with its GUID while it is received."""
    receive, salt = Store.receive, [b""]

    def salted(self: Store, guid: str, event: str, body: bytes) -> Received:
        salt[0] = guid.encode()
        try:
            return receive(self, guid, event, body)
        finally:
            salt[0] = b""

    Store.receive = salted  # type: ignore[method-assign]  # the break
    shim = SimpleNamespace(sha256=lambda data: hashlib.sha256(data + salt[0]))
    vars(app.store)["hashlib"] = shim
