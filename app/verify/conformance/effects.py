"""Code whose effect can not be taken back, or is taken back by the very error: no default is given there."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from app.verify.conformance.parts import own
from app.verify.conformance.permission import words
from app.verify.conformance.place import Place

_MOVING = frozenset(
    {"bill", "capture", "charge", "credit", "debit", "deposit", "invoice", "pay", "payout", "redeem"}
    | {"refund", "sell", "settle", "ship", "transfer", "withdraw"}
)  # fmt: skip
_DESTROYING = frozenset(
    {"delete", "destroy", "drop", "erase", "kill", "purge", "rmtree", "shutdown", "truncate", "unlink"}
    | {"wipe"}
)  # fmt: skip
_SPENT = frozenset(
    {"code", "codes", "coupon", "coupons", "held", "lock", "locks", "otps", "pidfile", "tickets", "token"}
    | {"tokens", "voucher", "vouchers"}
)  # fmt: skip
_ASKING = frozenset({"bool", "isinstance", "issubclass", "len", "repr", "str"})
_TRANSACTIONS = frozenset(
    {"acknowledge", "atomic", "backoff", "begin", "process", "retry", "retrying", "savepoint", "stack"}
    | {"transaction", "transactional", "tx"}
)  # fmt: skip
_CLEANING = frozenset(
    {
        "bleach",
        "clean",
        "encode",
        "escape",
        "filter",
        "hash",
        "html",
        "mask",
        "quote",
        "scrub",
        "strip",
        "tags",
        "trim",
    }
)
_CONFIRMING = frozenset({"ack", "acknowledge", "commit"})


def can_not_be_taken_back(code: Iterable[ast.AST]) -> str | None:
    """Why a changed value in `code` is more than that: it moves money or goods, or destroys something."""
    for one in code:
        for node in ast.walk(one):
            match node:
                case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
                    if set(words(name)) & (_MOVING | _DESTROYING):
                        return f"`{name}` moves or destroys something, which can not be taken back."
                case _:
                    pass
    return None


def cleans(code: Iterable[ast.AST]) -> bool:
    """True if `code` calls what makes a text harmless, by its name."""
    return any(
        isinstance(node, ast.Call) and bool(set(words(ast.unparse(node.func))) & _CLEANING)
        for one in code for node in ast.walk(one)
    )  # fmt: skip


def calls_something(code: Iterable[ast.AST]) -> bool:
    """True if `code` calls anything but the built-in questions about values."""
    return any(
        isinstance(node, ast.Call) and not (isinstance(node.func, ast.Name) and node.func.id in _ASKING)
        for one in code for node in ast.walk(one)
    )  # fmt: skip


def is_spent(collection: ast.AST) -> bool:
    """True for what is used up once: that it is not there any more is the answer, and no mistake."""
    return any(word in _SPENT for word in words(ast.unparse(collection)))


def rolls_back(place: Place) -> str | None:
    """Why an error here must go on: it takes back what was done, or lets it be tried again."""
    marks = [
        one.context_expr
        for whole in place.above
        if isinstance(whole, ast.With | ast.AsyncWith)
        for one in whole.items
    ]
    marks += [one for whole in place.definitions for one in getattr(whole, "decorator_list", [])]
    if any(set(words(ast.unparse(mark))) & _TRANSACTIONS for mark in marks):
        return "The error takes back what was done around it, or lets it be tried again."
    return None


def confirms(place: Place) -> str | None:
    """Why going on with another value may not be: it ends with a commit, which the error kept from happening."""
    names = [one.attr for one in own(place.function) if isinstance(one, ast.Attribute)]
    if any(set(words(name)) & _CONFIRMING for name in names):
        return "The function confirms something at its end, which the error keeps from happening."
    return None
