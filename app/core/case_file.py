"""A case file as text, so that it outlives its workflow."""

from __future__ import annotations

from pydantic import TypeAdapter

from app.core.model import CaseFile

_ADAPTER = TypeAdapter(CaseFile)


def dump_case(case: CaseFile) -> str:
    """The case as JSON."""
    return _ADAPTER.dump_json(case).decode("utf-8")


def load_case(text: str) -> CaseFile:
    """The case that `dump_case` wrote.

    Raises:
        ValueError: if `text` is something else.
    """
    return _ADAPTER.validate_json(text)
