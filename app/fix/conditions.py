"""The conditions that a guard tests: when a failing expression can be evaluated and when not, as code and in words."""

from __future__ import annotations

from app.core.model import Failure, FailureKind


def conditions(failure: Failure, subject: str, key: str) -> tuple[str, str] | None:
    """The tests, as source, that the expression can be evaluated and that it fails; None if the kind has none.

    `subject` and `key` are their source on one line. Whether a value has the right class is not known here.
    """
    match failure.kind:
        case FailureKind.NONE_VALUE:
            return f"{subject} is not None", f"{subject} is None"
        case FailureKind.MISSING_KEY:
            return f"{key} in {subject}", f"{key} not in {subject}"
        case FailureKind.BAD_INDEX:
            return index_tests(subject, failure.key or "")
        case FailureKind.ZERO:
            return f"{subject} != 0", f"{subject} == 0"
        case _:
            return None


def index_tests(sequence: str, index: str) -> tuple[str, str]:
    """The conditions that a sequence has, or lacks, the item at the index with this source."""
    if index in {"0", "-1"}:
        return sequence, f"not {sequence}"
    if index.startswith("-") and (index[1:].isdigit() or index[1:].isidentifier()):
        return f"len({sequence}) >= {index[1:]}", f"len({sequence}) < {index[1:]}"
    return f"{index} < len({sequence})", f"{index} >= len({sequence})"


def in_words(failure: Failure, subject: str, key: str, exception: str) -> str:  # noqa: PLR0911 - a table of kinds
    """The failing condition as messages tell it."""
    match failure.kind:
        case FailureKind.NONE_VALUE:
            return f"`{subject}` is None"
        case FailureKind.MISSING_KEY:
            return f"`{subject}` has no key `{key}`"
        case FailureKind.BAD_INDEX:
            return f"`{subject}` has no item {failure.key}"
        case FailureKind.ZERO:
            return f"`{subject}` is zero"
        case FailureKind.WRONG_TYPE:
            return f"`{subject}` is a `{failure.key}`"
        case FailureKind.UNBOUND:
            return f"`{subject}` was never set"
        case _:
            return f"`{subject}` raises {exception}"
