"""The conditions that a guard tests: when a failing expression can be evaluated and when not, as code and in words."""

from __future__ import annotations

import ast
import re

from app.core.model import Failure, FailureKind

# Messages of the built-in sequences, which are false when they are empty. Other classes need not be: an array with
# several items has no truth value at all.
_BUILT_IN = re.compile(
    r"^$|^pop |^(?:(?:list|tuple|string|deque|bytearray|array|range object) )?(?:assignment )?index out of"
)
_COUNTABLE = re.compile(r"out of (?:range|bounds)|empty")


def conditions(failure: Failure, subject: str, key: str, message: str) -> tuple[str, str] | None:
    """The tests, as source, that the expression can be evaluated and that it fails; None if the kind has none.

    `subject` and `key` are their source on one line, `message` is what the exception says. Whether a value has the
    right class is not known here.
    """
    match failure.kind:
        case FailureKind.NONE_VALUE:
            return f"{subject} is not None", f"{subject} is None"
        case FailureKind.MISSING_KEY:
            return f"{key} in {subject}", f"{key} not in {subject}"
        case FailureKind.BAD_INDEX:
            return index_tests(subject, failure.key or "", message)
        case FailureKind.ZERO:
            return f"{subject} != 0", f"{subject} == 0"
        case _:
            return None


def domain(node: ast.expr, subject: str) -> tuple[str, str] | None:
    """The tests that a function of `math` takes the subject, and that it does not; None if no comparison says that."""
    match node:
        case ast.Call(func=ast.Attribute(attr="log" | "log2" | "log10")):
            return f"{subject} > 0", f"{subject} <= 0"
        case ast.Call(func=ast.Attribute(attr="sqrt")):
            return f"{subject} >= 0", f"{subject} < 0"
        case _:
            return None


def of_nothing(node: ast.expr, subject: str) -> tuple[str, str] | None:
    """The tests that `max()` or `min()` of a collection finds an item, and that it does not."""
    match node:
        case ast.Call(func=ast.Name(id="max" | "min"), args=[_]):
            return subject, f"not {subject}"
        case _:
            return None


def joined(condition: ast.expr, text: str, operator: str, test: str) -> str:
    """The source of a condition, written `text`, with one more test behind it."""
    either = isinstance(condition, ast.BoolOp) and isinstance(condition.op, ast.Or) and operator == "and"
    loose = either or isinstance(condition, ast.IfExp | ast.Lambda | ast.NamedExpr)
    return f"({text}) {operator} {test}" if loose else f"{text} {operator} {test}"


def index_tests(sequence: str, index: str, message: str) -> tuple[str, str] | None:
    """The conditions that a sequence has, or lacks, the item at the index with this source."""
    built_in = _BUILT_IN.search(message) is not None
    if not index or not (built_in or _COUNTABLE.search(message)):
        return None  # the groups of a match, the columns of a row
    if index in {"0", "-1"}:
        return (
            (sequence, f"not {sequence}") if built_in else (f"len({sequence}) > 0", f"len({sequence}) == 0")
        )
    if index.startswith("-") and (index[1:].isdigit() or index[1:].isidentifier()):
        return f"len({sequence}) >= {index[1:]}", f"len({sequence}) < {index[1:]}"
    if index.isdigit():
        return f"len({sequence}) > {index}", f"len({sequence}) <= {index}"
    loose = isinstance(ast.parse(index, mode="eval").body, ast.BoolOp | ast.Compare | ast.IfExp | ast.UnaryOp)
    at = f"({index})" if loose else index
    return f"{at} < len({sequence})", f"{at} >= len({sequence})"


def lacks_too(missing: str, other: str) -> bool:
    """True if a sequence without the item at one index lacks that at the other too; False unless both are numbers."""
    if not all(re.fullmatch(r"-?\d{1,9}", one) for one in (missing, other)):
        return False
    at, wanted = int(missing), int(other)
    longest = at if at >= 0 else -at - 1  # what lacks the item has at most so many
    return wanted >= longest or -wanted > longest


def in_words(failure: Failure, subject: str, key: str, exception: str) -> str:  # noqa: PLR0911 - a table of kinds
    """The failing condition as messages tell it."""
    match failure.kind:
        case FailureKind.NONE_VALUE:
            return f"`{subject}` is None"
        case FailureKind.MISSING_KEY:
            return f"`{subject}` has no key `{key}`"
        case FailureKind.BAD_INDEX:
            return f"`{subject}` has no item {failure.key}"
        case FailureKind.EMPTY:
            return f"`{subject}` is empty"
        case FailureKind.ZERO:
            return f"`{subject}` is zero"
        case FailureKind.WRONG_TYPE:
            return f"`{subject}` is a `{failure.key}`"
        case FailureKind.UNBOUND:
            return f"`{subject}` was never set"
        case _:
            return f"`{subject}` raises {exception}"
