"""Webhook payloads against GitHub's description of its webhooks."""

from collections.abc import Mapping
from typing import Any

from .schemas import Schemas, undocumented, violations


class Webhooks:
    """The described payloads; `closed_answers` also reports fields that GitHub does not describe."""

    def __init__(self, description: Mapping[str, Any], *, closed_answers: bool = False) -> None:
        self._schemas = Schemas(description["components"])
        self._payloads: Mapping[str, Any] = description["payloads"]
        self._closed_answers = closed_answers

    def check(self, event: str, payload: Mapping[str, object]) -> list[str]:
        """Returns what GitHub's description forbids about the payload; empty when GitHub could send it."""
        name = event if event in self._payloads else f"{event}/{payload.get('action', '')}"
        if name not in self._payloads:
            known = sorted(key.partition("/")[2] for key in self._payloads if key.startswith(f"{event}/"))
            return [f"{name}: not described" + (f"; known actions are {', '.join(known)}" if known else "")]
        schema = self._schemas.schema(self._payloads[name])
        found = violations(schema, payload, "payload")
        if self._closed_answers:
            found += undocumented([schema], payload, "payload")
        return [f"{name}: {line}" for line in found]
