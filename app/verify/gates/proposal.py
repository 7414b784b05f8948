"""The change that a pull request makes, read from git objects by id."""

from __future__ import annotations

import io
import tokenize
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from app.core.policy import Policy
from app.verify.gates.claim import Claim


@dataclass(frozen=True, slots=True)
class Change:
    """One entry of the tree diff: `status` is git's letter, modes are git's octal ones, ids those of the blobs."""

    status: str
    old_mode: str
    new_mode: str
    path: str
    old_id: str = ""
    new_id: str = ""


@dataclass(frozen=True, slots=True)
class Proposal:
    """The claim, the policy of the base, the whole tree diff, and the bytes of the files that the claim names.

    `paths` are all files of the base; `sources` are the modules that the new test may import, with their texts.
    """

    claim: Claim
    policy: Policy
    changes: tuple[Change, ...]
    paths: frozenset[str]
    before: bytes
    after: bytes
    test: bytes
    sources: Mapping[str, Sequence[str]] = field(default_factory=dict)


def text_of(content: bytes) -> str | None:
    """The text of a Python file; None if it is not UTF-8, or says that it is written in another encoding."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
        return content.decode("utf-8-sig") if encoding in {"utf-8", "utf-8-sig"} else None
    except (SyntaxError, UnicodeDecodeError):
        return None
