"""Code whose effect can not be taken back, or is taken back by the very error: there nothing is answered by a default."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from app.verify.conformance.permission import words
from app.verify.conformance.place import Place

_MOVING = frozenset(
    {"bill", "capture", "charge", "credit", "debit", "deposit", "invoice", "pay", "payout", "redeem", "refund"}
    | {"settle", "ship", "transfer", "withdraw"}
)
_DESTROYING = frozenset(
    {"delete", "destroy", "drop", "erase", "kill", "purge", "rmtree", "shutdown", "truncate", "unlink", "wipe"}
)
_SPENT = frozenset(
    {"code", "codes", "coupon", "coupons", "lock", "locks", "pidfile", "otps", "tickets", "token", "tokens", "voucher", "vouchers"}
)
_TRANSACTIONS = frozenset({"atomic", "begin", "savepoint", "transaction", "transactional", "tx"})


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


def is_spent(collection: ast.AST) -> bool:
    """True for what is used up once: that it is not there any more is the answer, and no mistake."""
    return any(word in _SPENT for word in words(ast.unparse(collection)))


def rolls_back(place: Place) -> str | None:
    """Why an error here must go on: it takes back what the transaction around it has done."""
    marks = [
        one.context_expr for whole in place.above if isinstance(whole, ast.With | ast.AsyncWith) for one in whole.items
    ]
    marks += [one for whole in place.definitions for one in getattr(whole, "decorator_list", [])]
    for mark in marks:
        if set(words(ast.unparse(mark))) & _TRANSACTIONS:
            return "The error takes back what the transaction around it has done."
    return None
